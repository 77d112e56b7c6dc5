//! Everything about one occurrence. Pure: rows in, view out.

use super::grid::Lines;
use super::text;
use super::words::{self, Wall};
use super::zone::ViewZone;
use crate::recurrence::{Zone, describe, label};
use crate::store::calendar_reads::{EventMeta, Sources};
use crate::store::occurrences::Row;
use syncline_domain::event::Event;
use syncline_domain::event_type::{EventType, Facts, event_type};
use syncline_domain::time::{Moment, When};
use syncline_domain::view::EventDetails;

/// `None` when it is cancelled, or can not be read.
pub(super) fn details(row: Row, meta: EventMeta, sources: &Sources, zone: &ViewZone, hour12: bool) -> Option<EventDetails> {
    let source = sources.get(&row.calendar_id)?.clone();
    let content: Event = serde_json::from_str(&row.content).ok()?;
    let bounds = (row.start_at, row.end_at);
    let line = Lines { zone, sources, all: true }.line(row)?;
    let when_own_zone = match &content.when {
        When::Timed { start, end } => {
            let (start, end) = (wall(start, bounds.0), wall(end, bounds.1));
            let same = (start.at, end.at) == (line.start, line.end);
            (!same).then(|| words::own(&start, &end, line.start.date(), hour12))
        }
        When::AllDay { .. } | When::Floating { .. } => None,
    };
    let master: Option<Event> = meta.master.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let recurrence = master.as_ref().and_then(|master| master.recurrence.as_ref().map(|rules| describe(rules, &master.when)));
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let labels: Vec<&str> = content.categories.iter().map(String::as_str).collect();
    let with_others = content.attendees.iter().any(|one| !one.me) || !content.attendees.is_empty() && content.organizer.is_some();
    let kind = event_type(&Facts {
        provider: source.provider,
        categories: &labels,
        busy: content.busy,
        title: &content.title,
        description: content.description.as_deref(),
        with_others: with_others || content.conference_url.is_some(),
    });
    Some(EventDetails {
        when: words::when(line.start, line.end, line.all_day, hour12),
        event: line,
        uid: content.uid,
        when_own_zone,
        recurrence,
        description: filled(content.description.as_deref().map(text::plain)),
        url: content.url.as_deref().and_then(text::web_link),
        conference_url: content.conference_url.as_deref().and_then(text::web_link),
        organizer: content.organizer,
        attendees: content.attendees,
        categories: labelled(kind, content.categories),
        visibility: content.visibility,
        calendar_name: source.calendar_name,
        connection_name: source.connection_name,
        provider: source.provider,
        synced_at: meta.updated_at,
        updated_at: content.updated_at,
    })
}

/// The labels, with the kind of event in front unless they say it.
fn labelled(kind: EventType, mut labels: Vec<String>) -> Vec<String> {
    if let Some(word) = kind.label().filter(|word| !labels.iter().any(|label| label.eq_ignore_ascii_case(word))) {
        labels.insert(0, word.to_owned());
    }
    labels
}

/// An instant on the wall of the zone that a moment of the event was written in.
fn wall(moment: &Moment, at: i64) -> Wall {
    Wall { at: Zone::of(moment).to_wall(at), zone: label(&moment.zone) }
}
