//! Calendars.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use crate::provider::RemoteCalendar;
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};

/// One row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CalendarRow {
    /// [`CalendarId`].
    pub id: String,
    /// [`UserId`] of its owner.
    pub user_id: String,
    /// [`ConnectionId`].
    pub connection_id: String,
    /// The provider's id.
    pub remote_id: String,
    /// Display name.
    pub name: String,
    /// One of `domain::color::NAMES`.
    pub color: String,
    /// The user chose the colour.
    pub color_chosen: bool,
    /// Zone for floating times.
    pub zone: Option<String>,
    /// We may not write to it.
    pub read_only: bool,
    /// The user wants it synced.
    pub enabled: bool,
    /// It is shown.
    pub visible: bool,
    /// The provider does not list it since then.
    pub vanished_at: Option<i64>,
    /// JSON of the provider.
    pub hints: Option<String>,
    /// The cursor of the last finished pass.
    pub cursor: Option<String>,
    /// The page cursor of an unfinished pass.
    pub checkpoint: Option<String>,
    /// Mirror rows that are not gone.
    pub live_objects: i64,
    /// Last sync that was tried.
    pub last_attempt_at: Option<i64>,
    /// Last sync that went well.
    pub last_success_at: Option<i64>,
    /// `domain::sync::ResultStatus`.
    pub last_status: Option<String>,
    /// JSON of the problem.
    pub problem: Option<String>,
}

const COLUMNS: &str = "id, user_id, connection_id, remote_id, name, color, color_chosen, zone, read_only, enabled, visible, \
     vanished_at, hints, cursor, checkpoint, live_objects, last_attempt_at, last_success_at, last_status, problem";

/// The calendars of a user, by name.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, user: &UserId) -> Result<Vec<CalendarRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM calendars WHERE user_id = $1 ORDER BY LOWER(name), id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_all(conn).await).named("calendars.list")
}

/// The calendars of one connection, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_connection(db: &Db, user: &UserId, connection: &ConnectionId) -> Result<Vec<CalendarRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM calendars WHERE user_id = $1 AND connection_id = $2 ORDER BY LOWER(name), id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).bind(connection.as_str()).fetch_all(conn).await)
        .named("calendars.of_connection")
}

/// Stores a calendar that was not known before.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx,
    user: &UserId,
    connection: &ConnectionId,
    id: &CalendarId,
    remote: &RemoteCalendar,
    color: &str,
    now: i64,
) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO calendars (id, user_id, connection_id, remote_id, name, color, color_chosen, zone, read_only, enabled, visible, \
         hints, live_objects, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (connection_id, remote_id) DO NOTHING")
        .bind(id.as_str()).bind(user.as_str()).bind(connection.as_str()).bind(&remote.remote_id).bind(&remote.name).bind(color)
        .bind(false).bind(&remote.zone).bind(remote.read_only).bind(true).bind(true).bind(&remote.hints).bind(0_i64).bind(now)
        .execute(conn).await.map(drop))
    .named("calendars.insert")
}

/// Brings what the provider says about a known calendar up to date. The user's own colour stays.
///
/// # Errors
/// When the database fails.
pub async fn refresh(tx: &mut Tx, id: &str, remote: &RemoteCalendar, color: Option<&str>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE calendars SET name = $2, color = CASE WHEN color_chosen OR $3 IS NULL THEN color ELSE $3 END, zone = $4, \
         read_only = $5, hints = COALESCE($6, hints), vanished_at = NULL WHERE id = $1")
        .bind(id).bind(&remote.name).bind(color).bind(&remote.zone).bind(remote.read_only).bind(&remote.hints)
        .execute(conn).await.map(drop))
    .named("calendars.refresh")
}

/// Marks a calendar that the provider does not list any more. Its events stay.
///
/// # Errors
/// When the database fails.
pub async fn vanish(tx: &mut Tx, id: &str, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE calendars SET vanished_at = COALESCE(vanished_at, $2) WHERE id = $1").bind(id).bind(now)
        .execute(conn).await.map(drop))
    .named("calendars.vanish")
}

/// Moves the number of live objects.
///
/// # Errors
/// When the database fails.
pub async fn add_live(tx: &mut Tx, id: &str, delta: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE calendars SET live_objects = live_objects + $2 WHERE id = $1")
        .bind(id).bind(delta).execute(conn).await.map(drop))
    .named("calendars.add_live")
}

/// Moves the number of live objects, and the checkpoint, with a page.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx, id: &str, live_delta: i64, checkpoint: Option<&str>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE calendars SET live_objects = live_objects + $2, checkpoint = $3 WHERE id = $1")
        .bind(id).bind(live_delta).bind(checkpoint).execute(conn).await.map(drop))
    .named("calendars.advance")
}

/// Stores the cursor of a finished pass; the checkpoint has served.
///
/// # Errors
/// When the database fails.
pub async fn set_cursor(tx: &mut Tx, id: &str, cursor: Option<&str>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE calendars SET cursor = $2, checkpoint = NULL WHERE id = $1").bind(id).bind(cursor)
        .execute(conn).await.map(drop))
    .named("calendars.set_cursor")
}

/// Notes how a sync of the calendar ended. The last success stays when it failed.
///
/// # Errors
/// When the database fails.
pub async fn finish(tx: &mut Tx, id: &str, at: i64, success: bool, status: &str, problem: Option<&str>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE calendars SET last_attempt_at = $2, last_success_at = CASE WHEN $3 THEN $2 ELSE last_success_at END, \
         last_status = $4, problem = $5 WHERE id = $1")
        .bind(id).bind(at).bind(success).bind(status).bind(problem).execute(conn).await.map(drop))
    .named("calendars.finish")
}

/// What the user changes; `None` leaves it. Gives the calendar's connection, if there is such a calendar.
///
/// # Errors
/// When the database fails.
pub async fn change(
    tx: &mut Tx,
    user: &UserId,
    id: &CalendarId,
    enabled: Option<bool>,
    visible: Option<bool>,
    color: Option<&str>,
) -> Result<Option<ConnectionId>, StoreError> {
    on_db!(tx, conn => sqlx::query_as(
        "UPDATE calendars SET enabled = COALESCE($3, enabled), visible = COALESCE($4, visible), color = COALESCE($5, color), \
         color_chosen = CASE WHEN $5 IS NULL THEN color_chosen ELSE $6 END WHERE id = $1 AND user_id = $2 RETURNING connection_id")
        .bind(id.as_str()).bind(user.as_str()).bind(enabled).bind(visible).bind(color).bind(true)
        .fetch_optional(conn).await)
    .map(|found: Option<(String,)>| found.map(|(id,)| ConnectionId::trusted(id)))
    .named("calendars.change")
}

/// When the calendar of a connection that waits longest was tried last, 0 when it never was; `None`: none is synced.
///
/// # Errors
/// When the database fails.
pub async fn oldest_attempt(tx: &mut Tx, connection: &ConnectionId) -> Result<Option<i64>, StoreError> {
    on_db!(tx, conn => sqlx::query_scalar(
        "SELECT MIN(COALESCE(last_attempt_at, 0)) FROM calendars WHERE connection_id = $1 AND enabled AND vanished_at IS NULL")
        .bind(connection.as_str()).fetch_one(conn).await)
    .named("calendars.oldest_attempt")
}
