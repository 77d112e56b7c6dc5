//! The agenda's ends: loads what comes before or after when one scrolls there or presses the link. Only in the browser.

use super::agenda::Reach;
use super::cache;
use super::state::CalendarState;
use crate::wire::Packed;
use leptos::prelude::*;
use std::sync::Arc;
use syncline_domain::layout::{Span, View, days};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, MouseEvent};

/// Loads ahead when less than this many pixels are left.
const AHEAD: i32 = 600;

/// The links at both ends load in place.
pub(super) fn click(event: &MouseEvent, list: &Element, reach: Reach, state: CalendarState) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let edge = target.and_then(|target| target.closest("[data-reach]").ok().flatten());
    if let Some(steps) = edge.and_then(|edge| edge.get_attribute("data-reach")?.parse().ok()) {
        event.prevent_default();
        load(list.clone(), reach, state, steps);
    }
}

/// Near an end, more is loaded; not any more once a part came back empty, or it would run on to the end of time.
pub(super) fn scroll(event: &Event, reach: Reach, state: CalendarState) {
    let Some(list) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let below = list.scroll_height() - list.client_height() - list.scroll_top();
    let (many, first_empty, last_empty) = reach.parts.with_untracked(|parts| {
        let empty = |part: Option<&Arc<_>>| part.is_none_or(|part: &Arc<syncline_domain::view::Period>| part.events.is_empty());
        (parts.len() > 1, empty(parts.first()), empty(parts.last()))
    });
    if below < AHEAD && !last_empty {
        load(list, reach, state, 1);
    } else if many && list.scroll_top() < AHEAD / 3 && !first_empty {
        load(list, reach, state, -1);
    }
}

fn load(list: Element, reach: Reach, state: CalendarState, steps: i32) {
    let edge =
        reach.parts.with_untracked(|parts| if steps < 0 { parts.first().map(|part| part.from) } else { parts.last().map(|part| part.to) });
    let (Some(edge), false) = (edge, reach.busy.get_untracked()) else { return };
    let from = if steps < 0 { View::Agenda.step(edge, -1) } else { edge };
    let span = Span { from, to: days::add(from, View::Agenda.span(from, state.week_start.get_untracked()).days()) };
    reach.busy.set(true);
    leptos::task::spawn_local(async move {
        let loaded = cache::load(span, state.version.get_untracked()).await;
        reach.busy.try_set(false);
        let Ok(period) = loaded.and_then(Packed::open) else { return };
        let (height, top) = (list.scroll_height(), list.scroll_top());
        reach.parts.try_update(|parts| parts.insert(if steps < 0 { 0 } else { parts.len() }, Arc::new(period)));
        if steps < 0 {
            // What one looks at stays where it is.
            request_animation_frame(move || list.set_scroll_top(top + list.scroll_height() - height));
        }
    });
}
