//! Looking around with sample data, over real sockets.

use crate::fixture::{TestApp, header, send};
use reqwest::{Method, Response};
use serde_json::Value;
use std::time::Duration;
use syncline_server::config::WebArgs;

async fn post(app: &TestApp, path: &str, cookie: &str, what: &str) -> Response {
    let request = app.request(Method::POST, path).header("sec-fetch-site", "same-origin").header("cookie", cookie);
    send(request.form(&[("what", what)])).await
}

/// Goes in; gives the cookie.
async fn enter(app: &TestApp) -> String {
    let response = post(app, "/demo/start", "", "").await;
    assert_eq!((response.status().as_u16(), header(&response, "location")), (303, "/"));
    let line = header(&response, "set-cookie");
    assert!(line.starts_with("syncline_demo=") && line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
    line.split(';').next().unwrap().to_owned()
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Response {
    send(app.request(Method::GET, path).header("cookie", cookie)).await
}

async fn health(app: &TestApp, cookie: &str) -> Vec<Value> {
    get(app, "/api/calendar/health", cookie).await.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_gets_three_synced_accounts_and_a_booking_by_webhook() {
    let app = TestApp::start().await;
    assert!(get(&app, "/setup", "").await.text().await.unwrap().contains("Look around with sample data"));
    let cookie = enter(&app).await;
    let page = get(&app, "/", &cookie).await.text().await.unwrap();
    assert!(page.contains("This is sample data.") && page.contains("Team weekly"), "the page has sample events");
    let connections = health(&app, &cookie).await;
    let states: Vec<_> = connections.iter().map(|one| (one["provider"].as_str().unwrap(), one["state"].as_str().unwrap())).collect();
    assert_eq!(states, [("calendly", "ok"), ("microsoft", "ok"), ("google", "ok")]);
    assert!(connections.iter().all(|one| one["initialSyncDone"] == true), "{connections:?}");
    assert_eq!(connections[0]["webhook"], "active");

    // A booking at Calendly, a meeting that moves in Outlook: each is told by a webhook.
    for (what, at) in [("book", 0), ("move", 1)] {
        assert_eq!(post(&app, "/demo/do", &cookie, what).await.status(), 204);
        let arrived = async {
            while health(&app, &cookie).await[at]["eventsViaWebhook"] != 1 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), arrived).await.expect("the webhook was followed by a sync");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn most_events_deleted_at_the_provider_wait_for_an_answer() {
    let app = TestApp::start().await;
    let cookie = enter(&app).await;
    assert_eq!(post(&app, "/demo/do", &cookie, "delete").await.status(), 204);
    let sync = app.request(Method::POST, "/api/calendar/sync/manual").header("sec-fetch-site", "same-origin").header("cookie", &cookie);
    let synced = send(sync.json(&serde_json::json!({}))).await;
    assert!(synced.status().is_success() || synced.status() == 409, "{}", synced.status());
    let held = async {
        loop {
            let holds: Vec<Value> = get(&app, "/api/holds", &cookie).await.json().await.unwrap();
            if let [hold] = &holds[..] {
                return hold["wouldDelete"].as_u64().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let would_delete = tokio::time::timeout(Duration::from_secs(20), held).await.expect("a hold");
    assert!(would_delete > 50, "{would_delete}");
}

#[tokio::test(flavor = "multi_thread")]
async fn demos_of_two_visitors_and_the_instance_know_nothing_of_each_other() {
    let app = TestApp::start().await;
    let (one, two) = (enter(&app).await, enter(&app).await);
    let ids = async |cookie: &str| health(&app, cookie).await.iter().map(|one| one["connectionId"].clone()).collect::<Vec<_>>();
    let (first, second) = (ids(&one).await, ids(&two).await);
    assert!(first.len() == 3 && second.len() == 3 && first.iter().all(|id| !second.contains(id)));
    assert_eq!(app.hub.number("SELECT COUNT(*) FROM users").await, 0, "the instance has no account");
    let left = post(&app, "/demo/leave", &one, "").await;
    assert!(header(&left, "set-cookie").starts_with("syncline_demo=; "));
    assert_eq!(header(&get(&app, "/", &one).await, "location"), "/setup", "it is over");
    assert_eq!(ids(&two).await, second, "the other goes on");
    assert_eq!(post(&app, "/demo/do", "syncline_demo=nobody", "book").await.status(), 303, "there is nothing to do outside of a demo");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_ends_every_demo_and_closes_the_way_in() {
    let app = TestApp::start().await;
    let cookie = enter(&app).await;
    let account = app.account().await;
    assert_eq!(header(&get(&app, "/", &cookie).await, "location"), "/sign-in");
    assert!(post(&app, "/demo/start", "", "").await.headers().get("set-cookie").is_none());
    assert!(!get(&app, "/sign-in", "").await.text().await.unwrap().contains("sample data"));
    assert!(!get(&app, "/", &account.cookie).await.text().await.unwrap().contains("sample data"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_started_for_it_shows_the_demo_beside_real_accounts() {
    let app = TestApp::start_with(WebArgs { demo: true, ..WebArgs::default() }).await;
    let account = app.account().await;
    assert!(get(&app, "/sign-in", "").await.text().await.unwrap().contains("Look around with sample data"));
    let cookie = enter(&app).await;
    assert_eq!(health(&app, &cookie).await.len(), 3);
    assert_eq!(health(&app, &account.cookie).await.len(), 0, "the account sees nothing of it");
    let other = app.request(Method::POST, "/demo/start").header("origin", "https://evil.example");
    assert!(send(other).await.headers().get("set-cookie").is_none(), "another site can not send a browser into a demo");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_visitors_at_a_time_and_the_one_who_was_away_longest_makes_room() {
    let app = TestApp::start().await;
    let first = enter(&app).await;
    let second = enter(&app).await;
    for _ in 0..2 {
        enter(&app).await;
    }
    assert_eq!(health(&app, &first).await.len(), 3, "four have room");
    let last = enter(&app).await;
    assert_eq!(health(&app, &first).await.len(), 3, "it was used a moment ago");
    assert_eq!(get(&app, "/api/calendar/health", &second).await.status(), 401, "nobody asked it for anything since");
    assert_eq!(health(&app, &last).await.len(), 3);
}
