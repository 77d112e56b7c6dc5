//! Connecting an account by signing in at the provider, as a browser does it without scripts.

use crate::fixture::{Account, TestApp, header, send};
use reqwest::{Method, Response};
use syncline_core::testing::db::{NOW, TestHub};
use syncline_sandbox::{ClientApp, Consent, GoogleDo, Provider, Sandbox, SandboxClock};
use syncline_server::config::WebArgs;

const ME: &str = "anna@example.com";
const BASE: &str = "http://cal.example.org";

/// A server that knows the stand-in, and a signed-in account.
async fn start() -> (TestApp, Sandbox, Account) {
    let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
    sandbox.google(GoogleDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    sandbox.register(ClientApp::new(Provider::Google, "id", "secret", &format!("{BASE}/oauth/google/callback")));
    let hub = TestHub::in_memory().await;
    let hub = hub
        .configured(|config| {
            let google = &mut config.oauth.google;
            google.api_base = Some(sandbox.api_base(Provider::Google));
            google.oauth_base = Some(sandbox.oauth_base(Provider::Google));
            (google.client_id, google.client_secret) = (Some("id".to_owned()), Some("secret".into()));
        })
        .await;
    let web = WebArgs { public_url: Some(BASE.parse().unwrap()), ..WebArgs::default() };
    let app = TestApp::start_on(hub, web).await;
    let account = app.account().await;
    (app, sandbox, account)
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Response {
    send(app.request(Method::GET, path).header("cookie", cookie)).await
}

/// Goes to the provider and back; gives the answer of the callback.
async fn connect(app: &TestApp, account: &Account, start: &str) -> Response {
    let to = get(app, start, &account.cookie).await;
    assert_eq!(to.status(), 303);
    let page = syncline_core::net::HttpClient::new(app.hub.config.outbound.clone()).unwrap();
    let request = syncline_core::net::Request::get(header(&to, "location").parse().unwrap());
    let answer = page.send("test", request, &Default::default()).await.unwrap();
    let back = answer.header(reqwest::header::LOCATION).expect("the way back").to_owned();
    get(app, back.strip_prefix(BASE).expect("our own address"), &account.cookie).await
}

#[tokio::test]
async fn allowing_it_ends_at_the_new_connection_and_starts_its_first_sync() {
    let (app, sandbox, account) = start().await;
    sandbox.consent(Provider::Google, Consent::Allow { account: ME.into(), untick: vec![] });
    let end = connect(&app, &account, "/oauth/google/start").await;
    let connections = app.hub.connections(&account.id).await.unwrap();
    assert_eq!(connections[0].account, ME);
    let expected = format!("/settings/calendars?added={0}#connection-{0}", connections[0].id);
    assert_eq!((end.status().as_u16(), header(&end, "location")), (303, expected.as_str()));
    assert!(!app.hub.jobs(&account.id, 5).await.unwrap().is_empty(), "the first sync was started");
    assert_eq!(sandbox.violations(), Vec::<String>::new());

    let page = get(&app, &format!("/settings/connections?reconnect={}", connections[0].id), &account.cookie).await.text().await.unwrap();
    assert!(page.contains("Reconnect with ") && page.contains(&format!("/oauth/google/start?reconnect={}", connections[0].id)), "{page}");
    let end = connect(&app, &account, &format!("/oauth/google/start?reconnect={}", connections[0].id)).await;
    assert_eq!(header(&end, "location"), expected);
    assert_eq!(app.hub.connections(&account.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_leads_to_the_page_of_connections_which_says_why() {
    let (app, sandbox, account) = start().await;
    for (consent, code, words) in [
        (Consent::Deny, "consent_refused", "You did not allow it at Google"),
        (
            Consent::Allow { account: ME.into(), untick: vec!["calendar.events.readonly".into()] },
            "scope_missing",
            "not every box was ticked",
        ),
    ] {
        sandbox.consent(Provider::Google, consent);
        let end = connect(&app, &account, "/oauth/google/start").await;
        assert_eq!(header(&end, "location"), format!("/settings/connections?provider=google&refused={code}"));
        let page = get(&app, header(&end, "location"), &account.cookie).await.text().await.unwrap();
        assert!(page.contains(words), "{page}");
    }
    assert!(app.hub.connections(&account.id).await.unwrap().is_empty());
    let page = get(&app, "/settings/connections?provider=google&refused=%3Cb%3Ecall%20555", &account.cookie).await.text().await.unwrap();
    assert!(!page.contains("call 555"), "an address puts no words into the page");
}

#[tokio::test]
async fn a_callback_of_another_browser_or_of_nobody_connects_nothing() {
    let (app, sandbox, account) = start().await;
    sandbox.consent(Provider::Google, Consent::Allow { account: ME.into(), untick: vec![] });
    let other = app.other_account("eve@example.org").await;
    let to = get(&app, "/oauth/google/start", &account.cookie).await;
    let page = syncline_core::net::HttpClient::new(app.hub.config.outbound.clone()).unwrap();
    let request = syncline_core::net::Request::get(header(&to, "location").parse().unwrap());
    let answer = page.send("test", request, &Default::default()).await.unwrap();
    let back = answer.header(reqwest::header::LOCATION).unwrap().strip_prefix(BASE).unwrap().to_owned();
    let end = get(&app, &back, &other.cookie).await;
    assert!(header(&end, "location").ends_with("refused=state_expired"), "{}", header(&end, "location"));
    assert!(header(&app.get("/oauth/google/start").await, "location").starts_with("/sign-in"));
    for id in [&account.id, &other.id] {
        assert!(app.hub.connections(id).await.unwrap().is_empty());
    }
    assert!(header(&get(&app, "/oauth/nobody/start", &account.cookie).await, "location").ends_with("/settings/connections"));
}
