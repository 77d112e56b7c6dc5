//! What the administrator set for the whole instance.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;

/// A setting: `google.client_id`, plain, or `google.client_secret`, sealed with its id.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SettingRow {
    /// Its name.
    pub id: String,
    /// What may be shown.
    pub value: Option<String>,
    /// What may not: sealed, associated data = id.
    pub secret: Option<String>,
}

/// All of them.
///
/// # Errors
/// When the database fails.
pub async fn all(db: &Db) -> Result<Vec<SettingRow>, StoreError> {
    on_db!(read db, conn => sqlx::query_as("SELECT id, value, secret FROM instance_settings ORDER BY id").fetch_all(conn).await)
        .named("instance.all")
}

/// Stores one in place of what was there.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, row: &SettingRow, now: i64) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query(
        "INSERT INTO instance_settings (id, value, secret, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (id) DO UPDATE SET value = excluded.value, secret = excluded.secret, updated_at = excluded.updated_at")
        .bind(&row.id).bind(&row.value).bind(&row.secret).bind(now).execute(conn).await.map(drop))
    .named("instance.put")
}

/// Forgets one.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    on_db!(tx, conn => sqlx::query("DELETE FROM instance_settings WHERE id = $1").bind(id).execute(conn).await.map(drop))
        .named("instance.delete")
}

/// What the connections of a provider say about its set-up, whoever's they are: `(problem, settings, end of the permission)`.
///
/// # Errors
/// When the database fails.
pub async fn symptoms(db: &Db, provider: &str) -> Result<Vec<(Option<String>, String, Option<i64>)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as("SELECT problem, settings, grant_expires_at FROM connections WHERE provider = $1 AND enabled")
        .bind(provider).fetch_all(conn).await)
    .named("instance.symptoms")
}
