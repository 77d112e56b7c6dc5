//! Forms that work before WASM arrives and better after it.
//!
//! A [`PostForm`] is a plain `<form method="post">` at the address of a server function. Without JavaScript the browser posts
//! it and is sent back, with the error in the address and what was typed (see [`plain`]). With JavaScript the same form is
//! sent in the background: one piece of code for all forms, whatever server function they call, so that the page stays small.
//!
//! To add a form: a [`FormState`] for its server function, a [`PostForm`] around [`Field`]s, a [`FormError`] and a
//! [`Submit`]. A server function whose problems belong beside a field: see [`which`].

pub mod field;
#[cfg(feature = "ssr")]
pub mod plain;
pub mod row;
#[cfg(feature = "hydrate")]
mod send;
pub mod which;

pub use field::{Field, FormError, Submit};
pub use row::{RefusedNote, RowForm};

use crate::error::{WireError, WireKind};
use crate::memo::Memo;
use crate::route::use_route;
use crate::wire::Packed;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos::server_fn::error::ServerFnUrlError;

/// What the server function answered, still packed: `answer.cast::<T>().open()`.
pub type FormAnswer = Packed<()>;

/// What a form knows of itself.
#[derive(Debug, Clone, Copy)]
pub struct FormState {
    /// Where it is posted to.
    pub url: &'static str,
    /// Begins the ids of its fields; one word that no other form of the page has.
    pub id: &'static str,
    /// The names of its fields.
    pub fields: &'static [&'static str],
    /// It was sent and not answered yet.
    pub pending: RwSignal<bool>,
    /// The answer was an error.
    pub error: RwSignal<Option<WireError>>,
    /// The page was loaded because the form was posted without JavaScript and refused.
    refused: bool,
}

impl FormState {
    /// The state of a form for a server function.
    #[must_use]
    pub fn of<S: ServerFn<Error = WireError>>(id: &'static str, fields: &'static [&'static str]) -> Self {
        let error =
            refused_plainly().filter(|(path, _)| path == S::PATH && kept("form").is_none_or(|form| form == id)).map(|(_, error)| error);
        Self { url: S::url(), id, fields, pending: RwSignal::new(false), refused: error.is_some(), error: RwSignal::new(error) }
    }

    /// The state of a form inside a row: many of them post to the same server function, so an error in the address is not
    /// theirs (see [`RefusedNote`]).
    #[must_use]
    pub fn row<S: ServerFn<Error = WireError>>() -> Self {
        Self { url: S::url(), id: "row", fields: &[], pending: RwSignal::new(false), error: RwSignal::new(None), refused: false }
    }

    /// What was typed into a field before the form was refused without JavaScript, or what the address suggests.
    #[must_use]
    pub fn typed(self, field: &str) -> Option<String> {
        self.refused.then(|| kept(field)).flatten()
    }

    /// The error that belongs beside a field, or to the form as a whole (`None`).
    #[must_use]
    pub fn error_at(self, field: Option<&'static str>) -> Memo<Option<WireError>> {
        let fields = self.fields;
        Memo::new(move |_| {
            self.error.get().filter(|error| {
                which::field_in(fields, &error.problem.code) == field && error.kind != WireKind::Connection
                    || field.is_none() && error.kind == WireKind::Connection
            })
        })
    }
}

fn kept(name: &str) -> Option<String> {
    use_route().with_untracked(|address| address.filled(name))
}

/// The server function that refused a form without JavaScript, and why: it stands in the address (see [`plain::refuse`]).
fn refused_plainly() -> Option<(String, WireError)> {
    Some((kept("__path")?, ServerFnUrlError::<WireError>::decode_err(&kept("__err")?)))
}

/// A form that is posted to a server function.
#[component]
pub fn PostForm(
    /// Its state.
    state: FormState,
    /// It holds a file.
    #[prop(optional)]
    multipart: bool,
    /// Its fields are emptied when it went well.
    #[prop(optional)]
    reset: bool,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// Called when it is sent, before the answer: to show at once what will be.
    #[prop(optional, into)]
    on_send: Option<Callback<()>>,
    /// Called with the answer's JSON when it went well.
    #[prop(optional, into)]
    on_done: Option<Callback<FormAnswer>>,
    /// Fields and buttons.
    children: Children,
) -> impl IntoView {
    let enctype = if multipart { "multipart/form-data" } else { "application/x-www-form-urlencoded" };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if state.pending.get_untracked() {
            return;
        }
        send_form(&event, state, multipart, reset, on_done);
        on_send.iter().for_each(|callback| callback.run(()));
    };
    view! {
        <form class=class action=state.url method="post" enctype=enctype on:submit=submit>
            {children()}
        </form>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
fn send_form(event: &SubmitEvent, state: FormState, multipart: bool, reset: bool, on_done: Option<Callback<FormAnswer>>) {
    send::form(event, state, multipart, reset, on_done);
}

#[cfg(not(feature = "hydrate"))]
fn send_form(_event: &SubmitEvent, _state: FormState, _multipart: bool, _reset: bool, _on_done: Option<Callback<FormAnswer>>) {}

/// Sends the form of a choice as soon as it changes.
pub fn send_on_change(event: leptos::ev::Event) {
    #[cfg(feature = "hydrate")]
    send::form_of(&event);
    #[cfg(not(feature = "hydrate"))]
    drop(event);
}

/// Closes a popover.
pub fn hide_popover(id: &str) {
    #[cfg(feature = "hydrate")]
    send::hide_popover(id);
    #[cfg(not(feature = "hydrate"))]
    let _ = id;
}
