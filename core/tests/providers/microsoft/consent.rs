//! Connecting a mailbox, and its tokens.

use super::support::{ME, OTHER, World, event};
use crate::world::MINUTE;
use syncline_core::oauth::probe::{ClientState, probe};
use syncline_core::testing::db::{NOW, TestHub};
use syncline_core::testing::sync::only;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::ConnectionState;
use syncline_sandbox::{Consent, Provider};

syncline_core::store_suite! {
    allowing_it_connects_the_mailbox_with_its_calendars,
    a_refused_consent_and_a_scope_left_out_store_nothing,
    reconnecting_keeps_connection_calendars_and_events,
    another_account_does_not_mend_this_connection,
    each_renewal_brings_a_refresh_token_and_the_newest_is_kept,
    a_permission_that_nobody_used_for_ninety_days_is_over,
    a_made_up_token_proves_nothing_about_the_secret,
}

async fn a_made_up_token_proves_nothing_about_the_secret(at: TestHub) {
    let world = World::new(at).await;
    let mut config = world.at.config.clone();
    let client =
        async |config: &syncline_core::Config| probe(config, &config.oauth.microsoft, ProviderKind::Microsoft).await.unwrap().client;
    assert_eq!(client(&config).await, ClientState::Unproven);
    config.oauth.microsoft.client_secret = Some("another".into());
    assert_eq!(client(&config).await, ClientState::Refused, "where Microsoft does say so");
}

async fn allowing_it_connects_the_mailbox_with_its_calendars(at: TestHub) {
    let world = World::new(at).await;
    world.add_calendar("Family");
    let connection = world.connect().await;
    assert_eq!((connection.provider, connection.name.as_str(), connection.account.as_str()), (ProviderKind::Microsoft, ME, ME));
    assert_eq!(connection.calendars.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Calendar", "Family"]);
    let sealed = world.at.texts("SELECT secret FROM connections").await;
    assert!(!sealed[0].contains("EwB4") && !sealed[0].contains("0.AX"), "tokens are sealed");
    world.is_well_behaved();
}

async fn a_refused_consent_and_a_scope_left_out_store_nothing(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.consent(Provider::Microsoft, Consent::Deny);
    assert_eq!(world.try_connect(None).await.unwrap_err().problem().code, "consent_refused");
    world.allow(OTHER, &["Calendars.Read"]);
    assert_eq!(world.try_connect(None).await.unwrap_err().problem().code, "scope_missing");
    world.allow(OTHER, &["offline_access"]);
    assert_eq!(world.try_connect(None).await.unwrap_err().problem().code, "no_refresh_token");
    assert!(world.connections().await.is_empty());
}

async fn reconnecting_keeps_connection_calendars_and_events(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Dentist", "2026-03-11"));
    let first = world.connect().await;
    world.sync().await;
    let ids = world.at.texts("SELECT id FROM events").await;
    world.sandbox.revoke(Provider::Microsoft, ME);
    let report = world.sync().await;
    let problem = only(&report).error.clone().unwrap();
    assert!(problem.code == "permission_gone" && problem.message.starts_with("Microsoft"), "{problem:?}");
    let connection = world.connections().await.remove(0);
    assert_eq!((connection.state, connection.next_sync_at), (ConnectionState::NeedsReconnecting, None));

    world.create(event("Cinema", "2026-03-12"));
    let mended = world.try_connect(Some(&first.id)).await.unwrap();
    assert_eq!((mended.id.clone(), mended.problem), (first.id, None));
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.titles().await, ["Dentist", "Cinema"]);
    assert_eq!(world.at.texts(&format!("SELECT id FROM events WHERE id = '{}'", ids[0])).await.len(), 1, "the same event");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM calendars").await, 1);
}

async fn another_account_does_not_mend_this_connection(at: TestHub) {
    let world = World::new(at).await;
    let first = world.connect().await;
    world.allow(OTHER, &[]);
    assert_eq!(world.try_connect(Some(&first.id)).await.unwrap_err().problem().code, "other_account");
    world.connect().await;
    assert_eq!(world.connections().await.len(), 2);
}

async fn each_renewal_brings_a_refresh_token_and_the_newest_is_kept(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    world.sync().await;
    let mut end = world.at.number("SELECT grant_expires_at FROM connections").await;
    assert!((NOW + 89 * 86_400_000..=NOW + 90 * 86_400_000).contains(&end));
    for _ in 0..3 {
        world.at.advance(80 * MINUTE);
        world.sandbox.advance(80 * MINUTE);
        drop(world.sandbox.take_asked());
        let secret = world.at.texts("SELECT secret FROM connections").await;
        let report = world.sync().await;
        assert!(report.success, "{report:?}");
        assert_eq!(world.renewals(), 1);
        assert_ne!(world.at.texts("SELECT secret FROM connections").await, secret);
        let moved = world.at.number("SELECT grant_expires_at FROM connections").await;
        assert!(moved > end, "with each renewal the permission lasts longer");
        end = moved;
    }
    world.is_well_behaved();
}

async fn a_permission_that_nobody_used_for_ninety_days_is_over(at: TestHub) {
    let world = World::new(at).await;
    world.connect().await;
    world.sync().await;
    world.days_pass(91);
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "permission_gone");
    assert_eq!(world.connections().await[0].state, ConnectionState::NeedsReconnecting);
}
