//! Reading pages that the server writes.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

/// The HTML of the page at a path; `saved`: a form of it was posted and is stored.
///
/// # Errors
/// When nobody is signed in, the user may not see it, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_served(path: String, saved: Option<String>) -> Result<Packed<String>, WireError> {
    use crate::route::Page;
    let (hub, viewer) = (crate::context::hub()?, crate::context::require_viewer()?);
    let html = match Page::at(&path) {
        Some(Page::Health) => super::health::html(&hub, &viewer).await?,
        Some(Page::Instance) => super::instance::html(&hub, &viewer, saved.is_some()).await?,
        Some(Page::Checks) => super::instance::checks(&hub, &viewer).await?,
        Some(Page::Shown) => super::shown::html(&hub, &viewer, saved.is_some()).await?,
        _ => return Err(syncline_core::error::Error::NotFound("page").into()),
    };
    Packed::of(&html)
}
