//! Google through the server: notifications of watch channels over a real socket.

use crate::fixture::{Account, TestApp, header, problem, send};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use syncline_core::testing::db::{NOW, TestHub};
use syncline_sandbox::{ClientApp, Consent, GoogleDo, OpenChannel, Order, Provider, Sandbox, SandboxClock};
use syncline_server::config::WebArgs;

const ME: &str = "anna@example.com";

/// A server that the stand-in can call, and an account that is connected to Google and synced.
async fn start() -> (TestApp, Sandbox, Account) {
    let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
    sandbox.google(GoogleDo::Account { account: ME.into(), name: "Anna".into(), zone: "UTC".into() }).unwrap();
    // The address has to be known before the server listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap();
    drop(free);
    let base = format!("http://{listen}");
    sandbox.register(ClientApp::new(Provider::Google, "id", "secret", &format!("{base}/oauth/google/callback")));
    let hub = TestHub::in_memory().await;
    let hub = hub
        .configured(|config| {
            let google = &mut config.oauth.google;
            google.api_base = Some(sandbox.api_base(Provider::Google));
            google.oauth_base = Some(sandbox.oauth_base(Provider::Google));
            (google.client_id, google.client_secret) = (Some("id".to_owned()), Some("secret".into()));
            config.public_url = Some(base.clone());
        })
        .await;
    let web = WebArgs { listen, public_url: Some(base.parse().unwrap()), ..WebArgs::default() };
    let app = TestApp::start_on(hub, web).await;
    let account = app.account().await;
    sandbox.consent(Provider::Google, Consent::Allow { account: ME.into(), untick: vec![] });
    let to = get(&app, "/oauth/google/start", &account.cookie).await;
    let page = syncline_core::net::HttpClient::new(app.hub.config.outbound.clone()).unwrap();
    let request = syncline_core::net::Request::get(header(&to, "location").parse().unwrap());
    let answer = page.send("test", request, &Default::default()).await.unwrap();
    let back = answer.header(reqwest::header::LOCATION).expect("the way back").to_owned();
    get(&app, back.strip_prefix(&base).expect("our own address"), &account.cookie).await;
    sandbox.settle().await;
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

fn create(sandbox: &Sandbox, summary: &str, day: u8) -> String {
    let at = |hour: u8| json!({"dateTime": format!("2026-03-{day:02}T{hour:02}:00:00Z"), "timeZone": "UTC"});
    let event = json!({"summary": summary, "start": at(9), "end": at(10)});
    sandbox.google(GoogleDo::Create { calendar: ME.into(), event }).unwrap()["id"].as_str().unwrap().to_owned()
}

async fn syncs(app: &TestApp, account: &Account) -> usize {
    app.hub.jobs(&account.id, 100).await.unwrap().len()
}

fn channel_of(sandbox: &Sandbox, calendar: Option<&str>) -> OpenChannel {
    sandbox.google_channels().into_iter().find(|open| open.calendar.as_deref() == calendar).expect("it is open")
}

async fn call(app: &TestApp, channel: &str, token: &str, resource: &str, state: &str, number: u32) -> Response {
    let request = app.request(Method::POST, "/api/google/notifications").header("X-Goog-Channel-ID", channel);
    let request = request.header("X-Goog-Channel-Token", token).header("X-Goog-Resource-ID", resource);
    send(request.header("X-Goog-Resource-State", state).header("X-Goog-Message-Number", number)).await
}

#[tokio::test]
async fn what_changes_at_google_is_here_in_a_moment() {
    let (app, sandbox, account) = start().await;
    assert_eq!(sandbox.google_channels().len(), 2, "one for the list, one for the calendar");
    assert_eq!(sandbox.delivered().iter().map(|one| one.status).collect::<Vec<_>>(), [Some(200); 2], "each was tried, and answered");
    let unproven = "SELECT COUNT(*) FROM webhook_subscriptions WHERE proven_at IS NULL";
    assert_eq!(app.hub.number(unproven).await, 0);
    let id = create(&sandbox, "Dentist", 12);
    shown(&app, &account, &["Dentist"]).await;
    quiet(&app, &account).await;
    let patch = json!({"summary": "Doctor"});
    sandbox.google(GoogleDo::Change { calendar: ME.into(), event: id.clone(), patch }).unwrap();
    shown(&app, &account, &["Doctor"]).await;
    quiet(&app, &account).await;
    sandbox.google(GoogleDo::Delete { calendar: ME.into(), event: id }).unwrap();
    shown(&app, &account, &[]).await;
    quiet(&app, &account).await;
    // A calendar that comes is told by the list, and is told about from then on.
    let summary = "Work".to_owned();
    sandbox.google(GoogleDo::AddCalendar { account: ME.into(), summary, zone: "UTC".into(), id: Some("work".into()) }).unwrap();
    until("it is listed", async || app.hub.connections(&account.id).await.unwrap()[0].calendars.len() == 2).await;
    quiet(&app, &account).await;
    app.hub.testing_tidy_webhooks().await;
    assert_eq!(sandbox.google_channels().len(), 3);
    sandbox.settle().await;
    assert!(sandbox.delivered().iter().all(|one| one.status == Some(200)), "{:?}", sandbox.delivered());
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn many_messages_twice_and_in_reverse_end_in_the_same_state_by_few_syncs() {
    let (app, sandbox, account) = start().await;
    let before = syncs(&app, &account).await;
    sandbox.hold_webhooks();
    let id = create(&sandbox, "Dentist", 12);
    for day in 13..23 {
        create(&sandbox, &format!("Walk {day}"), day);
    }
    sandbox.google(GoogleDo::Change { calendar: ME.into(), event: id, patch: json!({"summary": "Doctor"}) }).unwrap();
    sandbox.release_webhooks(Order::Reversed, true);
    sandbox.settle().await;
    let walks: Vec<String> = (13..23).map(|day| format!("Walk {day}")).collect();
    let expected: Vec<&str> = std::iter::once("Doctor").chain(walks.iter().map(String::as_str)).collect();
    shown(&app, &account, &expected).await;
    quiet(&app, &account).await;
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM webhook_deliveries").await, 2 + 12, "each once, the first ones of both channels too");
    let syncs = syncs(&app, &account).await - before;
    assert!((1..12).contains(&syncs), "{syncs} syncs for 24 messages");
}

#[tokio::test]
async fn only_an_open_channel_with_its_token_is_answered_well() {
    let (app, sandbox, account) = start().await;
    let before = syncs(&app, &account).await;
    let OpenChannel { id, token, resource, .. } = channel_of(&sandbox, Some(ME));
    let token = token.expect("we gave it one");
    problem(call(&app, &id, "wrong", &resource, "exists", 8).await, 401, "channel_token_wrong").await;
    problem(call(&app, &id, "", &resource, "exists", 8).await, 401, "channel_token_wrong").await;
    problem(call(&app, "unknown", &token, &resource, "exists", 8).await, 404, "not_found").await;
    problem(call(&app, &id, &token, "another", "exists", 8).await, 404, "not_found").await;
    problem(send(app.request(Method::POST, "/api/google/notifications")).await, 404, "not_found").await;
    assert_eq!(syncs(&app, &account).await, before);
    // The first message of a channel is answered and starts nothing.
    assert_eq!(call(&app, &id, &token, &resource, "sync", 7).await.status(), 200);
    assert_eq!(syncs(&app, &account).await, before);
    assert_eq!(call(&app, &id, &token, &resource, "exists", 8).await.status(), 200);
    until("a sync follows", async || syncs(&app, &account).await == before + 1).await;
    quiet(&app, &account).await;
    assert_eq!(call(&app, &id, &token, &resource, "exists", 8).await.status(), 200, "a message that comes again is answered");
    assert_eq!(syncs(&app, &account).await, before + 1);
}

#[tokio::test]
async fn in_the_overlap_of_two_channels_both_are_heard_and_disconnecting_stops_them() {
    let (app, sandbox, account) = start().await;
    let old = channel_of(&sandbox, Some(ME));
    // The old one can not be stopped for an hour: both tell.
    let fault = syncline_sandbox::Fault::on(Provider::Google, syncline_sandbox::Trouble::ServerError { status: 503 });
    sandbox.arm(fault.path("/channels/stop").always());
    app.hub.advance(6 * 86_400_000 + 60_000);
    sandbox.advance(6 * 86_400_000 + 60_000);
    app.hub.testing_tidy_webhooks().await;
    assert_eq!(sandbox.google_channels().len(), 4);
    quiet(&app, &account).await;
    create(&sandbox, "Dentist", 12);
    shown(&app, &account, &["Dentist"]).await;
    quiet(&app, &account).await;
    sandbox.settle().await;
    let statuses: Vec<_> = sandbox.delivered().iter().map(|one| one.status).collect();
    assert_eq!(statuses, vec![Some(200); 6], "two and two that were opened, and both that told");
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM events").await, 1);
    sandbox.clear_faults();
    let hour = 3_600_000 + 60_000;
    app.hub.advance(hour);
    sandbox.advance(hour);
    app.hub.testing_tidy_webhooks().await;
    assert!(sandbox.google_channels().len() == 2 && channel_of(&sandbox, Some(ME)) != old);
    let connection = app.hub.connections(&account.id).await.unwrap().remove(0);
    quiet(&app, &account).await;
    app.hub.disconnect(&account.id, &connection.id).await.unwrap();
    assert!(sandbox.google_channels().is_empty());
    problem(call(&app, &old.id, &old.token.unwrap(), &old.resource, "exists", 99).await, 404, "not_found").await;
    assert_eq!(sandbox.violations(), Vec::<String>::new());
}
