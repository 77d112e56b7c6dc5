//! Fields with labels, hints and their errors.

use super::FormState;
use crate::ui::problem::ProblemNote;
use leptos::prelude::*;

/// One thing to fill in, with its label, an example, a hint, and the error beside it.
#[component]
pub fn Field(
    /// The form.
    form: FormState,
    /// The name under which it is sent.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: Option<String>,
    /// An example.
    #[prop(optional, into)]
    placeholder: String,
    /// A sentence below it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// For the browser's and the password manager's memory.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// It may stay empty.
    #[prop(optional)]
    optional: bool,
    /// It has the focus at first.
    #[prop(optional)]
    autofocus: bool,
    /// Fewest characters.
    #[prop(optional)]
    min_length: Option<u32>,
    /// Which files a file field takes.
    #[prop(optional)]
    accept: Option<&'static str>,
    /// The id of a `<datalist>` with suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let id = format!("{}-{name}", form.id);
    let error_id = format!("{id}-error");
    let hint_id = format!("{id}-hint");
    let error = form.error_at(Some(name));
    let invalid = move || error.with(Option::is_some);
    let described = {
        let (error_id, hint_id, has_hint) = (error_id.clone(), hint_id.clone(), hint.is_some());
        move || match (error.with(Option::is_some), has_hint) {
            (true, _) => Some(error_id.clone()),
            (false, true) => Some(hint_id.clone()),
            (false, false) => None,
        }
    };
    let value = form.typed(name).or(value);
    // Addresses, names and secrets are not prose.
    let plain = matches!(kind, "url" | "email" | "password") || matches!(name, "address" | "username");
    view! {
        <div class="field">
            <label for=id.clone()>{label} {optional.then(|| view! { <span class="muted">" (optional)"</span> })}</label>
            <input
                class="input"
                id=id
                name=name
                r#type=kind
                value=value
                placeholder=placeholder
                autocomplete=autocomplete
                required=!optional
                autofocus=autofocus
                minlength=min_length
                accept=accept
                list=list
                autocapitalize=plain.then_some("none")
                spellcheck=plain.then_some("false")
                aria-invalid=move || invalid().then_some("true")
                aria-describedby=described
            />
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
            <p class="error" id=error_id>{move || error.get().map(|error| error.problem.to_string())}</p>
        </div>
    }
    .into_any()
}

/// The error that is about the form as a whole.
#[component]
pub fn FormError(
    /// The form.
    form: FormState,
) -> impl IntoView {
    let error = form.error_at(None);
    move || error.get().map(|error| view! { <ProblemNote problem=error.problem /> })
}

/// The button that sends a form; it says what it does while it does it.
#[component]
pub fn Submit(
    /// The form.
    form: FormState,
    /// What it does: "Add".
    label: &'static str,
    /// What it is doing: "Checking the address…".
    #[prop(optional)]
    busy: Option<&'static str>,
    /// Its class.
    #[prop(default = "btn btn-primary")]
    class: &'static str,
) -> impl IntoView {
    let pending = form.pending;
    view! {
        <button class=class type="submit" aria-busy=move || pending.get().then_some("true")>
            {move || pending.get().then(|| view! { <span class="spinner"></span> })}
            <span>{move || if pending.get() { busy.unwrap_or(label) } else { label }}</span>
        </button>
    }
    .into_any()
}
