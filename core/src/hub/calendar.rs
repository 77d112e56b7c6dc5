//! Reading the calendar: periods, details, search.

use super::{Hub, pending};
use crate::error::Error;
use jiff::civil::Date;
use syncline_domain::ids::{EventId, UserId};
use syncline_domain::view::{EventDetails, GridEvent, Occurrence, Period};

impl Hub {
    /// The occurrences that overlap `[from, to)` in the viewer's zone, of visible calendars, for the grid. At most 5,000.
    pub async fn period(&self, _user: &UserId, _from: Date, _to: Date) -> Result<Period, Error> {
        pending()
    }

    /// Everything about one occurrence; `key` as in [`GridEvent::key`].
    pub async fn event_details(&self, _user: &UserId, _event: &EventId, _key: &str) -> Result<EventDetails, Error> {
        pending()
    }

    /// Occurrences whose title, place or text has all words of `text`, nearest to today first, at most `limit`.
    pub async fn search(&self, _user: &UserId, _text: &str, _limit: u32) -> Result<Vec<GridEvent>, Error> {
        pending()
    }

    /// The occurrences that overlap `[from, to)`, as REST and the command line give them, of all enabled calendars. `from`
    /// and `to` are midnights in `zone` (IANA name; `None`: the user's, else UTC); floating times are resolved in it, too.
    pub async fn occurrences(&self, _user: &UserId, _from: Date, _to: Date, _zone: Option<&str>) -> Result<Vec<Occurrence>, Error> {
        pending()
    }
}
