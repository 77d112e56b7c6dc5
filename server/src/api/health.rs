//! For those who watch the server, and its own description.

use crate::openapi::ApiDoc;
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use utoipa::OpenApi as _;

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers, so requests can be served.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, content_type = "text/plain", body = String),
        (status = 500, description = "The database does not answer", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The server is shutting down", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(state): State<AppState>) -> Result<&'static str, ApiError> {
    if state.shutdown.is_cancelled() {
        return Err(ApiError::shutting_down());
    }
    state.hub.ready().await?;
    Ok("ready\n")
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", security(()), responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(ApiDoc::openapi())
}
