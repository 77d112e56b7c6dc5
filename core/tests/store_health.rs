//! What `calendar_sync_health` says, on both databases.

use syncline_core::store::health;
use syncline_core::store_suite;
use syncline_core::testing::db::{NOW, TestHub};
use syncline_core::testing::seed;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::ConnectionState;

store_suite! {
    the_view_counts_what_is_here_what_is_gone_and_what_came_by_webhook,
    no_success_for_three_intervals_is_stale_whatever_the_last_try_did,
    the_first_sync_is_done_when_every_calendar_was_read_once,
    nobody_sees_the_health_of_another_user,
}

const MINUTE: i64 = 60_000;

async fn the_view_counts_what_is_here_what_is_gone_and_what_came_by_webhook(at: TestHub) {
    let (anna, calendar) = seed::user_with_calendar(&at, "anna@example.org").await;
    seed::many(&at, &anna, &calendar, 10, jiff::civil::date(2026, 3, 1), 10).await;
    at.execute("UPDATE events SET deleted_at = 5 WHERE id IN (SELECT id FROM events ORDER BY id LIMIT 3)").await;
    at.execute("UPDATE events SET synced_via_webhook = TRUE WHERE id IN (SELECT id FROM events ORDER BY id LIMIT 5)").await;
    at.execute("UPDATE calendars SET live_objects = 7").await;
    at.execute(
        "INSERT INTO webhook_subscriptions (id, connection_id, remote_id, address, signing_key, checked_at, created_at, expires_at) \
         SELECT 's', id, 'r', 'https://example.org', 'k', 7, 7, 99 FROM connections",
    )
    .await;
    let row = health::of_user(at.db(), &anna).await.unwrap().remove(0);
    assert_eq!((row.events_live, row.events_deleted, row.events_via_webhook), (7, 3, 2), "what came by webhook and is gone is gone");
    assert_eq!((row.webhooks, row.webhook_checked_at, row.webhook_expires_at), (1, Some(7), Some(99)));
    assert_eq!((row.interval_s, row.holds_open), (900, 0));
}

async fn no_success_for_three_intervals_is_stale_whatever_the_last_try_did(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    for name in ["a ok", "b failing", "c new", "d off", "e by hand", "f refused"] {
        seed::connection(&at, &anna, ProviderKind::Caldav, name).await;
    }
    at.execute(&format!("UPDATE connections SET last_success_at = {NOW} WHERE name <> 'c new'")).await;
    at.execute("UPDATE connections SET failures = 2 WHERE name = 'b failing'").await;
    at.execute("UPDATE connections SET enabled = FALSE WHERE name = 'd off'").await;
    at.execute("UPDATE connections SET interval_s = 0 WHERE name = 'e by hand'").await;
    at.execute("UPDATE connections SET needs_user = TRUE WHERE name = 'f refused'").await;
    let states = async |after: i64| {
        let rows = health::of_user(at.db(), &anna).await.unwrap();
        let of_view: Vec<_> = rows.iter().map(|row| row.state(NOW + after)).collect();
        let listed = at.connections(&anna).await.unwrap();
        assert!(after > 0 || listed.iter().map(|connection| connection.state).eq(of_view.clone()), "the cards say the same");
        of_view
    };
    use ConnectionState::{Disabled, Failing, NeedsReconnecting, New, Ok, Stale};
    assert_eq!(states(0).await, [Ok, Failing, New, Disabled, Ok, NeedsReconnecting]);
    assert_eq!(states(45 * MINUTE).await, [Ok, Failing, New, Disabled, Ok, NeedsReconnecting], "three intervals to the letter");
    assert_eq!(states(45 * MINUTE + 1).await, [Stale, Stale, Stale, Disabled, Ok, NeedsReconnecting]);
    at.advance(45 * MINUTE + 1);
    let said: Vec<_> = at.connections(&anna).await.unwrap().into_iter().filter_map(|one| Some(one.problem?.code)).collect();
    assert_eq!(said, ["stale", "stale", "stale"], "the card says what to do");
    let mut counted = health::states(at.db(), NOW + 45 * MINUTE + 1).await.unwrap();
    counted.sort();
    let expected = [("disabled", 1), ("needs_reconnecting", 1), ("ok", 1), ("stale", 3)];
    assert_eq!(counted, expected.map(|(state, number)| (state.to_owned(), number)));
    assert_eq!(health::queue(at.db(), NOW).await.unwrap(), (5, 0), "what is switched off is not due");
}

async fn the_first_sync_is_done_when_every_calendar_was_read_once(at: TestHub) {
    let (anna, _) = seed::user_with_calendar(&at, "anna@example.org").await;
    let done = async || health::of_user(at.db(), &anna).await.unwrap().remove(0).initial_sync_done;
    assert!(!done().await);
    at.execute("UPDATE connections SET last_success_at = 5").await;
    assert!(!done().await, "one calendar was never read");
    at.execute("UPDATE calendars SET last_success_at = 5").await;
    assert!(done().await);
    at.execute("UPDATE calendars SET last_success_at = NULL, enabled = FALSE").await;
    assert!(done().await, "what is switched off is not waited for");
}

async fn nobody_sees_the_health_of_another_user(at: TestHub) {
    seed::user_with_calendar(&at, "anna@example.org").await;
    let eve = seed::user(&at, "eve@example.org").await;
    assert!(health::of_user(at.db(), &eve).await.unwrap().is_empty());
}
