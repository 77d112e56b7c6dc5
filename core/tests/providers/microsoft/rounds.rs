//! Rounds of delta: pages, links, removals, and what they leave out.

use super::support::{ME, World, event, weekly};
use serde_json::{Value, json};
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};
use syncline_domain::sync::ResultStatus;
use syncline_sandbox::{Fault, MicrosoftDo, Provider, Trouble};

syncline_core::store_suite! {
    pages_come_to_their_end_over_empty_ones_and_repeated_items,
    every_request_asks_for_immutable_ids_in_utc,
    a_lost_link_is_noticed_in_each_of_its_dialects,
    a_round_that_is_lost_in_the_middle_begins_again,
    a_break_between_pages_is_mended_by_the_next_try,
    a_removed_series_takes_its_occurrences_along,
    what_was_never_stored_is_not_looked_up_when_it_is_removed,
    an_event_that_was_moved_to_another_calendar_is_there_once,
    occurrences_without_their_master_are_completed_by_asking_for_it,
    occurrences_of_a_master_that_is_gone_are_gone,
    of_an_item_that_comes_again_the_last_counts,
    a_lookup_that_fails_deletes_nothing,
    what_lies_among_the_deleted_items_is_removed,
    a_link_to_another_host_is_not_followed,
    a_mailbox_that_is_busy_is_waited_for,
}

const EVENTS: &str = "/me/calendars/";

/// The next round is these items, and leads to where the last one did.
async fn next_round(world: &World, items: Value) {
    let cursor: Value = serde_json::from_str(&world.at.texts("SELECT cursor FROM calendars").await[0]).unwrap();
    let body = json!({"value": items, "@odata.deltaLink": cursor["link"]}).to_string();
    answer(world, 200, body);
}

fn answer(world: &World, status: u16, body: String) {
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();
    world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::Status { status, headers, body }).path(EVENTS));
}

fn bare(master: &str, id: &str, day: &str) -> Value {
    let at = |time: &str| json!({"dateTime": format!("{day}T{time}.0000000"), "timeZone": "UTC"});
    json!({"@odata.type": "#microsoft.graph.event", "@odata.etag": "W/\"x\"", "id": id, "seriesMasterId": master, "type": "occurrence",
        "start": at("08:00:00"), "end": at("09:00:00")})
}

fn removed(id: &str) -> Value {
    json!({"@odata.type": "#microsoft.graph.event", "id": id, "@removed": {"reason": "deleted"}})
}

async fn pages_come_to_their_end_over_empty_ones_and_repeated_items(at: TestHub) {
    let world = World::new(at).await;
    world.sandbox.habits(|habits| {
        habits.microsoft.empty_pages = true;
        habits.microsoft.repeat_items = true;
    });
    let fill = |number: u32| {
        let event = |number: u32| event(&format!("Event {number}"), &format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1));
        world.act(MicrosoftDo::Fill { account: ME.into(), calendar: None, events: (0..number).map(event).collect() });
    };
    fill(1_150);
    world.create(weekly("Team"));
    fill(100);
    world.connect().await;
    drop(world.asked());
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1_251, 0, 0, 0));
    assert_eq!(world.asked().len(), 5, "three pages, and an empty one after each but the last");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 1_251);
    assert_eq!(world.titles().await.iter().filter(|title| *title == "Team").count(), 4);
    let report = world.full().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1_251));
    world.is_well_behaved();
}

async fn every_request_asks_for_immutable_ids_in_utc(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Dentist", "2026-03-11"));
    world.connect().await;
    world.sync().await;
    world.delete(&id);
    world.sync().await;
    let asked = world.asked();
    assert_eq!(asked.iter().map(|one| one.method.as_str()).collect::<Vec<_>>(), ["GET", "GET", "POST"]);
    for one in asked.iter().filter(|one| one.method == "GET") {
        let prefer = &one.headers["prefer"];
        for wish in [r#"IdType="ImmutableId""#, r#"outlook.timezone="UTC""#, r#"outlook.body-content-type="text""#, "odata.maxpagesize="] {
            assert!(prefer.contains(wish), "{prefer}");
        }
    }
    assert_eq!(world.titles().await, Vec::<String>::new());
    world.is_well_behaved();
}

async fn a_lost_link_is_noticed_in_each_of_its_dialects(at: TestHub) {
    let world = World::new(at).await;
    for day in 1..=9 {
        world.create(event("Event", &format!("2026-03-0{day}")));
    }
    world.connect().await;
    world.sync().await;
    let ids = world.at.texts("SELECT id FROM events ORDER BY id").await;
    for (status, code) in [
        (410, "SyncStateNotFound"),
        (410, "anything"),
        (400, "syncStateInvalid"),
        (400, "ResyncRequired"),
        (404, "SYNCSTATENOTFOUND"),
        (400, "InvalidDeltaToken"),
        (400, "BadRequest"),
    ] {
        answer(&world, status, json!({"error": {"code": "outer", "message": "x", "innerError": {"code": code}}}).to_string());
        drop(world.asked());
        let report = world.sync().await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 9), "{status} {code}: {report:?}");
        assert_eq!(world.asked().len(), 2, "{status} {code}: a new round");
    }
    // As the stand-in says it, with the fresh start in `Location`.
    world.lose_links();
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 9));
    assert_eq!(world.at.texts("SELECT id FROM events ORDER BY id").await, ids);
    let report = world.sync().await;
    assert_eq!(only(&report).requests, 1);
}

async fn a_round_that_is_lost_in_the_middle_begins_again(at: TestHub) {
    let world = World::new(at).await;
    let events = (0..1_200).map(|number| event(&format!("E{number}"), "2026-03-11")).collect();
    world.act(MicrosoftDo::Fill { account: ME.into(), calendar: None, events });
    world.connect().await;
    let body = json!({"error": {"code": "SyncStateNotFound"}}).to_string();
    let lost = Trouble::Status { status: 410, headers: Default::default(), body };
    world.sandbox.arm(Fault::on(Provider::Microsoft, lost).path(EVENTS).after(2));
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(only(&report).counts, counts(1_200, 0, 0, 0));
}

async fn a_break_between_pages_is_mended_by_the_next_try(at: TestHub) {
    let world = World::new(at).await;
    let events = (0..1_200).map(|number| event(&format!("E{number}"), "2026-03-11")).collect();
    world.act(MicrosoftDo::Fill { account: ME.into(), calendar: None, events });
    world.connect().await;
    // The second page breaks off, and all further tries do.
    world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::CutAfter { bytes: 5_000 }).path(EVENTS).after(1).times(5));
    let report = world.sync().await;
    assert_eq!((only(&report).counts.synced, report.success), (500, false), "{report:?}");
    world.sandbox.clear_faults();
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(world.at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 1_200);
    assert_eq!(world.at.number("SELECT COUNT(*) FROM journal").await, 1_200, "nothing was written twice");
}

async fn a_removed_series_takes_its_occurrences_along(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.change_instance(&id, "2026-03-16T08:00:00Z", json!({"subject": "Other"}));
    for day in 1..=9 {
        world.create(event("Stays", &format!("2026-03-0{day}")));
    }
    world.connect().await;
    world.sync().await;
    world.delete(&id);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 9), "{report:?}");
    assert_eq!(world.titles().await, vec!["Stays"; 9]);
}

async fn what_was_never_stored_is_not_looked_up_when_it_is_removed(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    world.create(event("Beyond", "2035-03-10"));
    drop(world.asked());
    let report = world.sync().await;
    assert_eq!((only(&report).counts, world.asked().len()), (counts(0, 0, 0, 1), 1));
}

async fn an_event_that_was_moved_to_another_calendar_is_there_once(at: TestHub) {
    let world = World::new(at).await;
    let work = world.add_calendar("Work");
    let (single, series) = (world.create(event("Dentist", "2026-03-11")), world.create(weekly("Team")));
    world.create(event("Stays", "2026-03-12"));
    world.connect().await;
    world.sync().await;
    for event in [single, series] {
        world.act(MicrosoftDo::Move { account: ME.into(), event, to: work.clone() });
    }
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!((report.counts.synced, report.counts.deleted), (2, 2), "{report:?}");
    assert_eq!(world.titles().await, ["Team", "Dentist", "Stays", "Team", "Team", "Team"]);
}

async fn occurrences_without_their_master_are_completed_by_asking_for_it(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    let id = world.create(weekly("Team"));
    next_round(&world, json!([bare(&id, "o1", "2026-03-09"), bare(&id, "o2", "2026-03-16")])).await;
    drop(world.asked());
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(1, 0, 0, 1), "{report:?}");
    assert_eq!(world.asked().len(), 2, "one look at the master");
    assert_eq!(world.titles().await.iter().filter(|title| *title == "Team").count(), 4);
    // With the next round comes the master itself.
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "{report:?}");
}

async fn occurrences_of_a_master_that_is_gone_are_gone(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(weekly("Team"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    world.delete(&id);
    next_round(&world, json!([bare(&id, "o1", "2026-03-09"), bare("never seen", "o2", "2026-03-09")])).await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
    assert_eq!(world.titles().await, ["Today"]);
}

async fn of_an_item_that_comes_again_the_last_counts(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Old", "2026-03-11"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    let mut changed = event("First", "2026-03-11");
    (changed["id"], changed["type"], changed["@odata.etag"]) = (json!(id), json!("singleInstance"), json!("W/\"1\""));
    let mut again = changed.clone();
    (again["subject"], again["@odata.etag"]) = (json!("Second"), json!("W/\"2\""));
    next_round(&world, json!([removed(&id), changed, again])).await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    assert_eq!(world.titles().await, ["Today", "Second"]);
    world.delete(&id);
    next_round(&world, json!([again, removed(&id)])).await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts.deleted, 1, "{report:?}");
    assert_eq!(world.titles().await, ["Today"]);
}

async fn a_lookup_that_fails_deletes_nothing(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Dentist", "2026-03-11"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    world.delete(&id);
    let fault = || Fault::on(Provider::Microsoft, Trouble::ServerError { status: 500 }).path("/$batch");
    world.sandbox.arm(fault().times(3));
    let report = world.sync().await;
    assert_eq!(only(&report).status, ResultStatus::Error, "{report:?}");
    assert_eq!(world.titles().await, ["Today", "Dentist"]);
    // The service does not say in which calendar an event is.
    let inner = json!({"responses": [{"id": "0", "status": 400, "headers": {}, "body": {"error": {"code": "BadRequest"}}}]});
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();
    let refused = Trouble::Status { status: 200, headers, body: inner.to_string() };
    world.sandbox.arm(Fault::on(Provider::Microsoft, refused).path("/$batch"));
    // One of the requests in the batch fails.
    let inner = json!({"responses": [{"id": "0", "status": 429, "headers": {"Retry-After": "1"}, "body": {"error": {"code": "x"}}}]});
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();
    let inner = Trouble::Status { status: 200, headers, body: inner.to_string() };
    world.sandbox.arm(Fault::on(Provider::Microsoft, inner).path("/$batch"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "it is tried again: {report:?}");
}

/// Deleted items keep their immutable ids.
async fn what_lies_among_the_deleted_items_is_removed(at: TestHub) {
    let world = World::new(at).await;
    let (single, old) = (world.create(event("Dentist", "2026-03-11")), world.create(event("Old", "2024-03-11")));
    let (series, living) = (world.create(weekly("Team")), world.create(weekly("Living")));
    for day in 1..=9 {
        world.create(event("Stays", &format!("2026-03-0{day}")));
    }
    world.connect().await;
    world.sync().await;
    [&single, &old, &series].into_iter().for_each(|id| world.delete(id));
    // As if the living series were said to be removed: it has occurrences, so it is not where it was.
    next_round(&world, json!([removed(&single), removed(&old), removed(&series), removed(&living)])).await;
    let mut ids = [&single, &old, &series, &living];
    ids.sort();
    let calendar = world.at.texts("SELECT remote_id FROM calendars").await.remove(0);
    let found = |(number, id): (usize, &&String)| {
        let mut body = if *id == &single {
            event("Dentist", "2026-03-11")
        } else if *id == &old {
            event("Old", "2024-03-11")
        } else {
            weekly("Team")
        };
        body["id"] = json!(id);
        body["calendar"] = if *id == &old { Value::Null } else { json!({"id": calendar}) };
        json!({"id": number.to_string(), "status": 200, "headers": {}, "body": body})
    };
    let body = json!({"responses": ids.iter().enumerate().map(found).collect::<Vec<_>>()}).to_string();
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();
    world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::Status { status: 200, headers, body }).path("/$batch"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts.deleted, 4, "{report:?}");
    assert_eq!(world.titles().await, vec!["Stays"; 9]);
}

async fn a_link_to_another_host_is_not_followed(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    answer(&world, 200, json!({"value": [], "@odata.nextLink": "http://127.0.0.2:9/me/calendarView/delta?$skiptoken=x"}).to_string());
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "malformed", "{report:?}");
    answer(&world, 200, json!({"value": []}).to_string());
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "malformed", "neither a next link nor a delta link: {report:?}");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1));
}

async fn a_mailbox_that_is_busy_is_waited_for(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    for (status, retry_after) in [(Some(503), Some(1)), (Some(503), None), (Some(429), Some(1)), (None, None)] {
        world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::RateLimited { status, retry_after }).path(EVENTS));
        let report = world.sync().await;
        assert!(report.success, "{status:?} {retry_after:?}: {report:?}");
    }
    world.sandbox.arm(Fault::on(Provider::Microsoft, Trouble::RateLimited { status: Some(503), retry_after: Some(900) }).path(EVENTS));
    let report = world.sync().await;
    assert_eq!(only(&report).error.clone().unwrap().code, "rate_limited");
    assert!(world.connections().await[0].next_sync_at.unwrap() >= world.at.now() + 900_000);
}
