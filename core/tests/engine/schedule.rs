//! When a connection is synced by itself, and what is fetched once for several of them.

use super::connected;
use secrecy::SecretString;
use syncline_core::hub::{NewIcs, Scope, SyncOptions};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_core::testing::sync::{AUTO, FULL};
use syncline_domain::ids::UserId;
use syncline_domain::sync::{Mode, SyncReport, Trigger};
use syncline_domain::view::Connection;
use syncline_sandbox::ics::{Calendar, Entry, Fault, Feed, IcsHost};

syncline_core::store_suite! {
    a_sync_moves_the_next_one_and_the_user_says_how_far,
    a_connection_that_fails_is_left_alone_for_longer_and_longer,
    a_feed_that_several_have_is_fetched_once_for_all_by_the_schedule,
    who_has_something_else_than_the_others_is_not_told_that_nothing_changed,
    a_feed_that_fails_fails_for_everybody_by_itself,
}

const MINUTE: i64 = 60_000;
const SCHEDULE: SyncOptions = SyncOptions { mode: Mode::Auto, trigger: Trigger::Schedule };

async fn only(at: &TestHub, user: &UserId) -> Connection {
    at.connections(user).await.unwrap().remove(0)
}

/// Minutes until the next sync.
async fn wait(at: &TestHub, user: &UserId) -> i64 {
    (only(at, user).await.next_sync_at.expect("it is synced by itself") - at.now()) / MINUTE
}

async fn a_sync_moves_the_next_one_and_the_user_says_how_far(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let user = connected(&at, &host).await;
    let id = only(&at, &user).await.id;
    assert_eq!((only(&at, &user).await.interval_s, wait(&at, &user).await), (900, 15));
    at.advance(10 * MINUTE);
    at.sync(&user).await;
    let first = wait(&at, &user).await;
    assert!((13..=16).contains(&first), "a manual sync moves it, within a tenth: {first}");
    for (seconds, minutes) in [(300, 5), (3600, 60), (86_400, 1440)] {
        at.set_interval(&user, &id, seconds).await.unwrap();
        assert_eq!(wait(&at, &user).await, minutes, "from the last sync on");
        at.sync(&user).await;
        let next = wait(&at, &user).await;
        assert!((minutes * 9 / 10 - 1..=minutes * 11 / 10).contains(&next), "{next} of {minutes}");
    }
    for seconds in [1, 299, 86_401] {
        assert_eq!(at.set_interval(&user, &id, seconds).await.unwrap_err().problem().code, "bad_interval");
    }
    at.set_interval(&user, &id, 0).await.unwrap();
    assert_eq!(only(&at, &user).await.next_sync_at, None);
    at.sync(&user).await;
    assert_eq!(only(&at, &user).await.next_sync_at, None, "only by hand");
}

async fn a_connection_that_fails_is_left_alone_for_longer_and_longer(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| feed.fault = Some(Fault::Status(410, None)));
    let mut waits = Vec::new();
    for _ in 0..6 {
        assert!(!at.sync(&user).await.success);
        waits.push((only(&at, &user).await.next_sync_at.unwrap() - at.now()) / 1000);
    }
    let is_doubled = |(times, wait): (usize, &i64)| (54 << times..=66 << times).contains(wait);
    assert!(waits.iter().enumerate().all(is_doubled), "a minute, and twice as long each time, within a tenth: {waits:?}");
    host.change(|feed| feed.fault = None);
    assert!(at.sync(&user).await.success);
    assert!((13..=16).contains(&wait(&at, &user).await));
}

/// Three users who have the same feed; nothing is synced yet.
async fn three(at: &TestHub, host: &IcsHost) -> Vec<UserId> {
    let mut users = vec![connected(at, host).await];
    for email in ["bert@example.com", "carl@example.com"] {
        let user = seed::user(&at.hub, email).await;
        let new = NewIcs::Address { url: SecretString::from(host.url("feed.ics")), name: None };
        at.add_ics(&user, new).await.expect("the feed can be read");
        users.push(user);
    }
    users
}

async fn sync(at: &TestHub, user: &UserId, options: SyncOptions) -> SyncReport {
    let started = at.start_sync(user, Scope::Everything, options).await.expect("nothing is at work");
    at.wait_for(user, &started.run_id).await.expect("it ends")
}

/// Requests of a round of the schedule, a minute apart.
async fn round(at: &TestHub, host: &IcsHost, users: &[UserId]) -> Vec<u16> {
    let before = host.asked().len();
    for user in users {
        at.advance(MINUTE);
        assert!(sync(at, user, SCHEDULE).await.success);
    }
    host.asked()[before..].iter().map(|asked| asked.status).collect()
}

async fn events(at: &TestHub, user: &UserId) -> i64 {
    at.number(&format!("SELECT COUNT(*) FROM events WHERE user_id = '{user}' AND deleted_at IS NULL")).await
}

async fn a_feed_that_several_have_is_fetched_once_for_all_by_the_schedule(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let users = three(&at, &host).await;
    // Whoever comes first does not know of the others yet.
    assert_eq!(round(&at, &host, &users).await, [200, 200]);
    at.advance(30 * MINUTE);
    assert_eq!(round(&at, &host, &users).await, [304], "nothing changed, for all of them");
    at.advance(30 * MINUTE);
    host.change(|feed| feed.calendar = Calendar::many(4));
    assert_eq!(round(&at, &host, &users).await, [200]);
    for user in &users {
        assert_eq!(events(&at, user).await, 4, "each has events of their own");
    }
    // The conditional headers are right afterwards, for those who were served by another's fetch as well.
    at.advance(30 * MINUTE);
    assert_eq!(round(&at, &host, &users[1..]).await, [304]);
    // It is a short while.
    at.advance(6 * MINUTE);
    assert_eq!(round(&at, &host, &users[2..]).await, [304]);
    // Who presses a button gets what is there now, also when everything is read again.
    for options in [AUTO, FULL] {
        let before = host.asked().len();
        assert!(sync(&at, &users[0], options).await.success);
        assert_eq!(host.asked().len(), before + 1);
    }
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

async fn who_has_something_else_than_the_others_is_not_told_that_nothing_changed(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let users = three(&at, &host).await;
    round(&at, &host, &users).await;
    at.advance(30 * MINUTE);
    host.change(|feed| feed.calendar = Calendar::many(3).with(Entry::timed("new", "New", ":20261120T120000Z", ":20261120T130000Z")));
    // One of them has the new version by hand, and asks with its tag: the answer is nothing for those who have the old one.
    assert!(sync(&at, &users[0], AUTO).await.success);
    at.advance(MINUTE);
    assert_eq!(round(&at, &host, &users).await, [304, 200]);
    for user in &users {
        assert_eq!(events(&at, user).await, 4);
    }
}

async fn a_feed_that_fails_fails_for_everybody_by_itself(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let users = three(&at, &host).await;
    round(&at, &host, &users).await;
    at.advance(30 * MINUTE);
    host.change(|feed| feed.fault = Some(Fault::Status(410, None)));
    let before = host.asked().len();
    for user in &users {
        assert!(!sync(&at, user, SCHEDULE).await.success);
        assert_eq!(events(&at, user).await, 3);
    }
    assert_eq!(host.asked().len(), before + 3);
    host.change(|feed| feed.fault = None);
    at.advance(30 * MINUTE);
    round(&at, &host, &users).await;
    for user in &users {
        assert_eq!(only(&at, user).await.problem, None);
    }
}
