//! Changing the password.

use super::api::ChangePassword;
use crate::ui::form::{Field, FormAnswer, FormError, FormState, PostForm, Submit};
use crate::ui::toast::use_toasts;
use crate::use_session;
use leptos::prelude::*;

/// Changes the password.
#[component]
pub(super) fn PasswordForm() -> impl IntoView {
    let form = FormState::of::<ChangePassword>("change-password", &["old", "new"]);
    let toasts = use_toasts();
    let email = use_session().0.with_untracked(|viewer| viewer.as_ref().map(|viewer| viewer.email.clone()));
    let done = Callback::new(move |_: FormAnswer| toasts.good("The password is changed. Every other session is signed out."));
    view! {
        <section class="section">
            <h2>"Password"</h2>
            <PostForm state=form reset=true class="card card-body stack form" on_done=done>
                <FormError form />
                <input type="text" name="username" value=email autocomplete="username" hidden=true />
                <Field form name="old" label="Password now" kind="password" autocomplete="current-password" />
                <Field
                    form
                    name="new"
                    label="New password"
                    kind="password"
                    hint="At least 10 characters. A few words are easy to remember."
                    autocomplete="new-password"
                    min_length=10
                />
                <div class="row">
                    <Submit form label="Change password" busy="Changing…" />
                </div>
            </PostForm>
        </section>
    }
    .into_any()
}
