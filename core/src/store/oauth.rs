//! Ways to a consent page that were begun, and leases on the renewal of tokens.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::ConnectionId;

/// A way to a consent page that was begun.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StateRow {
    /// SHA-256 of `state`, hex.
    pub state_hash: String,
    /// SHA-256 of the session that began it, hex.
    pub session_hash: String,
    /// Who began it.
    pub user_id: String,
    /// `domain::sync::ProviderKind`.
    pub provider: String,
    /// The connection to mend.
    pub connection_id: Option<String>,
    /// The PKCE verifier, sealed.
    pub verifier: String,
    /// Where the provider sends the browser back to.
    pub redirect_uri: String,
    /// Unix milliseconds.
    pub expires_at: i64,
}

/// Stores one, and forgets those that have expired.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx, row: &StateRow, now: i64) -> Result<(), StoreError> {
    on_db!(&mut *tx, conn => sqlx::query("DELETE FROM oauth_states WHERE expires_at <= $1").bind(now).execute(conn).await.map(drop))
        .named("oauth.purge")?;
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO oauth_states (state_hash, session_hash, user_id, provider, connection_id, verifier, redirect_uri, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(&row.state_hash).bind(&row.session_hash).bind(&row.user_id).bind(&row.provider).bind(&row.connection_id)
        .bind(&row.verifier).bind(&row.redirect_uri).bind(row.expires_at)
        .execute(conn).await.map(drop))
    .named("oauth.begin")
}

/// Takes one out: it can be used once, whatever becomes of it.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &mut Tx, state_hash: &str) -> Result<Option<StateRow>, StoreError> {
    on_db!(tx, conn => sqlx::query_as(
        "DELETE FROM oauth_states WHERE state_hash = $1 \
         RETURNING state_hash, session_hash, user_id, provider, connection_id, verifier, redirect_uri, expires_at")
        .bind(state_hash).fetch_optional(conn).await)
    .named("oauth.take")
}

/// Claims the renewal of a connection's tokens. Gives whether it is ours.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, id: &ConnectionId, owner: &str, now: i64, until: i64) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO token_leases (connection_id, owner, expires_at) VALUES ($1, $2, $4) ON CONFLICT (connection_id) DO UPDATE SET \
         owner = excluded.owner, expires_at = excluded.expires_at WHERE token_leases.expires_at <= $3")
        .bind(id.as_str()).bind(owner).bind(now).bind(until).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("oauth.claim")
}

/// Gives the renewal back.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, id: &ConnectionId, owner: &str) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM token_leases WHERE connection_id = $1 AND owner = $2")
        .bind(id.as_str()).bind(owner).execute(conn).await.map(drop))
    .named("oauth.release")
}

/// The sealed tokens of a connection.
///
/// # Errors
/// When the database fails.
pub async fn secret(db: &Db, id: &ConnectionId) -> Result<Option<String>, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar::<_, Option<String>>("SELECT secret FROM connections WHERE id = $1").bind(id.as_str())
        .fetch_optional(conn).await)
    .named("oauth.secret")
    .map(Option::flatten)
}

/// Puts renewed tokens in the place of those that they were made from. Gives whether they were still there: the user may have
/// connected anew meanwhile, and then the newer permission stays.
///
/// # Errors
/// When the database fails.
pub async fn replace_secret(
    tx: &mut Tx,
    id: &ConnectionId,
    old: &str,
    new: &str,
    grant_expires_at: Option<i64>,
) -> Result<bool, StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET secret = $3, grant_expires_at = $4 WHERE id = $1 AND secret = $2")
        .bind(id.as_str()).bind(old).bind(new).bind(grant_expires_at).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("oauth.replace")
}

/// Notes when the permission of a connection ends.
///
/// # Errors
/// When the database fails.
pub async fn set_grant_end(tx: &mut Tx, id: &ConnectionId, at: Option<i64>) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("UPDATE connections SET grant_expires_at = $2 WHERE id = $1").bind(id.as_str()).bind(at)
        .execute(conn).await.map(drop))
    .named("oauth.grant_end")
}

/// How many connections of all users there are to one account, so that a permission is not taken from another one.
///
/// # Errors
/// When the database fails.
pub async fn sharing(db: &Db, provider: &str, account: &str) -> Result<i64, StoreError> {
    on_db!(read db, conn => sqlx::query_scalar("SELECT COUNT(*) FROM connections WHERE provider = $1 AND account = $2")
        .bind(provider).bind(account).fetch_one(conn).await)
    .named("oauth.sharing")
}
