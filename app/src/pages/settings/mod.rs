//! Settings for my calendars: `/settings/calendars`.
//!
//! The cards are keyed by connection and read their connection from one signal, so that a refresh changes words and numbers
//! and never takes the focus or an open menu away.

pub mod api;
pub mod calendar;
pub mod card;
pub mod controls;
pub mod tabs;
pub mod words;

use crate::memo::Memo;
use crate::ui::Title;
use crate::ui::form::RefusedNote;
use crate::ui::icons::Icon;
use crate::ui::listed;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::progress::ProgressPanel;
use crate::ui::results::{ResultPanel, use_shown_result};
use crate::ui::sync_button::{Size, SyncButton, SyncTarget};
use crate::ui::{arriving, nothing};
use crate::wire::{Packed, load_first};
use card::ConnectionCard;
use leptos::prelude::*;
use syncline_domain::view::Connection;
use tabs::SettingsTabs;

/// Settings for my calendars: `/settings/calendars`.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let version = use_live().version.get_untracked();
    let loaded = load_first(|| (), |()| api::load_connections());
    view! {
        <Title text="Settings for my calendars" />
        <div class="page settings">
            <SettingsTabs />
            {arriving(nothing, move || async move {
                match loaded.await {
                    Ok(first) => view! { <Loaded first version /> }.into_any(),
                    Err(error) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                }
            })}
        </div>
    }
    .into_any()
}

/// The user's connections: those that the page came with, asked for when [`LiveSync::version`] was `version`, then those of every
/// refresh.
///
/// [`LiveSync::version`]: crate::ui::live::LiveSync::version
#[must_use]
pub fn use_connections(first: Vec<Connection>, version: u32) -> RwSignal<Vec<Connection>> {
    let live = use_live();
    let connections = RwSignal::new(first);
    Effect::new(move |before: Option<u32>| {
        let known = before.unwrap_or(version);
        let version = live.version.get();
        // A sync that ended while the first ones were on their way is not missed.
        if known != version {
            leptos::task::spawn_local(async move {
                // What a later refresh will bring is not overwritten by an earlier one that took longer.
                if let Ok(fresh) = api::load_connections().await.and_then(Packed::open)
                    && live.version.try_get_untracked() == Some(version)
                {
                    connections.try_set(fresh);
                }
            });
        }
        version
    });
    connections
}

#[component]
fn Loaded(first: Vec<Connection>, version: u32) -> impl IntoView {
    let connections = use_connections(first, version);
    let shown = use_shown_result();
    let why_not = Signal::derive(move || connections.with(|known| words::why_not(known)));
    let ids = move || connections.with(|known| known.iter().map(|connection| connection.id.clone()).collect::<Vec<_>>());
    let empty = Memo::new(move |_| connections.with(Vec::is_empty));
    view! {
        <header class="page-head">
            <h1>"Settings for my calendars"</h1>
            <SyncButton target=SyncTarget::Everything size=Size::Lg label="Sync now" disabled=why_not />
        </header>
        <p class="muted small why-not">{move || why_not.get()}</p>
        <RefusedNote />
        <ProgressPanel />
        <ResultPanel shown connections />
        {move || empty.get().then(|| view! { <NothingConnected /> })}
        {listed(ids, ToString::to_string, move |id| view! { <ConnectionCard id connections shown /> }.into_any())}
        {move || (!empty.get()).then(|| view! {
            <p><a class="btn" href="/settings/connections"><Icon name="plus" /> "Add a connection"</a></p>
        })}
    }
    .into_any()
}

#[component]
fn NothingConnected() -> impl IntoView {
    view! {
        <div class="empty card">
            <Icon name="calendar" />
            <h2>"No calendar is connected yet"</h2>
            <p>"Connect a CalDAV account such as Fastmail, iCloud or Nextcloud, or subscribe to an ICS feed. Syncline reads them and never changes anything there."</p>
            <a class="btn btn-primary" href="/settings/connections">"Add a connection"</a>
        </div>
    }
    .into_any()
}
