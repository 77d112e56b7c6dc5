//! Subscriptions that we made at providers, what providers refused to tell, and webhooks that were taken in.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use crate::provider::PUSH_UNSUPPORTED;
use syncline_domain::ids::ConnectionId;

/// A subscription.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SubscriptionRow {
    /// Ours; part of the address that the provider calls.
    pub id: String,
    /// [`ConnectionId`].
    pub connection_id: String,
    /// What it tells about: the provider's id of a calendar, or empty for the whole account.
    pub topic: String,
    /// The provider's name for it; empty while it is being made.
    pub remote_id: String,
    /// The provider's name for what is watched.
    pub resource_id: Option<String>,
    /// The address that the provider calls.
    pub address: String,
    /// Sealed with the id.
    pub signing_key: String,
    /// When the provider last said that it is alive, unix milliseconds; 0 while it is being made.
    pub checked_at: i64,
    /// When it ends; `None`: never, as far as is known.
    pub expires_at: Option<i64>,
    /// When it is looked after next.
    pub renew_at: i64,
    /// Since when it is known that its calls come through.
    pub proven_at: Option<i64>,
}

const COLUMNS: &str = "id, connection_id, topic, remote_id, resource_id, address, signing_key, checked_at, expires_at, renew_at, proven_at";

/// Stores one that is being made.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, row: &SubscriptionRow, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO webhook_subscriptions (id, connection_id, topic, remote_id, resource_id, address, signing_key, checked_at, \
         expires_at, renew_at, proven_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(&row.id).bind(&row.connection_id).bind(&row.topic).bind(&row.remote_id).bind(&row.resource_id).bind(&row.address)
        .bind(&row.signing_key).bind(row.checked_at).bind(row.expires_at).bind(row.renew_at).bind(row.proven_at).bind(now)
        .execute(conn).await.map(drop))
    .named("webhooks.insert")
}

/// Stores what the provider said about one that was being made. A call may have come before, so what that proved stays. Gives whether
/// it is still there.
///
/// # Errors
/// When the database fails.
pub async fn confirm(tx: &mut Tx, row: &SubscriptionRow) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE webhook_subscriptions SET remote_id = $2, resource_id = COALESCE($3, resource_id), checked_at = $4, expires_at = $5, \
         renew_at = $6, proven_at = COALESCE(proven_at, $7) WHERE id = $1")
        .bind(&row.id).bind(&row.remote_id).bind(&row.resource_id).bind(row.checked_at).bind(row.expires_at).bind(row.renew_at)
        .bind(row.proven_at).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("webhooks.confirm")
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
pub async fn touch(tx: &mut Tx, id: &str, now: i64, expires_at: Option<i64>, renew_at: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE webhook_subscriptions SET checked_at = $2, expires_at = $3, renew_at = $4 WHERE id = $1")
        .bind(id).bind(now).bind(expires_at).bind(renew_at).execute(conn).await.map(drop))
    .named("webhooks.touch")
}

/// Looks after one at another time.
///
/// # Errors
/// When the database fails.
pub async fn put_off(tx: &mut Tx, id: &str, renew_at: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE webhook_subscriptions SET renew_at = $2 WHERE id = $1").bind(id).bind(renew_at)
        .execute(conn).await.map(drop))
    .named("webhooks.put_off")
}

/// A call of one came through.
///
/// # Errors
/// When the database fails.
pub async fn prove(tx: &mut Tx, id: &str, resource: Option<&str>, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE webhook_subscriptions SET proven_at = COALESCE(proven_at, $2), resource_id = COALESCE(resource_id, $3) \
         WHERE id = $1 AND (proven_at IS NULL OR resource_id IS NULL)")
        .bind(id).bind(now).bind(resource).execute(conn).await.map(drop))
    .named("webhooks.prove")
}

/// A sync found what should have been told: until the next call it is not known whether any comes through.
///
/// # Errors
/// When the database fails.
pub async fn doubt(tx: &mut Tx, connection: &ConnectionId) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE webhook_subscriptions SET proven_at = NULL WHERE connection_id = $1").bind(connection.as_str())
        .execute(conn).await.map(drop))
    .named("webhooks.doubt")
}

/// Whether the provider tells by itself of everything that is synced: there are subscriptions that live and are known to come through.
/// `by_calendar`: each calendar has one of its own; those that the provider fills itself can have none and are let pass.
///
/// # Errors
/// When the database fails.
pub async fn is_told(tx: &mut Tx, connection: &ConnectionId, by_calendar: bool, now: i64) -> Result<bool, StoreError> {
    // One that has no end was seen alive within the last days.
    const SEEN_MS: i64 = 2 * 86_400_000;
    let live = "s.connection_id = c.id AND s.proven_at IS NOT NULL AND (s.expires_at > $2 OR s.expires_at IS NULL AND s.checked_at > $3)";
    let sql = format!(
        "SELECT COUNT(*) FROM connections c WHERE c.id = $1 \
         AND EXISTS (SELECT 1 FROM webhook_subscriptions s WHERE {live} AND s.topic = '') \
         AND ($4 OR NOT EXISTS (SELECT 1 FROM calendars k WHERE k.connection_id = c.id AND k.enabled AND k.vanished_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM webhook_subscriptions s WHERE {live} AND s.topic = k.remote_id) \
             AND NOT EXISTS (SELECT 1 FROM webhook_refusals r WHERE r.connection_id = c.id AND r.topic = k.remote_id AND r.code = $5)))"
    );
    let found: i64 =
        on_db!(tx, conn => sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(connection.as_str()).bind(now).bind(now - SEEN_MS)
        .bind(!by_calendar).bind(PUSH_UNSUPPORTED).fetch_one(conn).await)
        .named("webhooks.is_told")?;
    Ok(found > 0)
}

/// Notes that the provider did not want to tell, and when it is asked again.
///
/// # Errors
/// When the database fails.
pub async fn refuse(tx: &mut Tx, connection: &str, topic: &str, code: &str, retry_at: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO webhook_refusals (connection_id, topic, code, retry_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (connection_id, topic) DO UPDATE SET code = excluded.code, retry_at = excluded.retry_at")
        .bind(connection).bind(topic).bind(code).bind(retry_at).execute(conn).await.map(drop))
    .named("webhooks.refuse")
}

/// Forgets refusals of a connection: of one topic, or all.
///
/// # Errors
/// When the database fails.
pub async fn forgive(tx: &mut Tx, connection: &str, topic: Option<&str>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM webhook_refusals WHERE connection_id = $1 AND ($2 IS NULL OR topic = $2)")
        .bind(connection).bind(topic).execute(conn).await.map(drop))
    .named("webhooks.forgive")
}

/// The topics that a provider is not asked about now.
///
/// # Errors
/// When the database fails.
pub async fn refused(db: &Db, connection: &str, now: i64) -> Result<Vec<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT topic FROM webhook_refusals WHERE connection_id = $1 AND retry_at > $2")
        .bind(connection).bind(now).fetch_all(conn).await)
    .named("webhooks.refused")
}

/// Forgets one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM webhook_subscriptions WHERE id = $1").bind(id).execute(conn).await.map(drop))
        .named("webhooks.delete")
}

/// Connections of a provider whose subscriptions are to be looked after: one is due, or one is missing and was not refused.
/// `by_calendar`: there is one for each calendar, too. Gives `(connection, user)`.
///
/// # Errors
/// When the database fails.
pub async fn to_look_after(db: &Db, provider: &str, by_calendar: bool, now: i64) -> Result<Vec<(String, String)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(
        "SELECT c.id, c.user_id FROM connections c WHERE c.provider = $1 AND NOT c.needs_user AND ( \
         EXISTS (SELECT 1 FROM webhook_subscriptions s WHERE s.connection_id = c.id AND s.renew_at <= $2) \
         OR c.enabled AND NOT EXISTS (SELECT 1 FROM webhook_subscriptions s WHERE s.connection_id = c.id AND s.topic = '') \
             AND NOT EXISTS (SELECT 1 FROM webhook_refusals r WHERE r.connection_id = c.id AND r.topic = '' AND r.retry_at > $2) \
         OR c.enabled AND $3 AND EXISTS (SELECT 1 FROM calendars k WHERE k.connection_id = c.id AND k.enabled AND k.vanished_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM webhook_subscriptions s WHERE s.connection_id = c.id AND s.topic = k.remote_id) \
             AND NOT EXISTS (SELECT 1 FROM webhook_refusals r WHERE r.connection_id = c.id AND r.topic = k.remote_id AND r.retry_at > $2))) \
         ORDER BY c.id")
        .bind(provider).bind(now).bind(by_calendar).fetch_all(conn).await)
    .named("webhooks.to_look_after")
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
