//! The log, and the span of a request. A span has method, route and request id; never a query, a header or a body, which
//! may hold secrets.

use crate::config::{LogArgs, LogFormat};
use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Response};
use std::io::IsTerminal as _;
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use tracing::{Level, Span};
use tracing_subscriber::EnvFilter;

/// Starts the log on the error output; `usual` is what is logged when nothing else is asked for.
pub fn start(log: &LogArgs, usual: &str) {
    let filter = EnvFilter::try_new(log.filter.as_deref().unwrap_or(usual)).unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    // A test may have started one already; the first one stays.
    let _ = match log.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// Adds request ids and spans to every route.
pub fn trace(router: Router) -> Router {
    let trace = TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(log_response).on_failure(());
    router.layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(trace)
            .layer(PropagateRequestIdLayer::x_request_id()),
    )
}

fn span(request: &Request<Body>) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let id = request.extensions().get::<RequestId>().and_then(|id| id.header_value().to_str().ok()).unwrap_or_default();
    tracing::span!(Level::INFO, "http", method = %request.method(), route, id)
}

fn log_response(response: &Response<Body>, took: Duration, _span: &Span) {
    let status = response.status().as_u16();
    let ms = took.as_millis();
    if response.status().is_server_error() {
        tracing::warn!(status, ms, "answered with an error");
    } else {
        tracing::debug!(status, ms, "answered");
    }
}
