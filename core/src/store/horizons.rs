//! Horizons: from when until when long series are materialised.

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

/// Objects of a user that are not materialised over the whole of `[from, until)`.
///
/// # Errors
/// When the database fails.
pub async fn short_of_user(db: &Db, user: &str, from: i64, until: i64, limit: i64) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!("{SELECT} WHERE c.user_id = $1 AND (h.from_at > $2 OR h.until_at < $3) LIMIT $4");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).bind(from).bind(until).bind(limit).fetch_all(conn).await)
        .named("horizons.short_of_user")
}

/// Objects of anyone that are materialised to less than an instant.
///
/// # Errors
/// When the database fails.
pub async fn ending_before(db: &Db, instant: i64, limit: i64) -> Result<Vec<HorizonRow>, StoreError> {
    let sql = format!("{SELECT} WHERE h.until_at < $1 ORDER BY h.until_at LIMIT $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(instant).bind(limit).fetch_all(conn).await)
        .named("horizons.ending_before")
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
