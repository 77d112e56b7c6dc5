//! From stored occurrences to what the grid shows.

use super::zone::ViewZone;
use crate::store::calendar_reads::{Source, Sources};
use crate::store::occurrences::Row;
use serde::Deserialize;
use std::borrow::Cow;
use syncline_domain::color;
use syncline_domain::event::{Busy, EventStatus, Response, Visibility};
use syncline_domain::event_type::{Facts, event_type};
use syncline_domain::time::TimeKind;
use syncline_domain::view::GridEvent;

/// What is shown where a title is missing.
const NO_TITLE: &str = "(No title)";

/// The part of an event's content that the grid needs. The rest of the JSON is skipped, not built.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(default, borrow)]
    title: Cow<'a, str>,
    #[serde(default)]
    status: EventStatus,
    #[serde(default)]
    busy: Busy,
    #[serde(default, borrow)]
    location: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    color: Option<Cow<'a, str>>,
    #[serde(default)]
    attendees: Vec<Answer>,
    #[serde(default)]
    visibility: Visibility,
    #[serde(default, borrow)]
    categories: Vec<Cow<'a, str>>,
}

impl Glance<'_> {
    fn is_declined(&self) -> bool {
        self.attendees.iter().any(|one| one.me && one.response == Response::Declined)
    }

    fn is_hidden(&self, source: &Source) -> bool {
        let labels: Vec<&str> = self.categories.iter().map(AsRef::as_ref).collect();
        // The text tells of bookings and guests of meetings, and neither is hidden.
        let facts = Facts {
            provider: source.provider,
            categories: &labels,
            busy: self.busy,
            title: &self.title,
            description: None,
            with_others: false,
        };
        source.hidden.hides(self.is_declined(), self.visibility != Visibility::Public, event_type(&facts))
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    response: Response,
    #[serde(default)]
    me: bool,
}

/// Turns rows into grid lines.
pub(super) struct Lines<'a> {
    pub(super) zone: &'a ViewZone,
    pub(super) sources: &'a Sources,
    /// Also what the user does not want to see: for a link to it.
    pub(super) all: bool,
}

impl Lines<'_> {
    /// One line; `None` for a cancelled event, which never shows, for what the user hides, and for what can not be read.
    pub(super) fn line(&self, row: Row) -> Option<GridEvent> {
        let glance: Glance<'_> = match serde_json::from_str(&row.content) {
            Ok(glance) => glance,
            Err(error) => {
                tracing::warn!(event = %row.event_id, %error, "the stored content of an event can not be read");
                return None;
            }
        };
        if glance.status == EventStatus::Cancelled {
            return None;
        }
        let source = self.sources.get(&row.calendar_id)?;
        if !self.all && !source.hidden.is_nothing() && glance.is_hidden(source) {
            return None;
        }
        let (start, end) = self.zone.walls(row.time, row.start_at, row.end_at);
        let declined = glance.is_declined();
        let color = match glance.color.as_deref().and_then(color::nearest) {
            Some(own) => own.to_owned(),
            None => source.color.clone(),
        };
        Some(GridEvent {
            id: row.event_id,
            key: row.instance,
            calendar_id: row.calendar_id,
            title: if glance.title.trim().is_empty() { NO_TITLE.to_owned() } else { glance.title.into_owned() },
            start,
            end,
            all_day: row.time == TimeKind::AllDay,
            status: glance.status,
            busy: glance.busy,
            declined,
            color,
            location: glance.location.filter(|place| !place.trim().is_empty()).map(Cow::into_owned),
            recurring: row.recurring,
        })
    }

    /// All lines, in order of start, longer ones first.
    pub(super) fn sorted(&self, rows: Vec<Row>) -> Vec<GridEvent> {
        let mut lines: Vec<GridEvent> = rows.into_iter().filter_map(|row| self.line(row)).collect();
        lines.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| b.end.cmp(&a.end)).then_with(|| a.title.cmp(&b.title)));
        lines
    }
}
