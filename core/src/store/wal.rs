//! Folding SQLite's log (WAL) into the database file.
//!
//! SQLite does it within the commit that makes the log too long, so that a writer of many pages waits for the disk again and again.
//! Here a connection of its own does it while the writer goes on. The log begins anew when all of it is folded in and nobody reads
//! an older state; `journal_size_limit` cuts its file then, so its length says how much is due.

use crate::tasks;
use sqlx::SqlitePool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::{self, Sender};

/// A longer log is folded in, in bytes.
pub(super) const LIMIT: u64 = 32 * 1024 * 1024;

/// Starts checkpoints. The work ends with the last clone.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    log: Arc<PathBuf>,
    due: Sender<()>,
}

impl Checkpoints {
    /// For the database file at `path`.
    pub(super) fn start(path: &Path, readers: SqlitePool) -> Self {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let (due, mut asked) = mpsc::channel(1);
        tasks::detach(async move {
            while asked.recv().await.is_some() {
                // PASSIVE waits for nobody and stops nobody; what it leaves is done the next time.
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&readers).await {
                    tracing::debug!(%error, "the log could not be folded into the database file");
                }
            }
        });
        Self { log: Arc::new(log.into()), due }
    }

    /// Has the log folded in when it is long. To be called before a transaction.
    pub(super) fn nudge(&self) {
        if std::fs::metadata(&*self.log).is_ok_and(|log| log.len() > LIMIT) {
            // One is at work or due already.
            let _ = self.due.try_send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LIMIT;
    use crate::store::{Db, on_db};
    use std::time::Duration;

    #[tokio::test]
    async fn a_long_log_is_folded_in_while_the_database_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("syncline.db");
        let db = Db::open_file(&path).await.unwrap();
        let run = async |sql: &'static str, times: usize| {
            let mut tx = db.begin().await.unwrap();
            for _ in 0..times {
                on_db!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(drop)).unwrap();
            }
            tx.commit().await.unwrap();
        };
        run("CREATE TABLE weight (content BLOB)", 1).await;
        run("INSERT INTO weight VALUES (zeroblob(1048576))", 34).await;
        let size = || std::fs::metadata(&path).unwrap().len();
        assert!(size() < LIMIT, "the commit itself does not wait for that");
        run("INSERT INTO weight VALUES (1)", 1).await;
        let folded = async {
            while size() < LIMIT {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), folded).await.expect("the log is in the file");
        db.close().await;
    }
}
