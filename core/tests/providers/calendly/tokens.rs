//! Refresh tokens of Calendly work once.

use super::support::{ME, MINUTE, World, second_process};
use syncline_core::oauth::probe::{ClientState, probe};
use syncline_core::testing::db::{Backend, TestHub};
use syncline_core::testing::sync::only;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::ConnectionState;
use syncline_sandbox::Provider;

syncline_core::store_suite! {
    each_renewal_uses_the_token_that_the_last_one_brought,
    a_token_that_is_refused_early_is_renewed_once,
    two_processes_do_not_use_the_same_token,
    a_renewed_token_that_can_not_be_stored_is_not_used,
    the_operator_learns_whether_client_and_clock_are_right,
}

const HOURS: i64 = 2 * 60 * MINUTE;

fn later(world: &World) {
    world.at.advance(HOURS);
    world.sandbox.advance(HOURS);
}

async fn each_renewal_uses_the_token_that_the_last_one_brought(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    drop(world.sandbox.take_asked());
    for _ in 0..4 {
        later(&world);
        let before = world.at.texts("SELECT secret FROM connections").await;
        let report = world.sync().await;
        assert!(report.success, "{report:?}");
        let asked = world.sandbox.take_asked();
        assert_eq!(asked.iter().filter(|one| one.path.ends_with("/oauth/token")).count(), 1);
        assert!(asked.iter().all(|one| one.status == 200), "{asked:?}");
        assert_ne!(world.at.texts("SELECT secret FROM connections").await, before);
    }
    world.is_well_behaved();
}

async fn a_token_that_is_refused_early_is_renewed_once(at: TestHub) {
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    world.book("Adam", "2026-03-13T08:00:00Z");
    world.connect().await;
    world.sandbox.expire_access(Provider::Calendly, ME);
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().filter(|one| one.status == 401).count(), 1);
    assert_eq!(asked.iter().filter(|one| one.path.ends_with("/oauth/token")).count(), 1);
}

async fn two_processes_do_not_use_the_same_token(at: TestHub) {
    if at.backend == Backend::SqliteMemory {
        return; // no second process can open it
    }
    let world = World::new(at).await;
    let connection = world.connect().await;
    let second = second_process(&world.at).await;
    later(&world);
    drop(world.sandbox.take_asked());
    let access = |hub: &syncline_core::Hub| hub.testing_access(&connection.id, ProviderKind::Calendly);
    let (one, two) = (access(&world.at), access(&second));
    let (one, two) = tokio::join!(one.token(), two.token());
    use secrecy::ExposeSecret as _;
    assert_eq!(one.unwrap().expose_secret(), two.unwrap().expose_secret());
    assert_eq!(world.renewals(), 1);
    second.close().await;
}

/// What Calendly gave for the old refresh token is lost then, and so is the permission: that is told, and nothing else is lost.
async fn a_renewed_token_that_can_not_be_stored_is_not_used(at: TestHub) {
    if at.backend == Backend::Postgres {
        return; // the trigger is written for SQLite
    }
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    world.connect().await;
    world.sync().await;
    world.at.execute("CREATE TRIGGER full BEFORE UPDATE OF secret ON connections BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    later(&world);
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "database_failed");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/oauth/oauth/token"], "the API was not asked");
    world.at.execute("DROP TRIGGER full").await;
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "permission_gone");
    assert_eq!(world.connections().await[0].state, ConnectionState::NeedsReconnecting);
    assert_eq!(world.events().await.len(), 1);
}

async fn the_operator_learns_whether_client_and_clock_are_right(at: TestHub) {
    let world = World::new(at).await;
    let mut config = world.at.config.clone();
    let found = probe(&config, &config.oauth.calendly, ProviderKind::Calendly).await.unwrap();
    assert_eq!((found.client, found.clock_skew_ms), (ClientState::Accepted, Some(0)));
    config.oauth.calendly.client_secret = Some("another".into());
    let found = probe(&config, &config.oauth.calendly, ProviderKind::Calendly).await.unwrap();
    assert_eq!(found.client, ClientState::Refused);
}
