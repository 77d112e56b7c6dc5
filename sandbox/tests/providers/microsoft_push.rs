//! Subscriptions.

use crate::microsoft_read::{IMMUTABLE, ME, READ, create, event, refused};
use crate::support::{Api, DAY, Receiver, START};
use serde_json::{Value, json};
use syncline_sandbox::schema::MICROSOFT;
use syncline_sandbox::{Lifecycle, MicrosoftDo, Provider, Sandbox, SandboxClock};

async fn subscribed() -> (Sandbox, Api, Receiver) {
    let sandbox = Sandbox::start(SandboxClock::fixed(START)).await;
    sandbox.microsoft(MicrosoftDo::Account { account: ME.into(), name: "Praxis".into(), zone: "UTC".into() }).unwrap();
    let api = Api::new(&sandbox, Provider::Microsoft, ME, &READ);
    (sandbox, api, Receiver::start().await)
}

fn body(receiver: &Receiver) -> Value {
    json!({"changeType": "created,updated,deleted", "notificationUrl": receiver.url, "lifecycleNotificationUrl": format!("{}?kind=life", receiver.url),
        "resource": "/me/events", "expirationDateTime": "2026-03-12T10:00:00.0000000Z", "clientState": "secret"})
}

fn items(receiver: &Receiver) -> Vec<Value> {
    let read = |call: crate::support::Received| -> Value {
        let value: Value = serde_json::from_slice(&call.body).unwrap();
        let findings = MICROSOFT.check("Notification", &value);
        assert!(findings.is_empty(), "{findings:?}");
        value["value"][0].clone()
    };
    receiver.take().into_iter().map(read).collect()
}

#[tokio::test]
async fn both_addresses_are_called_before_a_subscription_is_made() {
    let (_sandbox, api, receiver) = subscribed().await;
    let made = api.post("/subscriptions", body(&receiver)).await.fits(201, &MICROSOFT, "Subscription");
    assert_eq!((&made["clientState"], &made["expirationDateTime"]), (&json!("secret"), &json!("2026-03-12T10:00:00.0000000Z")));
    let calls = receiver.take();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.query.contains("validationToken=Validation%3A%20Testing") && call.body.is_empty()));
    assert!(calls[1].query.starts_with("kind=life&"));
    refused(&api.post("/subscriptions", body(&receiver)).await, 409, "ExtensionError");
}

#[tokio::test]
async fn a_wrong_answer_to_the_handshake_makes_no_subscription() {
    let (_sandbox, api, receiver) = subscribed().await;
    receiver.shake("Validation%3A%20Testing");
    refused(&api.post("/subscriptions", body(&receiver)).await, 400, "ValidationError");
    let mut nobody = body(&receiver);
    nobody["notificationUrl"] = json!("http://127.0.0.1:1/hook");
    refused(&api.post("/subscriptions", nobody).await, 400, "ValidationError");
    let all = api.get("/subscriptions").await.fits(200, &MICROSOFT, "SubscriptionPage");
    assert!(all["value"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn each_change_is_told_with_ids_alone() {
    let (sandbox, api, receiver) = subscribed().await;
    let made = api.send("POST", "/subscriptions", &[IMMUTABLE], Some(body(&receiver))).await.json();
    receiver.take();
    let id = create(&sandbox, event("E", "2026-03-10"));
    sandbox.microsoft(MicrosoftDo::Change { account: ME.into(), event: id.clone(), patch: json!({"subject": "F"}) }).unwrap();
    sandbox.microsoft(MicrosoftDo::Delete { account: ME.into(), event: id.clone() }).unwrap();
    sandbox.settle().await;
    let items = items(&receiver);
    let kinds: Vec<&str> = items.iter().map(|item| item["changeType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["created", "updated", "deleted"]);
    for item in &items {
        assert_eq!(
            (&item["subscriptionId"], &item["clientState"], &item["resourceData"]["id"]),
            (&made["id"], &json!("secret"), &json!(id))
        );
        assert!(item.get("subject").is_none());
    }
}

#[tokio::test]
async fn a_subscription_expires_is_renewed_and_is_deleted() {
    let (sandbox, api, receiver) = subscribed().await;
    let mut short = body(&receiver);
    short["expirationDateTime"] = json!("2026-03-06T10:05:00Z");
    let made = api.post("/subscriptions", short).await.json();
    assert_eq!(made["expirationDateTime"], "2026-03-06T10:45:00.0000000Z", "45 minutes at least");
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let renew = async |at: &str| api.send("PATCH", &path, &[], Some(json!({"expirationDateTime": at}))).await;
    assert_eq!(
        renew("2026-03-12T10:00:00Z").await.fits(200, &MICROSOFT, "Subscription")["expirationDateTime"],
        "2026-03-12T10:00:00.0000000Z"
    );
    refused(&renew("2026-03-13T09:51:00Z").await, 400, "ExtensionError");
    refused(&renew("2026-03-01T10:00:00Z").await, 400, "InvalidRequest");
    refused(&api.send("PATCH", &path, &[], Some(json!({"clientState": "x"}))).await, 400, "InvalidRequest");
    receiver.take();
    sandbox.advance(6 * DAY);
    let api = Api::new(&sandbox, Provider::Microsoft, ME, &READ);
    create(&sandbox, event("E", "2026-03-10"));
    sandbox.settle().await;
    assert!(receiver.take().is_empty(), "it has expired");
    refused(&api.get(&path).await, 404, "ResourceNotFound");
    let mut fresh = body(&receiver);
    fresh["expirationDateTime"] = json!("2026-03-15T10:00:00Z");
    let made = api.post("/subscriptions", fresh).await.fits(201, &MICROSOFT, "Subscription");
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    assert_eq!(api.send("DELETE", &path, &[], None).await.status, 204);
    refused(&api.send("DELETE", &path, &[], None).await, 404, "ResourceNotFound");
}

#[tokio::test]
async fn wrong_subscriptions_are_refused() {
    let (sandbox, api, receiver) = subscribed().await;
    let with = |name: &str, value: Value| {
        let mut wrong = body(&receiver);
        wrong[name] = value;
        wrong
    };
    for wrong in [
        with("changeType", json!("moved")),
        with("changeType", json!("")),
        with("notificationUrl", json!("http://example.com/hook")),
        with("lifecycleNotificationUrl", json!("ftp://127.0.0.1/hook")),
        with("resource", json!("/me/messages")),
        with("resource", json!("/me/calendars/x/events")),
        with("expirationDateTime", json!("2026-03-06T09:00:00Z")),
        with("clientState", json!("x".repeat(129))),
        with("colour", json!("red")),
    ] {
        refused(&api.post("/subscriptions", wrong).await, 400, "InvalidRequest");
    }
    refused(&api.post("/subscriptions", with("expirationDateTime", json!("2026-03-13T09:51:00Z"))).await, 400, "ExtensionError");
    assert!(receiver.take().is_empty(), "nobody was called");
    sandbox.habits(|habits| habits.microsoft.refuse_subscriptions = true);
    refused(&api.post("/subscriptions", body(&receiver)).await, 403, "Forbidden");
    assert_eq!(sandbox.violations().len(), 10);
}

#[tokio::test]
async fn lifecycle_messages_pause_end_or_warn() {
    let (sandbox, api, receiver) = subscribed().await;
    let made = api.post("/subscriptions", body(&receiver)).await.json();
    receiver.take();
    let life = |event| sandbox.microsoft(MicrosoftDo::Lifecycle { account: ME.into(), event }).unwrap();
    life(Lifecycle::Missed);
    life(Lifecycle::ReauthorizationRequired);
    create(&sandbox, event("unheard", "2026-03-10"));
    sandbox.settle().await;
    let got = items(&receiver);
    let kinds: Vec<&str> = got.iter().map(|item| item["lifecycleEvent"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["missed", "reauthorizationRequired"]);
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    assert_eq!(api.send("POST", &format!("{path}/reauthorize"), &[], None).await.status, 200);
    create(&sandbox, event("heard", "2026-03-10"));
    sandbox.settle().await;
    assert_eq!(items(&receiver).len(), 1);
    life(Lifecycle::SubscriptionRemoved);
    sandbox.settle().await;
    assert_eq!(items(&receiver)[0]["lifecycleEvent"], "subscriptionRemoved");
    refused(&api.get(&path).await, 404, "ResourceNotFound");
}
