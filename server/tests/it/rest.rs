//! REST as a script uses it.

use crate::fixture::{TestApp, header, problem, send};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_is_shown_once_and_can_be_revoked() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let with_session =
        |method, path: &str| app.request(method, path).header("cookie", &account.cookie).header("sec-fetch-site", "same-origin");
    let made = send(with_session(Method::POST, "/api/tokens").json(&json!({"name": "backup"}))).await;
    assert_eq!(made.status(), 201);
    assert_eq!(header(&made, "cache-control"), "no-store");
    let made: Value = made.json().await.unwrap();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("syn_"));
    let listed = send(with_session(Method::GET, "/api/tokens")).await.text().await.unwrap();
    assert!(listed.contains("backup") && !listed.contains(secret));
    let path = format!("/api/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(send(with_session(Method::DELETE, &path)).await.status(), 204);
    problem(send(app.request(Method::GET, "/api/holds").bearer_auth(secret)).await, 401, "wrong_token").await;
}

#[tokio::test]
async fn a_token_of_somebody_else_can_not_be_revoked() {
    let app = TestApp::start().await;
    let ann = app.account().await;
    let eve = app.other_account("eve@example.org").await;
    let token = app.hub.tokens(&ann.id).await.unwrap().remove(0);
    let request = app.request(Method::DELETE, &format!("/api/tokens/{}", token.id));
    problem(send(request.header("cookie", &eve.cookie).header("sec-fetch-site", "same-origin")).await, 404, "not_found").await;
    assert_eq!(app.hub.tokens(&ann.id).await.unwrap().len(), 1);
    assert_ne!(ann.id, eve.id);
}

#[tokio::test]
async fn what_a_sync_can_not_do_is_refused_and_not_ignored() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let post = |body: Value| send(app.request(Method::POST, "/api/calendar/sync/manual").bearer_auth(&account.token).json(&body));
    problem(post(json!({"from": "2026-03-11", "to": "2026-03-11"})).await, 400, "invalid_period").await;
    problem(post(json!({"from": "soon"})).await, 400, "invalid_json").await;
    problem(post(json!({"from": "2026-03-10", "to": "2026-03-11"})).await, 422, "nothing_to_sync").await;
    problem(post(json!({"connectionIds": [], "calendarIds": []})).await, 400, "two_scopes").await;
    problem(post(json!({"conections": []})).await, 400, "invalid_json").await;
    problem(post(json!({"mode": "fast"})).await, 400, "invalid_json").await;
}

#[tokio::test]
async fn a_period_needs_two_days_in_order() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let get = |query: &'static str| send(app.request(Method::GET, &format!("/api/calendar/events?{query}")).bearer_auth(&account.token));
    assert_eq!(get("").await.status(), 200, "the usual period");
    problem(get("from=2026-03-10T00:00:00Z&to=2026-03-11").await, 400, "invalid_query").await;
    problem(get("from=2026-03-11&to=2026-03-10").await, 422, "invalid_period").await;
    problem(get("from=2026-03-10&to=2026-03-11&timezone=Europe/Nowhere").await, 422, "unknown_zone").await;
}

#[tokio::test]
async fn a_shutdown_ends_streams_and_the_server() {
    let mut app = TestApp::start().await;
    let account = app.account().await;
    let stream = send(app.request(Method::GET, "/api/sync/stream").bearer_auth(&account.token).header("accept-encoding", "br, gzip")).await;
    assert_eq!(header(&stream, "content-type"), "text/event-stream");
    assert_eq!(header(&stream, "content-encoding"), "");
    app.shutdown.cancel();
    let text = stream.text().await.expect("the stream ends as it should");
    assert!(text.contains("retry: 2000"), "{text}");
    app.task.take().unwrap().await.unwrap().expect("the server ends as it should");
}
