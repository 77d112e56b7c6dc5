//! Outlook through the server: the handshake and notifications over a real socket.

use crate::fixture::{Account, TestApp, header, problem, send};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use syncline_core::testing::db::{NOW, TestHub};
use syncline_sandbox::{ClientApp, Consent, Lifecycle, MicrosoftDo, Order, Provider, Sandbox, SandboxClock};
use syncline_server::config::WebArgs;

const ME: &str = "anna@example.com";

/// A server that the stand-in can call, and an account that is connected to a mailbox and synced.
async fn start(prepare: impl FnOnce(&Sandbox)) -> (TestApp, Sandbox, Account) {
    let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
    sandbox.microsoft(MicrosoftDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    prepare(&sandbox);
    // The address has to be known before the server listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap();
    drop(free);
    let base = format!("http://{listen}");
    sandbox.register(ClientApp::new(Provider::Microsoft, "id", "secret", &format!("{base}/oauth/microsoft/callback")));
    let hub = TestHub::in_memory().await;
    let hub = hub
        .configured(|config| {
            let microsoft = &mut config.oauth.microsoft;
            microsoft.api_base = Some(sandbox.api_base(Provider::Microsoft));
            microsoft.oauth_base = Some(sandbox.oauth_base(Provider::Microsoft));
            (microsoft.client_id, microsoft.client_secret) = (Some("id".to_owned()), Some("secret".into()));
            config.public_url = Some(base.clone());
        })
        .await;
    let web = WebArgs { listen, public_url: Some(base.parse().unwrap()), ..WebArgs::default() };
    let app = TestApp::start_on(hub, web).await;
    let account = app.account().await;
    sandbox.consent(Provider::Microsoft, Consent::Allow { account: ME.into(), untick: vec![] });
    let to = get(&app, "/oauth/microsoft/start", &account.cookie).await;
    let page = syncline_core::net::HttpClient::new(app.hub.config.outbound.clone()).unwrap();
    let request = syncline_core::net::Request::get(header(&to, "location").parse().unwrap());
    let answer = page.send("test", request, &Default::default()).await.unwrap();
    let back = answer.header(reqwest::header::LOCATION).expect("the way back").to_owned();
    get(&app, back.strip_prefix(&base).expect("our own address"), &account.cookie).await;
    quiet(&app, &account).await;
    (app, sandbox, account)
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Response {
    send(app.request(Method::GET, path).header("cookie", cookie)).await
}

/// Asks again until it is so.
async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Until nothing is synced any more.
async fn quiet(app: &TestApp, account: &Account) {
    until("nothing is at work", async || app.hub.sync_overview(&account.id).await.unwrap().running.is_empty()).await;
}

/// Until the titles of March 2026 are these.
async fn shown(app: &TestApp, account: &Account, expected: &[&str]) {
    let titles = async || {
        let path = "/api/calendar/events?from=2026-03-01&to=2026-04-01";
        let events: Vec<Value> = send(app.request(Method::GET, path).bearer_auth(&account.token)).await.json().await.unwrap();
        events.iter().map(|event| event["summary"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    until(&format!("{expected:?}"), async || titles().await == expected).await;
}

fn create(sandbox: &Sandbox, subject: &str, day: u8) -> String {
    let at = |hour: u8| json!({"dateTime": format!("2026-03-{day:02}T{hour:02}:00:00"), "timeZone": "UTC"});
    let event = json!({"subject": subject, "start": at(9), "end": at(10)});
    sandbox.microsoft(MicrosoftDo::Create { account: ME.into(), calendar: None, event }).unwrap()["id"].as_str().unwrap().to_owned()
}

fn lifecycle(sandbox: &Sandbox, event: Lifecycle) {
    sandbox.microsoft(MicrosoftDo::Lifecycle { account: ME.into(), event }).unwrap();
}

async fn subscriptions(app: &TestApp) -> Vec<String> {
    app.hub.texts("SELECT remote_id FROM webhook_subscriptions").await
}

fn asked(sandbox: &Sandbox, method: &str) -> usize {
    sandbox.take_asked().iter().filter(|one| one.method == method && one.path.starts_with("/subscriptions") && one.status < 300).count()
}

#[tokio::test]
async fn what_changes_in_outlook_is_here_in_a_moment() {
    let (app, sandbox, account) = start(|_| {}).await;
    assert_eq!(subscriptions(&app).await.len(), 1, "the handshake came to its end");
    let id = create(&sandbox, "Dentist", 12);
    shown(&app, &account, &["Dentist"]).await;
    quiet(&app, &account).await;
    sandbox.microsoft(MicrosoftDo::Change { account: ME.into(), event: id.clone(), patch: json!({"subject": "Doctor"}) }).unwrap();
    shown(&app, &account, &["Doctor"]).await;
    quiet(&app, &account).await;
    sandbox.microsoft(MicrosoftDo::Delete { account: ME.into(), event: id }).unwrap();
    shown(&app, &account, &[]).await;
    sandbox.settle().await;
    assert_eq!(sandbox.delivered().iter().filter_map(|one| one.status).collect::<Vec<_>>(), [202; 3]);
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn notifications_that_come_twice_and_in_reverse_end_in_the_same_state() {
    let (app, sandbox, account) = start(|_| {}).await;
    sandbox.hold_webhooks();
    let id = create(&sandbox, "Dentist", 12);
    create(&sandbox, "Cinema", 13);
    sandbox.microsoft(MicrosoftDo::Change { account: ME.into(), event: id, patch: json!({"subject": "Doctor"}) }).unwrap();
    sandbox.release_webhooks(Order::Reversed, true);
    sandbox.settle().await;
    shown(&app, &account, &["Doctor", "Cinema"]).await;
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM webhook_deliveries").await, 3, "each once");
}

#[tokio::test]
async fn only_who_knows_the_client_state_is_believed() {
    let (app, sandbox, account) = start(|_| {}).await;
    let address = app.hub.texts("SELECT address FROM webhook_subscriptions").await.remove(0);
    let path = address.strip_prefix(&app.base).expect("our own address").to_owned();
    let sealed = app.hub.texts("SELECT signing_key FROM webhook_subscriptions").await;
    let remote = subscriptions(&app).await.remove(0);
    let item = |state: &str, subscription: &str| {
        let resource = json!({"id": "e", "@odata.etag": "1"});
        json!({"value": [{"subscriptionId": subscription, "clientState": state, "changeType": "updated", "resourceData": resource}]})
    };
    let call = |path: &str, body: String| send(app.request(Method::POST, path).body(body));
    for body in [item("wrong", &remote), item("", &remote), item(&sealed[0], &remote), json!({"value": []})] {
        problem(call(&path, body.to_string()).await, 401, "client_state_wrong").await;
    }
    problem(call("/api/microsoft/notifications?subscription=x", item("wrong", &remote).to_string()).await, 401, "client_state_wrong").await;
    problem(call("/api/microsoft/notifications", item("wrong", &remote).to_string()).await, 401, "client_state_wrong").await;
    problem(call(&path, "[]".to_owned()).await, 422, "invalid_body").await;
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM webhook_deliveries").await, 0);
    // The handshake gives the decoded token back, as nothing but text.
    let tried = call("/api/microsoft/notifications?validationToken=Validation%3A%20%3Cb%3E", String::new()).await;
    assert_eq!((tried.status().as_u16(), header(&tried, "content-type")), (200, "text/plain; charset=utf-8"));
    assert_eq!(header(&tried, "x-content-type-options"), "nosniff");
    assert_eq!(tried.text().await.unwrap(), "Validation: <b>");
    drop((sandbox, account));
}

#[tokio::test]
async fn what_microsoft_says_about_a_subscription_is_followed() {
    let (app, sandbox, account) = start(|_| {}).await;
    let first = subscriptions(&app).await;
    // Something was not told.
    sandbox.hold_webhooks();
    create(&sandbox, "Dentist", 12);
    lifecycle(&sandbox, Lifecycle::Missed);
    sandbox.release_webhooks(Order::Reversed, false);
    shown(&app, &account, &["Dentist"]).await;
    quiet(&app, &account).await;
    // Nothing is told until it is renewed.
    drop(sandbox.take_asked());
    lifecycle(&sandbox, Lifecycle::ReauthorizationRequired);
    sandbox.settle().await;
    until("it is renewed", async || asked(&sandbox, "PATCH") > 0).await;
    quiet(&app, &account).await;
    create(&sandbox, "Cinema", 13);
    shown(&app, &account, &["Dentist", "Cinema"]).await;
    quiet(&app, &account).await;
    // It is gone: another one takes its place.
    lifecycle(&sandbox, Lifecycle::SubscriptionRemoved);
    sandbox.settle().await;
    until("there is another one", async || subscriptions(&app).await.iter().any(|id| !first.contains(id))).await;
    quiet(&app, &account).await;
    create(&sandbox, "Garden", 14);
    shown(&app, &account, &["Dentist", "Cinema", "Garden"]).await;
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_subscription_is_renewed_before_it_ends_and_goes_with_its_connection() {
    let (app, sandbox, account) = start(|_| {}).await;
    let first = subscriptions(&app).await;
    for _ in 0..4 {
        app.hub.advance(2 * 86_400_000);
        sandbox.advance(2 * 86_400_000);
        drop(sandbox.take_asked());
        app.hub.testing_tidy_webhooks().await;
        assert_eq!(asked(&sandbox, "PATCH"), 1);
        app.hub.testing_tidy_webhooks().await;
        assert_eq!(asked(&sandbox, "PATCH"), 0, "once a day is enough");
    }
    assert_eq!(subscriptions(&app).await, first, "it is the same after eight days");
    // After a long sleep it has ended there.
    app.hub.advance(20 * 86_400_000);
    sandbox.advance(20 * 86_400_000);
    app.hub.testing_tidy_webhooks().await;
    assert!(subscriptions(&app).await.len() == 1 && subscriptions(&app).await != first);
    drop(sandbox.take_asked());
    let connection = app.hub.connections(&account.id).await.unwrap().remove(0);
    app.hub.disconnect(&account.id, &connection.id).await.unwrap();
    assert_eq!(asked(&sandbox, "DELETE"), 1);
}

#[tokio::test]
async fn a_company_that_allows_no_subscriptions_is_polled() {
    let (app, sandbox, account) = start(|sandbox| sandbox.habits(|habits| habits.microsoft.refuse_subscriptions = true)).await;
    assert!(subscriptions(&app).await.is_empty());
    create(&sandbox, "Dentist", 12);
    let path = "/api/calendar/sync/manual";
    let report: Value = send(app.request(Method::POST, path).bearer_auth(&account.token).json(&json!({}))).await.json().await.unwrap();
    assert_eq!((report["success"].as_bool(), report["synced"].as_u64()), (Some(true), Some(1)), "{report}");
    shown(&app, &account, &["Dentist"]).await;
}
