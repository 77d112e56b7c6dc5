//! The store: two databases, one SQL.
//!
//! [`Db`] is SQLite (embedded, one writer, WAL) or PostgreSQL. Every statement is one text that runs on both; the few that
//! differ are in `dialect`. Functions take a transaction ([`Tx`]) when they belong to a use case and [`Db`] when they only
//! read. There is one file per table family. Rows are written in bulk: one statement for many rows, never one per row.
//!
//! To add a table: a migration with the same number in both folders, a file here, a case in the store suite.

pub mod apply;
pub mod bulk;
pub(crate) mod calendar_reads;
pub mod calendars;
pub mod connections;
pub mod copies;
pub mod dialect;
pub mod health;
pub mod hidden;
pub mod holds;
pub mod horizons;
pub mod instance;
pub mod jobs;
pub mod locks;
pub mod mirror;
pub mod oauth;
pub mod occurrences;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;
mod wal;
pub mod webhooks;

use crate::error::StoreError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// Runs the same code for either database: `on_db!(tx, conn => sqlx::query(SQL).bind(x).execute(conn).await)`.
///
/// The first argument is a `&mut Tx`, or `read db` for a `&Db` that only reads.
macro_rules! on_db {
    (read $db:expr, $conn:ident => $body:expr) => {
        match $db {
            $crate::store::Db::Sqlite { readers: $conn, .. } => $body,
            $crate::store::Db::Postgres { pool: $conn } => $body,
        }
    };
    ($tx:expr, $conn:ident => $body:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::store::Tx::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}
pub(crate) use on_db;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Adds the operation's name to what sqlx said.
pub(crate) trait Named<T> {
    /// `sqlx::query(…).await.named("jobs.start")?`
    fn named(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Named<T> for Result<T, sqlx::Error> {
    fn named(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError { what, source })
    }
}

/// A database. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// Embedded; one connection writes, several read.
    Sqlite {
        /// Exactly one connection.
        writer: SqlitePool,
        /// Never write here. The same pool as `writer` for a database in memory.
        readers: SqlitePool,
        /// Folds the log into the file, beside the writer; none for a database in memory.
        checkpoints: Option<wal::Checkpoints>,
    },
    /// A server, shared by any number of processes.
    Postgres {
        /// Its connections.
        pool: PgPool,
    },
}

/// A transaction that may write. Dropped without [`Tx::commit`], it rolls back.
#[derive(Debug)]
pub enum Tx {
    /// `BEGIN IMMEDIATE`: it holds the only write lock from the start, so it never fails half-way for being late.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// Read committed; rows that must not change are locked explicitly.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Makes it last.
    ///
    /// # Errors
    /// When the database can not; nothing was written then.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
        .named("commit")
    }
}

impl Db {
    /// Opens a SQLite file, creates it when it is missing, and brings it up to date. The file is readable by its owner alone.
    ///
    /// # Errors
    /// When the folder is not writable, the file is not a database, or it was made by a newer version.
    pub async fn open_file(path: &Path) -> Result<Self, StoreError> {
        // SQLite gives its log and index files the mode of the file itself.
        if crate::private::file(path).map_err(sqlx::Error::Io).named("open")? {
            tracing::warn!(path = %path.display(), "the database could be read by other users of this machine; its mode is 0600 now");
        }
        let options = sqlite_options(SqliteConnectOptions::new().filename(path).create_if_missing(true));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.named("open")?;
        let readers = SqlitePoolOptions::new().max_connections(4).min_connections(0).connect_lazy_with(options.pragma("query_only", "on"));
        let checkpoints = Some(wal::Checkpoints::start(path, readers.clone()));
        Self::Sqlite { writer, readers, checkpoints }.migrated().await
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// When SQLite can not make one.
    pub async fn open_memory() -> Result<Self, StoreError> {
        let options = sqlite_options(SqliteConnectOptions::from_str("sqlite::memory:").named("open")?);
        let writer =
            SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_with(options).await.named("open")?;
        Self::Sqlite { readers: writer.clone(), writer, checkpoints: None }.migrated().await
    }

    /// Opens `postgres://…` and brings it up to date. Several processes may do so at once.
    ///
    /// # Errors
    /// When the server can not be reached or refuses.
    pub async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).named("open")?;
        let pool =
            PgPoolOptions::new().max_connections(10).acquire_timeout(Duration::from_secs(15)).connect_with(options).await.named("open")?;
        Self::Postgres { pool }.migrated().await
    }

    async fn migrated(self) -> Result<Self, StoreError> {
        match &self {
            Self::Sqlite { writer, .. } => SQLITE.run(writer).await,
            Self::Postgres { pool } => POSTGRES.run(pool).await,
        }
        .map_err(|error| StoreError { what: "migrate", source: sqlx::Error::from(error) })?;
        Ok(self)
    }

    /// Whether its tables are those of this version: every migration was carried out, and none that is not known here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
        let done: Vec<i64> = on_db!(read self, conn => sqlx::query_scalar(SQL).fetch_all(conn).await).named("migrations")?;
        let known = if matches!(self, Self::Sqlite { .. }) { &SQLITE } else { &POSTGRES };
        Ok(known.iter().map(|migration| migration.version).eq(done))
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When the database is gone, or another process holds SQLite's write lock for more than the busy time-out.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        match self {
            Self::Sqlite { writer, checkpoints, .. } => {
                if let Some(checkpoints) = checkpoints {
                    checkpoints.nudge();
                }
                writer.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite)
            }
            Self::Postgres { pool } => pool.begin().await.map(Tx::Postgres),
        }
        .named("begin")
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        on_db!(read self, conn => sqlx::query("SELECT 1").execute(conn).await.map(drop)).named("ping")
    }

    /// Closes all connections; SQLite folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool } => pool.close().await,
        }
    }
}

fn sqlite_options(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(15))
        .pragma("temp_store", "memory")
        .pragma("cache_size", "-16000")
        // Of a new file. Half as many pages to write and to keep book of as with the usual 4 KB.
        .page_size(8192)
        // `wal::Checkpoints` does it long before, unless readers hold it up.
        .pragma("wal_autocheckpoint", "8000")
        .pragma("journal_size_limit", wal::LIMIT.to_string())
        .statement_cache_capacity(256)
        // Rows come from a thread of their own; a larger buffer lets it run ahead of the reader.
        .row_buffer_size(1024)
}
