//! The browser's side: its history, and links of the page that are followed without loading the document again.

use super::{Address, Page, Route};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use web_sys::{HtmlAnchorElement, MouseEvent};

/// The address of this document.
pub(super) fn here() -> Address {
    let location = window().location();
    Address::parse(&format!("{}{}", location.pathname().unwrap_or_default(), location.search().unwrap_or_default()))
}

/// Follows the history and the links, as long as the document lives.
pub(super) fn follow(route: Route) {
    let popped = window_event_listener_untyped("popstate", move |_| route.0.set(here()));
    let clicked = window_event_listener_untyped("click", move |event| {
        if let Some((event, href)) = event.dyn_into().ok().and_then(|event: MouseEvent| inner_link(&event).map(|href| (event, href))) {
            event.prevent_default();
            route.go(&href);
        }
    });
    on_cleanup(move || [popped, clicked].into_iter().for_each(|listener| listener.remove()));
}

/// The path and more of a link that was plainly clicked and leads to one of the pages. Everything else is the browser's.
fn inner_link(event: &MouseEvent) -> Option<String> {
    if event.default_prevented() || event.button() != 0 || event.meta_key() || event.alt_key() || event.ctrl_key() || event.shift_key() {
        return None;
    }
    let target: web_sys::Element = event.target()?.dyn_into().ok()?;
    let link: HtmlAnchorElement = target.closest("a[href]").ok()??.dyn_into().ok()?;
    let location = window().location();
    let (path, search, hash) = (link.pathname(), link.search(), link.hash());
    let elsewhere = link.origin() != location.origin().ok()? || link.has_attribute("download") || link.has_attribute("target");
    // A part of this very page is the browser's to show.
    let within = !hash.is_empty() && Ok(&path) == location.pathname().as_ref() && Ok(&search) == location.search().as_ref();
    (!elsewhere && !within && Page::at(&path).is_some()).then(|| path + &search + &hash)
}

/// Sets the browser's address, then what follows from it. To the address where one is already, no step is added.
pub(super) fn set(route: Route, href: &str, replace: bool) {
    let Ok(history) = window().history() else { return };
    let (before, after) = (here(), Address::parse(href));
    let written = if replace || before == after {
        history.replace_state_with_url(&JsValue::NULL, "", Some(href))
    } else {
        history.push_state_with_url(&JsValue::NULL, "", Some(href))
    };
    if written.is_err() {
        // The browser refuses when a page goes on too often in a short time; the document at that address will do.
        _ = window().location().set_href(href);
        return;
    }
    let other_page = before.path != after.path;
    route.0.set(after);
    let part = href.split_once('#').map(|(_, part)| part.to_owned()).filter(|part| !part.is_empty());
    request_animation_frame(move || match part.and_then(|part| document().get_element_by_id(&part)) {
        Some(part) => part.scroll_into_view(),
        None if other_page => document().get_element_by_id("main").into_iter().for_each(|main| main.set_scroll_top(0)),
        None => {}
    });
}
