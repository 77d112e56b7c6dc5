//! Reading and deciding holds.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::ids::HoldId;
use syncline_domain::view::{Hold, HoldDecision};

/// Open holds, newest first.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn list_holds() -> Result<Packed<Vec<Hold>>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.holds(&user).await?)
}

/// One hold with what would go.
///
/// # Errors
/// When there is no such hold, or it is decided already.
#[server(input = GetUrl, output = Wire)]
pub async fn load_hold(id: String) -> Result<Packed<Hold>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let id = HoldId::parse(&id).map_err(|_| syncline_core::error::Error::NotFound("hold"))?;
    Packed::of(&hub.hold(&user, &id).await?)
}

/// Removes the held objects or keeps them; gives the number that was removed.
///
/// # Errors
/// When there is no such hold, or it is decided already.
#[server(output = Wire)]
pub async fn decide_hold(id: HoldId, decision: HoldDecision) -> Result<u64, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    let removed = hub.decide_hold(&user, &id, decision).await?;
    crate::context::redirect_plain_form("/holds");
    Ok(removed)
}
