//! Occurrences as REST and the command line give them. Pure: rows in, view out.

use super::zone::ViewZone;
use crate::recurrence::label;
use crate::store::calendar_reads::Sources;
use crate::store::occurrences::Row;
use syncline_domain::event::{Event, EventStatus};
use syncline_domain::time::{Millis, TimeKind, When, from_naive_ms};
use syncline_domain::view::Occurrence;

/// All rows that are not cancelled, by the instant at which they start in `zone`.
pub(super) fn occurrences(rows: Vec<Row>, sources: &Sources, zone: &ViewZone) -> Vec<Occurrence> {
    let mut found: Vec<(Millis, Occurrence)> = rows.into_iter().filter_map(|row| occurrence(row, sources, zone)).collect();
    found.sort_by(|(a_at, a), (b_at, b)| a_at.cmp(b_at).then_with(|| a.end.cmp(&b.end)).then_with(|| a.uid.cmp(&b.uid)));
    found.into_iter().map(|(_, occurrence)| occurrence).collect()
}

fn occurrence(row: Row, sources: &Sources, zone: &ViewZone) -> Option<(Millis, Occurrence)> {
    let source = sources.get(&row.calendar_id)?;
    let content: Event = serde_json::from_str(&row.content)
        .inspect_err(|error| tracing::warn!(event = %row.event_id, %error, "the stored content of an event can not be read"))
        .ok()?;
    if content.status == EventStatus::Cancelled {
        return None;
    }
    let resolve = |ms: Millis| zone.instant(from_naive_ms(ms));
    let date = |ms: Millis| from_naive_ms(ms).date().to_string();
    let (starts_at, start, end) = match row.time {
        TimeKind::Timed => (row.start_at, zone.rfc3339(row.start_at), zone.rfc3339(row.end_at)),
        TimeKind::AllDay => (resolve(row.start_at), date(row.start_at), date(row.end_at)),
        TimeKind::Floating => {
            let (start, end) = (resolve(row.start_at), resolve(row.end_at));
            (start, zone.rfc3339(start), zone.rfc3339(end))
        }
    };
    let timezone = match &content.when {
        When::Timed { start, .. } if row.time == TimeKind::Timed => Some(label(&start.zone)),
        _ => None,
    };
    let occurrence = Occurrence {
        uid: content.uid,
        recurrence_id: row.recurring.then_some(row.instance),
        summary: content.title,
        start,
        end,
        all_day: row.time == TimeKind::AllDay,
        timezone,
        status: content.status,
        location: content.location,
        description: content.description,
        calendar_id: row.calendar_id,
        calendar_name: source.calendar_name.clone(),
        connection_id: source.connection_id.clone(),
        provider: source.provider,
    };
    Some((starts_at, occurrence))
}
