//! Small forms inside rows: a switch, a colour, a button.

use super::FormAnswer;
use super::{FormState, PostForm};
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::toast::use_toasts;
use leptos::prelude::*;

/// A form without fields to type into: its error is a message in the corner, its success refreshes the page's data.
#[component]
pub fn RowForm(
    /// Its state, from [`FormState::row`].
    state: FormState,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// Called when it is sent: to show at once what will be.
    #[prop(optional, into)]
    on_send: Option<Callback<()>>,
    /// Called with the answer in place of refreshing the page's data.
    #[prop(optional, into)]
    on_done: Option<Callback<FormAnswer>>,
    /// Called when it was refused: to take back what was shown.
    #[prop(optional, into)]
    on_fail: Option<Callback<()>>,
    /// Fields and buttons.
    children: Children,
) -> impl IntoView {
    let toasts = use_toasts();
    let live = use_live();
    Effect::new(move |_| {
        if let Some(error) = state.error.get() {
            toasts.refused(&error);
            on_fail.iter().for_each(|callback| callback.run(()));
        }
    });
    let done = on_done.unwrap_or_else(|| Callback::new(move |_| live.refresh()));
    let send = on_send.unwrap_or_else(|| Callback::new(|()| ()));
    view! {
        <PostForm state class on_done=done on_send=send>
            {children()}
        </PostForm>
    }
    .into_any()
}

/// The error of a [`RowForm`] that was posted without JavaScript. Once at the top of a page.
#[component]
pub fn RefusedNote() -> impl IntoView {
    super::refused_plainly().map(|(_, error)| view! { <ProblemNote problem=error.problem /> })
}
