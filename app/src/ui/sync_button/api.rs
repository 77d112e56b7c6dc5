//! Starting and cancelling syncs.
#![expect(missing_docs, reason = "the macro makes an argument of a server function a field, where it can not be documented")]

use crate::error::WireError;
use crate::wire::Wire;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use syncline_domain::ids::JobId;

/// A run that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The first job; it stands for the run.
    pub run: JobId,
}

/// Starts a sync of a [`super::SyncTarget`] in its text form and answers at once.
///
/// # Errors
/// [`crate::error::WireKind::AlreadyRunning`] with the job at work; `nothing_to_sync`.
#[server(output = Wire)]
pub async fn start_sync(target: String, #[server(default)] resume: bool) -> Result<RunStarted, WireError> {
    use super::target::SyncTarget;
    use syncline_core::hub::{Scope, SyncOptions};
    use syncline_domain::sync::{Mode, Trigger};
    let (hub, user) = crate::context::signed_in()?;
    let scope = match target.parse().map_err(|_| crate::ui::form::plain::bad_form())? {
        SyncTarget::Everything => Scope::Everything,
        SyncTarget::Connection(id) => Scope::Connections(vec![id]),
        SyncTarget::Calendar(id) => Scope::Calendars(vec![id]),
    };
    let trigger = if resume { Trigger::Resume } else { Trigger::Manual };
    let started = hub.start_sync(&user, scope, SyncOptions { mode: Mode::Auto, trigger }).await?;
    Ok(RunStarted { run: started.run_id })
}

/// Asks a run, or one job, to stop; what it committed stays.
///
/// # Errors
/// When there is no such job.
#[server(output = Wire)]
pub async fn cancel_sync(job: JobId) -> Result<(), WireError> {
    let (hub, user) = crate::context::signed_in()?;
    Ok(hub.cancel_sync(&user, &job).await?)
}
