//! Adding and mending connections: `/settings/connections`.
//!
//! What is being added stands in the address (`?add=caldav&preset=icloud`), so every step is a link and works without JavaScript.

pub mod api;
#[cfg(feature = "ssr")]
mod begin;
pub mod forms;
pub mod hints;
pub mod mend;
pub mod token;
pub mod upload;

use crate::memo::Memo;
use crate::pages::settings::api::load_connections;
use crate::pages::settings::tabs::SettingsTabs;
use crate::pages::settings::words;
use crate::route::use_route;
use crate::ui::Title;
use crate::ui::form::FormAnswer;
use crate::ui::icons::Icon;
use crate::ui::live::use_live;
use crate::ui::problem::ProblemNote;
use crate::ui::{arriving, nothing};
use crate::wire::{Packed, load_first};
use forms::{AddCaldavForm, AddFeedForm, AddFileForm};
use leptos::prelude::*;
use mend::MendForm;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::Connection;
use token::AddCalendlyForm;

/// The page that shows a connection that was just added.
pub(crate) fn after(id: &ConnectionId) -> String {
    format!("/settings/calendars?added={id}#connection-{id}")
}

/// Goes to the page that shows the new connection.
fn use_show_added() -> Callback<FormAnswer> {
    let (route, live) = (use_route(), use_live());
    Callback::new(move |answer: FormAnswer| {
        live.refresh();
        live.ask();
        if let Ok(id) = answer.cast::<ConnectionId>().open() {
            route.go(&after(&id));
        }
    })
}

/// Adding and mending connections: `/settings/connections`.
#[component]
pub fn ConnectionsPage() -> impl IntoView {
    let live = use_live();
    let route = use_route();
    let connections = load_first(move || live.version.get(), |_| load_connections());
    let reconnect = Memo::new(move |_| route.with(|address| address.filled("reconnect")));
    view! {
        <Title text="Connections" />
        <div class="page settings">
            <SettingsTabs />
            <header class="page-head">
                <h1>"Connections"</h1>
            </header>
            <Refused />
            {arriving(nothing, move || {
                let reconnect = reconnect.get();
                async move {
                    match (connections.await, reconnect) {
                        (Ok(known), Some(id)) => view! { <MendForm known id /> }.into_any(),
                        (Ok(known), None) => view! { <Known known /> }.into_any(),
                        (Err(error), _) => view! { <ProblemNote problem=error.problem /> }.into_any(),
                    }
                }
            })}
            {move || reconnect.with(Option::is_none).then(|| view! { <Add /> })}
        </div>
    }
    .into_any()
}

/// Why the way to a provider's consent page came to nothing (`?provider=google&refused=consent_refused`).
#[component]
fn Refused() -> impl IntoView {
    let route = use_route();
    let refused = Memo::new(move |_| route.with(|address| ProviderKind::parse(address.get("provider")?).zip(address.filled("refused"))));
    let problem = load_first(
        move || refused.get(),
        async |refused| match refused {
            Some((provider, code)) => api::consent_problem(provider, code).await.map(Packed::some),
            None => Ok(Packed::none()),
        },
    );
    arriving(nothing, move || async move {
        problem.await.ok().flatten().map_or_else(nothing, |problem| view! { <ProblemNote problem /> }.into_any())
    })
}

/// What is connected already, with the way to its card.
#[component]
fn Known(known: Vec<Connection>) -> impl IntoView {
    (!known.is_empty()).then(|| {
        let rows = known
            .into_iter()
            .map(|connection| {
                let (icon, provider) = words::provider(&connection);
                let (state, class) = words::state(&connection);
                let about = if connection.host.is_empty() { provider.to_owned() } else { format!("{provider} · {}", connection.host) };
                view! {
                    <li>
                        <Icon name=icon />
                        <div class="grow">
                            <a href=format!("/settings/calendars#connection-{}", connection.id)>{connection.name}</a>
                            <p class="muted small truncate">{about}</p>
                        </div>
                        <span class=class>{state}</span>
                    </li>
                }
            })
            .collect_view();
        view! {
            <section class="card" aria-label="Connected">
                <ul class="list">{rows}</ul>
            </section>
        }
    })
}

const KINDS: [(&str, &str, &str, &str); 6] = [
    ("google", "cloud", "Google Calendar", "Sign in at Google and allow Syncline to read your calendars"),
    ("microsoft", "cloud", "Outlook calendar", "Sign in at Microsoft (work, school or private) and allow Syncline to read your calendars"),
    ("calendly", "cloud", "Calendly", "Your bookings: by signing in at Calendly, or by a token"),
    ("caldav", "cloud", "CalDAV account", "iCloud, Fastmail, Nextcloud, Radicale and others"),
    ("ics", "feed", "ICS feed", "An address that ends in .ics, or begins with webcal://"),
    ("file", "file", "ICS file", "An export that you have on your disk"),
];

/// Choose what to connect, then fill in its form.
#[component]
fn Add() -> impl IntoView {
    let route = use_route();
    let add = Memo::new(move |_| route.with(|address| address.filled("add")).unwrap_or_default());
    let preset = Memo::new(move |_| route.with(|address| address.filled("preset")).unwrap_or_default());
    view! {
        <section class="section" id="add">
            <h2>"Add a connection"</h2>
            <nav class="choices" aria-label="What to connect">
                {KINDS
                    .map(|(kind, icon, title, about)| {
                        // It leads to the provider, past the page's own routes; Calendly has a choice first.
                        let leaves = ProviderKind::parse(kind).is_some_and(|kind| kind.is_oauth() && kind != ProviderKind::Calendly);
                        let href = if leaves { format!("/oauth/{kind}/start") } else { format!("/settings/connections?add={kind}") };
                        view! {
                            <a class="choice" href=href rel=leaves.then_some("external") aria-current=move || (add.get() == kind).then_some("true")>
                                <Icon name=icon />
                                <strong>{title}</strong>
                                <span class="muted small">{about}</span>
                            </a>
                        }
                    })
                    .into_iter()
                    .collect_view()}
            </nav>
            {move || match add.get().as_str() {
                "caldav" => view! { <AddCaldavForm preset=hints::preset(&preset.get()) /> }.into_any(),
                "calendly" => view! { <AddCalendlyForm /> }.into_any(),
                "ics" => view! { <AddFeedForm /> }.into_any(),
                "file" => view! { <AddFileForm /> }.into_any(),
                _ => ().into_any(),
            }}
        </section>
    }
    .into_any()
}
