//! Horizons: from when until when long series are materialised. A horizon without extent (from = until) belongs to a series that is
//! *postponed*: nothing that had to be searched for is materialised yet.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;

/// One row with the owner of its calendar.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HorizonRow {
    /// The calendar.
    pub calendar_id: String,
    /// The object.
    pub remote_id: String,
    /// The owner.
    pub user_id: String,
    /// Materialised from.
    pub from_at: i64,
    /// Materialised until.
    pub until_at: i64,
    /// Who changed the object last: tells whether a sync came between.
    pub touched: Option<i64>,
}

const SELECT: &str = "SELECT h.calendar_id, h.remote_id, c.user_id, h.from_at, h.until_at, \
     (SELECT MAX(e.updated_at) FROM events e WHERE e.calendar_id = h.calendar_id AND e.remote_id = h.remote_id) AS touched \
     FROM horizons h JOIN calendars c ON c.id = h.calendar_id";

/// Behind which object a walk over horizons goes on.
pub type After = (String, String);

/// Objects of a user that are not materialised over the whole of `[from, until)`, behind an object, in their order. Postponed ones
/// are left to the task that takes them up.
///
/// # Errors
/// When the database fails.
pub async fn short_of_user(
    db: &Db,
    user: &str,
    (from, until): (i64, i64),
    after: &After,
    limit: i64,
) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE c.user_id = $1 AND (h.from_at > $2 OR h.until_at < $3) AND h.until_at > h.from_at \
         AND (h.calendar_id, h.remote_id) > ($4, $5) ORDER BY h.calendar_id, h.remote_id LIMIT $6"
    );
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).bind(from).bind(until).bind(&after.0).bind(&after.1)
        .bind(limit).fetch_all(conn).await)
    .named("horizons.short_of_user")
}

/// Objects of anyone that are materialised to less than an instant, behind an object, in their order; without postponed ones.
///
/// # Errors
/// When the database fails.
pub async fn ending_before(db: &Db, instant: i64, after: &After, limit: i64) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE h.until_at < $1 AND h.until_at > h.from_at AND (h.calendar_id, h.remote_id) > ($2, $3) \
         ORDER BY h.calendar_id, h.remote_id LIMIT $4"
    );
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(instant).bind(&after.0).bind(&after.1).bind(limit)
        .fetch_all(conn).await)
    .named("horizons.ending_before")
}

/// Objects of anyone that are postponed.
///
/// # Errors
/// When the database fails.
pub async fn postponed(db: &Db, limit: i64) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!("{SELECT} WHERE h.until_at = h.from_at ORDER BY h.calendar_id, h.remote_id LIMIT $1");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(limit).fetch_all(conn).await).named("horizons.postponed")
}

/// The horizon of the object that a user's event belongs to; `None` when it has none or is postponed.
///
/// # Errors
/// When the database fails.
pub async fn of_event(db: &Db, user: &str, event: &str) -> Result<Option<HorizonRow>, StoreError> {
    let sql = format!(
        "{SELECT} JOIN events one ON one.calendar_id = h.calendar_id AND one.remote_id = h.remote_id \
         WHERE one.id = $2 AND c.user_id = $1 AND h.until_at > h.from_at"
    );
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).bind(event).fetch_optional(conn).await)
        .named("horizons.of_event")
}

/// Objects of a user, of shown calendars, whose content matches a LIKE pattern in lower case and of which no instance at all is
/// materialised: series that begin beyond the horizon, or ended before it.
///
/// # Errors
/// When the database fails.
pub async fn unseen(db: &Db, user: &str, like: &str, limit: i64) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!(
        "{SELECT} WHERE c.user_id = $1 AND c.enabled AND c.visible AND h.until_at > h.from_at \
         AND EXISTS (SELECT 1 FROM events e WHERE e.calendar_id = h.calendar_id AND e.remote_id = h.remote_id AND e.deleted_at IS NULL \
             AND LOWER(e.content) LIKE $2) \
         AND NOT EXISTS (SELECT 1 FROM events e JOIN occurrences o ON o.event_id = e.id \
             WHERE e.calendar_id = h.calendar_id AND e.remote_id = h.remote_id) LIMIT $3"
    );
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).bind(like).bind(limit).fetch_all(conn).await)
        .named("horizons.unseen")
}

/// Moves a horizon, unless it or its events changed since the row was read. Gives whether it was moved.
///
/// # Errors
/// When the database fails.
pub async fn move_if_same(tx: &mut Tx, row: &HorizonRow, from: i64, until: i64) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE horizons SET from_at = $5, until_at = $6 WHERE calendar_id = $1 AND remote_id = $2 AND from_at = $3 AND until_at = $4 \
         AND COALESCE((SELECT MAX(e.updated_at) FROM events e WHERE e.calendar_id = $1 AND e.remote_id = $2), 0) = $7")
        .bind(&row.calendar_id).bind(&row.remote_id).bind(row.from_at).bind(row.until_at).bind(from).bind(until)
        .bind(row.touched.unwrap_or(0))
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("horizons.move")
}

/// Forgets a horizon, unless it or its events changed since the row was read: the object is not extended any more. Gives whether
/// it was forgotten.
///
/// # Errors
/// When the database fails.
pub async fn forget_if_same(tx: &mut Tx, row: &HorizonRow) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "DELETE FROM horizons WHERE calendar_id = $1 AND remote_id = $2 AND from_at = $3 AND until_at = $4 \
         AND COALESCE((SELECT MAX(e.updated_at) FROM events e WHERE e.calendar_id = $1 AND e.remote_id = $2), 0) = $5")
        .bind(&row.calendar_id).bind(&row.remote_id).bind(row.from_at).bind(row.until_at).bind(row.touched.unwrap_or(0))
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("horizons.forget")
}
