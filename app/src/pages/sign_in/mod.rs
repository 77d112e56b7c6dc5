//! Sign-in: `/sign-in`.

pub mod api;
pub mod browser;

use crate::route::use_route;
use crate::ui::Title;
use crate::ui::demo::{Place, demo};
use crate::ui::form::FormAnswer;
use crate::ui::form::{Field, FormError, FormState, PostForm, Submit};
use api::{SignIn, SignOut};
use browser::BrowserFields;
use leptos::prelude::*;

/// Goes to another page by loading it as a whole: who is signed in has changed, and with it everything.
pub(crate) fn load(address: &str) {
    #[cfg(feature = "hydrate")]
    {
        _ = window().location().set_href(address);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = address;
}

/// The name of the product above a form.
#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            "Syncline"
        </span>
    }
    .into_any()
}

/// Sign-in: `/sign-in`.
#[component]
pub fn SignInPage() -> impl IntoView {
    let form = FormState::of::<SignIn>("sign-in", &["email", "password"]);
    let next = use_route().with_untracked(|address| address.filled("next")).unwrap_or_default();
    let done = move |answer: FormAnswer| load(crate::address::safe_next(answer.cast::<String>().open().ok().as_deref()));
    view! {
        <Title text="Sign in" />
        <main class="bare" id="main">
            <div class="bare-box">
                <Brand />
                <h1>"Sign in"</h1>
                <PostForm state=form class="stack" on_done=done>
                    <FormError form />
                    <input type="hidden" name="next" value=next />
                    <BrowserFields />
                    <Field form name="email" label="E-mail" kind="email" autocomplete="username" autofocus=true />
                    <Field form name="password" label="Password" kind="password" autocomplete="current-password" />
                    <Submit form label="Sign in" busy="Signing in…" class="btn btn-primary btn-lg" />
                </PostForm>
                {demo(Place::SignIn)}
            </div>
        </main>
    }
    .into_any()
}

/// Ends the session.
#[component]
pub fn SignOutButton(
    /// The button's class.
    #[prop(default = "btn")]
    class: &'static str,
) -> impl IntoView {
    let form = FormState::of::<SignOut>("sign-out", &[]);
    view! {
        <PostForm state=form on_done=move |_: FormAnswer| load("/sign-in")>
            <button class=class type="submit">"Sign out"</button>
        </PostForm>
    }
    .into_any()
}
