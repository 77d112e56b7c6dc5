//! What can be done with a connection: interval, disable, disconnect.

use super::api::{Disconnect, EnableConnection, SetInterval};
use super::words;
use crate::memo::Memo;
use crate::ui::form::{FormState, RowForm, send_on_change};
use crate::ui::live::use_live;
use crate::ui::relative_time::words::counted;
use crate::ui::toast::use_toasts;
use leptos::prelude::*;
use syncline_domain::ids::ConnectionId;
use syncline_domain::view::Connection;

/// How often a connection is synced by itself.
#[component]
pub(super) fn IntervalSelect(id: ConnectionId, of: Memo<Option<Connection>>) -> impl IntoView {
    let form = FormState::row::<SetInterval>();
    let current = Memo::new(move |_| of.with(|of| of.as_ref().map_or(0, |of| of.interval_s)));
    let field = format!("interval-{id}");
    view! {
        <RowForm state=form class="row">
            <input type="hidden" name="id" value=id.to_string() />
            <label class="sr-only" for=field.clone()>"Sync interval"</label>
            <select class="select select-sm" id=field name="seconds" on:change=send_on_change>
                {move || {
                    words::intervals(current.get())
                        .into_iter()
                        .map(|(seconds, words)| view! { <option value=seconds.to_string() selected=seconds == current.get()>{words}</option> })
                        .collect_view()
                }}
            </select>
            <button class="btn btn-sm no-js-only" type="submit">"Save"</button>
        </RowForm>
    }
    .into_any()
}

/// Switches a connection off or on. Its events stay.
#[component]
pub(super) fn EnableButton(id: ConnectionId, disabled: Memo<bool>) -> impl IntoView {
    let form = FormState::row::<EnableConnection>();
    view! {
        <RowForm state=form>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="enabled" value=move || disabled.get().to_string() />
            <button
                class="btn btn-sm"
                type="submit"
                aria-busy=move || form.pending.get().then_some("true")
                title="Its events stay. It is not synced while it is disabled."
            >
                {move || if disabled.get() { "Enable" } else { "Disable" }}
            </button>
        </RowForm>
    }
    .into_any()
}

/// Asks calmly and says what happens, then removes the connection from here. A native popover: it works without scripts.
#[component]
pub(super) fn DisconnectButton(id: ConnectionId, of: Memo<Option<Connection>>) -> impl IntoView {
    let form = FormState::row::<Disconnect>();
    let (live, toasts) = (use_live(), use_toasts());
    let name = move || of.with(|of| of.as_ref().map(|of| of.name.clone()).unwrap_or_default());
    let what = move || {
        of.with(|of| {
            let (calendars, events) =
                of.as_ref().map_or((0, 0), |of| (of.calendars.len() as u64, of.calendars.iter().map(|calendar| calendar.events).sum()));
            format!(
                "This removes {} with {} from Syncline. Nothing is changed at the provider, and you can connect it again at any time.",
                counted(calendars, "calendar"),
                counted(events, "event")
            )
        })
    };
    let done = move |_| {
        toasts.good(format!("{} is disconnected.", of.with_untracked(|of| of.as_ref().map(|of| of.name.clone()).unwrap_or_default())));
        live.refresh();
    };
    let dialog = format!("disconnect-{id}");
    let title = format!("{dialog}-title");
    let (opens, hides, labelled) = (dialog.clone(), dialog.clone(), title.clone());
    view! {
        <button class="btn btn-sm btn-danger" type="button" popovertarget=opens>"Disconnect"</button>
        <div class="dialog" id=dialog popover="auto" role="dialog" aria-labelledby=labelled>
            <div class="dialog-head"><h2 id=title>"Disconnect " {name} "?"</h2></div>
            <div class="dialog-body"><p>{what}</p></div>
            <RowForm state=form class="dialog-foot" on_done=done>
                <input type="hidden" name="id" value=id.to_string() />
                <button class="btn" type="button" popovertarget=hides popovertargetaction="hide" autofocus=true>"Keep it"</button>
                <button class="btn btn-danger" type="submit">{move || if form.pending.get() { "Disconnecting…" } else { "Disconnect" }}</button>
            </RowForm>
        </div>
    }
    .into_any()
}
