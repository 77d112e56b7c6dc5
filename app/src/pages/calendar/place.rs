//! Where in the calendar one is, as the address says it: `/?view=week&date=2026-11-20&q=words&event=<id>~<key>`.
//!
//! Everything that should survive a reload, or be sent to somebody, is in here and nowhere else. Pure.

use crate::route::Address;
use std::fmt::Write as _;
use syncline_domain::ids::EventId;
use syncline_domain::layout::{View, days};
use syncline_domain::view::GridEvent;

/// What the address of the calendar says. What it does not say takes its default: the month, today, no search, no open event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// How to look.
    pub view: View,
    /// The day to look at; `None` is today.
    pub date: Option<jiff::civil::Date>,
    /// The words that are searched for; empty asks for them.
    pub query: Option<String>,
    /// The event that is open.
    pub event: Option<EventRef>,
}

/// Names one occurrence: the event and the instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// The event.
    pub id: EventId,
    /// As [`GridEvent::key`].
    pub key: String,
}

impl EventRef {
    /// The name of an occurrence in the grid.
    #[must_use]
    pub fn of(event: &GridEvent) -> Self {
        Self { id: event.id.clone(), key: event.key.clone() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (id, key) = text.split_once('~')?;
        Some(Self { id: EventId::parse(id).ok()?, key: key.to_owned() })
    }
}

impl Place {
    /// Reads an address. What can not be understood is left out, so that an old or mistyped address still shows a calendar.
    #[must_use]
    pub fn read(address: &Address) -> Self {
        Self {
            view: address.get("view").and_then(View::parse).unwrap_or_default(),
            date: address.get("date").and_then(days::parse),
            query: address.get("q").map(str::to_owned),
            event: address.get("event").and_then(EventRef::parse),
        }
    }

    /// The address.
    #[must_use]
    pub fn href(&self) -> String {
        let mut href = String::from("/");
        let mut add = |name: &str, value: &str| {
            href.push(if href.len() == 1 { '?' } else { '&' });
            href.push_str(name);
            href.push('=');
            encode(value, &mut href);
        };
        if self.view != View::default() {
            add("view", self.view.as_str());
        }
        if let Some(date) = self.date {
            add("date", &date.to_string());
        }
        if let Some(query) = &self.query {
            add("q", query);
        }
        if let Some(event) = &self.event {
            add("event", &format!("{}~{}", event.id, event.key));
        }
        href
    }

    /// The same view of another day, with nothing open.
    #[must_use]
    pub fn on(&self, date: jiff::civil::Date) -> Self {
        Self { view: self.view, date: Some(date), query: None, event: None }
    }

    /// The same day in another view, with nothing open.
    #[must_use]
    pub fn seen_as(&self, view: View) -> Self {
        Self { view, date: self.date, query: None, event: None }
    }

    /// With an event open.
    #[must_use]
    pub fn opening(&self, event: EventRef) -> Self {
        Self { event: Some(event), ..self.clone() }
    }

    /// With no event open.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { event: None, ..self.clone() }
    }

    /// With a search in place of the grid.
    #[must_use]
    pub fn searching(&self, words: &str) -> Self {
        Self { query: Some(words.to_owned()), event: None, ..self.clone() }
    }
}

/// Percent-encodes a value of a query; only what RFC 3986 §2.3 calls unreserved stays.
fn encode(value: &str, into: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const ID: &str = "018f2f3a-0000-7000-8000-000000000001";

    fn read(address: &str) -> Place {
        Place::read(&Address::parse(address))
    }

    #[test]
    fn a_place_is_read_from_its_address() {
        let place = read(&format!("/?view=week&date=2026-11-20&event={ID}~20261120T080000Z"));
        assert_eq!((place.view, place.date), (View::Week, Some(date(2026, 11, 20))));
        assert_eq!(place.event.as_ref().map(|event| event.key.as_str()), Some("20261120T080000Z"));
        assert_eq!(place.href(), format!("/?view=week&date=2026-11-20&event={ID}~20261120T080000Z"));
    }

    #[test]
    fn the_plain_address_is_this_month() {
        assert_eq!(Place::default().href(), "/");
        assert_eq!(read("/"), Place::default());
    }

    #[test]
    fn what_is_mistyped_is_left_out() {
        let place = read("/?view=year&date=2026-02-30&event=1~2&q=");
        assert_eq!(place, Place { query: Some(String::new()), ..Place::default() });
    }

    #[test]
    fn words_of_a_search_are_encoded() {
        let place = Place::default().searching("café & 100%");
        assert_eq!(place.href(), "/?q=caf%C3%A9%20%26%20100%25");
        assert_eq!(read(&place.href()), place);
    }
}
