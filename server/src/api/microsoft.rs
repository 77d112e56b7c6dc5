//! Notifications of Microsoft Graph.

use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which subscription is calling, or whether the address is only tried.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
pub struct NotificationQuery {
    /// As in the address that Syncline gave Microsoft.
    subscription: Option<String>,
    /// Microsoft tries the address before it subscribes: this text is given back as it is.
    validation_token: Option<String>,
}

/// Takes notifications of Microsoft Graph, and answers its handshake. They are proven by the `clientState` of their subscription; the
/// sync that follows is what counts.
#[utoipa::path(
    post, path = "/api/microsoft/notifications", tag = "microsoft", security(()), params(NotificationQuery),
    request_body(content = serde_json::Value, description = "As Microsoft sends it; nothing with `validationToken`"),
    responses(
        (status = 200, description = "The handshake: the token as plain text", body = String, content_type = "text/plain"),
        (status = 202, description = "They were taken in"),
        (status = 401, description = "The subscription or its `clientState` is not one of this server", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It can not be read", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn notifications(
    State(state): State<AppState>,
    Query(query): Query<NotificationQuery>,
    body: Bytes,
) -> Result<Response, ApiError> {
    if let Some(token) = query.validation_token {
        // Plain text that no browser takes for anything else.
        let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        return Ok((StatusCode::OK, headers, token).into_response());
    }
    let taken = state.hub.take_microsoft_notifications(query.subscription.as_deref(), &body).await;
    taken.inspect_err(|error| tracing::warn!(code = %error.problem().code, "a notification was not taken"))?;
    Ok(StatusCode::ACCEPTED.into_response())
}
