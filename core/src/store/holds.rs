//! Holds.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{HoldId, UserId};

/// One row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HoldRow {
    /// [`HoldId`].
    pub id: String,
    /// [`UserId`] of its owner.
    pub user_id: String,
    /// The calendar.
    pub calendar_id: String,
    /// The job that saw it last.
    pub job_id: String,
    /// open, approved, rejected, settled.
    pub status: String,
    /// JSON array.
    pub remote_ids: String,
    /// How many would go.
    pub would_delete: i64,
    /// How many the provider lists.
    pub remaining: i64,
    /// How many are stored.
    pub live: i64,
    /// When it was made.
    pub created_at: i64,
}

const COLUMNS: &str = "id, user_id, calendar_id, job_id, status, remote_ids, would_delete, remaining, live, created_at";

/// The user's open holds, newest first.
///
/// # Errors
/// When the database fails.
pub async fn open(db: &Db, user: &UserId) -> Result<Vec<HoldRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM holds WHERE user_id = $1 AND status = 'open' ORDER BY created_at DESC, id DESC");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_all(conn).await).named("holds.open")
}

/// One of the user's holds.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, user: &UserId, id: &HoldId) -> Result<Option<HoldRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM holds WHERE id = $1 AND user_id = $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).bind(user.as_str()).fetch_optional(conn).await)
        .named("holds.find")
}

/// The open hold of a calendar.
///
/// # Errors
/// When the database fails.
pub async fn open_of(tx: &mut Tx, calendar: &str) -> Result<Option<HoldRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM holds WHERE calendar_id = $1 AND status = 'open' ORDER BY created_at DESC LIMIT 1");
    on_db!(tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(calendar).fetch_optional(conn).await).named("holds.open_of")
}

/// Stores a new open hold, or brings an open one up to date.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, row: &HoldRow) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO holds (id, user_id, calendar_id, job_id, status, remote_ids, would_delete, remaining, live, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         ON CONFLICT (id) DO UPDATE SET job_id = excluded.job_id, remote_ids = excluded.remote_ids, \
         would_delete = excluded.would_delete, remaining = excluded.remaining, live = excluded.live")
        .bind(&row.id).bind(&row.user_id).bind(&row.calendar_id).bind(&row.job_id).bind(&row.status).bind(&row.remote_ids)
        .bind(row.would_delete).bind(row.remaining).bind(row.live).bind(row.created_at)
        .execute(conn).await.map(drop))
    .named("holds.put")
}

/// Ends an open hold. Gives whether it was still open.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, id: &str, status: &str, now: i64) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE holds SET status = $2, decided_at = $3 WHERE id = $1 AND status = 'open'")
        .bind(id).bind(status).bind(now).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("holds.settle")
}
