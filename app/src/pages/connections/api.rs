//! Adding and mending connections. A form that is posted without JavaScript comes back with the error and what was typed.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use super::upload::{FileForm, Upload};
use crate::error::WireError;
#[cfg(feature = "ssr")]
use crate::ui::form::plain::refuse;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::failure::Problem;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::ProviderKind;

/// Where the forms are.
#[cfg(feature = "ssr")]
const PAGE: &str = "/settings/connections";

/// Adds a CalDAV account, starts its first sync, and gives its id.
///
/// # Errors
/// A problem of the address, the user name or the password; nothing is stored then.
#[server(output = Wire)]
pub async fn add_caldav(address: String, username: String, password: String, name: Option<String>) -> Result<ConnectionId, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let typed = [("form", "caldav"), ("add", "caldav"), ("address", &address), ("username", &username)];
    let refused = |error| refuse::<AddCaldav>(PAGE, &typed, error);
    let name = super::begin::given(name);
    let new = syncline_core::hub::NewCaldav { address: address.clone(), username: username.clone(), password: password.into(), name };
    let added = hub.add_caldav(&user, new).await.map_err(|error| refused(error.into()))?;
    Ok(super::begin::first_sync(&hub, &user, added).await)
}

/// Adds an ICS feed by its address, starts its first sync, and gives its id. The address may be a secret: it is never written
/// into the page's own address.
///
/// # Errors
/// A problem of the address or the feed; nothing is stored then.
#[server(output = Wire)]
pub async fn add_feed(address: String, name: Option<String>) -> Result<ConnectionId, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let typed = name.clone().unwrap_or_default();
    let refused = |error| refuse::<AddFeed>(PAGE, &[("form", "feed"), ("add", "ics"), ("name", &typed)], error);
    let new = syncline_core::hub::NewIcs::Address { url: address.into(), name: super::begin::given(name) };
    let added = hub.add_ics(&user, new).await.map_err(|error| refused(error.into()))?;
    Ok(super::begin::first_sync(&hub, &user, added).await)
}

/// Adds an uploaded ICS file or, when the form names a connection (`id`), puts the file in the place of an earlier one.
///
/// # Errors
/// A problem of the file; nothing is stored then.
#[server(input = FileForm, output = Wire, input_derive = ())]
pub async fn upload_file(upload: Upload) -> Result<ConnectionId, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let (name, id) = (upload.text("name").unwrap_or_default().to_owned(), upload.text("id").unwrap_or_default().to_owned());
    let form = if id.is_empty() { "file" } else { "upload" };
    let refused = |error| refuse::<UploadFile>(PAGE, &[("form", form), ("add", "file"), ("reconnect", &id), ("name", &name)], error);
    let added = super::begin::take(&hub, &user, upload).await.map_err(refused)?;
    Ok(super::begin::first_sync(&hub, &user, added).await)
}

/// What a code says that stands in the address after the way to a provider's consent page came to nothing.
///
/// # Errors
/// When nobody is signed in.
#[server(input = GetUrl, output = Wire)]
pub async fn consent_problem(provider: ProviderKind, code: String) -> Result<Packed<Problem>, WireError> {
    let (hub, _) = crate::context::signed_in()?;
    Packed::of(&hub.consent_problem(provider, &code))
}

/// Mends a connection with a new password, or a feed with a new address, and syncs it.
///
/// # Errors
/// A problem of what was given; the connection stays as it was.
#[server(output = Wire)]
pub async fn mend(id: ConnectionId, password: Option<String>, address: Option<String>) -> Result<ConnectionId, WireError> {
    use syncline_core::hub::Reconnect;
    let (hub, user) = crate::context::signed_in()?;
    let refused = |error| refuse::<Mend>(PAGE, &[("form", "mend"), ("reconnect", id.as_str())], error);
    let with = match (password, address) {
        (Some(password), _) => Reconnect::Password(password.into()),
        (None, Some(address)) => Reconnect::Address(address.into()),
        (None, None) => return Err(crate::ui::form::plain::bad_form()),
    };
    let mended = hub.reconnect(&user, &id, with).await.map_err(|error| refused(error.into()))?;
    Ok(super::begin::first_sync(&hub, &user, mended).await)
}
