//! Leptos inside axum: the rendered pages and the server functions, with what they find in their context.

use crate::state::AppState;
use crate::web::guard;
use crate::web::headers::CspNonce;
use app::context::ConfiguredBase;
use app::error::{WireError, WireKind};
use app::route::PAGES;
use app::session::SignInGate;
use app::{Site, shell};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leptos::context::{provide_context, use_context};
use leptos::nonce::Nonce;
use leptos::server_fn::error::FromServerFnError as _;
use leptos_axum::{AxumRouteListing, LeptosRoutes};
use leptos_router::{Method, SsrMode};
use std::sync::Arc;

/// The addresses of the pages; each is rendered as a whole before it is sent.
fn listings() -> Vec<AxumRouteListing> {
    page_paths().map(|path| AxumRouteListing::new(path.to_owned(), SsrMode::Async, [Method::Get], Vec::new())).collect()
}

/// The paths of all pages.
pub fn page_paths() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(path, _)| *path)
}

/// The pages and the server functions.
pub fn routes(state: &AppState) -> Router<AppState> {
    Router::new()
        .leptos_routes_with_context(state, listings(), context(state), document(state))
        .route("/settings", get(async || guard::redirect("/settings/calendars")))
}

/// What server functions and pages find in their context.
fn context(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.hub.clone());
        provide_context(state.cookie);
        provide_context(state.demo_part());
        provide_context(ConfiguredBase(state.web.public().map(ToString::to_string)));
        provide_context::<Arc<dyn SignInGate>>(state.throttle.clone());
        if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<CspNonce>().cloned()) {
            provide_context(Nonce::from_value(nonce.0));
        }
    }
}

fn document(state: &AppState) -> impl Fn() -> leptos::prelude::AnyView + Clone + Send + Sync + 'static {
    use leptos::prelude::IntoAny as _;
    let assets = state.assets.clone();
    move || shell(&Site { version: assets.version() }).into_any()
}

/// An address that nobody knows: the page says so, with status 404.
pub async fn not_found(State(state): State<AppState>, request: Request) -> Response {
    let render = leptos_axum::render_app_async_with_context(context(&state), document(&state));
    render(request).await
}

/// Middleware of the server functions: leptos answers every error with 500; the kind of the [`WireError`] gives the true
/// status. Answers to plain forms are redirects and stay as they are.
pub async fn error_status(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR || !response.headers().contains_key("serverfnerror") {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, 64 * 1024).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let error = WireError::de(bytes.clone());
    parts.status = status(&error.kind);
    if let WireKind::Throttled { retry_after_s } = error.kind {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn status(kind: &WireKind) -> StatusCode {
    match kind {
        WireKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        WireKind::Forbidden => StatusCode::FORBIDDEN,
        WireKind::NotFound => StatusCode::NOT_FOUND,
        WireKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        WireKind::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        WireKind::AlreadyRunning { .. } => StatusCode::CONFLICT,
        WireKind::Provider | WireKind::Connection => StatusCode::BAD_GATEWAY,
        WireKind::Server => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
