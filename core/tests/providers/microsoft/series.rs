//! Series, zones and contents of Outlook.

use super::support::{World, event, moved_to, series, timed, weekly};
use serde_json::{Value, json};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};
use syncline_domain::event::EventStatus;
use syncline_sandbox::MicrosoftDo;

syncline_core::store_suite! {
    a_series_is_one_object_with_its_moved_and_cancelled_occurrences,
    a_series_that_comes_again_takes_the_place_of_what_is_stored,
    this_and_following_makes_two_series_and_loses_no_occurrence,
    another_pattern_drops_what_was_changed_in_the_old_one,
    a_series_that_becomes_a_single_event_and_back_is_there_once,
    every_pattern_shows_what_outlook_shows,
    an_all_day_series_is_its_dates,
    what_outlook_knows_about_an_event_is_shown,
    a_meeting_that_its_organizer_cancels_goes,
}

const ME: &str = super::support::ME;
const FIRST: &str = "2026-03-09T09:00:00+01:00";
const SECOND: &str = "2026-03-16T09:00:00+01:00";
const THIRD: &str = "2026-03-23T09:00:00+01:00";
const FOURTH: &str = "2026-03-30T09:00:00+02:00";

async fn a_series_is_one_object_with_its_moved_and_cancelled_occurrences(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.change_instance(&id, "2026-03-16T08:00:00Z", moved_to("2026-03-17"));
    world.cancel_instance(&id, "2026-03-23T08:00:00Z");
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0));
    assert_eq!(world.starts().await, [FIRST, "2026-03-17T09:00:00+01:00", FOURTH]);
    assert_eq!(world.titles().await, ["Team", "Team", "Team"], "bare occurrences have the content of their master");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
    let report = world.full().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1));
    world.is_well_behaved();
}

async fn a_series_that_comes_again_takes_the_place_of_what_is_stored(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.connect().await;
    world.sync().await;
    assert_eq!(world.starts().await, [FIRST, SECOND, THIRD, FOURTH]);
    world.change_instance(&id, "2026-03-16T08:00:00Z", json!({"subject": "Team, with guests"}));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0));
    // A deleted occurrence is said by nothing but its absence.
    world.cancel_instance(&id, "2026-03-23T08:00:00Z");
    world.sync().await;
    assert_eq!(world.titles().await, ["Team", "Team, with guests", "Team"]);
    assert_eq!(world.starts().await, [FIRST, SECOND, FOURTH]);
    world.cancel_instance(&id, "2026-03-16T08:00:00Z");
    world.change(&id, json!({"subject": "Crew"}));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0));
    assert_eq!((world.titles().await, world.starts().await), (vec!["Crew".to_owned(); 2], vec![FIRST.to_owned(), FOURTH.to_owned()]));
    // What was put together step by step is what a whole round says.
    let report = world.full().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1));
}

async fn this_and_following_makes_two_series_and_loses_no_occurrence(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.connect().await;
    world.sync().await;
    world.act(MicrosoftDo::ChangeFollowing {
        account: ME.into(),
        master: id,
        original: "2026-03-23T08:00:00Z".into(),
        patch: json!({"subject": "New team"}),
    });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 1, 0, 0), "{report:?}");
    assert_eq!(world.titles().await, ["Team", "Team", "New team", "New team"]);
    assert_eq!(world.starts().await, [FIRST, SECOND, THIRD, FOURTH]);
}

async fn another_pattern_drops_what_was_changed_in_the_old_one(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.change_instance(&id, "2026-03-16T08:00:00Z", moved_to("2026-03-17"));
    world.cancel_instance(&id, "2026-03-23T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let start = timed("", "2026-03-09T10:00:00", "2026-03-09T11:00:00");
    world.change(&id, json!({"start": start["start"], "end": start["end"]}));
    world.sync().await;
    let ten: Vec<String> = [FIRST, SECOND, THIRD, FOURTH].iter().map(|start| start.replace("T09", "T10")).collect();
    assert_eq!(world.starts().await, ten);
}

async fn a_series_that_becomes_a_single_event_and_back_is_there_once(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.change_instance(&id, "2026-03-16T08:00:00Z", json!({"subject": "Other"}));
    world.connect().await;
    world.sync().await;
    world.change(&id, json!({"recurrence": null}));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(world.starts().await, [FIRST]);
    world.change(&id, json!({"recurrence": weekly("")["recurrence"]}));
    world.sync().await;
    assert_eq!(world.starts().await, [FIRST, SECOND, THIRD, FOURTH]);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
}

/// The rule that is made of a pattern has exactly the occurrences that are told.
async fn every_pattern_shows_what_outlook_shows(at: TestHub) {
    let world = World::new(at).await;
    let patterns: [(&str, &str, Value); 7] = [
        ("daily", "2025-06-01", json!({"type": "daily", "interval": 3})),
        ("weekly", "2025-06-02", json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "sunday"], "firstDayOfWeek": "monday"})),
        ("weekly from Sunday", "2025-06-01", json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "sunday"]})),
        ("the 31st", "2025-05-31", json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31})),
        (
            "last weekday",
            "2025-05-30",
            json!({"type": "relativeMonthly", "interval": 1, "index": "last",
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"]}),
        ),
        ("yearly", "2024-02-29", json!({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2})),
        (
            "mother's day",
            "2025-05-11",
            json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["sunday"], "month": 5, "index": "second"}),
        ),
    ];
    for (name, first, pattern) in patterns {
        world.create(series(name, first, pattern, None));
    }
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(7, 0, 0, 0));
    for raw in world.at.texts("SELECT raw FROM mirror").await {
        let raw: Value = serde_json::from_str(&raw).unwrap();
        assert_eq!((&raw["out"], &raw["more"]), (&Value::Null, &Value::Null), "the rule differs: {}", raw["master"]["subject"]);
    }
}

async fn an_all_day_series_is_its_dates(at: TestHub) {
    let world = World::new(at).await;
    let day = |day: &str| json!({"dateTime": format!("{day}T00:00:00"), "timeZone": "W. Europe Standard Time"});
    let mut trip = series("Trip", "2026-03-09", json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}), Some(4));
    (trip["start"], trip["end"], trip["isAllDay"]) = (day("2026-03-09"), day("2026-03-11"), json!(true));
    let id = world.create(trip);
    world.change_instance(&id, "2026-03-15T23:00:00Z", json!({"subject": "Trip to the sea"}));
    world.cancel_instance(&id, "2026-03-29T22:00:00Z");
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0), "{report:?}");
    let shown: Vec<(String, String, String)> = world.shown().await;
    let expected =
        [("Trip", "2026-03-09", "2026-03-11"), ("Trip to the sea", "2026-03-16", "2026-03-18"), ("Trip", "2026-03-23", "2026-03-25")];
    assert_eq!(shown, expected.map(|(title, start, end)| (title.to_owned(), start.to_owned(), end.to_owned())));
}

async fn what_outlook_knows_about_an_event_is_shown(at: TestHub) {
    let world = World::new(at).await;
    let mut meeting = event("Intake call", "2026-03-11");
    for (name, value) in [
        ("body", json!({"contentType": "text", "content": "Bring the papers"})),
        ("location", json!({"displayName": "Room 1"})),
        ("isOnlineMeeting", json!(true)),
        ("showAs", json!("tentative")),
        ("sensitivity", json!("private")),
        ("categories", json!(["Blue"])),
        ("attendees", json!([{"type": "optional", "emailAddress": {"name": "Eva", "address": "Eva@example.net"}}])),
    ] {
        meeting[name] = value;
    }
    world.create(meeting);
    world.connect().await;
    world.sync().await;
    let content = world.at.texts("SELECT content FROM events").await.remove(0);
    let event: syncline_domain::event::Event = serde_json::from_str(&content).unwrap();
    assert_eq!((event.title.as_str(), event.status), ("Intake call", EventStatus::Confirmed));
    assert_eq!((event.description.as_deref(), event.location.as_deref()), (Some("Bring the papers"), Some("Room 1")));
    assert!(event.conference_url.unwrap().starts_with("https://teams.microsoft.com/"));
    assert_eq!((event.busy, event.visibility), (syncline_domain::event::Busy::Tentative, syncline_domain::event::Visibility::Private));
    assert_eq!((event.categories, event.attendees[0].person.email.as_deref()), (vec!["Blue".to_owned()], Some("eva@example.net")));
    assert!(event.attendees[0].optional && event.organizer.unwrap().email.as_deref() == Some(ME));
}

async fn a_meeting_that_its_organizer_cancels_goes(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Meeting", "2026-03-11"));
    world.create(event("Stays", "2026-03-12"));
    world.connect().await;
    world.sync().await;
    world.act(MicrosoftDo::OrganizerCancels { account: ME.into(), event: id });
    let report = world.sync().await;
    assert_eq!(only(&report).counts.deleted, 1, "{report:?}");
    assert_eq!(world.titles().await, ["Stays"]);
}
