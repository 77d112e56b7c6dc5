//! The month.

use super::look::{Look, spoken};
use super::more::{More, MorePopover, more_link};
use super::state::use_calendar;
use jiff::civil::Date;
use leptos::prelude::*;
use std::sync::Arc;
use syncline_domain::layout::lanes::Bar;
use syncline_domain::layout::month::{self, Day, Week};
use syncline_domain::layout::{days, words};
use syncline_domain::view::{GridEvent, Period};

/// How many lines a cell has until the browser has measured its height; the style sheet leaves room for these.
const ROWS: u16 = 4;

/// Up to six weeks. A cell shows as many lines as fit; the rest stands behind "+n more".
#[component]
pub fn Month(
    /// The day that one looks at.
    day: Date,
    /// The occurrences of its weeks.
    period: Arc<Period>,
) -> impl IntoView {
    let state = use_calendar();
    let week_start = state.week_start.get_untracked();
    let weeks = month::span(day, week_start).days() / 7;
    let rows = RwSignal::new(ROWS);
    let element = NodeRef::new();
    let more = More::closed();
    #[cfg(feature = "hydrate")]
    super::browser::measure_rows(element, weeks, rows);
    let shown = Arc::clone(&period);
    let grid = move || {
        let look = Look::of(state);
        let today = state.today.get();
        let laid = month::month(day, week_start, &shown.events, rows.get());
        laid.iter().map(|week| row(week, &shown.events, &look, today)).collect_view()
    };
    let first = days::week_of(day, week_start);
    let names = (0..7).map(|at| weekday(days::add(first, at))).collect_view();
    view! {
        <div
            class="month"
            node_ref=element
            style=format!("--weeks:{weeks}")
            style:--rows=move || rows.get().to_string()
            on:click=move |event| {
                #[cfg(feature = "hydrate")]
                super::browser::open_more(&event, more);
                #[cfg(not(feature = "hydrate"))]
                let _ = event;
            }
        >
            <div class="month-names" aria-hidden="true">
                {names}
            </div>
            <div class="month-weeks">{grid}</div>
            <MorePopover more period=period />
        </div>
    }
}

fn weekday(day: Date) -> AnyView {
    let name = words::weekday_name(day);
    view! {
        <span>
            {&name[..1]}<i>{&name[1..3]}</i>
        </span>
    }
    .into_any()
}

fn row(week: &Week, events: &[GridEvent], look: &Look, today: Date) -> AnyView {
    let cells = week.days.iter().enumerate().map(|(column, day)| cell(week, column, day, events, look, today)).collect_view();
    view! {
        <div class="month-week" data-week=week.number.to_string()>
            {cells}
        </div>
    }
    .into_any()
}

fn cell(week: &Week, column: usize, day: &Day, events: &[GridEvent], look: &Look, today: Date) -> AnyView {
    let bars = week.bars.iter().filter(|bar| usize::from(bar.column) == column).map(|bar| bar_view(*bar, &events[bar.event], look));
    let timed = day.timed.iter().map(|(event, row)| timed_view(*row, &events[*event], look));
    let entries: Vec<AnyView> = bars.chain(timed).collect();
    let class = match (day.outside, day.date == today) {
        (true, _) => "month-day is-outside",
        (false, true) => "month-day is-today",
        (false, false) => "month-day",
    };
    let number = if day.date.day() == 1 { format!("1 {}", words::month_short(day.date)) } else { day.date.day().to_string() };
    let label = match day.total {
        0 => words::day_long(day.date),
        1 => format!("{}, 1 event", words::day_long(day.date)),
        total => format!("{}, {total} events", words::day_long(day.date)),
    };
    view! {
        <div class=class>
            <a
                class="day-number"
                href=look.day_href(day.date)
                aria-label=label
                aria-current=(day.date == today).then_some("date")
            >
                {number}
            </a>
            {entries}
            {(day.hidden > 0).then(|| more_link(day, look))}
        </div>
    }
    .into_any()
}

fn bar_view(bar: Bar, event: &GridEvent, look: &Look) -> AnyView {
    let mut class = look.class("chip bar", event);
    if bar.before {
        class.push_str(" is-before");
    }
    if bar.after {
        class.push_str(" is-after");
    }
    let time = (!event.all_day && !bar.before).then(|| time_view(event, look));
    view! {
        <a class=class style=format!("--row:{};--span:{}", bar.lane, bar.span) href=look.href(event)>
            {time}
            <span class="chip-title">{event.title.clone()}</span>
            {spoken(event)}
        </a>
    }
    .into_any()
}

fn timed_view(row: u16, event: &GridEvent, look: &Look) -> AnyView {
    view! {
        <a class=look.class("chip timed", event) style=format!("--row:{row}") href=look.href(event)>
            <span class="dot"></span>
            {time_view(event, look)}
            <span class="chip-title">{event.title.clone()}</span>
            {spoken(event)}
        </a>
    }
    .into_any()
}

fn time_view(event: &GridEvent, look: &Look) -> AnyView {
    view! { <span class="chip-time">{look.time(event.start.time())}</span> }.into_any()
}
