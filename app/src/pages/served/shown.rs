//! What is shown of each connection, and the usual period: `/settings/shown`. Only on the server.

use super::save::{SaveRange, SaveShown};
use crate::error::WireError;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use syncline_core::Hub;
use syncline_core::hub::{MOST_MONTHS, Shown};
use syncline_domain::view::Viewer;

/// The page.
pub(super) async fn html(hub: &Hub, viewer: &Viewer, saved: bool) -> Result<String, WireError> {
    let cards = hub.shown(&viewer.id).await?.iter().map(card).collect_view();
    let preferences = &viewer.preferences;
    let months = |name: &'static str, label: &'static str, value: u32| {
        view! {
            <div class="field">
                <label for=name>{label}</label>
                <input class="input" id=name name=name type="number" min="0" max=MOST_MONTHS.to_string() value=value.to_string() required=true />
            </div>
        }
    };
    let view = view! {
        {saved.then(|| view! { <p class="note note-good" role="status">"Saved."</p> })}
        <p class="muted">"What is not shown stays stored and in step: it is back as soon as you show it again, without a sync."</p>
        {cards}
        <article class="card" aria-label="Range">
            <header class="card-head"><h2>"Range"</h2></header>
            <form class="card-body stack" action=SaveRange::url() method="post">
                <p class="muted">"The period that scripts and the command line get where they ask for none. The calendar itself goes as far as you like."</p>
                <div class="form-pair">
                    {months("back", "Months back", preferences.range_back)} {months("ahead", "Months ahead", preferences.range_ahead)}
                </div>
                <div class="row">
                    <button class="btn btn-primary" type="submit">"Save range"</button>
                </div>
            </form>
        </article>
    };
    Ok(view.to_html())
}

fn card(of: &Shown) -> AnyView {
    let kinds = [
        ("declined", "Events that I declined", of.hidden.declined),
        ("private", "Private events", of.hidden.private),
        ("working_location", "Working locations", of.hidden.working_location),
        ("focus_time", "Focus time", of.hidden.focus_time),
    ];
    let boxes = kinds
        .map(|(name, label, hidden)| view! { <label class="check"><input type="checkbox" name=name value="1" checked=!hidden /> {label}</label> })
        .into_iter()
        .collect_view();
    let (id, label, name) = (format!("shown-{}", of.connection), of.name.clone(), of.name.clone());
    view! {
        <article class="card" id=id aria-label=label>
            <header class="card-head"><h2>{name}</h2></header>
            <form class="card-body stack" action=SaveShown::url() method="post">
                <input type="hidden" name="id" value=of.connection.to_string() />
                <fieldset class="stack checks">
                    <legend class="muted small">"Shown in the calendar"</legend>
                    {boxes}
                </fieldset>
                <div class="row">
                    <button class="btn btn-primary" type="submit">"Save"</button>
                </div>
            </form>
        </article>
    }
    .into_any()
}
