//! Connecting: by OAuth, and by a personal access token.

use super::support::{ME, OTHER, World};
use secrecy::SecretString;
use syncline_core::error::Error;
use syncline_core::hub::{NewCalendly, Reconnect};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};
use syncline_domain::failure::Class;
use syncline_domain::sync::ProviderKind;
use syncline_domain::view::{Connection, ConnectionState};
use syncline_sandbox::{Consent, Provider};

syncline_core::store_suite! {
    allowing_it_connects_the_account_with_its_bookings,
    a_refused_consent_and_a_scope_left_out_store_nothing,
    reconnecting_keeps_connection_calendar_and_bookings,
    a_personal_access_token_connects_and_syncs,
    a_wrong_token_and_one_that_may_too_little_store_nothing,
    a_revoked_token_is_replaced_by_another_of_the_same_account_alone,
    oauth_takes_the_place_of_a_token,
    a_token_is_not_taken_back_when_its_connection_goes,
}

const SCOPES: [&str; 2] = ["users:read", "scheduled_events:read"];

fn code(error: &Error) -> String {
    error.problem().code
}

fn token(world: &World, account: &str, scopes: &[&str]) -> SecretString {
    world.sandbox.token(Provider::Calendly, account, scopes).into()
}

async fn add(world: &World, token: SecretString) -> Result<Connection, Error> {
    world.at.add_calendly(&world.user, NewCalendly { token, name: None }).await
}

async fn allowing_it_connects_the_account_with_its_bookings(at: TestHub) {
    let world = World::new(at).await;
    let connection = world.connect().await;
    assert_eq!((connection.provider, connection.account.as_str()), (ProviderKind::Calendly, ME));
    assert_eq!(connection.calendars.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["Bookings with anna"]);
    let sealed = world.at.texts("SELECT secret FROM connections").await;
    assert!(!sealed[0].contains("eyJraWQi") && !sealed[0].contains("cal-"), "tokens are sealed");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM oauth_states").await, 0);
    world.is_well_behaved();
}

async fn a_refused_consent_and_a_scope_left_out_store_nothing(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.consent(Provider::Calendly, Consent::Deny);
    assert_eq!(code(&world.try_connect(None).await.unwrap_err()), "consent_refused");
    for scope in SCOPES {
        world.allow(OTHER, &[scope]);
        assert_eq!(code(&world.try_connect(None).await.unwrap_err()), "scope_missing", "{scope}");
        world.sandbox.revoke(Provider::Calendly, OTHER);
    }
    assert!(world.connections().await.is_empty());
    // Without webhooks it is polled.
    world.allow(ME, &["webhooks:write", "event_types:read"]);
    world.connect().await;
}

async fn reconnecting_keeps_connection_calendar_and_bookings(at: TestHub) {
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    let first = world.connect().await;
    world.sync().await;
    let before = world.events().await;
    world.sandbox.revoke(Provider::Calendly, ME);
    let report = world.sync().await;
    let problem = only(&report).error.clone().unwrap();
    assert_eq!(problem.code, "permission_gone");
    assert!(problem.message.ends_with("Your 1 event is still here."), "{problem:?}");
    let connection = world.connections().await.remove(0);
    assert_eq!((connection.state, connection.next_sync_at), (ConnectionState::NeedsReconnecting, None));

    world.book("Adam", "2026-03-13T08:00:00Z");
    let mended = world.try_connect(Some(&first.id)).await.unwrap();
    assert_eq!((mended.id, mended.problem), (first.id, None));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 1), "{report:?}");
    assert_eq!(world.events().await[..1], before[..], "the same event");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM calendars").await, 1);
}

async fn a_personal_access_token_connects_and_syncs(at: TestHub) {
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    let secret = token(&world, ME, &SCOPES);
    let connection = add(&world, secret.clone()).await.unwrap();
    assert_eq!((connection.provider, connection.account.as_str()), (ProviderKind::Calendly, ME));
    assert_eq!(connection.interval_s, 7200, "bookings are looked at every two hours");
    use secrecy::ExposeSecret as _;
    let stored = world.at.texts("SELECT secret || settings FROM connections").await;
    assert!(!stored[0].contains(secret.expose_secret()), "it is sealed");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0), "{report:?}");
    // It does not end by itself.
    let year = 365 * super::support::DAY;
    world.at.advance(year);
    world.sandbox.advance(year);
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.renewals(), 0);
    let again = add(&world, secret).await.unwrap_err();
    assert_eq!(code(&again), "already_connected");
}

async fn a_wrong_token_and_one_that_may_too_little_store_nothing(at: TestHub) {
    let world = World::new(at).await;
    let refused = add(&world, "not a token".into()).await.unwrap_err();
    assert_eq!(code(&refused), "token_refused");
    assert!(refused.problem().action.contains("Personal access tokens"), "{}", refused.problem());
    assert_eq!(code(&add(&world, "  ".into()).await.unwrap_err()), "missing_token");
    // What no header can hold is not sent.
    assert_eq!(code(&add(&world, "a\nb".into()).await.unwrap_err()), "token_refused");
    for scope in SCOPES {
        let error = add(&world, token(&world, ME, &[scope])).await.unwrap_err();
        assert_eq!(code(&error), "scope_missing", "only {scope}");
        assert!(error.problem().action.contains("scheduled_events:read"), "{}", error.problem());
        let Error::Provider(error) = error else { panic!("{error}") };
        assert_eq!(error.class, Class::Authentication);
    }
    assert!(world.connections().await.is_empty());
    assert_eq!(world.at.number("SELECT COUNT(*) FROM connections").await, 0);
}

async fn a_revoked_token_is_replaced_by_another_of_the_same_account_alone(at: TestHub) {
    let world = World::new(at).await;
    world.book("Eva", "2026-03-12T08:00:00Z");
    let connection = add(&world, token(&world, ME, &SCOPES)).await.unwrap();
    world.sync().await;
    let before = world.events().await;
    world.sandbox.revoke(Provider::Calendly, ME);
    let report = world.sync().await;
    assert_eq!(only(&report).error.as_ref().unwrap().code, "permission_gone");
    assert_eq!(world.connections().await[0].state, ConnectionState::NeedsReconnecting);
    assert_eq!(world.renewals(), 0, "there is nothing to renew it with");

    let mend = |secret| world.at.reconnect(&world.user, &connection.id, Reconnect::Token(secret));
    assert_eq!(code(&mend(token(&world, OTHER, &SCOPES)).await.unwrap_err()), "other_account");
    assert_eq!(code(&mend("wrong".into()).await.unwrap_err()), "token_refused");
    assert_eq!(world.connections().await[0].state, ConnectionState::NeedsReconnecting);
    mend(token(&world, ME, &SCOPES)).await.unwrap();
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1), "{report:?}");
    assert_eq!(world.events().await, before);
}

async fn oauth_takes_the_place_of_a_token(at: TestHub) {
    let world = World::new(at).await;
    let first = add(&world, token(&world, ME, &SCOPES)).await.unwrap();
    assert_eq!(world.connect().await.id, first.id, "it is the same account");
    world.at.advance(3 * 60 * super::support::MINUTE);
    world.sandbox.advance(3 * 60 * super::support::MINUTE);
    drop(world.sandbox.take_asked());
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.renewals(), 1, "it lives on what can be renewed");
}

async fn a_token_is_not_taken_back_when_its_connection_goes(at: TestHub) {
    let world = World::new(at).await;
    let revoked = || world.sandbox.take_asked().iter().filter(|asked| asked.path.ends_with("/oauth/revoke") && asked.status == 200).count();
    let secret = token(&world, ME, &SCOPES);
    let connection = add(&world, secret.clone()).await.unwrap();
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!(revoked(), 0, "the user made it, and may use it elsewhere");
    add(&world, secret).await.unwrap();
    world.at.disconnect(&world.user, &world.connections().await[0].id).await.unwrap();
    // What was allowed for us alone is given back.
    let connection = world.connect().await;
    drop(world.sandbox.take_asked());
    world.at.disconnect(&world.user, &connection.id).await.unwrap();
    assert_eq!(revoked(), 1);
}
