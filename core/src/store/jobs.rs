//! Sync jobs, their results, and the locks that they hold.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{ConnectionId, JobId, UserId};

/// One row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct JobRow {
    /// [`JobId`].
    pub id: String,
    /// The first job of the run.
    pub run_id: String,
    /// [`UserId`] of its owner.
    pub user_id: String,
    /// [`ConnectionId`].
    pub connection_id: String,
    /// `domain::sync::JobStatus`.
    pub status: String,
    /// Grows with every change.
    pub seq: i64,
    /// JSON of `domain::sync::JobProgress`.
    pub progress: String,
    /// When it was asked for.
    pub created_at: i64,
    /// When it ended.
    pub finished_at: Option<i64>,
    /// When the row changed last.
    pub updated_at: i64,
}

const COLUMNS: &str = "id, run_id, user_id, connection_id, status, seq, progress, created_at, finished_at, updated_at";

/// What a new job is asked to do.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: &'a JobId,
    /// The first job of the run.
    pub run: &'a JobId,
    /// The owner.
    pub user: &'a UserId,
    /// The connection.
    pub connection: &'a ConnectionId,
    /// `domain::sync::Trigger`.
    pub trigger: &'a str,
    /// `domain::sync::Mode`.
    pub mode: &'a str,
    /// JSON array; `None`: all enabled.
    pub calendars: Option<&'a str>,
    /// JSON of the first progress.
    pub progress: &'a str,
    /// Now.
    pub now: i64,
}

/// Stores a new job as pending.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, job: &NewJob<'_>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO sync_jobs (id, run_id, user_id, connection_id, trigger_kind, mode, calendar_ids, status, seq, progress, \
         cancel_asked, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 1, $8, $9, $10, $10)")
        .bind(job.id.as_str()).bind(job.run.as_str()).bind(job.user.as_str()).bind(job.connection.as_str()).bind(job.trigger)
        .bind(job.mode).bind(job.calendars).bind(job.progress).bind(false).bind(job.now)
        .execute(conn).await.map(drop))
    .named("jobs.insert")
}

/// Stores how far a job is. `started` and `finished` are set once.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, id: &JobId, status: &str, seq: i64, progress: &str, now: i64, finished: bool) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE sync_jobs SET status = $2, seq = $3, progress = $4, updated_at = $5, started_at = COALESCE(started_at, $5), \
         finished_at = CASE WHEN $6 THEN $5 ELSE finished_at END WHERE id = $1 AND seq < $3 AND finished_at IS NULL")
        .bind(id.as_str()).bind(status).bind(seq).bind(progress).bind(now).bind(finished)
        .execute(conn).await.map(drop))
    .named("jobs.update")
}

/// The jobs of a connection that have not ended: one, unless a process died.
///
/// # Errors
/// When the database fails.
pub async fn all_open_of(tx: &mut Tx, connection: &ConnectionId) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_jobs WHERE connection_id = $1 AND finished_at IS NULL ORDER BY created_at, id");
    on_db!(tx, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(connection.as_str()).fetch_all(conn).await).named("jobs.all_open_of")
}

/// The connections of anyone with a job that has not ended.
///
/// # Errors
/// When the database fails.
pub async fn open_connections(db: &Db) -> Result<Vec<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT DISTINCT connection_id FROM sync_jobs WHERE finished_at IS NULL")
        .fetch_all(conn).await)
    .named("jobs.open_connections")
}

/// All jobs that have not ended, of one user.
///
/// # Errors
/// When the database fails.
pub async fn open(db: &Db, user: &UserId) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_jobs WHERE user_id = $1 AND finished_at IS NULL ORDER BY created_at");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_all(conn).await).named("jobs.open")
}

/// The user's jobs, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, user: &UserId, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_jobs WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).bind(limit).fetch_all(conn).await)
        .named("jobs.list")
}

/// One of the user's jobs.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, user: &UserId, id: &JobId) -> Result<Option<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_jobs WHERE id = $1 AND user_id = $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).bind(user.as_str()).fetch_optional(conn).await)
        .named("jobs.find")
}

/// The jobs of a run, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub async fn of_run(db: &Db, user: &UserId, run: &JobId) -> Result<Vec<JobRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM sync_jobs WHERE run_id = $1 AND user_id = $2 ORDER BY CASE WHEN id = run_id THEN 0 ELSE 1 END, id");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(run.as_str()).bind(user.as_str()).fetch_all(conn).await)
        .named("jobs.of_run")
}

/// The last job of the user that ended, if any.
///
/// # Errors
/// When the database fails.
pub async fn last_finished(db: &Db, user: &UserId) -> Result<Option<JobRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM sync_jobs WHERE user_id = $1 AND finished_at IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 1");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).fetch_optional(conn).await)
        .named("jobs.last_finished")
}

/// Jobs of anyone that changed at or after an instant, oldest change first.
///
/// # Errors
/// When the database fails.
pub async fn changed_since(db: &Db, since: i64, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM sync_jobs WHERE updated_at >= $1 ORDER BY updated_at LIMIT $2");
    on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(since).bind(limit).fetch_all(conn).await)
        .named("jobs.changed_since")
}

/// Runs of the user whose last job ended after an instant.
///
/// # Errors
/// When the database fails.
pub async fn runs_finished_after(db: &Db, user: &UserId, after: i64) -> Result<Vec<(String,)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as(
        "SELECT run_id FROM sync_jobs WHERE user_id = $1 GROUP BY run_id \
         HAVING COUNT(*) = COUNT(finished_at) AND MAX(finished_at) > $2 ORDER BY MAX(finished_at), run_id")
        .bind(user.as_str()).bind(after).fetch_all(conn).await)
    .named("jobs.runs_finished_after")
}

/// Asks the jobs of a run, or one job, to stop. Gives how many were asked.
///
/// # Errors
/// When the database fails.
pub async fn ask_cancel(tx: &mut Tx, user: &UserId, id: &JobId, now: i64) -> Result<u64, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "UPDATE sync_jobs SET cancel_asked = $3, updated_at = $4 WHERE (id = $1 OR run_id = $1) AND user_id = $2 AND finished_at IS NULL")
        .bind(id.as_str()).bind(user.as_str()).bind(true).bind(now)
        .execute(conn).await.map(|done| done.rows_affected()))
    .named("jobs.ask_cancel")
}

/// Whether a job was asked to stop.
///
/// # Errors
/// When the database fails.
pub async fn cancel_asked(db: &Db, id: &JobId) -> Result<bool, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT cancel_asked FROM sync_jobs WHERE id = $1").bind(id.as_str())
        .fetch_optional(conn).await)
    .named("jobs.cancel_asked")
    .map(|asked| asked.unwrap_or(true))
}

/// Stores the result lines of a job.
///
/// # Errors
/// When the database fails.
pub async fn put_results(tx: &mut Tx, id: &JobId, lines: &[(Option<String>, String)]) -> Result<(), StoreError> {
    for chunk in lines.iter().enumerate().collect::<Vec<_>>().chunks(super::bulk::ROWS) {
        let sql = super::bulk::insert(
            tx.marks(),
            "INSERT INTO sync_results (job_id, position, calendar_id, result)",
            4,
            chunk.len(),
            "ON CONFLICT DO NOTHING",
        );
        on_db!(&mut *tx, conn => {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
            for (position, (calendar, result)) in chunk {
                query = query.bind(id.as_str()).bind(i64::try_from(*position).unwrap_or(i64::MAX)).bind(calendar).bind(result);
            }
            query.execute(conn).await.map(drop)
        })
        .named("results.put")?;
    }
    Ok(())
}

/// The result lines of a run (JSON of `domain::sync::CalendarResult`), job by job.
///
/// # Errors
/// When the database fails.
pub async fn results_of_run(db: &Db, user: &UserId, run: &JobId) -> Result<Vec<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar(
        "SELECT r.result FROM sync_results r JOIN sync_jobs j ON j.id = r.job_id WHERE j.run_id = $1 AND j.user_id = $2 \
         ORDER BY CASE WHEN j.id = j.run_id THEN 0 ELSE 1 END, j.id, r.position")
        .bind(run.as_str()).bind(user.as_str()).fetch_all(conn).await)
    .named("results.of_run")
}
