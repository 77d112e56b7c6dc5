//! What connections do not show, although it is stored.

use super::{Db, Named, Tx, on_db};
use crate::error::StoreError;
use syncline_domain::event_type::Hidden;
use syncline_domain::ids::{ConnectionId, UserId};

/// Reads the column `connections.hidden`. What can not be read (written by a newer version) hides nothing.
#[must_use]
pub fn read(json: &str) -> Hidden {
    serde_json::from_str(json).unwrap_or_default()
}

/// Of each of the user's connections: id, name and what it hides, by name.
///
/// # Errors
/// When the database fails.
pub async fn of_user(db: &Db, user: &UserId) -> Result<Vec<(String, String, String)>, StoreError> {
    on_db!(read db, conn => sqlx::query_as("SELECT id, name, hidden FROM connections WHERE user_id = $1 ORDER BY LOWER(name), id")
        .bind(user.as_str()).fetch_all(conn).await)
    .named("hidden.of_user")
}

/// Stores what a connection hides; `false` when it is not the user's.
///
/// # Errors
/// When the database fails.
pub async fn set(tx: &mut Tx, user: &UserId, connection: &ConnectionId, hidden: Hidden) -> Result<bool, StoreError> {
    let json = serde_json::to_string(&hidden).unwrap_or_default();
    on_db!(tx, conn => sqlx::query("UPDATE connections SET hidden = $3 WHERE id = $1 AND user_id = $2")
        .bind(connection.as_str()).bind(user.as_str()).bind(json).execute(conn).await.map(|done| done.rows_affected() == 1))
    .named("hidden.set")
}
