//! The administrator's pages.

use crate::fixture::{Account, TestApp, header, send};
use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;

async fn page(app: &TestApp, path: &str, account: &Account) -> String {
    send(app.request(Method::GET, path).header("cookie", &account.cookie)).await.text().await.unwrap()
}

/// Posts the form of a provider as a browser without scripts does.
async fn post(app: &TestApp, html: &str, name: &str, account: &Account, fields: &[(&str, &str)]) -> Response {
    let action = html.split("action=\"").find_map(|rest| rest.split('"').next().filter(|action| action.contains(name))).expect("the form");
    let request = app.request(Method::POST, action).header("cookie", &account.cookie).header("sec-fetch-site", "same-origin");
    send(request.header("accept", "text/html").header("referer", format!("{}/settings/instance", app.base)).form(fields)).await
}

#[tokio::test]
async fn the_administrator_sets_a_provider_up_and_its_secret_is_never_shown() {
    let app = TestApp::start().await;
    let ann = app.account().await;
    let html = page(&app, "/settings/instance", &ann).await;
    assert!(html.contains(&format!("{}/oauth/google/callback", app.base)), "the address to register");
    let fields = [("provider", "google"), ("client_id", "my-id"), ("client_secret", "s3cret-word")];
    let saved = post(&app, &html, "save_instance", &ann, &fields).await;
    assert!(saved.status().is_redirection(), "{}", saved.status());
    assert_eq!(header(&saved, "location"), "/settings/instance?saved=1");
    assert_eq!(app.hub.oauth().google.client_secret.as_ref().unwrap().expose_secret(), "s3cret-word");
    let html = page(&app, "/settings/instance?saved=1", &ann).await;
    assert!(html.contains("Saved. It counts from now on.") && html.contains("my-id") && !html.contains("s3cret-word"));
    let refused = post(&app, &html, "save_instance", &ann, &[("provider", "google"), ("client_id", "two words")]).await;
    let back = header(&refused, "location");
    assert!(back.starts_with("/settings/instance?") && back.contains("__err"), "{back}");
    post(&app, &html, "clear_instance", &ann, &[("provider", "google")]).await;
    assert!(app.hub.oauth().google.client_id.is_none());
}

#[tokio::test]
async fn somebody_else_neither_sees_the_pages_nor_posts_their_forms() {
    let app = TestApp::start().await;
    let ann = app.account().await;
    let eve = app.other_account("eve@example.org").await;
    let html = page(&app, "/settings/instance", &ann).await;
    for path in ["/settings/instance", "/settings/checks"] {
        let seen = page(&app, path, &eve).await;
        assert!(seen.contains("Only the administrator") && !seen.contains("Client secret"), "{path}");
    }
    post(&app, &html, "save_instance", &eve, &[("provider", "google"), ("client_id", "evil"), ("client_secret", "evil")]).await;
    assert!(app.hub.oauth().google.client_id.is_none());
    assert!(page(&app, "/settings/calendars", &ann).await.contains("/settings/instance"));
    assert!(!page(&app, "/settings/calendars", &eve).await.contains("/settings/instance"));
}
