//! What only a browser can do: measure, scroll, listen. Each function is called once, while its component is built.

use super::more::More;
use super::state::{CalendarState, use_calendar};
use leptos::html;
use leptos::prelude::*;
use syncline_domain::layout::days;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};

/// Height of a line in a cell of the month and of what stands above the lines, in pixels, wide and narrow: as in
/// `style/calendar-month.css`.
const LINE: (f64, f64) = (22.0, 19.0);
const HEAD: (f64, f64) = (30.0, 28.0);
const NAMES: f64 = 28.0;
const NARROW: f64 = 900.0;

/// Finds how many lines fit into a cell of the month, now and whenever the window changes.
pub(super) fn measure_rows(element: NodeRef<html::Div>, weeks: i32, rows: RwSignal<u16>) {
    let measure = move || {
        let Some(room) =
            element.get_untracked().and_then(|month| month.parent_element()).and_then(|around| around.closest(".main").ok().flatten())
        else {
            return;
        };
        let narrow = window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|width| width <= NARROW);
        let (line, head) = if narrow { (LINE.1, HEAD.1) } else { (LINE.0, HEAD.0) };
        let cell = (f64::from(room.client_height()) - NAMES) / f64::from(weeks.max(1));
        let fit = ((cell - head) / line).floor().clamp(2.0, 14.0) as u16;
        if rows.get_untracked() != fit {
            rows.set(fit);
        }
    };
    Effect::new(move |_| {
        if element.get().is_some() {
            measure();
        }
    });
    let resized = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resized.remove());
}

/// Shows the working hours, or now on the day itself, in place of midnight.
pub(super) fn scroll_to_working_hours(element: NodeRef<html::Div>) {
    let state = use_calendar();
    Effect::new(move |_| {
        let Some(hours) = element.get() else { return };
        let Some(main) = hours.closest(".main").ok().flatten() else { return };
        let body = hours.query_selector(".hours-body").ok().flatten();
        let height = body.map_or(1152.0, |body| f64::from(body.client_height()));
        let now = state.now.get_untracked();
        // The line of now stands a third from the top; else the day begins at half past seven.
        let hour =
            if state.today.get_untracked() == state.day.get_untracked() { (f64::from(now.hour()) - 3.0).clamp(0.0, 7.5) } else { 7.5 };
        main.set_scroll_top((height * hour / 24.0) as i32);
    });
}

/// Opens the popover of a day when its "+n more" is pressed, beside it.
pub(super) fn open_more(event: &web_sys::MouseEvent, more: More) {
    if event.ctrl_key() || event.meta_key() || event.shift_key() {
        return;
    }
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(link) = target.and_then(|target| target.closest("[data-more]").ok().flatten()) else { return };
    let Some(date) = link.get_attribute("data-more").and_then(|text| days::parse(&text)) else { return };
    event.prevent_default();
    more.day.set(Some(date));
    request_animation_frame(move || {
        if let Some(popover) = more.popover.get_untracked() {
            let _ = popover.show_popover();
            put_beside(&popover, &link);
        }
    });
}

/// Going somewhere closes the popover.
pub(super) fn close_more(more: More) {
    let place = use_calendar().place;
    Effect::new(move |_| {
        place.track();
        if let Some(popover) = more.popover.get_untracked() {
            let _ = popover.hide_popover();
        }
    });
}

/// Over the cell, moved so that all of it is in the window.
fn put_beside(popover: &HtmlElement, link: &Element) {
    let cell = link.closest(".month-day").ok().flatten().unwrap_or_else(|| link.clone()).get_bounding_client_rect();
    let size = popover.get_bounding_client_rect();
    let window = window();
    let most = |side: Result<wasm_bindgen::JsValue, _>, own: f64| side.ok().and_then(|side| side.as_f64()).unwrap_or(0.0) - own - 8.0;
    let left = (cell.left() + (cell.width() - size.width()) / 2.0).min(most(window.inner_width(), size.width())).max(8.0);
    let top = cell.top().min(most(window.inner_height(), size.height())).max(8.0);
    let _ = popover.style().set_property("inset", &format!("{top}px auto auto {left}px"));
}

/// A swipe to the side goes to the next or the last period: how far it was from where the finger came down.
pub(super) fn swiped(from: (i32, i32), to: (i32, i32)) -> Option<i32> {
    /// Pixels to the side before it counts.
    const FAR: i32 = 60;
    let (aside, along) = (to.0 - from.0, to.1 - from.1);
    (aside.abs() > FAR && aside.abs() > 2 * along.abs()).then(|| -aside.signum())
}

/// The focus goes into the sheet when it opens and back to where it was when it closes.
pub(super) fn carry_focus(state: CalendarState) {
    let back = StoredValue::new_local(None::<HtmlElement>);
    Effect::new(move |before: Option<bool>| {
        let open = state.place.with(|place| place.event.is_some());
        let focused = || document().active_element().and_then(|element| element.dyn_into::<HtmlElement>().ok());
        match (before, open) {
            (Some(false), true) => {
                back.set_value(focused());
                focus_later(".sheet [data-close]");
            }
            (Some(true), false) => {
                if let Some(element) = back.try_update_value(Option::take).flatten().filter(|element| element.is_connected()) {
                    let _ = element.focus();
                } else {
                    focus_later("#main");
                }
            }
            _ => {}
        }
        open
    });
}

fn focus_later(selector: &'static str) {
    request_animation_frame(move || {
        let found = document().query_selector(selector).ok().flatten().and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(element) = found {
            let _ = element.focus();
        }
    });
}
