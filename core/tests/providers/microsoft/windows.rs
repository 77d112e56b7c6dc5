//! The window of a round: it is moved, and nothing is lost at its edges. It is March 2026; the window reaches two years both ways.

use super::support::{World, event, moved_to, series};
use jiff::civil::{Date, date};
use serde_json::json;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{counts, only};

syncline_core::store_suite! {
    what_falls_out_of_the_window_stays_and_what_enters_is_fetched,
    what_changes_before_it_falls_out_is_not_missed,
    what_fell_out_can_still_be_changed_and_deleted,
    an_event_beyond_the_window_is_kept_until_it_is_deleted,
    a_series_keeps_what_was_changed_before_the_window,
    a_lost_link_after_the_window_moved_on_deletes_nothing_of_the_past,
    a_series_that_leaves_the_window_is_kept,
}

/// Titles and starts of a period, as the clock in Berlin shows them.
async fn between(world: &World, from: Date, to: Date) -> Vec<(String, String)> {
    let found = world.at.occurrences(&world.user, from, to, Some("Europe/Berlin")).await.unwrap();
    found.into_iter().map(|one| (one.summary, one.start[..10].to_owned())).collect()
}

async fn live(world: &World) -> Vec<String> {
    world.at.texts("SELECT title FROM events WHERE deleted_at IS NULL ORDER BY title").await
}

/// The window is moved by the sync after this one.
async fn until_the_window_moves(world: &World) {
    world.days_pass(20);
    let report = world.sync().await;
    assert_eq!(only(&report).requests, 1, "it is not moved yet");
    world.days_pass(11);
}

async fn what_falls_out_of_the_window_stays_and_what_enters_is_fetched(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Long ago", "2024-03-15"));
    world.create(event("Today", "2026-03-10"));
    world.create(event("Far ahead", "2028-03-25"));
    world.connect().await;
    world.sync().await;
    assert_eq!(live(&world).await, ["Long ago", "Today"]);
    until_the_window_moves(&world).await;
    drop(world.asked());
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    let (counted, asked) = (only(&report).counts, world.asked());
    assert_eq!((counted.synced, counted.updated, counted.deleted), (1, 0, 0), "{report:?}");
    assert_eq!(asked.len(), 2, "the old round to its end, and the new one");
    assert!(asked[0].query("startDateTime").is_none());
    assert_eq!(asked[1].query("startDateTime").unwrap()[..10], *"2024-04-10");
    assert_eq!(live(&world).await, ["Far ahead", "Long ago", "Today"]);
    let report = world.sync().await;
    assert_eq!((only(&report).counts, only(&report).requests), (counts(0, 0, 0, 3), 1), "from then on it is quiet again");
    world.is_well_behaved();
}

async fn what_changes_before_it_falls_out_is_not_missed(at: TestHub) {
    let world = World::new(at).await;
    let (renamed, deleted) = (world.create(event("Renamed", "2024-03-15")), world.create(event("Deleted", "2024-03-16")));
    let weekly = series("Team", "2024-03-11", json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}), None);
    let team = world.create(weekly);
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    until_the_window_moves(&world).await;
    world.change(&renamed, json!({"subject": "Better name"}));
    world.delete(&deleted);
    world.cancel_instance(&team, "2024-03-25T08:00:00Z");
    let report = world.sync().await;
    assert!(report.success, "{report:?}");
    assert_eq!(live(&world).await, ["Better name", "Team", "Today"]);
    let march = between(&world, date(2024, 3, 10), date(2024, 4, 6)).await;
    let expected = [("Team", "2024-03-11"), ("Better name", "2024-03-15"), ("Team", "2024-03-18"), ("Team", "2024-04-01")];
    assert_eq!(march, expected.map(|(title, day)| (title.to_owned(), day.to_owned())));
}

async fn what_fell_out_can_still_be_changed_and_deleted(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Long ago", "2024-03-15"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    until_the_window_moves(&world).await;
    world.sync().await;
    // To Graph both look like deletions.
    world.change(&id, json!({"subject": "Better name"}));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    assert_eq!(live(&world).await, ["Better name", "Today"]);
    world.delete(&id);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
}

async fn an_event_beyond_the_window_is_kept_until_it_is_deleted(at: TestHub) {
    let world = World::new(at).await;
    let id = world.create(event("Jubilee", "2026-03-20"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    let ids = world.at.texts("SELECT id FROM events ORDER BY id").await;
    world.change(&id, moved_to("2029-01-10"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    assert_eq!(between(&world, date(2029, 1, 1), date(2029, 2, 1)).await.len(), 1);
    for _ in 0..2 {
        let report = world.full().await;
        assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "a round does not tell it, so it is looked up: {report:?}");
    }
    world.change(&id, moved_to("2026-04-10"));
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    world.change(&id, moved_to("2029-01-10"));
    world.sync().await;
    assert_eq!(world.at.texts("SELECT id FROM events ORDER BY id").await, ids, "it is the same event all the time");
    world.lose_links();
    world.delete(&id);
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 1, 1), "{report:?}");
}

async fn a_series_keeps_what_was_changed_before_the_window(at: TestHub) {
    let world = World::new(at).await;
    let weekly = series("Team", "2024-03-11", json!({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}), None);
    let id = world.create(weekly);
    world.change_instance(&id, "2024-03-18T08:00:00Z", json!({"subject": "With guests"}));
    world.cancel_instance(&id, "2024-03-25T08:00:00Z");
    world.connect().await;
    world.sync().await;
    let expected = [("Team", "2024-03-11"), ("With guests", "2024-03-18"), ("Team", "2024-04-01")];
    let expected = expected.map(|(title, day)| (title.to_owned(), day.to_owned()));
    assert_eq!(between(&world, date(2024, 3, 10), date(2024, 4, 6)).await, expected);
    until_the_window_moves(&world).await;
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 1), "another window is no change: {report:?}");
    assert_eq!(between(&world, date(2024, 3, 10), date(2024, 4, 6)).await, expected);
    // The series comes again without what lies before the window.
    world.cancel_instance(&id, "2026-05-04T07:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 0), "{report:?}");
    assert_eq!(between(&world, date(2024, 3, 10), date(2024, 4, 6)).await, expected);
    assert_eq!(between(&world, date(2026, 5, 1), date(2026, 5, 12)).await, [("Team".to_owned(), "2026-05-11".to_owned())]);
}

async fn a_lost_link_after_the_window_moved_on_deletes_nothing_of_the_past(at: TestHub) {
    let world = World::new(at).await;
    world.create(event("Long ago", "2024-03-15"));
    world.create(event("At the edge", "2024-04-09"));
    let gone = world.create(event("Gone", "2026-03-12"));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    world.days_pass(31);
    world.delete(&gone);
    // Links live thirty days.
    let report = world.sync().await;
    assert_eq!(only(&report).counts.deleted, 1, "{report:?}");
    assert_eq!(live(&world).await, ["At the edge", "Long ago", "Today"]);
}

async fn a_series_that_leaves_the_window_is_kept(at: TestHub) {
    let world = World::new(at).await;
    let yearly = json!({"type": "absoluteYearly", "interval": 5, "dayOfMonth": 20, "month": 3});
    let id = world.create(series("Jubilee", "2026-03-20", yearly, None));
    world.create(event("Today", "2026-03-10"));
    world.connect().await;
    world.sync().await;
    // Its only occurrence in the window is deleted; the next is in 2031.
    world.cancel_instance(&id, "2026-03-20T08:00:00Z");
    let report = world.sync().await;
    assert_eq!(only(&report).counts, counts(0, 1, 0, 1), "{report:?}");
    assert_eq!(world.titles().await, ["Today"]);
    assert_eq!(between(&world, date(2031, 3, 1), date(2031, 4, 1)).await, [("Jubilee".to_owned(), "2031-03-20".to_owned())]);
    let report = world.full().await;
    assert_eq!(only(&report).counts, counts(0, 0, 0, 2), "{report:?}");
}
