//! Reading the calendar: periods, details, search.
//!
//! A timed occurrence is an instant and is shown in the viewer's zone; an all-day one is dates and a floating one a wall time, and
//! no zone ever shifts them. What is deleted or cancelled never appears, and a booking with its copy appears once. Reads see only calendars of the user who asks.

mod details;
mod grid;
mod once;
mod search;
mod text;
mod wire;
mod words;
mod zone;

use super::Hub;
use crate::engine::horizon;
use crate::error::Error;
use crate::recurrence;
use crate::store::occurrences::{self, Calendars};
use crate::store::{calendar_reads, users};
use grid::Lines;
use jiff::civil::Date;
use syncline_domain::ids::{EventId, UserId};
use syncline_domain::time::{from_naive_ms, naive_ms};
use syncline_domain::view::{EventDetails, GridEvent, Occurrence, Period, Preferences, SecondZone};
pub(super) use zone::ViewZone;

/// A grid shows so many occurrences at most.
const GRID_LIMIT: usize = 5_000;
/// The grid shows so many days at most.
const GRID_DAYS: i32 = 400;
/// Scripts get so many days at most: fifty years.
const PERIOD_DAYS: i32 = 18_263;
/// Scripts get so many occurrences at most.
const PERIOD_LIMIT: usize = 100_000;
/// A search gives so many occurrences at most.
const SEARCH_LIMIT: u32 = 500;

impl Hub {
    /// The occurrences that overlap `[from, to)` in the viewer's zone, of calendars that are enabled and visible, for the grid.
    /// At most 5,000, of at most 400 days; what could not be prepared in one request is missing, and `truncated` says so.
    ///
    /// # Errors
    /// [`Error::Invalid`] `invalid_period` when it ends before it begins, `period_too_long`.
    pub async fn period(&self, user: &UserId, from: Date, to: Date) -> Result<Period, Error> {
        check_period(from, to, GRID_DAYS)?;
        let db = &self.0.db;
        let preferences = self.preferences(user).await?;
        let zone = view_zone(&preferences);
        let sources = calendar_reads::sources(db, user).await?;
        let span = zone.span(from, to);
        let complete = horizon::ensure(db, user.as_str(), span.earliest(), span.latest(), self.now()).await?;
        let mut rows = occurrences::in_period(db, user, span, Calendars::Shown, GRID_LIMIT as i64 + 1).await?;
        let truncated = rows.len() > GRID_LIMIT || !complete;
        rows.truncate(GRID_LIMIT);
        let mut events = Lines { zone: &zone, sources: &sources, all: false }.sorted(rows);
        once::once(&mut events, &once::pairs(db, user, &sources).await?);
        let second = preferences.second_zone.as_deref().and_then(|name| ViewZone::named(name).ok());
        // One scale of hours serves all days. Where the clock is set among them, it fits most of them.
        let middle = middle(from, to);
        let second = second.map(|second| SecondZone { offset: second.offset_on(middle), zone: second.name });
        Ok(Period { from, to, offset: zone.offset_on(middle), second, now: zone.wall(self.now()), zone: zone.name, events, truncated })
    }

    /// Everything about one occurrence; `key` as in [`GridEvent::key`].
    ///
    /// # Errors
    /// [`Error::NotFound`] when the user has no such occurrence, or it has been deleted or cancelled.
    pub async fn event_details(&self, user: &UserId, event: &EventId, key: &str) -> Result<EventDetails, Error> {
        let db = &self.0.db;
        let preferences = self.preferences(user).await?;
        let sources = calendar_reads::sources(db, user).await?;
        let mut row = occurrences::one(db, user, event, key).await?;
        if row.is_none()
            && let Some(at) = recurrence::instant_of_key(key)
        {
            // A link to an instance beyond the horizon.
            horizon::ensure_instance(db, user.as_str(), event.as_str(), at, self.now()).await?;
            row = occurrences::one(db, user, event, key).await?;
        }
        let meta = calendar_reads::event_meta(db, user, event).await?;
        let (row, meta) = row.zip(meta).ok_or(Error::NotFound("event"))?;
        let zone = view_zone(&preferences);
        let mut details = details::details(row, meta, &sources, &zone, preferences.hour12).ok_or(Error::NotFound("event"))?;
        for calendar in once::also(event, &once::pairs(db, user, &sources).await?, &sources) {
            details.calendar_name = format!("{} and {calendar}", details.calendar_name);
        }
        Ok(details)
    }

    /// Occurrences whose title, place or text has all words of `text` in whatever case, of calendars that are enabled and
    /// visible, nearest to now first, at most `limit` (and 500). Nothing for a text without words.
    pub async fn search(&self, user: &UserId, text: &str, limit: u32) -> Result<Vec<GridEvent>, Error> {
        let Some(wanted) = search::Wanted::parse(text) else { return Ok(Vec::new()) };
        let db = &self.0.db;
        let zone = view_zone(&self.preferences(user).await?);
        let sources = calendar_reads::sources(db, user).await?;
        let lines = Lines { zone: &zone, sources: &sources, all: false };
        horizon::ensure_seen(db, user.as_str(), wanted.like(), self.now()).await?;
        let mut found = search::nearest(db, user, &wanted, &lines, self.now(), limit.min(SEARCH_LIMIT) as usize).await?;
        once::once(&mut found, &once::pairs(db, user, &sources).await?);
        Ok(found)
    }

    /// The occurrences that overlap `[from, to)`, as REST and the command line give them, of all enabled calendars, by start.
    /// `from` and `to` are midnights in `zone` (IANA name; `None`: the user's, else UTC); floating times are resolved in it,
    /// too, and all offsets are its. At most fifty years, and 100,000 occurrences.
    ///
    /// # Errors
    /// [`Error::Invalid`] `unknown_zone`, `invalid_period` or `period_too_long`.
    pub async fn occurrences(&self, user: &UserId, from: Date, to: Date, zone: Option<&str>) -> Result<Vec<Occurrence>, Error> {
        check_period(from, to, PERIOD_DAYS)?;
        let db = &self.0.db;
        let zone = match zone {
            Some(name) => ViewZone::named(name)?,
            None => view_zone(&self.preferences(user).await?),
        };
        let sources = calendar_reads::sources(db, user).await?;
        let span = zone.span(from, to);
        let complete = horizon::ensure(db, user.as_str(), span.earliest(), span.latest(), self.now()).await?;
        let rows = occurrences::in_period(db, user, span, Calendars::Enabled, PERIOD_LIMIT as i64 + 1).await?;
        if !complete || rows.len() > PERIOD_LIMIT {
            let action = "Ask for a shorter period, one after the other.";
            return Err(Error::invalid("period_too_long", "There are more occurrences in this period than one answer holds.", action));
        }
        Ok(wire::occurrences(rows, &sources, &zone))
    }

    pub(super) async fn preferences(&self, user: &UserId) -> Result<Preferences, Error> {
        users::preferences(&self.0.db, user).await?.ok_or(Error::NotFound("account"))
    }
}

/// The day in the middle of `[from, to)`.
fn middle(from: Date, to: Date) -> Date {
    let naive = |day: Date| naive_ms(day.at(0, 0, 0, 0));
    from_naive_ms(i64::midpoint(naive(from), naive(to))).date()
}

fn check_period(from: Date, to: Date, most: i32) -> Result<(), Error> {
    if from >= to {
        let action = "Give a first day, and a later day that is not part of the period any more.";
        return Err(Error::invalid("invalid_period", "The period ends before it begins.", action));
    }
    if (to - from).get_days() > most {
        let message = format!("The period is longer than {most} days.");
        return Err(Error::invalid("period_too_long", message, "Ask for a shorter period, one after the other."));
    }
    Ok(())
}

/// The viewer's zone; UTC until one is known, and when a stored one has left the tables.
pub(super) fn view_zone(preferences: &Preferences) -> ViewZone {
    preferences.time_zone.as_deref().and_then(|name| ViewZone::named(name).ok()).unwrap_or_else(ViewZone::utc)
}
