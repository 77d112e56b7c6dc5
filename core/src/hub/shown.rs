//! What is shown of what is stored: filters of each connection, and the period that is given where none is asked for.

use super::Hub;
use crate::error::Error;
use crate::store::hidden;
use jiff::ToSpan as _;
use jiff::civil::Date;
use syncline_domain::event_type::Hidden;
use syncline_domain::ids::{ConnectionId, UserId};

/// A connection with what it does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The connection.
    pub connection: ConnectionId,
    /// What the user calls it.
    pub name: String,
    /// What is not shown of it.
    pub hidden: Hidden,
}

/// The furthest that the period without a question reaches, in months.
pub const MOST_MONTHS: u32 = 60;

impl Hub {
    /// What each of the user's connections does not show, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn shown(&self, user: &UserId) -> Result<Vec<Shown>, Error> {
        let rows = hidden::of_user(self.db(), user).await?;
        let shown = |(id, name, json): (_, _, String)| Shown { connection: ConnectionId::trusted(id), name, hidden: hidden::read(&json) };
        Ok(rows.into_iter().map(shown).collect())
    }

    /// Shows or hides kinds of events of a connection. They stay stored and in step, so that nothing has to be synced to see them again.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn set_hidden(&self, user: &UserId, connection: &ConnectionId, hide: Hidden) -> Result<(), Error> {
        let mut tx = self.db().begin().await?;
        if !hidden::set(&mut tx, user, connection, hide).await? {
            return Err(Error::NotFound("connection"));
        }
        tx.commit().await?;
        self.tell_changed(user);
        Ok(())
    }

    /// Sets the period that is given where none is asked for: months before and after today.
    ///
    /// # Errors
    /// `bad_range` when it is empty or reaches further than five years.
    pub async fn set_range(&self, user: &UserId, back: u32, ahead: u32) -> Result<(), Error> {
        if back > MOST_MONTHS || ahead > MOST_MONTHS || back + ahead == 0 {
            let message = "The range has to be of a month at least, and five years each way at most.";
            return Err(Error::invalid("bad_range", message, "For example 3 months back and 12 ahead."));
        }
        let preferences = self.preferences(user).await?;
        self.set_preferences(user, &syncline_domain::view::Preferences { range_back: back, range_ahead: ahead, ..preferences }).await
    }

    /// The period of somebody who asks for none, `[from, to)`, in the given zone or the user's: 3 months back and 12 ahead unless the user
    /// has set another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn range(&self, user: &UserId, zone: Option<&str>) -> Result<(Date, Date), Error> {
        let preferences = self.preferences(user).await?;
        let today = self.wall_now(zone.or(preferences.time_zone.as_deref())).date();
        let back = today.saturating_sub(i64::from(preferences.range_back).months());
        let ahead = today.saturating_add(i64::from(preferences.range_ahead).months().days(1));
        Ok((back, ahead))
    }
}
