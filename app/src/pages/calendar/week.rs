//! Days by the hour: the week and the day.

use super::look::{Look, spoken};
use super::state::{CalendarState, use_calendar};
use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use syncline_domain::layout::columns::{self, Block};
use syncline_domain::layout::lanes::{Bar, pack};
use syncline_domain::layout::{Span, View, days, extent, words};
use syncline_domain::view::{GridEvent, Period};

/// The all-day lane folds after so many rows.
const LANES: u16 = 3;

/// Seven days, or one, by the hour.
#[component]
pub fn Hours(
    /// The days.
    span: Span,
    /// Their occurrences.
    period: Arc<Period>,
) -> impl IntoView {
    let state = use_calendar();
    let element = NodeRef::<html::Div>::new();
    #[cfg(feature = "hydrate")]
    super::browser::scroll_to_working_hours(element);
    let dates: Arc<[Date]> = (0..span.days()).map(|at| days::add(span.from, at)).collect();
    let (head, lane, body) = (Arc::clone(&dates), Arc::clone(&dates), dates);
    let events = Arc::clone(&period);
    let ahead = period.second.as_ref().map(|second| second.offset - period.offset);
    let zones = zones(&period);
    let hours = move || (1..24).map(|hour| hour_label(hour, ahead, state.hour12.get())).collect_view();
    view! {
        <div
            class="hours"
            style=format!("--days:{}", span.days())
            class:is-one=span.days() == 1
            class:has-second=ahead.is_some()
            node_ref=element
        >
            <div class="hours-top">
                <div class="hours-head">
                    {zones}
                    {move || head.iter().map(|date| day_head(*date, state)).collect_view()}
                </div>
                {move || all_day(&lane, &events, &Look::of(state))}
            </div>
            <div class="hours-body">
                <div class="hours-labels" aria-hidden="true">
                    {hours}
                </div>
                {move || {
                    let look = Look::of(state);
                    body.iter().map(|date| column(*date, &period.events, &look, state)).collect_view()
                }}
            </div>
        </div>
    }
}

/// The zones that the hours are in, the second one outside.
fn zones(period: &Period) -> AnyView {
    let second = period.second.as_ref().map(|second| view! { <span title=second.zone.clone()>{offset_words(second.offset)}</span> });
    view! {
        <span class="hours-zone">
            {second}
            <span title=period.zone.clone()>{offset_words(period.offset)}</span>
        </span>
    }
    .into_any()
}

/// "UTC+1", "UTC−3:30".
fn offset_words(minutes: i32) -> String {
    let sign = if minutes < 0 { '−' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

/// An hour line's time, and what it is in the second zone, which is `ahead` minutes ahead.
fn hour_label(hour: i8, ahead: Option<i32>, hour12: bool) -> AnyView {
    let second = ahead.map(|ahead| view! { <i>{words::minute(i32::from(hour) * 60 + ahead, hour12)}</i> });
    view! {
        <span style=format!("--at:{hour}")>
            {second}
            <b>{words::minute(i32::from(hour) * 60, hour12)}</b>
        </span>
    }
    .into_any()
}

fn day_head(date: Date, state: CalendarState) -> AnyView {
    let place = state.place.get_untracked().seen_as(View::Day).on(date);
    let today = state.today.get() == date;
    view! {
        <a class="hours-day" href=place.href() aria-current=today.then_some("date") aria-label=words::day_long(date)>
            <span class="hours-weekday">{words::weekday_short(date)}</span>
            <span class="hours-number">{date.day()}</span>
        </a>
    }
    .into_any()
}

/// The lane above the hours. What does not fit into three rows unfolds with a checkbox, so that it needs no scripts.
fn all_day(dates: &[Date], period: &Period, look: &Look) -> Option<AnyView> {
    let events = &period.events;
    let (first, columns) = (days::number(*dates.first()?), u8::try_from(dates.len()).ok()?);
    let whole = events.iter().enumerate().filter(|(_, event)| extent::is_in_lane(event)).map(|(at, event)| (at, extent::days(event)));
    let bars = pack(whole, first, columns);
    let lanes = bars.iter().map(|bar| bar.lane + 1).max()?;
    let folded = lanes > LANES;
    // With a fold, the last row of the three says how many more there are.
    let shown = if folded { LANES - 1 } else { LANES };
    let more = (0..usize::from(columns)).filter_map(|column| {
        let hidden = bars.iter().filter(|bar| bar.lane >= shown && bar.covers(column)).count();
        (folded && hidden > 0).then(|| {
            view! {
                <label class="chip more" for="unfold" style=format!("--row:{shown};--column:{column}")>
                    {format!("+{hidden}")}
                    <span class="more-word">" more"</span>
                </label>
            }
            .into_any()
        })
    });
    let more: Vec<AnyView> = more.collect();
    let views = bars.iter().map(|bar| lane_bar(*bar, &events[bar.event], bar.lane >= shown, look)).collect_view();
    let fold = folded.then(|| {
        view! {
            <label class="hours-unfold btn btn-ghost btn-icon">
                <input type="checkbox" id="unfold" class="sr-only" autocomplete="off" />
                <span class="sr-only">"Show all whole-day events"</span>
                <crate::ui::icons::Icon name="down" />
            </label>
        }
    });
    Some(
        view! {
            <div class="hours-lane" style=format!("--rows:{};--all:{lanes}", lanes.min(LANES))>
                <span class="hours-lane-label">"All day"</span>
                {fold}
                <div class="hours-bars">{views} {more}</div>
            </div>
        }
        .into_any(),
    )
}

fn lane_bar(bar: Bar, event: &GridEvent, folded: bool, look: &Look) -> AnyView {
    let mut class = look.class("chip bar", event);
    for (is, name) in [(bar.before, " is-before"), (bar.after, " is-after"), (folded, " is-folded")] {
        if is {
            class.push_str(name);
        }
    }
    let time = (!event.all_day && !bar.before).then(|| view! { <span class="chip-time">{look.time(event.start.time())}</span> });
    view! {
        <a class=class style=format!("--row:{};--column:{};--span:{}", bar.lane, bar.column, bar.span) href=look.href(event)>
            {time}
            <span class="chip-title">{event.title.clone()}</span>
            {spoken(event)}
        </a>
    }
    .into_any()
}

fn column(date: Date, events: &[GridEvent], look: &Look, state: CalendarState) -> AnyView {
    let blocks = columns::day(date, events).into_iter().map(|block| block_view(block, &events[block.event], look)).collect_view();
    let now_line = move || {
        let now = state.now.get();
        (now.date() == date).then(|| view! { <div class="now-line" style=format!("--top:{}", extent::minutes(now.time()))></div> })
    };
    view! {
        <section class="hours-column" aria-label=words::day_long(date) class:is-today=move || state.today.get() == date>
            {blocks}
            {now_line}
        </section>
    }
    .into_any()
}

fn block_view(block: Block, event: &GridEvent, look: &Look) -> AnyView {
    let base = match block.height {
        0..=29 => "chip block is-short",
        30..=49 => "chip block is-low",
        _ => "chip block",
    };
    let mut class = look.class(base, event);
    if block.before {
        class.push_str(" is-cut-above");
    }
    if block.after {
        class.push_str(" is-cut-below");
    }
    let style =
        format!("--top:{};--height:{};--column:{};--span:{};--of:{}", block.top, block.height, block.column, block.span, block.columns);
    let place = (block.height >= 75).then(|| event.location.clone()).flatten();
    view! {
        <a class=class style=style href=look.href(event)>
            <span class="chip-title">{event.title.clone()}</span>
            <span class="chip-time">{look.range(event)}</span>
            {place.map(|place| view! { <span class="chip-place">{place}</span> })}
            {spoken(event)}
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::offset_words;

    #[test]
    fn what_a_zone_is_ahead_is_said_in_hours() {
        for (minutes, words) in [(0, "UTC"), (60, "UTC+1"), (-480, "UTC−8"), (330, "UTC+5:30"), (-210, "UTC−3:30"), (-30, "UTC−0:30")]
        {
            assert_eq!(offset_words(minutes), words);
        }
    }
}
