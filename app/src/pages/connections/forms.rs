//! The forms that add a connection.

use super::api::{AddCaldav, AddFeed, UploadFile};
use super::hints::{PRESETS, Preset};
use super::use_show_added;
use crate::ui::form::{Field, FormError, FormState, PostForm, Submit};
use crate::ui::icons::Icon;
use leptos::prelude::*;

/// Adds a CalDAV account.
#[component]
pub(super) fn AddCaldavForm(preset: Preset) -> impl IntoView {
    let form = FormState::of::<AddCaldav>("caldav", &["address", "username", "password", "name"]);
    let presets = PRESETS
        .map(|known| {
            let href = format!("/settings/connections?add=caldav&preset={}", known.id);
            view! { <a href=href aria-current=(known == preset).then_some("true")>{known.name}</a> }
        })
        .into_iter()
        .collect_view();
    let link = preset.link.map(|(word, href)| {
        view! {
            <a href=href target="_blank" rel="noreferrer">{word} " " <Icon name="external" /></a>
        }
    });
    view! {
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <nav class="btn-group presets" aria-label="Provider">{presets}</nav>
            <div class="note">
                <Icon name="info" />
                <div class="note-text"><p>{preset.hint}</p>{link}</div>
            </div>
            <FormError form />
            <Field
                form
                name="address"
                label="Address, domain or e-mail"
                value=preset.address
                placeholder=preset.example
                autocomplete="url"
                autofocus=preset.address.is_empty()
            />
            <Field
                form
                name="username"
                label="User name"
                placeholder=preset.username
                autocomplete="username"
                autofocus=!preset.address.is_empty()
            />
            <Field
                form
                name="password"
                label="Password or app password"
                kind="password"
                hint="It is stored encrypted and sent to this server only."
                autocomplete="new-password"
            />
            <Field form name="name" label="Name" placeholder="As it shall be called here" optional=true />
            <div class="row">
                <Submit form label="Add account" busy="Looking for your calendars…" />
                <a class="btn btn-ghost" href="/settings/connections">"Cancel"</a>
            </div>
        </PostForm>
    }
    .into_any()
}

/// Adds an ICS feed by its address.
#[component]
pub(super) fn AddFeedForm() -> impl IntoView {
    let form = FormState::of::<AddFeed>("feed", &["address", "name"]);
    view! {
        <PostForm state=form class="card card-body stack form" on_done=use_show_added()>
            <FormError form />
            <Field
                form
                name="address"
                label="Address of the feed"
                placeholder="https://example.com/calendar.ics or webcal://…"
                hint="Secret addresses are stored encrypted and never shown again. In Google Calendar: Settings, your calendar, \"Secret address in iCal format\"."
                autocomplete="off"
                autofocus=true
            />
            <Field form name="name" label="Name" placeholder="As it shall be called here" optional=true />
            <div class="row">
                <Submit form label="Add feed" busy="Reading the feed…" />
                <a class="btn btn-ghost" href="/settings/connections">"Cancel"</a>
            </div>
        </PostForm>
    }
    .into_any()
}

/// Adds an uploaded ICS file.
#[component]
pub(super) fn AddFileForm() -> impl IntoView {
    let form = FormState::of::<UploadFile>("file", &["file", "name"]);
    view! {
        <PostForm state=form multipart=true class="card card-body stack form" on_done=use_show_added()>
            <FormError form />
            <Field
                form
                name="file"
                label="File"
                kind="file"
                accept=".ics,.ical,.gz,text/calendar"
                hint="An .ics file of at most 20 MB, plain or gzip. It is read once; upload it again to change it."
            />
            <Field form name="name" label="Name" placeholder="As it shall be called here" optional=true />
            <div class="row">
                <Submit form label="Upload file" busy="Reading the file…" />
                <a class="btn btn-ghost" href="/settings/connections">"Cancel"</a>
            </div>
        </PostForm>
    }
    .into_any()
}
