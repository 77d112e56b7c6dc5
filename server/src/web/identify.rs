//! Who asks, and from where. Puts [`CurrentUser`] and [`ClientAddress`] into the request, and refuses changes that another
//! site asks a browser to make (CSRF).

use crate::problem::ApiError;
use crate::state::AppState;
use app::session::{ClientAddress, CurrentUser};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// How the user was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nobody is signed in.
    None,
    /// The session cookie of a browser.
    Session,
    /// An API token.
    Token,
}

/// Middleware of the page and its server functions: the cookie alone counts.
pub async fn by_session(State(state): State<AppState>, request: Request, next: Next) -> Response {
    identify(&state, request, next, false).await
}

/// Middleware of REST: an API token, else the cookie.
pub async fn by_token_or_session(State(state): State<AppState>, request: Request, next: Next) -> Response {
    identify(&state, request, next, true).await
}

async fn identify(state: &AppState, request: Request, next: Next, tokens: bool) -> Response {
    let (mut parts, body) = request.into_parts();
    let (user, proof) = match recognise(state, &parts.headers, tokens).await {
        Ok(found) => found,
        Err(error) => return error.into_response(),
    };
    if proof != Proof::Token && changes_something(&parts.method) && !same_origin(state, &parts.headers, proof) {
        tracing::warn!(path = parts.uri.path(), "refused a change that another site asked for");
        return ApiError::other_origin().into_response();
    }
    if let Some(address) = client_address(state, &parts) {
        parts.extensions.insert(ClientAddress(address));
    }
    parts.extensions.insert(user);
    parts.extensions.insert(proof);
    next.run(Request::from_parts(parts, body)).await
}

async fn recognise(state: &AppState, headers: &HeaderMap, tokens: bool) -> Result<(CurrentUser, Proof), ApiError> {
    if tokens && let Some(line) = headers.get(header::AUTHORIZATION) {
        let secret = line
            .to_str()
            .ok()
            .and_then(|line| line.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim())
            .ok_or_else(ApiError::wrong_token)?;
        let viewer = state.hub.viewer_by_token(secret).await?.ok_or_else(ApiError::wrong_token)?;
        return Ok((CurrentUser(Some(viewer)), Proof::Token));
    }
    let Some(token) = state.cookie.read(headers) else { return Ok((CurrentUser(None), Proof::None)) };
    let viewer = state.hub.viewer_by_session(token).await?;
    let proof = if viewer.is_some() { Proof::Session } else { Proof::None };
    Ok((CurrentUser(viewer), proof))
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the browser says that the request comes from a page of this instance. A caller that says nothing at all is no
/// browser; with a session cookie it is refused all the same.
fn same_origin(state: &AppState, headers: &HeaderMap, proof: Proof) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null")) {
        Some(origin) => is_own_origin(origin, state.web.base_url.as_ref(), text(header::HOST)),
        None => proof == Proof::None,
    }
}

/// `Origin` is that of the base URL, or its host and port are those of the `Host` header.
fn is_own_origin(origin: &str, base_url: Option<&Url>, host: Option<&str>) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    if base_url.is_some_and(|base| base.origin() == origin.origin()) {
        return true;
    }
    let Some(own) = host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok()) else { return false };
    matches!(origin.scheme(), "http" | "https") && own.origin() == origin.origin()
}

/// The peer, or what the trusted proxy in front says.
fn client_address(state: &AppState, parts: &Parts) -> Option<IpAddr> {
    if state.web.trust_proxy {
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        if let Ok(address) = forwarded.rsplit(',').next()?.trim().parse() {
            return Some(address);
        }
    }
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_our_own_by_base_url_or_by_host() {
        let base = Url::parse("https://cal.example.org").unwrap();
        assert!(is_own_origin("https://cal.example.org", Some(&base), Some("10.0.0.1:3000")));
        assert!(is_own_origin("http://localhost:3000", None, Some("localhost:3000")));
        assert!(is_own_origin("https://cal.example.org", None, Some("cal.example.org")));
        for other in ["null", "https://evil.example", "http://localhost:3001", "https://cal.example.org.evil.example", ""] {
            assert!(!is_own_origin(other, Some(&base), Some("localhost:3000")), "{other}");
        }
        assert!(!is_own_origin("https://cal.example.org", None, None));
    }
}
