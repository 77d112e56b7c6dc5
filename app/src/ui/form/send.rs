//! Sends a form in the background. Only in the page.

use super::{FormAnswer, FormState};
use crate::error::{WireError, WireKind};
use leptos::ev::{Event, SubmitEvent};
use leptos::form::form_data_from_event;
use leptos::prelude::*;
use leptos::server_fn::client::{Client, browser::BrowserClient};
use leptos::server_fn::error::FromServerFnError;
use leptos::server_fn::request::{ClientReq, browser::BrowserRequest};
use leptos::server_fn::response::{ClientRes, browser::BrowserResponse};
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlElement, HtmlFormElement, HtmlSelectElement};

/// An answer is never HTML here: that is how the server tells a form of the page from one that was posted plainly.
const ACCEPT: &str = "application/x-postcard";

pub(super) fn form(event: &SubmitEvent, state: FormState, multipart: bool, reset: bool, on_done: Option<Callback<FormAnswer>>) {
    let element = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let Ok(data) = form_data_from_event(event) else { return };
    state.pending.set(true);
    state.error.set(None);
    leptos::task::spawn_local(async move {
        let answer = post(state.url, data, multipart).await;
        state.pending.try_set(false);
        match answer {
            Ok(answer) => {
                if let Some(element) = element.filter(|_| reset) {
                    element.reset();
                }
                on_done.iter().for_each(|callback| callback.run(answer.clone()));
            }
            Err(error) if error.kind == WireKind::Unauthenticated && error.problem.code == "not_signed_in" => sign_in_again(),
            Err(error) => {
                state.error.try_set(Some(error));
                request_animation_frame(move || focus_first_invalid(element.as_ref()));
            }
        }
    });
}

async fn post(url: &str, data: FormData, multipart: bool) -> Result<FormAnswer, WireError> {
    let request: BrowserRequest = if multipart {
        ClientReq::<WireError>::try_new_post_multipart(url, ACCEPT, data.into())?
    } else {
        ClientReq::<WireError>::try_new_post_form_data(url, ACCEPT, "application/x-www-form-urlencoded", data.into())?
    };
    let response: BrowserResponse = <BrowserClient as Client<WireError>>::send(request).await?;
    let failed = ClientRes::<WireError>::status(&response) >= 400;
    let body = ClientRes::<WireError>::try_into_bytes(response).await?;
    if failed { Err(WireError::de(body)) } else { Ok(FormAnswer::new(&*body)) }
}

fn sign_in_again() {
    let location = window().location();
    let here = location.pathname().unwrap_or_default();
    _ = location.set_href(&format!("/sign-in?next={here}"));
}

/// After a refusal the focus goes to the field that has to change.
fn focus_first_invalid(form: Option<&HtmlFormElement>) {
    let field = form.and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten());
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        _ = field.focus();
    }
}

/// Sends the form that a choice belongs to.
pub(super) fn form_of(event: &Event) {
    let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
    if let Some(form) = select.and_then(|select| select.form()) {
        _ = form.request_submit();
    }
}

/// Closes a popover. By reflection: the method is younger than the bindings.
pub(super) fn hide_popover(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Ok(method) = js_sys::Reflect::get(&element, &"hidePopover".into())
        && let Ok(method) = method.dyn_into::<js_sys::Function>()
    {
        _ = method.call0(&element);
    }
}
