//! Access tokens are renewed in time, once for all, and stored before they are used.

use super::support::{ME, MINUTE, World, event, second_process};
use syncline_core::hub::{Scope, SyncOptions};
use syncline_core::oauth::probe::{ClientState, probe};
use syncline_core::testing::db::{Backend, TestHub};
use syncline_core::testing::sync::only;
use syncline_domain::sync::{Mode, ProviderKind, Trigger};
use syncline_sandbox::{GoogleDo, Provider};

syncline_core::store_suite! {
    a_token_is_renewed_before_it_ends,
    many_calendars_renew_once,
    two_processes_do_not_renew_at_the_same_time,
    a_renewed_token_that_can_not_be_stored_is_not_used,
    a_token_that_is_refused_early_is_renewed_once,
    a_renewed_token_is_no_new_permission,
    the_operator_learns_whether_client_and_clock_are_right,
}

async fn the_operator_learns_whether_client_and_clock_are_right(at: TestHub) {
    let world = World::new(at).await;
    let mut config = world.at.config.clone();
    let found = probe(&config, &config.oauth.google, ProviderKind::Google).await.unwrap();
    assert_eq!((found.client, found.clock_skew_ms), (ClientState::Accepted, Some(0)));
    world.sandbox.habits(|habits| habits.date_skew = 90_000);
    config.oauth.google.client_secret = Some("another".into());
    let found = probe(&config, &config.oauth.google, ProviderKind::Google).await.unwrap();
    assert_eq!((found.client, found.clock_skew_ms), (ClientState::Refused, Some(-90_000)));
}

async fn a_token_is_renewed_before_it_ends(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    world.sync().await;
    assert_eq!(world.renewals(), 1, "the exchange of the code");
    world.sync().await;
    assert_eq!(world.renewals(), 0);
    world.at.advance(54 * MINUTE);
    world.sandbox.advance(54 * MINUTE);
    let before = world.at.texts("SELECT secret FROM connections").await;
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().filter(|one| one.path == "/oauth/token").count(), 1);
    assert!(asked.iter().all(|one| one.status != 401), "no request was made with an old token");
    assert_ne!(world.at.texts("SELECT secret FROM connections").await, before);
    world.is_well_behaved();
}

async fn many_calendars_renew_once(at: TestHub) {
    let world = World::new(at).await;
    for number in 0..12 {
        let summary = format!("Calendar {number}");
        world.act(GoogleDo::AddCalendar { account: ME.into(), summary, zone: "UTC".into(), id: None });
    }
    world.connect().await;
    world.sync().await;
    drop(world.sandbox.take_asked());
    world.sandbox.expire_access(Provider::Google, ME);
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.renewals(), 1);
}

async fn two_processes_do_not_renew_at_the_same_time(at: TestHub) {
    if at.backend == Backend::SqliteMemory {
        return; // no second process can open it
    }
    let world = World::new(at).await;
    let connection = world.connect().await;
    let second = second_process(&world.at).await;
    world.at.advance(60 * MINUTE);
    world.sandbox.advance(60 * MINUTE);
    drop(world.sandbox.take_asked());
    let access = |hub: &syncline_core::Hub| hub.testing_access(&connection.id, ProviderKind::Google);
    let (one, two) = (access(&world.at), access(&second));
    let (one, two) = tokio::join!(one.token(), two.token());
    use secrecy::ExposeSecret as _;
    assert_eq!(one.unwrap().expose_secret(), two.unwrap().expose_secret());
    assert_eq!(world.renewals(), 1);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM token_leases").await, 0);
    second.close().await;
}

async fn a_renewed_token_that_can_not_be_stored_is_not_used(at: TestHub) {
    if at.backend == Backend::Postgres {
        return; // the trigger is written for SQLite
    }
    let world = World::new(at).await;
    world.create(event("Dentist", "2026-03-11"));
    world.connect().await;
    world.sync().await;
    world.at.execute("CREATE TRIGGER full BEFORE UPDATE OF secret ON connections BEGIN SELECT RAISE(ABORT, 'full'); END").await;
    world.at.advance(60 * MINUTE);
    world.sandbox.advance(60 * MINUTE);
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert!(!report.success);
    assert_eq!(only(&report).error.clone().unwrap().code, "database_failed");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/oauth/token"], "the API was not asked");
    world.at.execute("DROP TRIGGER full").await;
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
}

async fn a_token_that_is_refused_early_is_renewed_once(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Dentist", "2026-03-11"));
    world.connect().await;
    world.sandbox.expire_access(Provider::Google, ME);
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    let asked = world.sandbox.take_asked();
    assert_eq!(asked.iter().filter(|one| one.status == 401).count(), 1);
    assert_eq!(asked.iter().filter(|one| one.path == "/oauth/token").count(), 1);
}

/// Otherwise a sync that failed after a renewal would look as if the user had mended the connection, and come again at once.
async fn a_renewed_token_is_no_new_permission(at: TestHub) {
    let world = World::new(at).await;
    let connection = world.connect().await;
    world.sync().await;
    world.sandbox.expire_access(Provider::Google, ME);
    world.act(GoogleDo::DeleteCalendar { calendar: ME.into() });
    let scope = Scope::Connections(vec![connection.id.clone()]);
    world.sandbox.arm(
        syncline_sandbox::Fault::on(Provider::Google, syncline_sandbox::Trouble::Forbidden { reason: "forbidden".into() }).path("/users"),
    );
    let started = world.at.start_sync(&world.user, scope, SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual }).await.unwrap();
    let report = world.at.wait_for(&world.user, &started.run_id).await.unwrap();
    assert!(!report.success, "{report:?}");
    let next = world.connections().await[0].next_sync_at.unwrap();
    assert!(next > world.at.now(), "it waits before it tries again");
}
