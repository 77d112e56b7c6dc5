//! The few statements that differ between the two databases.

use super::Db;

impl Db {
    /// Whether it is PostgreSQL.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }
}
