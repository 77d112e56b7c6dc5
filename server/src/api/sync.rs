//! Starting a sync by hand.

use super::input::{Day, OptionalBody, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use syncline_core::error::Error;
use syncline_core::hub::{Scope, Started, SyncOptions};
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{Mode, SyncReport, Trigger};
use utoipa::ToSchema;

/// What to sync, and how. Nothing at all syncs every connection and waits for the end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncRequest {
    /// Only these connections.
    connection_ids: Option<Vec<ConnectionId>>,
    /// Only these calendars; not together with `connectionIds`.
    calendar_ids: Option<Vec<CalendarId>>,
    /// Begin of the period that has to be up to date afterwards. A calendar is brought up to date as a whole, because providers tell
    /// changes by a cursor and not by their time: what lies outside is brought along and counted.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Day>,
    /// End (exclusive) of that period.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    /// Which pass; `auto` when it is missing.
    mode: Option<Mode>,
    /// `false` answers 202 at once. Otherwise the answer comes when the sync has ended.
    wait: Option<bool>,
}

impl SyncRequest {
    fn scope(&mut self) -> Result<Scope, ApiError> {
        if let (Some(from), Some(to)) = (&self.from, &self.to)
            && to.0 <= from.0
        {
            return Err(ApiError::bad_request(
                "invalid_period",
                "The end of the period is not after its begin.",
                "Give a later `to`; it is exclusive.",
            ));
        }
        match (self.connection_ids.take(), self.calendar_ids.take()) {
            (None, None) => Ok(Scope::Everything),
            (Some(connections), None) => Ok(Scope::Connections(connections)),
            (None, Some(calendars)) => Ok(Scope::Calendars(calendars)),
            (Some(_), Some(_)) => {
                let message = "Both connections and calendars were given.";
                Err(ApiError::bad_request("two_scopes", message, "Give connectionIds or calendarIds, not both."))
            }
        }
    }
}

/// A sync that was started.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncStarted {
    /// The first job; it stands for the whole run.
    pub job_id: JobId,
    /// A job for each connection.
    pub job_ids: Vec<JobId>,
}

/// Syncs now.
#[utoipa::path(
    post, path = "/api/calendar/sync/manual", tag = "sync",
    request_body(content = Option<SyncRequest>, description = "May be left out"),
    responses(
        (status = 200, description = "The sync has ended; `success` says whether every calendar is in step", body = SyncReport),
        (status = 202, description = "The sync was started (`wait: false`), or the server is shutting down and it continues later", body = SyncStarted),
        (status = 400, description = "The request can not be used", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "A sync is in progress: `jobId` and `job` say which one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "There is nothing to sync", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn manual(
    State(state): State<AppState>,
    User(user): User,
    OptionalBody(mut wanted): OptionalBody<SyncRequest>,
) -> Result<Response, ApiError> {
    let started = start(&state, &user, wanted.scope()?, wanted.mode.unwrap_or(Mode::Auto)).await?;
    let accepted = SyncStarted { job_id: started.run_id.clone(), job_ids: started.job_ids };
    if wanted.wait == Some(false) {
        return Ok((StatusCode::ACCEPTED, Json(accepted)).into_response());
    }
    tokio::select! {
        report = state.hub.wait_for(&user, &started.run_id) => Ok(Json(report?).into_response()),
        () = state.shutdown.cancelled() => Ok((StatusCode::ACCEPTED, Json(accepted)).into_response()),
    }
}

/// Starts a sync by hand.
pub(super) async fn start(state: &AppState, user: &UserId, scope: Scope, mode: Mode) -> Result<Started, ApiError> {
    match state.hub.start_sync(user, scope, SyncOptions { mode, trigger: Trigger::Manual }).await {
        Ok(started) => Ok(started),
        Err(Error::AlreadyRunning { job }) => {
            let progress = state.hub.job(user, &job).await.ok();
            Err(ApiError::already_running(job, progress))
        }
        Err(error) => Err(error.into()),
    }
}
