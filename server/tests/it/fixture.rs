//! A server on a free port with a hub in memory, and a client that follows no redirect.

use reqwest::{Client, Method, RequestBuilder, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::sync::OnceLock;
use syncline_core::net::{HttpClient, OutboundPolicy};
use syncline_core::testing::db::TestHub;
use syncline_domain::ids::UserId;
use syncline_server::Application;
use syncline_server::config::WebArgs;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const EMAIL: &str = "ann@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A running server. Dropping it stops it.
pub(crate) struct TestApp {
    pub(crate) base: String,
    pub(crate) hub: TestHub,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: Option<JoinHandle<anyhow::Result<()>>>,
    client: Client,
}

/// A signed-in account.
pub(crate) struct Account {
    pub(crate) id: UserId,
    /// `name=value`, ready for the `Cookie` header.
    pub(crate) cookie: String,
    pub(crate) token: String,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(WebArgs::default()).await
    }

    pub(crate) async fn start_with(web: WebArgs) -> Self {
        Self::start_on(TestHub::in_memory().await, web).await
    }

    pub(crate) async fn start_on(hub: TestHub, web: WebArgs) -> Self {
        let application = Application::build(hub.hub.clone(), web).await.expect("a free port");
        let base = format!("http://{}", application.address());
        let shutdown = application.shutdown();
        let task = tokio::spawn(application.run());
        Self { base, hub, shutdown, task: Some(task), client: client() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        send(self.request(Method::GET, path)).await
    }

    /// Makes the first account, signs it in and makes a token.
    pub(crate) async fn account(&self) -> Account {
        let session = self.hub.create_first_user(EMAIL, &SecretString::from(PASSWORD)).await.expect("the first account");
        self.signed_in(EMAIL, session.token.expose_secret()).await
    }

    /// Makes one more account.
    pub(crate) async fn other_account(&self, email: &str) -> Account {
        self.hub.add_user(email, &SecretString::from(PASSWORD)).await.expect("an account");
        let session = self.hub.sign_in(email, &SecretString::from(PASSWORD)).await.expect("a session");
        self.signed_in(email, session.token.expose_secret()).await
    }

    async fn signed_in(&self, email: &str, session: &str) -> Account {
        let viewer = self.hub.user_by_email(email).await.expect("the database").expect("the account");
        let made = self.hub.create_token(&viewer.id, "test").await.expect("a token");
        Account { id: viewer.id, cookie: format!("syncline_session={session}"), token: made.secret.expose_secret().to_owned() }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("the server answers")
}

/// A header of an answer; empty when it is missing.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Checks the form of an error and gives its body.
pub(crate) async fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], code);
    assert_eq!(body["status"], status);
    assert_eq!(body["type"], format!("urn:syncline:problem:{code}"));
    for field in ["title", "detail", "action"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {body}");
    }
    body
}

/// One client for all tests would share connections with servers of other tests' runtimes.
#[expect(clippy::disallowed_methods, reason = "a test asks its own server, which no guard has to allow")]
fn client() -> Client {
    // reqwest comes without a TLS provider of its own; the outbound client of the core installs ours.
    static TLS: OnceLock<()> = OnceLock::new();
    TLS.get_or_init(|| drop(HttpClient::new(OutboundPolicy::default()).expect("an HTTP client")));
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .build()
        .expect("an HTTP client")
}
