//! Connections.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::ConnectionState;

/// One row. Enough to list it and to build its provider.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ConnectionRow {
    /// [`ConnectionId`].
    pub id: String,
    /// [`UserId`] of its owner.
    pub user_id: String,
    /// `domain::sync::ProviderKind`.
    pub provider: String,
    /// What the user calls it.
    pub name: String,
    /// The account at the provider.
    pub account: String,
    /// The server's host or the file's name.
    pub host: String,
    /// JSON of the provider; nothing secret.
    pub settings: String,
    /// Sealed password or secret address.
    pub secret: Option<String>,
    /// The user wants it synced.
    pub enabled: bool,
    /// Only the user can mend it.
    pub needs_user: bool,
    /// Seconds between syncs; 0: only by hand.
    pub interval_s: i64,
    /// When it is due.
    pub next_sync_at: Option<i64>,
    /// Last sync that was tried.
    pub last_attempt_at: Option<i64>,
    /// Last sync that went well.
    pub last_success_at: Option<i64>,
    /// Failed syncs in a row.
    pub failures: i64,
    /// JSON of the problem.
    pub problem: Option<String>,
    /// When it was added.
    pub created_at: i64,
    /// When the permission ends, as far as that is known.
    pub grant_expires_at: Option<i64>,
    /// Seconds that were left until the next sync when the last one ended well: more than the interval while the provider tells by
    /// itself.
    pub pace_s: i64,
}

impl ConnectionRow {
    /// How it stands now; the view `calendar_sync_health` says the same.
    #[must_use]
    pub fn state(&self, now: i64) -> ConnectionState {
        let stored = if !self.enabled {
            "disabled"
        } else if self.needs_user {
            "needs_reconnecting"
        } else if self.last_success_at.is_none() && self.failures == 0 {
            "new"
        } else if self.failures > 0 {
            "failing"
        } else {
            "ok"
        };
        let can_be = self.enabled && self.interval_s > 0;
        let stale_at = can_be.then(|| self.last_success_at.unwrap_or(self.created_at) + 3000 * self.interval_s.max(self.pace_s));
        super::health::state(stored, stale_at, now)
    }

    /// What tells whether the user mended the connection: secret and settings. The tokens of OAuth are renewed without the user; what
    /// the user allowed is in the settings.
    #[must_use]
    pub fn built_from(&self) -> (Option<String>, String) {
        let is_renewed = ProviderKind::parse(&self.provider).is_some_and(ProviderKind::is_oauth);
        (self.secret.clone().filter(|_| !is_renewed), self.settings.clone())
    }
}

const COLUMNS: &str = "id, user_id, provider, name, account, host, settings, secret, enabled, needs_user, interval_s, \
     next_sync_at, last_attempt_at, last_success_at, failures, problem, created_at, grant_expires_at, pace_s";

/// How a connection stands after a job.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// When the job ended.
    pub at: i64,
    /// It went well.
    pub success: bool,
    /// It stopped early without anything being wrong (cancelled, time budget): the problem and the failures stay as they were.
    pub neutral: bool,
    /// Only the user can mend it.
    pub needs_user: bool,
    /// JSON of the problem.
    pub problem: Option<&'a str>,
    /// When it is due next.
    pub next_sync_at: Option<i64>,
    /// See [`ConnectionRow::pace_s`]; `None` leaves it.
    pub pace_s: Option<i64>,
}

/// Stores a new connection.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, row: &ConnectionRow) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO connections (id, user_id, provider, name, account, host, settings, secret, enabled, needs_user, interval_s, \
         next_sync_at, last_attempt_at, last_success_at, failures, problem, created_at, grant_expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)")
        .bind(&row.id).bind(&row.user_id).bind(&row.provider).bind(&row.name).bind(&row.account).bind(&row.host)
        .bind(&row.settings).bind(&row.secret).bind(row.enabled).bind(row.needs_user).bind(row.interval_s)
        .bind(row.next_sync_at).bind(row.last_attempt_at).bind(row.last_success_at).bind(row.failures).bind(&row.problem)
        .bind(row.created_at).bind(row.grant_expires_at)
        .execute(conn).await.map(drop))
    .named("connections.insert")
}

/// The user's connections, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, user: &UserId) -> Result<Vec<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE user_id = $1 ORDER BY LOWER(name), id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_all(conn).await).named("connections.list")
}

/// One of the user's connections.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, user: &UserId, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE id = $1 AND user_id = $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).bind(user.as_str())
        .fetch_optional(conn).await)
    .named("connections.find")
}

/// Anybody's connection, for background tasks.
///
/// # Errors
/// When the database fails.
pub async fn find_any(db: &Db, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE id = $1");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(conn).await)
        .named("connections.find_any")
}

/// A connection, inside a transaction that holds its lock.
///
/// # Errors
/// When the database fails.
pub async fn find_in(tx: &mut Tx, id: &ConnectionId) -> Result<Option<ConnectionRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE id = $1");
    on_db!(tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).fetch_optional(conn).await).named("connections.find_in")
}

/// The connections that are due, of all users, the longest overdue first: `(id, user)`.
///
/// # Errors
/// When the database fails.
pub async fn due(db: &Db, now: i64, limit: i64) -> Result<Vec<(String, String)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(DUE).bind(now).bind(limit).fetch_all(conn).await).named("connections.due")
}

/// The text of [`due`], for the test that explains it.
pub const DUE: &str = "SELECT id, user_id FROM connections WHERE enabled AND next_sync_at IS NOT NULL AND next_sync_at <= $1 \
     ORDER BY next_sync_at LIMIT $2";

/// When the next connection of anyone is due.
///
/// # Errors
/// When the database fails.
pub async fn next_due(db: &Db) -> Result<Option<i64>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT MIN(next_sync_at) FROM connections WHERE enabled AND next_sync_at IS NOT NULL")
        .fetch_one(conn).await)
    .named("connections.next_due")
}

/// Moves the due time. Gives whether there is such a connection.
///
/// # Errors
/// When the database fails.
pub async fn set_due(tx: &mut Tx, id: &ConnectionId, at: Option<i64>) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET next_sync_at = $2 WHERE id = $1").bind(id.as_str()).bind(at)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("connections.set_due")
}

/// Makes a connection that is synced by itself due then, unless it is due sooner.
///
/// # Errors
/// When the database fails.
pub async fn make_due(tx: &mut Tx, id: &ConnectionId, at: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE connections SET next_sync_at = $2 WHERE id = $1 AND enabled AND interval_s > 0 AND (next_sync_at IS NULL OR next_sync_at > $2)")
        .bind(id.as_str()).bind(at).execute(conn).await.map(drop))
    .named("connections.make_due")
}

/// Moves the due time of a connection that a job has just taken, so that nobody starts it again while it is at work. The end of the
/// job sets it anew.
///
/// # Errors
/// When the database fails.
pub async fn postpone(tx: &mut Tx, id: &ConnectionId, until: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET next_sync_at = $2 WHERE id = $1 AND next_sync_at < $2")
        .bind(id.as_str()).bind(until).execute(conn).await.map(drop))
    .named("connections.postpone")
}

/// As [`postpone`], for a connection that is due and could not be started. One whose job has ended meanwhile has a due time of its
/// own already, which stays.
///
/// # Errors
/// When the database fails.
pub async fn postpone_due(tx: &mut Tx, id: &ConnectionId, now: i64, until: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET next_sync_at = $3 WHERE id = $1 AND next_sync_at <= $2")
        .bind(id.as_str()).bind(now).bind(until).execute(conn).await.map(drop))
    .named("connections.postpone_due")
}

/// Notes how a job ended. The last success stays when it failed.
///
/// # Errors
/// When the database fails.
pub async fn finish(tx: &mut Tx, id: &ConnectionId, outcome: &Outcome<'_>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE connections SET last_attempt_at = $2, last_success_at = CASE WHEN $3 THEN $2 ELSE last_success_at END, \
         failures = CASE WHEN $3 THEN 0 WHEN $7 THEN failures ELSE failures + 1 END, \
         needs_user = CASE WHEN $7 THEN needs_user ELSE $4 END, problem = CASE WHEN $7 THEN problem ELSE $5 END, \
         next_sync_at = CASE WHEN enabled AND interval_s > 0 THEN $6 ELSE NULL END, \
         pace_s = COALESCE($8, pace_s) WHERE id = $1")
        .bind(id.as_str()).bind(outcome.at).bind(outcome.success).bind(outcome.needs_user).bind(outcome.problem)
        .bind(outcome.next_sync_at).bind(outcome.neutral).bind(outcome.pace_s)
        .execute(conn).await.map(drop))
    .named("connections.finish")
}

/// Switches a connection on or off. Gives whether there is such a connection.
///
/// # Errors
/// When the database fails.
pub async fn set_enabled(tx: &mut Tx, user: &UserId, id: &ConnectionId, enabled: bool, due: Option<i64>) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET enabled = $3, next_sync_at = $4 WHERE id = $1 AND user_id = $2")
        .bind(id.as_str()).bind(user.as_str()).bind(enabled).bind(due)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("connections.set_enabled")
}

/// Sets the interval. Gives whether there is such a connection.
///
/// # Errors
/// When the database fails.
pub async fn set_interval(tx: &mut Tx, user: &UserId, id: &ConnectionId, seconds: i64, due: Option<i64>) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET interval_s = $3, next_sync_at = $4, pace_s = 0 WHERE id = $1 AND user_id = $2")
        .bind(id.as_str()).bind(user.as_str()).bind(seconds).bind(due)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("connections.set_interval")
}

/// Replaces what the provider is built from and clears the problem. Gives whether there is such a connection.
///
/// # Errors
/// When the database fails.
pub async fn mend(
    tx: &mut Tx,
    user: &UserId,
    id: &ConnectionId,
    settings: &str,
    secret: Option<&str>,
    host: &str,
) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE connections SET settings = $3, secret = $4, host = $5, needs_user = $6, problem = NULL, failures = 0, enabled = $7 \
         WHERE id = $1 AND user_id = $2")
        .bind(id.as_str()).bind(user.as_str()).bind(settings).bind(secret).bind(host).bind(false).bind(true)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("connections.mend")
}

/// Removes a connection with everything under it. Gives whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, user: &UserId, id: &ConnectionId) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM connections WHERE id = $1 AND user_id = $2").bind(id.as_str()).bind(user.as_str())
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("connections.delete")
}

/// The uploaded file of a connection (base64 of its gzip).
///
/// # Errors
/// When the database fails.
pub async fn file(db: &Db, id: &ConnectionId) -> Result<Option<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT body FROM files WHERE connection_id = $1").bind(id.as_str())
        .fetch_optional(conn).await)
    .named("files.find")
}

/// Stores or replaces the uploaded file of a connection.
///
/// # Errors
/// When the database fails.
pub async fn put_file(tx: &mut Tx, id: &ConnectionId, body: &str, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO files (connection_id, body, stored_at) VALUES ($1, $2, $3) \
         ON CONFLICT (connection_id) DO UPDATE SET body = excluded.body, stored_at = excluded.stored_at")
        .bind(id.as_str()).bind(body).bind(now).execute(conn).await.map(drop))
    .named("files.put")
}
