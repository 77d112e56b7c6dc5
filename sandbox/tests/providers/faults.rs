//! Faults, the log, and the administration over HTTP.

use crate::google_list::{ME, account, create, event, list, refused};
use crate::support::{START, ask, sandbox};
use serde_json::json;
use std::time::{Duration, Instant};
use syncline_sandbox::{Fault, Provider, Sandbox, SandboxClock, Trouble};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn named_troubles_answer_in_googles_dialect() {
    let (sandbox, api) = account();
    for (trouble, status, reason) in [
        (Trouble::Unauthorized, 401, "authError"),
        (Trouble::Forbidden { reason: "quotaExceeded".into() }, 403, "quotaExceeded"),
        (Trouble::Forbidden { reason: "accessNotConfigured".into() }, 403, "accessNotConfigured"),
        (Trouble::RateLimited { status: None, retry_after: Some(7) }, 429, "rateLimitExceeded"),
        (Trouble::RateLimited { status: Some(403), retry_after: None }, 403, "rateLimitExceeded"),
        (Trouble::ServerError { status: 503 }, 503, "backendError"),
        (Trouble::CursorLost, 410, "fullSyncRequired"),
    ] {
        let retry_after =
            if let Trouble::RateLimited { retry_after: Some(seconds), .. } = trouble { seconds.to_string() } else { String::new() };
        sandbox.arm(Fault::on(Provider::Google, trouble).path("/calendars/"));
        assert_eq!(api.get("/users/me/calendarList").await.status, 200, "another path");
        let answer = api.get("/calendars/primary/events?syncToken=x").await;
        refused(&answer, status, reason);
        assert_eq!(answer.header("retry-after"), retry_after);
    }
    list(&api, "").await;
    assert!(sandbox.violations().is_empty(), "troubles are not the client's fault");
}

#[tokio::test]
async fn an_answer_can_be_given_late_or_cut_short() {
    let (sandbox, api) = account();
    create(&sandbox, event("E", "2026-03-10"));
    sandbox.arm(Fault::on(Provider::Google, Trouble::Delay { millis: 80 }));
    let since = Instant::now();
    list(&api, "").await;
    assert!(since.elapsed() >= Duration::from_millis(80));
    sandbox.arm(Fault::on(Provider::Google, Trouble::Truncate { bytes: 100 }));
    let cut = api.get("/calendars/primary/events").await;
    assert_eq!((cut.status, cut.body.len()), (200, 100));
    sandbox.arm(Fault::on(
        Provider::Google,
        Trouble::Status { status: 502, headers: [("x-a".into(), "b".into())].into(), body: "<html>".into() },
    ));
    let html = api.get("/calendars/primary/events").await;
    assert_eq!((html.status, html.header("x-a"), &html.body[..]), (502, "b", &b"<html>"[..]));
}

#[tokio::test]
async fn a_connection_can_break_in_the_middle_of_a_body() {
    let sandbox = Sandbox::start(SandboxClock::fixed(START)).await;
    sandbox.google(syncline_sandbox::GoogleDo::Account { account: ME.into(), name: "P".into(), zone: "UTC".into() }).unwrap();
    sandbox.arm(Fault::on(Provider::Google, Trouble::CutAfter { bytes: 40 }));
    let token = sandbox.token(Provider::Google, ME, &["calendar.readonly"]);
    let host = sandbox.origin().replace("http://", "");
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!("GET /google/calendars/primary/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(length > 100 && body.len() == 40, "{length} announced, {} came", body.len());
}

#[tokio::test]
async fn the_log_tells_what_was_asked_and_holds_no_secrets() {
    let (sandbox, api) = account();
    api.send("GET", "/calendars/primary/events?maxResults=5", &[("user-agent", "Syncline/1")], None).await;
    let asked = sandbox.take_asked();
    let [one] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(
        (one.method.as_str(), one.path.as_str(), one.query("maxResults"), one.status),
        ("GET", "/calendars/primary/events", Some("5"), 200)
    );
    assert_eq!((one.account.as_deref(), one.scheme.as_str(), one.headers["user-agent"].as_str()), (Some(ME), "Bearer", "Syncline/1"));
    assert!(!format!("{asked:?}").contains(&api.token));
    assert!(sandbox.asked().is_empty(), "it was taken");
}

#[tokio::test]
async fn the_administration_does_over_http_what_the_methods_do() {
    let sandbox = sandbox();
    let admin =
        async |action: &str, body: serde_json::Value| ask(&sandbox, "POST", &format!("/_admin/{action}"), &[], body.to_string()).await;
    let made = admin("google", json!({"do": "account", "account": ME, "name": "Praxis"})).await;
    assert_eq!((made.status, made.json()), (200, json!({"id": ME})));
    let made = admin("google", json!({"do": "create", "calendar": ME, "event": event("E", "2026-03-10")})).await.json();
    assert_eq!(made["summary"], "E");
    let token = admin("oauth/token", json!({"provider": "google", "account": ME, "scopes": ["calendar.readonly"]})).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let get = async || ask(&sandbox, "GET", "/google/calendars/primary/events", &[("authorization", &bearer)], "").await.status;
    assert_eq!(get().await, 200);
    admin("faults", json!({"provider": "google", "path": "/calendars/", "times": 1, "trouble": {"kind": "server_error", "status": 500}}))
        .await;
    assert_eq!((get().await, get().await), (500, 200));
    assert_eq!(admin("clock/advance", json!({"millis": 4_000_000})).await.json()["now"], START + 4_000_000);
    assert_eq!(get().await, 401, "the token has expired");
    assert_eq!(admin("habits", json!({"google": {"per_minute": null}})).await.json()["google"]["token_days"], 28);
    assert_eq!(ask(&sandbox, "GET", "/_admin/log", &[], "").await.json().as_array().unwrap().len(), 4);
    for (action, body) in [
        ("nothing", json!({})),
        ("google", json!({"do": "dance"})),
        ("google", json!({"do": "delete", "calendar": ME, "event": "nothing"})),
        ("habits", json!({"google": {"colour": 1}})),
        ("faults", json!({"provider": "yahoo", "trouble": {"kind": "hang"}})),
    ] {
        let answer = admin(action, body).await;
        assert!(answer.status == 400 && answer.json()["error"].is_string(), "{action}: {:?}", answer.body);
    }
}

#[tokio::test]
async fn answers_carry_the_date_of_the_sandbox_and_unknown_paths_are_not_found() {
    let (sandbox, api) = account();
    assert_eq!(api.get("/colors").await.header("date"), "Fri, 06 Mar 2026 10:00:00 GMT");
    sandbox.habits(|habits| habits.date_skew = 600_000);
    assert_eq!(api.get("/colors").await.header("date"), "Fri, 06 Mar 2026 10:10:00 GMT");
    assert_eq!(ask(&sandbox, "GET", "/yahoo/calendars", &[], "").await.status, 404);
}
