//! Reading and changing connections and calendars.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::ids::{CalendarId, ConnectionId};
use syncline_domain::view::Connection;

/// The user's connections with their calendars, by name.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_connections() -> Result<Packed<Vec<Connection>>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.connections(&user).await?)
}

/// Switches a connection on or off.
///
/// # Errors
/// When there is no such connection.
#[server(output = Wire)]
pub async fn enable_connection(id: ConnectionId, enabled: bool) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.set_connection_enabled(&user, &id, enabled).await?)
}

/// Seconds between syncs; 0 is "only by hand".
///
/// # Errors
/// When there is no such connection, or the number is out of range.
#[server(output = Wire)]
pub async fn set_interval(id: ConnectionId, seconds: u64) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.set_interval(&user, &id, seconds).await?)
}

/// Removes a connection and its events from here, never from the provider.
///
/// # Errors
/// When there is no such connection.
#[server(output = Wire)]
pub async fn disconnect(id: ConnectionId) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.disconnect(&user, &id).await?)
}

/// Changes a calendar: what is given, and nothing else.
///
/// # Errors
/// When there is no such calendar, or the colour is unknown.
#[server(output = Wire)]
pub async fn change_calendar(id: CalendarId, enabled: Option<bool>, visible: Option<bool>, color: Option<String>) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let change = syncline_core::hub::CalendarChange { enabled, visible, color };
    Ok(hub.change_calendar(&user, &id, change).await?)
}
