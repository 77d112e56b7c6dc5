//! Watch channels.

use crate::google_list::{ME, READ, create, event, refused};
use crate::support::{Api, DAY, Receiver, START};
use serde_json::json;
use syncline_sandbox::schema::GOOGLE;
use syncline_sandbox::{GoogleDo, Order, Provider, Sandbox, SandboxClock};

async fn watched() -> (Sandbox, Api, Receiver) {
    let sandbox = Sandbox::start(SandboxClock::fixed(START)).await;
    sandbox.google(GoogleDo::Account { account: ME.into(), name: "Praxis".into(), zone: "UTC".into() }).unwrap();
    let api = Api::new(&sandbox, Provider::Google, ME, &READ);
    (sandbox, api, Receiver::start().await)
}

#[tokio::test]
async fn a_channel_says_sync_first_and_then_tells_each_change_with_growing_numbers() {
    let (sandbox, api, receiver) = watched().await;
    let body = json!({"id": "chan-1", "type": "web_hook", "address": receiver.url, "token": "secret"});
    let channel = api.post("/calendars/primary/events/watch", body).await.fits(200, &GOOGLE, "Channel");
    assert_eq!(channel["expiration"], (START + 7 * DAY).to_string());
    create(&sandbox, event("One", "2026-03-10"));
    create(&sandbox, event("Two", "2026-03-10"));
    sandbox.settle().await;
    let got = receiver.take();
    let states: Vec<&str> = got.iter().map(|call| call.header("x-goog-resource-state")).collect();
    assert_eq!(states, ["sync", "exists", "exists"]);
    let numbers: Vec<u32> = got.iter().map(|call| call.header("x-goog-message-number").parse().unwrap()).collect();
    assert!(numbers[0] == 1 && numbers.is_sorted_by(|one, two| one < two), "{numbers:?}");
    for call in &got {
        assert!(call.body.is_empty());
        assert_eq!(call.header("x-goog-channel-id"), "chan-1");
        assert_eq!(call.header("x-goog-channel-token"), "secret");
        assert_eq!(call.header("x-goog-resource-id"), channel["resourceId"]);
    }
}

#[tokio::test]
async fn a_channel_ends_when_it_expires_or_is_stopped() {
    let (sandbox, api, receiver) = watched().await;
    let watch = |id: &str| json!({"id": id, "type": "web_hook", "address": receiver.url, "params": {"ttl": "3600"}});
    api.post("/calendars/primary/events/watch", watch("short")).await.fits(200, &GOOGLE, "Channel");
    let list = api.post("/users/me/calendarList/watch", watch("list")).await.fits(200, &GOOGLE, "Channel");
    let stop = json!({"id": "list", "resourceId": list["resourceId"]});
    assert_eq!(api.post("/channels/stop", stop.clone()).await.status, 204);
    refused(&api.post("/channels/stop", stop).await, 404, "notFound");
    sandbox.settle().await;
    receiver.take();
    sandbox.google(GoogleDo::AddCalendar { account: ME.into(), summary: "N".into(), zone: "UTC".into(), id: None }).unwrap();
    create(&sandbox, event("before", "2026-03-10"));
    sandbox.advance(3_600_000);
    create(&sandbox, event("after", "2026-03-10"));
    sandbox.settle().await;
    assert_eq!(receiver.take().len(), 1, "only the change before the end of the one that was not stopped");
}

#[tokio::test]
async fn wrong_channels_are_refused() {
    let (sandbox, api, receiver) = watched().await;
    let good = json!({"id": "one", "type": "web_hook", "address": receiver.url});
    let with = |name: &str, value: serde_json::Value| {
        let mut body = good.clone();
        body["id"] = json!("fresh");
        body[name] = value;
        body
    };
    api.post("/calendars/primary/events/watch", good.clone()).await.fits(200, &GOOGLE, "Channel");
    for (body, reason) in [
        (good.clone(), "channelIdNotUnique"),
        (with("id", json!("with space")), "channelIdInvalid"),
        (with("id", json!("x".repeat(65))), "channelIdInvalid"),
        (with("type", json!("email")), "invalid"),
        (with("address", json!("http://example.com/hook")), "push.webhookUrlNotHttps"),
        (with("address", json!("hook")), "push.webhookUrlNotHttps"),
        (json!({"id": "two", "type": "web_hook", "address": receiver.url, "expiration": START.to_string()}), "invalid"),
        (json!({"id": "two", "type": "web_hook", "address": receiver.url, "expiration": START}), "invalid"),
        (json!({"id": "two", "type": "web_hook", "address": receiver.url, "secret": "x"}), "invalid"),
    ] {
        refused(&api.post("/calendars/primary/events/watch", body).await, 400, reason);
    }
    refused(&api.post("/calendars/nobody/events/watch", with("id", json!("three"))).await, 404, "notFound");
    assert_eq!(sandbox.violations().len(), 9);
}

#[tokio::test]
async fn a_call_that_fails_on_the_other_side_is_made_again_later() {
    let (sandbox, api, receiver) = watched().await;
    receiver.answer(&[500, 202, 404]);
    api.post("/calendars/primary/events/watch", json!({"id": "one", "type": "web_hook", "address": receiver.url})).await;
    sandbox.settle().await;
    assert_eq!(receiver.take().len(), 1);
    sandbox.advance(2_000);
    sandbox.settle().await;
    assert_eq!(receiver.take().len(), 1, "once more after the failure");
    create(&sandbox, event("E", "2026-03-10"));
    sandbox.settle().await;
    sandbox.advance(DAY);
    sandbox.settle().await;
    assert_eq!(receiver.take().len(), 1, "a 404 is not tried again");
    let statuses: Vec<Option<u16>> = sandbox.delivered().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(500), Some(202), Some(404)]);
}

#[tokio::test]
async fn webhooks_can_be_held_reordered_and_doubled() {
    let (sandbox, api, receiver) = watched().await;
    sandbox.hold_webhooks();
    api.post("/calendars/primary/events/watch", json!({"id": "one", "type": "web_hook", "address": receiver.url})).await;
    create(&sandbox, event("E", "2026-03-10"));
    sandbox.settle().await;
    assert!(receiver.take().is_empty());
    sandbox.release_webhooks(Order::Reversed, true);
    sandbox.settle().await;
    let states: Vec<String> = receiver.take().iter().map(|call| call.header("x-goog-resource-state").to_owned()).collect();
    assert_eq!(states, ["exists", "exists", "sync", "sync"]);
}
