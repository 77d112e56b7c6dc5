//! The open event, in the sheet.

use super::api;
use super::look::Look;
use super::state::use_calendar;
use crate::error::WireError;
use crate::memo::Memo;
use crate::ui::icons::Icon;
use crate::ui::problem::ProblemNote;
use crate::ui::relative_time::When;
use crate::ui::sheet::Sheet;
use crate::ui::{arriving, nothing};
use crate::wire::{Packed, load};
use leptos::prelude::*;
use syncline_domain::event::{Attendee, Busy, EventStatus, Person, Response, Visibility};
use syncline_domain::layout::text::{Piece, pieces};
use syncline_domain::view::EventDetails;

/// The sheet with the event that the address names; nothing when it names none.
#[component]
pub fn Details() -> impl IntoView {
    let state = use_calendar();
    let open = Memo::new(move |_| state.place.with(|place| place.event.clone()));
    let details = load(
        move || (open.get(), state.version.get()),
        |(open, _)| async move {
            match open {
                Some(event) => api::load_event(event.id, event.key).await.map(Packed::some),
                None => Ok(Packed::none()),
            }
        },
    );
    #[cfg(feature = "hydrate")]
    super::browser::carry_focus(state);
    let closed = Signal::derive(move || state.place.with(|place| place.closed().href()));
    move || {
        open.with(Option::is_some).then(|| {
            view! {
                <Sheet label="Event" close=closed>
                    {arriving(waiting, move || async move {
                        match details.await {
                            Ok(Some(details)) => content(details, &Look::of(state)),
                            Ok(None) => nothing(),
                            Err(error) => failed(error),
                        }
                    })}
                </Sheet>
            }
            .into_any()
        })
    }
}

fn waiting() -> AnyView {
    view! {
        <div class="sheet-waiting" aria-busy="true">
            <div class="skeleton"></div>
            <div class="skeleton"></div>
            <div class="skeleton"></div>
        </div>
    }
    .into_any()
}

fn failed(error: WireError) -> AnyView {
    view! {
        <div class="sheet-body">
            <ProblemNote problem=error.problem />
        </div>
    }
    .into_any()
}

fn content(details: EventDetails, look: &Look) -> AnyView {
    let EventDetails { event, organizer, attendees, .. } = &details;
    let class = look.class("sheet-head", event);
    let state = words_of_state(&details).map(|word| view! { <span class="badge">{word}</span> });
    let join = details.conference_url.clone().map(|href| {
        view! {
            <a class="btn btn-primary" href=href target="_blank" rel="noopener noreferrer">
                <Icon name="video" />
                "Join the call"
            </a>
        }
    });
    let own_zone = details.when_own_zone.clone().map(|when| view! { <p class="muted">{when}</p> });
    let recurrence = details.recurrence.clone();
    let people = (!attendees.is_empty()).then(|| people(organizer.as_ref(), attendees));
    let host = attendees
        .is_empty()
        .then(|| organizer.clone())
        .flatten()
        .map(|person| line("user", view! { <p>{name_of(&person)} <span class="muted">" invites"</span></p> }.into_any()));
    let private = match details.visibility {
        Visibility::Public => None,
        Visibility::Private => Some("Private"),
        Visibility::Confidential => Some("Confidential: others see only that there is something"),
    };
    view! {
        <div class=class>
            <h2 id="sheet-title">{event.title.clone()}</h2>
            {state}
        </div>
        <div class="sheet-body">
            {line("clock", view! { <div><p>{details.when.clone()}</p> {own_zone}</div> }.into_any())}
            {recurrence.map(|words| line("repeat", view! { <p>{words}</p> }.into_any()))}
            {join.map(|join| view! { <div class="sheet-join">{join}</div> })}
            {event.location.clone().map(|place| line("place", linked(&place)))}
            {host}
            {people}
            {details.description.clone().map(|text| line("text", linked(&text)))}
            {details.url.clone().map(|href| line("link", linked(&href)))}
            {(!details.categories.is_empty()).then(|| line("tag", labels(&details.categories)))}
            {private.map(|words| line("lock", view! { <p>{words}</p> }.into_any()))}
            {source(&details)}
        </div>
    }
    .into_any()
}

fn words_of_state(details: &EventDetails) -> Option<&'static str> {
    if details.event.declined {
        Some("You declined")
    } else if details.event.status == EventStatus::Tentative {
        Some("Tentative")
    } else if details.event.busy == Busy::Free && !details.event.all_day {
        Some("Free")
    } else {
        None
    }
}

/// An icon and what it stands for.
fn line(icon: &'static str, content: AnyView) -> AnyView {
    view! {
        <div class="sheet-line">
            <Icon name=icon />
            {content}
        </div>
    }
    .into_any()
}

/// A text of a provider: plain, with its line breaks; web addresses are links.
fn linked(text: &str) -> AnyView {
    let parts = pieces(text.trim()).into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned().into_any(),
        Piece::Link(href) => {
            let shown = href.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned();
            view! {
                <a href=href.to_owned() target="_blank" rel="noopener noreferrer nofollow">
                    {shown}
                </a>
            }
            .into_any()
        }
    });
    view! { <p class="sheet-text">{parts.collect::<Vec<_>>()}</p> }.into_any()
}

fn labels(labels: &[String]) -> AnyView {
    let list = labels.iter().map(|label| view! { <span class="badge">{label.clone()}</span> }).collect_view();
    view! { <p class="sheet-labels">{list}</p> }.into_any()
}

fn people(organizer: Option<&Person>, attendees: &[Attendee]) -> AnyView {
    let count = |response| attendees.iter().filter(|attendee| attendee.response == response).count();
    let mut words = format!("{} {}", attendees.len(), if attendees.len() == 1 { "guest" } else { "guests" });
    for (response, word) in [(Response::Accepted, "yes"), (Response::Tentative, "maybe"), (Response::Declined, "no")] {
        if count(response) > 0 {
            words.push_str(&format!(" · {} {word}", count(response)));
        }
    }
    let list = attendees.iter().map(|attendee| guest(attendee, organizer)).collect_view();
    line(
        "users",
        view! {
            <details open=attendees.len() <= 12>
                <summary>{words}</summary>
                <ul class="guests" role="list">
                    {list}
                </ul>
            </details>
        }
        .into_any(),
    )
}

fn guest(attendee: &Attendee, organizer: Option<&Person>) -> AnyView {
    let (mark, word) = match attendee.response {
        Response::Accepted => ("is-yes", "accepted"),
        Response::Declined => ("is-no", "declined"),
        Response::Tentative => ("is-maybe", "perhaps"),
        Response::NeedsAction => ("is-open", "no answer yet"),
    };
    let invites = organizer.is_some_and(|person| person.email.is_some() && person.email == attendee.person.email);
    let mut notes = vec![word];
    for (is, note) in [(invites, "organiser"), (attendee.optional, "optional"), (attendee.me, "you")] {
        if is {
            notes.push(note);
        }
    }
    view! {
        <li>
            <span class=format!("guest-mark {mark}") aria-hidden="true"></span>
            <span class="guest-name" title=attendee.person.email.clone()>
                {name_of(&attendee.person)}
            </span>
            <span class="guest-note">{notes.join(", ")}</span>
        </li>
    }
    .into_any()
}

fn name_of(person: &Person) -> String {
    person.name.clone().or_else(|| person.email.clone()).unwrap_or_else(|| "Somebody".to_owned())
}

fn source(details: &EventDetails) -> AnyView {
    let dot = format!("dot c-{}", details.event.color);
    let connection = (details.connection_name != details.calendar_name)
        .then(|| view! { <span class="muted">{format!(" · {}", details.connection_name)}</span> });
    let synced_at = details.synced_at;
    view! {
        <div class="sheet-line sheet-source">
            <span class=dot></span>
            <div>
                <p>{details.calendar_name.clone()} {connection}</p>
                <p class="muted small">"Synced " <When at=synced_at /></p>
            </div>
        </div>
    }
    .into_any()
}
