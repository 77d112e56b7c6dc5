//! A problem, in the user's words, with the next step: what stands above a form that was refused, and in place of what could not
//! be shown.

use crate::ui::icons::Icon;
use leptos::prelude::*;
use syncline_domain::failure::Problem;

/// What happened, and what to do.
#[component]
pub fn ProblemNote(
    /// The problem.
    problem: Problem,
) -> impl IntoView {
    view! {
        <div class="note note-bad" role="alert">
            <Icon name="alert" />
            <div class="note-text">
                <p class="note-title">{problem.message}</p>
                <p>{problem.action}</p>
            </div>
        </div>
    }
    .into_any()
}
