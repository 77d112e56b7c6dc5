//! The sample data of the demo.

use crate::support::{Api, START, encoded};
use serde_json::Value;
use std::collections::BTreeSet;
use syncline_sandbox::schema::{CALENDLY, GOOGLE, MICROSOFT};
use syncline_sandbox::{Provider, Sandbox, SandboxClock};

#[tokio::test]
async fn the_three_sample_accounts_are_there_whatever_the_day() {
    for offset in 0..14 {
        // Another weekday and another half of the year each time.
        let sandbox = Sandbox::new(SandboxClock::fixed(START + offset * 27 * crate::support::DAY));
        let accounts = sandbox.fill_with_samples().unwrap();
        assert_eq!(accounts.iter().map(|(provider, _)| *provider).collect::<Vec<_>>(), crate::oauth::ALL);
    }
}

#[tokio::test]
async fn the_samples_are_in_the_official_form_and_bookings_have_their_copies() {
    let sandbox = Sandbox::new(SandboxClock::fixed(START));
    let accounts = sandbox.fill_with_samples().unwrap();
    let api = |at: usize, scopes: &[&str]| Api::new(&sandbox, accounts[at].0, accounts[at].1, scopes);
    let google = api(0, &["calendar.readonly"]);
    let lists = google.get("/users/me/calendarList").await.fits(200, &GOOGLE, "CalendarList");
    assert_eq!(lists["items"].as_array().unwrap().len(), 3);
    let events = google.get("/calendars/primary/events?maxResults=2500").await.fits(200, &GOOGLE, "Events");
    let ids: BTreeSet<&str> = events["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert!(ids.len() > 70, "{}", ids.len());
    let microsoft = api(1, &["Calendars.Read"]);
    let view = "/me/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-07-01T00:00:00Z";
    let page = microsoft.send("GET", view, &[("prefer", "odata.maxpagesize=500")], None).await.fits(200, &MICROSOFT, "EventPage");
    assert!(page["value"].as_array().unwrap().len() > 25);
    let calendly = api(2, &["default"]);
    let me = calendly.get("/users/me").await.json()["resource"]["uri"].as_str().unwrap().to_owned();
    let booked = calendly.get(&format!("/scheduled_events?count=100&user={}", encoded(&me))).await.fits(200, &CALENDLY, "EventPage");
    let linked: Vec<&Value> = booked["collection"].as_array().unwrap().iter().filter(|event| !event["calendar_event"].is_null()).collect();
    assert_eq!(linked.len(), 14);
    assert!(linked.iter().all(|event| ids.contains(event["calendar_event"]["external_id"].as_str().unwrap())));
    assert_eq!(booked["collection"].as_array().unwrap().len(), 15, "one has another date now");
    assert_eq!(sandbox.violations(), Vec::<String>::new());
    assert_eq!(accounts[2].0, Provider::Calendly);
}
