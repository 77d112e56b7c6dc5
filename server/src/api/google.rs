//! Notifications of Google Calendar.

use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use syncline_core::hub::GoogleNotification;

/// Takes a notification of a watch channel. It has no body: its headers name the channel, bear the channel's token and say what happened;
/// the sync that follows is what counts.
#[utoipa::path(
    post, path = "/api/google/notifications", tag = "google", security(()),
    params(
        ("X-Goog-Channel-ID" = Option<String>, Header, description = "The channel, as Syncline named it"),
        ("X-Goog-Channel-Token" = Option<String>, Header, description = "What only Google was told"),
        ("X-Goog-Resource-ID" = Option<String>, Header, description = "Google's name for what is watched"),
        ("X-Goog-Resource-State" = Option<String>, Header, description = "`sync`, `exists` or `not_exists`"),
        ("X-Goog-Message-Number" = Option<String>, Header, description = "Grows with every message of the channel"),
    ),
    responses(
        (status = 200, description = "It was taken in"),
        (status = 401, description = "It does not bear the token of the channel", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such channel, or it is of something that is not synced any more", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn notifications(State(state): State<AppState>, headers: HeaderMap) -> Result<StatusCode, ApiError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let told = GoogleNotification {
        channel: header("x-goog-channel-id"),
        token: header("x-goog-channel-token"),
        resource: header("x-goog-resource-id"),
        state: header("x-goog-resource-state"),
        number: header("x-goog-message-number"),
    };
    let taken = state.hub.take_google_notification(told).await;
    taken.inspect_err(|error| tracing::warn!(code = %error.problem().code, "a notification was not taken"))?;
    Ok(StatusCode::OK)
}
