//! How connections stand: the view `calendar_sync_health`.

use super::{Db, Named, on_db};
use crate::error::StoreError;
use syncline_domain::ids::UserId;
use syncline_domain::view::ConnectionState;

/// One connection.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HealthRow {
    /// The connection.
    pub connection_id: String,
    /// `domain::sync::ProviderKind`.
    pub provider: String,
    /// What the user calls it.
    pub name: String,
    /// `disabled`, `needs_reconnecting`, `new`, `failing` or `ok`; what is stale is told by `stale_at`.
    pub state: String,
    /// When it is stale unless it is synced before; `None`: never.
    pub stale_at: Option<i64>,
    /// Seconds between syncs; 0: only by hand.
    pub interval_s: i64,
    /// Failed syncs in a row.
    pub failures: i64,
    /// JSON of the problem.
    pub problem: Option<String>,
    /// Last sync that went well.
    pub last_success_at: Option<i64>,
    /// Last sync that was tried.
    pub last_attempt_at: Option<i64>,
    /// When it is due.
    pub next_sync_at: Option<i64>,
    /// Every calendar that is switched on was read to its end once.
    pub initial_sync_done: bool,
    /// Subscriptions at the provider.
    pub webhooks: i64,
    /// When the provider last said that each of them is alive.
    pub webhook_checked_at: Option<i64>,
    /// When the first of them ends.
    pub webhook_expires_at: Option<i64>,
    /// Objects that are here.
    pub events_live: i64,
    /// Events that are gone.
    pub events_deleted: i64,
    /// Events that came by a webhook and are here.
    pub events_via_webhook: i64,
    /// Deletions that wait for the user.
    pub holds_open: i64,
}

impl HealthRow {
    /// The state with staleness: what is past `stale_at` is stale, whether it failed or was never tried, unless only the user can mend it.
    #[must_use]
    pub fn state(&self, now: i64) -> ConnectionState {
        state(&self.state, self.stale_at, now)
    }
}

/// The same, from its parts.
pub(crate) fn state(stored: &str, stale_at: Option<i64>, now: i64) -> ConnectionState {
    match stored {
        "disabled" => ConnectionState::Disabled,
        "needs_reconnecting" => ConnectionState::NeedsReconnecting,
        _ if stale_at.is_some_and(|at| at < now) => ConnectionState::Stale,
        "new" => ConnectionState::New,
        "failing" => ConnectionState::Failing,
        _ => ConnectionState::Ok,
    }
}

const COLUMNS: &str = "connection_id, provider, name, state, stale_at, interval_s, failures, problem, last_success_at, last_attempt_at, \
    next_sync_at, initial_sync_done, webhooks, webhook_checked_at, webhook_expires_at, events_live, events_deleted, events_via_webhook, \
    holds_open";

/// Those of a user, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &Db, user: &UserId) -> Result<Vec<HealthRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM calendar_sync_health WHERE user_id = $1 ORDER BY LOWER(name), connection_id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_all(conn).await).named("health.of_user")
}

/// What `/metrics` says of the connections of everybody: `(state, how many)`, with those past their `stale_at` as `stale`.
///
/// # Errors
/// When the database fails.
pub async fn states(db: &Db, now: i64) -> Result<Vec<(String, i64)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(
        "SELECT CASE WHEN state <> 'needs_reconnecting' AND stale_at < $1 THEN 'stale' ELSE state END AS shown, COUNT(*) \
         FROM calendar_sync_health GROUP BY 1")
        .bind(now).fetch_all(conn).await)
    .named("health.states")
}

/// Connections that are due, and jobs that have not ended: `(due, open)`.
///
/// # Errors
/// When the database fails.
pub async fn queue(db: &Db, now: i64) -> Result<(i64, i64), StoreError> {
    on_db!(read db, conn => sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM connections WHERE enabled AND next_sync_at IS NOT NULL AND next_sync_at <= $1), \
         (SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL)")
        .bind(now).fetch_one(conn).await)
    .named("health.queue")
}
