//! Subscriptions that we made at providers, and webhooks that were taken in.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::ConnectionId;

/// A subscription.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SubscriptionRow {
    /// Ours; part of the address that the provider calls.
    pub id: String,
    /// [`ConnectionId`].
    pub connection_id: String,
    /// The provider's name for it.
    pub remote_id: String,
    /// The address that the provider calls.
    pub address: String,
    /// Sealed with the id.
    pub signing_key: String,
    /// When the provider last said that it is alive, unix milliseconds.
    pub checked_at: i64,
    /// When it ends unless it is renewed, unix milliseconds; `None`: never.
    pub expires_at: Option<i64>,
}

const COLUMNS: &str = "id, connection_id, remote_id, address, signing_key, checked_at, expires_at";

/// Stores one.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, row: &SubscriptionRow) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO webhook_subscriptions (id, connection_id, remote_id, address, signing_key, checked_at, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)")
        .bind(&row.id).bind(&row.connection_id).bind(&row.remote_id).bind(&row.address).bind(&row.signing_key).bind(row.checked_at)
        .bind(row.expires_at).execute(conn).await.map(drop))
    .named("webhooks.insert")
}

/// One by our id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, id: &str) -> Result<Option<SubscriptionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_subscriptions WHERE id = $1");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(conn).await).named("webhooks.find")
}

/// Those of a connection.
///
/// # Errors
/// When the database fails.
pub async fn of_connection(db: &Db, connection: &str) -> Result<Vec<SubscriptionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_subscriptions WHERE connection_id = $1 ORDER BY id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(connection).fetch_all(conn).await).named("webhooks.of_connection")
}

/// Notes that the provider said it is alive, and until when.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, id: &str, now: i64, expires_at: Option<i64>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE webhook_subscriptions SET checked_at = $2, expires_at = $3 WHERE id = $1").bind(id).bind(now)
        .bind(expires_at).execute(conn).await.map(drop))
    .named("webhooks.touch")
}

/// Forgets one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM webhook_subscriptions WHERE id = $1").bind(id).execute(conn).await.map(drop))
        .named("webhooks.delete")
}

/// Connections of a provider without a subscription that was alive since then: `(connection, user)`.
///
/// # Errors
/// When the database fails.
pub async fn without(db: &Db, provider: &str, since: i64) -> Result<Vec<(String, String)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(
        "SELECT c.id, c.user_id FROM connections c WHERE c.provider = $1 AND c.enabled AND NOT c.needs_user AND NOT EXISTS \
         (SELECT 1 FROM webhook_subscriptions s WHERE s.connection_id = c.id AND s.checked_at > $2) ORDER BY c.id")
        .bind(provider).bind(since).fetch_all(conn).await)
    .named("webhooks.without")
}

/// Connections of a provider that have one of these calendars, or are the one named: `(connection, user)`. Those that are switched
/// off, or that only the user can mend, are left out.
///
/// # Errors
/// When the database fails.
pub async fn concerned(db: &Db, provider: &str, connection: Option<&str>, calendars: &[&str]) -> Result<Vec<(String, String)>, StoreError> {
    let mut found: Vec<(String, String)> = Vec::new();
    for calendar in calendars.iter().map(|id| Some(*id)).chain([None]) {
        if calendar.is_none() && connection.is_none() {
            continue;
        }
        let rows: Vec<(String, String)> = on_db!(read db, conn => sqlx::query_as(
            "SELECT c.id, c.user_id FROM connections c WHERE c.provider = $1 AND c.enabled AND NOT c.needs_user AND (c.id = $2 OR EXISTS \
             (SELECT 1 FROM calendars k WHERE k.connection_id = c.id AND k.enabled AND k.remote_id = $3)) ORDER BY c.id")
            .bind(provider).bind(connection).bind(calendar).fetch_all(conn).await)
        .named("webhooks.concerned")?;
        found.extend(rows);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Notes a webhook; `false` when it was noted before.
///
/// # Errors
/// When the database fails.
pub async fn accept(tx: &mut Tx, delivery: &str, provider: &str, now: i64) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("INSERT INTO webhook_deliveries (delivery, provider, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(delivery).bind(provider).bind(now).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("webhooks.accept")
}

/// Forgets webhooks that were taken in before then. Gives how many.
///
/// # Errors
/// When the database fails.
pub async fn purge(tx: &mut Tx, before: i64) -> Result<u64, StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM webhook_deliveries WHERE received_at < $1").bind(before)
        .execute(conn).await.map(|done| done.rows_affected()))
    .named("webhooks.purge")
}

/// Notes a remote event that is not known yet, in every calendar of a connection: a row of the mirror without content, as of what was
/// cancelled before it was stored. The next pass reads it or forgets it. `event` as for [`mark_stale`].
///
/// # Errors
/// When the database fails.
pub async fn put_named(tx: &mut Tx, connection: &ConnectionId, event: &str, version: &str, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO mirror (calendar_id, remote_id, version, hash, raw, kept, gone_at, gone_reason) \
         SELECT k.id, $2, $3, '', '', FALSE, $4, 'cancelled' FROM calendars k WHERE k.connection_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM mirror m WHERE m.calendar_id = k.id AND (m.remote_id = $2 OR m.version LIKE $5)) ON CONFLICT DO NOTHING")
        .bind(connection.as_str()).bind(event).bind(version).bind(now).bind(format!("% {event}%")).execute(conn).await.map(drop))
    .named("webhooks.put_named")
}

/// Puts `mark` in front of the version of the objects that are, or were, a remote event: whatever its version says, it is read again.
/// `event` holds letters, digits and hyphens alone.
///
/// # Errors
/// When the database fails.
pub async fn mark_stale(tx: &mut Tx, connection: &ConnectionId, event: &str, mark: char) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE mirror SET version = $3 || version WHERE calendar_id IN (SELECT id FROM calendars WHERE connection_id = $1) \
         AND version IS NOT NULL AND version NOT LIKE $4 AND (remote_id = $2 OR version LIKE $5)")
        .bind(connection.as_str()).bind(event).bind(mark.to_string()).bind(format!("{mark}%")).bind(format!("% {event}%"))
        .execute(conn).await.map(drop))
    .named("webhooks.mark_stale")
}
