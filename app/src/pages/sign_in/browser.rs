//! What the browser says of zone, week and clock: hidden fields of the forms that sign in.

use leptos::prelude::*;

/// Hidden fields that the page fills in once it runs; without JavaScript they stay empty.
#[component]
pub fn BrowserFields() -> impl IntoView {
    let said = RwSignal::new((String::new(), "", ""));
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| said.set(ask::browser()));
    view! {
        <input type="hidden" name="zone" value=move || said.with(|said| said.0.clone()) />
        <input type="hidden" name="week_start" value=move || said.with(|said| said.1) />
        <input type="hidden" name="hour12" value=move || said.with(|said| said.2) />
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
pub(crate) mod ask {
    use js_sys::{Array, Function, Reflect, global};
    use wasm_bindgen::{JsCast, JsValue};

    fn get(of: &JsValue, name: &str) -> Option<JsValue> {
        Reflect::get(of, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
    }

    fn call(of: &JsValue, name: &str) -> Option<JsValue> {
        get(of, name)?.dyn_into::<Function>().ok()?.call0(of).ok()
    }

    fn make(class: &str, arguments: &Array) -> Option<JsValue> {
        let class = get(&get(&global(), "Intl")?, class)?.dyn_into::<Function>().ok()?;
        Reflect::construct(&class, arguments).ok()
    }

    /// Zone, first day of the week, 12-hour clock; what the browser does not know is empty.
    pub(crate) fn browser() -> (String, &'static str, &'static str) {
        let hour = js_sys::Object::new();
        _ = Reflect::set(&hour, &"hour".into(), &"numeric".into());
        let options = make("DateTimeFormat", &Array::of2(&JsValue::UNDEFINED, &hour)).and_then(|format| call(&format, "resolvedOptions"));
        let zone = options.as_ref().and_then(|options| get(options, "timeZone")).and_then(|zone| zone.as_string()).unwrap_or_default();
        let hour12 = options.as_ref().and_then(|options| get(options, "hour12")).and_then(|hour12| hour12.as_bool());
        (zone, first_day().unwrap_or_default(), hour12.map_or("", |hour12| if hour12 { "true" } else { "false" }))
    }

    /// A method in some browsers, a property in others, missing in the rest.
    fn first_day() -> Option<&'static str> {
        let language = leptos::prelude::window().navigator().language()?;
        let locale = make("Locale", &Array::of1(&language.into()))?;
        let week = call(&locale, "getWeekInfo").or_else(|| get(&locale, "weekInfo"))?;
        match get(&week, "firstDay")?.as_f64()? as u8 {
            6 => Some("saturday"),
            7 => Some("sunday"),
            _ => Some("monday"),
        }
    }
}

/// The fields as they came.
#[cfg(feature = "ssr")]
#[derive(Debug, Default)]
pub struct Browser {
    /// IANA zone.
    pub zone: Option<String>,
    /// `monday`, `sunday`, `saturday`.
    pub week_start: Option<String>,
    /// `true`, `false`.
    pub hour12: Option<String>,
}

#[cfg(feature = "ssr")]
impl Browser {
    /// Stores what the browser said when nothing is known of the account yet. A browser that says nothing, or something that is
    /// not known here, is no reason not to sign in.
    pub async fn learn(self, email: &str) {
        let Ok(hub) = crate::context::hub() else { return };
        let Ok(Some(viewer)) = hub.user_by_email(email).await else { return };
        let Some(preferences) = self.over(viewer.preferences) else { return };
        if let Err(error) = hub.set_preferences(&viewer.id, &preferences).await {
            tracing::info!(error = %error, "what the browser says of itself was not stored");
        }
    }

    /// The preferences with what the browser said; `None` when they are known already or it said nothing.
    fn over(self, known: syncline_domain::view::Preferences) -> Option<syncline_domain::view::Preferences> {
        use syncline_domain::view::{Preferences, WeekStart};
        let zone = self.zone.filter(|zone| !zone.is_empty() && known.time_zone.is_none())?;
        Some(Preferences {
            time_zone: Some(zone),
            week_start: match self.week_start.as_deref() {
                Some("monday") => WeekStart::Monday,
                Some("sunday") => WeekStart::Sunday,
                Some("saturday") => WeekStart::Saturday,
                _ => known.week_start,
            },
            hour12: self.hour12.and_then(|hour12| hour12.parse().ok()).unwrap_or(known.hour12),
            ..known
        })
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;
    use syncline_domain::view::{Preferences, WeekStart};

    fn american() -> Browser {
        Browser { zone: Some("America/New_York".to_owned()), week_start: Some("sunday".to_owned()), hour12: Some("true".to_owned()) }
    }

    #[test]
    fn a_new_account_takes_what_the_browser_says() {
        let learned = american().over(Preferences::default()).unwrap();
        assert_eq!(learned.time_zone.as_deref(), Some("America/New_York"));
        assert_eq!(learned.week_start, WeekStart::Sunday);
        assert!(learned.hour12);
    }

    #[test]
    fn what_the_user_chose_is_never_replaced() {
        let chosen = Preferences { time_zone: Some("Europe/Berlin".to_owned()), ..Preferences::default() };
        assert_eq!(american().over(chosen), None);
    }

    #[test]
    fn a_browser_without_scripts_teaches_nothing() {
        let silent = Browser { zone: Some(String::new()), week_start: Some(String::new()), hour12: Some(String::new()) };
        assert_eq!(silent.over(Preferences::default()), None);
    }
}
