//! Calendly through the server: a token, webhooks over a real socket, and the page that is open meanwhile.

use crate::fixture::{Account, TestApp, problem, send};
use crate::sync::until;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use syncline_core::testing::db::{NOW, TestHub};
use syncline_sandbox::{CalendlyBooking, CalendlyDo, Order, Provider, Sandbox, SandboxClock};
use syncline_server::config::WebArgs;

const ME: &str = "anna@example.com";
const SCOPES: [&str; 3] = ["users:read", "scheduled_events:read", "webhooks:write"];

/// A server that the stand-in can call, and a signed-in account.
async fn start() -> (TestApp, Sandbox, Account) {
    let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
    sandbox.calendly(CalendlyDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    // The address has to be known before the server listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap();
    drop(free);
    let hub = TestHub::in_memory().await;
    let hub = hub
        .configured(|config| {
            config.oauth.calendly.api_base = Some(sandbox.api_base(Provider::Calendly));
            config.oauth.calendly.oauth_base = Some(sandbox.oauth_base(Provider::Calendly));
            config.public_url = Some(format!("http://{listen}"));
        })
        .await;
    let app = TestApp::start_on(hub, WebArgs { listen, ..WebArgs::default() }).await;
    let account = app.account().await;
    (app, sandbox, account)
}

async fn post(app: &TestApp, account: &Account, path: &str, body: &Value) -> reqwest::Response {
    send(app.request(Method::POST, path).bearer_auth(&account.token).json(body)).await
}

async fn connect(app: &TestApp, sandbox: &Sandbox, account: &Account) -> Value {
    let token = sandbox.token(Provider::Calendly, ME, &SCOPES);
    let added = post(app, account, "/api/calendar/connections", &json!({"provider": "calendly", "token": token})).await;
    assert_eq!(added.status(), 201);
    added.json().await.unwrap()
}

fn book(sandbox: &Sandbox, name: &str, start: &str) -> String {
    let booking = CalendlyBooking {
        event_type: None,
        start: start.to_owned(),
        email: format!("{}@example.net", name.to_lowercase()),
        name: name.to_owned(),
        zone: "UTC".to_owned(),
        location: None,
        calendar_event: None,
        answers: Vec::new(),
    };
    let booked = sandbox.calendly(CalendlyDo::Book { account: ME.into(), booking }).unwrap();
    booked["invitee"].as_str().unwrap().to_owned()
}

async fn titles(app: &TestApp, account: &Account) -> Vec<String> {
    let response = send(app.request(Method::GET, "/api/calendar/events?from=2026-03-01&to=2026-05-01").bearer_auth(&account.token)).await;
    let events: Vec<Value> = response.json().await.unwrap();
    events.iter().map(|event| event["summary"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_token_is_checked_connected_and_synced_by_rest() {
    let (app, sandbox, account) = start().await;
    problem(post(&app, &account, "/api/calendly/sync", &json!({})).await, 422, "nothing_to_sync").await;
    let wrong = json!({"provider": "calendly", "token": "wrong"});
    problem(post(&app, &account, "/api/calendar/connections", &wrong).await, 422, "token_refused").await;
    assert!(app.hub.connections(&account.id).await.unwrap().is_empty());
    let invitee = book(&sandbox, "Eva", "2026-03-12T08:00:00Z");
    book(&sandbox, "Adam", "2026-03-13T08:00:00Z");
    let connection = connect(&app, &sandbox, &account).await;
    let report: Value = post(&app, &account, "/api/calendly/sync", &json!({})).await.json().await.unwrap();
    let expected = json!({"success": true, "message": "Synced 1 of 1 calendar(s)", "synced": 2, "updated": 0, "deleted": 0, "errors": 0});
    assert_eq!(report, expected);
    sandbox.hold_webhooks();
    app.hub.advance(60_000);
    sandbox.advance(60_000);
    sandbox.calendly(CalendlyDo::CancelInvitee { invitee, reason: None }).unwrap();
    let report: Value = post(&app, &account, "/api/calendly/sync", &json!({"mode": "full"})).await.json().await.unwrap();
    assert_eq!((report["deleted"].as_u64(), report["synced"].as_u64()), (Some(1), Some(0)), "{report}");
    // A revoked token is replaced.
    sandbox.revoke(Provider::Calendly, ME);
    let report: Value = post(&app, &account, "/api/calendly/sync", &json!({})).await.json().await.unwrap();
    assert_eq!(report["success"], false);
    let path = format!("/api/calendar/connections/{}/reconnect", connection["id"].as_str().unwrap());
    problem(post(&app, &account, &path, &json!({"token": "wrong"})).await, 422, "token_refused").await;
    let token = sandbox.token(Provider::Calendly, ME, &SCOPES);
    assert_eq!(post(&app, &account, &path, &json!({"token": token})).await.status(), 200);
    // What was mended is due at once, so that the schedule may be the first to sync it.
    let report: Value = loop {
        let answer = post(&app, &account, "/api/calendly/sync", &json!({})).await;
        if answer.status() != 409 {
            break answer.json().await.unwrap();
        }
    };
    assert_eq!(report["success"], true, "{report}");
}

#[tokio::test]
async fn a_booking_is_in_the_open_page_within_a_moment() {
    let (app, sandbox, account) = start().await;
    connect(&app, &sandbox, &account).await;
    post(&app, &account, "/api/calendly/sync", &json!({})).await;
    let mut times = Vec::new();
    for number in 0..20 {
        app.hub.advance(1000);
        sandbox.advance(1000);
        let stream = send(app.request(Method::GET, "/api/sync/stream").bearer_auth(&account.token)).await;
        let began = Instant::now();
        book(&sandbox, &format!("Guest{number}"), &format!("2026-03-{:02}T08:00:00Z", number + 11));
        let told = until(stream, "event: complete").await;
        assert!(told.contains("\"synced\":1"), "{told}");
        times.push(began.elapsed());
        assert_eq!(titles(&app, &account).await.len(), number + 1, "who is told to look finds it");
    }
    times.sort();
    println!("webhook to event: median {:?}, 19th of 20 {:?}", times[10], times[18]);
    // The figure is the benchmark's; this only tells a push from a poll.
    assert!(times[18] < Duration::from_secs(3), "{times:?}");
    let statuses: Vec<_> = sandbox.delivered().iter().map(|one| one.status).collect();
    assert_eq!(statuses, vec![Some(200); 20]);
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn webhooks_that_come_twice_and_in_reverse_end_in_the_same_state() {
    let (app, sandbox, account) = start().await;
    connect(&app, &sandbox, &account).await;
    post(&app, &account, "/api/calendly/sync", &json!({})).await;
    app.hub.advance(1000);
    sandbox.advance(1000);
    sandbox.hold_webhooks();
    let eva = book(&sandbox, "Eva", "2026-03-12T08:00:00Z");
    book(&sandbox, "Adam", "2026-03-13T08:00:00Z");
    sandbox.calendly(CalendlyDo::Reschedule { invitee: eva, start: "2026-03-20T08:00:00Z".into() }).unwrap();
    sandbox.release_webhooks(Order::Reversed, true);
    sandbox.settle().await;
    let delivered = sandbox.delivered();
    assert_eq!(delivered.len(), 8, "four, twice");
    assert!(delivered.iter().all(|one| one.status == Some(200)), "{delivered:?}");
    let overview = async || app.hub.sync_overview(&account.id).await.unwrap();
    while !overview().await.running.is_empty() || titles(&app, &account).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(titles(&app, &account).await, ["30 Minute Meeting: Adam", "30 Minute Meeting: Eva"]);
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM webhook_deliveries").await, 4, "each once");
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_the_test_address_tells_how_it_stands() {
    let (app, sandbox, account) = start().await;
    connect(&app, &sandbox, &account).await;
    let call = |body: &'static str| app.request(Method::POST, "/api/calendly/webhook").body(body);
    problem(send(call("{}")).await, 401, "webhook_key_missing").await;
    let address = app.hub.texts("SELECT address FROM webhook_subscriptions").await.remove(0);
    let path = address.strip_prefix(&app.base).expect("our own address").to_owned();
    problem(send(app.request(Method::POST, &path).body("{}")).await, 401, "signature_missing").await;
    let forged = app.request(Method::POST, &path).header("Calendly-Webhook-Signature", format!("t={},v1={}", NOW / 1000, "0".repeat(64)));
    problem(send(forged.body("{}")).await, 401, "signature_wrong").await;
    // A clock that is off by more than three minutes.
    sandbox.skew_signatures(200);
    book(&sandbox, "Eva", "2026-03-12T08:00:00Z");
    sandbox.settle().await;
    assert_eq!(sandbox.delivered().last().unwrap().status, Some(401));
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM webhook_deliveries").await, 0);

    let test: Value = app.get("/api/calendly/webhook/test").await.json().await.unwrap();
    assert_eq!((test["success"].as_bool(), test["applicationKey"].as_bool()), (Some(true), Some(false)), "{test}");
    assert_eq!(test["address"], format!("{}/api/calendly/webhook", app.base));
    let alone = TestApp::start().await;
    let test: Value = alone.get("/api/calendly/webhook/test").await.json().await.unwrap();
    assert!(test["success"] == false && test["message"].as_str().unwrap().contains("SYNCLINE_PUBLIC_URL"), "{test}");
}

#[tokio::test]
async fn the_page_takes_a_token_without_scripts() {
    let (app, sandbox, account) = start().await;
    let page = async |path: &str| send(app.request(Method::GET, path).header("cookie", &account.cookie)).await.text().await.unwrap();
    let html = page("/settings/connections?add=calendly").await;
    assert!(html.contains("href=\"/oauth/calendly/start\""), "{html}");
    let form = async |html: &str, name: &str, fields: &[(&str, &str)]| {
        let end = html.find(&format!("name=\"{name}\"")).expect("the field");
        let action = html[..end].rsplit("action=\"").next().unwrap().split('"').next().unwrap().to_owned();
        let body = url_encoded(fields);
        let request = app.request(Method::POST, &action).header("cookie", &account.cookie).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("accept", "text/html");
        send(request.header("referer", format!("{}/settings/connections", app.base)).body(body)).await
    };
    let refused = form(&html, "token", &[("token", "wrong"), ("name", "Office")]).await;
    let back = refused.headers()["location"].to_str().unwrap().to_owned();
    assert!(!back.contains("wrong"), "a token is in no address: {back}");
    let html = page(back.strip_prefix(&app.base).unwrap_or(&back)).await;
    assert!(html.contains("Calendly does not accept this token.") && html.contains("value=\"Office\""), "{html}");
    assert!(app.hub.connections(&account.id).await.unwrap().is_empty());

    let token = sandbox.token(Provider::Calendly, ME, &SCOPES);
    let added = form(&html, "token", &[("token", &token), ("name", "Office")]).await;
    let connection = app.hub.connections(&account.id).await.unwrap().remove(0);
    assert_eq!(connection.name, "Office");
    let place = added.headers()["location"].to_str().unwrap().to_owned();
    assert!(place.ends_with(&format!("#connection-{}", connection.id)), "{place}");

    let html = page(&format!("/settings/connections?reconnect={}", connection.id)).await;
    assert!(html.contains(&format!("/oauth/calendly/start?reconnect={}", connection.id)), "{html}");
    sandbox.revoke(Provider::Calendly, ME);
    let token = sandbox.token(Provider::Calendly, ME, &SCOPES);
    let mended = form(&html, "token", &[("id", connection.id.as_str()), ("token", &token)]).await;
    assert!(mended.headers()["location"].to_str().unwrap().contains("added="), "{:?}", mended.headers());
}

fn url_encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}
