//! Codes and tokens: what they are good for, how long, and how they die.

use crate::oauth::{ALL, BACK, WHO, authorize, back, connect, exchange, form, part, registered, scopes, token_path};
use crate::support::{Answer, DAY, HOUR, ask};
use serde_json::Value;
use syncline_sandbox::{ClientApp, Consent, Provider, Sandbox};

fn ready(provider: Provider) -> Sandbox {
    let sandbox = registered(provider);
    sandbox.consent(provider, Consent::Allow { account: WHO.into(), untick: vec![] });
    sandbox
}

async fn code(sandbox: &Sandbox, provider: Provider) -> String {
    part(&back(&authorize(sandbox, provider, scopes(provider), &[]).await), "code").to_owned()
}

async fn refresh(sandbox: &Sandbox, provider: Provider, token: &Value) -> Answer {
    let token = token.as_str().expect("a refresh token");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "id"), ("client_secret", "secret")];
    form(sandbox, token_path(provider), &pairs).await
}

/// Whether an access token is taken.
async fn works(sandbox: &Sandbox, provider: Provider, tokens: &Value) -> bool {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let target = match provider {
        Provider::Google => "/google/users/me/calendarList",
        Provider::Microsoft => "/microsoft/me/calendars",
        Provider::Calendly => "/calendly/users/me",
    };
    ask(sandbox, "GET", target, &[("authorization", &bearer)], "").await.status == 200
}

#[track_caller]
fn dead(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["error"]), (400, &Value::from("invalid_grant")), "{:?}", answer.body);
}

#[tokio::test]
async fn a_code_gives_tokens_of_the_providers_form() {
    for (provider, seconds) in [(Provider::Google, 3599), (Provider::Microsoft, 4500), (Provider::Calendly, 7200)] {
        let sandbox = ready(provider);
        let tokens = connect(&sandbox, provider, scopes(provider)).await;
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&Value::from("Bearer"), &Value::from(seconds)));
        let special: &[&str] = match provider {
            Provider::Google => &[],
            Provider::Microsoft => &["ext_expires_in"],
            Provider::Calendly => &["created_at", "owner", "organization"],
        };
        for name in special.iter().chain(&["access_token", "refresh_token", "scope"]) {
            assert!(!tokens[*name].is_null(), "{name} is missing: {tokens:#}");
        }
        assert!(!tokens["scope"].as_str().unwrap().contains("offline_access"));
        assert!(works(&sandbox, provider, &tokens).await);
        sandbox.advance(seconds * 1000);
        assert!(!works(&sandbox, provider, &tokens).await, "{provider:?} after its time");
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes_and_for_its_own_client_alone() {
    for provider in ALL {
        let sandbox = ready(provider);
        let first = code(&sandbox, provider).await;
        let tokens = exchange(&sandbox, provider, &first, &[]).await.json();
        dead(&exchange(&sandbox, provider, &first, &[]).await);
        assert!(!works(&sandbox, provider, &tokens).await, "what a stolen code gave is taken back");
        let late = code(&sandbox, provider).await;
        sandbox.advance(HOUR / 6);
        dead(&exchange(&sandbox, provider, &late, &[]).await);
        dead(&exchange(&sandbox, provider, "nothing", &[]).await);
        sandbox.register(ClientApp::new(provider, "other", "secret", BACK));
        let foreign = code(&sandbox, provider).await;
        dead(&exchange(&sandbox, provider, &foreign, &[("client_id", "other")]).await);
    }
}

#[tokio::test]
async fn an_exchange_must_fit_its_request() {
    for provider in ALL {
        let sandbox = ready(provider);
        let wrong = code(&sandbox, provider).await;
        let answer = exchange(&sandbox, provider, &wrong, &[("redirect_uri", "http://127.0.0.1/other")]).await;
        assert_eq!(answer.status, 400);
        dead(&exchange(&sandbox, provider, &wrong, &[("code_verifier", "another-verifier-that-is-long-enough-for-the-rfc")]).await);
        dead(&exchange(&sandbox, provider, &wrong, &[]).await);
        for change in [("client_secret", "guess"), ("client_id", "nobody")] {
            let answer = exchange(&sandbox, provider, &wrong, &[change]).await;
            assert_eq!((answer.status, &answer.json()["error"]), (401, &Value::from("invalid_client")));
        }
        let answer = exchange(&sandbox, provider, &wrong, &[("grant_type", "password")]).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &Value::from("unsupported_grant_type")));
        let json = ask(&sandbox, "POST", token_path(provider), &[("content-type", "application/json")], "{}").await;
        assert_eq!((json.status, &json.json()["error"]), (400, &Value::from("invalid_request")));
        assert_eq!(ask(&sandbox, "GET", token_path(provider), &[], "").await.status, 405);
    }
}

#[tokio::test]
async fn google_keeps_the_refresh_token_and_gives_it_only_with_consent() {
    let provider = Provider::Google;
    let sandbox = ready(provider);
    let tokens = connect(&sandbox, provider, scopes(provider)).await;
    for _ in 0..2 {
        let fresh = refresh(&sandbox, provider, &tokens["refresh_token"]).await.json();
        assert!(fresh.get("refresh_token").is_none() && works(&sandbox, provider, &fresh).await);
    }
    let again = back(&authorize(&sandbox, provider, scopes(provider), &[("prompt", "")]).await);
    assert!(exchange(&sandbox, provider, part(&again, "code"), &[]).await.json().get("refresh_token").is_none());
    let online = back(&authorize(&sandbox, provider, scopes(provider), &[("access_type", "online")]).await);
    assert!(exchange(&sandbox, provider, part(&online, "code"), &[]).await.json().get("refresh_token").is_none());
    sandbox.advance(181 * DAY);
    assert_eq!(refresh(&sandbox, provider, &tokens["refresh_token"]).await.status, 200);
    sandbox.advance(182 * DAY);
    dead(&refresh(&sandbox, provider, &tokens["refresh_token"]).await);
}

#[tokio::test]
async fn googles_oldest_of_more_than_a_hundred_refresh_tokens_dies() {
    let provider = Provider::Google;
    let sandbox = ready(provider);
    let first = connect(&sandbox, provider, scopes(provider)).await;
    for _ in 0..100 {
        sandbox.advance(1);
        connect(&sandbox, provider, scopes(provider)).await;
    }
    dead(&refresh(&sandbox, provider, &first["refresh_token"]).await);
}

#[tokio::test]
async fn in_testing_googles_refresh_token_dies_after_seven_days_whatever_is_done() {
    let provider = Provider::Google;
    let sandbox = ready(provider);
    sandbox.register(ClientApp::new(provider, "id", "secret", BACK).testing());
    let tokens = connect(&sandbox, provider, scopes(provider)).await;
    assert_eq!(tokens["refresh_token_expires_in"], 604_799);
    sandbox.advance(7 * DAY - 1);
    assert_eq!(refresh(&sandbox, provider, &tokens["refresh_token"]).await.status, 200);
    sandbox.advance(1);
    let answer = refresh(&sandbox, provider, &tokens["refresh_token"]).await;
    dead(&answer);
    assert_eq!(answer.json()["error_description"], "Token has been expired or revoked.");
}

#[tokio::test]
async fn microsoft_gives_a_new_refresh_token_each_time_and_the_old_one_stays_good() {
    let provider = Provider::Microsoft;
    let sandbox = ready(provider);
    let tokens = connect(&sandbox, provider, scopes(provider)).await;
    sandbox.advance(DAY);
    let fresh = refresh(&sandbox, provider, &tokens["refresh_token"]).await.json();
    assert_ne!(fresh["refresh_token"], tokens["refresh_token"]);
    assert_eq!(refresh(&sandbox, provider, &tokens["refresh_token"]).await.status, 200);
    sandbox.advance(89 * DAY);
    let old = refresh(&sandbox, provider, &tokens["refresh_token"]).await;
    dead(&old);
    assert_eq!(old.json()["error_codes"], serde_json::json!([700_082]));
    assert_eq!(refresh(&sandbox, provider, &fresh["refresh_token"]).await.status, 200);
    let without = connect(&sandbox, provider, "User.Read Calendars.Read").await;
    assert!(without.get("refresh_token").is_none(), "not without offline_access");
}

#[tokio::test]
async fn calendlys_refresh_token_is_good_once() {
    let provider = Provider::Calendly;
    let sandbox = ready(provider);
    let tokens = connect(&sandbox, provider, scopes(provider)).await;
    let fresh = refresh(&sandbox, provider, &tokens["refresh_token"]).await.json();
    dead(&refresh(&sandbox, provider, &tokens["refresh_token"]).await);
    sandbox.advance(400 * DAY);
    let last = refresh(&sandbox, provider, &fresh["refresh_token"]).await;
    assert_eq!(last.status, 200, "it does not expire until it is used");
    for _ in 0..7 {
        connect(&sandbox, provider, scopes(provider)).await;
    }
    let ninth = exchange(&sandbox, provider, &code(&sandbox, provider).await, &[]).await;
    assert_eq!(ninth.status, 429, "at most eight tokens in a minute");
}

#[tokio::test]
async fn what_is_revoked_is_dead_for_both_tokens() {
    for provider in ALL {
        let sandbox = ready(provider);
        let tokens = connect(&sandbox, provider, scopes(provider)).await;
        match provider {
            Provider::Google => {
                let pair = [("token", tokens["refresh_token"].as_str().unwrap())];
                assert_eq!(form(&sandbox, "/google/oauth/revoke", &pair).await.status, 200);
                assert_eq!(form(&sandbox, "/google/oauth/revoke", &pair).await.status, 400);
            }
            Provider::Microsoft => sandbox.revoke(provider, WHO),
            Provider::Calendly => {
                let token = ("token", tokens["access_token"].as_str().unwrap());
                let client = [("client_id", "id"), ("client_secret", "secret")];
                let active = async || form(&sandbox, "/calendly/oauth/oauth/introspect", &[&client[..], &[token]].concat()).await.json();
                assert_eq!(active().await["active"], true);
                assert_eq!(form(&sandbox, "/calendly/oauth/oauth/revoke", &[token]).await.status, 401);
                assert_eq!(form(&sandbox, "/calendly/oauth/oauth/revoke", &[&client[..], &[token]].concat()).await.status, 200);
                assert_eq!(active().await["active"], false);
            }
        }
        assert!(!works(&sandbox, provider, &tokens).await);
        dead(&refresh(&sandbox, provider, &tokens["refresh_token"]).await);
        let anew = connect(&sandbox, provider, scopes(provider)).await;
        assert!(works(&sandbox, provider, &anew).await && anew.get("refresh_token").is_some(), "a new consent gives a new grant");
    }
}

#[tokio::test]
async fn a_refresh_asks_for_no_more_than_was_granted_and_by_its_own_client() {
    for provider in ALL {
        let sandbox = ready(provider);
        let tokens = connect(&sandbox, provider, scopes(provider)).await;
        let wider = match provider {
            Provider::Google => "https://www.googleapis.com/auth/calendar",
            Provider::Microsoft => "Calendars.ReadWrite",
            Provider::Calendly => "webhooks:write",
        };
        let token = tokens["refresh_token"].as_str().unwrap();
        let ask = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_secret", "secret")];
        let wide = form(&sandbox, token_path(provider), &[&ask[..], &[("client_id", "id"), ("scope", wider)]].concat()).await;
        assert_eq!(wide.status, 400, "{provider:?}");
        sandbox.register(ClientApp::new(provider, "other", "secret", BACK));
        dead(&form(&sandbox, token_path(provider), &[&ask[..], &[("client_id", "other")]].concat()).await);
    }
}

#[tokio::test]
async fn googles_token_info_tells_scopes_and_time() {
    let sandbox = ready(Provider::Google);
    let tokens = connect(&sandbox, Provider::Google, scopes(Provider::Google)).await;
    let target = format!("/google/oauth/tokeninfo?access_token={}", tokens["access_token"].as_str().unwrap());
    let info = ask(&sandbox, "GET", &target, &[], "").await.json();
    assert_eq!((&info["scope"], &info["expires_in"]), (&tokens["scope"], &Value::from("3599")));
    assert_eq!(ask(&sandbox, "GET", "/google/oauth/tokeninfo?access_token=x", &[], "").await.status, 400);
}
