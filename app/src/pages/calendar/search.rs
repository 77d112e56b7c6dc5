//! What a search found, in place of the grid.

use super::agenda::days_view;
use super::api::{self, SEARCH_LIMIT};
use super::look::Look;
use super::state::{Go, use_calendar};
use crate::memo::Memo;
use crate::ui::icons::Icon;
use crate::ui::problem::ProblemNote;
use crate::ui::{arriving, nothing};
use crate::wire::{Packed, load};
use leptos::prelude::*;
use syncline_domain::layout::agenda::by_start;
use syncline_domain::view::GridEvent;

/// The results for the words in the address; asks for words when there are none.
#[component]
pub fn Search() -> impl IntoView {
    let state = use_calendar();
    let words = Memo::new(move |_| state.place.with(|place| place.query.clone().unwrap_or_default()).trim().to_owned());
    let found = load(
        move || (words.get(), state.version.get()),
        |(words, _)| async move { if words.is_empty() { Ok(Packed::none()) } else { api::search_events(words).await.map(Packed::some) } },
    );
    let leave = move || state.place.with(|place| super::place::Place { query: None, event: None, ..place.clone() }.href());
    view! {
        <div class="agenda search">
            <div class="search-head">
                <SearchForm />
                <a class="btn btn-ghost" href=leave>
                    "Back to the calendar"
                </a>
            </div>
            {arriving(nothing, move || async move {
                match found.await {
                    Ok(events) => results(&words.get_untracked(), &events.unwrap_or_default(), &Look::of(state)),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
}

fn results(words: &str, events: &[GridEvent], look: &Look) -> AnyView {
    if words.is_empty() {
        return empty(
            "Search your calendars",
            "Type a word of a title, a place or a description. All of the words have to be in the event.",
        );
    }
    if events.is_empty() {
        return empty(
            &format!("Nothing found for “{words}”"),
            "Search looks at titles, places and descriptions of all visible calendars. Try fewer or shorter words.",
        );
    }
    let count = match events.len() {
        1 => "1 event".to_owned(),
        many if many >= SEARCH_LIMIT as usize => format!("The {many} events nearest to today"),
        many => format!("{many} events"),
    };
    let list = days_view(&by_start(events), events, look, look.now.date());
    view! {
        <p class="search-count" role="status">
            {format!("{count} for “{words}”")}
        </p>
        {list}
    }
    .into_any()
}

fn empty(title: &str, text: &'static str) -> AnyView {
    view! {
        <div class="empty">
            <Icon name="search" />
            <h2>{title.to_owned()}</h2>
            <p>{text}</p>
        </div>
    }
    .into_any()
}

/// The field for the words. Without scripts it is a plain form.
#[component]
pub fn SearchForm() -> impl IntoView {
    let state = use_calendar();
    let go = Go::here();
    let input = NodeRef::<leptos::html::Input>::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            go.to(&state.place.get_untracked().searching(input.value().trim()));
        }
    };
    view! {
        <form class="toolbar-search" role="search" action="/" method="get" on:submit=submit>
            <input type="hidden" name="view" value=move || state.view.get().as_str() />
            {move || state.place.with(|place| place.date).map(|date| view! { <input type="hidden" name="date" value=date.to_string() /> })}
            <Icon name="search" />
            <input
                class="input"
                type="search"
                name="q"
                placeholder="Search"
                aria-label="Search events"
                autocomplete="off"
                value=state.place.get_untracked().query
                prop:value=move || state.place.with(|place| place.query.clone().unwrap_or_default())
                node_ref=input
            />
            <kbd aria-hidden="true">"/"</kbd>
        </form>
    }
}
