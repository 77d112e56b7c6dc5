//! The agenda: events under the days that they touch.

use super::days::{date, number};
use super::extent::{days, minutes, part_in};
use super::period::Span;
use crate::view::GridEvent;
use jiff::civil::Date;

/// A day of the agenda that has something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaDay {
    /// Its date.
    pub date: Date,
    /// What is on it: whole days first, then by time.
    pub entries: Vec<Entry>,
}

/// A line of the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Index of the event.
    pub event: usize,
    /// Which day of the event this is, from 1.
    pub day: i32,
    /// How many days the event has.
    pub of: i32,
    /// It takes the whole of this day.
    pub whole_day: bool,
}

/// The days of a span that have events. An event of several days is on each of them.
#[must_use]
pub fn agenda(span: Span, events: &[GridEvent]) -> Vec<AgendaDay> {
    let (first, last) = (number(span.from), number(span.to) - 1);
    let mut found: Vec<(i32, bool, u16, usize)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let extent = days(event);
        for day in extent.first.max(first)..=extent.last.min(last) {
            let part = part_in(event, day);
            let whole = event.all_day || part.is_some_and(|part| part.before && part.after);
            let from = if part.is_some_and(|part| part.before) { 0 } else { minutes(event.start.time()) };
            found.push((day, !whole, from, at));
        }
    }
    found.sort_unstable();
    let mut agenda: Vec<AgendaDay> = Vec::new();
    for (day, timed, _, event) in found {
        let extent = days(&events[event]);
        let entry = Entry { event, day: day - extent.first + 1, of: extent.len(), whole_day: !timed };
        match agenda.last_mut() {
            Some(last) if number(last.date) == day => last.entries.push(entry),
            _ => agenda.push(AgendaDay { date: date(day), entries: vec![entry] }),
        }
    }
    agenda
}

/// Events under the day of their start, each once, in the order of days: what a search shows.
#[must_use]
pub fn by_start(events: &[GridEvent]) -> Vec<AgendaDay> {
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|at| (events[*at].start.date(), !events[*at].all_day, events[*at].start));
    let mut agenda: Vec<AgendaDay> = Vec::new();
    for at in order {
        let event = &events[at];
        let entry = Entry { event: at, day: 1, of: days(event).len(), whole_day: event.all_day };
        match agenda.last_mut() {
            Some(last) if last.date == event.start.date() => last.entries.push(entry),
            _ => agenda.push(AgendaDay { date: event.start.date(), entries: vec![entry] }),
        }
    }
    agenda
}

#[cfg(test)]
mod tests {
    use super::super::extent::tests::event;
    use super::*;
    use jiff::civil::date as day;

    type Line = (i8, Vec<(usize, i32, i32)>);

    /// Day of the month and (event, day, of) of its entries.
    fn lines(days: &[AgendaDay]) -> Vec<Line> {
        days.iter().map(|day| (day.date.day(), day.entries.iter().map(|entry| (entry.event, entry.day, entry.of)).collect())).collect()
    }

    #[test]
    fn whole_days_come_first_and_events_of_several_days_are_on_each() {
        let events = [
            event("2026-11-19 / 2026-11-22"),
            event("2026-11-20T09:00 / 2026-11-20T10:00"),
            event("2026-11-20T22:00 / 2026-11-21T02:00"),
            event("2026-11-21T01:00 / 2026-11-21T03:00"),
        ];
        let span = Span { from: day(2026, 11, 20), to: day(2026, 11, 30) };
        assert_eq!(
            lines(&agenda(span, &events)),
            [(20, vec![(0, 2, 3), (1, 1, 1), (2, 1, 2)]), (21, vec![(0, 3, 3), (2, 2, 2), (3, 1, 1)])]
        );
    }

    #[test]
    fn the_middle_of_a_long_timed_event_is_a_whole_day() {
        let events = [event("2026-11-20T09:00 / 2026-11-22T10:00")];
        let days = agenda(Span { from: day(2026, 11, 1), to: day(2026, 12, 1) }, &events);
        assert_eq!(days.iter().map(|day| day.entries[0].whole_day).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn days_outside_of_the_span_are_left_out() {
        let events = [event("2026-11-01 / 2026-12-01")];
        let days = agenda(Span { from: day(2026, 11, 20), to: day(2026, 11, 22) }, &events);
        assert_eq!(lines(&days), [(20, vec![(0, 20, 30)]), (21, vec![(0, 21, 30)])]);
    }

    #[test]
    fn found_events_are_named_once_in_order_of_days() {
        let events =
            [event("2026-11-21T09:00 / 2026-11-21T10:00"), event("2026-11-20 / 2026-11-23"), event("2026-11-20T08:00 / 2026-11-20T09:00")];
        assert_eq!(lines(&by_start(&events)), [(20, vec![(1, 1, 3), (2, 1, 1)]), (21, vec![(0, 1, 1)])]);
    }
}
