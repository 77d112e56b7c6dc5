//! The small month in the rail: to see which days have something, and to jump.

use crate::memo::Memo;
use crate::pages::calendar::api::load_busy_days;
use crate::pages::calendar::place::Place;
use crate::pages::calendar::state::CalendarState;
use crate::ui::icons::Icon;
use crate::ui::{arriving, nothing};
use crate::wire::load;
use jiff::civil::Date;
use leptos::prelude::*;
use syncline_domain::layout::{Span, View, days, words};

/// What the small month shows: a value, so that it is laid out again only when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    first: Date,
    month: Date,
    today: Date,
    here: Span,
    view: View,
    busy: u64,
}

/// Six weeks around the day that one looks at.
#[component]
pub fn MiniMonth(
    /// The frame's state.
    state: CalendarState,
) -> impl IntoView {
    let first = Memo::new(move |_| days::week_of(days::month_of(state.day.get()), state.week_start.get()));
    let busy = load(move || (first.get(), state.version.get()), |(first, _)| load_busy_days(first));
    let month = move |steps: i32| state.place.with(|place| place.on(days::add_months(state.day.get(), steps)).href());
    let title = move || {
        let day = state.day.get();
        format!("{} {}", words::month_name(day), day.year())
    };
    let names = move || (0..7).map(|at| weekday(days::add(first.get(), at))).collect_view();
    view! {
        <section class="mini" aria-label="Month">
            <div class="mini-head">
                <h2>{title}</h2>
                <a class="btn btn-ghost btn-icon" href=move || month(-1) aria-label="Previous month">
                    <Icon name="left" />
                </a>
                <a class="btn btn-ghost btn-icon" href=move || month(1) aria-label="Next month">
                    <Icon name="right" />
                </a>
            </div>
            <table>
                <thead>
                    <tr>{names}</tr>
                </thead>
                <tbody>
                    {arriving(nothing, move || async move {
                        let busy = busy.await.unwrap_or_default();
                        (move || weeks(shown(state, first.get(), busy))).into_any()
                    })}
                </tbody>
            </table>
        </section>
    }
    .into_any()
}

fn shown(state: CalendarState, first: Date, busy: u64) -> Shown {
    let (view, day) = (state.view.get(), state.day.get());
    let here = match view {
        View::Agenda => Span { from: day, to: days::add(day, 1) },
        view => view.span(day, state.week_start.get()),
    };
    Shown { first, month: days::month_of(day), today: state.today.get(), here, view, busy }
}

fn weekday(day: Date) -> AnyView {
    let name = words::weekday_name(day);
    view! {
        <th scope="col" abbr=name>
            {&name[..1]}
        </th>
    }
    .into_any()
}

fn weeks(shown: Shown) -> AnyView {
    (0..6)
        .map(|week| {
            let cells = (0..7).map(|day| cell(shown, week * 7 + day)).collect_view();
            view! { <tr>{cells}</tr> }.into_any()
        })
        .collect_view()
        .into_any()
}

fn cell(shown: Shown, at: i32) -> AnyView {
    let date = days::add(shown.first, at);
    let other = date.month() != shown.month.month();
    let busy = shown.busy >> at & 1 == 1;
    let mut class = String::new();
    let here = shown.view != View::Month && shown.here.contains(date);
    for (is, name) in [(other, "mini-other "), (here, "mini-here "), (here && shown.here.days() == 1, "mini-one "), (busy, "mini-busy ")] {
        if is {
            class.push_str(name);
        }
    }
    // From the month one goes to the day; the other views stay and move.
    let view = if shown.view == View::Month { View::Day } else { shown.view };
    let href = Place { view, date: Some(date), ..Place::default() }.href();
    let label = format!("{}{}", words::day_long(date), if busy { ", has events" } else { "" });
    view! {
        <td class=class>
            <a href=href aria-label=label aria-current=(date == shown.today).then_some("date")>
                {date.day()}
            </a>
        </td>
    }
    .into_any()
}
