//! Accounts, sessions, API tokens and preferences on every database.

use secrecy::{ExposeSecret as _, SecretString};
use syncline_core::error::Error;
use syncline_core::hub::NewSession;
use syncline_core::store_suite;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed::{self, PASSWORD};
use syncline_domain::time::DAY_MS;
use syncline_domain::view::{Preferences, Theme, WeekStart};

store_suite! {
    the_first_user_is_administrator_and_signed_in,
    of_two_first_users_at_once_exactly_one_is_made,
    an_address_has_one_account_in_whatever_case,
    a_wrong_password_and_an_unknown_address_get_the_same_answer,
    a_session_lives_thirty_days_after_its_last_use,
    the_use_of_a_session_is_written_at_most_hourly,
    a_changed_password_ends_the_other_sessions,
    a_wrong_or_weak_password_changes_nothing,
    expired_sessions_are_removed,
    an_api_token_works_until_it_is_revoked,
    the_use_of_a_token_is_written_at_most_once_a_minute,
    nobody_sees_or_revokes_the_tokens_of_another,
    preferences_are_kept_and_zones_checked,
    the_zone_of_the_browser_is_learned_once,
    no_secret_is_stored_in_the_clear,
}

fn secret(text: &str) -> SecretString {
    text.into()
}

fn code<T>(result: Result<T, Error>) -> String {
    result.err().expect("it is refused").problem().code
}

async fn is_signed_in(at: &TestHub, session: &NewSession) -> bool {
    at.viewer_by_session(session.token.expose_secret()).await.unwrap().is_some()
}

async fn the_first_user_is_administrator_and_signed_in(at: TestHub) {
    assert!(at.needs_first_user().await.unwrap());
    assert_eq!(code(at.create_first_user("anna", &secret(PASSWORD)).await), "invalid_email");
    assert_eq!(code(at.create_first_user("anna@example.org", &secret("short")).await), "weak_password");
    assert!(at.needs_first_user().await.unwrap(), "nothing was stored");

    let session = at.create_first_user("Anna@Example.org", &secret(PASSWORD)).await.unwrap();
    let viewer = at.viewer_by_session(session.token.expose_secret()).await.unwrap().unwrap();
    assert_eq!((viewer.email.as_str(), viewer.is_admin), ("anna@example.org", true));
    assert_eq!(viewer.preferences, Preferences::default());
    assert!(!at.needs_first_user().await.unwrap());
    assert_eq!(code(at.create_first_user("eve@example.org", &secret(PASSWORD)).await), "already_set_up");

    seed::user(&at, "berta@example.org").await;
    assert!(!at.user_by_email("BERTA@example.org ").await.unwrap().unwrap().is_admin);
    assert_eq!(at.user_by_email("eve@example.org").await.unwrap(), None);
}

async fn of_two_first_users_at_once_exactly_one_is_made(at: TestHub) {
    let password = secret(PASSWORD);
    let attempts = (0..4).map(|number| {
        let (at, password) = (at.clone(), password.clone());
        async move { at.create_first_user(&format!("user{number}@example.org"), &password).await }
    });
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter(Result::is_err) {
        assert_eq!(code(outcome), "already_set_up");
    }
    assert_eq!(at.number("SELECT COUNT(*) FROM users").await, 1);
}

async fn an_address_has_one_account_in_whatever_case(at: TestHub) {
    seed::user(&at, "anna@example.org").await;
    assert_eq!(code(at.add_user(" ANNA@example.org", &secret(PASSWORD)).await), "email_taken");
    assert_eq!(at.number("SELECT COUNT(*) FROM users").await, 1);
    assert!(at.sign_in("ANNA@example.org", &secret(PASSWORD)).await.is_ok());
}

async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(at: TestHub) {
    seed::user(&at, "anna@example.org").await;
    let wrong = at.sign_in("anna@example.org", &secret("correct horse batterie")).await.unwrap_err();
    let unknown = at.sign_in("nobody@example.org", &secret(PASSWORD)).await.unwrap_err();
    assert!(matches!((&wrong, &unknown), (Error::Unauthenticated(_), Error::Unauthenticated(_))));
    assert_eq!(wrong.problem(), unknown.problem());
    assert_eq!(wrong.problem().code, "wrong_credentials");
    assert_eq!(at.number("SELECT COUNT(*) FROM sessions").await, 0);
}

async fn a_session_lives_thirty_days_after_its_last_use(at: TestHub) {
    seed::user(&at, "anna@example.org").await;
    let session = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    assert_eq!(session.expires_at, at.now() + 30 * DAY_MS);
    for _ in 0..3 {
        at.advance(29 * DAY_MS);
        assert!(is_signed_in(&at, &session).await, "each use moves the end");
    }
    at.advance(30 * DAY_MS);
    assert!(!is_signed_in(&at, &session).await);
    assert!(at.viewer_by_session("no such session").await.unwrap().is_none());

    let session = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    at.sign_out(session.token.expose_secret()).await.unwrap();
    assert!(!is_signed_in(&at, &session).await);
    at.sign_out(session.token.expose_secret()).await.expect("a second time is no error");
}

async fn the_use_of_a_session_is_written_at_most_hourly(at: TestHub) {
    const SEEN: &str = "SELECT seen_at FROM sessions";
    seed::user(&at, "anna@example.org").await;
    let session = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    let signed_in_at = at.now();
    at.advance(59 * 60_000);
    assert!(is_signed_in(&at, &session).await);
    assert_eq!(at.number(SEEN).await, signed_in_at);
    at.advance(60_000);
    assert!(is_signed_in(&at, &session).await);
    assert_eq!(at.number(SEEN).await, signed_in_at + 3_600_000);
}

async fn a_changed_password_ends_the_other_sessions(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    seed::user(&at, "berta@example.org").await;
    let here = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    let elsewhere = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    let of_berta = at.sign_in("berta@example.org", &secret(PASSWORD)).await.unwrap();

    let new = secret("another long one");
    at.change_password(&anna, &secret(PASSWORD), &new, Some(here.token.expose_secret())).await.unwrap();
    assert!(is_signed_in(&at, &here).await);
    assert!(!is_signed_in(&at, &elsewhere).await);
    assert!(is_signed_in(&at, &of_berta).await);
    assert_eq!(code(at.sign_in("anna@example.org", &secret(PASSWORD)).await), "wrong_credentials");
    assert!(at.sign_in("anna@example.org", &new).await.is_ok());

    at.change_password(&anna, &new, &secret(PASSWORD), None).await.unwrap();
    assert!(!is_signed_in(&at, &here).await, "without a session to keep, all of them end");
}

async fn a_wrong_or_weak_password_changes_nothing(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let session = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    assert_eq!(code(at.change_password(&anna, &secret("not the password"), &secret("another long one"), None).await), "wrong_credentials");
    assert_eq!(code(at.change_password(&anna, &secret(PASSWORD), &secret("short"), None).await), "weak_password");
    assert!(is_signed_in(&at, &session).await);
    assert!(at.sign_in("anna@example.org", &secret(PASSWORD)).await.is_ok());
}

async fn expired_sessions_are_removed(at: TestHub) {
    seed::user(&at, "anna@example.org").await;
    at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    at.advance(DAY_MS);
    let second = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    at.advance(29 * DAY_MS);
    assert_eq!(at.purge_sessions(at.now()).await.unwrap(), 1);
    assert!(is_signed_in(&at, &second).await);
    assert_eq!(at.number("SELECT COUNT(*) FROM sessions").await, 1);
}

async fn an_api_token_works_until_it_is_revoked(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    assert_eq!(code(at.create_token(&anna, "  ").await), "invalid_name");
    let first = at.create_token(&anna, " backup ").await.unwrap();
    at.advance(1_000);
    let second = at.create_token(&anna, "phone").await.unwrap();
    let text = first.secret.expose_secret();
    assert!(text.starts_with("syn_") && text.len() == 47, "256 bits in base64url");
    assert_eq!(first.token.prefix, text[..8]);
    let names: Vec<String> = at.tokens(&anna).await.unwrap().into_iter().map(|token| token.name).collect();
    assert_eq!(names, ["phone", "backup"]);

    assert_eq!(at.viewer_by_token(text).await.unwrap().unwrap().id, anna);
    assert_eq!(at.viewer_by_token(&text[4..]).await.unwrap(), None);
    assert_eq!(at.viewer_by_token("syn_wrong").await.unwrap(), None);
    at.revoke_token(&anna, &first.token.id).await.unwrap();
    assert_eq!(at.viewer_by_token(text).await.unwrap(), None);
    assert!(at.viewer_by_token(second.secret.expose_secret()).await.unwrap().is_some());
    assert_eq!(code(at.revoke_token(&anna, &first.token.id).await), "not_found");
}

async fn the_use_of_a_token_is_written_at_most_once_a_minute(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let new = at.create_token(&anna, "backup").await.unwrap();
    let used = async || {
        at.viewer_by_token(new.secret.expose_secret()).await.unwrap().unwrap();
        at.tokens(&anna).await.unwrap().remove(0).last_used_at
    };
    let first = at.now();
    assert_eq!(used().await, Some(first));
    at.advance(59_000);
    assert_eq!(used().await, Some(first));
    at.advance(1_000);
    assert_eq!(used().await, Some(first + 60_000));
}

async fn nobody_sees_or_revokes_the_tokens_of_another(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let berta = seed::user(&at, "berta@example.org").await;
    let new = at.create_token(&anna, "backup").await.unwrap();
    assert_eq!(at.tokens(&berta).await.unwrap(), []);
    assert_eq!(code(at.revoke_token(&berta, &new.token.id).await), "not_found");
    assert_eq!(at.viewer_by_token(new.secret.expose_secret()).await.unwrap().unwrap().id, anna);
}

async fn preferences_are_kept_and_zones_checked(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let berta = seed::user(&at, "berta@example.org").await;
    let wanted = Preferences {
        time_zone: Some("europe/berlin".to_owned()),
        second_zone: Some(String::new()),
        week_start: WeekStart::Sunday,
        hour12: true,
        theme: Theme::Dark,
        range_back: 1,
        range_ahead: 2,
    };
    at.set_preferences(&anna, &wanted).await.unwrap();
    let stored = at.user_by_email("anna@example.org").await.unwrap().unwrap().preferences;
    assert_eq!(stored, Preferences { time_zone: Some("Europe/Berlin".to_owned()), second_zone: None, ..wanted.clone() });
    assert_eq!(at.user_by_email("berta@example.org").await.unwrap().unwrap().preferences, Preferences::default());

    let bad = Preferences { second_zone: Some("Mars/Olympus".to_owned()), ..wanted };
    assert_eq!(code(at.set_preferences(&anna, &bad).await), "unknown_zone");
    assert_eq!(at.user_by_email("anna@example.org").await.unwrap().unwrap().preferences, stored);

    at.execute(&format!("UPDATE users SET preferences = '{{\"theme\":\"sepia\"}}' WHERE id = '{berta}'")).await;
    let unreadable = at.user_by_email("berta@example.org").await.unwrap().unwrap();
    assert_eq!(unreadable.preferences, Preferences::default(), "what a newer version wrote locks nobody out");
}

async fn the_zone_of_the_browser_is_learned_once(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let zone = async || at.user_by_email("anna@example.org").await.unwrap().unwrap().preferences.time_zone;
    assert_eq!(code(at.learn_time_zone(&anna, "Etc/Unknown").await), "unknown_zone");
    assert_eq!(zone().await, None);
    at.learn_time_zone(&anna, "America/New_York").await.unwrap();
    at.learn_time_zone(&anna, "Asia/Tokyo").await.unwrap();
    assert_eq!(zone().await.as_deref(), Some("America/New_York"));
}

async fn no_secret_is_stored_in_the_clear(at: TestHub) {
    let anna = seed::user(&at, "anna@example.org").await;
    let session = at.sign_in("anna@example.org", &secret(PASSWORD)).await.unwrap();
    let token = at.create_token(&anna, "backup").await.unwrap();
    let mut stored = at.texts("SELECT password_hash FROM users").await;
    assert!(stored[0].starts_with("$argon2id$"), "{}", stored[0]);
    stored.extend(at.texts("SELECT token_hash FROM sessions").await);
    stored.extend(at.texts("SELECT token_hash FROM api_tokens").await);
    assert_eq!(stored.len(), 3);
    for text in stored {
        for secret in [PASSWORD, session.token.expose_secret(), token.secret.expose_secret()] {
            assert!(!text.contains(secret));
        }
    }
    for debug in [format!("{session:?}"), format!("{token:?}")] {
        assert!(!debug.contains(session.token.expose_secret()) && !debug.contains(token.secret.expose_secret()));
    }
}
