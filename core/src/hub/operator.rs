//! What the operator of an instance may ask: the command line runs with the rights to the database itself. Nothing that answers
//! a request may call this.

use super::Hub;
use crate::error::Error;
use crate::store::{Named as _, on_db};
use syncline_domain::ids::{ConnectionId, UserId};

impl Hub {
    /// Whose connection it is.
    ///
    /// # Errors
    /// [`Error::NotFound`], or when the database failed.
    pub async fn owner_of_connection(&self, id: &ConnectionId) -> Result<UserId, Error> {
        const SQL: &str = "SELECT user_id FROM connections WHERE id = $1";
        let owner: Option<String> = on_db!(read &self.0.db, conn => sqlx::query_scalar(SQL).bind(id.as_str()).fetch_optional(conn).await)
            .named("connections.owner")?;
        owner.map(UserId::trusted).ok_or(Error::NotFound("connection"))
    }
}
