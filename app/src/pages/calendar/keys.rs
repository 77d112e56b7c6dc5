//! The keyboard: what each key does, and the list that `?` shows.

use super::place::Place;
use super::state::{CalendarState, Go};
use crate::ui::icons::Icon;
use leptos::prelude::*;
use syncline_domain::layout::View;

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Look at today.
    Today,
    /// The next period, or the one before.
    Step(i32),
    /// Another view.
    See(View),
    /// Into the search field.
    Search,
    /// Sync everything.
    Sync,
    /// The list of keys.
    Help,
    /// Close what is open.
    Close,
}

/// What a key means, by its name in `KeyboardEvent.key`.
#[must_use]
pub fn meaning(key: &str) -> Option<Meaning> {
    Some(match key {
        "t" => Meaning::Today,
        "j" | "n" | "ArrowRight" => Meaning::Step(1),
        "k" | "p" | "ArrowLeft" => Meaning::Step(-1),
        "m" => Meaning::See(View::Month),
        "w" => Meaning::See(View::Week),
        "d" => Meaning::See(View::Day),
        "a" => Meaning::See(View::Agenda),
        "/" => Meaning::Search,
        "s" => Meaning::Sync,
        "?" => Meaning::Help,
        "Escape" => Meaning::Close,
        _ => return None,
    })
}

/// The list: keys and what they do.
const LIST: [(&[&str], &str); 10] = [
    (&["t"], "Go to today"),
    (&["j", "→"], "Next month, week or day"),
    (&["k", "←"], "The one before"),
    (&["m"], "Month"),
    (&["w"], "Week"),
    (&["d"], "Day"),
    (&["a"], "Agenda"),
    (&["/"], "Search"),
    (&["s"], "Sync everything"),
    (&["Esc"], "Close what is open"),
];

/// Where a key leads from here; `None` when it leads nowhere.
#[must_use]
pub fn target(meaning: Meaning, state: CalendarState) -> Option<Place> {
    let place = state.place.get_untracked();
    Some(match meaning {
        Meaning::Today => Place { view: place.view, ..Place::default() },
        Meaning::Step(steps) if place.query.is_none() => untrack(|| state.stepped(steps)),
        Meaning::See(view) => place.seen_as(view),
        Meaning::Close if place.event.is_some() => place.closed(),
        Meaning::Close if place.query.is_some() => Place { query: None, ..place },
        _ => return None,
    })
}

/// Listens to the keyboard, and holds the dialog with the list.
#[component]
pub fn Keys(
    /// The frame's state.
    state: CalendarState,
) -> impl IntoView {
    let go = Go::here();
    #[cfg(feature = "hydrate")]
    listen(state, go);
    #[cfg(not(feature = "hydrate"))]
    let _ = (state, go);
    let lines = LIST
        .iter()
        .map(|(keys, words)| {
            let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }.into_any()).collect_view();
            view! {
                <div>
                    <dt>{keys}</dt>
                    <dd>{*words}</dd>
                </div>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <dialog class="dialog" id="keys" aria-labelledby="keys-title">
            <div class="dialog-head">
                <h2 id="keys-title">"Keyboard shortcuts"</h2>
                <form method="dialog">
                    <button class="btn btn-ghost btn-icon" aria-label="Close">
                        <Icon name="close" />
                    </button>
                </form>
            </div>
            <dl class="dialog-body key-list">{lines}</dl>
        </dialog>
    }
}

#[cfg(feature = "hydrate")]
fn listen(state: CalendarState, go: Go) {
    use wasm_bindgen::JsCast as _;
    let route = crate::route::use_route();
    let listener = window_event_listener(leptos::ev::keydown, move |event| {
        let focused = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let typing = focused.is_some_and(|focused| {
            focused.closest("input:not([type=checkbox]), select, textarea, dialog, [popover]").ok().flatten().is_some()
        });
        let (Some(meaning), false) =
            (meaning(&event.key()), event.ctrl_key() || event.meta_key() || event.alt_key() || event.default_prevented())
        else {
            return;
        };
        if typing && !(meaning == Meaning::Close && state.place.with_untracked(|place| place.event.is_some())) {
            return;
        }
        let here = route.with_untracked(|address| address.path == "/");
        match meaning {
            Meaning::Help => show_list(),
            Meaning::Sync => press(".toolbar-tools .sync-button button"),
            Meaning::Search if here => focus_search(state, go),
            _ if !here => return,
            // An open menu or drawer is the browser's to close, and so is everything when nothing of the calendar's is open.
            Meaning::Close if is_menu_open() => return,
            Meaning::Close => match target(meaning, state) {
                Some(place) => go.back_to(&place),
                None => return,
            },
            _ => target(meaning, state).into_iter().for_each(|place| go.to(&place)),
        }
        event.prevent_default();
    });
    on_cleanup(move || listener.remove());
}

#[cfg(feature = "hydrate")]
fn is_menu_open() -> bool {
    document().query_selector(":popover-open").ok().flatten().is_some()
}

/// Shows the list of keys.
#[cfg(feature = "hydrate")]
pub fn show_list() {
    use wasm_bindgen::JsCast as _;
    let dialog = document().get_element_by_id("keys").and_then(|element| element.dyn_into::<web_sys::HtmlDialogElement>().ok());
    let _ = dialog.map(|dialog| dialog.show_modal());
}

/// Presses a button of the page.
#[cfg(feature = "hydrate")]
fn press(selector: &str) {
    use wasm_bindgen::JsCast as _;
    let button = document().query_selector(selector).ok().flatten();
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        button.click();
    }
}

/// Into the field where it is shown; on a narrow screen to the page of the search.
#[cfg(feature = "hydrate")]
fn focus_search(state: CalendarState, go: Go) {
    use wasm_bindgen::JsCast as _;
    let field = document().query_selector("[role=search] input[type=search]").ok().flatten();
    match field.and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok()).filter(|field| field.offset_width() > 0) {
        Some(field) => {
            let _ = field.focus();
            field.select();
        }
        None => go.to(&state.place.get_untracked().searching("")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_list_does_something() {
        for (keys, words) in LIST {
            for key in keys {
                let name = match *key {
                    "→" => "ArrowRight",
                    "←" => "ArrowLeft",
                    "Esc" => "Escape",
                    key => key,
                };
                assert!(meaning(name).is_some(), "{key}: {words}");
            }
        }
        assert_eq!(meaning("x"), None);
    }
}
