//! No secret reaches the log, a debug output, an error, or the database in the clear. Alone in its process, because it listens to
//! everything that the process logs.

use secrecy::{ExposeSecret as _, SecretString};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use syncline_core::Hub;
use syncline_core::hub::Config;
use syncline_core::testing::db::{Backend, TestHub, run};
use syncline_core::testing::seed::{self, PASSWORD};
use syncline_domain::sync::ProviderKind;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Listens to all levels of all crates, once for the process.
    fn listen() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Log::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_writer(move || writer.clone())
                .init();
            log
        })
        .clone()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Does what there is to do with secrets and gives all of them.
async fn handle_secrets(at: &TestHub) -> Vec<String> {
    let mut secrets = vec![PASSWORD.to_owned(), "another long one".to_owned(), "hunter2".to_owned(), "wrong-password".to_owned()];
    let session = at.create_first_user("anna@example.org", &PASSWORD.into()).await.unwrap();
    let anna = at.viewer_by_session(session.token.expose_secret()).await.unwrap().unwrap().id;
    let token = at.create_token(&anna, "backup").await.unwrap();
    at.viewer_by_token(token.secret.expose_secret()).await.unwrap().unwrap();
    seed::connection(at, &anna, ProviderKind::Caldav, "Home").await;
    let mut errors = vec![
        at.sign_in("anna@example.org", &"wrong-password".into()).await.unwrap_err(),
        at.add_user("anna@example.org", &PASSWORD.into()).await.unwrap_err(),
        at.change_password(&anna, &"wrong-password".into(), &"another long one".into(), None).await.unwrap_err(),
    ];
    at.change_password(&anna, &PASSWORD.into(), &"another long one".into(), None).await.unwrap();
    // A broken table makes the database itself complain about statements with secrets in their binds.
    at.execute("ALTER TABLE sessions RENAME TO lost").await;
    errors.push(at.sign_in("anna@example.org", &"another long one".into()).await.unwrap_err());
    at.execute("ALTER TABLE lost RENAME TO sessions").await;
    for error in &errors {
        tracing::info!(error = error as &dyn std::error::Error, debug = ?error, problem = %error.problem(), "as the server logs it");
    }
    tracing::info!(?session, ?token, config = ?at.config, db = ?at.db(), "debug output");
    secrets.push(session.token.expose_secret().to_owned());
    secrets.push(token.secret.expose_secret().to_owned());
    secrets
}

async fn no_secret_leaves(backend: Backend) {
    let log = Log::listen();
    run(backend, |at| async move {
        let mut secrets = handle_secrets(&at).await;
        if backend != Backend::SqliteMemory {
            let key = std::fs::read_to_string(at.config.data_dir.join("secret.key")).unwrap();
            secrets.push(key.trim().to_owned());
            // Open once more: the key file is read and what is sealed is looked at.
            Hub::open(at.config.clone()).await.unwrap().close().await;
        }
        let said = log.text();
        assert!(said.contains("as the server logs it") && said.contains("INSERT INTO users"), "the log is listened to");
        let stored = at.texts("SELECT secret FROM connections").await;
        assert_eq!(stored.len(), 1);
        for secret in &secrets {
            assert!(!said.contains(secret.as_str()), "the log says {secret}");
            assert!(!stored[0].contains(secret.as_str()));
        }
    })
    .await;
}

#[tokio::test]
async fn no_secret_leaves_through_sqlite_in_memory() {
    no_secret_leaves(Backend::SqliteMemory).await;
}

#[tokio::test]
async fn no_secret_leaves_through_sqlite_on_file() {
    no_secret_leaves(Backend::SqliteFile).await;
}

#[tokio::test]
async fn no_secret_leaves_through_postgres() {
    no_secret_leaves(Backend::Postgres).await;
}

#[tokio::test]
async fn a_database_url_and_a_key_do_not_print_themselves() {
    let log = Log::listen();
    let folder = tempfile_dir();
    let key = "c2VjcmV0IGtleSBzZWNyZXQga2V5IHNlY3JldCBrZXk=";
    let config = Config {
        database_url: Some("postgres://syncline:hunter3hunter3@127.0.0.1:1/nothing-here".to_owned()),
        secret_key: Some(SecretString::from(key)),
        ..Config::in_dir(folder)
    };
    let error = Hub::open(config.clone()).await.err().expect("nothing answers there");
    assert_eq!(error.problem().code, "database_unusable");
    let said = format!("{config:?} {error:?} {error} {} {}", error.problem(), log.text());
    assert!(!said.contains("hunter3hunter3") && !said.contains(key), "{said}");
}

fn tempfile_dir() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("syncline-nothing-{}", std::process::id()))
}
