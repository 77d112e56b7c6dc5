//! What users do to series, and how a sync tells it.

use crate::google_list::{ME, account, create, event, list, names, refused, sync_token, weekly};
use crate::support::{Api, encoded};
use serde_json::{Value, json};
use syncline_sandbox::schema::GOOGLE;
use syncline_sandbox::{GoogleDo, Sandbox};

async fn since(api: &Api, token: &str) -> Value {
    list(api, &format!("syncToken={token}")).await
}

fn act(sandbox: &Sandbox, what: GoogleDo) -> Value {
    sandbox.google(what).unwrap()
}

#[tokio::test]
async fn a_moved_instance_is_an_exception_that_names_its_original_start() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let token = sync_token(&list(&api, "").await);
    let moved = event("", "2026-03-17");
    let patch = json!({"start": moved["start"], "end": moved["end"]});
    act(&sandbox, GoogleDo::ChangeInstance { calendar: ME.into(), master: master.clone(), original: "2026-03-16T08:00:00Z".into(), patch });
    let page = since(&api, &token).await;
    let [exception] = page["items"].as_array().unwrap().as_slice() else { panic!("{page:#}") };
    assert_eq!(exception["id"], format!("{master}_20260316T080000Z"));
    assert_eq!(exception["recurringEventId"], master);
    assert_eq!(exception["originalStartTime"], json!({"dateTime": "2026-03-16T09:00:00+01:00", "timeZone": "Europe/Berlin"}));
    assert_eq!(exception["start"]["dateTime"], "2026-03-17T09:00:00+01:00");
    assert_eq!((&exception["sequence"], exception.get("recurrence")), (&json!(1), None));
    assert_eq!(names(&list(&api, "").await), ["Team weekly", "Team weekly"], "master and exception");
}

#[tokio::test]
async fn a_cancelled_instance_is_told_even_without_show_deleted() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    act(&sandbox, GoogleDo::CancelInstance { calendar: ME.into(), master: master.clone(), original: "2026-03-23T08:00:00Z".into() });
    let page = list(&api, "").await;
    let stub = page["items"][1].as_object().unwrap();
    assert_eq!(stub.keys().collect::<Vec<_>>(), ["etag", "id", "kind", "originalStartTime", "recurringEventId", "status"]);
    assert_eq!(names(&list(&api, "singleEvents=true").await).len(), 3);
    act(&sandbox, GoogleDo::Delete { calendar: ME.into(), event: master });
    assert!(names(&list(&api, "").await).is_empty(), "nor is it told when its series is gone");
}

#[tokio::test]
async fn this_and_following_ends_the_series_and_begins_another() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let token = sync_token(&list(&api, "").await);
    act(
        &sandbox,
        GoogleDo::ChangeFollowing {
            calendar: ME.into(),
            master: master.clone(),
            original: "2026-03-23T08:00:00Z".into(),
            patch: json!({"summary": "Team, later"}),
        },
    );
    let page = since(&api, &token).await;
    assert_eq!(names(&page), ["Team weekly", "Team, later"]);
    assert_eq!(page["items"][0]["recurrence"], json!(["RRULE:FREQ=WEEKLY;UNTIL=20260323T075959Z"]));
    let new = &page["items"][1];
    assert_eq!(new["id"], format!("{master}_R20260323T090000"));
    assert_eq!(new["recurrence"], json!(["RRULE:FREQ=WEEKLY;COUNT=2"]));
    assert_eq!(names(&list(&api, "singleEvents=true").await), ["Team weekly", "Team weekly", "Team, later", "Team, later"]);
}

#[tokio::test]
async fn a_series_that_moves_takes_its_exceptions_with_it() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let instance =
        |patch| GoogleDo::ChangeInstance { calendar: ME.into(), master: master.clone(), original: "2026-03-16T08:00:00Z".into(), patch };
    act(&sandbox, instance(json!({"summary": "Special"})));
    let token = sync_token(&list(&api, "").await);
    let tuesday = event("", "2026-03-10");
    let patch = json!({"start": tuesday["start"], "end": tuesday["end"]});
    act(&sandbox, GoogleDo::Change { calendar: ME.into(), event: master.clone(), patch });
    assert_eq!(names(&since(&api, &token).await), ["Team weekly", "-!"]);
    assert!(sandbox.google(instance(json!({"summary": "x"}))).is_err(), "there is no instance on that Monday any more");
}

#[tokio::test]
async fn an_instance_that_was_never_touched_can_be_read_by_its_id() {
    let (sandbox, api) = account();
    let master = weekly(&sandbox);
    let instance = api.get(&format!("/calendars/primary/events/{master}_20260330T070000Z")).await.fits(200, &GOOGLE, "Event");
    assert_eq!(instance["end"]["dateTime"], "2026-03-30T10:00:00+02:00");
    refused(&api.get(&format!("/calendars/primary/events/{master}_20260330T080000Z")).await, 404, "notFound");
}

#[tokio::test]
async fn days_stay_days_in_series() {
    let (sandbox, api) = account();
    let master = create(
        &sandbox,
        json!({"summary": "Rent", "start": {"date": "2026-01-31"}, "end": {"date": "2026-02-01"}, "recurrence": ["RRULE:FREQ=MONTHLY;COUNT=3"]}),
    );
    let page = list(&api, "singleEvents=true").await;
    let days: Vec<&str> = page["items"].as_array().unwrap().iter().map(|event| event["start"]["date"].as_str().unwrap()).collect();
    assert_eq!(days, ["2026-01-31", "2026-03-31", "2026-05-31"]);
    assert_eq!(page["items"][1]["id"], format!("{master}_20260331"));
}

#[tokio::test]
async fn guests_answer_and_events_move_between_calendars() {
    let (sandbox, api) = account();
    act(&sandbox, GoogleDo::AddCalendar { account: ME.into(), summary: "Other".into(), zone: "UTC".into(), id: Some("other".into()) });
    let mut meeting = event("Meeting", "2026-03-10");
    meeting["attendees"] = json!([{"email": "eva@example.net"}]);
    let id = create(&sandbox, meeting);
    let token = sync_token(&list(&api, "").await);
    act(
        &sandbox,
        GoogleDo::Respond { calendar: ME.into(), event: id.clone(), attendee: "eva@example.net".into(), response: "declined".into() },
    );
    assert_eq!(since(&api, &token).await["items"][0]["attendees"][0]["responseStatus"], "declined");
    act(&sandbox, GoogleDo::Move { calendar: ME.into(), event: id, to: "other".into() });
    assert_eq!(names(&since(&api, &token).await), ["-!"]);
    assert_eq!(names(&api.get("/calendars/other/events").await.fits(200, &GOOGLE, "Events")), ["Meeting"]);
}

#[tokio::test]
async fn a_change_can_be_told_before_the_api_shows_it() {
    let (sandbox, api) = account();
    let token = sync_token(&list(&api, "").await);
    sandbox.habits(|habits| habits.lag = 5_000);
    let id = create(&sandbox, event("Late", "2026-03-10"));
    refused(&api.get(&format!("/calendars/primary/events/{id}")).await, 404, "notFound");
    let still = since(&api, &token).await;
    assert!(names(&still).is_empty());
    sandbox.advance(5_000);
    assert_eq!(names(&since(&api, &sync_token(&still)).await), ["Late"], "the token from meanwhile loses nothing");
}

#[tokio::test]
async fn who_sees_only_free_and_busy_gets_no_details() {
    let (sandbox, _) = account();
    create(&sandbox, event("Secret", "2026-03-10"));
    let other = "eva@example.net";
    act(&sandbox, GoogleDo::Account { account: other.into(), name: "Eva".into(), zone: "UTC".into() });
    act(&sandbox, GoogleDo::Share { calendar: ME.into(), account: other.into(), role: "freeBusyReader".into() });
    let api = Api::new(&sandbox, syncline_sandbox::Provider::Google, other, &crate::google_list::READ);
    let page = api.get(&format!("/calendars/{}/events", encoded(ME))).await.fits(200, &GOOGLE, "Events");
    assert_eq!((names(&page), &page["accessRole"]), (vec!["-".to_owned()], &json!("freeBusyReader")));
    let owned = Api::new(&sandbox, syncline_sandbox::Provider::Google, other, &["calendar.events.owned.readonly"]);
    refused(&owned.get(&format!("/calendars/{}/events", encoded(ME))).await, 403, "insufficientPermissions");
}
