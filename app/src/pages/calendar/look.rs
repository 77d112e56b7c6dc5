//! How an event looks wherever it stands: its classes, its link, its words.

use super::place::{EventRef, Place};
use super::state::CalendarState;
use jiff::civil::{Date, DateTime, Time};
use leptos::prelude::*;
use syncline_domain::event::{Busy, EventStatus};
use syncline_domain::layout::{View, extent, words};
use syncline_domain::view::GridEvent;

/// What all events of a rendering share. Plain values: an event in the grid has no signals of its own.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Where one is, with nothing open.
    place: Place,
    /// For dimming what is past.
    pub(super) now: DateTime,
    /// The 12-hour clock.
    pub(super) hour12: bool,
}

impl Look {
    /// As it is at the moment; asks for no updates, except when the day or the clock changes.
    pub(super) fn of(state: CalendarState) -> Self {
        state.today.track();
        let mut place = state.place.get_untracked().closed();
        place.date = place.date.or_else(|| (place.query.is_none()).then(|| state.day.get_untracked()));
        Self { place, now: state.now.get_untracked(), hour12: state.hour12.get() }
    }

    /// The address that opens an event.
    pub(super) fn href(&self, event: &GridEvent) -> String {
        self.place.opening(EventRef::of(event)).href()
    }

    /// The address of a day's own page.
    pub(super) fn day_href(&self, day: Date) -> String {
        self.place.seen_as(View::Day).on(day).href()
    }

    /// The classes of an event: `base`, its colour, and how it stands.
    pub(super) fn class(&self, base: &str, event: &GridEvent) -> String {
        let mut class = format!("{base} c-{}", event.color);
        for (is, name) in [
            (event.status == EventStatus::Tentative, " is-tentative"),
            (event.declined, " is-declined"),
            (event.busy == Busy::Free && !event.all_day, " is-free"),
            (extent::is_past(event, self.now), " is-past"),
        ] {
            if is {
                class.push_str(name);
            }
        }
        class
    }

    /// A time by the user's clock.
    pub(super) fn time(&self, time: Time) -> String {
        words::time(time, self.hour12)
    }

    /// "09:00 – 10:30" by the user's clock.
    pub(super) fn range(&self, event: &GridEvent) -> String {
        words::time_range(event.start, event.end, self.hour12)
    }
}

/// What colour and hatching say, for those who do not see them.
pub(super) fn spoken(event: &GridEvent) -> Option<AnyView> {
    let word = if event.declined {
        ", declined"
    } else if event.status == EventStatus::Tentative {
        ", tentative"
    } else {
        return None;
    };
    Some(view! { <span class="sr-only">{word}</span> }.into_any())
}
