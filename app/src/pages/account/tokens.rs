//! API tokens: for scripts that call REST in the user's name.

use super::api::{CreateToken, RevokeToken, load_tokens};
use crate::ui::form::FormAnswer;
use crate::ui::form::{Field, FormError, FormState, PostForm, RowForm, Submit};
use crate::ui::icons::Icon;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::relative_time::When;
use crate::ui::toast::use_toasts;
use crate::ui::{arriving, nothing};
use crate::wire::{load_first, shared};
use leptos::prelude::*;
use syncline_domain::view::ApiToken;

/// The user's API tokens.
#[component]
pub(super) fn Tokens() -> impl IntoView {
    let live = use_live();
    let tokens = load_first(move || live.version.get(), |_| load_tokens());
    let form = FormState::of::<CreateToken>("token", &["name"]);
    let fresh = RwSignal::new(shared(left));
    let done = Callback::new(move |answer: FormAnswer| {
        fresh.set(answer.cast().open().ok());
        live.refresh();
    });
    view! {
        <section class="section" id="tokens">
            <h2>"API tokens"</h2>
            <p class="muted">"For scripts that call the REST interface in your name: " <code>"Authorization: Bearer syn_…"</code></p>
            <div class="card">
                {move || fresh.get().map(|secret| view! { <Fresh secret /> })}
                {arriving(nothing, move || async move {
                    match tokens.await {
                        Ok(tokens) => view! { <List tokens /> }.into_any(),
                        Err(error) => view! { <div class="card-body"><ProblemNote problem=error.problem /></div> }.into_any(),
                    }
                })}
                <PostForm state=form reset=true class="card-foot token-form" on_done=done>
                    <FormError form />
                    <Field form name="name" label="What is it for?" placeholder="Backup script" />
                    <Submit form label="Create token" busy="Creating…" class="btn" />
                </PostForm>
            </div>
        </section>
    }
    .into_any()
}

/// A fresh token that a form without JavaScript left.
fn left() -> Option<String> {
    #[cfg(feature = "ssr")]
    return super::flash::take();
    #[cfg(not(feature = "ssr"))]
    None
}

/// A fresh token, shown once.
#[component]
fn Fresh(secret: String) -> impl IntoView {
    let toasts = use_toasts();
    let text = secret.clone();
    let copy = move |_| {
        if put_on_clipboard(&text) {
            toasts.good("The token is copied.");
        } else {
            toasts.bad("The browser lets pages copy only over https. Select the token and copy it yourself.");
        }
    };
    view! {
        <div class="card-body">
            <div class="note note-good">
                <Icon name="key" />
                <div class="note-text">
                    <p class="note-title">"Your new token"</p>
                    <p>"Copy it now: it is not shown again."</p>
                    <code class="secret">{secret}</code>
                </div>
                <button class="btn btn-sm js-only" type="button" on:click=copy>
                    <Icon name="copy" />
                    "Copy"
                </button>
            </div>
        </div>
    }
    .into_any()
}

/// Browsers have no clipboard on pages that came over plain http.
#[cfg(feature = "hydrate")]
pub(crate) fn put_on_clipboard(text: &str) -> bool {
    let navigator = window().navigator();
    let has = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if has {
        _ = navigator.clipboard().write_text(text);
    }
    has
}

#[cfg(not(feature = "hydrate"))]
fn put_on_clipboard(_text: &str) -> bool {
    false
}

#[component]
fn List(tokens: Vec<ApiToken>) -> impl IntoView {
    if tokens.is_empty() {
        return view! { <p class="card-body muted">"There are no tokens."</p> }.into_any();
    }
    view! { <ul class="list">{tokens.into_iter().map(|token| view! { <Row token /> }).collect_view()}</ul> }.into_any()
}

#[component]
fn Row(token: ApiToken) -> impl IntoView {
    let form = FormState::row::<RevokeToken>();
    let used = match token.last_used_at {
        Some(at) => view! { "last used " <When at /> }.into_any(),
        None => "never used".into_any(),
    };
    view! {
        <li>
            <Icon name="key" />
            <div class="grow">
                <p>{token.name.clone()} " " <code class="muted">{token.prefix} "…"</code></p>
                <p class="muted small">"Made " <When at=token.created_at /> ", " {used}</p>
            </div>
            <RowForm state=form>
                <input type="hidden" name="id" value=token.id.to_string() />
                <button class="btn btn-sm btn-danger" type="submit" aria-label=format!("Revoke {}", token.name)>"Revoke"</button>
            </RowForm>
        </li>
    }
    .into_any()
}
