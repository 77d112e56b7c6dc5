//! Webhooks: whose they are, once each, and what follows.

use super::support::{Booked, DAY, ME, MINUTE, OTHER, World};
use bytes::Bytes;
use serde_json::{Value, json};
use syncline_core::error::Error;
use syncline_core::hub::{CalendlyWebhook, NewCalendly, Taken};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::{SyncReport, Trigger};
use syncline_sandbox::{CalendlyDo, Fault, Provider, Trouble, sign};

syncline_core::store_suite! {
    a_booking_is_there_after_its_webhook_and_marked,
    only_a_good_signature_is_taken,
    each_webhook_counts_once_for_thirty_days,
    a_webhook_finds_its_host_among_the_accounts,
    what_happens_far_ahead_is_brought_by_its_webhook,
    what_the_stamp_of_an_event_does_not_say_is_brought_by_its_webhook,
    a_move_told_by_two_webhooks_in_any_order_is_one_booking,
    webhooks_that_come_while_a_sync_is_at_work_are_followed_by_one_more,
    a_webhook_for_nobody_is_answered_and_starts_nothing,
    with_a_public_address_the_connection_brings_a_subscription_and_takes_it_along,
    a_subscription_that_calendly_ended_is_made_anew,
}

const KEY: &str = "the key of the application";

/// A server with the application's key; nobody is connected yet.
async fn with_key(at: TestHub) -> World {
    let mut world = World::new(at).await;
    let hub = world.at.clone().configured(|config| config.oauth.calendly.webhook_key = Some(KEY.into())).await;
    world.0.at = hub;
    // In memory it is another database.
    world.0.user = match world.at.user_by_email("anna@example.net").await.unwrap() {
        Some(viewer) => viewer.id,
        None => syncline_core::testing::seed::user(&world.at.hub, "anna@example.net").await,
    };
    world
}

/// What Calendly sends about an invitee.
fn told(world: &World, event: &str, booked: &Booked, host: &str) -> Value {
    let now = jiff::Timestamp::from_millisecond(world.at.now()).unwrap().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    json!({
        "event": event, "created_at": now, "created_by": host,
        "payload": {"uri": booked.invitee, "event": booked.event, "updated_at": now,
            "scheduled_event": {"uri": booked.event, "event_memberships": [{"user": host}]}},
    })
}

fn signed(body: &str, key: &str, at: i64) -> CalendlyWebhook {
    let stamp = (at / 1000).to_string();
    let signature = format!("t={stamp},v1={}", sign(key, &stamp, body.as_bytes()));
    CalendlyWebhook { subscription: None, signature: Some(signature), body: Bytes::from(body.to_owned()) }
}

async fn host(world: &World) -> String {
    world.at.texts("SELECT remote_id FROM calendars ORDER BY created_at").await[0].clone()
}

async fn tell(world: &World, event: &str, booked: &Booked) -> Result<Taken, Error> {
    later(world);
    let body = told(world, event, booked, &host(world).await).to_string();
    world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await
}

/// Waits for the sync that follows a webhook.
async fn followed(world: &World, earlier: usize) -> SyncReport {
    for _ in 0..200 {
        let jobs = world.at.jobs(&world.user, 50).await.unwrap();
        if jobs.len() > earlier && jobs.iter().all(|job| job.finished_at.is_some()) {
            assert_eq!(jobs[0].progress.trigger, Trigger::Webhook);
            return world.at.report(&world.user, &jobs[0].progress.run_id).await.unwrap();
        }
        // Until another process or task has come so far there is nothing else to wait for.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no sync followed");
}

async fn jobs(world: &World) -> usize {
    world.at.jobs(&world.user, 50).await.unwrap().len()
}

/// A second later, so that jobs and changes have an order.
fn later(world: &World) {
    world.at.advance(1000);
    world.sandbox.advance(1000);
}

async fn marked(world: &World) -> i64 {
    world.at.number("SELECT COUNT(*) FROM events WHERE synced_via_webhook AND deleted_at IS NULL").await
}

async fn a_booking_is_there_after_its_webhook_and_marked(at: TestHub) {
    let world = with_key(at).await;
    world.book("Adam", "2026-03-11T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.asked();
    let before = jobs(&world).await;
    assert_eq!(tell(&world, "invitee.created", &eva).await.unwrap(), Taken::New { connections: 1 });
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 1), "{report:?}");
    assert_eq!(world.asked(), (1, 1, 0), "one list, and the invitees of the new one");
    assert_eq!(world.titles().await, ["30 Minute Meeting: Adam", "30 Minute Meeting: Eva"]);
    assert_eq!(marked(&world).await, 1, "only what the webhook brought is marked");
    // A later sync finds nothing to do.
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "{report:?}");
    later(&world);
    world.act(CalendlyDo::CancelInvitee { invitee: eva.invitee.clone(), reason: None });
    let before = jobs(&world).await;
    tell(&world, "invitee.canceled", &eva).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM events WHERE synced_via_webhook AND deleted_at IS NOT NULL").await, 1);
}

async fn only_a_good_signature_is_taken(at: TestHub) {
    let world = with_key(at).await;
    world.connect().await;
    world.sync().await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    let before = jobs(&world).await;
    later(&world);
    let body = told(&world, "invitee.created", &eva, &host(&world).await).to_string();
    let now = world.at.now();
    let good = signed(&body, KEY, now);
    let touched = CalendlyWebhook { body: Bytes::from(body.replace("created", "canceled")), ..good.clone() };
    let unknown = CalendlyWebhook { subscription: Some("nobody".into()), ..signed(&body, "another", now) };
    for (hook, code) in [
        (signed(&body, "another", now), "signature_wrong"),
        (touched, "signature_wrong"),
        (unknown, "signature_wrong"),
        (signed(&body, "", now), "signature_wrong"),
        (CalendlyWebhook { signature: None, ..good.clone() }, "signature_missing"),
        (signed(&body, KEY, now - 3 * MINUTE - 1000), "signature_expired"),
        (signed(&body, KEY, now + 3 * MINUTE + 1000), "signature_expired"),
        (signed("no JSON", KEY, now), "invalid_body"),
    ] {
        let error = world.at.take_calendly_webhook(hook).await.unwrap_err();
        assert_eq!(error.problem().code, code);
        assert_eq!(matches!(error, Error::Unauthenticated(_)), code != "invalid_body", "{code}");
    }
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_deliveries").await, 0);
    assert_eq!(jobs(&world).await, before);
    // Within three minutes it is good, also from a clock that is ahead.
    assert_eq!(world.at.take_calendly_webhook(signed(&body, KEY, now + 2 * MINUTE)).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before).await;
}

async fn each_webhook_counts_once_for_thirty_days(at: TestHub) {
    let world = with_key(at).await;
    world.connect().await;
    world.sync().await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    let body = told(&world, "invitee.created", &eva, &host(&world).await).to_string();
    later(&world);
    let take = async || world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await.unwrap();
    let before = jobs(&world).await;
    assert_eq!(take().await, Taken::New { connections: 1 });
    followed(&world, before).await;
    for _ in 0..3 {
        assert_eq!(take().await, Taken::Repeated);
    }
    assert_eq!(jobs(&world).await, before + 1);
    // What is kept is a hash.
    assert!(world.at.texts("SELECT delivery FROM webhook_deliveries").await.iter().all(|text| text.len() == 64));
    world.at.advance(30 * DAY);
    world.at.testing_tidy_webhooks().await;
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_deliveries").await, 1, "thirty days are not over");
    world.at.advance(1);
    world.at.testing_tidy_webhooks().await;
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_deliveries").await, 0);
}

async fn a_webhook_finds_its_host_among_the_accounts(at: TestHub) {
    let world = with_key(at).await;
    world.connect().await;
    let mine = host(&world).await;
    world.allow(OTHER, &[]);
    world.connect().await;
    // Somebody else has the first account, too.
    world.allow(ME, &[]);
    world.as_another("bert@example.net").await.connect().await;
    let connections = world.connections().await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    let body = told(&world, "invitee.created", &eva, &format!("https://api.calendly.com/users/{mine}")).to_string();
    let taken = world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await.unwrap();
    assert_eq!(taken, Taken::New { connections: 2 });
    let report = followed(&world, 0).await;
    let first = connections.iter().find(|connection| connection.account == ME).unwrap();
    assert_eq!(only(&report).connection_id, first.id);
    // One that is switched off is left alone.
    world.at.set_connection_enabled(&world.user, &first.id, false).await.unwrap();
    later(&world);
    let body = told(&world, "invitee.created", &eva, &mine).to_string();
    let taken = world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await.unwrap();
    assert_eq!(taken, Taken::New { connections: 1 });
}

async fn what_happens_far_ahead_is_brought_by_its_webhook(at: TestHub) {
    let world = with_key(at).await;
    world.connect().await;
    world.sync().await;
    let eva = world.book("Eva", "2027-01-12T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 0), "a later sync does not look so far");
    let before = jobs(&world).await;
    tell(&world, "invitee.created", &eva).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0), "{report:?}");
    later(&world);
    world.act(CalendlyDo::CancelInvitee { invitee: eva.invitee.clone(), reason: None });
    let before = jobs(&world).await;
    tell(&world, "invitee.canceled", &eva).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 0), "{report:?}");
    world.asked();
    world.sync().await;
    assert_eq!(world.asked(), (1, 0, 0), "it was asked for once");
}

async fn what_the_stamp_of_an_event_does_not_say_is_brought_by_its_webhook(at: TestHub) {
    let world = with_key(at).await;
    let eva = world.book("Eva", "2026-03-09T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.act(CalendlyDo::NoShow { invitee: eva.invitee.clone(), absent: true });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1), "the event itself did not change");
    let before = jobs(&world).await;
    tell(&world, "invitee_no_show.created", &eva).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert!(world.at.texts("SELECT content FROM events").await[0].contains("No-show"));
    // What was named in vain changes nothing, and is forgotten.
    later(&world);
    let nobody = Booked { event: eva.event.replace(eva.event.rsplit('/').next().unwrap(), "NOSUCHEVENT"), invitee: eva.invitee };
    let before = jobs(&world).await;
    tell(&world, "invitee.created", &nobody).await.unwrap();
    let report = followed(&world, before).await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1), "{report:?}");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
}

async fn a_move_told_by_two_webhooks_in_any_order_is_one_booking(at: TestHub) {
    let world = with_key(at).await;
    let mut eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let before = world.events().await;
    for (day, first) in [(16, "invitee.created"), (18, "invitee.canceled")] {
        later(&world);
        let new = world.reschedule(&eva, &format!("2026-03-{day}T08:00:00Z"));
        let (one, two) = if first == "invitee.created" { (&new, &eva) } else { (&eva, &new) };
        let second = if first == "invitee.created" { "invitee.canceled" } else { "invitee.created" };
        let earlier = jobs(&world).await;
        tell(&world, first, one).await.unwrap();
        let report = followed(&world, earlier).await;
        assert_eq!((only(&report).counts.updated, only(&report).counts.deleted, only(&report).counts.synced), (1, 0, 0), "{report:?}");
        let earlier = jobs(&world).await;
        tell(&world, second, two).await.unwrap();
        let report = followed(&world, earlier).await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 1), "{report:?}");
        assert_eq!(world.events().await, before, "the same event");
        eva = new;
    }
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
}

async fn webhooks_that_come_while_a_sync_is_at_work_are_followed_by_one_more(at: TestHub) {
    let world = with_key(at).await;
    world.connect().await;
    world.sync().await;
    let before = jobs(&world).await;
    // The first one's sync is held up while the others come.
    world.sandbox.arm(Fault::on(Provider::Calendly, Trouble::Delay { millis: 400 }).path("/scheduled_events"));
    let booked: Vec<Booked> = (11..16).map(|day| world.book(&format!("Guest{day}"), &format!("2026-03-{day}T08:00:00Z"))).collect();
    for one in &booked {
        assert_eq!(tell(&world, "invitee.created", one).await.unwrap(), Taken::New { connections: 1 });
        while world.at.sync_overview(&world.user).await.unwrap().running.is_empty() {
            tokio::task::yield_now().await;
        }
    }
    let report = followed(&world, before + 1).await;
    assert!(report.success, "{report:?}");
    assert_eq!(jobs(&world).await, before + 2, "five webhooks, two syncs");
    assert_eq!(world.titles().await.len(), 5);
}

async fn a_webhook_for_nobody_is_answered_and_starts_nothing(at: TestHub) {
    let world = with_key(at).await;
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    let body = told(&world, "invitee.created", &eva, "https://api.calendly.com/users/SOMEBODYELSE").to_string();
    assert_eq!(world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await.unwrap(), Taken::Ignored);
    let body = json!({"event": "routing_form_submission.created", "payload": {}}).to_string();
    assert_eq!(world.at.take_calendly_webhook(signed(&body, KEY, world.at.now())).await.unwrap(), Taken::Ignored);
    assert_eq!(jobs(&world).await, 0);
}

/// A server that providers can reach.
async fn public(at: TestHub) -> World {
    let world = World::new(at).await;
    World(world.0.with_public_address().await)
}

async fn subscriptions(world: &World) -> Vec<String> {
    world.at.texts("SELECT address FROM webhook_subscriptions").await
}

/// Requests about subscriptions since the last look.
fn asked(world: &World) -> Vec<String> {
    let asked = world.sandbox.take_asked();
    let hooks = asked.iter().filter(|one| one.path.starts_with("/webhook_subscriptions"));
    hooks.map(|one| format!("{} {}", one.method, one.status)).collect()
}

async fn with_a_public_address_the_connection_brings_a_subscription_and_takes_it_along(at: TestHub) {
    let world = public(at).await;
    let connection = world.connect().await;
    let addresses = subscriptions(&world).await;
    let id = addresses[0].strip_prefix("https://cal.example.org/api/calendly/webhook?subscription=").expect("our address").to_owned();
    assert_eq!(asked(&world), ["POST 201"]);
    let sealed = world.at.texts("SELECT signing_key FROM webhook_subscriptions").await.remove(0);
    assert!(sealed.len() > 60, "it is sealed: {sealed}");

    // Its own key counts, for this subscription alone.
    world.sync().await;
    later(&world);
    let eva = world.book("Eva", "2026-03-12T08:00:00Z");
    world.sandbox.settle().await;
    let delivered = world.sandbox.delivered().remove(0);
    let signature = delivered.headers.iter().find(|(name, _)| name == "Calendly-Webhook-Signature").map(|(_, value)| value.clone());
    let hook = CalendlyWebhook { subscription: Some(id), signature, body: Bytes::from(delivered.body) };
    assert!(world.at.take_calendly_webhook(CalendlyWebhook { subscription: None, ..hook.clone() }).await.is_err());
    let before = jobs(&world).await;
    assert_eq!(world.at.take_calendly_webhook(hook).await.unwrap(), Taken::New { connections: 1 });
    followed(&world, before).await;
    assert!(world.events().await.len() == 1 && eva.event.contains("scheduled_events"));

    asked(&world);
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!(asked(&world), ["DELETE 204"]);
    assert!(subscriptions(&world).await.is_empty());
    // Without the permission for webhooks, and with a token that lacks it, everything is polled.
    world.allow(ME, &["webhooks:write"]);
    world.sandbox.revoke(Provider::Calendly, ME);
    world.connect().await;
    let token = world.sandbox.token(Provider::Calendly, OTHER, &["users:read", "scheduled_events:read"]);
    world.at.add_calendly(&world.user, NewCalendly { token: token.into(), name: None }).await.unwrap();
    assert_eq!(asked(&world), ["POST 403", "POST 403"]);
    assert!(subscriptions(&world).await.is_empty());
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    world.is_well_behaved();
}

async fn a_subscription_that_calendly_ended_is_made_anew(at: TestHub) {
    let world = public(at).await;
    let connection: ConnectionId = world.connect().await.id;
    let first = subscriptions(&world).await;
    asked(&world);
    world.at.testing_tidy_webhooks().await;
    assert!(asked(&world).is_empty(), "it was alive a moment ago");
    world.at.advance(DAY + 1);
    world.sandbox.advance(DAY + 1);
    world.at.testing_tidy_webhooks().await;
    assert_eq!(asked(&world), ["GET 200"]);
    assert_eq!(subscriptions(&world).await, first);
    // Nobody answered for a day.
    world.book("Eva", "2026-03-14T08:00:00Z");
    for _ in 0..60 {
        world.sandbox.settle().await;
        world.at.advance(DAY / 24);
        world.sandbox.advance(DAY / 24);
    }
    world.sandbox.settle().await;
    world.at.testing_tidy_webhooks().await;
    assert_eq!(asked(&world), ["GET 200", "DELETE 204", "POST 201"]);
    assert_ne!(subscriptions(&world).await, first);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM webhook_subscriptions").await, 1);
    assert_eq!(world.connections().await[0].id, connection);
}
