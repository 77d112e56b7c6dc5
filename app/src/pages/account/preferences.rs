//! Time zone, week, clock and theme.

use super::api::SavePreferences;
use crate::ui::form::{Field, FormAnswer, FormError, FormState, PostForm, Submit};
use crate::ui::toast::use_toasts;
use crate::use_session;
use leptos::prelude::*;
use syncline_domain::view::{Preferences, Theme, WeekStart};

const WEEKS: [(&str, &str, WeekStart); 3] =
    [("monday", "Monday", WeekStart::Monday), ("sunday", "Sunday", WeekStart::Sunday), ("saturday", "Saturday", WeekStart::Saturday)];
const CLOCKS: [(&str, &str, bool); 2] = [("false", "24 hours (15:30)", false), ("true", "12 hours (3:30 pm)", true)];
const THEMES: [(&str, &str, Theme); 3] =
    [("system", "As the system", Theme::System), ("light", "Light", Theme::Light), ("dark", "Dark", Theme::Dark)];

/// Time zone, week, clock and theme.
#[component]
pub(super) fn PreferencesForm() -> impl IntoView {
    let form = FormState::of::<SavePreferences>("preferences", &["time_zone", "second_zone"]);
    let (session, toasts) = (use_session(), use_toasts());
    let now = session.preferences().get_untracked();
    let done = Callback::new(move |answer: FormAnswer| {
        if let Ok(saved) = answer.cast::<Preferences>().open() {
            #[cfg(feature = "hydrate")]
            wear(saved.theme);
            session.0.update(|viewer| viewer.iter_mut().for_each(|viewer| viewer.preferences = saved.clone()));
        }
        toasts.good("Saved.");
    });
    view! {
        <section class="section">
            <h2>"Times and looks"</h2>
            <PostForm state=form class="card card-body stack form" on_done=done>
                <FormError form />
                <div class="form-pair">
                    <Field form name="time_zone" label="Time zone" value=now.time_zone.unwrap_or_default() placeholder="Europe/Berlin" list="zones" optional=true />
                    <Field
                        form
                        name="second_zone"
                        label="Second time zone"
                        value=now.second_zone.unwrap_or_default()
                        placeholder="America/New_York"
                        list="zones"
                        optional=true
                    />
                </div>
                <Zones />
                <div class="form-triple">
                    <Choice name="week_start" label="Week begins on" options=WEEKS.map(|(value, words, week)| (value, words, week == now.week_start)).to_vec() />
                    <Choice name="hour12" label="Clock" options=CLOCKS.map(|(value, words, clock)| (value, words, clock == now.hour12)).to_vec() />
                    <Choice name="theme" label="Theme" options=THEMES.map(|(value, words, theme)| (value, words, theme == now.theme)).to_vec() />
                </div>
                <div class="row">
                    <Submit form label="Save" busy="Saving…" />
                </div>
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Choice(name: &'static str, label: &'static str, options: Vec<(&'static str, &'static str, bool)>) -> impl IntoView {
    let id = format!("preferences-{name}");
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select class="select" id=id name=name>
                {options.into_iter().map(|(value, words, chosen)| view! { <option value=value selected=chosen>{words}</option> }).collect_view()}
            </select>
        </div>
    }
    .into_any()
}

/// The zones that the browser knows, to choose from while typing.
#[component]
fn Zones() -> impl IntoView {
    let zones = RwSignal::new(Vec::<String>::new());
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| zones.set(known_zones().unwrap_or_default()));
    view! { <datalist id="zones">{move || zones.get().into_iter().map(|zone| view! { <option value=zone></option> }).collect_view()}</datalist> }.into_any()
}

#[cfg(feature = "hydrate")]
fn known_zones() -> Option<Vec<String>> {
    use wasm_bindgen::JsCast;
    let intl = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let method = js_sys::Reflect::get(&intl, &"supportedValuesOf".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
    let zones = method.call1(&intl, &"timeZone".into()).ok()?.dyn_into::<js_sys::Array>().ok()?;
    Some(zones.iter().filter_map(|zone| zone.as_string()).collect())
}

/// The document takes the theme at once.
#[cfg(feature = "hydrate")]
fn wear(theme: Theme) {
    if let Some(html) = document().document_element() {
        _ = html.set_attribute("data-theme", crate::theme_name(theme));
    }
}
