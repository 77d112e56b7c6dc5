//! How every connection stands: `/health`. Only on the server.

use crate::error::WireError;
use crate::pages::settings::words;
use crate::ui::icons::Icon;
use crate::ui::relative_time::words::{ago, counted, grouped, iso, until};
use crate::ui::results::words::what_happened;
use leptos::prelude::*;
use syncline_core::Hub;
use syncline_core::hub::Check;
use syncline_domain::health::{ConnectionHealth, QuotaUse, STALE, WebhookState};
use syncline_domain::view::{ConnectionState, Preferences, Viewer};

/// The page.
pub(super) async fn html(hub: &Hub, viewer: &Viewer) -> Result<String, WireError> {
    let connections = hub.health(&viewer.id).await?;
    let clock = Clock { hub, preferences: &viewer.preferences };
    let server = if viewer.is_admin { Some(hub.readiness().await) } else { None };
    let cards = connections.iter().map(|connection| card(connection, &clock)).collect_view();
    let view = view! {
        {connections.is_empty().then(empty)}
        {cards}
        {server.map(|checks| this_server(&checks))}
    };
    Ok(view.to_html())
}

/// The viewer's clock.
struct Clock<'a> {
    hub: &'a Hub,
    preferences: &'a Preferences,
}

impl Clock<'_> {
    /// "5 minutes ago", with the exact time on the viewer's clock.
    fn past(&self, at: i64) -> AnyView {
        self.time(at, ago(at, self.hub.now()))
    }

    fn future(&self, at: i64) -> AnyView {
        self.time(at, until(at, self.hub.now()))
    }

    fn time(&self, at: i64, words: String) -> AnyView {
        let form = if self.preferences.hour12 { "%-d %B, %-I:%M %P" } else { "%-d %B, %H:%M" };
        let exact = self.hub.wall_at(at, self.preferences.time_zone.as_deref()).strftime(form).to_string();
        view! { <time datetime=iso(at)>{words} <span class="muted">" · " {exact}</span></time> }.into_any()
    }
}

fn empty() -> AnyView {
    view! {
        <div class="empty card">
            <Icon name="calendar" />
            <h2>"Nothing is connected yet"</h2>
            <p>"This page shows how each connection stands: its last good sync, whether the provider tells of changes by itself, and what is here."</p>
            <a class="btn btn-primary" href="/settings/connections">"Add a connection"</a>
        </div>
    }
    .into_any()
}

fn card(of: &ConnectionHealth, clock: &Clock<'_>) -> AnyView {
    let (word, class) = words::state_words(of.state);
    let never = || "Never".into_any();
    let facts: Vec<(&'static str, AnyView)> = vec![
        ("Last good sync", of.last_success_at.map_or_else(never, |at| clock.past(at))),
        ("Last try", of.last_attempt_at.map_or_else(never, |at| clock.past(at))),
        ("Next sync", next(of, clock)),
        ("First sync", if of.initial_sync_done { "Done" } else { "Not done yet" }.into_any()),
        ("Live updates", webhook(of, clock)),
        ("Events", events(of).into_any()),
    ];
    let requests = of.quota.map(|quota| ("Requests", requests(quota).into_any()));
    let holds = (of.holds_open > 0).then(|| {
        let words = format!("{} to decide on", counted(of.holds_open, "held deletion"));
        view! { <p class="small"><a href="/holds">{words}</a></p> }
    });
    let facts = facts.into_iter().chain(requests).map(|(name, what)| view! { <div><dt>{name}</dt><dd>{what}</dd></div> }).collect_view();
    view! {
        <article class="card" aria-label=of.name.clone()>
            <header class="card-head">
                <div class="grow">
                    <h2>{of.name.clone()}</h2>
                    <p class="muted small">{of.provider.title()}</p>
                </div>
                <span class=class>{word}</span>
            </header>
            <div class="card-body stack">{remedy(of, clock)} <dl class="facts">{facts}</dl> {holds}</div>
        </article>
    }
    .into_any()
}

fn next(of: &ConnectionHealth, clock: &Clock<'_>) -> AnyView {
    match (of.next_sync_at, of.state) {
        (Some(at), _) => clock.future(at),
        (None, ConnectionState::Disabled) => "Not while it is disabled".into_any(),
        (None, ConnectionState::NeedsReconnecting) => "Not until you reconnect it".into_any(),
        (None, _) if of.interval_s == 0 => "Only by hand".into_any(),
        (None, _) => "After this one".into_any(),
    }
}

fn webhook(of: &ConnectionHealth, clock: &Clock<'_>) -> AnyView {
    let ends = of.webhook_expires_at.map(|at| view! { ", renewed before it ends " {clock.future(at)} });
    match of.webhook {
        WebhookState::None if of.interval_s == 0 => "No".into_any(),
        WebhookState::None => "No: it is asked at every interval".into_any(),
        WebhookState::Active => view! { "On" {ends} }.into_any(),
        WebhookState::Unconfirmed => "Not confirmed for two days; it is asked at every interval as well".into_any(),
        WebhookState::Expired => "Expired; it is renewed within the hour, and asked at every interval".into_any(),
    }
}

/// "12 in the last minute, of 600 that Google allows".
fn requests(quota: QuotaUse) -> String {
    let window = if quota.window_s == 60 { "minute".to_owned() } else { format!("{} minutes", quota.window_s / 60) };
    let slowed = if quota.slowed { "; slowed down to stay below it" } else { "" };
    format!("{} in the last {window}, of {} that are allowed{slowed}", quota.used, grouped(quota.limit.into()))
}

fn events(of: &ConnectionHealth) -> String {
    let mut words = format!("{} here", counted(of.events_live, "event"));
    if of.events_deleted > 0 {
        words.push_str(&format!(", {} gone", of.events_deleted));
    }
    if of.events_via_webhook > 0 {
        words.push_str(&format!(", {} by live update", of.events_via_webhook));
    }
    words
}

/// What to do, where something is to be done.
fn remedy(of: &ConnectionHealth, clock: &Clock<'_>) -> Option<AnyView> {
    let (class, first) = match of.state {
        ConnectionState::Stale => ("note note-warn", STALE.0.to_owned()),
        ConnectionState::Failing => ("note note-bad", format!("{} in a row failed.", counted(of.failures, "sync"))),
        ConnectionState::NeedsReconnecting => ("note note-bad", "The provider does not let Syncline in any more.".to_owned()),
        _ => return None,
    };
    let (what, todo) = match &of.problem {
        Some(problem) => (what_happened(&problem.message).to_owned(), problem.action.clone()),
        None => (String::new(), STALE.1.to_owned()),
    };
    let safe = of.last_success_at.map(|at| view! { <p>"What is here stays, as of " {clock.past(at)} "."</p> });
    let (href, word) = match of.state {
        ConnectionState::NeedsReconnecting => (format!("/settings/connections?reconnect={}#reconnect", of.connection_id), "Reconnect"),
        _ => (format!("/settings/calendars#connection-{}", of.connection_id), "Go to Sync now"),
    };
    Some(
        view! {
            <div class=class>
                <Icon name="alert" />
                <div class="note-text">
                    <p class="note-title">{first} " " {what}</p>
                    {safe}
                    <p>{todo}</p>
                </div>
                <div class="note-actions"><a class="btn btn-sm" href=href>{word}</a></div>
            </div>
        }
        .into_any(),
    )
}

/// What `/readyz` says, for the administrator.
fn this_server(checks: &[Check]) -> AnyView {
    let word = |name: &str| match name {
        "database" => "Database",
        "migrations" => "Tables",
        "scheduler" => "Schedule",
        _ => "Data folder",
    };
    let well = checks.iter().all(|check| check.wrong.is_none());
    let (badge, class) = if well { ("Ready", "badge badge-good") } else { ("Not ready", "badge badge-bad") };
    let facts = checks
        .iter()
        .map(|check| {
            let what = check.wrong.map_or_else(|| "Good".to_owned(), |wrong| format!("Wrong: {wrong}"));
            view! { <div><dt>{word(check.name)}</dt><dd>{what}</dd></div> }
        })
        .collect_view();
    view! {
        <article class="card" aria-label="This server">
            <header class="card-head">
                <h2 class="grow">"This server"</h2>
                <span class=class>{badge}</span>
            </header>
            <div class="card-body"><dl class="facts">{facts}</dl></div>
        </article>
    }
    .into_any()
}
