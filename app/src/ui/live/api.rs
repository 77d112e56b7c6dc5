//! How the user's syncs stand.

#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::{Packed, Wire};
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use syncline_domain::ids::JobId;
use syncline_domain::sync::SyncReport;
use syncline_domain::view::SyncOverview;

/// Running jobs, the last success and the last report.
///
/// # Errors
/// When nobody is signed in, or the database failed.
#[server(input = GetUrl, output = Wire)]
pub async fn load_overview() -> Result<Packed<SyncOverview>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.sync_overview(&user).await?)
}

/// The report of a run that ended.
///
/// # Errors
/// When there is none.
#[server(input = GetUrl, output = Wire)]
pub async fn load_report(run: JobId) -> Result<Packed<SyncReport>, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Packed::of(&hub.report(&user, &run).await?)
}
