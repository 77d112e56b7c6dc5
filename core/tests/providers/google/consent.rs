//! Connecting: the way to the consent page and back.

use super::support::{ME, OTHER, World, client, event};
use syncline_core::error::Error;
use syncline_core::hub::BeginConsent;
use syncline_core::testing::db::{NOW, TestHub};
use syncline_core::testing::seed;
use syncline_core::testing::sync::only;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::ConnectionState;
use syncline_sandbox::{Consent, GoogleDo, Provider};

syncline_core::store_suite! {
    allowing_it_connects_the_account_with_its_calendars,
    a_state_works_once_in_time_and_for_its_own_session_alone,
    a_refused_consent_and_a_box_left_out_store_nothing_and_say_what_to_do,
    reconnecting_keeps_connection_calendars_and_events,
    another_account_does_not_mend_this_connection,
    an_account_that_is_connected_already_is_mended,
    the_end_of_a_testing_permission_is_stored,
    a_wrong_secret_and_an_api_that_is_not_enabled_are_named,
    disconnecting_gives_the_permission_back_unless_somebody_lives_on_it,
    without_a_client_id_nothing_can_be_connected,
}

fn code(error: &Error) -> String {
    error.problem().code
}

async fn allowing_it_connects_the_account_with_its_calendars(at: TestHub) {
    let world = World::new(at).await;
    let add = GoogleDo::AddCalendar { account: ME.into(), summary: "Family".into(), zone: "UTC".into(), id: Some("family".into()) };
    world.act(add);
    let connection = world.connect().await;
    assert_eq!((connection.provider, connection.name.as_str(), connection.account.as_str()), (ProviderKind::Google, ME, ME));
    assert_eq!(connection.calendars.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), [ME, "Family"]);
    assert_eq!(connection.state, ConnectionState::New);
    let sealed = world.at.texts("SELECT secret FROM connections").await;
    assert!(!sealed[0].contains("ya29") && !sealed[0].contains("1//"), "tokens are sealed");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM oauth_states").await, 0);
    world.is_well_behaved();
}

async fn a_state_works_once_in_time_and_for_its_own_session_alone(at: TestHub) {
    let world = World::new(at).await;
    let finish = |answer| world.at.finish_consent(&world.user, answer);

    let mut stolen = world.way(None).await;
    stolen.session = "another browser".into();
    assert_eq!(code(&finish(stolen.clone()).await.unwrap_err()), "state_expired");
    stolen.session = super::support::SESSION.into();
    assert_eq!(code(&finish(stolen).await.unwrap_err()), "state_expired", "a state that was tried is used up");

    let other = seed::user(&world.at.hub, "bert@example.net").await;
    let answer = world.way(None).await;
    assert_eq!(code(&world.at.finish_consent(&other, answer).await.unwrap_err()), "state_expired");

    let late = world.way(None).await;
    world.at.advance(15 * 60_000);
    assert_eq!(code(&finish(late).await.unwrap_err()), "state_expired");

    let mut forged = world.way(None).await;
    forged.state.push('x');
    assert_eq!(code(&finish(forged).await.unwrap_err()), "state_expired");

    let good = world.way(None).await;
    finish(good.clone()).await.unwrap();
    assert_eq!(code(&finish(good).await.unwrap_err()), "state_expired");
    assert_eq!(world.connections().await.len(), 1);
}

async fn a_refused_consent_and_a_box_left_out_store_nothing_and_say_what_to_do(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.consent(Provider::Google, Consent::Deny);
    let problem = world.try_connect(None).await.unwrap_err().problem();
    assert_eq!(problem.code, "consent_refused");
    for scope in ["calendar.events.readonly", "calendar.calendarlist.readonly"] {
        world.allow(OTHER, &[scope]);
        let problem = world.try_connect(None).await.unwrap_err().problem();
        assert_eq!(problem.code, "scope_missing", "{scope}");
        assert!(problem.action.contains("every box"), "{problem:?}");
        world.sandbox.revoke(Provider::Google, OTHER);
    }
    assert!(world.connections().await.is_empty());
    world.allow(ME, &[]);
    world.connect().await;
}

async fn reconnecting_keeps_connection_calendars_and_events(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Dentist", "2026-03-11"));
    let first = world.connect().await;
    world.sync().await;
    let ids = world.at.texts("SELECT id FROM events").await;

    world.sandbox.revoke(Provider::Google, ME);
    let report = world.sync().await;
    let problem = only(&report).error.clone().unwrap();
    assert_eq!(problem.code, "permission_gone");
    assert!(problem.message.ends_with("Your 1 event is still here."), "{problem:?}");
    let connection = world.connections().await.remove(0);
    assert_eq!((connection.state, connection.next_sync_at), (ConnectionState::NeedsReconnecting, None));
    assert!(connection.problem.unwrap().action.contains("Reconnect"));

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
    let secret = world.at.texts("SELECT secret FROM connections").await;
    world.allow(OTHER, &[]);
    assert_eq!(code(&world.try_connect(Some(&first.id)).await.unwrap_err()), "other_account");
    assert_eq!(world.at.texts("SELECT secret FROM connections").await, secret);
    assert_eq!(world.connections().await.len(), 1);
    world.connect().await;
    assert_eq!(world.connections().await.len(), 2, "as a new connection it is welcome");
}

async fn an_account_that_is_connected_already_is_mended(at: TestHub) {
    let world = World::new(at).await;
    let first = world.connect().await;
    assert_eq!(world.connect().await.id, first.id);
    assert_eq!(world.connections().await.len(), 1);
}

async fn the_end_of_a_testing_permission_is_stored(at: TestHub) {
    let world = World::with(at, client().testing()).await;
    let connection = world.connect().await;
    let end = world.at.number("SELECT grant_expires_at FROM connections").await;
    assert_eq!(end, NOW + 7 * 86_400_000 - 1000);
    assert_eq!(connection.permission_ends_at, Some(end));
    world.at.execute(&format!("UPDATE connections SET grant_expires_at = {}", NOW + 30 * 86_400_000)).await;
    assert_eq!(world.connections().await[0].permission_ends_at, None, "a month before nobody is troubled");
    world.at.advance(8 * 86_400_000);
    world.sandbox.advance(8 * 86_400_000);
    let report = world.sync().await;
    let problem = only(&report).error.clone().unwrap();
    assert!(problem.code == "permission_gone" && problem.action.contains("Testing"), "{problem:?}");
}

async fn a_wrong_secret_and_an_api_that_is_not_enabled_are_named(at: TestHub) {
    let world = World::new(at).await;
    let mut wrong = client();
    wrong.secret = Some("another".to_owned());
    world.sandbox.register(wrong);
    assert_eq!(code(&world.try_connect(None).await.unwrap_err()), "client_refused");
    world.sandbox.register(client().api_disabled());
    assert_eq!(code(&world.try_connect(None).await.unwrap_err()), "api_not_enabled");
    assert!(world.connections().await.is_empty());
}

async fn disconnecting_gives_the_permission_back_unless_somebody_lives_on_it(at: TestHub) {
    let world = World::new(at).await;
    let connection = world.connect().await;
    drop(world.sandbox.take_asked());
    let revoked = || world.sandbox.take_asked().iter().filter(|asked| asked.path == "/oauth/revoke" && asked.status == 200).count();
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!(revoked(), 1);

    let connection = world.connect().await;
    let other = world.as_another("bert@example.net").await;
    other.connect().await;
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!(revoked(), 0);
}

async fn without_a_client_id_nothing_can_be_connected(at: TestHub) {
    let user = seed::user(&at.hub, "anna@example.net").await;
    let begin = |provider| BeginConsent { provider, redirect_uri: String::new(), session: "x".into(), mend: None };
    for provider in [ProviderKind::Google, ProviderKind::Caldav] {
        assert!(!at.can_connect(provider));
        assert_eq!(code(&at.begin_consent(&user, begin(provider)).await.unwrap_err()), "not_configured");
    }
}
