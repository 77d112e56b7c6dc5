//! Users: sign-in name, password hash, preferences.

use super::{Db, Named as _, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::ids::UserId;
use syncline_domain::view::{Preferences, Viewer};

/// A user as a row; everything but the password.
#[derive(sqlx::FromRow)]
pub(crate) struct UserRow {
    id: String,
    email: String,
    is_admin: bool,
    preferences: String,
}

impl UserRow {
    pub(crate) fn viewer(self) -> Viewer {
        let preferences = read_preferences(&self.preferences);
        Viewer { id: UserId::trusted(self.id), email: self.email, is_admin: self.is_admin, preferences }
    }
}

/// Preferences that can not be read (written by a newer version) are the default ones: they lock nobody out.
pub(crate) fn read_preferences(json: &str) -> Preferences {
    serde_json::from_str(json).unwrap_or_else(|error| {
        tracing::warn!(%error, "stored preferences can not be read; the default ones are used");
        Preferences::default()
    })
}

fn write_preferences(preferences: &Preferences) -> String {
    serde_json::to_string(preferences).expect("preferences are plain data")
}

/// A user to be stored.
pub(crate) struct NewUser<'a> {
    pub(crate) id: &'a UserId,
    pub(crate) email: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) is_admin: bool,
    pub(crate) now: i64,
}

/// Whether there is any user.
pub(crate) async fn any(db: &Db) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM users)";
    on_db!(read db, conn => sqlx::query_scalar::<_, bool>(SQL).fetch_one(conn).await).named("users.any")
}

/// Whether this user is an administrator.
pub(crate) async fn is_admin(db: &Db, user: &UserId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND is_admin)";
    on_db!(read db, conn => sqlx::query_scalar::<_, bool>(SQL).bind(user.as_str()).fetch_one(conn).await).named("users.is_admin")
}

/// Whether there is any user, with nobody else able to add one before the transaction ends.
pub(crate) async fn any_locked(tx: &mut Tx) -> Result<bool, StoreError> {
    tx.lock_users().await?;
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM users)";
    on_db!(tx, conn => sqlx::query_scalar::<_, bool>(SQL).fetch_one(conn).await).named("users.any")
}

/// Stores a user; `false` when the address is taken.
pub(crate) async fn insert(tx: &mut Tx, new: &NewUser<'_>) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO users (id, email, password_hash, is_admin, preferences, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING";
    let preferences = write_preferences(&Preferences::default());
    on_db!(tx, conn => sqlx::query(SQL)
        .bind(new.id.as_str()).bind(new.email).bind(new.password_hash).bind(new.is_admin).bind(preferences).bind(new.now)
        .execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("users.insert")
}

/// The user with an address, which is lower case.
pub(crate) async fn by_email(db: &Db, email: &str) -> Result<Option<Viewer>, StoreError> {
    const SQL: &str = "SELECT id, email, is_admin, preferences FROM users WHERE email = $1";
    let row: Option<UserRow> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(email).fetch_optional(conn).await).named("users.by_email")?;
    Ok(row.map(UserRow::viewer))
}

/// Id and password hash of the user with an address.
pub(crate) async fn credentials(db: &Db, email: &str) -> Result<Option<(UserId, String)>, StoreError> {
    const SQL: &str = "SELECT id, password_hash FROM users WHERE email = $1";
    let row: Option<(String, String)> =
        on_db!(read db, conn => sqlx::query_as(SQL).bind(email).fetch_optional(conn).await).named("users.credentials")?;
    Ok(row.map(|(id, hash)| (UserId::trusted(id), hash)))
}

/// The password hash of a user.
pub(crate) async fn password_hash(db: &Db, user: &UserId) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT password_hash FROM users WHERE id = $1";
    on_db!(read db, conn => sqlx::query_scalar(SQL).bind(user.as_str()).fetch_optional(conn).await).named("users.password_hash")
}

/// Replaces the password hash; `false` when it is not `old` any more.
pub(crate) async fn replace_password(tx: &mut Tx, user: &UserId, old: &str, new: &str) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    on_db!(tx, conn => sqlx::query(SQL).bind(user.as_str()).bind(old).bind(new).execute(conn).await.map(|done| done.rows_affected() == 1))
        .named("users.replace_password")
}

/// The preferences of a user.
pub(crate) async fn preferences(db: &Db, user: &UserId) -> Result<Option<Preferences>, StoreError> {
    const SQL: &str = "SELECT preferences FROM users WHERE id = $1";
    let json: Option<String> =
        on_db!(read db, conn => sqlx::query_scalar(SQL).bind(user.as_str()).fetch_optional(conn).await).named("users.preferences")?;
    Ok(json.as_deref().map(read_preferences))
}

/// Replaces the preferences; `false` when there is no such user.
pub(crate) async fn set_preferences(tx: &mut Tx, user: &UserId, preferences: &Preferences) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE users SET preferences = $2 WHERE id = $1";
    let json = write_preferences(preferences);
    on_db!(tx, conn => sqlx::query(SQL).bind(user.as_str()).bind(json).execute(conn).await.map(|done| done.rows_affected() == 1))
        .named("users.set_preferences")
}

/// Stores a zone where the user has none; `false` when there is one, or no such user. Never undoes a change made meanwhile.
pub(crate) async fn learn_zone(tx: &mut Tx, user: &UserId, zone: &str) -> Result<bool, StoreError> {
    const READ: &str = "SELECT preferences FROM users WHERE id = $1";
    const WRITE: &str = "UPDATE users SET preferences = $3 WHERE id = $1 AND preferences = $2";
    let old: Option<String> =
        on_db!(&mut *tx, conn => sqlx::query_scalar(READ).bind(user.as_str()).fetch_optional(conn).await).named("users.preferences")?;
    let Some(old) = old else { return Ok(false) };
    let known = read_preferences(&old);
    if known.time_zone.is_some() {
        return Ok(false);
    }
    let new = write_preferences(&Preferences { time_zone: Some(zone.to_owned()), ..known });
    on_db!(tx, conn => sqlx::query(WRITE).bind(user.as_str()).bind(old).bind(new).execute(conn).await.map(|done| done.rows_affected() == 1))
        .named("users.learn_zone")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::db::{Backend, TestHub, run};

    #[tokio::test]
    async fn while_one_looks_for_a_first_user_nobody_else_can() {
        run(Backend::Postgres, |at: TestHub| async move {
            let (mut first, mut second) = (at.db().begin().await.unwrap(), at.db().begin().await.unwrap());
            assert!(!any_locked(&mut first).await.unwrap());
            let soon = "SET LOCAL lock_timeout = '20ms'";
            on_db!(&mut second, conn => sqlx::query(soon).execute(conn).await.map(drop)).unwrap();
            let refused = any_locked(&mut second).await.unwrap_err();
            let code = refused.source.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("55P03"), "it waits for the lock");
        })
        .await;
    }
}
