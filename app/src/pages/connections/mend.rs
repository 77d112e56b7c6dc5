//! Mending a connection: a new password, a new address, a new upload.

use super::api::{Mend, UploadFile};
use super::token::NewToken;
use super::use_show_added;
use crate::ui::form::{Field, FormError, FormState, PostForm, Submit};
use leptos::prelude::*;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::Connection;

/// The form that fits the connection.
#[component]
pub(super) fn MendForm(known: Vec<Connection>, id: String) -> impl IntoView {
    let Some(connection) = known.into_iter().find(|connection| connection.id.as_str() == id) else {
        return view! { <p class="muted">"There is no such connection. " <a href="/settings/connections">"See all of them."</a></p> }
            .into_any();
    };
    let title = if connection.is_file { "Upload again: " } else { "Reconnect " };
    let what = match (connection.provider, connection.is_file) {
        (ProviderKind::Caldav, _) => "Its calendars and events stay. Only the password is replaced, after the server has accepted it.",
        (ProviderKind::Ics, false) => "Its events stay. Only the address is replaced, after the feed was read.",
        (ProviderKind::Google | ProviderKind::Microsoft | ProviderKind::Calendly, _) => {
            "Its calendars and events stay. You allow it again with the same account, on the page of the provider."
        }
        (ProviderKind::Ics, true) => "The new file takes the place of the old one: what is no longer in it goes, as with every sync.",
    };
    let problem = connection.problem.clone().map(|problem| view! { <p class="muted">{problem.message} " " {problem.action}</p> });
    let form = match (connection.provider, connection.is_file) {
        (_, true) => view! { <UploadAgain connection=connection.clone() /> }.into_any(),
        (ProviderKind::Caldav, _) => view! { <NewPassword connection=connection.clone() /> }.into_any(),
        (ProviderKind::Calendly, _) => view! {
            <AllowAgain connection=connection.clone() />
            <NewToken connection=connection.clone() />
        }
        .into_any(),
        (ProviderKind::Google | ProviderKind::Microsoft, _) => view! { <AllowAgain connection=connection.clone() /> }.into_any(),
        (ProviderKind::Ics, _) => view! { <NewAddress connection=connection.clone() /> }.into_any(),
    };
    view! {
        <section class="section" id="reconnect">
            <h2>{title} {connection.name}</h2>
            {problem}
            <p class="muted">{what}</p>
            {form}
        </section>
    }
    .into_any()
}

#[component]
fn NewPassword(connection: Connection) -> impl IntoView {
    let form = FormState::of::<Mend>("mend", &["password"]);
    view! {
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <FormError form />
            <input type="hidden" name="id" value=connection.id.to_string() />
            <input type="hidden" autocomplete="username" value=connection.account />
            <Field form name="password" label="New password or app password" kind="password" autocomplete="current-password" autofocus=true />
            <Buttons form label="Reconnect" busy="Asking the server…" />
        </PostForm>
    }
    .into_any()
}

#[component]
fn AllowAgain(connection: Connection) -> impl IntoView {
    let href = format!("/oauth/{}/start?reconnect={}", connection.provider.as_str(), connection.id);
    view! {
        <div class="row">
            <a class="btn btn-primary" rel="external" href=href>
                "Reconnect with "
                {connection.provider.title()}
            </a>
            <a class="btn btn-ghost" href="/settings/connections">"Cancel"</a>
        </div>
    }
    .into_any()
}

#[component]
fn NewAddress(connection: Connection) -> impl IntoView {
    let form = FormState::of::<Mend>("mend", &["address"]);
    view! {
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <FormError form />
            <input type="hidden" name="id" value=connection.id.to_string() />
            <Field form name="address" label="New address of the feed" placeholder="https://example.com/calendar.ics" autofocus=true />
            <Buttons form label="Reconnect" busy="Reading the feed…" />
        </PostForm>
    }
    .into_any()
}

#[component]
fn UploadAgain(connection: Connection) -> impl IntoView {
    let form = FormState::of::<UploadFile>("upload", &["file"]);
    view! {
        <PostForm state=form multipart=true class="card card-body stack form" on_done=use_show_added()>
            <FormError form />
            <input type="hidden" name="id" value=connection.id.to_string() />
            <Field form name="file" label="File" kind="file" accept=".ics,.ical,.gz,text/calendar" />
            <Buttons form label="Upload" busy="Reading the file…" />
        </PostForm>
    }
    .into_any()
}

#[component]
fn Buttons(form: FormState, label: &'static str, busy: &'static str) -> impl IntoView {
    view! {
        <div class="row">
            <Submit form label busy />
            <a class="btn btn-ghost" href="/settings/calendars">"Cancel"</a>
        </div>
    }
    .into_any()
}
