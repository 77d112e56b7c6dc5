//! Writing through Google's API.

use crate::google_list::{ME, account, event, list, names, refused, weekly};
use crate::support::Api;
use serde_json::json;
use syncline_sandbox::schema::GOOGLE;
use syncline_sandbox::{GoogleDo, Provider};

fn writer() -> (syncline_sandbox::Sandbox, Api) {
    let (sandbox, _) = account();
    let api = Api::new(&sandbox, Provider::Google, ME, &["calendar.calendarlist.readonly", "calendar.events"]);
    (sandbox, api)
}

#[tokio::test]
async fn an_event_is_made_changed_and_deleted() {
    let (sandbox, api) = writer();
    let made = api.post("/calendars/primary/events?sendUpdates=none", event("New", "2026-03-10")).await.fits(200, &GOOGLE, "Event");
    let path = format!("/calendars/primary/events/{}", made["id"].as_str().unwrap());
    let etag = made["etag"].as_str().unwrap().to_owned();
    let patch = json!({"summary": "Changed", "extendedProperties": {"private": {"a": "b"}}});
    let changed = api.send("PATCH", &path, &[("if-match", &etag)], Some(patch)).await.fits(200, &GOOGLE, "Event");
    assert_eq!((&changed["summary"], &changed["start"]), (&json!("Changed"), &made["start"]));
    refused(&api.send("PATCH", &path, &[("if-match", &etag)], Some(json!({"summary": "Too late"}))).await, 412, "conditionNotMet");
    let put = api.send("PUT", &path, &[], Some(event("Replaced", "2026-03-11"))).await.fits(200, &GOOGLE, "Event");
    assert!(put.get("extendedProperties").is_none());
    assert_eq!(api.send("DELETE", &path, &[], None).await.status, 204);
    refused(&api.send("DELETE", &path, &[], None).await, 410, "deleted");
    assert!(names(&list(&api, "").await).is_empty());
    assert!(sandbox.violations().is_empty());
}

#[tokio::test]
async fn an_own_id_can_be_used_once_even_after_deletion() {
    let (_sandbox, api) = writer();
    let mut body = event("Mine", "2026-03-10");
    body["id"] = json!("0123456789abcdef");
    assert_eq!(api.post("/calendars/primary/events", body.clone()).await.status, 200);
    refused(&api.post("/calendars/primary/events", body.clone()).await, 409, "duplicate");
    api.send("DELETE", "/calendars/primary/events/0123456789abcdef", &[], None).await;
    refused(&api.post("/calendars/primary/events", body).await, 409, "duplicate");
}

#[tokio::test]
async fn a_wall_time_with_its_zone_is_told_with_the_offset() {
    let (_sandbox, api) = writer();
    let at = |time: &str| json!({"dateTime": format!("2026-07-10T{time}"), "timeZone": "Europe/Berlin"});
    let body = json!({"summary": "E", "start": at("09:00:00"), "end": at("10:00:00")});
    let made = api.post("/calendars/primary/events", body).await.fits(200, &GOOGLE, "Event");
    assert_eq!(made["start"], json!({"dateTime": "2026-07-10T09:00:00+02:00", "timeZone": "Europe/Berlin"}));
}

#[tokio::test]
async fn wrong_events_are_refused() {
    let (sandbox, api) = writer();
    let with = |name: &str, value: serde_json::Value| {
        let mut body = event("E", "2026-03-10");
        body[name] = value;
        body
    };
    let wrong = [
        json!({"summary": "no times"}),
        with("end", json!({"date": "2026-03-11"})),
        with("id", json!("xyz")),
        with("id", json!("UPPER-CASE")),
        with("colour", json!("red")),
        with("visibility", json!("secret")),
        with("recurrence", json!(["DTSTART:20260310T090000Z"])),
        with("recurrence", json!(["RRULE:FREQ=HOURLY"])),
        with("recurrence", json!(["RRULE:FREQ=DAILY;UNTIL=20260401"])),
        with("start", json!({"dateTime": "2026-03-10T09:00:00"})),
        with("start", json!({"dateTime": "2026-03-10T09:00:00+01:00", "timeZone": "Mitteleuropa"})),
        with("attendees", json!([{"displayName": "nobody"}])),
        with("conferenceData", json!({"conferenceId": "x"})),
    ];
    for body in wrong {
        refused(&api.post("/calendars/primary/events", body).await, 400, "invalid");
    }
    refused(
        &api.post("/calendars/primary/events", with("end", json!({"dateTime": "2026-03-10T08:00:00+01:00"}))).await,
        400,
        "timeRangeEmpty",
    );
    refused(&api.send("POST", "/calendars/primary/events", &[("content-type", "text/plain")], None).await, 400, "invalid");
    refused(&api.post("/calendars/primary/events?sendUpdates=maybe", event("E", "2026-03-10")).await, 400, "invalidParameter");
    refused(&api.post("/calendars/primary/events/import", event("E", "2026-03-10")).await, 400, "invalid");
    assert!(names(&list(&api, "").await).is_empty());
    assert_eq!(sandbox.violations().len(), 17);
}

#[tokio::test]
async fn what_is_fixed_cannot_be_changed_and_readers_write_nothing() {
    let (sandbox, api) = writer();
    let made = api.post("/calendars/primary/events", event("E", "2026-03-10")).await.json();
    let path = format!("/calendars/primary/events/{}", made["id"].as_str().unwrap());
    for patch in [json!({"eventType": "focusTime"}), json!({"iCalUID": "x"}), json!({"id": "abcdef"})] {
        refused(&api.send("PATCH", &path, &[], Some(patch)).await, 400, "invalid");
    }
    let reader = Api::new(&sandbox, Provider::Google, ME, &crate::google_list::READ);
    refused(&reader.send("DELETE", &path, &[], None).await, 403, "insufficientPermissions");
    let other = "eva@example.net";
    sandbox.google(GoogleDo::Account { account: other.into(), name: "Eva".into(), zone: "UTC".into() }).unwrap();
    sandbox.google(GoogleDo::Share { calendar: ME.into(), account: other.into(), role: "reader".into() }).unwrap();
    let eva = Api::new(&sandbox, Provider::Google, other, &["calendar.events"]);
    let path = path.replace("primary", &crate::support::encoded(ME));
    refused(&eva.send("DELETE", &path, &[], None).await, 403, "requiredAccessLevel");
}

#[tokio::test]
async fn an_instance_is_changed_and_deleted_by_its_id() {
    let (sandbox, api) = writer();
    let master = weekly(&sandbox);
    let path = |stamp: &str| format!("/calendars/primary/events/{master}_{stamp}");
    let changed = api.send("PATCH", &path("20260316T080000Z"), &[], Some(json!({"summary": "Special"}))).await.fits(200, &GOOGLE, "Event");
    assert_eq!(changed["recurringEventId"], master);
    assert_eq!(api.send("DELETE", &path("20260323T080000Z"), &[], None).await.status, 204);
    assert_eq!(names(&list(&api, "").await), ["Team weekly", "Special", "-!"]);
    refused(&api.send("PATCH", &path("20260317T080000Z"), &[], Some(json!({"summary": "x"}))).await, 404, "notFound");
}

#[tokio::test]
async fn an_event_is_moved_by_the_api() {
    let (sandbox, api) = writer();
    sandbox
        .google(GoogleDo::AddCalendar { account: ME.into(), summary: "O".into(), zone: "UTC".into(), id: Some("other".into()) })
        .unwrap();
    let made = api.post("/calendars/primary/events", event("E", "2026-03-10")).await.json();
    let path = format!("/calendars/primary/events/{}/move", made["id"].as_str().unwrap());
    refused(&api.send("POST", &path, &[], None).await, 400, "required");
    api.send("POST", &format!("{path}?destination=other"), &[], None).await.fits(200, &GOOGLE, "Event");
    assert!(names(&list(&api, "").await).is_empty());
}

#[tokio::test]
async fn guests_change_no_shared_property_and_instances_do_not_move_alone() {
    let (sandbox, api) = writer();
    let mut invitation = event("Invitation", "2026-03-10");
    invitation["organizer"] = json!({"email": "eva@example.net"});
    invitation["attendees"] = json!([{"email": ME}]);
    let id = crate::google_list::create(&sandbox, invitation);
    let path = format!("/calendars/primary/events/{id}");
    refused(&api.send("PATCH", &path, &[], Some(json!({"summary": "Mine"}))).await, 403, "forbiddenForNonOrganizer");
    let answer = json!({"attendees": [{"email": ME, "responseStatus": "accepted"}]});
    api.send("PATCH", &path, &[], Some(answer)).await.fits(200, &GOOGLE, "Event");
    sandbox
        .google(GoogleDo::AddCalendar { account: ME.into(), summary: "O".into(), zone: "UTC".into(), id: Some("other".into()) })
        .unwrap();
    let instance = format!("/calendars/primary/events/{}_20260316T080000Z/move?destination=other", weekly(&sandbox));
    refused(&api.send("POST", &instance, &[], None).await, 400, "cannotChangeOrganizerOfInstance");
    let mut foreign = event("E", "2026-03-10");
    foreign["organizer"] = json!({"email": "eva@example.net"});
    let inserted = api.post("/calendars/primary/events", foreign.clone()).await.fits(200, &GOOGLE, "Event");
    assert_eq!(inserted["organizer"], json!({"email": ME, "self": true}));
    foreign["iCalUID"] = json!("x@example.net");
    let imported = api.post("/calendars/primary/events/import", foreign).await.fits(200, &GOOGLE, "Event");
    assert_eq!(imported["organizer"], json!({"email": "eva@example.net"}));
    let mut both = event("E", "2026-03-10");
    both["id"] = json!("0123456789abcdef");
    both["iCalUID"] = json!("x@example.net");
    refused(&api.post("/calendars/primary/events", both).await, 400, "invalid");
}
