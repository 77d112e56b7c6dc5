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

/// `remote id → version` of everything whose version is worth comparing: what is live, what was cancelled before it was ever
/// stored, and what could not be read in that version. `again`: what could not be read is given without its version, so that it
/// is read again.
///
/// # Errors
/// When the database fails.
pub async fn versions(db: &Db, calendar: &str, again: bool) -> Result<HashMap<String, Option<String>>, StoreError> {
    let rows: Vec<(String, Option<String>)> = on_db!(read db, conn => sqlx::query_as(
        "SELECT remote_id, CASE WHEN $2 AND unreadable IS NOT NULL THEN NULL ELSE version END FROM mirror \
         WHERE calendar_id = $1 AND (gone_at IS NULL OR gone_reason = 'cancelled' OR unreadable IS NOT NULL)")
        .bind(calendar).bind(again).fetch_all(conn).await)
    .named("mirror.versions")?;
    Ok(rows.into_iter().collect())
}

/// The raw texts of some objects that are stored.
///
/// # Errors
/// When the database fails.
pub async fn raw(db: &Db, calendar: &str, remote_ids: &[String]) -> Result<HashMap<String, String>, StoreError> {
    let mut found = HashMap::with_capacity(remote_ids.len());
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let list = bulk::list(2, chunk.len());
        let sql = format!("SELECT remote_id, raw FROM mirror WHERE calendar_id = $1 AND gone_at IS NULL AND remote_id IN ({list})");
        let rows: Vec<(String, String)> = on_db!(read db, conn => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(calendar);
            for id in chunk {
                query = query.bind(id);
            }
            query.fetch_all(conn).await
        })
        .named("mirror.raw")?;
        found.extend(rows);
    }
    Ok(found)
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

/// An object that is not simply in step.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OddRow {
    /// The provider's id.
    pub remote_id: String,
    /// The version that is stored, or that could not be read.
    pub version: Option<String>,
    /// It is stored.
    pub live: bool,
    /// The delete guard's mark: missing or kept.
    pub marked: bool,
    /// Why that version could not be read.
    pub unreadable: Option<String>,
}

impl OddRow {
    /// Cancelled or unreadable: what the provider has is not what is stored.
    #[must_use]
    pub fn is_unstored(&self) -> bool {
        !self.live || self.unreadable.is_some()
    }
}

/// Objects that carry a mark of the delete guard, are cancelled, or could not be read.
///
/// # Errors
/// When the database fails.
pub async fn odd(db: &Db, calendar: &str) -> Result<Vec<OddRow>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(ODD).bind(calendar).fetch_all(conn).await).named("mirror.odd")
}

/// The text of [`odd`], for the test that explains it.
pub const ODD: &str = "SELECT remote_id, version, (gone_at IS NULL) AS live, (missing_at IS NOT NULL OR kept) AS marked, unreadable \
     FROM mirror WHERE calendar_id = $1 AND (missing_at IS NOT NULL OR kept OR gone_reason = 'cancelled' OR unreadable IS NOT NULL)";

/// An object that could not be read.
#[derive(Debug, Clone)]
pub struct UnreadableWrite {
    /// The provider's id.
    pub remote_id: String,
    /// The version that could not be read; `None`: it is to be read again whatever its version.
    pub version: Option<String>,
    /// Why.
    pub reason: &'static str,
    /// For the log and the "why" page.
    pub detail: String,
}

/// Notes objects that could not be read. What is stored of them stays.
///
/// # Errors
/// When the database fails.
pub async fn put_unreadable(tx: &mut Tx, calendar: &str, now: i64, rows: &[UnreadableWrite]) -> Result<(), StoreError> {
    for chunk in rows.chunks(bulk::ROWS) {
        let sql = bulk::insert(
            tx.marks(),
            "INSERT INTO mirror (calendar_id, remote_id, version, hash, raw, kept, gone_at, gone_reason, unreadable)",
            9,
            chunk.len(),
            "ON CONFLICT (calendar_id, remote_id) DO UPDATE SET version = excluded.version, unreadable = excluded.unreadable, \
             raw = CASE WHEN mirror.gone_reason = 'unreadable' THEN excluded.raw ELSE mirror.raw END",
        );
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for row in chunk {
                query = query.bind(calendar).bind(&row.remote_id).bind(&row.version).bind("").bind(&row.detail).bind(false)
                    .bind(now).bind("unreadable").bind(row.reason);
            }
            query.execute(conn).await.map(drop)
        })
        .named("mirror.put_unreadable")?;
    }
    Ok(())
}

/// The provider does not have these objects (any more): they are neither cancelled nor unreadable from now on, and those of
/// which nothing is stored are forgotten. What is live stays live; the delete guard decides about that.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, calendar: &str, remote_ids: &[&str]) -> Result<(), StoreError> {
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let list = bulk::list(2, chunk.len());
        for sql in [
            format!(
                "DELETE FROM mirror WHERE calendar_id = $1 AND gone_at IS NOT NULL AND remote_id IN ({list}) AND NOT EXISTS \
                 (SELECT 1 FROM events e WHERE e.calendar_id = mirror.calendar_id AND e.remote_id = mirror.remote_id)"
            ),
            format!(
                "UPDATE mirror SET version = CASE WHEN unreadable IS NULL THEN version ELSE NULL END, unreadable = NULL, \
                 gone_reason = CASE WHEN gone_at IS NULL THEN NULL ELSE 'removed' END WHERE calendar_id = $1 AND remote_id IN ({list})"
            ),
        ] {
            on_db!(&mut *tx, conn => {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(calendar);
                for id in chunk {
                    query = query.bind(*id);
                }
                query.execute(conn).await.map(drop)
            })
            .named("mirror.forget")?;
        }
    }
    Ok(())
}
