//! Our clients at the providers, for the administrator: `/settings/instance`, and what is wrong with them: `/settings/checks`.
//! Only on the server.

use super::save::{ClearInstance, SaveInstance};
use crate::context::public_base;
use crate::error::WireError;
use crate::ui::icons::Icon;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use syncline_core::Hub;
use syncline_core::hub::instance::{Field, FieldState, PROVIDERS, SetBy};
use syncline_core::oauth::guide;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::Viewer;

/// The page with the forms.
pub(super) async fn html(hub: &Hub, viewer: &Viewer, saved: bool) -> Result<String, WireError> {
    let base = public_base();
    let mut cards = Vec::new();
    for provider in PROVIDERS {
        let fields = hub.instance_fields(&viewer.id, provider).await?;
        cards.push(card(provider, &fields, &base.1));
    }
    let view = view! {
        {saved.then(|| view! { <p class="note note-good" role="status">"Saved. It counts from now on."</p> })}
        <p class="muted">
            "For users to connect their accounts by signing in there, this Syncline has to be known to each provider. What is saved here is stored \
             sealed, counts at once, and secrets are never shown again."
        </p>
        <form action="/settings/checks" method="get">
            <button class="btn" type="submit">
                <Icon name="check" />
                "Check everything"
            </button>
        </form>
        {cards}
    };
    Ok(view.to_html())
}

fn card(provider: ProviderKind, fields: &[FieldState], base: &str) -> AnyView {
    let name = provider.title();
    let address = guide::redirect_uri(base, provider);
    let has = |field: Field| fields.iter().any(|state| state.field == field && state.set_by != SetBy::Nobody);
    let (word, class) = match (has(Field::ClientId), has(Field::ClientSecret)) {
        (true, true) => ("Set up", "badge badge-good"),
        (false, false) => ("Not set up", "badge"),
        _ => ("Incomplete", "badge badge-warn"),
    };
    let steps = guide::of(provider).map(|guide| guide.steps(&address)).unwrap_or_default();
    let steps = steps.into_iter().map(|step| view! { <li>{step}</li> }).collect_view();
    let (id, field) = (format!("redirect-{}", provider.as_str()), format!("{} redirect address", name));
    let stored = fields.iter().any(|state| state.set_by == SetBy::Page);
    let clear = stored.then(|| {
        view! {
            <form action=ClearInstance::url() method="post">
                <input type="hidden" name="provider" value=provider.as_str() />
                <button class="btn btn-ghost" type="submit">{format!("Forget what is stored for {name}")}</button>
            </form>
        }
    });
    let all_fixed = fields.iter().all(|state| state.set_by == SetBy::Environment);
    let inputs = fields.iter().map(|state| input(provider, state)).collect_view();
    let copy = address.clone();
    view! {
        <article class="card" aria-label=name>
            <header class="card-head">
                <h2 class="grow">{name}</h2>
                <span class=class>{word}</span>
            </header>
            <div class="card-body stack">
                <div class="field">
                    <label for=id.clone()>"Redirect address to register, letter by letter"</label>
                    <div class="row">
                        <input class="input grow" id=id readonly=true value=address aria-label=field />
                        <button class="btn js-only" type="button" data-copy=copy>"Copy"</button>
                    </div>
                </div>
                <details open=!has(Field::ClientId)>
                    <summary>"What to do there"</summary>
                    <ol class="small">{steps}</ol>
                </details>
                <form class="stack" action=SaveInstance::url() method="post">
                    <input type="hidden" name="provider" value=provider.as_str() />
                    {inputs}
                    {(!all_fixed).then(|| view! { <div class="row"><button class="btn btn-primary" type="submit">{format!("Save {name}")}</button></div> })}
                </form>
                {clear}
            </div>
        </article>
    }
    .into_any()
}

fn input(provider: ProviderKind, state: &FieldState) -> AnyView {
    let field = state.field;
    let id = format!("{}-{}", provider.as_str(), field.name());
    let label = match field {
        Field::ClientId => "Client id",
        Field::ClientSecret => "Client secret",
        Field::Tenant => "Directory (tenant), for one alone",
        Field::WebhookKey => "Webhook signing key",
    };
    if state.set_by == SetBy::Environment {
        let what = state.shown.clone().unwrap_or_else(|| "••••••••".to_owned());
        return view! {
            <div class="field">
                <span>{label}</span>
                <p>
                    <code>{what}</code>
                    <span class="muted">" set by the environment: "{field.variable(provider)}</span>
                </p>
            </div>
        }
        .into_any();
    }
    let hint = (state.set_by == SetBy::Page && field.is_secret()).then_some("Stored. Leave it empty to keep it.");
    let (kind, hint_id) = (if field.is_secret() { "password" } else { "text" }, format!("{id}-hint"));
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <input
                class="input"
                id=id
                name=field.name()
                r#type=kind
                value=state.shown.clone()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-describedby=hint.map(|_| hint_id.clone())
            />
            {hint.map(|hint| view! { <p class="hint" id=hint_id>{hint}</p> })}
        </div>
    }
    .into_any()
}

/// What is wrong, and what to do: asks every provider.
pub(super) async fn checks(hub: &Hub, viewer: &Viewer) -> Result<String, WireError> {
    let (configured, seen) = public_base();
    let mut cards = Vec::new();
    for (provider, found) in hub.check_providers(&viewer.id, configured.as_deref(), &seen).await? {
        let lines = found
            .into_iter()
            .map(|finding| {
                let (icon, word) = if finding.ok { ("check", "In order: ") } else { ("alert", "To mend: ") };
                let class = if finding.ok { "note" } else { "note note-warn" };
                view! {
                    <li class=class>
                        <Icon name=icon />
                        <div class="note-text">
                            <p><span class="sr-only">{word}</span> {finding.message}</p>
                            {finding.action.map(|action| view! { <p><strong>{action}</strong></p> })}
                        </div>
                    </li>
                }
            })
            .collect_view();
        cards.push(view! {
            <article class="card" aria-label=provider.title()>
                <header class="card-head"><h2>{provider.title()}</h2></header>
                <ul class="card-body stack findings">{lines}</ul>
            </article>
        });
    }
    let view = view! {
        <div class="row">
            <form action="/settings/checks" method="get">
                <button class="btn btn-primary" type="submit">"Check again"</button>
            </form>
            <a class="btn" href="/settings/instance">"Back to the set-up"</a>
        </div>
        {cards}
    };
    Ok(view.to_html())
}
