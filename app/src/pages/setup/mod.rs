//! The first account of this instance: `/setup`.

pub mod api;

use crate::pages::sign_in::browser::BrowserFields;
use crate::pages::sign_in::{Brand, load};
use crate::ui::Title;
use crate::ui::demo::{Place, demo};
use crate::ui::form::FormAnswer;
use crate::ui::form::{Field, FormError, FormState, PostForm, Submit};
use api::CreateAccount;
use leptos::prelude::*;

/// The first account of this instance: `/setup`.
#[component]
pub fn SetupPage() -> impl IntoView {
    let form = FormState::of::<CreateAccount>("setup", &["email", "password"]);
    view! {
        <Title text="Create the first account" />
        <main class="bare" id="main">
            <div class="bare-box">
                <Brand />
                <div>
                    <h1>"Create the first account"</h1>
                    <p class="muted">"It becomes the administrator of this Syncline. Everything stays on this server."</p>
                </div>
                <PostForm state=form class="stack" on_done=move |_: FormAnswer| load("/settings/connections")>
                    <FormError form />
                    <BrowserFields />
                    <Field form name="email" label="E-mail" kind="email" placeholder="you@example.com" autocomplete="username" autofocus=true />
                    <Field
                        form
                        name="password"
                        label="Password"
                        kind="password"
                        hint="At least 10 characters. A few words are easy to remember."
                        autocomplete="new-password"
                        min_length=10
                    />
                    <Submit form label="Create account" busy="Creating your account…" class="btn btn-primary btn-lg" />
                </PostForm>
                {demo(Place::Setup)}
            </div>
        </main>
    }
    .into_any()
}
