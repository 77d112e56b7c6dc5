//! Deletions that wait for the user: `/holds` and `/holds/:id`.

pub mod actions;
pub mod api;

pub use actions::HoldActions;

use crate::memo::Memo;
use crate::route::{Page, use_route};
use crate::ui::Title;
use crate::ui::icons::Icon;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::relative_time::When;
use crate::ui::relative_time::words::{counted, grouped};
use crate::ui::{arriving, nothing};
use crate::use_session;
use crate::wire::load_first;
use leptos::prelude::*;
use syncline_domain::civil::{parse_date, parse_date_time};
use syncline_domain::layout::words;
use syncline_domain::view::{HeldEvent, Hold};

/// Deletions that wait for the user: `/holds`.
#[component]
pub fn HoldsPage() -> impl IntoView {
    let live = use_live();
    let holds = load_first(move || live.version.get(), |_| api::list_holds());
    view! {
        <Title text="Holds" />
        <div class="page">
            <header class="page-head">
                <h1>"Holds"</h1>
            </header>
            <p class="muted">
                "When a calendar suddenly comes back much smaller, Syncline keeps what is stored and asks you first. Nothing is removed until you say so."
            </p>
            {arriving(nothing, move || async move {
                match holds.await {
                    Ok(holds) if holds.is_empty() => view! { <NoHolds /> }.into_any(),
                    Ok(holds) => holds.into_iter().map(|hold| view! { <HoldCard hold /> }).collect_view().into_any(),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
    .into_any()
}

#[component]
fn NoHolds() -> impl IntoView {
    view! {
        <div class="empty">
            <Icon name="check" />
            <h2>"Nothing is on hold"</h2>
            <p>"No calendar wants to remove more than usual."</p>
            <a class="btn" href="/settings/calendars">"Settings for my calendars"</a>
        </div>
    }
    .into_any()
}

#[component]
fn HoldCard(hold: Hold) -> impl IntoView {
    view! {
        <article class="card">
            <header class="card-head">
                <Icon name="pause" />
                <div class="grow">
                    <h2>{hold.calendar_name.clone()}</h2>
                    <p class="muted small">{hold.connection_name.clone()} " · " <When at=hold.created_at /></p>
                </div>
            </header>
            <div class="card-body stack">
                <HoldWords hold=hold.clone() />
                <HoldActions hold=hold.id would_delete=hold.would_delete />
            </div>
        </article>
    }
    .into_any()
}

#[component]
fn HoldWords(hold: Hold) -> impl IntoView {
    let words = format!("The calendar came back with {} of {}. Nothing was removed.", grouped(hold.remaining), counted(hold.live, "event"));
    view! { <p>{words}</p> }.into_any()
}

/// One hold with what would go: `/holds/:id`.
#[component]
pub fn HoldPage() -> impl IntoView {
    let route = use_route();
    let id = Memo::new(move |before: Option<&String>| {
        // On the way to another page it stays what it was.
        let id = route.with(|address| (Page::at(&address.path) == Some(Page::Hold)).then(|| address.last_segment()));
        id.or_else(|| before.cloned()).unwrap_or_default()
    });
    let hold = load_first(move || id.get(), api::load_hold);
    view! {
        <Title text="What would go" />
        <div class="page">
            <p>
                <a href="/holds">"All holds"</a>
            </p>
            {arriving(nothing, move || async move {
                match hold.await {
                    Ok(hold) => view! { <WhatWouldGo hold /> }.into_any(),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
    .into_any()
}

#[component]
fn WhatWouldGo(hold: Hold) -> impl IntoView {
    let route = use_route();
    let done = Callback::new(move |()| route.go("/holds"));
    let hour12 = use_session().preferences().get_untracked().hour12;
    let shown = hold.events.len() as u64;
    let more = (shown < hold.would_delete)
        .then(|| format!("These are the first {}; {} more would go.", grouped(shown), grouped(hold.would_delete - shown)));
    view! {
        <header class="page-head">
            <div>
                <h1>{hold.calendar_name.clone()}</h1>
                <p class="muted">{hold.connection_name.clone()} " · " <When at=hold.created_at /></p>
            </div>
        </header>
        <HoldWords hold=hold.clone() />
        <HoldActions hold=hold.id would_delete=hold.would_delete on_its_page=true on_done=done />
        <section class="section">
            <h2>{format!("{} would go", counted(hold.would_delete, "event"))}</h2>
            <div class="card table-wrap">
                <table class="table">
                    <thead><tr><th>"When"</th><th>"Title"</th></tr></thead>
                    <tbody>{hold.events.into_iter().map(|event| view! { <HeldRow event hour12 /> }).collect_view()}</tbody>
                </table>
            </div>
            {more.map(|more| view! { <p class="muted small">{more}</p> })}
        </section>
    }
    .into_any()
}

#[component]
fn HeldRow(event: HeldEvent, hour12: bool) -> impl IntoView {
    view! {
        <tr>
            <td class="held-when">{when_words(&event.start, hour12)}</td>
            <td>{event.title} {event.recurring.then(|| view! { <span class="badge">"repeats"</span> })}</td>
        </tr>
    }
    .into_any()
}

/// "Tue 10 Mar 2026, 09:00" from `2026-03-10 09:00`, the day alone from `2026-03-10`.
fn when_words(start: &str, hour12: bool) -> String {
    let Some(date) = start.get(..10).and_then(parse_date) else { return start.to_owned() };
    let day = format!("{} {}", words::weekday_short(date), words::day_short(date));
    match parse_date_time(&format!("{}:00", start.replace(' ', "T"))) {
        Some(at) => format!("{day}, {}", words::time(at.time(), hour12)),
        None => day,
    }
}

#[cfg(test)]
mod tests {
    use super::when_words;

    #[test]
    fn a_held_event_says_its_day_and_its_time_by_the_clock_of_the_viewer() {
        assert_eq!(when_words("2026-03-10 15:30", false), "Tue 10 Mar 2026, 15:30");
        assert_eq!(when_words("2026-03-10 15:30", true), "Tue 10 Mar 2026, 3:30 pm");
        assert_eq!(when_words("2026-03-10", true), "Tue 10 Mar 2026");
    }
}
