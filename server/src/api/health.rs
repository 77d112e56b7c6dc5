//! For those who watch the server, and its own description.

use super::input::User;
use crate::openapi::ApiDoc;
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use secrecy::{ExposeSecret as _, SecretString};
use std::net::{IpAddr, SocketAddr};
use syncline_domain::failure::Problem;
use syncline_domain::health::ConnectionHealth;
use utoipa::OpenApi as _;

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn alive() -> &'static str {
    "ok\n"
}

/// This process can do its work: the database answers within two seconds and has the tables of this version, the scheduler is at work,
/// and the data folder can be written.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "A line for each of `database`, `migrations`, `scheduler` and `data_folder`", content_type = "text/plain", body = String),
        (status = 503, description = "Something is wrong, or the server is shutting down", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn ready(State(state): State<AppState>) -> Result<String, ApiError> {
    if state.shutdown.is_cancelled() {
        return Err(ApiError::shutting_down());
    }
    let checks = state.hub.readiness().await;
    let wrong: Vec<String> = checks.iter().filter_map(|check| Some(format!("{}: {}", check.name, check.wrong?))).collect();
    if wrong.is_empty() {
        return Ok(checks.iter().map(|check| format!("{}: ok\n", check.name)).collect());
    }
    tracing::warn!(what = wrong.join("; "), "not ready");
    let message = format!("Syncline is not ready. {}.", wrong.join("; "));
    let problem = Problem::new("not_ready", message, "Look at the server's log and at `syncline doctor`.");
    Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, problem))
}

/// The media type of what Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures for Prometheus: jobs, events, requests to providers, connections by state, the queue. No figure names a user.
///
/// Without `SYNCLINE_METRICS_TOKEN` only this machine may ask, and not through a proxy; with it, whoever bears it.
#[utoipa::path(
    get, path = "/metrics", tag = "health", security(()),
    responses(
        (status = 200, content_type = "application/openmetrics-text", body = String),
        (status = 401, description = "The token is missing or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "No token is set, and another machine asks", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    may_watch(state.web.metrics_token.as_ref(), peer.ip(), &headers)?;
    let text = state.hub.metrics_text().await?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS), (header::CACHE_CONTROL, "no-store")], text))
}

fn may_watch(token: Option<&SecretString>, peer: IpAddr, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(token) = token else {
        // A proxy on this machine is loopback itself; then somebody else is behind it.
        let is_passed_on = ["x-forwarded-for", "x-real-ip", "forwarded", "via"].iter().any(|name| headers.contains_key(*name));
        return if peer.to_canonical().is_loopback() && !is_passed_on { Ok(()) } else { Err(closed()) };
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let is_right = given.is_some_and(|given| syncline_core::secrets::same(given.as_bytes(), token.expose_secret().as_bytes()));
    if is_right { Ok(()) } else { Err(wrong()) }
}

fn closed() -> ApiError {
    let action = "Set SYNCLINE_METRICS_TOKEN and send it: Authorization: Bearer …";
    ApiError::new(StatusCode::FORBIDDEN, Problem::new("metrics_closed", "Only this machine may read the figures.", action))
}

fn wrong() -> ApiError {
    let action = "Send the value of SYNCLINE_METRICS_TOKEN: Authorization: Bearer …";
    ApiError::new(StatusCode::UNAUTHORIZED, Problem::new("wrong_metrics_token", "The token for the figures is missing or wrong.", action))
}

/// How each of the user's connections stands: last success, staleness, webhook, counts.
#[utoipa::path(get, path = "/api/calendar/health", tag = "health", responses((status = 200, body = Vec<ConnectionHealth>)))]
pub async fn connections(State(state): State<AppState>, User(user): User) -> Result<Json<Vec<ConnectionHealth>>, ApiError> {
    Ok(Json(state.hub.health(&user).await?))
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health", security(()), responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(ApiDoc::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(token: Option<&str>, peer: &str, headers: &[(&'static str, &'static str)]) -> u16 {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let token = token.map(SecretString::from);
        may_watch(token.as_ref(), peer.parse().unwrap(), &headers).map_or_else(|error| error.status().as_u16(), |()| 200)
    }

    #[test]
    fn without_a_token_only_this_machine_reads_figures_and_never_for_somebody_else() {
        assert_eq!(status(None, "127.0.0.1", &[]), 200);
        assert_eq!(status(None, "::1", &[]), 200);
        assert_eq!(status(None, "::ffff:127.0.0.1", &[]), 200);
        assert_eq!(status(None, "192.168.1.7", &[]), 403);
        for header in ["x-forwarded-for", "x-real-ip", "forwarded", "via"] {
            assert_eq!(status(None, "127.0.0.1", &[(header, "203.0.113.9")]), 403, "{header}");
        }
    }

    #[test]
    fn with_a_token_whoever_bears_it_reads_figures_and_nobody_else() {
        assert_eq!(status(Some("s3cret"), "203.0.113.9", &[("authorization", "Bearer s3cret")]), 200);
        for (peer, headers) in
            [("127.0.0.1", &[][..]), ("203.0.113.9", &[("authorization", "Bearer s3cre")]), ("::1", &[("authorization", "s3cret")])]
        {
            assert_eq!(status(Some("s3cret"), peer, headers), 401);
        }
    }
}
