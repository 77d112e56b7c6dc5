//! Occurrences of a period.

use super::input::{Day, Params, User};
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use syncline_domain::view::Occurrence;
use utoipa::IntoParams;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// First day, `YYYY-MM-DD`; three months ago, or what the user has set, when it is missing.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Day>,
    /// Day after the last, `YYYY-MM-DD`, at most fifty years after the first; in twelve months, or what the user has set, when it is missing.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Day>,
    /// IANA zone of the days and of floating times; the user's, else UTC, when it is missing.
    timezone: Option<String>,
}

/// The occurrences that overlap `[from, to)`, of all enabled calendars.
#[utoipa::path(
    get, path = "/api/calendar/events", tag = "calendar", params(EventsQuery),
    responses(
        (status = 200, body = Vec<Occurrence>),
        (status = 400, description = "A day can not be read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The zone is unknown, `to` is not after `from`, or the period is too long (`period_too_long`)", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    User(user): User,
    Params(query): Params<EventsQuery>,
) -> Result<Json<Vec<Occurrence>>, ApiError> {
    let zone = query.timezone.as_deref();
    let (from, to) = state.hub.range(&user, zone).await?;
    let (from, to) = (query.from.map_or(from, |day| day.0), query.to.map_or(to, |day| day.0));
    Ok(Json(state.hub.occurrences(&user, from, to, zone).await?))
}
