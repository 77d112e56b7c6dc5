//! Cancelling, moving, group events, no-shows; by host, by invitee, and through the API.

use crate::calendly_read::{ME, booking, days, host, refused};
use crate::support::{DAY, ask};
use serde_json::{Value, json};
use syncline_sandbox::CalendlyDo;
use syncline_sandbox::schema::CALENDLY;

#[tokio::test]
async fn a_changed_date_is_a_canceled_booking_and_a_new_one_that_name_each_other() {
    let host = host();
    let (old_event, old) = host.book("2026-03-10T08:00:00Z");
    let made = host.sandbox.calendly(CalendlyDo::Reschedule { invitee: old.clone(), start: "2026-03-11T08:00:00Z".into() }).unwrap();
    assert_eq!(host.api.get(&old_event).await.fits(200, &CALENDLY, "EventAnswer")["resource"]["status"], "canceled");
    let old = host.api.get(&old).await.fits(200, &CALENDLY, "InviteeAnswer")["resource"].clone();
    let new = host.api.get(made["invitee"].as_str().unwrap()).await.fits(200, &CALENDLY, "InviteeAnswer")["resource"].clone();
    assert_eq!((&old["rescheduled"], &old["new_invitee"]), (&json!(true), &new["uri"]));
    assert_eq!((&new["rescheduled"], &new["old_invitee"], &new["status"]), (&json!(false), &old["uri"], &json!("active")));
    assert_eq!(days(&host.events("&status=active").await), ["2026-03-11"]);
}

#[tokio::test]
async fn a_group_event_stays_while_it_has_an_invitee() {
    let host = host();
    let kind = CalendlyDo::EventType { account: ME.into(), name: "Course".into(), minutes: 60, limit: 2, location: None };
    let kind = host.sandbox.calendly(kind).unwrap()["uri"].as_str().unwrap().to_owned();
    let book = |email: &str| {
        let mut booking = booking("2026-03-10T08:00:00Z", email);
        booking.event_type = Some(kind.clone());
        host.sandbox.calendly(CalendlyDo::Book { account: ME.into(), booking })
    };
    let (one, two) = (book("a@example.net").unwrap(), book("b@example.net").unwrap());
    assert_eq!(one["event"], two["event"]);
    assert!(book("c@example.net").is_err(), "it is full");
    let cancel =
        |made: &Value| host.sandbox.calendly(CalendlyDo::CancelInvitee { invitee: made["invitee"].as_str().unwrap().into(), reason: None });
    cancel(&one).unwrap();
    let event = async || host.api.get(one["event"].as_str().unwrap()).await.fits(200, &CALENDLY, "EventAnswer")["resource"].clone();
    let still = event().await;
    assert_eq!((&still["status"], &still["invitees_counter"]), (&json!("active"), &json!({"total": 2, "active": 1, "limit": 2})));
    cancel(&two).unwrap();
    assert_eq!(event().await["status"], "canceled");
    let invitees =
        host.api.get(&format!("{}/invitees?status=canceled", one["event"].as_str().unwrap())).await.fits(200, &CALENDLY, "InviteePage");
    assert_eq!(invitees["collection"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_api_cancels_once_and_not_what_is_over() {
    let host = host();
    let (event, _) = host.book("2026-03-10T08:00:00Z");
    let path = format!("{event}/cancellation");
    refused(&host.api.post(&path, json!({"reason": "x".repeat(10_001)})).await, 400, "too long");
    let answer = host.api.post(&path, json!({"reason": "ill"})).await.fits(201, &CALENDLY, "CancellationAnswer");
    assert_eq!(answer["resource"]["canceler_type"], "host");
    refused(&host.api.post(&path, json!({})).await, 403, "already canceled");
    let (past, _) = host.book("2026-03-01T08:00:00Z");
    refused(&host.api.post(&format!("{past}/cancellation"), json!({})).await, 403, "in the past");
}

#[tokio::test]
async fn the_api_books_and_is_not_idempotent() {
    let host = host();
    let kind =
        host.api.get(&format!("/event_types?user={}", crate::support::encoded(&host.user))).await.json()["collection"][0]["uri"].clone();
    let body = |start: &str| json!({"event_type": kind, "start_time": start, "invitee": {"name": "Eva", "email": "eva@example.net", "timezone": "UTC"}});
    host.api.post("/invitees", body("2026-03-10T08:00:00Z")).await.fits(201, &CALENDLY, "InviteeAnswer");
    refused(&host.api.post("/invitees", body("2026-03-10T08:00:00Z")).await, 400, "not available");
    refused(&host.api.post("/invitees", body("2026-03-01T08:00:00Z")).await, 400, "in the past");
    refused(&host.api.post("/invitees", body("2026-03-10T08:00:00+01:00")).await, 400, "UTC");
    refused(&host.api.post("/invitees", json!({"event_type": kind})).await, 400, "missing");
    let mut unknown = body("2026-03-11T08:00:00Z");
    unknown["event_type"] = json!("NOTHING");
    refused(&host.api.post("/invitees", unknown).await, 400, "not known");
}

#[tokio::test]
async fn no_shows_are_marked_once_and_unmarked() {
    let host = host();
    let (_, invitee) = host.book("2026-03-05T08:00:00Z");
    let mark = host.api.post("/invitee_no_shows", json!({"invitee": invitee})).await.fits(201, &CALENDLY, "InviteeNoShowAnswer");
    refused(&host.api.post("/invitee_no_shows", json!({"invitee": invitee})).await, 400, "marked already");
    let uri = mark["resource"]["uri"].as_str().unwrap();
    assert_eq!(host.api.get(&invitee).await.json()["resource"]["no_show"]["uri"], uri);
    host.api.get(uri).await.fits(200, &CALENDLY, "InviteeNoShowAnswer");
    assert_eq!(host.api.send("DELETE", uri, &[], None).await.status, 204);
    refused(&host.api.get(uri).await, 404, "Not Found");
    refused(&host.api.post("/invitee_no_shows", json!({})).await, 400, "missing");
}

#[tokio::test]
async fn an_erased_event_is_in_neither_list() {
    let host = host();
    let (event, _) = host.book("2026-03-10T08:00:00Z");
    host.sandbox.calendly(CalendlyDo::Erase { event: event.clone() }).unwrap();
    assert!(days(&host.events("").await).is_empty());
    refused(&host.api.get(&event).await, 404, "Not Found");
}

#[tokio::test]
async fn the_links_of_an_invitee_cancel_and_move_without_a_token() {
    let host = host();
    let (_, invitee) = host.book("2026-03-10T08:00:00Z");
    let links = host.api.get(&invitee).await.json()["resource"].clone();
    let path = |name: &str| links[name].as_str().unwrap().replace(&host.sandbox.origin(), "");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let page = ask(&host.sandbox, "GET", &path("reschedule_url"), &[], "").await;
    assert!(String::from_utf8(page.body.to_vec()).unwrap().contains("2026-03-10T08:00:00.000000Z"));
    assert_eq!(ask(&host.sandbox, "POST", &path("reschedule_url"), &form, "start_time=tomorrow").await.status, 400);
    assert_eq!(ask(&host.sandbox, "POST", &path("reschedule_url"), &form, "start_time=2026-03-11T08:00:00Z").await.status, 200);
    assert_eq!(days(&host.events("&status=active").await), ["2026-03-11"]);
    assert_eq!(ask(&host.sandbox, "POST", &path("cancel_url"), &form, "reason=x").await.status, 400, "the old booking is canceled already");
    let (_, second) = host.book("2026-03-12T08:00:00Z");
    let cancel = host.api.get(&second).await.json()["resource"]["cancel_url"].as_str().unwrap().replace(&host.sandbox.origin(), "");
    assert_eq!(ask(&host.sandbox, "POST", &cancel, &form, "reason=ill").await.status, 200);
    assert_eq!(
        host.api.get(&second).await.json()["resource"]["cancellation"],
        json!({"canceled_by": "Eva K.", "reason": "ill", "canceler_type": "invitee"})
    );
    assert_eq!(ask(&host.sandbox, "GET", "/calendly/cancellations/NOBODY", &[], "").await.status, 404);
    host.sandbox.advance(DAY);
}
