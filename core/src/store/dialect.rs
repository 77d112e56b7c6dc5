//! The few statements that differ between the two databases.

use super::bulk::Marks;
use super::{Db, Named as _, Tx};
use crate::error::StoreError;

impl Db {
    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }
}

impl Tx {
    /// How the binds of its bulk statements are written.
    #[must_use]
    pub fn marks(&self) -> Marks {
        match self {
            Self::Sqlite(_) => Marks::Bare,
            Self::Postgres(_) => Marks::Numbered,
        }
    }

    /// Keeps everyone else from adding users until the transaction ends. SQLite's writer is alone from the start.
    pub(crate) async fn lock_users(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => {
                sqlx::query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").execute(&mut **tx).await.map(drop).named("users.lock")
            }
        }
    }
}
