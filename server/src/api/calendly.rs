//! Calendly: its webhooks, and a sync of its connections alone.

use super::input::{OptionalBody, User};
use super::sync::start;
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use syncline_core::error::Error;
use syncline_core::hub::{CalendlyWebhook, Scope, Taken};
use syncline_domain::sync::{Mode, ProviderKind, SyncReport};
use utoipa::{IntoParams, ToSchema};

/// How to sync.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CalendlySyncRequest {
    /// `full` reads 730 days back and 365 ahead again; `auto` when it is missing.
    mode: Option<Mode>,
}

/// How a sync of Calendly ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CalendlySyncReport {
    /// Every account is in step.
    success: bool,
    /// In words: "Synced 1 of 1 calendar(s)".
    message: String,
    /// New bookings.
    synced: u64,
    /// Changed and moved ones.
    updated: u64,
    /// Cancelled and erased ones.
    deleted: u64,
    /// Bookings that could not be read.
    errors: u64,
}

impl From<SyncReport> for CalendlySyncReport {
    fn from(report: SyncReport) -> Self {
        let counts = report.counts;
        let (synced, updated, deleted, errors) = (counts.synced, counts.updated, counts.deleted, counts.errors);
        Self { success: report.success, message: report.message, synced, updated, deleted, errors }
    }
}

/// Syncs the user's Calendly accounts now and waits for the end.
#[utoipa::path(
    post, path = "/api/calendly/sync", tag = "calendly",
    request_body(content = Option<CalendlySyncRequest>, description = "May be left out"),
    responses(
        (status = 200, description = "The sync has ended; `success` says whether every account is in step", body = CalendlySyncReport),
        (status = 409, description = "A sync is in progress: `jobId` and `job` say which one", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No Calendly account is connected and switched on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The server is shutting down; the sync continues later", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn sync(
    State(state): State<AppState>,
    User(user): User,
    OptionalBody(wanted): OptionalBody<CalendlySyncRequest>,
) -> Result<Json<CalendlySyncReport>, ApiError> {
    let accounts = state.hub.enabled_connections(&user, ProviderKind::Calendly).await?;
    if accounts.is_empty() {
        let action = "Connect one under Settings, Connections, or switch one on.";
        return Err(Error::invalid("nothing_to_sync", "No Calendly account is connected that could be synced.", action).into());
    }
    let started = start(&state, &user, Scope::Connections(accounts), wanted.mode.unwrap_or(Mode::Auto)).await?;
    tokio::select! {
        report = state.hub.wait_for(&user, &started.run_id) => Ok(Json(report?.into())),
        () = state.shutdown.cancelled() => Err(ApiError::shutting_down()),
    }
}

/// Which subscription is calling.
#[derive(Debug, Deserialize, IntoParams)]
pub struct WebhookQuery {
    /// As in the address that Syncline gave Calendly; without it, the key of the application counts.
    subscription: Option<String>,
}

/// What became of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookAnswer {
    /// It is authentic and was taken in.
    received: bool,
    /// It came before, and nothing follows.
    duplicate: bool,
    /// So many connections are synced now.
    connections: usize,
}

/// Takes a webhook of Calendly. Its signature is checked on the body as it came; the sync that follows is what counts.
#[utoipa::path(
    post, path = "/api/calendly/webhook", tag = "calendly", security(()), params(WebhookQuery),
    request_body(content = serde_json::Value, description = "As Calendly sends it, signed in `Calendly-Webhook-Signature`"),
    responses(
        (status = 200, body = WebhookAnswer),
        (status = 401, description = "The signature is missing, wrong, or older than three minutes", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "It can not be read", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn webhook(
    State(state): State<AppState>,
    Query(query): Query<WebhookQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<WebhookAnswer>, ApiError> {
    let signature = headers.get("calendly-webhook-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let taken = state.hub.take_calendly_webhook(CalendlyWebhook { subscription: query.subscription, signature, body }).await;
    let taken = taken.inspect_err(|error| tracing::warn!(code = %error.problem().code, "a webhook was not taken"))?;
    let connections = if let Taken::New { connections } = taken { connections } else { 0 };
    Ok(Json(WebhookAnswer { received: true, duplicate: taken == Taken::Repeated, connections }))
}

/// Whether webhooks can come in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    /// Calendly can call this server.
    success: bool,
    /// In words, with what to do.
    message: String,
    /// Where Calendly calls.
    address: Option<String>,
    /// There is a key for webhooks of the application; those that Syncline subscribes to have keys of their own.
    application_key: bool,
    /// Now by this server's clock, RFC 3339: signatures are good for three minutes.
    timestamp: String,
}

/// Tells whether webhooks of Calendly can come in. Whoever sees this answer from outside has reached the server.
#[utoipa::path(get, path = "/api/calendly/webhook/test", tag = "calendly", security(()), responses((status = 200, body = WebhookTest)))]
pub async fn webhook_test(State(state): State<AppState>) -> Response {
    let setup = state.hub.calendly_webhooks();
    let (success, message) = match &setup.address {
        Some(address) => (true, format!("Webhooks are taken at {address}.")),
        None => {
            (false, "Calendly can not call this server, so bookings are polled. Set SYNCLINE_PUBLIC_URL to an https address.".to_owned())
        }
    };
    let timestamp = jiff::Timestamp::from_millisecond(state.hub.now()).map(|at| at.to_string()).unwrap_or_default();
    let test = WebhookTest { success, message, address: setup.address, application_key: setup.has_key, timestamp };
    (StatusCode::OK, Json(test)).into_response()
}
