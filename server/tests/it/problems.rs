//! Errors of REST: each class in the form of RFC 9457.

use crate::fixture::{TestApp, header, problem, send};
use reqwest::Method;
use serde_json::json;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn an_unknown_address_is_a_problem_for_scripts_and_a_page_for_browsers() {
    let app = TestApp::start().await;
    let account = app.account().await;
    problem(app.get("/api/nothing").await, 404, "no_such_address").await;
    let page = send(app.request(Method::GET, "/nothing").header("cookie", &account.cookie)).await;
    assert_eq!(page.status(), 404);
    assert!(header(&page, "content-type").starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("There is no such page"));
}

#[tokio::test]
async fn a_wrong_method_names_the_right_one() {
    let app = TestApp::start().await;
    let response = send(app.request(Method::DELETE, "/api/calendar/events")).await;
    assert!(header(&response, "allow").contains("GET"));
    problem(response, 405, "wrong_method").await;
}

#[tokio::test]
async fn nobody_reads_anything_without_signing_in() {
    let app = TestApp::start().await;
    app.account().await;
    for endpoint in syncline_server::router::endpoints() {
        let open = ["/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/calendly/webhook/test"].contains(&endpoint.path);
        let path = endpoint.path.replace("{id}", NOBODY);
        let response = send(app.request(endpoint.method.clone(), &path).json(&json!({}))).await;
        // Who names no channel of Google's is told that there is none.
        let closed = if endpoint.path == "/api/google/notifications" { 404 } else { 401 };
        assert_eq!(response.status() == closed, !open, "{} {}", endpoint.method, endpoint.path);
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let app = TestApp::start().await;
    let account = app.account().await;
    for id in ["7", "..%2f..", NOBODY] {
        let request = app.request(Method::DELETE, &format!("/api/tokens/{id}"));
        let response = send(request.header("cookie", &account.cookie).header("sec-fetch-site", "same-origin")).await;
        problem(response, 404, "not_found").await;
    }
}

#[tokio::test]
async fn a_body_that_can_not_be_used_is_refused_without_repeating_it() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let post = |body: &'static str, kind: &'static str| {
        let request = app.request(Method::POST, "/api/calendar/connections").bearer_auth(&account.token);
        send(request.header("content-type", kind).body(body))
    };
    problem(post("{}", "text/plain").await, 415, "json_needed").await;
    problem(post("{", "application/json").await, 400, "invalid_json").await;
    let secret = r#"{"provider": "caldav", "url": "x", "username": "x", "password": ["hunter2"]}"#;
    let body = problem(post(secret, "application/json").await, 400, "invalid_json").await;
    assert!(!body.to_string().contains("hunter2"), "{body}");
    let both = r#"{"provider": "ics", "url": "https://example.org", "file": {"name": "a", "contentBase64": ""}}"#;
    problem(post(both, "application/json").await, 400, "one_source").await;
    let broken = r#"{"provider": "ics", "file": {"name": "a", "contentBase64": "%"}}"#;
    problem(post(broken, "application/json").await, 400, "invalid_base64").await;
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let big = format!("{{\"decision\": \"{}\"}}", "x".repeat(300 * 1024));
    let request = app.request(Method::POST, &format!("/api/holds/{NOBODY}")).bearer_auth(&account.token);
    problem(send(request.header("content-type", "application/json").body(big)).await, 413, "too_large").await;
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_without_its_words() {
    let app = TestApp::start().await;
    let account = app.account().await;
    app.hub.close().await;
    let response = send(app.request(Method::GET, "/api/holds").bearer_auth(&account.token)).await;
    let body = problem(response, 500, "database_failed").await;
    assert!(!body.to_string().to_lowercase().contains("pool"), "{body}");
    let body = problem(app.get("/readyz").await, 503, "not_ready").await;
    assert!(body["detail"].as_str().unwrap().contains("database: it does not answer"), "{body}");
    assert_eq!(app.get("/healthz").await.status(), 200, "the process is alive all the same");
    let page = send(app.request(Method::GET, "/").header("cookie", &account.cookie)).await;
    assert!(page.status().is_server_error());
}
