//! Graph: calendars, events, views; what is refused on the way in.

use crate::support::{Answer, Api, START, ask, encoded, sandbox};
use serde_json::{Value, json};
use syncline_sandbox::schema::MICROSOFT;
use syncline_sandbox::{MicrosoftDo, Provider, Sandbox};

pub(crate) const ME: &str = "praxis@example.com";
pub(crate) const READ: [&str; 2] = ["User.Read", "Calendars.Read"];
pub(crate) const IMMUTABLE: (&str, &str) = ("prefer", "IdType=\"ImmutableId\"");
pub(crate) const MARCH: &str = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z";

pub(crate) fn account() -> (Sandbox, Api) {
    let sandbox = sandbox();
    sandbox.microsoft(MicrosoftDo::Account { account: ME.into(), name: "Praxis".into(), zone: "Europe/Berlin".into() }).unwrap();
    let api = Api::new(&sandbox, Provider::Microsoft, ME, &READ);
    (sandbox, api)
}

pub(crate) fn event(subject: &str, day: &str) -> Value {
    let at = |time: &str| json!({"dateTime": format!("{day}T{time}"), "timeZone": "Europe/Berlin"});
    json!({"subject": subject, "start": at("09:00:00"), "end": at("10:00:00"), "body": {"contentType": "text", "content": "Docs"}})
}

pub(crate) fn create(sandbox: &Sandbox, event: Value) -> String {
    let made = sandbox.microsoft(MicrosoftDo::Create { account: ME.into(), calendar: None, event }).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// Four Mondays from 9 March 2026, 9:00 in Berlin.
pub(crate) fn weekly(sandbox: &Sandbox) -> String {
    let mut series = event("Team weekly", "2026-03-09");
    series["recurrence"] = json!({"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
        "range": {"type": "numbered", "startDate": "2026-03-09", "numberOfOccurrences": 4}});
    create(sandbox, series)
}

pub(crate) fn subjects(page: &Value) -> Vec<String> {
    let name = |event: &Value| match (event["subject"].as_str(), event["type"].as_str()) {
        _ if event.get("@removed").is_some() => "removed".to_owned(),
        (Some(subject), Some("singleInstance")) => subject.to_owned(),
        (subject, kind) => format!("{}:{}", subject.unwrap_or("-"), kind.unwrap_or("-")),
    };
    page["value"].as_array().unwrap().iter().map(name).collect()
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: &str) {
    let error = answer.fits(status, &MICROSOFT, "Error");
    assert_eq!(error["error"]["code"], code, "{error:#}");
}

#[tokio::test]
async fn calendars_are_listed_in_the_official_form_page_by_page() {
    let (sandbox, api) = account();
    let add =
        |name: String| sandbox.microsoft(MicrosoftDo::AddCalendar { account: ME.into(), name }).unwrap()["id"].as_str().unwrap().to_owned();
    let ids: Vec<String> = (0..10).map(|number| add(format!("C{number}"))).collect();
    let change = MicrosoftDo::ChangeCalendar {
        account: ME.into(),
        calendar: ids[0].clone(),
        name: None,
        color: Some("lightBlue".into()),
        hex: Some("#8ebde8".into()),
    };
    sandbox.microsoft(change).unwrap();
    let first = api.get("/me/calendars").await.fits(200, &MICROSOFT, "CalendarPage");
    assert_eq!(first["value"].as_array().unwrap().len(), 10, "ten by default");
    assert_eq!((&first["value"][0]["isDefaultCalendar"], &first["value"][1]["color"]), (&json!(true), &json!("lightBlue")));
    assert_eq!(first["value"][0]["owner"], json!({"name": "Praxis", "address": ME}));
    let last = api.get(first["@odata.nextLink"].as_str().unwrap()).await.fits(200, &MICROSOFT, "CalendarPage");
    assert_eq!(last["value"][0]["name"], "C9");
    assert!(last.get("@odata.nextLink").is_none());
    sandbox.microsoft(MicrosoftDo::DeleteCalendar { account: ME.into(), calendar: ids[9].clone() }).unwrap();
    refused(&api.get(&format!("/me/calendars/{}", encoded(&ids[9]))).await, 404, "ErrorItemNotFound");
    api.get("/me/calendar").await.fits(200, &MICROSOFT, "Calendar");
    api.get("/me").await.fits(200, &MICROSOFT, "User");
}

#[tokio::test]
async fn an_event_is_told_in_full_and_prefer_decides_zone_ids_and_body() {
    let (sandbox, api) = account();
    let mut full = event("Intake call", "2026-03-10");
    full["attendees"] = json!([{"emailAddress": {"name": "Eva K.", "address": "eva@example.net"}}]);
    full["isOnlineMeeting"] = json!(true);
    full["location"] = json!({"displayName": "Room 1"});
    let immutable = create(&sandbox, full);
    let plain = api.get("/me/events").await.fits(200, &MICROSOFT, "EventPage");
    let event = &plain["value"][0];
    assert_eq!(event["start"], json!({"dateTime": "2026-03-10T08:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(event["originalStartTimeZone"], "W. Europe Standard Time");
    assert_eq!(event["@odata.etag"], format!("W/\"{}\"", event["changeKey"].as_str().unwrap()));
    assert_eq!((&event["body"]["contentType"], &event["bodyPreview"]), (&json!("html"), &json!("Docs")));
    assert!(event["onlineMeeting"]["joinUrl"].is_string() && event["id"] != immutable.as_str());
    let prefer = "outlook.timezone=\"Europe/Berlin\", IdType=\"ImmutableId\", outlook.body-content-type=\"text\"";
    let answer = api.send("GET", "/me/events", &[("prefer", prefer)], None).await;
    assert_eq!(answer.header("preference-applied"), prefer);
    let event = &answer.json()["value"][0];
    assert_eq!(event["start"], json!({"dateTime": "2026-03-10T09:00:00.0000000", "timeZone": "Europe/Berlin"}));
    assert_eq!((&event["id"], &event["body"]["content"]), (&json!(immutable), &json!("Docs")));
    let windows = api.send("GET", "/me/events", &[("prefer", "outlook.timezone=\"Pacific Standard Time\"")], None).await.json();
    assert_eq!(windows["value"][0]["start"], json!({"dateTime": "2026-03-10T01:00:00.0000000", "timeZone": "Pacific Standard Time"}));
    let mars = api.send("GET", "/me/events", &[("prefer", "outlook.timezone=\"Mars\"")], None).await;
    refused(&mars, 400, "TimeZoneNotSupportedException");
    let selected = api.get("/me/events?$select=subject").await.json();
    assert!(selected["value"][0].get("start").is_none() && selected["value"][0]["subject"] == "Intake call");
}

#[tokio::test]
async fn days_are_never_shifted() {
    let (sandbox, api) = account();
    let at = |day: &str| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "Europe/Berlin"});
    create(&sandbox, json!({"subject": "Trade fair", "isAllDay": true, "start": at("2026-03-27"), "end": at("2026-03-30")}));
    for (prefer, zone) in [("x=y", "UTC"), ("outlook.timezone=\"Asia/Tokyo\"", "Asia/Tokyo")] {
        let event = &api.send("GET", "/me/events", &[("prefer", prefer)], None).await.fits(200, &MICROSOFT, "EventPage")["value"][0];
        assert_eq!(event["start"], json!({"dateTime": "2026-03-27T00:00:00.0000000", "timeZone": zone}));
        assert_eq!(event["end"]["dateTime"], "2026-03-30T00:00:00.0000000");
    }
}

#[tokio::test]
async fn a_view_has_occurrences_in_full_and_a_list_has_masters() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    assert_eq!(subjects(&api.get("/me/events").await.json()), ["Team weekly:seriesMaster"]);
    let view = api.send("GET", &format!("/me/calendarView?{MARCH}&$top=3"), &[IMMUTABLE], None).await.fits(200, &MICROSOFT, "EventPage");
    assert_eq!(subjects(&view), ["Team weekly:occurrence"; 3]);
    assert_eq!(
        (&view["value"][1]["seriesMasterId"], &view["value"][1]["originalStart"]),
        (&json!(master), &json!("2026-03-16T08:00:00.0000000Z"))
    );
    assert_ne!(view["value"][0]["iCalUId"], view["value"][1]["iCalUId"]);
    let rest = api.get(view["@odata.nextLink"].as_str().unwrap()).await.fits(200, &MICROSOFT, "EventPage");
    assert_eq!(rest["value"][0]["start"]["dateTime"], "2026-03-30T07:00:00.0000000", "summer time");
    let instances = api.get(&format!("/me/events/{}/instances?{MARCH}", encoded(&master))).await.fits(200, &MICROSOFT, "EventPage");
    assert_eq!(subjects(&instances).len(), 4);
    let occurrence = view["value"][1]["id"].as_str().unwrap();
    api.get(&format!("/me/events/{}", encoded(occurrence))).await.fits(200, &MICROSOFT, "Event");
}

#[tokio::test]
async fn an_immutable_id_survives_a_move_and_the_other_one_does_not() {
    let (sandbox, api) = account();
    let immutable = create(&sandbox, event("E", "2026-03-10"));
    let other = sandbox.microsoft(MicrosoftDo::AddCalendar { account: ME.into(), name: "Other".into() }).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mutable = api.get("/me/events").await.json()["value"][0]["id"].as_str().unwrap().to_owned();
    sandbox.microsoft(MicrosoftDo::Move { account: ME.into(), event: immutable.clone(), to: other.clone() }).unwrap();
    refused(&api.get(&format!("/me/events/{}", encoded(&mutable))).await, 404, "ErrorItemNotFound");
    assert_eq!(api.get(&format!("/me/events/{}", encoded(&immutable))).await.status, 200);
    assert!(subjects(&api.get("/me/events").await.json()).is_empty());
    assert_eq!(subjects(&api.get(&format!("/me/calendars/{}/events", encoded(&other))).await.json()), ["E"]);
}

#[tokio::test]
async fn wrong_queries_are_refused() {
    let (sandbox, api) = account();
    for (path, code) in [
        ("/me/calendarView", "ErrorInvalidParameter"),
        ("/me/calendarView?startDateTime=2026-03-01T00:00:00Z", "ErrorInvalidParameter"),
        ("/me/calendarView?startDateTime=today&endDateTime=tomorrow", "ErrorInvalidParameter"),
        ("/me/calendarView?startDateTime=2026-03-02T00:00:00Z&endDateTime=2026-03-01T00:00:00Z", "ErrorInvalidParameter"),
        ("/me/calendarView?startDateTime=2020-01-01T00:00:00Z&endDateTime=2026-01-01T00:00:00Z", "ErrorCalendarViewRangeTooBig"),
        ("/me/events?$top=0", "ErrorInvalidUrlQuery"),
        ("/me/events?$top=1001", "ErrorInvalidUrlQuery"),
        ("/me/events?timeMin=2026-03-01", "ErrorInvalidUrlQuery"),
        ("/me/nothing", "BadRequest"),
        ("/nothing", "BadRequest"),
    ] {
        refused(&api.get(path).await, 400, code);
    }
    assert_eq!(sandbox.violations().len(), 10);
    refused(&api.get("/me/events?$filter=subject eq 'x'".replace(' ', "%20").as_str()).await, 501, "NotImplemented");
    refused(&api.get("/me/events/AAkALgnothing").await, 404, "ErrorItemNotFound");
    refused(&api.get("/me/calendars/nothing/events").await, 404, "ErrorItemNotFound");
    let single = encoded(&create(&sandbox, event("E", "2026-03-10")));
    refused(&api.get(&format!("/me/events/{single}/instances?{MARCH}")).await, 400, "ErrorInvalidRequest");
}

#[tokio::test]
async fn a_token_must_be_there_good_and_wide_enough() {
    let (sandbox, api) = account();
    refused(&ask(&sandbox, "GET", "/microsoft/me/events", &[], "").await, 401, "InvalidAuthenticationToken");
    sandbox.expire_access(Provider::Microsoft, ME);
    refused(&api.get("/me/events").await, 401, "InvalidAuthenticationToken");
    let user = Api::new(&sandbox, Provider::Microsoft, ME, &["User.Read"]);
    refused(&user.get("/me/calendars").await, 403, "ErrorAccessDenied");
    let reader = Api::new(&sandbox, Provider::Microsoft, ME, &["Calendars.Read"]);
    refused(&reader.get("/me").await, 403, "ErrorAccessDenied");
    refused(&reader.post("/me/events", event("E", "2026-03-10")).await, 403, "ErrorAccessDenied");
    create(&sandbox, event("E", "2026-03-10"));
    let basic = Api::new(&sandbox, Provider::Microsoft, ME, &["Calendars.ReadBasic"]);
    assert!(basic.get("/me/events").await.fits(200, &MICROSOFT, "EventPage")["value"][0].get("body").is_none());
    let signed_in = Api::new(&sandbox, Provider::Microsoft, ME, &READ);
    assert_eq!(signed_in.send("POST", "/me/revokeSignInSessions", &[], None).await.status, 200);
    refused(&signed_in.get("/me/events").await, 401, "InvalidAuthenticationToken");
}

#[tokio::test]
async fn a_shared_calendar_needs_its_own_scope() {
    let (sandbox, _) = account();
    let eva = "eva@example.net";
    sandbox.microsoft(MicrosoftDo::Account { account: eva.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    let shared = sandbox.microsoft(MicrosoftDo::Share { account: ME.into(), calendar: None, with: eva.into(), can_edit: false }).unwrap();
    create(&sandbox, event("Shared", "2026-03-10"));
    let path = format!("/me/calendars/{}/events", encoded(shared["id"].as_str().unwrap()));
    refused(&Api::new(&sandbox, Provider::Microsoft, eva, &READ).get(&path).await, 403, "ErrorAccessDenied");
    let api = Api::new(&sandbox, Provider::Microsoft, eva, &["Calendars.Read", "Calendars.Read.Shared"]);
    assert_eq!(subjects(&api.get(&path).await.fits(200, &MICROSOFT, "EventPage")), ["Shared"]);
    let entry = &api.get("/me/calendars").await.fits(200, &MICROSOFT, "CalendarPage")["value"][1];
    assert_eq!((&entry["canEdit"], &entry["owner"]["address"]), (&json!(false), &json!(ME)));
}

#[tokio::test]
async fn more_requests_than_the_limit_are_refused_with_the_time_to_wait() {
    let (sandbox, api) = account();
    sandbox.habits(|habits| habits.microsoft.per_ten_minutes = Some(2));
    for _ in 0..2 {
        assert_eq!(api.get("/me/calendars").await.status, 200);
    }
    let answer = api.get("/me/calendars").await;
    refused(&answer, 429, "ApplicationThrottled");
    assert_eq!(answer.header("retry-after"), "600");
    sandbox.advance(600_000);
    assert_eq!(api.get("/me/calendars").await.status, 200);
    assert_eq!(sandbox.clock().now(), START + 600_000);
}

#[tokio::test]
async fn a_batch_answers_each_request_and_takes_twenty_at_most() {
    let (sandbox, api) = account();
    create(&sandbox, event("E", "2026-03-10"));
    let request = |id: usize, url: &str| json!({"id": id.to_string(), "method": "GET", "url": url});
    let answer = api.post("/$batch", json!({"requests": [request(1, "/me/events"), request(2, "/me/nothing")]})).await.json();
    assert_eq!((&answer["responses"][0]["status"], &answer["responses"][1]["status"]), (&json!(200), &json!(400)));
    assert_eq!(subjects(&answer["responses"][0]["body"]), ["E"]);
    let many: Vec<Value> = (0..21).map(|id| request(id, "/me/events")).collect();
    refused(&api.post("/$batch", json!({"requests": many})).await, 400, "BadRequest");
    refused(&api.post("/$batch", json!({"requests": [request(1, "/me"), request(1, "/me")]})).await, 400, "BadRequest");
}

#[tokio::test]
async fn a_mailbox_takes_four_requests_at_once() {
    let (sandbox, api) = account();
    sandbox.arm(syncline_sandbox::Fault::on(Provider::Microsoft, syncline_sandbox::Trouble::Delay { millis: 100 }).always());
    let answers = futures::future::join_all((0..6).map(|_| api.get("/me/calendars"))).await;
    let crowded: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(crowded.len(), 2);
    refused(crowded[0], 429, "ApplicationThrottled");
    assert!(
        !crowded[0].header("retry-after").is_empty()
            && crowded[0].json()["error"]["message"].as_str().unwrap().contains("MailboxConcurrency")
    );
    assert_eq!(api.get("/me/calendars").await.status, 200, "places are free again");
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place_in_the_mailbox() {
    let (sandbox, api) = account();
    sandbox.habits(|habits| habits.microsoft.at_once = 1);
    sandbox.arm(syncline_sandbox::Fault::on(Provider::Microsoft, syncline_sandbox::Trouble::Hang));
    let gone = tokio::time::timeout(std::time::Duration::from_millis(50), api.get("/me/calendars")).await;
    assert!(gone.is_err());
    assert_eq!(api.get("/me/calendars").await.status, 200);
    let statuses: Vec<u16> = sandbox.asked().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [0, 200], "what was never answered is in the log too");
}

#[tokio::test]
async fn named_troubles_answer_in_graphs_dialect() {
    use syncline_sandbox::{Fault, Trouble};
    let (sandbox, api) = account();
    for (trouble, status, code) in [
        (Trouble::Unauthorized, 401, "InvalidAuthenticationToken"),
        (Trouble::Forbidden { reason: "ErrorAccessDenied".into() }, 403, "ErrorAccessDenied"),
        (Trouble::RateLimited { status: None, retry_after: Some(3) }, 429, "ApplicationThrottled"),
        (Trouble::RateLimited { status: Some(503), retry_after: None }, 503, "ApplicationThrottled"),
        (Trouble::ServerError { status: 504 }, 504, "GatewayTimeout"),
        (Trouble::CursorLost, 410, "SyncStateNotFound"),
    ] {
        sandbox.arm(Fault::on(Provider::Microsoft, trouble));
        refused(&api.get("/me/calendarView/delta?$deltatoken=x").await, status, code);
    }
}

#[tokio::test]
async fn an_event_tells_the_calendar_that_it_is_in_now_when_it_is_asked() {
    let (sandbox, api) = account();
    let id = create(&sandbox, event("Dentist", "2026-03-10"));
    let work = sandbox.microsoft(MicrosoftDo::AddCalendar { account: ME.into(), name: "Work".into() }).unwrap()["id"].clone();
    let path = format!("/me/events/{}", encoded(&id));
    assert!(api.get(&path).await.fits(200, &MICROSOFT, "Event").get("calendar").is_none());
    let asked = format!("{path}?$expand=calendar");
    assert_eq!(api.get(&asked).await.fits(200, &MICROSOFT, "Event")["calendar"]["name"], "Calendar");
    let to = work.as_str().unwrap().to_owned();
    sandbox.microsoft(MicrosoftDo::Move { account: ME.into(), event: id, to }).unwrap();
    assert_eq!(api.get(&asked).await.fits(200, &MICROSOFT, "Event")["calendar"]["id"], work, "the immutable id still leads to it");
    refused(&api.get(&format!("{path}?$expand=attachments")).await, 501, "NotImplemented");
}
