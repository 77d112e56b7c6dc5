//! Connecting an account by allowing it at the provider: `/oauth/{provider}/start` sends the browser to the consent page, and
//! `/oauth/{provider}/callback` takes it back. Both are plain addresses, so they work without scripts.
//!
//! What goes wrong leads to the page of connections with a code; the words come from the core.

use crate::state::AppState;
use crate::web::guard::redirect;
use app::session::CurrentUser;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, http::HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use syncline_core::error::Error;
use syncline_core::hub::{BeginConsent, ConsentAnswer, Scope, SyncOptions};
use syncline_core::oauth::guide::redirect_uri;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{Mode, ProviderKind, Trigger};
use url::form_urlencoded::Serializer;

/// The two addresses. Whoever is not signed in is sent to the sign-in page by the guard in front.
pub fn routes() -> Router<AppState> {
    Router::new().route("/oauth/{provider}/start", get(start)).route("/oauth/{provider}/callback", get(callback))
}

#[derive(Debug, Deserialize)]
struct Start {
    reconnect: Option<String>,
}

async fn start(
    State(state): State<AppState>,
    Extension(user): Extension<CurrentUser>,
    Path(provider): Path<String>,
    Query(query): Query<Start>,
    headers: HeaderMap,
) -> Response {
    let Some((user, provider, session)) = who(&state, user, &provider, &headers) else { return redirect(PAGE) };
    let mend = query.reconnect.as_deref().and_then(|id| ConnectionId::parse(id).ok());
    let begin = BeginConsent { provider, redirect_uri: redirect_uri(&base(&state, &headers), provider), session, mend: mend.clone() };
    match state.hub.begin_consent(&user, begin).await {
        Ok(address) => redirect(&address),
        Err(error) => failed(provider, mend.as_ref(), &error),
    }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
}

async fn callback(
    State(state): State<AppState>,
    Extension(user): Extension<CurrentUser>,
    Path(provider): Path<String>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Response {
    let Some((user, provider, session)) = who(&state, user, &provider, &headers) else { return redirect(PAGE) };
    let answer = ConsentAnswer { provider, session, state: back.state, code: back.code.map(SecretString::from), error: back.error };
    match state.hub.finish_consent(&user, answer).await {
        Ok(connection) => {
            state.hub.note_consent(provider, None);
            let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual };
            if let Err(error) = state.hub.start_sync(&user, Scope::Connections(vec![connection.id.clone()]), options).await {
                tracing::info!(connection = %connection.id, %error, "the first sync did not start");
            }
            redirect(&format!("/settings/calendars?added={0}#connection-{0}", connection.id))
        }
        Err(error) => {
            state.hub.note_consent(provider, Some(&error.problem().code));
            failed(provider, None, &error)
        }
    }
}

const PAGE: &str = "/settings/connections";

fn who(state: &AppState, user: CurrentUser, provider: &str, headers: &HeaderMap) -> Option<(UserId, ProviderKind, SecretString)> {
    let session = SecretString::from(state.cookie.read(headers)?);
    Some((user.0?.id, ProviderKind::parse(provider)?, session))
}

/// The address that browsers use: the configured one, else the one that this browser used.
pub(crate) fn base(state: &AppState, headers: &HeaderMap) -> String {
    if let Some(url) = state.web.public() {
        return url.to_string();
    }
    let host = headers.get(header::HOST).and_then(|host: &HeaderValue| host.to_str().ok()).unwrap_or("127.0.0.1");
    format!("http://{host}")
}

/// Back to the page of connections, with the code of what went wrong.
fn failed(provider: ProviderKind, mend: Option<&ConnectionId>, error: &Error) -> Response {
    let code = error.problem().code;
    tracing::info!(provider = provider.as_str(), %code, "an account was not connected");
    let mut query = Serializer::new(String::new());
    query.append_pair("provider", provider.as_str()).append_pair("refused", &code);
    if let Some(id) = mend {
        query.append_pair("reconnect", id.as_str());
    }
    redirect(&format!("{PAGE}?{}", query.finish()))
}
