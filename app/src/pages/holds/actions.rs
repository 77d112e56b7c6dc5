//! Keep all, or remove.

use super::api::DecideHold;
use crate::ui::form::{FormAnswer, FormState, RowForm};
use crate::ui::live::use_live;
use crate::ui::relative_time::words::counted;
use crate::ui::toast::use_toasts;
use leptos::prelude::*;
use syncline_domain::ids::HoldId;

/// "Look at what would go · Keep all · Remove 237 events": calm, and nothing happens by itself.
#[component]
pub fn HoldActions(
    /// The hold.
    hold: HoldId,
    /// How many objects would go.
    would_delete: u64,
    /// It stands on the page that shows what would go.
    #[prop(optional)]
    on_its_page: bool,
    /// Called when it is decided.
    #[prop(optional, into)]
    on_done: Option<Callback<()>>,
) -> impl IntoView {
    let toasts = use_toasts();
    let live = use_live();
    let form = FormState::row::<DecideHold>();
    let remove = format!("Remove {}", counted(would_delete, "event"));
    let done = move |answer: FormAnswer| {
        match answer.cast::<u64>().open() {
            Ok(removed) if removed > 0 => toasts.good(format!("{} removed.", counted(removed, "event"))),
            _ => toasts.good("All events are kept. The same situation does not ask again."),
        }
        live.refresh();
        on_done.iter().for_each(|callback| callback.run(()));
    };
    let look = (!on_its_page).then(|| view! { <a class="btn btn-sm" href=format!("/holds/{hold}")>"Look at what would go"</a> });
    view! {
        <RowForm state=form class="row hold-actions" on_done=done>
            {look}
            <input type="hidden" name="id" value=hold.to_string() />
            <button class="btn btn-sm" type="submit" name="decision" value="reject">"Keep all"</button>
            <button class="btn btn-sm btn-danger" type="submit" name="decision" value="approve">{remove}</button>
        </RowForm>
    }
    .into_any()
}
