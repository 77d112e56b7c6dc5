//! The card of a connection.

use super::calendar::CalendarRow;
use super::controls::{DisconnectButton, EnableButton, IntervalSelect};
use super::words;
use crate::memo::Memo;
use crate::ui::icons::Icon;
use crate::ui::listed;
use crate::ui::relative_time::{Direction, When};
use crate::ui::results::words::what_happened;
use crate::ui::results::{Remedy, Safe, ShownResult};
use crate::ui::sync_button::{Size, SyncButton, SyncTarget, Variant};
use leptos::prelude::*;
use syncline_domain::ids::ConnectionId;
use syncline_domain::view::{Connection, ConnectionState};

/// The card of a connection: how it stands, its calendars, what can be done.
#[component]
pub fn ConnectionCard(
    /// The connection.
    id: ConnectionId,
    /// All of the user's.
    connections: RwSignal<Vec<Connection>>,
    /// The result above the cards.
    shown: ShownResult,
) -> impl IntoView {
    let key = id.clone();
    let of = Memo::new(move |_| connections.with(|known| known.iter().find(|connection| connection.id == key).cloned()));
    let calendars = move || of.with(|of| of.iter().flat_map(|of| &of.calendars).map(|calendar| calendar.id.clone()).collect::<Vec<_>>());
    let (anchor, name) = (format!("connection-{id}"), format!("name-{id}"));
    view! {
        <article class="card connection" id=anchor aria-labelledby=name>
            <Head id=id.clone() of />
            <div class="card-body stack">
                <Times of />
                <Forecast of />
                <Trouble id=id.clone() of connections shown />
            </div>
            <ul class="list calendars" aria-label="Calendars">
                {listed(calendars, ToString::to_string, move |calendar| view! { <CalendarRow calendar of shown /> }.into_any())}
            </ul>
            <Foot id of />
        </article>
    }
    .into_any()
}

#[component]
fn Head(id: ConnectionId, of: Memo<Option<Connection>>) -> impl IntoView {
    let provider = move || of.with(|of| of.as_ref().map(words::provider).unwrap_or_default());
    let name = move || of.with(|of| of.as_ref().map(|of| of.name.clone()).unwrap_or_default());
    let account = move || {
        of.with(|of| {
            of.as_ref().map(|of| match of.account.is_empty() || of.account == of.name {
                true => provider().1.to_owned(),
                false => format!("{} · {}", provider().1, of.account),
            })
        })
    };
    let badge = move || of.with(|of| of.as_ref().map(words::state).unwrap_or_default());
    view! {
        <header class="card-head">
            <span class="connection-icon">
                <Icon name=Signal::derive(move || provider().0) />
            </span>
            <div class="grow">
                <h2 id=format!("name-{id}")>{name}</h2>
                <p class="muted small truncate">{account}</p>
            </div>
            <span class=move || badge().1>{move || badge().0}</span>
        </header>
    }
    .into_any()
}

/// When it was synced last, and when it will be next.
#[component]
fn Times(of: Memo<Option<Connection>>) -> impl IntoView {
    let last = Memo::new(move |_| of.with(|of| of.as_ref().and_then(|of| of.last_success_at)));
    let next = Memo::new(move |_| of.with(|of| of.as_ref().and_then(|of| of.next_sync_at)));
    let told = Memo::new(move |_| of.with(|of| of.as_ref().is_some_and(|of| of.interval_s > 0 && of.pace_s > of.interval_s)));
    let no_next = move || {
        of.with(|of| match of {
            Some(of) if of.is_file => "An uploaded file: upload it again to change it",
            Some(of) if of.state == ConnectionState::Disabled => "Not synced while it is disabled",
            Some(of) if of.state == ConnectionState::NeedsReconnecting => "Not synced by itself until you reconnect it",
            Some(of) if of.interval_s == 0 => "Synced only by hand",
            _ => "Next sync after this one",
        })
    };
    view! {
        <p class="muted small connection-times">
            {move || match last.get() {
                Some(at) => view! { "Last synced " <When at /> }.into_any(),
                None => "Never synced".into_any(),
            }}
            " · "
            {move || match next.get() {
                Some(at) => view! { "Next sync " <When at direction=Direction::Future /> }.into_any(),
                None => no_next().into_any(),
            }}
            {move || told.get().then(|| {
                view! { <span title="The provider tells of every change by itself, so that Syncline looks less often.">" · Changes arrive at once"</span> }
            })}
        </p>
    }
    .into_any()
}

/// The permission ends soon: it can be given anew before that.
#[component]
fn Forecast(of: Memo<Option<Connection>>) -> impl IntoView {
    let is_gone = |of: &Connection| of.state == ConnectionState::NeedsReconnecting;
    let ends = Memo::new(move |_| of.with(|of| of.as_ref().filter(|of| !is_gone(of)).and_then(|of| of.permission_ends_at)));
    move || {
        ends.get().map(|at| {
            view! {
                <p class="small">"The permission ends " <When at direction=Direction::Future /> ". Reconnect before then to keep it in step."</p>
            }
        })
    }
}

/// What is wrong: what happened, what is safe, what to do; or the way to the result that says so.
#[component]
fn Trouble(id: ConnectionId, of: Memo<Option<Connection>>, connections: RwSignal<Vec<Connection>>, shown: ShownResult) -> impl IntoView {
    let problem = Memo::new(move |_| of.with(|of| of.as_ref().and_then(|of| of.problem.clone())));
    let key = id.clone();
    let said = Memo::new(move |_| shown.has(&|line| line.error.is_some() && line.connection_id == key));
    move || {
        problem.get().map(|problem| {
            if said.get() {
                return view! { <p class="small">"What went wrong: " <a href="#result">"see the result above"</a></p> }.into_any();
            }
            view! {
                <div class="note note-bad">
                    <Icon name="alert" />
                    <div class="note-text">
                        <p class="note-title">{what_happened(&problem.message).to_owned()}</p>
                        <p><Safe connections connection=id.clone() calendar=None /></p>
                        <Remedy problem connection=id.clone() />
                    </div>
                </div>
            }
            .into_any()
        })
    }
}

#[component]
fn Foot(id: ConnectionId, of: Memo<Option<Connection>>) -> impl IntoView {
    let disabled = Memo::new(move |_| of.with(|of| of.as_ref().is_none_or(|of| of.state == ConnectionState::Disabled)));
    let is_file = of.with_untracked(|of| of.as_ref().is_some_and(|of| of.is_file));
    let last = Signal::derive(move || of.with(|of| of.as_ref().and_then(|of| of.last_success_at)));
    let why_not = Signal::derive(move || disabled.get().then_some("It is disabled. Enable it first."));
    let reconnect = if is_file { "Upload again" } else { "Reconnect" };
    view! {
        <footer class="card-foot">
            <SyncButton
                target=SyncTarget::Connection(id.clone())
                variant=Variant::Outline
                size=Size::Sm
                last_success=last
                disabled=why_not
            />
            <span class="grow"></span>
            {(!is_file).then(|| view! { <IntervalSelect id=id.clone() of /> })}
            <EnableButton id=id.clone() disabled />
            <a class="btn btn-sm" href=format!("/settings/shown#shown-{id}")>"Filters"</a>
            <a class="btn btn-sm" href=format!("/settings/connections?reconnect={id}#reconnect")>{reconnect}</a>
            <DisconnectButton id of />
        </footer>
    }
    .into_any()
}
