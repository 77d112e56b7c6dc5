//! The calendar view: `/`.
//!
//! Invariants: where one is stands in the address ([`place`]) and nowhere else; the server renders the whole page, and links alone
//! are enough to use it; an event in the grid is plain nodes, without signals or closures of its own; layout is
//! [`syncline_domain::layout`]'s business, and so is every decision about dates. "Now" is the server's.
//!
//! To add a view: a variant of `View` with its layout in the domain, a component here, an arm in `grid`, a key in `keys`.

pub mod agenda;
pub mod api;
#[cfg(feature = "hydrate")]
pub mod browser;
mod cache;
pub mod details;
#[cfg(feature = "hydrate")]
mod endless;
pub mod keys;
mod look;
pub mod month;
pub mod more;
pub mod place;
pub mod search;
pub mod state;
pub mod week;

use crate::error::WireError;
use crate::memo::Memo;
use crate::ui::Title;
use crate::ui::icons::Icon;
use crate::ui::problem::ProblemNote;
use crate::ui::{arriving, nothing};
use crate::wire::load;
use jiff::civil::Date;
use leptos::prelude::*;
use state::{CalendarState, Go, use_calendar};
use std::sync::Arc;
use syncline_domain::layout::{Span, View};
use syncline_domain::view::{Period, WeekStart};

/// What is to be shown: the key of the period's resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Wanted {
    view: View,
    #[serde(with = "syncline_domain::civil::date")]
    day: Date,
    week_start: WeekStart,
    version: u32,
}

impl Wanted {
    fn span(self) -> Span {
        self.view.span(self.day, self.week_start)
    }
}

/// The calendar view: `/`.
#[component]
pub fn CalendarPage() -> impl IntoView {
    let state = use_calendar();
    let searching = Memo::new(move |_| state.place.with(|place| place.query.is_some()));
    // The server writes the head last, when a first rendering of this page may have been replaced by another: its signals are gone then.
    let words = move || match searching.try_get()? {
        true => Some("Search".to_owned()),
        false => Some(state.view.try_get()?.title(state.day.try_get()?, state.week_start.try_get()?).long),
    };
    let first = untrack(words).unwrap_or_default();
    let title = move || words().unwrap_or_else(|| first.clone());
    view! {
        <Title text=title />
        {move || if searching.get() { view! { <search::Search /> }.into_any() } else { view! { <Grid state /> }.into_any() }}
        <details::Details />
    }
    .into_any()
}

/// The grid. The old period stays until the new one is there, and the neighbours are fetched ahead.
#[component]
fn Grid(state: CalendarState) -> impl IntoView {
    let wanted = Memo::new(move |_| Wanted {
        view: state.view.get(),
        day: state.day.get(),
        week_start: state.week_start.get(),
        version: state.version.get(),
    });
    let period = load(move || wanted.get(), |wanted| async move { cache::load(wanted.span(), wanted.version).await?.after(&wanted) });
    #[cfg(feature = "hydrate")]
    fetch_neighbours(period, state);
    let go = Go::here();
    let touch = StoredValue::new(None::<(i32, i32)>);
    let down = move |event: leptos::ev::PointerEvent| {
        touch.set_value((event.pointer_type() == "touch").then(|| (event.client_x(), event.client_y())));
    };
    let up = move |event: leptos::ev::PointerEvent| {
        #[cfg(feature = "hydrate")]
        if let Some(steps) = touch.get_value().and_then(|from| browser::swiped(from, (event.client_x(), event.client_y())))
            && state.view.get_untracked() != View::Agenda
        {
            go.to(&untrack(|| state.stepped(steps)));
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = (&event, go);
    };
    view! {
        <div class="calendar" on:pointerdown=down on:pointerup=up>
            {arriving(waiting, move || async move {
                match period.await {
                    Ok((wanted, period)) => grid(wanted, period),
                    Err(error) => failed(error),
                }
            })}
            <Teaching state />
        </div>
    }
    .into_any()
}

fn grid(wanted: Wanted, period: Period) -> AnyView {
    let truncated = period.truncated.then(|| {
        view! {
            <p class="note note-warn calendar-note" role="status">
                "There are more events than can be shown at once. Look at a week or a day to see all of them."
            </p>
        }
    });
    let period = Arc::new(period);
    let view = match wanted.view {
        View::Month => view! { <month::Month day=wanted.day period /> }.into_any(),
        View::Week | View::Day => view! { <week::Hours span=wanted.span() period /> }.into_any(),
        View::Agenda => view! { <agenda::Agenda period /> }.into_any(),
    };
    view! {
        {truncated}
        {view}
    }
    .into_any()
}

fn waiting() -> AnyView {
    view! { <div class="skeleton calendar-waiting" aria-busy="true" aria-label="Loading"></div> }.into_any()
}

fn failed(error: WireError) -> AnyView {
    view! {
        <div class="calendar-note">
            <ProblemNote problem=error.problem />
        </div>
    }
    .into_any()
}

/// What an empty calendar teaches: how to get the first events into it.
#[component]
fn Teaching(state: CalendarState) -> impl IntoView {
    arriving(nothing, move || async move {
        if !state.connections.await.is_ok_and(|connections| connections.is_empty()) {
            return nothing();
        }
        view! {
            <div class="teach">
                <div class="empty">
                    <Icon name="calendar" />
                    <h2>"Connect a calendar"</h2>
                    <p>
                        "Syncline brings your calendars together in one place and keeps them in step. Begin with a CalDAV account, or with the address or the file of an ICS feed."
                    </p>
                    <a class="btn btn-primary btn-lg" href="/settings/connections">
                        <Icon name="plus" />
                        "Connect a calendar"
                    </a>
                </div>
            </div>
        }
        .into_any()
    })
}

/// Keeps what came with the document, sets the clock by it, and loads the periods before and after.
#[cfg(feature = "hydrate")]
fn fetch_neighbours(period: crate::wire::Loaded<(Wanted, Period)>, state: CalendarState) {
    Effect::new(move |_| {
        let Some((wanted, period)) = period.read().and_then(|answer| answer.ok()?.split()) else { return };
        cache::keep(wanted.span(), wanted.version, &period);
        if let Ok(period) = period.open() {
            state.set_clock(period.now);
        }
        set_timeout(
            move || {
                for steps in [1, -1] {
                    let day = wanted.view.step(wanted.day, steps);
                    cache::fetch_ahead(Wanted { day, ..wanted }.span(), wanted.version);
                }
            },
            std::time::Duration::from_millis(200),
        );
    });
}
