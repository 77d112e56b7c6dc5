//! The row of a calendar: colour, name, counts, switches.

use super::api::ChangeCalendar;
use super::words;
use crate::memo::Memo;
use crate::pages::holds::HoldActions;
use crate::ui::form::{FormState, RowForm, hide_popover};
use crate::ui::live::use_live;
use crate::ui::relative_time::words::{counted, last_synced};
use crate::ui::results::ShownResult;
use crate::ui::results::words::{held_words, what_happened};
use leptos::prelude::*;
use syncline_domain::color;
use syncline_domain::ids::CalendarId;
use syncline_domain::view::{Calendar, Connection};

/// A calendar of a connection.
#[component]
pub(super) fn CalendarRow(calendar: CalendarId, of: Memo<Option<Connection>>, shown: ShownResult) -> impl IntoView {
    let (key, said) = (calendar.clone(), calendar.clone());
    // What the result above says in full is not said again.
    let said =
        Memo::new(move |_| shown.has(&|line| line.calendar_id.as_ref() == Some(&said) && (line.error.is_some() || line.hold.is_some())));
    let row = Memo::new(move |_| of.with(|of| of.as_ref()?.calendars.iter().find(|row| row.id == key).cloned()));
    let name = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.name.clone()).unwrap_or_default()));
    let enabled = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.enabled)));
    let visible = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.visible)));
    view! {
        <li class="calendar-row">
            <ColorPicker id=calendar.clone() row name />
            <div class="grow">
                <p class="calendar-name truncate">{move || name.get()}</p>
                <Note row />
            </div>
            <Switch id=calendar.clone() field="visible" word="Show" on=visible name />
            <Switch id=calendar field="enabled" word="Sync" on=enabled name />
            {move || (!said.get()).then(|| view! { <Trouble of row /> })}
        </li>
    }
    .into_any()
}

/// "812 events · last synced 5 minutes ago".
#[component]
fn Note(row: Memo<Option<Calendar>>) -> impl IntoView {
    let now = use_live().now;
    let words = move || {
        row.with(|row| {
            row.as_ref().map(|row| {
                let note =
                    words::calendar_note(row).map_or_else(|| last_synced(row.last_success_at, now.get()).to_lowercase(), ToOwned::to_owned);
                format!("{} · {note}", counted(row.events, "event"))
            })
        })
    };
    view! { <p class="muted small">{words}</p> }.into_any()
}

/// What is wrong with this calendar alone, and what waits for an answer.
#[component]
fn Trouble(of: Memo<Option<Connection>>, row: Memo<Option<Calendar>>) -> impl IntoView {
    // What is wrong with the whole connection is said once, at its head.
    let whole = Memo::new(move |_| of.with(|of| of.as_ref().and_then(|of| Some(of.problem.as_ref()?.code.clone()))));
    let problem = Memo::new(move |_| {
        let own = row.with(|row| row.as_ref().and_then(|row| row.problem.clone()));
        own.filter(|problem| whole.with(|whole| whole.as_ref() != Some(&problem.code)))
    });
    let hold = Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.hold.clone())));
    view! {
        {move || {
            problem
                .get()
                .map(|problem| {
                    view! {
                        <div class=words::note_class(&problem.code)>
                            <div class="note-text">
                                <p class="note-title">{what_happened(&problem.message).to_owned()}</p>
                                <p>{problem.action}</p>
                            </div>
                        </div>
                    }
                })
        }}
        {move || {
            hold.get()
                .map(|hold| {
                    view! {
                        <div class="calendar-trouble note">
                            <div class="note-text">
                                <p>{held_words(&hold)}</p>
                            </div>
                            <HoldActions hold=hold.id would_delete=hold.would_delete />
                        </div>
                    }
                })
        }}
    }
    .into_any()
}

/// A switch that moves at once and moves back when the server refuses.
#[component]
fn Switch(id: CalendarId, field: &'static str, word: &'static str, on: Memo<bool>, name: Memo<String>) -> impl IntoView {
    let form = FormState::row::<ChangeCalendar>();
    let shown = RwSignal::new(on.get_untracked());
    Effect::new(move |_| shown.set(on.get()));
    let flip = move |()| shown.update(|shown| *shown = !*shown);
    view! {
        <RowForm state=form class="calendar-switch" on_send=flip on_fail=flip>
            <input type="hidden" name="id" value=id.to_string() />
            <span class="small muted" aria-hidden="true">{word}</span>
            <button
                class="switch"
                type="submit"
                role="switch"
                name=field
                value=move || (!shown.get()).to_string()
                aria-checked=move || shown.get().to_string()
                aria-label=move || format!("{word} {}", name.get())
            ></button>
        </RowForm>
    }
    .into_any()
}

/// The calendar's colour; pressing it offers the twelve.
#[component]
fn ColorPicker(id: CalendarId, row: Memo<Option<Calendar>>, name: Memo<String>) -> impl IntoView {
    let form = FormState::row::<ChangeCalendar>();
    let current = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.color.clone()).unwrap_or_default()));
    let panel = format!("colour-{id}");
    let hide = panel.clone();
    let swatch = move |color: &'static str| {
        view! {
            <button
                class=format!("swatch c-{color}")
                type="submit"
                name="color"
                value=color
                title=color
                aria-label=color
                aria-pressed=move || (current.get() == color).to_string()
            ></button>
        }
    };
    view! {
        <button
            class=move || format!("swatch c-{}", current.get())
            type="button"
            popovertarget=panel.clone()
            aria-label=move || format!("Colour of {}: {}", name.get(), current.get())
        ></button>
        <div class="popover colour-panel" id=panel popover="auto">
            <RowForm state=form class="swatches" on_send=move |()| hide_popover(&hide)>
                <input type="hidden" name="id" value=id.to_string() />
                {color::NAMES.into_iter().map(swatch).collect_view()}
            </RowForm>
        </div>
    }
    .into_any()
}
