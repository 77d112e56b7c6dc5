//! The mirror: what was last agreed with the provider about each remote object, and the marks of the delete guard.

use super::{Db, Named, Tx, bulk, on_db};
use crate::error::StoreError;
use std::collections::HashMap;

/// What a plan needs to know of an object.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MirrorRow {
    /// The provider's id.
    pub remote_id: String,
    /// Its version.
    pub version: Option<String>,
    /// Hash of its content.
    pub hash: String,
    /// Whether it is marked as missing or kept.
    pub marked: bool,
    /// It is not stored (any more).
    pub gone: bool,
    /// Why.
    pub gone_reason: Option<String>,
}

/// The mirror rows of some objects of a calendar.
///
/// # Errors
/// When the database fails.
pub async fn of(db: &Db, calendar: &str, remote_ids: &[&str]) -> Result<HashMap<String, MirrorRow>, StoreError> {
    let mut found = HashMap::with_capacity(remote_ids.len());
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let sql = format!("{OF} IN ({})", bulk::list(2, chunk.len()));
        let rows: Vec<MirrorRow> = on_db!(read db, conn => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(calendar);
            for id in chunk {
                query = query.bind(*id);
            }
            query.fetch_all(conn).await
        })
        .named("mirror.of")?;
        found.extend(rows.into_iter().map(|row| (row.remote_id.clone(), row)));
    }
    Ok(found)
}

const OF: &str = "SELECT remote_id, version, hash, (missing_at IS NOT NULL OR kept) AS marked, (gone_at IS NOT NULL) AS gone, gone_reason \
     FROM mirror WHERE calendar_id = $1 AND remote_id";

/// `remote id → version` of everything whose version is worth comparing: what is live, and what was cancelled before it was
/// ever stored. What could not be read is left out, so that it is read again.
///
/// # Errors
/// When the database fails.
pub async fn versions(db: &Db, calendar: &str) -> Result<HashMap<String, Option<String>>, StoreError> {
    let rows: Vec<(String, Option<String>)> = on_db!(read db, conn => sqlx::query_as(
        "SELECT remote_id, version FROM mirror WHERE calendar_id = $1 AND (gone_at IS NULL OR gone_reason = 'cancelled')")
        .bind(calendar).fetch_all(conn).await)
    .named("mirror.versions")?;
    Ok(rows.into_iter().collect())
}

/// Whether a calendar has any mirror row.
///
/// # Errors
/// When the database fails.
pub async fn any(db: &Db, calendar: &str) -> Result<bool, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM (SELECT 1 FROM mirror WHERE calendar_id = $1 LIMIT 1) one")
        .bind(calendar).fetch_one(conn).await)
    .named("mirror.any")
    .map(|number| number > 0)
}

/// Live objects that are neither missing nor kept: `(remote id, when the last instance ends)`.
///
/// # Errors
/// When the database fails.
pub async fn live(tx: &mut Tx, calendar: &str) -> Result<Vec<(String, Option<i64>)>, StoreError> {
    on_db!(tx, conn => sqlx::query_as(
        "SELECT remote_id, last_end FROM mirror WHERE calendar_id = $1 AND gone_at IS NULL AND missing_at IS NULL AND NOT kept")
        .bind(calendar).fetch_all(conn).await)
    .named("mirror.live")
}

/// Live objects that the provider does not list and that the user did not decide to keep.
///
/// # Errors
/// When the database fails.
pub async fn missing(tx: &mut Tx, calendar: &str) -> Result<Vec<String>, StoreError> {
    on_db!(tx, conn => sqlx::query_scalar(
        "SELECT remote_id FROM mirror WHERE calendar_id = $1 AND missing_at IS NOT NULL AND gone_at IS NULL AND NOT kept ORDER BY remote_id")
        .bind(calendar).fetch_all(conn).await)
    .named("mirror.missing")
}

/// A mark of the delete guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The provider does not list it any more.
    Missing {
        /// Since when, unix milliseconds.
        at: i64,
    },
    /// The user keeps it although the provider does not list it.
    Kept,
    /// The provider lists it.
    Listed,
}

/// Marks objects that are live.
///
/// # Errors
/// When the database fails.
pub async fn mark(tx: &mut Tx, calendar: &str, remote_ids: &[&str], mark: Mark) -> Result<(), StoreError> {
    let (missing, kept) = match mark {
        Mark::Missing { at } => (Some(at), false),
        Mark::Kept => (None, true),
        Mark::Listed => (None, false),
    };
    for chunk in remote_ids.chunks(bulk::ROWS) {
        // What the user kept stays kept while it is missing; only being listed again lifts that.
        let guard = if matches!(mark, Mark::Missing { .. }) { " AND NOT kept" } else { "" };
        let sql = format!(
            "UPDATE mirror SET missing_at = $2, kept = $3 WHERE calendar_id = $1 AND gone_at IS NULL{guard} AND remote_id IN ({})",
            bulk::list(4, chunk.len())
        );
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(calendar).bind(missing).bind(kept);
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(conn).await.map(drop)
        })
        .named("mirror.mark")?;
    }
    Ok(())
}

/// Live objects of a calendar that carry a mark (missing or kept).
///
/// # Errors
/// When the database fails.
pub async fn marked(db: &Db, calendar: &str) -> Result<Vec<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar(
        "SELECT remote_id FROM mirror WHERE calendar_id = $1 AND gone_at IS NULL AND (missing_at IS NOT NULL OR kept)")
        .bind(calendar).fetch_all(conn).await)
    .named("mirror.marked")
}
