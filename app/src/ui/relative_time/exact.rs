//! Exact times by the browser's own `Intl`, which has the zone tables that the page does not carry.

use js_sys::{Array, Date, Intl, Object, Reflect};
use syncline_domain::view::Preferences;
use wasm_bindgen::prelude::*;

/// "Tuesday, 10 March 2026 at 09:05" in the viewer's zone and clock; `None` when the browser does not know the zone.
pub(super) fn in_zone(at: i64, preferences: &Preferences) -> Option<String> {
    let options = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&options, &name.into(), &value).is_ok();
    set("dateStyle", "full".into());
    set("timeStyle", "short".into());
    set("hour12", preferences.hour12.into());
    if let Some(zone) = &preferences.time_zone {
        set("timeZone", zone.as_str().into());
    }
    let format = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor = Reflect::get(&format, &"DateTimeFormat".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    // Constructed by reflection: an unknown zone is then an error to handle, not an exception that ends the page.
    let made = Reflect::construct(&constructor, &Array::of2(&"en-GB".into(), &options)).ok()?.dyn_into::<Intl::DateTimeFormat>().ok()?;
    let date: JsValue = Date::new(&(at as f64).into()).into();
    made.format().call1(&JsValue::UNDEFINED, &date).ok()?.as_string()
}
