//! The calendar's server functions. Reads are `GET`, so that they can be fetched ahead and seen in an access log.

#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use jiff::civil::Date;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::ids::{CalendarId, EventId};
#[cfg(feature = "ssr")]
use syncline_domain::layout::days;
use syncline_domain::view::{EventDetails, GridEvent, Period, Preferences};

/// The most occurrences that a search shows.
pub const SEARCH_LIMIT: u32 = 100;

/// The occurrences of `[from, to)`.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_period(from: Date, to: Date) -> Result<Packed<Period>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.period(&user, from, to).await?)
}

/// Which of the 42 days from `from` have something: bit `n` for the `n`th day.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_busy_days(from: Date) -> Result<Packed<u64>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let period = hub.period(&user, from, days::add(from, 42)).await?;
    Packed::of(&days::busy(&period.events, from))
}

/// Everything about one occurrence.
///
/// # Errors
/// When there is no such occurrence (any more).
#[server(input = GetUrl, output = Wire)]
pub async fn load_event(id: EventId, key: String) -> Result<Packed<EventDetails>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.event_details(&user, &id, &key).await?)
}

/// Occurrences that have all of the words, nearest to today first.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn search_events(words: String) -> Result<Packed<Vec<GridEvent>>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.search(&user, &words, SEARCH_LIMIT).await?)
}

/// Shows or hides a calendar in the grid.
///
/// # Errors
/// When there is no such calendar.
#[server(output = Wire)]
pub async fn show_calendar(calendar: CalendarId, visible: bool) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let change = syncline_core::hub::CalendarChange { visible: Some(visible), ..Default::default() };
    Ok(hub.change_calendar(&user, &calendar, change).await?)
}

/// Takes zone, week and clock from the browser, when nothing is known of the user yet (a sign-in before the scripts ran says
/// nothing of them). Gives the preferences that hold from now on.
///
/// # Errors
/// When nobody is signed in.
#[server(output = Wire)]
pub async fn learn_browser(
    zone: Option<String>,
    week_start: Option<String>,
    hour12: Option<String>,
) -> Result<Option<Preferences>, WireError> {
    let (hub, viewer) = (crate::context::hub()?, crate::context::require_viewer()?);
    crate::pages::sign_in::browser::Browser { zone, week_start, hour12 }.learn(&viewer.email).await;
    Ok(hub.user_by_email(&viewer.email).await?.map(|viewer| viewer.preferences))
}
