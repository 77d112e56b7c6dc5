//! What every part of the calendar reads: where one is, what time it is, how times are shown.

use super::place::Place;
use crate::memo::Memo;
use crate::pages::settings::api::load_connections;
use crate::route::{Route, use_route};
use crate::ui::live::use_live;
use crate::use_session;
use crate::wire::{Loaded, load};
use jiff::civil::{Date, DateTime};
use leptos::prelude::*;
use syncline_domain::layout::View;
use syncline_domain::time::{from_naive_ms, naive_ms};
use syncline_domain::view::{Connection, WeekStart};

/// The calendar as this tab shows it. All of it follows from the address, the session and the clock.
#[derive(Debug, Clone, Copy)]
pub struct CalendarState {
    /// What the address says.
    pub place: Memo<Place>,
    /// How one looks.
    pub view: Memo<View>,
    /// The day that one looks at.
    pub day: Memo<Date>,
    /// Now in the viewer's zone, to the minute.
    pub now: Memo<DateTime>,
    /// Today in the viewer's zone.
    pub today: Memo<Date>,
    /// The first day of the week.
    pub week_start: Memo<WeekStart>,
    /// The 12-hour clock.
    pub hour12: Memo<bool>,
    /// Grows whenever what was loaded is old. Every resource has it in its key.
    pub version: RwSignal<u32>,
    /// The user's connections with their calendars.
    pub connections: Loaded<Vec<Connection>>,
    /// What the viewer's clock is ahead of UTC, in milliseconds.
    pub offset: RwSignal<i64>,
}

/// The calendar's state.
///
/// # Panics
/// Outside of the frame.
#[must_use]
pub fn use_calendar() -> CalendarState {
    expect_context::<CalendarState>()
}

impl CalendarState {
    /// Makes the state of this tab, under the live store and the router. `offset` is what the viewer's clock is ahead of UTC.
    #[must_use]
    pub fn provide(offset: RwSignal<i64>) -> Self {
        let live = use_live();
        let preferences = use_session().preferences();
        let route = use_route();
        let place = Memo::new(move |_| route.with(Place::read));
        let now = Memo::new(move |_| {
            let wall = from_naive_ms(live.now.get() + offset.get());
            wall.date().at(wall.hour(), wall.minute(), 0, 0)
        });
        let today = Memo::new(move |_| now.get().date());
        let version = live.version;
        let state = Self {
            place,
            view: Memo::new(move |_| place.with(|place| place.view)),
            day: Memo::new(move |_| place.with(|place| place.date).unwrap_or_else(|| today.get())),
            now,
            today,
            week_start: Memo::new(move |_| preferences.with(|preferences| preferences.week_start)),
            hour12: Memo::new(move |_| preferences.with(|preferences| preferences.hour12)),
            version,
            connections: load(move || version.get(), |_| load_connections()),
            offset,
        };
        provide_context(state);
        state
    }

    /// Where one would be after `steps` periods forward, or back when negative.
    #[must_use]
    pub fn stepped(self, steps: i32) -> Place {
        let (view, day) = (self.view.get(), self.day.get());
        self.place.with(|place| place.on(view.step(day, steps)))
    }

    /// Sets the clock by what a period says about now. Quarters of an hour are the finest that zones differ by.
    pub fn set_clock(self, now: DateTime) {
        const QUARTER: i64 = 900_000;
        let utc = naive_ms(self.now.get_untracked()) - self.offset.get_untracked();
        let ahead = naive_ms(now) - utc;
        let rounded = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
        if rounded != self.offset.get_untracked() {
            self.offset.set(rounded);
        }
    }
}

/// Goes to places by script; links do it by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Go(Route);

impl Go {
    /// Inside of the page.
    #[must_use]
    pub fn here() -> Self {
        Self(use_route())
    }

    /// Goes there, with a step in the history.
    pub fn to(self, place: &Place) {
        self.0.go(&place.href());
    }

    /// Goes there in place of where one is: for closing things.
    pub fn back_to(self, place: &Place) {
        self.0.replace(&place.href());
    }
}
