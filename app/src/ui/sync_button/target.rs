//! What a sync button syncs.

use std::fmt;
use syncline_domain::ids::{CalendarId, ConnectionId, InvalidId};
use syncline_domain::sync::{CalendarResult, JobProgress};

/// What a sync button syncs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncTarget {
    /// Every enabled connection.
    Everything,
    /// One connection, all its enabled calendars.
    Connection(ConnectionId),
    /// One calendar.
    Calendar(CalendarId),
}

impl SyncTarget {
    /// The id under which the last sync is remembered: `last_sync_<id>`.
    #[must_use]
    pub fn storage_id(&self) -> &str {
        match self {
            Self::Everything => "all",
            Self::Connection(id) => id.as_str(),
            Self::Calendar(id) => id.as_str(),
        }
    }

    /// Whether a job works on it.
    #[must_use]
    pub fn is_of(&self, job: &JobProgress) -> bool {
        match self {
            Self::Everything => true,
            Self::Connection(id) => job.connection_id == *id,
            Self::Calendar(id) => job.calendars.iter().any(|line| line.calendar_id == *id),
        }
    }

    /// Whether a line of a report is about it.
    #[must_use]
    pub fn is_in(&self, line: &CalendarResult) -> bool {
        match self {
            Self::Everything => true,
            Self::Connection(id) => line.connection_id == *id,
            Self::Calendar(id) => line.calendar_id.as_ref() == Some(id),
        }
    }
}

impl fmt::Display for SyncTarget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => out.write_str("all"),
            Self::Connection(id) => write!(out, "connection:{id}"),
            Self::Calendar(id) => write!(out, "calendar:{id}"),
        }
    }
}

impl std::str::FromStr for SyncTarget {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("connection", id)) => ConnectionId::parse(id).map(Self::Connection),
            Some(("calendar", id)) => CalendarId::parse(id).map(Self::Calendar),
            None if text == "all" => Ok(Self::Everything),
            _ => Err(InvalidId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_round_trips_through_its_form_field() {
        let id = "018f2f3a-0000-7000-8000-000000000001";
        for target in
            [SyncTarget::Everything, SyncTarget::Connection(ConnectionId::trusted(id)), SyncTarget::Calendar(CalendarId::trusted(id))]
        {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        for bad in ["", "everything", "connection:", "calendar:1", "page:018f2f3a-0000-7000-8000-000000000001"] {
            assert_eq!(bad.parse::<SyncTarget>(), Err(InvalidId), "{bad}");
        }
    }
}
