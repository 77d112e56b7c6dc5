//! A client without opinions, and a receiver of webhooks.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use syncline_sandbox::schema::Schema;
use syncline_sandbox::{Provider, Sandbox, SandboxClock};
use tower::ServiceExt;

/// Friday, 6 March 2026, 10:00 UTC.
pub(crate) const START: i64 = 1_772_791_200_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(SandboxClock::fixed(START))
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of an answer with this status that fits a type of the schema.
    #[track_caller]
    pub(crate) fn fits(&self, status: u16, schema: &Schema, kind: &str) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        let value = self.json();
        let findings = schema.check(kind, &value);
        assert!(findings.is_empty(), "{findings:#?}\n{value:#}");
        value
    }
}

/// Asks a sandbox without a network.
pub(crate) async fn ask(sandbox: &Sandbox, method: &str, target: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = sandbox.router().oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// An account of a provider with a good token.
pub(crate) struct Api {
    pub(crate) sandbox: Sandbox,
    provider: Provider,
    pub(crate) token: String,
}

impl Api {
    pub(crate) fn new(sandbox: &Sandbox, provider: Provider, account: &str, scopes: &[&str]) -> Self {
        Self { sandbox: sandbox.clone(), provider, token: sandbox.token(provider, account, scopes) }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        let target = match path.strip_prefix(&self.sandbox.origin()) {
            Some(target) => target.to_owned(),
            None => format!("/{}{path}", self.provider.name()),
        };
        ask(&self.sandbox, method, &target, &all, body.map_or_else(String::new, |body| body.to_string())).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &[], Some(body)).await
    }
}

/// Percent-encodes a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// What a receiver got.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone, Default)]
struct Inbox {
    got: Arc<Mutex<Vec<Received>>>,
    statuses: Arc<Mutex<Vec<u16>>>,
    shake: Arc<Mutex<Option<String>>>,
}

/// A receiver of webhooks on a free port. It answers the validation request of Graph unless it is told another answer.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Inbox,
    server: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inbox = Inbox::default();
        let router = Router::new().fallback(receive).with_state(inbox.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inbox, server }
    }

    /// Answers the next calls with these statuses, later ones with 202.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.inbox.statuses.lock().unwrap().extend_from_slice(statuses);
    }

    /// Answers validation requests with this text.
    pub(crate) fn shake(&self, text: &str) {
        *self.inbox.shake.lock().unwrap() = Some(text.to_owned());
    }

    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.inbox.got.lock().unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(inbox): State<Inbox>, request: Request) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    inbox.got.lock().unwrap().push(Received { query: query.clone(), headers: parts.headers, body });
    let text = [("content-type", "text/plain")];
    if let Some((_, token)) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "validationToken") {
        let answer = inbox.shake.lock().unwrap().clone().unwrap_or_else(|| token.into_owned());
        return (StatusCode::OK, text, answer);
    }
    let mut statuses = inbox.statuses.lock().unwrap();
    let status = if statuses.is_empty() { 202 } else { statuses.remove(0) };
    (StatusCode::from_u16(status).unwrap(), text, String::new())
}
