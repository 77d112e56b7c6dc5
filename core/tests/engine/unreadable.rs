//! One broken event is counted and named, and is nobody's failure.

use super::account::account;
use super::connected;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::sync::{FULL, counts, only};
use syncline_domain::sync::{CalendarResult, Counts, JobStatus, ResultStatus};
use syncline_domain::view::ConnectionState;
use syncline_sandbox::caldav::{CalDavHost, Quirks, event};
use syncline_sandbox::ics::{Calendar, Feed, IcsHost};

syncline_core::store_suite! {
    what_can_not_be_read_is_named_by_every_sync_and_is_no_failure,
    an_event_that_becomes_unreadable_keeps_its_last_good_content,
    an_unreadable_event_that_goes_is_not_counted_any_more,
    an_unreadable_object_is_fetched_again_only_when_its_version_changes,
    an_object_that_the_server_holds_back_is_asked_for_again,
}

const BROKEN: &str = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nSUMMARY:No start\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

fn broken() -> Vec<String> {
    vec!["SUMMARY:No start".to_owned()]
}

fn named(line: &CalendarResult) -> Vec<(&str, &str)> {
    line.unreadable.iter().map(|one| (one.object.as_str(), one.reason.as_str())).collect()
}

async fn what_can_not_be_read_is_named_by_every_sync_and_is_no_failure(at: TestHub) {
    let mut calendar = Calendar::many(10);
    calendar.entries[4].lines = broken();
    calendar.entries[7].lines.push("STATUS:CANCELLED".to_owned());
    let host = IcsHost::with(Feed::new(calendar)).await;
    let user = connected(&at, &host).await;
    let expected = |synced, updated, unchanged| Counts { skipped: 1, errors: 1, ..counts(synced, updated, 0, unchanged) };

    let report = at.sync(&user).await;
    assert!(report.success, "{report:?}");
    assert_eq!((report.status, report.message.as_str()), (JobStatus::Completed, "Synced 1 of 1 calendar(s)"));
    let line = only(&report);
    assert_eq!((line.counts, line.status, line.error.as_ref()), (expected(8, 0, 0), ResultStatus::Partial, None));
    assert_eq!(
        line.skipped_reasons.iter().map(|(reason, number)| (reason.as_str(), *number)).collect::<Vec<_>>(),
        [("cancelled", 1), ("no_start", 1)]
    );
    assert_eq!(named(line), [("event-4", "no_start")]);
    let connection = &at.connections(&user).await.unwrap()[0];
    assert_eq!((connection.state, connection.last_success_at, connection.problem.as_ref()), (ConnectionState::Ok, Some(at.now()), None));
    assert!(connection.next_sync_at.unwrap() >= at.now() + 800_000, "it does not back off");
    assert_eq!(at.number("SELECT failures FROM connections").await, 0);
    let calendar = &connection.calendars[0];
    assert_eq!((calendar.last_status, calendar.last_success_at), (Some(ResultStatus::Partial), Some(at.now())));
    assert!(at.number("SELECT COUNT(*) FROM calendars WHERE cursor IS NOT NULL").await == 1, "the pass came to its end");

    // Nothing changed: the same is true, and the same is said.
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts, only(&report).requests, report.success), (expected(0, 0, 8), 1, true));
    assert_eq!(named(only(&report)), [("event-4", "no_start")]);
    // Another event changed.
    host.change(|feed| feed.calendar.entries[0].lines[2] = "SUMMARY:Changed".to_owned());
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts, named(only(&report))), (expected(0, 1, 7), vec![("event-4", "no_start")]));
    // The owner mends it.
    host.change(|feed| feed.calendar.entries[4] = Calendar::many(10).entries[4].clone());
    let line = only(&at.sync(&user).await).clone();
    assert_eq!((line.counts, line.status), (Counts { skipped: 1, ..counts(1, 0, 0, 8) }, ResultStatus::Success));
    assert_eq!(only(&at.sync(&user).await).counts, Counts { skipped: 1, ..counts(0, 0, 0, 9) });
}

async fn an_event_that_becomes_unreadable_keeps_its_last_good_content(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| feed.calendar.entries[2].lines = broken());
    for _ in 0..2 {
        let line = only(&at.sync(&user).await).clone();
        assert_eq!((line.counts, line.status), (Counts { errors: 1, ..counts(0, 0, 0, 4) }, ResultStatus::Partial));
        assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 5);
    }
    host.change(|feed| feed.calendar = Calendar::many(5));
    let line = only(&at.sync(&user).await).clone();
    assert_eq!((line.counts, line.status), (counts(0, 0, 0, 5), ResultStatus::Success), "it says again what is stored");
    assert_eq!(only(&at.sync(&user).await).counts, counts(0, 0, 0, 5));
    assert_eq!(at.number("SELECT COUNT(*) FROM mirror WHERE unreadable IS NOT NULL").await, 0);
}

async fn an_unreadable_event_that_goes_is_not_counted_any_more(at: TestHub) {
    let mut calendar = Calendar::many(6);
    calendar.entries[4].lines = broken();
    calendar.entries[5].lines.push("STATUS:CANCELLED".to_owned());
    let host = IcsHost::with(Feed::new(calendar)).await;
    let user = connected(&at, &host).await;
    assert_eq!(only(&at.sync(&user).await).counts, Counts { skipped: 1, errors: 1, ..counts(4, 0, 0, 0) });
    host.change(|feed| feed.calendar.entries.truncate(4));
    for _ in 0..2 {
        let line = only(&at.sync(&user).await).clone();
        assert_eq!((line.counts, line.status), (counts(0, 0, 0, 4), ResultStatus::Success));
    }
    assert_eq!(at.number("SELECT COUNT(*) FROM mirror").await, 4, "nothing is left of it");
}

/// What was asked for objects since the last call: multigets and single ones.
fn fetched(host: &CalDavHost) -> usize {
    host.take_asked().iter().filter(|asked| matches!(asked.kind, "calendar-multiget" | "get" | "calendar-query")).count()
}

async fn an_unreadable_object_is_fetched_again_only_when_its_version_changes(at: TestHub) {
    let host = CalDavHost::start(Quirks::default()).await;
    host.fill("work", 3);
    host.put("work", "broken.ics", BROKEN);
    let user = account(&at, &host).await;
    let expected = |synced, unchanged| Counts { errors: 1, ..counts(synced, 0, 0, unchanged) };
    assert_eq!(only(&at.sync(&user).await).counts, expected(3, 0));
    let _ = host.take_asked();
    // The proof of the first pass, and a pass in which nothing changed.
    for _ in 0..2 {
        let report = at.sync(&user).await;
        assert_eq!((only(&report).counts, report.success), (expected(0, 3), true), "{report:?}");
        assert_eq!(fetched(&host), 0, "it is not fetched again");
    }
    // Something else changed.
    host.put("work", "e3.ics", event("e3@sandbox", "Event 3"));
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts, fetched(&host)), (expected(1, 3), 1));
    assert_eq!(named(only(&report)), [("/dav/cal/me/work/broken.ics", "no_start")]);
    // Whoever asks for everything gets it read once more.
    let report = at.sync_with(&user, FULL).await;
    assert_eq!((only(&report).counts, fetched(&host)), (expected(0, 4), 1), "{report:?}");
    // Another version, as broken as before; then a good one.
    host.put("work", "broken.ics", BROKEN.replace("No start", "Still none"));
    assert_eq!((only(&at.sync(&user).await).counts, fetched(&host)), (expected(0, 4), 1));
    host.put("work", "broken.ics", event("x", "Mended"));
    let report = at.sync(&user).await;
    assert_eq!((only(&report).counts, only(&report).status), (counts(1, 0, 0, 4), ResultStatus::Success));
    // Broken and deleted.
    host.put("work", "e3.ics", BROKEN);
    assert_eq!(only(&at.sync(&user).await).counts, Counts { errors: 1, ..counts(0, 0, 0, 4) });
    host.delete("work", "e3.ics");
    for deleted in [1, 0] {
        assert_eq!(only(&at.sync(&user).await).counts, counts(0, 0, deleted, 4));
    }
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

async fn an_object_that_the_server_holds_back_is_asked_for_again(at: TestHub) {
    let host = CalDavHost::start(Quirks { empty: vec!["e1.ics".to_owned()], ..Quirks::default() }).await;
    host.fill("work", 3);
    let user = account(&at, &host).await;
    let line = only(&at.sync(&user).await).clone();
    assert_eq!((line.counts, named(&line)), (Counts { errors: 1, ..counts(2, 0, 0, 0) }, vec![("/dav/cal/me/work/e1.ics", "empty_body")]));
    host.change(|quirks| quirks.empty.clear());
    let line = only(&at.sync(&user).await).clone();
    assert_eq!((line.counts, line.status), (counts(1, 0, 0, 2), ResultStatus::Success), "the same version can be read now");
}
