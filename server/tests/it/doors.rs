//! Who gets in: redirects, sessions, tokens, other origins, the headers of every answer.

use crate::fixture::{TestApp, header, problem, send};
use reqwest::Method;
use syncline_server::config::WebArgs;
use syncline_server::web::pages::page_paths;

#[tokio::test]
async fn a_fresh_instance_leads_every_page_to_the_first_account() {
    let app = TestApp::start().await;
    for path in page_paths().filter(|path| *path != "/setup") {
        let response = app.get(path).await;
        assert_eq!((response.status().as_u16(), header(&response, "location")), (303, "/setup"), "{path}");
    }
    let setup = app.get("/setup").await;
    assert_eq!(setup.status(), 200);
    assert!(setup.text().await.unwrap().contains("<h1"), "the page is rendered on the server");
}

#[tokio::test]
async fn every_page_needs_a_session_and_says_where_to_come_back_to() {
    let app = TestApp::start().await;
    let account = app.account().await;
    for path in page_paths() {
        let stranger = app.get(path).await;
        let known = send(app.request(Method::GET, path).header("cookie", &account.cookie)).await;
        match path {
            "/sign-in" => {
                assert_eq!(stranger.status(), 200);
                assert_eq!((known.status().as_u16(), header(&known, "location")), (303, "/"));
            }
            "/setup" => {
                assert_eq!((stranger.status().as_u16(), header(&stranger, "location")), (303, "/sign-in"));
                assert_eq!((known.status().as_u16(), header(&known, "location")), (303, "/"));
            }
            _ => {
                assert_eq!(stranger.status(), 303, "{path}");
                assert!(header(&stranger, "location").starts_with("/sign-in"), "{path}");
                assert_eq!(known.status(), 200, "{path}");
                assert_eq!(header(&known, "cache-control"), "no-store", "{path}");
            }
        }
    }
    let deep = app.get("/holds?id=7").await;
    assert_eq!(header(&deep, "location"), "/sign-in?next=%2Fholds%3Fid%3D7");
}

#[tokio::test]
async fn a_session_that_was_ended_opens_nothing() {
    let app = TestApp::start().await;
    let account = app.account().await;
    app.hub.sign_out(account.cookie.split_once('=').unwrap().1).await.unwrap();
    let page = send(app.request(Method::GET, "/").header("cookie", &account.cookie)).await;
    assert_eq!(page.status(), 303);
    let api = send(app.request(Method::GET, "/api/tokens").header("cookie", &account.cookie)).await;
    problem(api, 401, "not_signed_in").await;
}

#[tokio::test]
async fn each_page_has_a_nonce_of_its_own_and_every_script_carries_it() {
    let app = TestApp::start().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let response = app.get("/setup").await;
        let policy = header(&response, "content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce").to_owned();
        assert!(nonce.len() >= 22, "128 bits: {nonce}");
        for rule in ["default-src 'self'", "'wasm-unsafe-eval'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{rule} is missing in {policy}");
        }
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"));
        let html = response.text().await.unwrap();
        let scripts = html.matches("<script").count();
        assert!(scripts > 0, "the page hydrates");
        assert_eq!(html.matches(&format!("nonce=\"{nonce}\"")).count(), scripts, "every script has the nonce: {html}");
        seen.push(nonce);
    }
    assert_ne!(seen[0], seen[1]);
}

#[tokio::test]
async fn every_kind_of_answer_has_the_security_headers() {
    let app = TestApp::start().await;
    for path in ["/setup", "/api/tokens", "/healthz", "/nothing-here", "/pkg/nothing.js", "/api/nothing"] {
        let response = app.get(path).await;
        assert_eq!(header(&response, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&response, "referrer-policy"), "same-origin", "{path}");
        assert!(header(&response, "content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!header(&response, "x-request-id").is_empty(), "{path}");
        assert_eq!(header(&response, "strict-transport-security"), "", "{path}: not without https");
    }
}

#[tokio::test]
async fn a_change_with_a_cookie_needs_the_same_origin() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let post = |name: &'static str, value: String| {
        send(
            app.request(Method::POST, "/api/tokens")
                .header("cookie", &account.cookie)
                .header(name, value)
                .json(&serde_json::json!({"name": "x"})),
        )
    };
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        problem(post(name, value.to_owned()).await, 403, "other_origin").await;
    }
    problem(post("x-nothing", "1".to_owned()).await, 403, "other_origin").await;
    assert_eq!(post("origin", app.base.clone()).await.status(), 201);
    assert_eq!(post("sec-fetch-site", "same-origin".to_owned()).await.status(), 201);
    // reading is not changing
    let read =
        send(app.request(Method::GET, "/api/tokens").header("cookie", &account.cookie).header("origin", "https://evil.example")).await;
    assert_eq!(read.status(), 200);
    // a token is never sent by a browser on its own
    let script =
        send(app.request(Method::POST, "/api/sync/jobs/00000000-0000-7000-8000-000000000000/cancel").bearer_auth(&account.token)).await;
    assert_ne!(script.status(), 403);
}

#[tokio::test]
async fn another_site_can_not_post_to_the_page_either() {
    let app = TestApp::start().await;
    let response = send(app.request(Method::POST, "/").header("origin", "https://evil.example")).await;
    assert!(response.status().is_client_error());
}

#[tokio::test]
async fn a_token_opens_rest_but_makes_no_other_token_and_opens_no_page() {
    let app = TestApp::start().await;
    let account = app.account().await;
    let holds = send(app.request(Method::GET, "/api/sync/jobs?limit=x").bearer_auth(&account.token)).await;
    problem(holds, 400, "invalid_query").await;
    let made = send(app.request(Method::POST, "/api/tokens").bearer_auth(&account.token).json(&serde_json::json!({"name": "x"}))).await;
    problem(made, 403, "session_needed").await;
    let page = send(app.request(Method::GET, "/").bearer_auth(&account.token)).await;
    assert_eq!(page.status(), 303);
    let wrong = send(app.request(Method::GET, "/api/holds").bearer_auth("syn_wrong")).await;
    assert!(header(&wrong, "www-authenticate").starts_with("Bearer"));
    problem(wrong, 401, "wrong_token").await;
    // a wrong token is not rescued by a good cookie
    let both = app.request(Method::GET, "/api/tokens").bearer_auth("syn_wrong").header("cookie", &account.cookie);
    problem(send(both).await, 401, "wrong_token").await;
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host_and_http_is_over() {
    let web = WebArgs { base_url: Some("https://calendar.example.org".parse().unwrap()), ..WebArgs::default() };
    let app = TestApp::start_with(web).await;
    let account = app.account().await;
    assert_eq!(header(&app.get("/healthz").await, "strict-transport-security"), "max-age=31536000");
    let plain = send(app.request(Method::GET, "/").header("cookie", &account.cookie)).await;
    assert_eq!(plain.status(), 303, "the cookie without the prefix could have been set by a neighbour");
    let bound = format!("__Host-{}", account.cookie);
    assert_eq!(send(app.request(Method::GET, "/").header("cookie", &bound)).await.status(), 200);
    let change = |origin: &'static str| {
        send(
            app.request(Method::POST, "/api/tokens")
                .header("cookie", &bound)
                .header("origin", origin)
                .json(&serde_json::json!({"name": "x"})),
        )
    };
    assert_eq!(change("https://calendar.example.org").await.status(), 201);
    problem(change("https://example.org").await, 403, "other_origin").await;
}

#[tokio::test]
async fn a_server_function_answers_for_itself_and_never_with_a_page() {
    let app = TestApp::start().await;
    app.account().await;
    let mut asked = 0;
    for (path, method) in leptos::server_fn::axum::server_fn_paths() {
        let response = send(app.request(method.clone(), path).header("accept", "application/json")).await;
        assert!(!response.status().is_redirection(), "{method} {path}");
        assert!(!header(&response, "content-type").starts_with("text/html"), "{method} {path}");
        asked += 1;
    }
    assert!(asked > 0);
}
