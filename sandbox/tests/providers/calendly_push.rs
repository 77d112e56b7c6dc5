//! Webhook subscriptions.

use crate::calendly_read::{Host, ME, on, refused};
use crate::oauth::{BACK, connect};
use crate::support::{Api, DAY, HOUR, Received, Receiver, START};
use serde_json::{Value, json};
use syncline_sandbox::schema::CALENDLY;
use syncline_sandbox::{CalendlyDo, ClientApp, Consent, Provider, Sandbox, SandboxClock, sign};

async fn hooked() -> (Host, Receiver) {
    (on(Sandbox::start(SandboxClock::fixed(START)).await), Receiver::start().await)
}

fn body(host: &Host, receiver: &Receiver) -> Value {
    json!({"url": receiver.url, "events": ["invitee.created", "invitee.canceled", "invitee_no_show.created"], "organization": host.organization,
        "user": host.user, "scope": "user", "signing_key": "key"})
}

async fn subscribe(host: &Host, receiver: &Receiver) -> Value {
    host.api.post("/webhook_subscriptions", body(host, receiver)).await.fits(201, &CALENDLY, "WebhookSubscriptionAnswer")
}

/// Checks the signature and the form of a call.
#[track_caller]
fn read(call: &Received, key: &str) -> (i64, Value) {
    let signature = call.header("calendly-webhook-signature");
    let (stamp, mark) = signature.strip_prefix("t=").and_then(|rest| rest.split_once(",v1=")).expect("a signature");
    assert_eq!(mark, sign(key, stamp, &call.body));
    let value: Value = serde_json::from_slice(&call.body).unwrap();
    let findings = CALENDLY.check("WebhookPayload", &value);
    assert!(findings.is_empty(), "{findings:?}\n{value:#}");
    (stamp.parse().unwrap(), value)
}

#[tokio::test]
async fn bookings_are_told_with_signed_bodies() {
    let (host, receiver) = hooked().await;
    subscribe(&host, &receiver).await;
    let (event, invitee) = host.book("2026-03-10T08:00:00Z");
    host.sandbox.calendly(CalendlyDo::CancelInvitee { invitee: invitee.clone(), reason: Some("ill".into()) }).unwrap();
    host.sandbox.settle().await;
    let calls = receiver.take();
    let (stamp, created) = read(&calls[0], "key");
    assert_eq!(stamp, START / 1000);
    assert_eq!((&created["event"], &created["payload"]["uri"]), (&json!("invitee.created"), &json!(invitee)));
    assert_eq!(created["payload"]["scheduled_event"]["uri"], event);
    let (_, canceled) = read(&calls[1], "key");
    assert_eq!((&canceled["event"], &canceled["payload"]["cancellation"]["reason"]), (&json!("invitee.canceled"), &json!("ill")));
    assert_eq!(calls.len(), 2);
}

#[tokio::test]
async fn old_bodies_and_wrong_clocks_can_be_had() {
    let (host, receiver) = hooked().await;
    subscribe(&host, &receiver).await;
    host.sandbox.habits(|habits| habits.calendly.scheduled_event_in_webhooks = false);
    host.sandbox.skew_signatures(-200);
    host.book("2026-03-10T08:00:00Z");
    host.sandbox.settle().await;
    let (stamp, created) = read(&receiver.take()[0], "key");
    assert_eq!(stamp, START / 1000 - 200);
    assert!(created["payload"].get("scheduled_event").is_none());
}

#[tokio::test]
async fn a_changed_date_is_told_by_two_calls() {
    let (host, receiver) = hooked().await;
    let (_, invitee) = host.book("2026-03-10T08:00:00Z");
    subscribe(&host, &receiver).await;
    host.sandbox.calendly(CalendlyDo::Reschedule { invitee: invitee.clone(), start: "2026-03-11T08:00:00Z".into() }).unwrap();
    host.sandbox.settle().await;
    let mut told: Vec<Value> = receiver.take().iter().map(|call| read(call, "key").1).collect();
    told.sort_by_key(|body| body["event"].to_string());
    assert_eq!((&told[0]["event"], &told[0]["payload"]["rescheduled"]), (&json!("invitee.canceled"), &json!(true)));
    assert_eq!((&told[1]["event"], &told[1]["payload"]["old_invitee"]), (&json!("invitee.created"), &json!(invitee)));
}

#[tokio::test]
async fn a_hook_that_fails_for_a_day_is_disabled() {
    let (host, receiver) = hooked().await;
    let made = subscribe(&host, &receiver).await;
    let hook = async || {
        host.api.get(made["resource"]["uri"].as_str().unwrap()).await.fits(200, &CALENDLY, "WebhookSubscriptionAnswer")["resource"].clone()
    };
    receiver.answer(&[302, 404, 500]);
    host.book("2026-03-10T08:00:00Z");
    host.sandbox.settle().await;
    assert_eq!((&hook().await["state"], &hook().await["retry_started_at"]), (&json!("active"), &json!("2026-03-06T10:00:00.000000Z")));
    host.sandbox.advance(HOUR);
    host.sandbox.settle().await;
    assert_eq!(hook().await["state"], "active");
    host.sandbox.advance(DAY);
    host.sandbox.settle().await;
    assert_eq!((receiver.take().len(), hook().await["state"].clone()), (3, json!("disabled")));
    host.book("2026-03-11T08:00:00Z");
    host.sandbox.advance(DAY);
    host.sandbox.settle().await;
    assert!(receiver.take().is_empty(), "it must be made anew");
}

#[tokio::test]
async fn a_hook_that_recovers_stays() {
    let (host, receiver) = hooked().await;
    let made = subscribe(&host, &receiver).await;
    receiver.answer(&[500]);
    host.book("2026-03-10T08:00:00Z");
    host.sandbox.settle().await;
    host.sandbox.advance(2_000);
    host.sandbox.settle().await;
    assert_eq!(receiver.take().len(), 2);
    let hook = host.api.get(made["resource"]["uri"].as_str().unwrap()).await.json();
    assert_eq!((&hook["resource"]["state"], &hook["resource"]["retry_started_at"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn hooks_are_listed_and_deleted() {
    let (host, receiver) = hooked().await;
    let made = subscribe(&host, &receiver).await;
    let query = format!(
        "/webhook_subscriptions?organization={}&scope=user&user={}",
        crate::support::encoded(&host.organization),
        crate::support::encoded(&host.user)
    );
    let list = host.api.get(&query).await.fits(200, &CALENDLY, "WebhookPage");
    assert_eq!(list["collection"].as_array().unwrap().len(), 1);
    refused(&host.api.post("/webhook_subscriptions", body(&host, &receiver)).await, 409, "Hook with this url already exists");
    let uri = made["resource"]["uri"].as_str().unwrap();
    assert_eq!(host.api.send("DELETE", uri, &[], None).await.status, 204);
    refused(&host.api.send("DELETE", uri, &[], None).await, 404, "Not Found");
    for wrong in [
        "/webhook_subscriptions".to_owned(),
        query.replace("scope=user", "scope=everybody"),
        query.split("&user").next().unwrap().to_owned(),
    ] {
        assert_eq!(host.api.get(&wrong).await.status, 400, "{wrong}");
    }
    host.book("2026-03-10T08:00:00Z");
    let sample =
        format!("/sample_webhook_data?event=invitee.created&scope=user&organization={}", crate::support::encoded(&host.organization));
    host.api.get(&sample).await.fits(200, &CALENDLY, "WebhookPayload");
}

#[tokio::test]
async fn wrong_hooks_are_refused() {
    let (host, receiver) = hooked().await;
    let with = |name: &str, value: Value| {
        let mut wrong = body(&host, &receiver);
        wrong[name] = value;
        wrong
    };
    for (wrong, word) in [
        (with("url", json!("http://example.com/hook")), "url"),
        (with("events", json!([])), "events"),
        (with("events", json!(["invitee.moved"])), "events"),
        (with("events", json!(["invitee.created", "invitee.created"])), "events"),
        (with("events", json!(["routing_form_submission.created"])), "organization"),
        (with("scope", json!("everybody")), "scope"),
        (with("user", Value::Null), "user"),
        (with("organization", Value::Null), "organization"),
        (with("secret", json!("x")), "secret"),
    ] {
        refused(&host.api.post("/webhook_subscriptions", wrong).await, 400, word);
    }
    assert_eq!(host.sandbox.violations().len(), 9);
    refused(&host.api.post("/webhook_subscriptions", with("organization", json!("https://x/organizations/Y"))).await, 403, "permission");
    let reader = Api::new(&host.sandbox, Provider::Calendly, ME, &["webhooks:read", "scheduled_events:read"]);
    refused(&reader.post("/webhook_subscriptions", body(&host, &receiver)).await, 403, "permission");
    let blind = Api::new(&host.sandbox, Provider::Calendly, ME, &["webhooks:write"]);
    refused(&blind.post("/webhook_subscriptions", body(&host, &receiver)).await, 403, "permission");
    let eva = "eva@example.com";
    host.sandbox.calendly(CalendlyDo::Account { account: eva.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    host.sandbox.calendly(CalendlyDo::Join { account: eva.into(), of: ME.into(), role: "user".into() }).unwrap();
    let user = Api::new(&host.sandbox, Provider::Calendly, eva, &["default"]);
    refused(&user.post("/webhook_subscriptions", body(&host, &receiver)).await, 403, "permission");
    refused(&user.post("/webhook_subscriptions", with("scope", json!("organization"))).await, 403, "permission");
}

#[tokio::test]
async fn hooks_of_an_application_are_signed_with_its_own_key() {
    let (mut host, receiver) = hooked().await;
    host.sandbox.register(ClientApp::new(Provider::Calendly, "id", "secret", BACK));
    host.sandbox.calendly(CalendlyDo::AppKey { client: "id".into(), key: "app key".into() }).unwrap();
    host.sandbox.consent(Provider::Calendly, Consent::Allow { account: ME.into(), untick: vec![] });
    let tokens = connect(&host.sandbox, Provider::Calendly, "scheduled_events:read webhooks:write").await;
    assert_eq!(tokens["owner"], host.user);
    host.api.token = tokens["access_token"].as_str().unwrap().to_owned();
    subscribe(&host, &receiver).await;
    host.book("2026-03-10T08:00:00Z");
    host.sandbox.settle().await;
    read(&receiver.take()[0], "app key");
}
