//! API tokens. The secret itself is never stored, only its hash.

use super::users::UserRow;
use super::{Db, Named as _, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{TokenId, UserId};
use syncline_domain::view::{ApiToken, Viewer};

/// Who a token stands for.
pub(crate) struct Bearer {
    pub(crate) viewer: Viewer,
    pub(crate) token_id: String,
    /// When its last use was noted.
    pub(crate) last_used_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct BearerRow {
    #[sqlx(flatten)]
    user: UserRow,
    token_id: String,
    last_used_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: String,
    name: String,
    prefix: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

/// Stores a token.
pub(crate) async fn insert(tx: &mut Tx, user: &UserId, token: &ApiToken, hash: &str) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO api_tokens (id, user_id, name, prefix, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    on_db!(tx, conn => sqlx::query(SQL)
        .bind(token.id.as_str()).bind(user.as_str()).bind(&token.name).bind(&token.prefix).bind(hash).bind(token.created_at)
        .execute(conn).await.map(drop))
    .named("tokens.insert")
}

/// Who the token with a hash stands for.
pub(crate) async fn find(db: &Db, hash: &str) -> Result<Option<Bearer>, StoreError> {
    const SQL: &str = "SELECT u.id, u.email, u.is_admin, u.preferences, t.id AS token_id, t.last_used_at \
        FROM api_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = $1";
    let row: Option<BearerRow> = on_db!(read db, conn => sqlx::query_as(SQL).bind(hash).fetch_optional(conn).await).named("tokens.find")?;
    Ok(row.map(|row| Bearer { token_id: row.token_id, last_used_at: row.last_used_at, viewer: row.user.viewer() }))
}

/// Notes a use.
pub(crate) async fn touch(tx: &mut Tx, token_id: &str, now: i64) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
    on_db!(tx, conn => sqlx::query(SQL).bind(token_id).bind(now).execute(conn).await.map(drop)).named("tokens.touch")
}

/// The tokens of a user, newest first.
pub(crate) async fn list(db: &Db, user: &UserId) -> Result<Vec<ApiToken>, StoreError> {
    const SQL: &str = "SELECT id, name, prefix, created_at, last_used_at FROM api_tokens WHERE user_id = $1 \
        ORDER BY created_at DESC, id DESC";
    let rows: Vec<TokenRow> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(user.as_str()).fetch_all(conn).await).named("tokens.list")?;
    Ok(rows
        .into_iter()
        .map(|row| ApiToken {
            id: TokenId::trusted(row.id),
            name: row.name,
            prefix: row.prefix,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}

/// Removes a token; `false` when the user has none of that id.
pub(crate) async fn delete(tx: &mut Tx, user: &UserId, token: &TokenId) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM api_tokens WHERE id = $2 AND user_id = $1";
    on_db!(tx, conn => sqlx::query(SQL).bind(user.as_str()).bind(token.as_str()).execute(conn).await.map(|done| done.rows_affected() == 1))
        .named("tokens.delete")
}
