//! A sync as a script starts, watches and stops it.

use crate::fixture::{Account, TestApp, header, problem, send};
use crate::openapi::has_fields;
use app::wire::Packed;
use futures::StreamExt as _;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;
use syncline_domain::sync::SyncReport;
use syncline_sandbox::ics::{Calendar, Entry, Fault, Feed, IcsHost};

fn feed() -> Feed {
    let entry = |n: u8| {
        Entry::timed(&format!("e{n}"), &format!("Meeting {n}"), &format!(":202603{n:02}T090000Z"), &format!(":202603{n:02}T100000Z"))
    };
    Feed::new((10..13).fold(Calendar::named("Team"), |calendar, n| calendar.with(entry(n))))
}

async fn connect(app: &TestApp, account: &Account, host: &IcsHost) -> Value {
    let body = json!({"provider": "ics", "url": host.url("feed.ics")});
    let response = send(app.request(Method::POST, "/api/calendar/connections").bearer_auth(&account.token).json(&body)).await;
    assert_eq!(response.status(), 201);
    let location = header(&response, "location").to_owned();
    let connection: Value = response.json().await.unwrap();
    assert_eq!(location, format!("/api/calendar/connections/{}", connection["id"].as_str().unwrap()));
    connection
}

async fn sync(app: &TestApp, account: &Account, body: &Value) -> Response {
    send(app.request(Method::POST, "/api/calendar/sync/manual").bearer_auth(&account.token).json(body)).await
}

async fn get(app: &TestApp, account: &Account, path: &str) -> Value {
    let response = send(app.request(Method::GET, path).bearer_auth(&account.token)).await;
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_feed_is_connected_synced_and_read() {
    let host = IcsHost::with(feed()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    let document: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    let connection = connect(&app, &account, &host).await;
    has_fields(&document, "Connection", &connection);
    assert!(!connection.to_string().contains("secret-path"), "the address may be a secret: {connection}");

    // no body at all: everything, and wait for the end
    let response = send(app.request(Method::POST, "/api/calendar/sync/manual").bearer_auth(&account.token)).await;
    assert_eq!(response.status(), 200);
    let report: Value = response.json().await.unwrap();
    has_fields(&document, "SyncReport", &report);
    has_fields(&document, "CalendarResult", &report["results"][0]);
    for field in
        ["success", "message", "jobId", "synced", "updated", "deleted", "skipped", "unchanged", "errors", "total", "results", "timestamp"]
    {
        assert!(report.get(field).is_some(), "{field} of {report}");
    }
    for field in [
        "connectionId",
        "calendarId",
        "email",
        "calendarName",
        "status",
        "synced",
        "updated",
        "deleted",
        "skipped",
        "unchanged",
        "errors",
        "total",
        "skippedReasons",
        "durationMs",
        "requests",
    ] {
        assert!(report["results"][0].get(field).is_some(), "{field} of {report}");
    }
    assert_eq!((&report["success"], &report["message"], &report["synced"]), (&json!(true), &json!("Synced 1 of 1 calendar(s)"), &json!(3)));

    let events = get(&app, &account, "/api/calendar/events?from=2026-03-10&to=2026-03-12&timezone=Europe/Berlin").await;
    assert_eq!(events.as_array().unwrap().len(), 2);
    assert_eq!(
        keys(&events[0]),
        [
            "allDay",
            "calendarId",
            "calendarName",
            "connectionId",
            "description",
            "end",
            "location",
            "provider",
            "recurrenceId",
            "start",
            "status",
            "summary",
            "timezone",
            "uid"
        ]
    );
    assert_eq!((&events[0]["summary"], &events[0]["calendarName"]), (&json!("Meeting 10"), &json!("Team")));

    let connections = get(&app, &account, "/api/calendar/connections").await;
    assert_eq!(connections[0]["calendars"][0]["events"], 3);
    let jobs = get(&app, &account, "/api/sync/jobs").await;
    has_fields(&document, "Job", &jobs[0]);
    let job = get(&app, &account, &format!("/api/sync/jobs/{}", report["jobId"].as_str().unwrap())).await;
    assert_eq!((&job["progress"]["status"], &job["report"]["synced"]), (&json!("completed"), &json!(3)));
}

#[tokio::test]
async fn a_failed_calendar_is_an_answer_with_the_problem_in_its_line() {
    let host = IcsHost::with(feed()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    connect(&app, &account, &host).await;
    host.change(|feed| feed.fault = Some(Fault::Html));
    let response = sync(&app, &account, &json!({})).await;
    assert_eq!(response.status(), 200);
    let report: Value = response.json().await.unwrap();
    assert_eq!(report["success"], false);
    assert_eq!(report["results"][0]["status"], "error");
    for field in ["code", "message", "action"] {
        assert!(report["results"][0]["error"][field].as_str().is_some_and(|text| !text.is_empty()), "{report}");
    }
}

#[tokio::test]
async fn a_feed_that_can_not_be_read_is_not_connected() {
    let host = IcsHost::with(feed().failing(Fault::Html)).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    let body = json!({"provider": "ics", "url": host.url("feed.ics")});
    let response = send(app.request(Method::POST, "/api/calendar/connections").bearer_auth(&account.token).json(&body)).await;
    assert_eq!(response.status(), 422);
    assert_eq!(header(&response, "content-type"), "application/problem+json");
    assert_eq!(get(&app, &account, "/api/calendar/connections").await, json!([]));
}

#[tokio::test]
async fn a_second_sync_is_told_which_one_is_at_work_and_the_first_can_be_stopped() {
    let host = IcsHost::with(feed()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    connect(&app, &account, &host).await;
    host.change(|feed| feed.fault = Some(Fault::Hang));
    let first = sync(&app, &account, &json!({"wait": false})).await;
    assert_eq!(first.status(), 202);
    let job = first.json::<Value>().await.unwrap()["jobId"].as_str().unwrap().to_owned();

    let refused = problem(sync(&app, &account, &json!({})).await, 409, "already_in_progress").await;
    assert_eq!(refused["jobId"], job.as_str());
    assert_eq!(refused["job"]["progress"]["jobId"], job.as_str());

    let stranger = app.other_account("eve@example.org").await;
    let path = format!("/api/sync/jobs/{job}/cancel");
    problem(send(app.request(Method::POST, &path).bearer_auth(&stranger.token)).await, 404, "not_found").await;
    assert_eq!(send(app.request(Method::POST, &path).bearer_auth(&account.token)).await.status(), 202);
    let run = syncline_domain::ids::JobId::parse(&job).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), app.hub.wait_for(&account.id, &run)).await.expect("it stops").unwrap();
    assert_eq!(ended.status.as_str(), "cancelled");
}

/// Reads a stream until a text is in it.
pub(crate) async fn until(response: Response, wanted: &str) -> String {
    let mut text = String::new();
    let mut bytes = response.bytes_stream();
    let read = async {
        while let Some(chunk) = bytes.next().await {
            text.push_str(&String::from_utf8_lossy(&chunk.unwrap()));
            if text.contains(wanted) && text.ends_with("\n\n") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap_or_else(|_| panic!("no {wanted:?}"));
    text
}

/// Id, event name and data of each message.
fn messages(stream: &str) -> Vec<(String, String, Value)> {
    let field = |message: &str, name: &str| {
        let start = format!("{name}:");
        message.lines().find_map(|line| line.strip_prefix(&start)).map(|value| value.trim().to_owned())
    };
    stream
        .split("\n\n")
        .filter_map(|message| {
            let data = serde_json::from_str(&field(message, "data")?).expect("JSON");
            Some((field(message, "id")?, field(message, "event")?, data))
        })
        .collect()
}

#[tokio::test]
async fn the_stream_tells_progress_and_the_end_and_resumes_where_it_was_left() {
    let host = IcsHost::with(feed()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    let stranger = app.other_account("eve@example.org").await;
    connect(&app, &account, &host).await;
    let open = async |who: &Account, after: Option<&str>| {
        let mut request = app.request(Method::GET, "/api/sync/stream").bearer_auth(&who.token);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        send(request).await
    };
    let stream = open(&account, None).await;
    let other = open(&stranger, None).await;
    let report: Value = sync(&app, &account, &json!({})).await.json().await.unwrap();
    let told = messages(&until(stream, "event: complete").await);
    let (_, name, end) = told.last().unwrap();
    assert_eq!((name.as_str(), end), ("complete", &report));
    let progress: Vec<&Value> = told.iter().filter(|(_, name, _)| name == "progress").map(|(_, _, data)| data).collect();
    assert!(!progress.is_empty());
    assert!(progress.is_sorted_by_key(|data| data["seq"].as_u64()), "{progress:?}");

    // a tab that slept through the end gets the report when it comes back
    let missed = until(open(&account, Some(&told[0].0)).await, "event: complete").await;
    assert_eq!(messages(&missed).last().unwrap().2, report);
    // the same from a server that was started meanwhile, which knows no number of the old one
    let (_, old) = told[0].0.split_once('-').unwrap();
    let missed = until(open(&account, Some(&format!("1-{old}"))).await, "event: changed").await;
    assert_eq!(messages(&missed)[0].2, report);
    // the page takes the same report packed
    let packed = app.request(Method::GET, "/api/sync/stream?as=packed").bearer_auth(&account.token).header("last-event-id", &told[0].0);
    let missed = until(send(packed).await, "event: complete").await;
    let data = missed.split("event: complete\n").nth(1).and_then(|rest| rest.strip_prefix("data: ")?.lines().next()).unwrap();
    let read: SyncReport = Packed::from_text(data).unwrap().open().unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), report);
    // the greeting has a number, so that a stream that breaks before its first message can be resumed
    let greeting = until(open(&account, None).await, "retry").await;
    assert!(greeting.lines().any(|line| line.starts_with("id:")), "{greeting}");

    app.shutdown.cancel();
    let nothing = other.text().await.unwrap();
    assert!(messages(&nothing).is_empty(), "somebody else hears nothing: {nothing}");
}

#[tokio::test]
async fn a_shutdown_answers_a_waiting_script_that_the_sync_goes_on_later() {
    let host = IcsHost::with(feed()).await;
    let mut app = TestApp::start().await;
    let account = app.account().await;
    connect(&app, &account, &host).await;
    host.change(|feed| feed.fault = Some(Fault::Hang));
    let waiting = app.request(Method::POST, "/api/calendar/sync/manual").bearer_auth(&account.token).send();
    let (response, ()) = tokio::join!(waiting, async {
        let asked = async {
            while host.asked().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked).await.expect("the sync asks the host");
        app.shutdown.cancel();
    });
    assert_eq!(response.unwrap().status(), 202);
    app.task.take().unwrap().await.unwrap().expect("the server ends as it should");
}

#[tokio::test]
async fn deletions_on_hold_are_listed_and_decided() {
    let host = IcsHost::with(Feed::new(Calendar::many(50)).without_validators()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    connect(&app, &account, &host).await;
    sync(&app, &account, &json!({})).await;
    host.change(|feed| feed.calendar = Calendar::many(2));
    let report: Value = sync(&app, &account, &json!({})).await.json().await.unwrap();
    assert_eq!((&report["results"][0]["status"], &report["success"]), (&json!("held"), &json!(true)));
    let holds = get(&app, &account, "/api/holds").await;
    let document: Value = app.get("/api/openapi.json").await.json().await.unwrap();
    has_fields(&document, "Hold", &holds[0]);
    let path = format!("/api/holds/{}", holds[0]["id"].as_str().unwrap());
    let decide =
        |decision: &'static str| send(app.request(Method::POST, &path).bearer_auth(&account.token).json(&json!({"decision": decision})));
    problem(decide("perhaps").await, 400, "invalid_json").await;
    let decided: Value = decide("approve").await.json().await.unwrap();
    assert_eq!(decided["removed"], holds[0]["wouldDelete"]);
    assert_eq!(get(&app, &account, "/api/holds").await, json!([]));
}

#[tokio::test]
async fn a_connection_is_changed_and_removed_by_its_owner_alone() {
    let host = IcsHost::with(feed()).await;
    let app = TestApp::start().await;
    let account = app.account().await;
    let stranger = app.other_account("eve@example.org").await;
    let connection = connect(&app, &account, &host).await;
    let path = format!("/api/calendar/connections/{}", connection["id"].as_str().unwrap());
    let patch = |who: &Account, body: Value| send(app.request(Method::PATCH, &path).bearer_auth(&who.token).json(&body));
    problem(patch(&stranger, json!({"enabled": false})).await, 404, "not_found").await;
    let changed: Value = patch(&account, json!({"enabled": false, "intervalS": 3600})).await.json().await.unwrap();
    assert_eq!((&changed["state"], &changed["intervalS"]), (&json!("disabled"), &json!(3600)));
    assert_eq!(patch(&account, json!({"intervalS": 7})).await.status(), 422);

    let calendar = format!("/api/calendar/calendars/{}", connection["calendars"][0]["id"].as_str().unwrap());
    let recolour = |who: &Account| send(app.request(Method::PATCH, &calendar).bearer_auth(&who.token).json(&json!({"visible": false})));
    problem(recolour(&stranger).await, 404, "not_found").await;
    assert_eq!(recolour(&account).await.status(), 204);
    assert_eq!(get(&app, &account, &path).await["calendars"][0]["visible"], false);

    problem(send(app.request(Method::DELETE, &path).bearer_auth(&stranger.token)).await, 404, "not_found").await;
    assert_eq!(send(app.request(Method::DELETE, &path).bearer_auth(&account.token)).await.status(), 204);
    assert_eq!(get(&app, &account, "/api/calendar/connections").await, json!([]));
}
