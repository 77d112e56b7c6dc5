//! Reading sync jobs.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::view::Job;

/// The user's newest jobs.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_jobs(limit: u32) -> Result<Packed<Vec<Job>>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.jobs(&user, limit.min(200)).await?)
}
