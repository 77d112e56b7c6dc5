//! Writing through Graph.

use crate::microsoft_read::{ME, account, event, refused, subjects, weekly};
use crate::support::{Api, encoded};
use serde_json::{Value, json};
use syncline_sandbox::schema::MICROSOFT;
use syncline_sandbox::{MicrosoftDo, Provider, Sandbox};

fn writer() -> (Sandbox, Api) {
    let (sandbox, _) = account();
    let api = Api::new(&sandbox, Provider::Microsoft, ME, &["Calendars.ReadWrite"]);
    (sandbox, api)
}

fn path(event: &Value) -> String {
    format!("/me/events/{}", encoded(event["id"].as_str().unwrap()))
}

#[tokio::test]
async fn an_event_is_made_changed_and_deleted() {
    let (sandbox, api) = writer();
    let mut body = event("New", "2026-03-10");
    body["transactionId"] = json!("7E163156-7762-4BEB-A1C6-729EA81755A7");
    let made = api.post("/me/events", body.clone()).await.fits(201, &MICROSOFT, "Event");
    let again = api.post("/me/events", body).await.fits(201, &MICROSOFT, "Event");
    assert_eq!(again["id"], made["id"], "the same transaction makes one event");
    let etag = made["@odata.etag"].as_str().unwrap();
    let changed =
        api.send("PATCH", &path(&made), &[("if-match", etag)], Some(json!({"subject": "Changed"}))).await.fits(200, &MICROSOFT, "Event");
    assert_eq!((&changed["subject"], &changed["start"]), (&json!("Changed"), &made["start"]));
    refused(
        &api.send("PATCH", &path(&made), &[("if-match", etag)], Some(json!({"subject": "Late"}))).await,
        412,
        "ErrorIrresolvableConflict",
    );
    assert_eq!(api.send("DELETE", &path(&made), &[], None).await.status, 204);
    refused(&api.send("DELETE", &path(&made), &[], None).await, 404, "ErrorItemNotFound");
    assert!(sandbox.violations().is_empty());
}

#[tokio::test]
async fn wrong_events_are_refused() {
    let (sandbox, api) = writer();
    let with = |name: &str, value: Value| {
        let mut body = event("E", "2026-03-10");
        body[name] = value;
        body
    };
    let at = |text: &str, zone: &str| json!({"dateTime": text, "timeZone": zone});
    let pattern =
        |kind: &str, start: &str| json!({"pattern": {"type": kind, "interval": 1}, "range": {"type": "noEnd", "startDate": start}});
    for (body, code) in [
        (json!({"subject": "no times"}), "ErrorPropertyValidationFailure"),
        (with("end", at("2026-03-10T08:00:00", "Europe/Berlin")), "ErrorPropertyValidationFailure"),
        (with("start", at("2026-03-10T08:00:00", "Mars")), "TimeZoneNotSupportedException"),
        (with("start", at("10 March", "UTC")), "ErrorPropertyValidationFailure"),
        (with("isAllDay", json!(true)), "ErrorPropertyValidationFailure"),
        (with("id", json!("AAkALgX")), "ErrorInvalidPropertySet"),
        (with("iCalUId", json!("x")), "ErrorInvalidPropertySet"),
        (with("showAs", json!("away")), "RequestBodyRead"),
        (with("title", json!("x")), "RequestBodyRead"),
        (with("recurrence", pattern("weekly", "2026-03-10")), "ErrorPropertyValidationFailure"),
        (with("recurrence", pattern("daily", "2026-03-11")), "ErrorPropertyValidationFailure"),
    ] {
        refused(&api.post("/me/events", body).await, 400, code);
    }
    refused(&api.send("POST", "/me/events", &[("content-type", "text/plain")], None).await, 400, "BadRequest");
    refused(&api.send("POST", "/me/events/x/dance", &[], None).await, 400, "BadRequest");
    assert_eq!(sandbox.violations().len(), 13);
    assert!(subjects(&api.get("/me/events").await.json()).is_empty());
}

#[tokio::test]
async fn an_occurrence_becomes_an_exception_and_does_not_jump_over_its_neighbours() {
    let (sandbox, api) = writer();
    let master = weekly(&sandbox);
    let instances = api
        .get(&format!("/me/events/{}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z", encoded(&master)))
        .await
        .json();
    let second = path(&instances["value"][1]);
    let moved = |day: &str| json!({"start": event("", day)["start"], "end": event("", day)["end"]});
    let changed = api.send("PATCH", &second, &[], Some(moved("2026-03-18"))).await.fits(200, &MICROSOFT, "Event");
    assert_eq!((&changed["type"], &changed["originalStart"]), (&json!("exception"), &json!("2026-03-16T08:00:00.0000000Z")));
    for day in ["2026-03-09", "2026-03-23", "2026-03-30"] {
        refused(&api.send("PATCH", &second, &[], Some(moved(day))).await, 400, "ErrorOccurrenceCrossingBoundary");
    }
    assert_eq!(api.send("DELETE", &path(&instances["value"][2]), &[], None).await.status, 204);
    refused(&api.get(&path(&instances["value"][2])).await, 404, "ErrorItemNotFound");
}

#[tokio::test]
async fn an_invitation_is_answered_and_its_cancellation_is_marked() {
    let (sandbox, api) = writer();
    let mut body = event("Intake call", "2026-03-10");
    body["organizer"] = json!({"emailAddress": {"name": "Eva", "address": "eva@example.net"}});
    body["attendees"] = json!([{"emailAddress": {"name": "Praxis", "address": ME}}]);
    let made = sandbox.microsoft(MicrosoftDo::Create { account: ME.into(), calendar: None, event: body }).unwrap();
    assert_eq!(made["isOrganizer"], false);
    assert_eq!(api.post(&format!("{}/accept", path(&made)), json!({"sendResponse": false})).await.status, 202);
    let accepted = api.get(&path(&made)).await.fits(200, &MICROSOFT, "Event");
    assert_eq!(
        (&accepted["responseStatus"]["response"], &accepted["attendees"][0]["status"]["response"]),
        (&json!("accepted"), &json!("accepted"))
    );
    sandbox.microsoft(MicrosoftDo::OrganizerCancels { account: ME.into(), event: made["id"].as_str().unwrap().into() }).unwrap();
    let cancelled = api.get(&path(&made)).await.fits(200, &MICROSOFT, "Event");
    assert_eq!((&cancelled["isCancelled"], &cancelled["subject"]), (&json!(true), &json!("Canceled: Intake call")));
    let own = api.post("/me/events", event("Mine", "2026-03-10")).await.json();
    refused(&api.post(&format!("{}/decline", path(&own)), json!({})).await, 400, "ErrorInvalidRequest");
}

#[tokio::test]
async fn what_is_shared_for_reading_and_what_belongs_to_others_is_not_written() {
    let (sandbox, api) = writer();
    let eva = "eva@example.net";
    sandbox.microsoft(MicrosoftDo::Account { account: eva.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    let shared = sandbox.microsoft(MicrosoftDo::Share { account: ME.into(), calendar: None, with: eva.into(), can_edit: false }).unwrap();
    let made = api.post("/me/events", event("Mine", "2026-03-10")).await.json();
    let reader = Api::new(&sandbox, Provider::Microsoft, eva, &["Calendars.ReadWrite", "Calendars.ReadWrite.Shared"]);
    let calendar = format!("/me/calendars/{}/events", encoded(shared["id"].as_str().unwrap()));
    refused(&reader.post(&calendar, event("E", "2026-03-10")).await, 403, "ErrorAccessDenied");
    refused(&reader.send("DELETE", &path(&made), &[], None).await, 403, "ErrorAccessDenied");
    refused(&reader.get(&format!("/users/{ME}/events")).await, 403, "ErrorAccessDenied");
    assert_eq!(reader.get(&format!("/users/{eva}/events")).await.status, 200);
    let editable = sandbox.microsoft(MicrosoftDo::Share { account: ME.into(), calendar: None, with: eva.into(), can_edit: true }).unwrap();
    let calendar = format!("/me/calendars/{}/events", encoded(editable["id"].as_str().unwrap()));
    reader.post(&calendar, event("Hers", "2026-03-10")).await.fits(201, &MICROSOFT, "Event");
}

#[tokio::test]
async fn an_occurrence_has_no_recurrence_of_its_own() {
    let (sandbox, api) = writer();
    let master = weekly(&sandbox);
    let target = format!("/me/events/{}/instances?startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z", encoded(&master));
    let first = api.get(&target).await.json()["value"][0].clone();
    let whole = api.get(&format!("/me/events/{}", encoded(&master))).await.json();
    refused(&api.send("PATCH", &path(&first), &[], Some(json!({"recurrence": whole["recurrence"]}))).await, 400, "ErrorInvalidRequest");
}
