//! What is stored, by booking. Pure.
//!
//! The version of an object is `updated_at start_time current older…`: the event that the booking is now with what tells whether it
//! changed, and the events that it was before it took another time.

use super::wire::Scheduled;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Put in front of a version: the event is to be asked for, whatever `updated_at` says. A webhook does that.
pub(crate) const STALE: char = '!';
/// The version of an event that a webhook named and that nothing is known about.
pub(crate) const NAMED: &str = "?";

/// A version, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    updated: String,
    start: String,
    /// The event that the booking is now.
    pub(super) current: String,
    /// The events that it was, the last one first.
    pub(super) older: Vec<String>,
    is_stale: bool,
}

impl Version {
    /// The version of a booking that is `event` now.
    pub(super) fn of(event: &Scheduled, older: Vec<String>) -> Self {
        let word = |text: &Option<String>| text.as_deref().map(|text| text.replace(' ', "")).filter(|text| !text.is_empty());
        Self {
            updated: word(&event.updated_at).unwrap_or_else(|| "-".to_owned()),
            start: word(&event.start_time).unwrap_or_else(|| "-".to_owned()),
            current: event.id().to_owned(),
            older,
            is_stale: false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (text, is_stale) = text.strip_prefix(STALE).map_or((text, false), |rest| (rest, true));
        let mut words = text.split(' ').map(str::to_owned);
        let (updated, start, current) = (words.next()?, words.next()?, words.next()?);
        Some(Self { updated, start, current, older: words.collect(), is_stale })
    }

    pub(super) fn text(&self) -> String {
        let older = self.older.iter().map(|id| format!(" {id}")).collect::<String>();
        format!("{} {} {}{older}", self.updated, self.start, self.current)
    }

    /// Nothing about the event has changed since.
    fn still(&self, event: &Scheduled) -> bool {
        let now = Self::of(event, Vec::new());
        !self.is_stale && now.updated != "-" && (&self.updated, &self.start) == (&now.updated, &now.start)
    }
}

/// A booking that is stored, live or cancelled.
#[derive(Debug, Clone)]
pub(super) struct Booking {
    /// Its remote id: the first event that it was.
    pub(super) object: String,
    /// `None`: it is to be read again.
    version: Option<Version>,
}

impl Booking {
    /// The events that it is and was, the last one first.
    pub(super) fn chain(&self) -> Vec<String> {
        match &self.version {
            Some(version) => std::iter::once(&version.current).chain(&version.older).cloned().collect(),
            None => vec![self.object.clone()],
        }
    }

    pub(super) fn older(&self) -> Vec<String> {
        self.version.as_ref().map(|version| version.older.clone()).unwrap_or_default()
    }

    fn start(&self) -> Option<i64> {
        self.version.as_ref()?.start.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
    }
}

/// What is known about an event.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// Nothing.
    Unknown,
    /// A booking that has left it for another time.
    Left,
    /// It is a booking, and changed.
    Changed,
    /// It is a booking, and did not change: its version.
    Same(&'a Booking, String),
}

/// All bookings.
#[derive(Debug, Default)]
pub(super) struct Known {
    bookings: Vec<Booking>,
    /// Event → booking; whether the booking is that event now.
    events: HashMap<String, (usize, bool)>,
    /// Events that a webhook named and that nothing is known about.
    pub(super) named: BTreeSet<String>,
}

impl Known {
    pub(super) fn new(versions: HashMap<String, Option<String>>) -> Self {
        let mut known = Self::default();
        for (object, version) in versions {
            if version.as_deref() == Some(NAMED) {
                known.named.insert(object);
                continue;
            }
            let version = version.as_deref().and_then(Version::parse);
            let at = known.bookings.len();
            let booking = Booking { object, version };
            for (nth, event) in booking.chain().into_iter().enumerate() {
                let entry = known.events.entry(event).or_insert((at, nth == 0));
                // An event is a booking rather than that another one left it.
                if nth == 0 {
                    *entry = (at, true);
                }
            }
            known.bookings.push(booking);
        }
        known
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bookings.is_empty()
    }

    pub(super) fn knows(&self, event: &str) -> bool {
        self.events.contains_key(event)
    }

    pub(super) fn place(&self, event: &Scheduled) -> Place<'_> {
        let Some((at, is_current)) = self.events.get(event.id()) else { return Place::Unknown };
        let booking = &self.bookings[*at];
        match &booking.version {
            _ if !is_current => Place::Left,
            Some(version) if version.still(event) => Place::Same(booking, version.text()),
            _ => Place::Changed,
        }
    }

    /// Events that a webhook named.
    pub(super) fn told(&self) -> Vec<String> {
        let stale = self.bookings.iter().filter_map(|booking| booking.version.as_ref()).filter(|version| version.is_stale);
        stale.map(|version| version.current.clone()).chain(self.named.iter().cloned()).collect()
    }

    /// The booking that is this event now.
    pub(super) fn current(&self, event: &str) -> Option<&Booking> {
        self.events.get(event).filter(|(_, is_current)| *is_current).map(|(at, _)| &self.bookings[*at])
    }

    /// Bookings that begin in a window and whose event was not listed: object and event.
    pub(super) fn absent(&self, (from, until): (i64, i64), is_listed: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let is_inside = |booking: &&Booking| booking.start().is_some_and(|start| (from..until).contains(&start));
        let found = self.bookings.iter().filter(is_inside).filter_map(|booking| {
            let current = &booking.version.as_ref()?.current;
            (!is_listed(current)).then(|| (booking.object.clone(), current.clone()))
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, updated: &str, start: &str) -> Scheduled {
        let text = format!(r#"{{"uri":"https://api.calendly.com/scheduled_events/{id}","updated_at":"{updated}","start_time":"{start}"}}"#);
        serde_json::from_str(&text).unwrap()
    }

    const FIRST: &str = "2026-03-10T08:00:00.000000Z";
    const LATER: &str = "2026-03-12T08:00:00.000000Z";

    fn known(object: &str, version: Option<String>) -> Known {
        Known::new(HashMap::from([(object.to_owned(), version)]))
    }

    #[test]
    fn an_event_is_the_same_while_neither_stamp_nor_start_changes() {
        let stored = Version::of(&event("A", "1", FIRST), Vec::new()).text();
        let known = known("A", Some(stored.clone()));
        assert!(matches!(known.place(&event("A", "1", FIRST)), Place::Same(booking, text) if booking.object == "A" && text == stored));
        assert!(matches!(known.place(&event("A", "2", FIRST)), Place::Changed));
        assert!(matches!(known.place(&event("A", "1", LATER)), Place::Changed));
        assert!(matches!(known.place(&event("B", "1", FIRST)), Place::Unknown));
    }

    #[test]
    fn what_a_webhook_named_or_could_not_be_read_counts_as_changed() {
        let stored = Version::of(&event("A", "1", FIRST), Vec::new()).text();
        assert!(matches!(known("A", Some(format!("{STALE}{stored}"))).place(&event("A", "1", FIRST)), Place::Changed));
        assert!(matches!(known("A", None).place(&event("A", "1", FIRST)), Place::Changed));
    }

    #[test]
    fn an_event_that_was_only_named_is_unknown() {
        let known = known("A", Some(NAMED.to_owned()));
        assert!(matches!(known.place(&event("A", "1", FIRST)), Place::Unknown) && known.is_empty());
        assert_eq!(known.told(), ["A"]);
    }

    #[test]
    fn a_moved_booking_is_its_last_event_and_has_left_the_others() {
        let version = Version::of(&event("C", "3", LATER), vec!["B".to_owned(), "A".to_owned()]).text();
        let known = known("A", Some(version));
        assert!(matches!(known.place(&event("A", "9", FIRST)), Place::Left));
        assert!(matches!(known.place(&event("C", "3", LATER)), Place::Same(booking, _) if booking.object == "A"));
        assert_eq!(known.current("C").unwrap().chain(), ["C", "B", "A"]);
        assert!(known.current("B").is_none() && known.knows("B"));
    }

    #[test]
    fn only_bookings_inside_of_the_window_are_missed() {
        let known = known("A", Some(Version::of(&event("A", "1", FIRST), Vec::new()).text()));
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let missed = |from: &str, until: &str, listed: bool| known.absent((at(from), at(until)), |_| listed).len();
        assert_eq!(missed("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", false), 1);
        assert_eq!(missed("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", true), 0);
        assert_eq!(missed("2026-03-11T00:00:00Z", "2026-04-01T00:00:00Z", false), 0, "it began before the window");
        assert_eq!(missed("2026-02-01T00:00:00Z", "2026-03-10T08:00:00Z", false), 0, "it begins behind the window");
    }
}
