//! Sign-in sessions. The cookie itself is never stored, only its hash.

use super::users::UserRow;
use super::{Db, Named as _, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::UserId;
use syncline_domain::view::Viewer;

/// A session that has not expired.
pub(crate) struct Session {
    pub(crate) viewer: Viewer,
    /// When its last use was noted.
    pub(crate) seen_at: i64,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    seen_at: i64,
}

/// Stores a session.
pub(crate) async fn insert(tx: &mut Tx, hash: &str, user: &UserId, now: i64, expires_at: i64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO sessions (token_hash, user_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)";
    on_db!(tx, conn => sqlx::query(SQL).bind(hash).bind(user.as_str()).bind(now).bind(expires_at).execute(conn).await.map(drop))
        .named("sessions.insert")
}

/// The session of a cookie's hash, unless it has expired.
pub(crate) async fn find(db: &Db, hash: &str, now: i64) -> Result<Option<Session>, StoreError> {
    const SQL: &str = "SELECT u.id, u.email, u.is_admin, u.preferences, s.seen_at FROM sessions s JOIN users u ON u.id = s.user_id \
        WHERE s.token_hash = $1 AND s.expires_at > $2";
    let row: Option<SessionRow> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(hash).bind(now).fetch_optional(conn).await).named("sessions.find")?;
    Ok(row.map(|row| Session { seen_at: row.seen_at, viewer: row.user.viewer() }))
}

/// Notes a use and moves the expiry. A session that ended meanwhile stays ended.
pub(crate) async fn touch(tx: &mut Tx, hash: &str, now: i64, expires_at: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE sessions SET seen_at = $2, expires_at = $3 WHERE token_hash = $1";
    on_db!(tx, conn => sqlx::query(SQL).bind(hash).bind(now).bind(expires_at).execute(conn).await.map(drop)).named("sessions.touch")
}

/// Ends one session.
pub(crate) async fn delete(tx: &mut Tx, hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE token_hash = $1";
    on_db!(tx, conn => sqlx::query(SQL).bind(hash).execute(conn).await.map(drop)).named("sessions.delete")
}

/// Ends all sessions of a user but the one with the hash `keep`.
pub(crate) async fn delete_others(tx: &mut Tx, user: &UserId, keep: &str) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2";
    on_db!(tx, conn => sqlx::query(SQL).bind(user.as_str()).bind(keep).execute(conn).await.map(drop)).named("sessions.delete_others")
}

/// Removes the expired ones and gives their number.
pub(crate) async fn purge(tx: &mut Tx, now: i64) -> Result<u64, StoreError> {
    const SQL: &str = "DELETE FROM sessions WHERE expires_at <= $1";
    on_db!(tx, conn => sqlx::query(SQL).bind(now).execute(conn).await.map(|done| done.rows_affected())).named("sessions.purge")
}
