//! What [`Hub::open`](super::Hub::open) needs: the data folder, the database, the keys.

use super::Config;
use crate::error::{Error, StoreError};
use crate::private;
use crate::secrets::{KEY_FILE, Keyring};
use crate::store::{Db, Named, on_db};

/// Opens the database that the configuration names; SQLite's file in the data folder is made on first start.
pub(super) async fn database(config: &Config) -> Result<Db, Error> {
    match config.database_url.as_deref() {
        Some("sqlite::memory:") => Ok(Db::open_memory().await?),
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Db::open_postgres(url).await.map_err(|error| unusable("The database at DATABASE_URL", &error))
        }
        Some(_) => Err(Error::invalid(
            "unknown_database",
            "The database URL does not begin with `postgres://`.",
            "Give the URL of a PostgreSQL database, or none: then SQLite in the data folder is used.",
        )),
        None => {
            data_dir(config)?;
            let path = config.data_dir.join("syncline.db");
            Db::open_file(&path).await.map_err(|error| unusable(&format!("The database file {}", path.display()), &error))
        }
    }
}

/// The keys: those given, else those of the key file, which is made on first start. Never makes or accepts a key that leaves
/// stored secrets unreadable.
pub(super) async fn keyring(config: &Config, db: &Db) -> Result<Keyring, Error> {
    let sealed = sealed(db).await?;
    let ring = if let Some(text) = &config.secret_key {
        Keyring::parse(text)?
    } else if config.database_url.as_deref() == Some("sqlite::memory:") {
        Keyring::generate()
    } else {
        data_dir(config)?;
        let path = config.data_dir.join(KEY_FILE);
        match Keyring::read_file(&path)? {
            Some(ring) => ring,
            None if sealed.is_empty() => Keyring::generate().create_file(&path)?,
            None => {
                let message = format!("The key file {} is missing, and the stored passwords can not be read without it.", path.display());
                return Err(Error::invalid("wrong_key", message, "Put the key file back, or give its content as SYNCLINE_SECRET_KEY."));
            }
        }
    };
    if !sealed.iter().all(|(_, _, text)| ring.knows(text)) {
        return Err(Error::invalid(
            "wrong_key",
            "The stored passwords were sealed with another key than the one given.",
            "Give the old key. To change keys, put the new one in front and keep the old one behind it, separated by a comma.",
        ));
    }
    seal_anew(db, &ring, &sealed).await?;
    Ok(ring)
}

/// Where sealed texts that last are: table and column. The row's `id` is their associated data.
const SEALED: [(&str, &str); 3] = [("connections", "secret"), ("webhook_subscriptions", "signing_key"), ("instance_settings", "secret")];

/// A sealed text: which of [`SEALED`], the row that it belongs to, and the text.
type Sealed = (usize, String, String);

/// Every sealed text of the database.
async fn sealed(db: &Db) -> Result<Vec<Sealed>, StoreError> {
    let mut found = Vec::new();
    for (place, (table, column)) in SEALED.into_iter().enumerate() {
        let sql = format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL");
        let rows: Vec<(String, String)> =
            on_db!(read db, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(conn).await).named("secrets.list")?;
        found.extend(rows.into_iter().map(|(row, text)| (place, row, text)));
    }
    Ok(found)
}

/// Seals with the first key what an older one has sealed, so that the older one can go. What does not open is left as it is:
/// the next sync of its connection says so.
async fn seal_anew(db: &Db, ring: &Keyring, sealed: &[Sealed]) -> Result<(), StoreError> {
    let old: Vec<_> = sealed.iter().filter(|(_, _, text)| !ring.is_current(text)).collect();
    if old.is_empty() {
        return Ok(());
    }
    let mut tx = db.begin().await?;
    let mut number = 0_u64;
    for (place, row, text) in old {
        let (table, column) = SEALED[*place];
        let sql = format!("UPDATE {table} SET {column} = $3 WHERE id = $1 AND {column} = $2");
        let Ok(secret) = ring.open(text, row) else { continue };
        number += on_db!(&mut tx, conn => sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(row).bind(text).bind(ring.seal(&secret, row)).execute(conn).await.map(|done| done.rows_affected()))
        .named("secrets.seal_anew")?;
    }
    tx.commit().await?;
    tracing::info!(number, "stored secrets were sealed with the new key");
    Ok(())
}

fn data_dir(config: &Config) -> Result<(), Error> {
    private::folder(&config.data_dir).map_err(|error| {
        let message = format!("The data folder {} can not be used: {error}.", config.data_dir.display());
        Error::invalid("data_dir_unusable", message, "Choose another folder with --data-dir, or give Syncline the right to write there.")
    })
}

/// The operator's own set-up is at fault, so the cause is told in full; sqlx never puts the password of a URL into it.
fn unusable(what: &str, error: &StoreError) -> Error {
    let cause = match &error.source {
        sqlx::Error::Migrate(cause) => cause.to_string(),
        cause => cause.to_string(),
    };
    Error::invalid("database_unusable", format!("{what} can not be opened: {cause}."), "Look at the path or URL, and at the rights to it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hub;
    use secrecy::{ExposeSecret as _, SecretString};

    async fn with_secret(config: &Config) -> String {
        let hub = Hub::open(config.clone()).await.unwrap();
        let sealed = hub.0.secrets.seal(&SecretString::from("hunter2"), "connection");
        let mut tx = hub.0.db.begin().await.unwrap();
        let user = "INSERT INTO users (id, email, password_hash, is_admin, preferences, created_at) VALUES ('u', 'u', '', TRUE, '{}', 0)";
        let connection = "INSERT INTO connections (id, user_id, provider, name, account, host, settings, secret, enabled, needs_user, \
            interval_s, failures, created_at) VALUES ('connection', 'u', 'caldav', '', '', '', '{}', $1, TRUE, FALSE, 0, 0, 0)";
        on_db!(&mut tx, conn => sqlx::query(user).execute(conn).await.map(drop)).unwrap();
        on_db!(&mut tx, conn => sqlx::query(connection).bind(&sealed).execute(conn).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        hub.close().await;
        sealed
    }

    fn code(result: Result<Hub, Error>) -> String {
        result.err().expect("it does not open").problem().code
    }

    #[tokio::test]
    async fn a_key_that_can_not_open_the_stored_secrets_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_dir(dir.path().join("data"));
        let sealed = with_secret(&config).await;
        let key_file = config.data_dir.join(KEY_FILE);
        let key = std::fs::read_to_string(&key_file).unwrap();

        let other = "b3RoZXIga2V5IG90aGVyIGtleSBvdGhlciBrZXkgISE=";
        let given = |text: &str| Config { secret_key: Some(SecretString::from(text)), ..config.clone() };
        assert_eq!(code(Hub::open(given(other)).await), "wrong_key");
        assert_eq!(code(Hub::open(given("short")).await), "malformed_key");

        std::fs::remove_file(&key_file).unwrap();
        assert_eq!(code(Hub::open(config.clone()).await), "wrong_key");
        assert!(!key_file.exists(), "no key is made that could not open what is stored");

        let hub = Hub::open(given(&format!("{other},{key}"))).await.unwrap();
        assert_eq!(hub.0.secrets.open(&sealed, "connection").unwrap().expose_secret(), "hunter2");
        hub.close().await;
        assert_eq!(code(Hub::open(given(&key)).await), "wrong_key", "everything is sealed with the new key");
        Hub::open(given(other)).await.expect("the old key is not needed any more").close().await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_first_start_makes_a_folder_a_database_and_a_key_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let config = Config::in_dir(dir.path().join("a/data"));
        let hub = Hub::open(config.clone()).await.unwrap();
        hub.ready().await.unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&config.data_dir), 0o700);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&config.data_dir).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.file_name());
            names.push(entry.file_name().into_string().unwrap());
        }
        assert!(names.iter().any(|name| name == "syncline.db") && names.iter().any(|name| name == KEY_FILE), "{names:?}");
    }

    #[tokio::test]
    async fn what_can_not_be_opened_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "not a folder").unwrap();
        assert_eq!(code(Hub::open(Config::in_dir(file)).await), "data_dir_unusable");

        let config = Config::in_dir(dir.path().to_owned());
        std::fs::write(dir.path().join("syncline.db"), "this is not a database, but long enough to be read as one".repeat(9)).unwrap();
        assert_eq!(code(Hub::open(config.clone()).await), "database_unusable");

        let url = Config { database_url: Some("mysql://localhost/x".to_owned()), ..config };
        assert_eq!(code(Hub::open(url).await), "unknown_database");
    }
}
