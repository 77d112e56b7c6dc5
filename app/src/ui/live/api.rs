//! How the user's syncs stand.

#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::Wire;
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
pub async fn load_overview() -> Result<SyncOverview, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.sync_overview(&user).await?)
}

/// The report of a run that ended.
///
/// # Errors
/// When there is none.
#[server(input = GetUrl)]
pub async fn load_report(run: JobId) -> Result<SyncReport, WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.report(&user, &run).await?)
}
