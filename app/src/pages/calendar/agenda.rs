//! The agenda: days one under the other, and more of them as one goes on.

use super::look::{Look, spoken};
use super::state::{CalendarState, use_calendar};
use crate::ui::listed;
use jiff::civil::Date;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use syncline_domain::layout::agenda::{AgendaDay, Entry, agenda};
use syncline_domain::layout::{Span, View, days, words};
use syncline_domain::view::{GridEvent, Period};

/// Days before and after those of the address; only the browser adds them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// In order of time.
    pub(super) parts: RwSignal<Vec<Arc<Period>>>,
    /// An earlier or later part is on its way.
    pub(super) busy: RwSignal<bool>,
}

/// Days with their events, endless in both directions: the browser loads more near the ends, and without scripts the same
/// places are links.
#[component]
pub fn Agenda(
    /// The occurrences to begin with.
    period: Arc<Period>,
) -> impl IntoView {
    let state = use_calendar();
    let reach = Reach { parts: RwSignal::new(vec![period]), busy: RwSignal::new(false) };
    let element = NodeRef::<html::Div>::new();
    let edge = move |steps: i32| {
        let date = reach.parts.with(|parts| if steps < 0 { parts.first().map(|part| part.from) } else { parts.last().map(|part| part.to) });
        let date = date.unwrap_or_else(|| state.day.get());
        let date = if steps < 0 { View::Agenda.step(date, -1) } else { date };
        state.place.with(|place| place.on(date).href())
    };
    view! {
        <div
            class="agenda"
            node_ref=element
            aria-busy=move || reach.busy.get().to_string()
            on:click=move |event| {
                #[cfg(feature = "hydrate")]
                if let Some(list) = element.get_untracked() {
                    super::endless::click(&event, &list, reach, state);
                }
                #[cfg(not(feature = "hydrate"))]
                let _ = event;
            }
            on:scroll=move |event| {
                #[cfg(feature = "hydrate")]
                super::endless::scroll(&event, reach, state);
                #[cfg(not(feature = "hydrate"))]
                let _ = event;
            }
        >
            <a class="agenda-edge btn btn-ghost" data-reach="-1" href=move || edge(-1)>
                "Earlier"
            </a>
            {listed(move || reach.parts.get(), |part| part.from.to_string(), move |part| part_view(part, state))}
            <a class="agenda-edge btn btn-ghost" data-reach="1" href=move || edge(1)>
                "Later"
            </a>
        </div>
    }
}

fn part_view(part: Arc<Period>, state: CalendarState) -> AnyView {
    let span = Span { from: part.from, to: part.to };
    let list = agenda(span, &part.events);
    if list.is_empty() {
        let words = format!("Nothing from {} to {}", words::day_short(part.from), words::day_short(days::add(part.to, -1)));
        return view! { <p class="agenda-nothing">{words}</p> }.into_any();
    }
    (move || days_view(&list, &part.events, &Look::of(state), state.today.get())).into_any()
}

/// Days and their lines: the agenda's, and what a search found.
pub(super) fn days_view(list: &[AgendaDay], events: &[GridEvent], look: &Look, today: Date) -> AnyView {
    list.iter().map(|day| day_view(day, events, look, today)).collect_view().into_any()
}

fn day_view(day: &AgendaDay, events: &[GridEvent], look: &Look, today: Date) -> AnyView {
    let date = day.date;
    let lines = day.entries.iter().map(|entry| line(*entry, &events[entry.event], look)).collect_view();
    let relative = match days::number(date) - days::number(today) {
        0 => "Today",
        1 => "Tomorrow",
        -1 => "Yesterday",
        _ => "",
    };
    let past = if date < today { "agenda-day is-past" } else { "agenda-day" };
    view! {
        <section class=past aria-label=words::day_long(date)>
            <h2>
                <a href=look.day_href(date) aria-current=(date == today).then_some("date")>
                    <span class="agenda-number">{date.day()}</span>
                    <span class="agenda-weekday">
                        {format!("{}, {}", words::weekday_short(date), words::month_short(date))}
                        <span class="agenda-year">{format!(" {}", date.year())}</span>
                    </span>
                </a>
                <span class="agenda-relative">{relative}</span>
            </h2>
            <ul role="list">{lines}</ul>
        </section>
    }
    .into_any()
}

fn line(entry: Entry, event: &GridEvent, look: &Look) -> AnyView {
    let time = match (entry.whole_day, entry.of, entry.day) {
        (true, ..) => "All day".to_owned(),
        (_, of, 1) if of > 1 => format!("from {}", look.time(event.start.time())),
        (_, of, day) if of > 1 && day == of => format!("until {}", look.time(event.end.time())),
        _ => look.range(event),
    };
    let part = (entry.of > 1).then(|| view! { <span class="agenda-part">{format!("Day {} of {}", entry.day, entry.of)}</span> });
    let place = event.location.clone().map(|place| view! { <span class="agenda-place">{place}</span> });
    view! {
        <li>
            <a class=look.class("agenda-line", event) href=look.href(event)>
                <span class="agenda-bar"></span>
                <span class="agenda-time">{time}</span>
                <span class="agenda-text">
                    <span class="chip-title">{event.title.clone()}</span>
                    {part}
                    {place}
                    {spoken(event)}
                </span>
            </a>
        </li>
    }
    .into_any()
}
