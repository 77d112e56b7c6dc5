//! The live stream: what happens to the user's syncs, as server-sent events.

use super::input::User;
use crate::problem::{ApiError, ProblemBody};
use crate::state::AppState;
use app::wire::Packed;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use syncline_core::hub::LiveId;
use syncline_domain::view::Live;

/// A stream ends after this time and the browser opens it anew: then it is checked again who asks.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The browser waits this long before it opens a broken stream anew.
const RETRY: Duration = Duration::from_secs(2);

/// In which form the data of a message is.
#[derive(Debug, Deserialize)]
pub struct Form {
    /// `packed`: as the page reads it, of the same version as this server. Scripts take the JSON.
    #[serde(rename = "as")]
    form: Option<String>,
}

/// What happens to the user's syncs.
#[utoipa::path(
    get, path = "/api/sync/stream", tag = "sync",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last `id:` that arrived: brings what was told since, whichever process told it")),
    responses(
        (status = 200, content_type = "text/event-stream", body = String,
         description = "Events `progress` (data: JobProgress), `complete` (data: SyncReport) and `changed` (data: {}), numbered by `id:`"),
        (status = 401, description = "Nobody is signed in", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub async fn stream(State(state): State<AppState>, User(user): User, form: Query<Form>, headers: HeaderMap) -> Result<Response, ApiError> {
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.trim().parse().ok());
    // A stream that breaks before its first message is resumed, too: the greeting has a number when there is nothing to catch up.
    let hello = Event::default().retry(RETRY).comment("Syncline");
    let hello = if after.is_none() { hello.id(state.hub.live_position().to_string()) } else { hello };
    let hello = futures::stream::once(async { hello });
    let packed = form.form.as_deref() == Some("packed");
    let end = end(&state);
    let events = hello
        .chain(state.hub.live(&user, after).filter_map(move |(id, live)| std::future::ready(event(id, &live, packed))))
        .take_until(end);
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15)).text("still here");
    let mut response = Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(keep_alive).into_response();
    // nginx would hold the events back
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn end(state: &AppState) -> impl Future<Output = ()> + Send + use<> {
    let shutdown = state.shutdown.clone();
    async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(LIFETIME) => {}
        }
    }
}

/// One message. A value that can not be written as JSON is left out; there is none.
fn event(id: LiveId, live: &Live, packed: bool) -> Option<Event> {
    let event = Event::default().id(id.to_string());
    if packed {
        return match live {
            Live::Progress(progress) => Some(event.event("progress").data(Packed::of(progress).ok()?.to_text())),
            Live::Complete(report) => Some(event.event("complete").data(Packed::of(report).ok()?.to_text())),
            // Browsers drop an event without data.
            Live::Changed => Some(event.event("changed").data("{}")),
        };
    }
    match live {
        Live::Progress(progress) => event.event("progress").json_data(progress),
        Live::Complete(report) => event.event("complete").json_data(report),
        Live::Changed => event.event("changed").json_data(serde_json::json!({})),
    }
    .inspect_err(|error| tracing::error!(%error, "a live message can not be written"))
    .ok()
}
