//! Locks: a lease on a connection with an expiry and a fencing token.
//!
//! Every write transaction of a job calls [`check`] first. It renews the lease and, by writing the row, keeps anybody else
//! from taking the lock until the transaction has ended; a worker that lost its lock gets `false` and must write nothing.

use super::{Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{ConnectionId, JobId};

/// How long a lease lasts without renewal, milliseconds.
pub const LEASE_MS: i64 = 5 * 60 * 1000;

/// A lock as it is stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LockRow {
    /// The job that holds it.
    pub job_id: String,
    /// The process that holds it.
    pub owner: String,
    /// Its fencing token.
    pub fence: i64,
    /// When it ends.
    pub expires_at: i64,
}

/// The lock of a connection, locked for the rest of the transaction on PostgreSQL.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx, connection: &ConnectionId) -> Result<Option<LockRow>, StoreError> {
    // A write that changes nothing locks the row on PostgreSQL; SQLite's transaction holds the only write lock anyway.
    on_db!(tx, conn => sqlx::query_as(
        "UPDATE locks SET fence = fence WHERE connection_id = $1 RETURNING job_id, owner, fence, expires_at")
        .bind(connection.as_str()).fetch_optional(conn).await)
    .named("locks.find")
}

/// Takes the lock, whoever held it, and gives the new fencing token. Call [`find`] first, in the same transaction.
/// `None`: another transaction was faster.
///
/// # Errors
/// When the database fails.
pub async fn take(
    tx: &mut Tx,
    connection: &ConnectionId,
    job: &JobId,
    owner: &str,
    now: i64,
    previous: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    on_db!(tx, conn => sqlx::query_scalar(
        "INSERT INTO locks (connection_id, job_id, owner, fence, expires_at) VALUES ($1, $2, $3, 1, $4) \
         ON CONFLICT (connection_id) DO UPDATE SET job_id = excluded.job_id, owner = excluded.owner, fence = locks.fence + 1, \
         expires_at = excluded.expires_at WHERE locks.fence = $5 RETURNING fence")
        .bind(connection.as_str()).bind(job.as_str()).bind(owner).bind(now + LEASE_MS).bind(previous.unwrap_or(0))
        .fetch_optional(conn).await)
    .named("locks.take")
}

/// Whether the lock is still ours; renews it.
///
/// # Errors
/// When the database fails.
pub async fn check(tx: &mut Tx, connection: &ConnectionId, fence: i64, now: i64) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE locks SET expires_at = $3 WHERE connection_id = $1 AND fence = $2 AND expires_at > 0")
        .bind(connection.as_str()).bind(fence).bind(now + LEASE_MS)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("locks.check")
}

/// Gives the lock back. The row stays, so that its fencing token never goes back.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, connection: &ConnectionId, fence: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE locks SET expires_at = 0 WHERE connection_id = $1 AND fence = $2")
        .bind(connection.as_str()).bind(fence).execute(conn).await.map(drop))
    .named("locks.release")
}
