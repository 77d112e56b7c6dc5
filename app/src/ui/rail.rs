//! The left rail: mini-month and calendars. On narrow screens it is a drawer.

use crate::error::WireError;
use crate::memo::Memo;
use crate::pages::calendar::api::{ShowCalendar, show_calendar};
use crate::pages::calendar::state::CalendarState;
use crate::ui::icons::Icon;
use crate::ui::mini_month::MiniMonth;
use crate::ui::toast::use_toasts;
use crate::ui::{arriving, nothing};
use leptos::html;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use syncline_domain::failure::Problem;
use syncline_domain::ids::CalendarId;
use syncline_domain::sync::ResultStatus;
use syncline_domain::view::{Calendar, Connection, ConnectionState};

/// What was switched and is not yet known to have arrived: the switch answers at once.
type Switched = RwSignal<Vec<(CalendarId, bool)>>;

/// Shows or hides a calendar.
type Switch = Callback<(CalendarId, bool)>;

/// The rail.
#[component]
pub fn Rail(
    /// The frame's state.
    state: CalendarState,
) -> impl IntoView {
    let element = NodeRef::<html::Aside>::new();
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        // Going somewhere closes the drawer.
        state.place.track();
        if let Some(rail) = element.get() {
            let _ = rail.hide_popover();
        }
    });
    view! {
        <aside class="rail" id="rail" popover="auto" aria-label="Calendars" node_ref=element>
            <div class="rail-head">
                <a class="brand" href="/">
                    <img src="/favicon.svg" alt="" width="24" height="24" />
                    "Syncline"
                </a>
            </div>
            <MiniMonth state />
            <Calendars state />
        </aside>
    }
    .into_any()
}

#[component]
fn Calendars(state: CalendarState) -> impl IntoView {
    let switched: Switched = RwSignal::new(Vec::new());
    let toasts = use_toasts();
    let switch = Callback::new(move |(id, visible): (CalendarId, bool)| {
        switched.update(|list| list.push((id.clone(), visible)));
        leptos::task::spawn_local(async move {
            if let Err(error) = show_calendar(id, visible).await {
                toasts.refused(&error);
            }
            state.version.update(|version| *version += 1);
        });
    });
    view! {
        {arriving(nothing, move || async move {
            let connections = state.connections.await;
            switched.update_untracked(Vec::clear);
            match connections {
                Ok(connections) => groups(&connections, switch, switched),
                Err(error) => failed(error),
            }
        })}
        <a class="btn btn-ghost rail-add" href="/settings/connections">
            <Icon name="plus" />
            "Add calendar"
        </a>
    }
    .into_any()
}

fn failed(error: WireError) -> AnyView {
    view! {
        <p class="error" role="alert">
            {error.problem.message}
        </p>
    }
    .into_any()
}

/// Connections of one calendar stand together; one with several has its own heading.
fn groups(connections: &[Connection], switch: Switch, switched: Switched) -> AnyView {
    let enabled = |connection: &&Connection| connection.calendars.iter().any(|calendar| calendar.enabled);
    let (single, several): (Vec<_>, Vec<_>) = connections.iter().filter(enabled).partition(|connection| connection.calendars.len() == 1);
    let lines = |connection: &Connection, own: bool| {
        let calendars = connection.calendars.iter().filter(|calendar| calendar.enabled);
        // The glyph of the connection stands at its heading, or else at its only calendar.
        calendars.map(|calendar| line(calendar, glyph_beside(calendar, connection, own), switch, switched)).collect::<Vec<_>>()
    };
    let mine: Vec<AnyView> = single.iter().flat_map(|connection| lines(connection, true)).collect();
    let first = (!mine.is_empty()).then(|| group("My calendars".to_owned(), None, mine));
    let own = several.iter().map(|connection| group(connection.name.clone(), connection_glyph(connection), lines(connection, false)));
    first.into_iter().chain(own).collect::<Vec<_>>().into_any()
}

fn group(heading: String, glyph: Option<AnyView>, lines: Vec<AnyView>) -> AnyView {
    view! {
        <section class="rail-group">
            <h2>
                <span class="truncate">{heading}</span>
                {glyph}
            </h2>
            <ul class="rail-list" role="list">
                {lines}
            </ul>
        </section>
    }
    .into_any()
}

fn line(calendar: &Calendar, glyph: Option<AnyView>, switch: Switch, switched: Switched) -> AnyView {
    let (id, visible) = (calendar.id.clone(), calendar.visible);
    let shown = {
        let id = id.clone();
        Memo::new(move |_| switched.with(|list| list.iter().rev().find(|(of, _)| *of == id).map_or(visible, |(_, to)| *to)))
    };
    let (name, title) = (calendar.name.clone(), calendar.name.clone());
    let press = {
        let id = id.clone();
        move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            switch.run((id.clone(), !shown.get_untracked()));
        }
    };
    view! {
        <li class=format!("rail-calendar c-{}", calendar.color)>
            <form action=ShowCalendar::url() method="post" on:submit=press>
                <input type="hidden" name="calendar" value=id.to_string() />
                <input type="hidden" name="visible" value=move || (!shown.get()).to_string() />
                <button
                    class="rail-toggle"
                    type="submit"
                    role="switch"
                    aria-checked=move || shown.get().to_string()
                    title=title
                >
                    <span class="rail-box">
                        <Icon name="check" />
                    </span>
                    <span class="rail-name">{name}</span>
                </button>
            </form>
            {glyph}
        </li>
    }
    .into_any()
}

fn glyph(class: &'static str, icon: &'static str, href: &'static str, words: String) -> AnyView {
    view! {
        <a class=format!("rail-state {class}") href=href title=words.clone() aria-label=words.clone()>
            <Icon name=icon />
        </a>
    }
    .into_any()
}

/// The glyph beside a calendar; what is wrong with the whole connection is said at its heading, if it has one.
fn glyph_beside(calendar: &Calendar, connection: &Connection, own: bool) -> Option<AnyView> {
    if own {
        return calendar_glyph(calendar).or_else(|| connection_glyph(connection));
    }
    let code = |problem: &Option<Problem>| problem.as_ref().map(|problem| problem.code.clone());
    let said = calendar.problem.is_some() && code(&calendar.problem) == code(&connection.problem);
    if said && calendar.hold.is_none() { None } else { calendar_glyph(calendar) }
}

/// How a calendar's last sync went, when that needs a look.
fn calendar_glyph(calendar: &Calendar) -> Option<AnyView> {
    if let Some(hold) = &calendar.hold {
        let words = format!("{} deletions are on hold. Nothing was removed.", hold.would_delete);
        Some(glyph("is-warn", "pause", "/holds", words))
    } else if let Some(problem) = &calendar.problem {
        Some(glyph("is-bad", "alert", "/settings/calendars", problem.to_string()))
    } else if calendar.last_status == Some(ResultStatus::Partial) {
        Some(glyph("is-warn", "info", "/settings/calendars", "Some events could not be read.".to_owned()))
    } else if calendar.vanished {
        Some(glyph("", "info", "/settings/calendars", "The provider does not list it any more. Its events are kept.".to_owned()))
    } else {
        None
    }
}

/// How a connection stands, when that needs a look.
fn connection_glyph(connection: &Connection) -> Option<AnyView> {
    let words = |default: &str| connection.problem.as_ref().map_or_else(|| default.to_owned(), ToString::to_string);
    let (class, icon, words) = match connection.state {
        ConnectionState::NeedsReconnecting => ("is-bad", "key", words("The password is refused. Reconnect it.")),
        ConnectionState::Failing => ("is-bad", "alert", words("The last sync failed.")),
        ConnectionState::Stale => ("is-warn", "clock", words("It was not synced for a while.")),
        ConnectionState::Disabled => ("", "pause", "It is switched off.".to_owned()),
        ConnectionState::Ok | ConnectionState::New => return None,
    };
    Some(glyph(class, icon, "/settings/calendars", words))
}
