//! Series, zones and pages of Google.

use super::support::{ME, World, event, time, timed, weekly};
use serde_json::{Value, json};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{FULL, counts, only};
use syncline_domain::event::EventStatus;
use syncline_sandbox::{Fault, GoogleDo, Provider, Trouble};

syncline_core::store_suite! {
    a_series_is_one_object_with_its_moved_and_cancelled_instances,
    instances_that_change_later_join_their_stored_series,
    this_and_following_makes_two_series_and_loses_no_instance,
    a_series_that_becomes_a_single_event_and_back_is_there_once,
    a_deleted_series_takes_its_instances_along,
    an_invitation_to_one_instance_stands_alone,
    all_day_events_and_zones_are_kept,
    what_google_knows_about_an_event_is_shown,
    pages_come_to_their_end_over_empty_ones,
    a_break_between_pages_is_mended_by_the_next_try,
    a_calendar_of_which_only_busy_times_are_seen_says_busy,
}

fn change(instance: &str, patch: Value, master: &str) -> GoogleDo {
    GoogleDo::ChangeInstance { calendar: ME.into(), master: master.into(), original: instance.into(), patch }
}

fn cancel(instance: &str, master: &str) -> GoogleDo {
    GoogleDo::CancelInstance { calendar: ME.into(), master: master.into(), original: instance.into() }
}

async fn starts(world: &World) -> Vec<String> {
    world.shown().await.into_iter().map(|(_, start, _)| start).collect()
}

const FIRST: &str = "2026-03-09T09:00:00+01:00";
const SECOND: &str = "2026-03-16T09:00:00+01:00";
const THIRD: &str = "2026-03-23T09:00:00+01:00";
const FOURTH: &str = "2026-03-30T09:00:00+02:00";

async fn a_series_is_one_object_with_its_moved_and_cancelled_instances(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.act(change("2026-03-16T08:00:00Z", timed("Team", "2026-03-17T14:00:00", "2026-03-17T15:00:00"), &id));
    world.act(cancel("2026-03-23T08:00:00Z", &id));
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 0));
    assert_eq!(starts(&world).await, [FIRST, "2026-03-17T14:00:00+01:00", FOURTH]);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
    let report = world.at.sync_with(&world.user, FULL).await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1));
    world.is_well_behaved();
}

async fn instances_that_change_later_join_their_stored_series(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.connect().await;
    world.sync().await;
    assert_eq!(starts(&world).await, [FIRST, SECOND, THIRD, FOURTH]);
    world.act(change("2026-03-16T08:00:00Z", json!({"summary": "Team, with guests"}), &id));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0));
    world.act(cancel("2026-03-23T08:00:00Z", &id));
    world.sync().await;
    assert_eq!(world.titles().await, ["Team", "Team, with guests", "Team"]);
    world.act(GoogleDo::Change { calendar: ME.into(), event: id.clone(), patch: json!({"location": "Room 5"}) });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0));
    assert_eq!(starts(&world).await, [FIRST, SECOND, FOURTH], "what was changed before is still so");
    // What was put together step by step is what a full listing says.
    let report = world.at.sync_with(&world.user, FULL).await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1));
    assert_eq!(world.at.number("SELECT COUNT(*) FROM journal WHERE action = 'insert'").await, 2);
}

async fn this_and_following_makes_two_series_and_loses_no_instance(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.act(change("2026-03-30T07:00:00Z", json!({"summary": "Last one"}), &id));
    world.connect().await;
    world.sync().await;
    let patch = json!({"summary": "New team"});
    world.act(GoogleDo::ChangeFollowing { calendar: ME.into(), master: id, original: "2026-03-23T08:00:00Z".into(), patch });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 1, 0, 0), "{report:?}");
    assert_eq!(world.titles().await, ["Team", "Team", "New team", "New team"]);
    assert_eq!(starts(&world).await, [FIRST, SECOND, THIRD, FOURTH]);
}

async fn a_series_that_becomes_a_single_event_and_back_is_there_once(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.act(change("2026-03-16T08:00:00Z", json!({"summary": "Other"}), &id));
    world.connect().await;
    world.sync().await;
    let rules = |rules: Value| GoogleDo::Change { calendar: ME.into(), event: id.clone(), patch: json!({ "recurrence": rules }) };
    world.act(cancel("2026-03-16T08:00:00Z", &id));
    world.act(rules(Value::Null));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(starts(&world).await, [FIRST]);
    world.act(rules(json!(["RRULE:FREQ=DAILY;COUNT=2"])));
    world.sync().await;
    assert_eq!(starts(&world).await, [FIRST, "2026-03-10T09:00:00+01:00"]);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM mirror").await, 1);
}

async fn a_deleted_series_takes_its_instances_along(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.act(change("2026-03-16T08:00:00Z", json!({"summary": "Other"}), &id));
    for day in 1..=9 {
        world.create(event("Stays", &format!("2026-03-0{day}")));
    }
    world.connect().await;
    world.sync().await;
    world.act(GoogleDo::Delete { calendar: ME.into(), event: id });
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 9), "{report:?}");
    assert_eq!(world.titles().await, vec!["Stays"; 9]);
}

async fn an_invitation_to_one_instance_stands_alone(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Stays", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    // As Google sends it to a guest of one instance: there is no master.
    let item = |status: &str| {
        let instance = json!({
            "kind": "calendar#event", "etag": "\"7\"", "id": "abcdef_20260316T080000Z", "status": status, "summary": "Guest",
            "recurringEventId": "abcdef", "iCalUID": "abcdef@google.com",
            "originalStartTime": {"dateTime": "2026-03-16T09:00:00+01:00", "timeZone": "Europe/Berlin"},
            "start": {"dateTime": "2026-03-16T09:00:00+01:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-03-16T10:00:00+01:00", "timeZone": "Europe/Berlin"},
        });
        json!({"kind": "calendar#events", "items": [instance], "nextSyncToken": "made up"}).to_string()
    };
    let answer = |status: &str| Trouble::Status { status: 200, headers: Default::default(), body: item(status) };
    world.sandbox.arm(Fault::on(Provider::Google, answer("confirmed")).path("/calendars/"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 1), "{report:?}");
    assert_eq!(world.titles().await, ["Stays", "Guest"]);
    assert_eq!(starts(&world).await[1], SECOND);
    world.sandbox.arm(Fault::on(Provider::Google, answer("cancelled")).path("/calendars/"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
    assert_eq!(world.titles().await, ["Stays"]);
}

async fn all_day_events_and_zones_are_kept(at: TestHub) {
    let world = World::new(at).await;
    world.create(json!({"summary": "Fair", "start": {"date": "2026-03-27"}, "end": {"date": "2026-03-30"}}));
    let tokyo = |wall: &str| time(wall, "Asia/Tokyo");
    world.create(json!({"summary": "Call", "start": tokyo("2026-03-12T08:00:00"), "end": tokyo("2026-03-12T09:00:00")}));
    let days = json!({"summary": "Rent", "start": {"date": "2026-03-31"}, "end": {"date": "2026-04-01"}, "recurrence": ["RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2"]});
    let id = world.create(days);
    world.act(change("2026-04-30", json!({"summary": "Rent, raised"}), &id));
    world.connect().await;
    world.sync().await;
    let shown = world.shown().await;
    let of = |summary: &str, start: &str, end: &str| (summary.to_owned(), start.to_owned(), end.to_owned());
    assert_eq!(
        shown,
        [
            of("Call", "2026-03-12T00:00:00+01:00", "2026-03-12T01:00:00+01:00"),
            of("Fair", "2026-03-27", "2026-03-30"),
            of("Rent", "2026-03-31", "2026-04-01"),
            of("Rent, raised", "2026-04-30", "2026-05-01"),
        ]
    );
    let zones = world.at.occurrences(&world.user, jiff::civil::date(2026, 3, 11), jiff::civil::date(2026, 3, 13), None).await.unwrap();
    assert_eq!(zones[0].timezone.as_deref(), Some("Asia/Tokyo"));
}

async fn what_google_knows_about_an_event_is_shown(at: TestHub) {
    let world = World::new(at).await;
    let mut rich = event("Review", "2026-03-11");
    rich["colorId"] = json!("11");
    rich["status"] = json!("tentative");
    rich["attendees"] = json!([{"email": ME, "responseStatus": "declined"}, {"email": "eva@example.net", "optional": true}]);
    rich["description"] = json!("Join: https://us02web.zoom.us/j/123");
    rich["location"] = json!("Room 5");
    world.create(rich);
    world.connect().await;
    world.sync().await;
    let found = world.at.search(&world.user, "Review", 5).await.unwrap();
    let details = world.at.event_details(&world.user, &found[0].id, &found[0].key).await.unwrap();
    assert_eq!(details.conference_url.as_deref(), Some("https://us02web.zoom.us/j/123"));
    assert_eq!(details.attendees.len(), 2);
    assert!(found[0].declined && found[0].status == EventStatus::Tentative);
    assert_eq!(found[0].color, syncline_domain::color::nearest("#dc2127").unwrap());
}

fn many(number: usize) -> GoogleDo {
    let events = (0..number).map(|index| event(&format!("Event {index}"), &format!("2026-03-{:02}", 1 + index % 28))).collect();
    GoogleDo::Fill { calendar: ME.into(), events }
}

async fn pages_come_to_their_end_over_empty_ones(at: TestHub) {
    let world = World::new(at).await;
    world.act(many(2600));
    let id = world.create(weekly("Team"));
    world.act(cancel("2026-03-16T08:00:00Z", &id));
    world.sandbox.habits(|habits| habits.google.empty_pages = true);
    world.connect().await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(2601, 0, 0, 0));
    assert_eq!(only(&report).requests, 3, "2,500 events, nothing, the rest");
    assert_eq!(world.titles().await.len(), 2603);
    assert_eq!(only(&world.sync().await).requests, 1);
    world.is_well_behaved();
}

async fn a_break_between_pages_is_mended_by_the_next_try(at: TestHub) {
    let world = World::new(at).await;
    world.act(many(2600));
    world.connect().await;
    world.sandbox.arm(Fault::on(Provider::Google, Trouble::CutAfter { bytes: 2000 }).path("/calendars/").after(1));
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(only(&report).counts, counts(2600, 0, 0, 0), "counted once");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM journal").await, 2600, "written once");
}

async fn a_calendar_of_which_only_busy_times_are_seen_says_busy(at: TestHub) {
    let world = World::new(at).await;
    let bert = super::support::OTHER;
    world.act(GoogleDo::Create { calendar: bert.into(), event: event("Secret", "2026-03-11") });
    world.act(GoogleDo::Share { calendar: bert.into(), account: ME.into(), role: "freeBusyReader".into() });
    world.connect().await;
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.titles().await, ["Busy"]);
}
