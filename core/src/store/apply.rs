//! Writing a page: rows, tombstones and journal of many objects in a few statements. The `put_…` functions give statements for
//! [`bulk::run`].

use super::bulk::{Marks, Statement};
use super::{Db, Named, Tx, bulk, on_db};
use crate::error::StoreError;
use std::collections::HashMap;
use std::sync::Arc;

/// An object to store in the mirror.
#[derive(Debug, Clone)]
pub struct MirrorWrite {
    /// The provider's id.
    pub remote_id: String,
    /// Its version.
    pub version: Option<String>,
    /// Hash of its content.
    pub hash: String,
    /// As the provider sent it.
    pub raw: String,
    /// When its last instance ends; `None`: never.
    pub last_end: Option<i64>,
    /// Why it is not stored as an event (`cancelled`); `None` when it is live.
    pub gone_reason: Option<&'static str>,
}

/// An event to store.
#[derive(Debug, Clone)]
pub struct EventWrite {
    /// Its id, old or new.
    pub id: Arc<str>,
    /// Of its object.
    pub remote_id: String,
    /// `''` for a master or single, else the original start.
    pub instance: String,
    /// iCalendar UID.
    pub uid: String,
    /// single, master, override.
    pub kind: &'static str,
    /// Title.
    pub title: String,
    /// JSON of `domain::event::Event`.
    pub content: String,
    /// The id of its copy in a calendar elsewhere.
    pub copy_id: Option<String>,
}

/// An occurrence to store.
#[derive(Debug, Clone)]
pub struct OccurrenceWrite {
    /// The event that gives the content.
    pub event_id: Arc<str>,
    /// Original start.
    pub instance: String,
    /// `domain::time::TimeKind`.
    pub kind: &'static str,
    /// Start, read as `kind` says.
    pub start_at: i64,
    /// End (exclusive), read as `kind` says.
    pub end_at: i64,
}

/// A journal entry.
#[derive(Debug, Clone)]
pub struct JournalWrite {
    /// The event.
    pub event_id: Arc<str>,
    /// insert, update, delete, revive.
    pub action: &'static str,
    /// The content before.
    pub before: Option<String>,
}

/// Whose rows are written, and by which job.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The owner.
    pub user: &'a str,
    /// The calendar.
    pub calendar: &'a str,
    /// The job.
    pub job: &'a str,
    /// Now.
    pub now: i64,
    /// A webhook began the job.
    pub via_webhook: bool,
}

/// An event that is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredEvent {
    /// Its id.
    pub id: String,
    /// Of its object.
    pub remote_id: String,
    /// `''` for a master or single.
    pub instance: String,
    /// JSON of `domain::event::Event`.
    pub content: String,
    /// It is deleted.
    pub deleted: bool,
    /// The id of its copy in a calendar elsewhere.
    pub copy_id: Option<String>,
}

/// The stored events of some objects, deleted ones included, by object.
///
/// # Errors
/// When the database fails.
pub async fn events_of(db: &Db, calendar: &str, remote_ids: &[&str]) -> Result<HashMap<String, Vec<StoredEvent>>, StoreError> {
    let mut found: HashMap<String, Vec<StoredEvent>> = HashMap::new();
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let sql = format!("{EVENTS_OF} IN ({})", bulk::list(2, chunk.len()));
        let rows: Vec<StoredEvent> = on_db!(read db, conn => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(calendar);
            for id in chunk {
                query = query.bind(*id);
            }
            query.fetch_all(conn).await
        })
        .named("events.of")?;
        for row in rows {
            found.entry(row.remote_id.clone()).or_default().push(row);
        }
    }
    Ok(found)
}

/// The text of [`events_of`] up to its list, for the test that explains it.
pub const EVENTS_OF: &str = "SELECT id, remote_id, instance, content, (deleted_at IS NOT NULL) AS deleted, copy_id FROM events \
     WHERE calendar_id = $1 AND remote_id";

/// The live events of some objects, read inside the transaction that is about to delete them.
///
/// # Errors
/// When the database fails.
pub async fn live_events_of(tx: &mut Tx, calendar: &str, remote_ids: &[&str]) -> Result<Vec<StoredEvent>, StoreError> {
    let mut found = Vec::with_capacity(remote_ids.len());
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let sql = format!("{EVENTS_OF} IN ({}) AND deleted_at IS NULL", bulk::list(2, chunk.len()));
        let rows: Vec<StoredEvent> = on_db!(&mut *tx, conn => {
            let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(calendar);
            for id in chunk {
                query = query.bind(*id);
            }
            query.fetch_all(conn).await
        })
        .named("events.live_of")?;
        found.extend(rows);
    }
    Ok(found)
}

/// The few words that stand in many rows: one text each, shared by all binds.
#[derive(Default)]
struct Words(Vec<Arc<str>>);

impl Words {
    fn of(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| ***known == *word) {
            return known.clone();
        }
        self.0.push(word.into());
        word.into()
    }
}

/// Stores mirror rows.
pub fn put_mirror(target: Target<'_>, marks: Marks, rows: Vec<MirrorWrite>) -> impl Iterator<Item = Statement> {
    let calendar: Arc<str> = target.calendar.into();
    let table = (
        "INSERT INTO mirror (calendar_id, remote_id, version, hash, raw, last_end, kept, gone_at, gone_reason)",
        9,
        "ON CONFLICT (calendar_id, remote_id) DO UPDATE SET version = excluded.version, hash = excluded.hash, raw = excluded.raw, \
         last_end = excluded.last_end, missing_at = NULL, kept = excluded.kept, gone_at = excluded.gone_at, \
         gone_reason = excluded.gone_reason, unreadable = NULL",
    );
    bulk::inserts("mirror.put", marks, table, rows, move |statement, row| {
        let gone_at = row.gone_reason.map(|_| target.now);
        statement.bind(calendar.clone()).bind(row.remote_id).bind(row.version).bind(row.hash).bind(row.raw);
        statement.bind(row.last_end).bind(false).bind(gone_at).bind(row.gone_reason);
    })
}

/// Stores new versions of objects whose content did not change.
pub fn touch_mirror(target: Target<'_>, marks: Marks, rows: Vec<(String, Option<String>)>) -> impl Iterator<Item = Statement> {
    let (calendar, none): (Arc<str>, Arc<str>) = (target.calendar.into(), "".into());
    let table = (
        "INSERT INTO mirror (calendar_id, remote_id, version, hash, raw, kept)",
        6,
        "ON CONFLICT (calendar_id, remote_id) DO UPDATE SET version = excluded.version, unreadable = NULL",
    );
    bulk::inserts("mirror.touch", marks, table, rows, move |statement, (remote_id, version)| {
        statement.bind(calendar.clone()).bind(remote_id).bind(version).bind(none.clone()).bind(none.clone()).bind(false);
    })
}

/// Stores events, new and changed. A deleted event that comes back under its id lives again.
pub fn put_events(target: Target<'_>, marks: Marks, rows: Vec<EventWrite>) -> impl Iterator<Item = Statement> {
    let (user, calendar, job): (Arc<str>, Arc<str>, Arc<str>) = (target.user.into(), target.calendar.into(), target.job.into());
    let mut words = Words::default();
    let table = (
        "INSERT INTO events (id, user_id, calendar_id, remote_id, instance, uid, kind, title, content, created_by, updated_by, \
         created_at, updated_at, copy_id, synced_via_webhook)",
        15,
        "ON CONFLICT (id) DO UPDATE SET uid = excluded.uid, kind = excluded.kind, title = excluded.title, \
         content = excluded.content, updated_by = excluded.updated_by, updated_at = excluded.updated_at, copy_id = excluded.copy_id, \
         synced_via_webhook = excluded.synced_via_webhook, deleted_at = NULL",
    );
    bulk::inserts("events.put", marks, table, rows, move |statement, row| {
        statement.bind(row.id).bind(user.clone()).bind(calendar.clone()).bind(row.remote_id).bind(row.instance);
        statement.bind(row.uid).bind(words.of(row.kind)).bind(row.title).bind(row.content).bind(job.clone()).bind(job.clone());
        statement.bind(target.now).bind(target.now).bind(row.copy_id).bind(target.via_webhook);
    })
}

/// Marks events as deleted and removes their occurrences.
///
/// # Errors
/// When the database fails.
pub async fn delete_events(tx: &mut Tx, target: Target<'_>, ids: &[&str]) -> Result<(), StoreError> {
    clear_occurrences(tx, ids).await?;
    for chunk in ids.chunks(bulk::ROWS) {
        let sql = format!(
            "UPDATE events SET deleted_at = $1, updated_by = $2, updated_at = $1, synced_via_webhook = $3 \
             WHERE deleted_at IS NULL AND id IN ({})",
            bulk::list(4, chunk.len())
        );
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(target.now).bind(target.job).bind(target.via_webhook);
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(conn).await.map(drop)
        })
        .named("events.delete")?;
    }
    Ok(())
}

/// Marks objects as gone and forgets their horizons.
///
/// # Errors
/// When the database fails.
pub async fn bury(tx: &mut Tx, target: Target<'_>, remote_ids: &[&str], reason: &str) -> Result<(), StoreError> {
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let sql = format!(
            "UPDATE mirror SET gone_at = $2, gone_reason = $3, missing_at = NULL, kept = $4, unreadable = NULL WHERE calendar_id = $1 AND remote_id IN ({})",
            bulk::list(5, chunk.len())
        );
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(target.calendar).bind(target.now).bind(reason).bind(false);
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(conn).await.map(drop)
        })
        .named("mirror.bury")?;
    }
    clear_horizons(tx, target.calendar, remote_ids).await
}

/// Removes the occurrences of events.
///
/// # Errors
/// When the database fails.
pub async fn clear_occurrences(tx: &mut Tx, event_ids: &[&str]) -> Result<(), StoreError> {
    for chunk in event_ids.chunks(bulk::ROWS) {
        let sql = format!("DELETE FROM occurrences WHERE event_id IN ({})", bulk::list(1, chunk.len()));
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(conn).await.map(drop)
        })
        .named("occurrences.clear")?;
    }
    Ok(())
}

/// Stores occurrences.
pub fn put_occurrences(target: Target<'_>, marks: Marks, rows: Vec<OccurrenceWrite>) -> impl Iterator<Item = Statement> {
    let (user, calendar): (Arc<str>, Arc<str>) = (target.user.into(), target.calendar.into());
    let mut words = Words::default();
    let table = (
        "INSERT INTO occurrences (event_id, instance, user_id, calendar_id, kind, start_at, end_at)",
        7,
        "ON CONFLICT (event_id, instance) DO UPDATE SET kind = excluded.kind, start_at = excluded.start_at, end_at = excluded.end_at",
    );
    bulk::inserts("occurrences.put", marks, table, rows, move |statement, row| {
        statement.bind(row.event_id).bind(row.instance).bind(user.clone()).bind(calendar.clone()).bind(words.of(row.kind));
        statement.bind(row.start_at).bind(row.end_at);
    })
}

/// Stores from when until when objects are materialised.
pub fn put_horizons(target: Target<'_>, marks: Marks, rows: Vec<(String, i64, i64)>) -> impl Iterator<Item = Statement> {
    let calendar: Arc<str> = target.calendar.into();
    let table = (
        "INSERT INTO horizons (calendar_id, remote_id, from_at, until_at)",
        4,
        "ON CONFLICT (calendar_id, remote_id) DO UPDATE SET from_at = excluded.from_at, until_at = excluded.until_at",
    );
    bulk::inserts("horizons.put", marks, table, rows, move |statement, (remote_id, from, until)| {
        statement.bind(calendar.clone()).bind(remote_id).bind(from).bind(until);
    })
}

/// Forgets the horizons of objects.
///
/// # Errors
/// When the database fails.
pub async fn clear_horizons(tx: &mut Tx, calendar: &str, remote_ids: &[&str]) -> Result<(), StoreError> {
    for chunk in remote_ids.chunks(bulk::ROWS) {
        let sql = format!("DELETE FROM horizons WHERE calendar_id = $1 AND remote_id IN ({})", bulk::list(2, chunk.len()));
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(calendar);
            for id in chunk {
                query = query.bind(*id);
            }
            query.execute(conn).await.map(drop)
        })
        .named("horizons.clear")?;
    }
    Ok(())
}

/// Stores journal entries.
pub fn put_journal(target: Target<'_>, marks: Marks, rows: Vec<JournalWrite>) -> impl Iterator<Item = Statement> {
    let job: Arc<str> = target.job.into();
    let mut words = Words::default();
    let table = ("INSERT INTO journal (job_id, event_id, action, before, at)", 5, "ON CONFLICT DO NOTHING");
    bulk::inserts("journal.put", marks, table, rows, move |statement, row| {
        statement.bind(job.clone()).bind(row.event_id).bind(words.of(row.action)).bind(row.before).bind(target.now);
    })
}
