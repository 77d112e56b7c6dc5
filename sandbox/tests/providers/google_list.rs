//! `events.list`: pages, sync tokens, and what is refused.

use crate::support::{Answer, Api, DAY, encoded, sandbox};
use serde_json::{Value, json};
use syncline_sandbox::schema::GOOGLE;
use syncline_sandbox::{GoogleDo, Provider, Sandbox};

pub(crate) const ME: &str = "praxis@example.com";
pub(crate) const READ: [&str; 2] = ["calendar.calendarlist.readonly", "calendar.events.readonly"];

/// An account with an empty calendar in Berlin.
pub(crate) fn account() -> (Sandbox, Api) {
    let sandbox = sandbox();
    sandbox.google(GoogleDo::Account { account: ME.into(), name: "Praxis".into(), zone: "Europe/Berlin".into() }).unwrap();
    let api = Api::new(&sandbox, Provider::Google, ME, &READ);
    (sandbox, api)
}

pub(crate) fn event(summary: &str, day: &str) -> Value {
    let at = |time: &str| json!({"dateTime": format!("{day}T{time}+01:00"), "timeZone": "Europe/Berlin"});
    json!({"summary": summary, "start": at("09:00:00"), "end": at("10:00:00")})
}

pub(crate) fn create(sandbox: &Sandbox, event: Value) -> String {
    let made = sandbox.google(GoogleDo::Create { calendar: ME.into(), event }).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// A weekly series of four from Monday, 9 March 2026, 9:00 in Berlin. The fourth is after the change to summer time.
pub(crate) fn weekly(sandbox: &Sandbox) -> String {
    let mut series = event("Team weekly", "2026-03-09");
    series["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=4"]);
    create(sandbox, series)
}

pub(crate) fn names(page: &Value) -> Vec<String> {
    let name =
        |event: &Value| format!("{}{}", event["summary"].as_str().unwrap_or("-"), if event["status"] == "cancelled" { "!" } else { "" });
    page["items"].as_array().unwrap().iter().map(name).collect()
}

pub(crate) async fn list(api: &Api, query: &str) -> Value {
    api.get(&format!("/calendars/primary/events?{query}")).await.fits(200, &GOOGLE, "Events")
}

pub(crate) fn sync_token(page: &Value) -> String {
    encoded(page["nextSyncToken"].as_str().expect("a sync token"))
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, reason: &str) {
    assert_eq!(answer.status, status, "{:?}", answer.body);
    let error = &answer.json()["error"];
    assert_eq!((&error["code"], &error["errors"][0]["reason"]), (&json!(status), &json!(reason)), "{error:#}");
}

#[tokio::test]
async fn a_full_list_has_every_event_in_the_official_form() {
    let (sandbox, api) = account();
    let mut full = event("Intake call", "2026-03-10");
    full["attendees"] = json!([{"email": "eva@example.net", "displayName": "Eva K."}, {"email": ME}]);
    full["conferenceData"] = json!({"conferenceId": "abc", "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
        "entryPoints": [{"entryPointType": "video", "uri": "https://meet.google.com/abc"}]});
    create(&sandbox, full);
    create(
        &sandbox,
        json!({"summary": "Trade fair", "start": {"date": "2026-03-27"}, "end": {"date": "2026-03-30"}, "visibility": "private"}),
    );
    weekly(&sandbox);
    let page = list(&api, "").await;
    assert_eq!(names(&page), ["Intake call", "Trade fair", "Team weekly"]);
    for item in page["items"].as_array().unwrap() {
        for field in
            ["htmlLink", "created", "updated", "creator", "organizer", "start", "end", "iCalUID", "sequence", "eventType", "reminders"]
        {
            assert!(!item[field].is_null(), "{field} is missing in {item:#}");
        }
    }
    assert_eq!(page["items"][0]["attendees"][1]["self"], true);
    assert_eq!(page["items"][1]["start"], json!({"date": "2026-03-27"}));
    assert_eq!(page["timeZone"], "Europe/Berlin");
}

#[tokio::test]
async fn the_sync_token_comes_on_the_last_page_alone_and_empty_pages_may_lie_between() {
    let (sandbox, api) = account();
    for number in 0..5 {
        create(&sandbox, event(&format!("E{number}"), "2026-03-10"));
    }
    sandbox.habits(|habits| habits.google.empty_pages = true);
    let (mut query, mut sizes, mut found) = ("maxResults=2".to_owned(), Vec::new(), Vec::new());
    loop {
        let page = list(&api, &query).await;
        sizes.push(names(&page).len());
        found.extend(names(&page));
        assert_ne!(page.get("nextPageToken").is_some(), page.get("nextSyncToken").is_some(), "one of the two");
        let Some(token) = page["nextPageToken"].as_str() else { break };
        query = format!("maxResults=2&pageToken={}", encoded(token));
    }
    assert_eq!(sizes, [2, 0, 2, 0, 1]);
    assert_eq!(found, ["E0", "E1", "E2", "E3", "E4"]);
}

#[tokio::test]
async fn with_a_sync_token_only_changes_come_and_deleted_events_as_stubs() {
    let (sandbox, api) = account();
    let (kept, gone) = (create(&sandbox, event("Kept", "2026-03-10")), create(&sandbox, event("Gone", "2026-03-11")));
    let first = list(&api, "").await;
    let none = list(&api, &format!("syncToken={}", sync_token(&first))).await;
    assert!(names(&none).is_empty());
    sandbox.google(GoogleDo::Delete { calendar: ME.into(), event: gone.clone() }).unwrap();
    sandbox.google(GoogleDo::Change { calendar: ME.into(), event: kept, patch: json!({"summary": "Renamed"}) }).unwrap();
    let second = list(&api, &format!("syncToken={}", sync_token(&none))).await;
    assert_eq!(names(&second), ["-!", "Renamed"]);
    let stub = second["items"][0].as_object().unwrap();
    assert_eq!(stub.keys().collect::<Vec<_>>(), ["etag", "id", "kind", "status"]);
    assert_eq!(stub["id"], gone);
    assert!(names(&list(&api, &format!("syncToken={}", sync_token(&second))).await).is_empty());
    assert_eq!(names(&list(&api, "").await), ["Renamed"], "a list without a token tells no deleted events");
    assert_eq!(names(&list(&api, "showDeleted=true").await), ["Renamed", "-!"]);
    assert_eq!(api.get(&format!("/calendars/primary/events/{gone}")).await.json()["summary"], "Gone", "events.get tells it in full");
}

#[tokio::test]
async fn a_change_while_paging_is_told_by_the_next_sync() {
    let (sandbox, api) = account();
    let ids: Vec<String> = (0..4).map(|number| create(&sandbox, event(&format!("E{number}"), "2026-03-10"))).collect();
    let first = list(&api, "maxResults=2").await;
    sandbox.google(GoogleDo::Change { calendar: ME.into(), event: ids[0].clone(), patch: json!({"summary": "late"}) }).unwrap();
    let last = list(&api, &format!("maxResults=2&pageToken={}", encoded(first["nextPageToken"].as_str().unwrap()))).await;
    assert_eq!(names(&last), ["E2", "E3"]);
    assert_eq!(names(&list(&api, &format!("syncToken={}", sync_token(&last))).await), ["late"]);
}

#[tokio::test]
async fn a_change_while_paging_a_sync_is_told_by_the_next_one_alone() {
    let (sandbox, api) = account();
    let ids: Vec<String> = (0..3).map(|number| create(&sandbox, event(&format!("E{number}"), "2026-03-10"))).collect();
    let change = |id: &String| GoogleDo::Change { calendar: ME.into(), event: id.clone(), patch: json!({"location": "Room 1"}) };
    let token = sync_token(&list(&api, "").await);
    for id in &ids {
        sandbox.google(change(id)).unwrap();
    }
    let first = list(&api, &format!("maxResults=2&syncToken={token}")).await;
    assert_eq!(names(&first), ["E0", "E1"]);
    sandbox.google(change(&ids[0])).unwrap();
    let page = encoded(first["nextPageToken"].as_str().unwrap());
    let last = list(&api, &format!("maxResults=2&syncToken={token}&pageToken={page}")).await;
    assert_eq!(names(&last), ["E2"]);
    assert_eq!(names(&list(&api, &format!("syncToken={}", sync_token(&last))).await), ["E0"]);
}

#[tokio::test]
async fn what_must_not_stand_beside_a_sync_token_is_refused() {
    let (sandbox, api) = account();
    create(&sandbox, event("E", "2026-03-10"));
    let token = sync_token(&list(&api, "").await);
    let times = "2026-03-01T00%3A00%3A00Z";
    for wrong in [
        "iCalUID=x",
        "orderBy=updated",
        "q=x",
        "privateExtendedProperty=a%3Db",
        "sharedExtendedProperty=a%3Db",
        "showDeleted=false",
        &format!("timeMin={times}"),
        &format!("timeMax={times}"),
        &format!("updatedMin={times}"),
    ] {
        refused(&api.get(&format!("/calendars/primary/events?syncToken={token}&{wrong}")).await, 400, "invalid");
    }
    for changed in ["singleEvents=true", "maxAttendees=1", "timeZone=UTC", "eventTypes=default"] {
        refused(&api.get(&format!("/calendars/primary/events?syncToken={token}&{changed}")).await, 400, "invalid");
    }
    for fine in ["maxResults=10", "showDeleted=true", "prettyPrint=false"] {
        list(&api, &format!("syncToken={token}&{fine}")).await;
    }
    assert_eq!(sandbox.violations().len(), 13, "{:#?}", sandbox.violations());
}

#[tokio::test]
async fn tokens_are_bound_to_their_calendar_their_query_and_their_time() {
    let (sandbox, api) = account();
    sandbox
        .google(GoogleDo::AddCalendar { account: ME.into(), summary: "Other".into(), zone: "UTC".into(), id: Some("other@group".into()) })
        .unwrap();
    for number in 0..3 {
        create(&sandbox, event(&format!("E{number}"), "2026-03-10"));
    }
    let token = sync_token(&list(&api, "").await);
    refused(&api.get(&format!("/calendars/other%40group/events?syncToken={token}")).await, 400, "invalid");
    refused(&api.get("/calendars/primary/events?syncToken=CPDAlvWDx70CEPDAlvWDx70CGAU%3D").await, 400, "invalid");
    let page = encoded(list(&api, "maxResults=1&singleEvents=false").await["nextPageToken"].as_str().unwrap());
    refused(&api.get(&format!("/calendars/primary/events?pageToken={page}&singleEvents=true")).await, 400, "invalid");
    refused(&api.get(&format!("/calendars/primary/events?pageToken={page}&singleEvents=false&syncToken={token}")).await, 400, "invalid");
    sandbox.advance(29 * DAY);
    let api = Api::new(&sandbox, Provider::Google, ME, &READ);
    refused(&api.get(&format!("/calendars/primary/events?syncToken={token}")).await, 410, "fullSyncRequired");
    let fresh = sync_token(&list(&api, "").await);
    sandbox.google(GoogleDo::LoseTokens { calendar: ME.into() }).unwrap();
    refused(&api.get(&format!("/calendars/primary/events?syncToken={fresh}")).await, 410, "fullSyncRequired");
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let (sandbox, api) = account();
    for (query, reason) in [
        ("maxResults=0", "invalidParameter"),
        ("maxResults=2501", "invalidParameter"),
        ("maxResults=many", "invalidParameter"),
        ("singleEvents=yes", "invalidParameter"),
        ("eventTypes=party", "invalidParameter"),
        ("timeMin=2026-03-01", "invalidParameter"),
        ("timeMin=2026-03-01T00%3A00%3A00", "invalidParameter"),
        ("sinceToken=x", "invalidParameter"),
        ("q=a&q=b", "invalidParameter"),
        ("orderBy=startTime", "badRequest"),
        ("timeZone=Mars%2FPhobos", "invalid"),
        ("fields=items(", "invalidParameter"),
        ("timeMin=2026-03-02T00%3A00%3A00Z&timeMax=2026-03-01T00%3A00%3A00Z", "timeRangeEmpty"),
    ] {
        refused(&api.get(&format!("/calendars/primary/events?{query}")).await, 400, reason);
    }
    refused(&api.get("/calendars/primary/events?updatedMin=2025-01-01T00%3A00%3A00Z").await, 410, "updatedMinTooLongAgo");
    refused(&api.get("/calendars/nobody%40example.com/events").await, 404, "notFound");
    assert_eq!(sandbox.violations().len(), 13);
}

#[tokio::test]
async fn a_window_bounds_ends_and_starts_and_a_list_in_order_is_no_base_for_a_sync() {
    let (sandbox, api) = account();
    create(&sandbox, event("before", "2026-03-09"));
    create(&sandbox, event("inside", "2026-03-10"));
    create(&sandbox, event("after", "2026-03-11"));
    // The first ends exactly at the lower bound, which is exclusive; the last starts exactly at the upper one.
    let window = format!("timeMin={}&timeMax={}", encoded("2026-03-09T10:00:00+01:00"), encoded("2026-03-11T09:00:00+01:00"));
    let page = list(&api, &window).await;
    assert_eq!(names(&page), ["inside"]);
    assert!(page.get("nextSyncToken").is_some());
    assert!(list(&api, "orderBy=updated").await.get("nextSyncToken").is_none());
    assert_eq!(names(&list(&api, "q=FTE").await), ["after"]);
}

#[tokio::test]
async fn single_events_are_the_instances_without_masters() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let page = list(&api, "singleEvents=true&orderBy=startTime").await;
    let starts: Vec<&str> = page["items"].as_array().unwrap().iter().map(|event| event["start"]["dateTime"].as_str().unwrap()).collect();
    assert_eq!(
        starts,
        ["2026-03-09T09:00:00+01:00", "2026-03-16T09:00:00+01:00", "2026-03-23T09:00:00+01:00", "2026-03-30T09:00:00+02:00"]
    );
    assert_eq!(page["items"][3]["id"], format!("{master}_20260330T070000Z"));
    assert!(page["items"].as_array().unwrap().iter().all(|event| event.get("recurrence").is_none()));
    let instances = api.get(&format!("/calendars/primary/events/{master}/instances?maxResults=3")).await.fits(200, &GOOGLE, "Events");
    assert_eq!(instances["items"].as_array().unwrap().len(), 3);
    let rest = format!(
        "/calendars/primary/events/{master}/instances?maxResults=3&pageToken={}",
        encoded(instances["nextPageToken"].as_str().unwrap())
    );
    assert_eq!(api.get(&rest).await.fits(200, &GOOGLE, "Events")["items"].as_array().unwrap().len(), 1);
    refused(&api.get("/calendars/primary/events/nothing1/instances").await, 404, "notFound");
}

#[tokio::test]
async fn fields_and_zones_of_the_answer_can_be_chosen() {
    let (sandbox, api) = account();
    create(&sandbox, event("E", "2026-03-10"));
    let part = api.get("/calendars/primary/events?fields=items(id,start/dateTime),nextSyncToken&timeZone=America%2FNew_York").await.json();
    assert_eq!(part["items"][0]["start"], json!({"dateTime": "2026-03-10T04:00:00-04:00"}));
    assert!(part["items"][0].get("summary").is_none() && part.get("kind").is_none() && part.get("nextSyncToken").is_some());
}
