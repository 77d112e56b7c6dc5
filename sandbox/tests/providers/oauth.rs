//! The way through the browser.

use crate::support::{Answer, ask, encoded, sandbox};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use syncline_sandbox::{CalendlyDo, ClientApp, Consent, GoogleDo, MicrosoftDo, Provider, Sandbox};

pub(crate) const ALL: [Provider; 3] = [Provider::Google, Provider::Microsoft, Provider::Calendly];
pub(crate) const WHO: &str = "praxis@example.com";
pub(crate) const BACK: &str = "http://127.0.0.1/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) fn scopes(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => {
            "https://www.googleapis.com/auth/calendar.calendarlist.readonly https://www.googleapis.com/auth/calendar.events.readonly"
        }
        Provider::Microsoft => "offline_access User.Read Calendars.Read",
        Provider::Calendly => "users:read scheduled_events:read",
    }
}

/// A sandbox where the client `id` with the secret `secret` is known, and the account `WHO`.
pub(crate) fn registered(provider: Provider) -> Sandbox {
    let sandbox = sandbox();
    sandbox.register(ClientApp::new(provider, "id", "secret", BACK));
    match provider {
        Provider::Google => sandbox.google(GoogleDo::Account { account: WHO.into(), name: "P".into(), zone: "UTC".into() }),
        Provider::Microsoft => sandbox.microsoft(MicrosoftDo::Account { account: WHO.into(), name: "P".into(), zone: "UTC".into() }),
        Provider::Calendly => sandbox.calendly(CalendlyDo::Account { account: WHO.into(), name: "P".into(), zone: "UTC".into() }),
    }
    .unwrap();
    sandbox
}

fn authorize_path(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "/google/oauth/o/oauth2/v2/auth",
        Provider::Microsoft => "/microsoft/oauth/common/oauth2/v2.0/authorize",
        Provider::Calendly => "/calendly/oauth/oauth/authorize",
    }
}

pub(crate) fn token_path(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "/google/oauth/token",
        Provider::Microsoft => "/microsoft/oauth/common/oauth2/v2.0/token",
        Provider::Calendly => "/calendly/oauth/oauth/token",
    }
}

fn query(provider: Provider, scope: &str, change: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut pairs = vec![
        ("client_id", "id"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", scope),
        ("state", "st&te"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    if provider == Provider::Google {
        pairs.extend([("access_type", "offline"), ("prompt", "consent")]);
    }
    for (name, value) in change {
        pairs.retain(|(known, _)| known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

pub(crate) async fn authorize(sandbox: &Sandbox, provider: Provider, scope: &str, change: &[(&str, &str)]) -> Answer {
    ask(sandbox, "GET", &format!("{}?{}", authorize_path(provider), query(provider, scope, change)), &[], "").await
}

/// The parts of the redirect back to the client.
#[track_caller]
pub(crate) fn back(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 302, "{:?}", answer.body);
    let parts = answer.header("location").strip_prefix(&format!("{BACK}?")).expect("back to the client");
    url::form_urlencoded::parse(parts.as_bytes()).into_owned().collect()
}

pub(crate) fn part<'a>(parts: &'a [(String, String)], name: &str) -> &'a str {
    parts.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

pub(crate) async fn form(sandbox: &Sandbox, target: &str, pairs: &[(&str, &str)]) -> Answer {
    let body = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&");
    ask(sandbox, "POST", target, &[("content-type", "application/x-www-form-urlencoded")], body).await
}

pub(crate) async fn exchange(sandbox: &Sandbox, provider: Provider, code: &str, change: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "id"),
        ("client_secret", "secret"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in change {
        pairs.retain(|(known, _)| known != name);
        pairs.push((name, value));
    }
    form(sandbox, token_path(provider), &pairs).await
}

/// The whole way; the sandbox must answer at once.
pub(crate) async fn connect(sandbox: &Sandbox, provider: Provider, scope: &str) -> Value {
    let parts = back(&authorize(sandbox, provider, scope, &[]).await);
    let answer = exchange(sandbox, provider, part(&parts, "code"), &[]).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()
}

/// The value of a hidden field of the page.
fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\" value=\"")).expect("the field") + name.len() + 15;
    page[from..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_page_asks_and_allows_what_stays_ticked() {
    for provider in ALL {
        let sandbox = registered(provider);
        let page = authorize(&sandbox, provider, scopes(provider), &[]).await;
        assert_eq!(page.status, 200);
        let html = String::from_utf8(page.body.to_vec()).unwrap();
        let list: Vec<&str> = scopes(provider).split(' ').collect();
        assert!(list.iter().all(|scope| html.contains(&format!("value=\"{scope}\" checked"))), "{html}");
        let (request, kept) = (hidden(&html, "request"), list[list.len() - 1]);
        let target = format!("/{}/oauth/consent", provider.name());
        let answer = form(&sandbox, &target, &[("request", &request), ("account", WHO), ("scope", kept), ("decision", "allow")]).await;
        let parts = back(&answer);
        assert_eq!(part(&parts, "state"), "st&te");
        let tokens = exchange(&sandbox, provider, part(&parts, "code"), &[]).await.json();
        assert_eq!(tokens["scope"], kept, "{provider:?}");
        let denied = form(&sandbox, &target, &[("request", &request), ("account", WHO), ("decision", "deny")]).await;
        assert_eq!((part(&back(&denied), "error"), part(&back(&denied), "state")), ("access_denied", "st&te"));
        let none = form(&sandbox, &target, &[("request", &request), ("account", WHO), ("decision", "allow")]).await;
        assert_eq!(part(&back(&none), "error"), "access_denied", "nothing ticked is a refusal");
        for wrong in [[("request", "forged"), ("account", WHO)], [("request", &request), ("account", "nobody@example.com")]] {
            let answer = form(&sandbox, &target, &[&wrong[..], &[("scope", kept), ("decision", "allow")]].concat()).await;
            assert_eq!(answer.status, 400);
        }
    }
}

#[tokio::test]
async fn a_client_or_an_address_that_is_not_known_is_told_to_the_user_and_never_redirected() {
    for provider in ALL {
        let sandbox = registered(provider);
        for (change, status) in [
            ([("client_id", "other")], 401),
            ([("redirect_uri", "http://127.0.0.1/back/")], 400),
            ([("redirect_uri", "http://127.0.0.1:81/back")], 400),
            ([("redirect_uri", "")], 400),
        ] {
            let answer = authorize(&sandbox, provider, scopes(provider), &change).await;
            assert_eq!((answer.status, answer.header("location")), (status, ""), "{change:?}");
        }
        assert_eq!(sandbox.violations().len(), 4);
    }
}

#[tokio::test]
async fn a_wrong_authorize_request_goes_back_with_an_error() {
    for provider in ALL {
        let sandbox = registered(provider);
        for (change, error) in [
            ([("response_type", "token")], "unsupported_response_type"),
            ([("scope", "everything")], "invalid_scope"),
            ([("scope", "")], "invalid_scope"),
            ([("code_challenge", "")], "invalid_request"),
            ([("code_challenge", "short")], "invalid_request"),
            ([("code_challenge_method", "plain")], "invalid_request"),
            ([("code_challenge_method", "")], "invalid_request"),
            ([("prompt", "please")], "invalid_request"),
            ([("response_mode", "fragment")], "invalid_request"),
        ] {
            let parts = back(&authorize(&sandbox, provider, scopes(provider), &change).await);
            assert_eq!((part(&parts, "error"), part(&parts, "state"), part(&parts, "code")), (error, "st&te", ""), "{change:?}");
        }
        assert_eq!(sandbox.violations().len(), 9);
    }
}

#[tokio::test]
async fn a_parameter_that_comes_twice_and_an_unknown_tenant_are_refused_and_a_missing_state_is_noted() {
    let sandbox = registered(Provider::Microsoft);
    let whole = query(Provider::Microsoft, scopes(Provider::Microsoft), &[]);
    let twice = ask(&sandbox, "GET", &format!("{}?{whole}&scope=User.Read", authorize_path(Provider::Microsoft)), &[], "").await;
    assert_eq!(part(&back(&twice), "error"), "invalid_request");
    let tenant = authorize_path(Provider::Microsoft).replace("common", "nobody");
    assert_eq!(ask(&sandbox, "GET", &format!("{tenant}?{whole}"), &[], "").await.status, 400);
    assert_eq!(sandbox.violations().len(), 2);
    assert_eq!(authorize(&sandbox, Provider::Microsoft, scopes(Provider::Microsoft), &[("state", "")]).await.status, 200);
    assert_eq!(sandbox.violations().len(), 3);
}

#[tokio::test]
async fn the_sandbox_can_answer_at_once() {
    let sandbox = registered(Provider::Google);
    let untick = vec!["calendar.events.readonly".to_owned()];
    sandbox.consent(Provider::Google, Consent::Allow { account: WHO.into(), untick });
    let tokens = connect(&sandbox, Provider::Google, scopes(Provider::Google)).await;
    assert_eq!(tokens["scope"], "https://www.googleapis.com/auth/calendar.calendarlist.readonly");
    sandbox.consent(Provider::Google, Consent::Deny);
    assert_eq!(part(&back(&authorize(&sandbox, Provider::Google, scopes(Provider::Google), &[]).await), "error"), "access_denied");
    let wanted = Consent::Error { error: "consent_required".into(), description: "AADSTS65001: Ask an administrator.".into() };
    sandbox.consent(Provider::Google, wanted);
    let parts = back(&authorize(&sandbox, Provider::Google, scopes(Provider::Google), &[]).await);
    assert_eq!((part(&parts, "error"), part(&parts, "error_description")), ("consent_required", "AADSTS65001: Ask an administrator."));
}
