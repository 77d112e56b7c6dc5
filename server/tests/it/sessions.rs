//! Signing in and out with the forms that a browser without JavaScript posts, and with the calls that the page makes.

use crate::fixture::{EMAIL, PASSWORD, TestApp, header, send};
use app::error::{WireError, WireKind};
use leptos::server_fn::error::FromServerFnError as _;
use reqwest::{Method, RequestBuilder, Response};
use syncline_server::config::WebArgs;

/// Where the only form of a page posts to.
async fn action(app: &TestApp, page: &str) -> String {
    let html = app.get(page).await.text().await.unwrap();
    let form = html.split("<form").nth(1).unwrap_or_else(|| panic!("no form on {page}: {html}"));
    let action = form.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an action");
    assert!(form.split('>').next().unwrap().contains("method=\"post\""));
    action.to_owned()
}

/// Posts a form as a browser does.
fn plain(app: &TestApp, action: &str, page: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    app.request(Method::POST, action)
        .header("accept", "text/html,application/xhtml+xml")
        .header("origin", &app.base)
        .header("referer", format!("{}{page}", app.base))
        .form(fields)
}

/// Calls a server function as the page does.
fn call(app: &TestApp, action: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    app.request(Method::POST, action).header("accept", "application/json").header("sec-fetch-site", "same-origin").form(fields)
}

fn cookie(response: &Response) -> &str {
    header(response, "set-cookie")
}

#[tokio::test]
async fn the_first_account_is_made_with_a_plain_form_and_is_signed_in_at_once() {
    let app = TestApp::start().await;
    let setup = action(&app, "/setup").await;
    let weak = send(plain(&app, &setup, "/setup", &[("email", EMAIL), ("password", "short")])).await;
    assert_eq!(weak.status(), 302);
    assert!(header(&weak, "location").starts_with("/setup?"), "{}", header(&weak, "location"));
    assert!(!header(&weak, "location").contains("short"), "a password is never in an address");
    assert_eq!(cookie(&weak), "");
    let told = app.get(header(&weak, "location")).await.text().await.unwrap();
    assert!(told.contains("at least 10 characters"), "the page tells the error without JavaScript: {told}");

    let made = send(plain(&app, &setup, "/setup", &[("email", EMAIL), ("password", PASSWORD)])).await;
    assert_eq!((made.status().as_u16(), header(&made, "location")), (302, "/settings/connections"));
    let line = cookie(&made).to_owned();
    for part in ["syncline_session=", "; Path=/", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!line.contains("Secure"), "a cookie for http: {line}");
    let session = line.split(';').next().unwrap();
    assert_eq!(send(app.request(Method::GET, "/").header("cookie", session)).await.status(), 200);

    let second = send(plain(&app, &setup, "/setup", &[("email", "eve@example.org"), ("password", PASSWORD)])).await;
    assert_eq!(cookie(&second), "", "nobody makes a first account twice");
    assert!(app.hub.user_by_email("eve@example.org").await.unwrap().is_none());
}

#[tokio::test]
async fn signing_in_leads_back_and_signing_out_ends_the_session_at_the_server() {
    let app = TestApp::start().await;
    app.account().await;
    let sign_in = action(&app, "/sign-in?next=%2Fholds").await;
    let fields = [("email", "ANN@example.org"), ("password", PASSWORD), ("next", "/holds")];
    let done = send(plain(&app, &sign_in, "/sign-in", &fields)).await;
    assert_eq!((done.status().as_u16(), header(&done, "location")), (302, "/holds"));
    let session = cookie(&done).split(';').next().unwrap().to_owned();
    let evil = [("email", EMAIL), ("password", PASSWORD), ("next", "https://evil.example/")];
    assert_eq!(header(&send(plain(&app, &sign_in, "/sign-in", &evil)).await, "location"), "/");

    let (sign_out, _) = leptos::server_fn::axum::server_fn_paths().find(|(path, _)| path.contains("/sign_out")).expect("a way out");
    let out = send(plain(&app, sign_out, "/", &[]).header("cookie", &session)).await;
    assert_eq!((out.status().as_u16(), header(&out, "location")), (302, "/sign-in"));
    assert!(cookie(&out).contains("Max-Age=0"), "{}", cookie(&out));
    let after = send(app.request(Method::GET, "/").header("cookie", &session)).await;
    assert_eq!(after.status(), 303, "a copy of the cookie is worth nothing");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let app = TestApp::start().await;
    app.account().await;
    let sign_in = action(&app, "/sign-in").await;
    let mut answers = Vec::new();
    for email in [EMAIL, "nobody@example.org"] {
        let refused = send(call(&app, &sign_in, &[("email", email), ("password", "a wrong password")])).await;
        assert_eq!((refused.status().as_u16(), cookie(&refused)), (401, ""));
        answers.push(refused.text().await.unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0].contains("wrong_credentials"), "{}", answers[0]);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_throttled_and_say_how_long() {
    let app = TestApp::start().await;
    app.account().await;
    let sign_in = action(&app, "/sign-in").await;
    let wrong = [("email", EMAIL), ("password", "a wrong password")];
    for _ in 0..10 {
        assert_eq!(send(call(&app, &sign_in, &wrong)).await.status(), 401);
    }
    let refused = send(call(&app, &sign_in, &wrong)).await;
    assert_eq!(refused.status(), 429);
    let seconds: u64 = header(&refused, "retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert!(refused.text().await.unwrap().contains("too_many_attempts"));
    // not even the right password is tried now, and another account is not touched by it
    let right = [("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(send(call(&app, &sign_in, &right)).await.status(), 429);
    app.other_account("bob@example.org").await;
    let bob = [("email", "bob@example.org"), ("password", PASSWORD)];
    assert_eq!(send(call(&app, &sign_in, &bob)).await.status(), 200);
}

#[tokio::test]
async fn another_site_can_not_sign_a_browser_in() {
    let app = TestApp::start().await;
    app.account().await;
    let sign_in = action(&app, "/sign-in").await;
    let request = app.request(Method::POST, &sign_in).header("origin", "https://evil.example");
    let refused = send(request.header("accept", "text/html").form(&[("email", EMAIL), ("password", PASSWORD)])).await;
    assert_eq!((refused.status().as_u16(), cookie(&refused)), (403, ""));
}

#[tokio::test]
async fn behind_https_the_cookie_is_secure_and_bound_to_the_host() {
    let web = WebArgs { base_url: Some("https://calendar.example.org".parse().unwrap()), ..WebArgs::default() };
    let app = TestApp::start_with(web).await;
    app.account().await;
    let sign_in = action(&app, "/sign-in").await;
    let done = send(call(&app, &sign_in, &[("email", EMAIL), ("password", PASSWORD)])).await;
    assert_eq!(done.status(), 200);
    assert!(cookie(&done).starts_with("__Host-syncline_session="), "{}", cookie(&done));
    for part in ["; Path=/;", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(cookie(&done).contains(part), "{part} in {}", cookie(&done));
    }
    assert!(!cookie(&done).contains("Domain"), "{}", cookie(&done));
}

#[tokio::test]
async fn a_server_function_needs_a_session_and_answers_with_its_kind() {
    let app = TestApp::start().await;
    app.account().await;
    let (path, _) = leptos::server_fn::axum::server_fn_paths().find(|(path, _)| path.contains("/load_tokens")).expect("a list");
    let refused = send(app.request(Method::GET, path).header("accept", "application/json")).await;
    assert_eq!(refused.status(), 401);
    let error = WireError::de(refused.bytes().await.unwrap());
    assert_eq!((error.kind, &*error.problem.code), (WireKind::Unauthenticated, "not_signed_in"));
}
