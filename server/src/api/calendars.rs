//! Calendars: what the user chooses about them.

use super::input::{Body, Id, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use syncline_core::hub::CalendarChange;
use syncline_domain::ids::CalendarId;
use utoipa::ToSchema;

/// What to change; what is missing stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarPatch {
    /// Sync it.
    enabled: Option<bool>,
    /// Show it.
    visible: Option<bool>,
    /// Name of a colour.
    color: Option<String>,
}

/// Changes a calendar.
#[utoipa::path(
    patch, path = "/api/calendar/calendars/{id}", tag = "calendar", params(("id" = CalendarId, Path, description = "The calendar")),
    request_body = CalendarPatch,
    responses(
        (status = 204, description = "Changed"),
        (status = 404, description = "There is no such calendar", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The colour is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(state): State<AppState>,
    User(user): User,
    Id(id): Id<CalendarId>,
    Body(CalendarPatch { enabled, visible, color }): Body<CalendarPatch>,
) -> Result<StatusCode, ApiError> {
    state.hub.change_calendar(&user, &id, CalendarChange { enabled, visible, color }).await?;
    Ok(StatusCode::NO_CONTENT)
}
