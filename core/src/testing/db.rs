//! One suite, every database: a case is a function of a [`TestHub`], and [`store_suite!`](crate::store_suite) makes a `#[test]`
//! of it for SQLite in memory, SQLite on file and PostgreSQL. Each test has a database of its own.
//!
//! ```ignore
//! syncline_core::store_suite! { a_user_is_found_by_address, a_token_is_revoked_once }
//!
//! async fn a_user_is_found_by_address(at: TestHub) { … }
//! ```

use crate::clock::{Clock, fill_random};
use crate::hub::{Config, Hub};
use crate::net::OutboundPolicy;
use crate::store::Db;
use futures::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use syncline_domain::time::Millis;

/// Tuesday, 10 March 2026, 12:00 UTC: where the clock of a [`TestHub`] stands until the test moves it.
pub const NOW: Millis = 1_773_144_000_000;

const URL: &str = "SYNCLINE_TEST_POSTGRES_URL";
const STRICT: &str = "SYNCLINE_TEST_STRICT";

/// A database that the suite runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite in memory: one connection reads and writes.
    SqliteMemory,
    /// SQLite as in production.
    SqliteFile,
    /// A fresh database on the server of `SYNCLINE_TEST_POSTGRES_URL`.
    Postgres,
}

/// A hub on a database of its own, with a hand-set clock. Cheap to clone.
#[derive(Clone)]
pub struct TestHub {
    /// The hub.
    pub hub: Hub,
    /// What it was opened with. Open another one with it for a second process on the same database (not in memory).
    pub config: Config,
    /// Where it runs.
    pub backend: Backend,
    _folder: Arc<tempfile::TempDir>,
}

impl std::ops::Deref for TestHub {
    type Target = Hub;
    fn deref(&self) -> &Hub {
        &self.hub
    }
}

impl TestHub {
    /// Its database, for what no call of the facade tells.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.hub.0.db
    }

    /// A hub on SQLite in memory, for tests that do not look at the database.
    ///
    /// # Panics
    /// When it can not be made.
    pub async fn in_memory() -> Self {
        open(Backend::SqliteMemory, Some("sqlite::memory:".to_owned())).await
    }

    /// A hub on a SQLite file in a throw-away folder, for tests that measure or open it twice.
    ///
    /// # Panics
    /// When it can not be made.
    pub async fn on_file() -> Self {
        open(Backend::SqliteFile, None).await
    }

    /// The same database with another configuration; in memory, an empty database. For what has to be set before the first user.
    ///
    /// # Panics
    /// When it does not open.
    pub async fn configured(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.config.clone();
        change(&mut config);
        let hub = Hub::open(config.clone()).await.unwrap_or_else(|error| panic!("the hub does not open: {}", error.problem()));
        self.hub.close().await;
        Self { hub, config, ..self }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Millis) {
        self.config.clock.advance(by);
    }

    /// Runs one statement that the facade has no call for and gives the number of rows that it touched.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn execute(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.db() {
            Db::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await.expect("the statement runs").rows_affected(),
            Db::Postgres { pool } => sqlx::query(sql).execute(pool).await.expect("the statement runs").rows_affected(),
        }
    }

    /// The first column of every row, as text.
    ///
    /// # Panics
    /// When the database refuses the statement or the column is not text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.db() {
            Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_all(readers).await.expect("the statement runs"),
            Db::Postgres { pool } => sqlx::query_scalar(sql).fetch_all(pool).await.expect("the statement runs"),
        }
    }

    /// The first column of the first row.
    ///
    /// # Panics
    /// When the database refuses the statement, there is no row, or the column is not a number.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.db() {
            Db::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await.expect("the statement runs"),
            Db::Postgres { pool } => sqlx::query_scalar(sql).fetch_one(pool).await.expect("the statement runs"),
        }
    }
}

async fn open(backend: Backend, database_url: Option<String>) -> TestHub {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Every stand-in lives on this machine.
    let outbound = OutboundPolicy { allow_private: true, ..OutboundPolicy::default() };
    let config = Config { database_url, outbound, clock: Clock::fixed(NOW), ..Config::in_dir(folder.path().join("data")) };
    let hub = Hub::open(config.clone()).await.unwrap_or_else(|error| panic!("the hub does not open: {}", error.problem()));
    TestHub { hub, config, backend, _folder: Arc::new(folder) }
}

/// Runs one case on one database and removes the database afterwards, also when the case fails.
///
/// # Panics
/// When the case does, when the database can not be made, or when it is missing and `SYNCLINE_TEST_STRICT=1`.
pub async fn run<F: Future<Output = ()>>(backend: Backend, case: impl FnOnce(TestHub) -> F) {
    let database = match backend {
        Backend::SqliteMemory => return case(TestHub::in_memory().await).await,
        Backend::SqliteFile => return case(TestHub::on_file().await).await,
        Backend::Postgres => match Database::make().await {
            Some(database) => database,
            None => return,
        },
    };
    let outcome = AssertUnwindSafe(async {
        let at = open(Backend::Postgres, Some(database.url().to_owned())).await;
        case(at.clone()).await;
        at.hub.close().await;
    })
    .catch_unwind()
    .await;
    database.remove().await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// A database of one's own on the PostgreSQL server of the tests.
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// An empty one; `None`, with a word, when there is no server.
    ///
    /// # Panics
    /// When it can not be made, and when the server is missing and `SYNCLINE_TEST_STRICT=1`.
    pub async fn make() -> Option<Self> {
        match std::env::var(URL) {
            // template0 is the one template that nobody is ever connected to.
            Ok(server) => Some(Self::of(server, "template0").await),
            Err(_) if std::env::var(STRICT).is_ok_and(|value| value == "1") => panic!("{URL} is not set, and {STRICT}=1"),
            Err(_) => {
                println!("skipped: {URL} is not set");
                None
            }
        }
    }

    /// Another one with the same content; nobody may be connected to this one.
    ///
    /// # Panics
    /// When it can not be made.
    pub async fn copy(&self) -> Self {
        Self::of(self.server.clone(), &self.name).await
    }

    async fn of(server: String, template: &str) -> Self {
        let name = database_name();
        on_server(&server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let mut url = url::Url::parse(&server).expect("the URL of a PostgreSQL server");
        url.set_path(&name);
        Self { server, name, url: url.to_string() }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Removes it, whoever is connected.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn remove(self) {
        on_server(&self.server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await;
    }
}

fn database_name() -> String {
    use std::fmt::Write as _;
    let mut random = [0_u8; 8];
    fill_random(&mut random);
    random.iter().fold("syncline_test_".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

async fn on_server(url: &str, sql: String) {
    let mut connection = PgConnection::connect(url).await.expect("the PostgreSQL server of the tests answers");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the PostgreSQL user of the tests may make databases");
    let _ = connection.close().await;
}

/// Makes a test for each named case on each database. The cases are `async fn name(at: TestHub)` next to the call.
#[macro_export]
macro_rules! store_suite {
    ($($case:ident),+ $(,)?) => {
        $crate::store_suite! { @on sqlite_memory SqliteMemory $($case)+ }
        $crate::store_suite! { @on sqlite_file SqliteFile $($case)+ }
        $crate::store_suite! { @on postgres Postgres $($case)+ }
    };
    (@on $module:ident $backend:ident $($case:ident)+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $case() {
                    $crate::testing::db::run($crate::testing::db::Backend::$backend, super::$case).await;
                }
            )+
        }
    };
}
