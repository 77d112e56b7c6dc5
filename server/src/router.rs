//! Every address of the server, grouped by who calls it. Each group says who may ask, how long it may take and how much may
//! be sent.

use crate::api::{calendars, calendly, connections, events, google, health, holds, jobs, microsoft, stream, sync, tokens};
use crate::problem::ApiError;
use crate::state::AppState;
use crate::telemetry;
use crate::web::{assets, consent, guard, headers, identify, pages};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;

/// An ordinary request.
const SHORT: Duration = Duration::from_secs(30);
/// A request that asks a provider: finding an account may take several slow answers.
const LONG: Duration = Duration::from_secs(5 * 60);
/// The body of an ordinary request.
const SMALL_BODY: usize = 256 * 1024;
/// An uploaded file of 25 MB, with the form around it.
const FORM_BODY: usize = 26 * 1024 * 1024;
/// The same in base64.
const BASE64_BODY: usize = 35 * 1024 * 1024;

/// One address of REST.
pub struct Endpoint {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for what varies.
    pub path: &'static str,
    handler: MethodRouter<AppState>,
}

fn endpoint<H: Handler<T, AppState>, T: 'static>(method: Method, path: &'static str, handler: H) -> Endpoint {
    let filter = MethodFilter::try_from(method.clone()).expect("a common method");
    Endpoint { method, path, handler: on(filter, handler) }
}

/// Scripts and the page: ordinary requests.
fn short() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/api/calendar/connections", connections::list),
        endpoint(Method::GET, "/api/calendar/connections/{id}", connections::one),
        endpoint(Method::PATCH, "/api/calendar/connections/{id}", connections::change),
        endpoint(Method::DELETE, "/api/calendar/connections/{id}", connections::remove),
        endpoint(Method::PATCH, "/api/calendar/calendars/{id}", calendars::change),
        endpoint(Method::GET, "/api/calendar/events", events::list),
        endpoint(Method::GET, "/api/calendar/health", health::connections),
        endpoint(Method::GET, "/api/sync/jobs", jobs::list),
        endpoint(Method::GET, "/api/sync/jobs/{id}", jobs::one),
        endpoint(Method::POST, "/api/sync/jobs/{id}/cancel", jobs::cancel),
        endpoint(Method::GET, "/api/holds", holds::list),
        endpoint(Method::POST, "/api/holds/{id}", holds::decide),
        endpoint(Method::GET, "/api/tokens", tokens::list),
        endpoint(Method::POST, "/api/tokens", tokens::create),
        endpoint(Method::DELETE, "/api/tokens/{id}", tokens::revoke),
        endpoint(Method::GET, "/api/openapi.json", health::openapi),
    ]
}

/// Scripts and the page: requests that wait for a provider and may carry a file.
fn long() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/api/calendar/connections", connections::add),
        endpoint(Method::POST, "/api/calendar/connections/{id}/reconnect", connections::reconnect),
    ]
}

/// Scripts and the page: requests that last as long as the work does.
fn open_ended() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/api/calendar/sync/manual", sync::manual),
        endpoint(Method::POST, "/api/calendly/sync", calendly::sync),
        endpoint(Method::GET, "/api/sync/stream", stream::stream),
    ]
}

/// Providers, who sign what they send: no session counts, and a browser's page may not call either.
fn providers() -> Vec<Endpoint> {
    vec![
        endpoint(Method::POST, "/api/calendly/webhook", calendly::webhook),
        endpoint(Method::GET, "/api/calendly/webhook/test", calendly::webhook_test),
        endpoint(Method::POST, "/api/google/notifications", google::notifications),
        endpoint(Method::POST, "/api/microsoft/notifications", microsoft::notifications),
    ]
}

/// Those who watch the server.
fn watchers() -> Vec<Endpoint> {
    vec![
        endpoint(Method::GET, "/healthz", health::alive),
        endpoint(Method::GET, "/readyz", health::ready),
        endpoint(Method::GET, "/metrics", health::metrics),
    ]
}

/// Every address that the API document describes.
#[must_use]
pub fn endpoints() -> Vec<Endpoint> {
    [short(), long(), open_ended(), providers(), watchers()].into_iter().flatten().collect()
}

fn mount(endpoints: Vec<Endpoint>) -> Router<AppState> {
    endpoints.into_iter().fold(Router::new(), |router, endpoint| router.route(endpoint.path, endpoint.handler))
}

/// Only what providers call.
pub fn webhooks(state: &AppState) -> Router {
    mount(providers()).layer(DefaultBodyLimit::max(SMALL_BODY)).layer(from_fn(within_short)).with_state(state.clone())
}

/// The whole server.
pub fn router(state: &AppState) -> Router {
    let api = Router::new()
        .merge(mount(short()).layer(DefaultBodyLimit::max(SMALL_BODY)).layer(from_fn(within_short)))
        .merge(mount(long()).layer(DefaultBodyLimit::max(BASE64_BODY)).layer(from_fn(within_long)))
        .merge(mount(open_ended()).layer(DefaultBodyLimit::max(SMALL_BODY)))
        .layer(from_fn_with_state(state.clone(), identify::by_token_or_session))
        .merge(mount(providers()).layer(DefaultBodyLimit::max(SMALL_BODY)).layer(from_fn(within_short)))
        .layer(from_fn(headers::no_store));

    let pages = pages::routes(state)
        .merge(consent::routes())
        .merge(demo_routes())
        .layer(RequestBodyLimitLayer::new(FORM_BODY))
        .layer(from_fn(within_long))
        .layer(from_fn(pages::error_status))
        .layer(from_fn_with_state(state.clone(), guard::page))
        .layer(from_fn_with_state(state.clone(), identify::by_session))
        .layer(from_fn(headers::no_store));

    // What nobody knows: a file of `public/`, else a page that says so, for REST a problem.
    let unknown = pages::not_found.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(state.clone(), assets::public))
            .layer(from_fn_with_state(state.clone(), identify::by_session))
            .layer(from_fn(headers::no_store)),
    );

    let router = Router::new()
        .merge(api)
        .merge(pages)
        .route("/api/{*rest}", any(async || ApiError::no_such_address()))
        .fallback(unknown)
        // not for assets, which are compressed beforehand, nor for streams: the layer leaves text/event-stream alone
        .layer(CompressionLayer::new())
        .merge(mount(watchers()))
        .route("/pkg/{*path}", get(assets::package))
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        .layer(from_fn(headers::survive))
        .layer(from_fn_with_state(state.clone(), headers::secure))
        .with_state(state.clone());
    with_demos(telemetry::trace(router), state)
}

#[cfg(feature = "demo")]
fn demo_routes() -> Router<AppState> {
    crate::demo::routes()
}

#[cfg(not(feature = "demo"))]
fn demo_routes() -> Router<AppState> {
    Router::new()
}

/// Around everything: who is in a demo is served by the demo.
#[cfg(feature = "demo")]
fn with_demos(router: Router, state: &AppState) -> Router {
    if state.demo.is_some() { router } else { router.layer(from_fn_with_state(state.clone(), crate::demo::dispatch)) }
}

#[cfg(not(feature = "demo"))]
fn with_demos(router: Router, _state: &AppState) -> Router {
    router
}

async fn within_short(request: Request, next: Next) -> Response {
    within(SHORT, request, next).await
}

async fn within_long(request: Request, next: Next) -> Response {
    within(LONG, request, next).await
}

async fn within(time: Duration, request: Request, next: Next) -> Response {
    tokio::time::timeout(time, next.run(request)).await.unwrap_or_else(|_| ApiError::timed_out().into_response())
}
