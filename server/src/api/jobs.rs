//! Sync jobs: the history, one of them, stopping one.

use super::input::{Id, Params, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use syncline_core::error::Error;
use syncline_domain::ids::JobId;
use syncline_domain::sync::SyncReport;
use syncline_domain::view::Job;
use utoipa::{IntoParams, ToSchema};

/// How many jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobsQuery {
    /// At most so many, 1 to 200; 50 when it is missing.
    limit: Option<u32>,
}

/// The user's jobs, newest first.
#[utoipa::path(get, path = "/api/sync/jobs", tag = "sync", params(JobsQuery), responses((status = 200, body = Vec<Job>)))]
pub async fn list(State(state): State<AppState>, User(user): User, Params(query): Params<JobsQuery>) -> Result<Json<Vec<Job>>, ApiError> {
    Ok(Json(state.hub.jobs(&user, query.limit.unwrap_or(50).clamp(1, 200)).await?))
}

/// A job, and the report of its run once that has ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobAnswer {
    /// The job.
    #[serde(flatten)]
    job: Job,
    /// What the run did; null while it is at work.
    report: Option<SyncReport>,
}

/// One job.
#[utoipa::path(
    get, path = "/api/sync/jobs/{id}", tag = "sync", params(("id" = JobId, Path, description = "The job")),
    responses(
        (status = 200, body = JobAnswer),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn one(State(state): State<AppState>, User(user): User, Id(id): Id<JobId>) -> Result<Json<JobAnswer>, ApiError> {
    let job = state.hub.job(&user, &id).await?;
    let report = match job.finished_at {
        None => None,
        Some(_) => match state.hub.report(&user, &job.progress.run_id).await {
            Ok(report) => Some(report),
            // another job of the run is still at work
            Err(Error::NotFound(_) | Error::Invalid(_)) => None,
            Err(error) => return Err(error.into()),
        },
    };
    Ok(Json(JobAnswer { job, report }))
}

/// Asks a job to stop. What it committed stays.
#[utoipa::path(
    post, path = "/api/sync/jobs/{id}/cancel", tag = "sync", params(("id" = JobId, Path, description = "The job")),
    responses(
        (status = 202, description = "It stops at the next page", body = Job),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn cancel(State(state): State<AppState>, User(user): User, Id(id): Id<JobId>) -> Result<(StatusCode, Json<Job>), ApiError> {
    state.hub.cancel_sync(&user, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(state.hub.job(&user, &id).await?)))
}
