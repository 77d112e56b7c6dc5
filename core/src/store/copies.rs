//! Bookings and their copies in linked calendars.

use super::{Db, Named, on_db};
use crate::error::StoreError;
use syncline_domain::ids::{CalendarId, EventId, UserId};

/// A booking with its copy: `(booking, its calendar, copy, its calendar)`.
pub(crate) type Pair = (EventId, CalendarId, EventId, CalendarId);

/// The statement behind `of_user`; public for the test that asks the databases how they run it.
pub const COPIES: &str = "SELECT b.id, b.calendar_id, c.id, c.calendar_id FROM events b JOIN calendars k ON k.user_id = b.user_id \
    JOIN events c ON c.calendar_id = k.id AND c.remote_id = b.copy_id AND c.instance = '' \
    WHERE b.user_id = $1 AND b.copy_id IS NOT NULL AND b.deleted_at IS NULL AND c.deleted_at IS NULL AND c.id <> b.id";

/// The user's bookings that have a copy here.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_user(db: &Db, user: &UserId) -> Result<Vec<Pair>, StoreError> {
    let rows: Vec<(String, String, String, String)> =
        on_db!(read db, conn => sqlx::query_as(COPIES).bind(user.as_str()).fetch_all(conn).await).named("copies.of_user")?;
    let pair =
        |(booking, of, copy, at)| (EventId::trusted(booking), CalendarId::trusted(of), EventId::trusted(copy), CalendarId::trusted(at));
    Ok(rows.into_iter().map(pair).collect())
}
