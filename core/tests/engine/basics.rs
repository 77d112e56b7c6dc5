//! What a sync does, against an ICS host.

use super::connected;
use std::time::Duration;
use syncline_core::error::Error;
use syncline_core::hub::Scope;
use syncline_core::testing::db::TestHub;
use syncline_core::testing::seed;
use syncline_core::testing::sync::{AUTO, counts, only};
use syncline_domain::sync::{Counts, JobStatus, ResultStatus};
use syncline_domain::view::{ConnectionState, HoldDecision, Live, Preferences};
use syncline_sandbox::ics::{Calendar, Entry, Fault, Feed, IcsHost};

syncline_core::store_suite! {
    a_first_sync_stores_everything_and_a_second_writes_nothing,
    changes_and_removals_are_applied_and_the_counts_add_up,
    a_feed_that_lost_most_of_its_events_is_held_until_the_user_approves,
    a_rejected_hold_is_remembered_for_the_same_situation,
    an_empty_feed_is_held_and_settles_itself_when_the_events_come_back,
    a_broken_feed_keeps_the_events_and_tells_what_to_do,
    a_second_trigger_is_told_which_job_is_at_work,
    a_cancelled_job_ends_at_once_and_frees_the_connection,
    a_job_of_a_dead_process_is_closed_and_its_connection_freed,
    a_lock_that_has_expired_is_taken_over,
    another_users_connection_can_not_be_synced,
    the_journal_knows_what_was_before,
    the_live_stream_tells_progress_in_order_and_the_end_once,
    an_endless_series_is_there_however_far_one_looks,
}

/// What every write of a sync would move: rows and their last change.
async fn fingerprint(at: &TestHub) -> Vec<i64> {
    let mut numbers = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM events",
        "SELECT COUNT(*) FROM events WHERE deleted_at IS NOT NULL",
        "SELECT CAST(COALESCE(SUM(updated_at), 0) AS BIGINT) FROM events",
        "SELECT COUNT(*) FROM occurrences",
        "SELECT COUNT(*) FROM mirror",
        "SELECT COUNT(*) FROM journal",
    ] {
        numbers.push(at.number(sql).await);
    }
    numbers
}

async fn a_first_sync_stores_everything_and_a_second_writes_nothing(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(1234))).await;
    let user = connected(&at, &host).await;
    let first = at.sync(&user).await;
    assert!(first.success, "{first:?}");
    assert_eq!(first.message, "Synced 1 of 1 calendar(s)");
    assert_eq!(only(&first).counts, counts(1234, 0, 0, 0));
    assert_eq!(at.number("SELECT live_objects FROM calendars").await, 1234);
    let before = fingerprint(&at).await;

    let second = at.sync(&user).await;
    assert_eq!(only(&second).counts, counts(0, 0, 0, 1234));
    assert_eq!(only(&second).requests, 1);
    assert_eq!(fingerprint(&at).await, before);
    let connection = &at.connections(&user).await.unwrap()[0];
    assert_eq!((connection.state, connection.last_success_at), (ConnectionState::Ok, Some(at.now())));
    assert!(connection.next_sync_at.unwrap() > at.now());
}

async fn changes_and_removals_are_applied_and_the_counts_add_up(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(100))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| {
        feed.calendar.entries[3].lines[2] = "SUMMARY:Moved to the garden".to_owned();
        feed.calendar.entries.truncate(95);
        feed.calendar.entries.push(Entry::timed("fresh", "Fresh", ":20261120T090000Z", ":20261120T100000Z"));
        feed.calendar.entries.push(Entry::timed("off", "Off", ":20261121T090000Z", ":20261121T100000Z").line("STATUS:CANCELLED"));
    });
    let report = at.sync(&user).await;
    let line = only(&report);
    assert_eq!(line.counts, Counts { skipped: 1, ..counts(1, 1, 5, 94) });
    assert_eq!(line.skipped_reasons.get("cancelled"), Some(&1));
    assert_eq!(at.number("SELECT live_objects FROM calendars").await, 96);
    assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 96);
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, 96);
    assert_eq!(at.texts("SELECT title FROM events WHERE uid = 'event-3'").await, ["Moved to the garden"]);

    // What was deleted comes back under its old id.
    let id = at.texts("SELECT id FROM events WHERE uid = 'event-97'").await;
    host.change(|feed| feed.calendar = Calendar::many(100));
    at.sync(&user).await;
    assert_eq!(at.texts("SELECT id FROM events WHERE uid = 'event-97' AND deleted_at IS NULL").await, id);
}

async fn a_feed_that_lost_most_of_its_events_is_held_until_the_user_approves(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(240))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| feed.calendar.entries.drain(3..).for_each(drop));
    let report = at.sync(&user).await;
    let line = only(&report);
    assert_eq!(line.status, ResultStatus::Held);
    assert!(report.success, "a hold is no failure: {report:?}");
    let hold = line.hold.clone().expect("a hold");
    assert_eq!((hold.would_delete, hold.remaining, hold.live), (237, 3, 240));
    assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 240, "nothing was removed");

    // The same again: still one hold.
    host.change(|feed| feed.calendar.entries[0].lines.push("COMMENT:x".to_owned()));
    at.sync(&user).await;
    let holds = at.holds(&user).await.unwrap();
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].id, hold.id);
    assert_eq!(holds[0].events.len(), 237);
    assert_eq!(holds[0].events[0].start, "2026-01-01 09:30");
    let berlin = Preferences { time_zone: Some("Europe/Berlin".to_owned()), ..Preferences::default() };
    at.set_preferences(&user, &berlin).await.unwrap();
    assert_eq!(at.hold(&user, &hold.id).await.unwrap().events[0].start, "2026-01-01 10:30", "in the viewer's zone");

    let other = seed::user(&at.hub, "bert@example.com").await;
    assert!(matches!(at.decide_hold(&other, &hold.id, HoldDecision::Approve).await, Err(Error::NotFound(_))));
    assert_eq!(at.decide_hold(&user, &hold.id, HoldDecision::Approve).await.unwrap(), 237);
    assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 3);
    assert_eq!(at.number("SELECT live_objects FROM calendars").await, 3);
    assert!(at.holds(&user).await.unwrap().is_empty());
    assert!(matches!(at.decide_hold(&user, &hold.id, HoldDecision::Approve).await, Err(Error::NotFound(_))));
}

async fn a_rejected_hold_is_remembered_for_the_same_situation(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(100))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| feed.calendar.entries.truncate(50));
    let hold = only(&at.sync(&user).await).hold.clone().expect("a hold");
    assert_eq!(at.decide_hold(&user, &hold.id, HoldDecision::Reject).await.unwrap(), 0);

    host.change(|feed| feed.calendar.entries[0].lines[2] = "SUMMARY:Changed".to_owned());
    let report = at.sync(&user).await;
    assert_eq!(only(&report).status, ResultStatus::Success, "{report:?}");
    assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 100);

    // Listed again and gone again is a new situation.
    host.change(|feed| feed.calendar = Calendar::many(100));
    at.sync(&user).await;
    host.change(|feed| feed.calendar.entries.truncate(50));
    assert_eq!(only(&at.sync(&user).await).status, ResultStatus::Held);
}

async fn an_empty_feed_is_held_and_settles_itself_when_the_events_come_back(at: TestHub) {
    let ahead = (10..15).fold(Calendar::named("Ahead"), |calendar, day| {
        calendar.with(Entry::all_day(&format!("day-{day}"), "Trip", &format!("202612{day}")))
    });
    let host = IcsHost::with(Feed::new(ahead.clone())).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    host.change(|feed| feed.calendar.entries.clear());
    assert_eq!(only(&at.sync(&user).await).status, ResultStatus::Held);
    host.change(|feed| feed.calendar = ahead);
    let report = at.sync(&user).await;
    assert_eq!(only(&report).status, ResultStatus::Success);
    assert_eq!(only(&report).counts, counts(0, 0, 0, 5));
    assert!(at.holds(&user).await.unwrap().is_empty());
}

async fn a_broken_feed_keeps_the_events_and_tells_what_to_do(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(50))).await;
    let user = connected(&at, &host).await;
    let success = at.sync(&user).await;
    assert!(success.success);
    let succeeded_at = at.now();
    for fault in [Fault::Html, Fault::CutFile(900), Fault::CutConnection(900), Fault::Status(404, None), Fault::Status(500, None)] {
        host.change(|feed| feed.fault = Some(fault.clone()));
        let report = at.sync(&user).await;
        let line = only(&report);
        assert_eq!((line.status, report.status), (ResultStatus::Error, JobStatus::Failed), "{fault:?}");
        assert_eq!(report.message, "Synced 0 of 1 calendar(s)");
        let problem = line.error.clone().expect("a problem");
        assert!(!problem.action.is_empty() && problem.message.contains("still here"), "{problem:?}");
        assert!(!problem.message.contains("secret-path"), "{problem:?}");
        assert_eq!(at.number("SELECT COUNT(*) FROM events WHERE deleted_at IS NULL").await, 50, "{fault:?}");
        let connection = &at.connections(&user).await.unwrap()[0];
        assert_eq!(connection.last_success_at, Some(succeeded_at), "the last success is kept apart from the last attempt");
        assert_eq!(connection.last_attempt_at, Some(at.now()));
    }
}

async fn a_second_trigger_is_told_which_job_is_at_work(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    host.change(|feed| feed.fault = Some(Fault::Hang));
    let started = at.start_sync(&user, Scope::Everything, AUTO).await.unwrap();
    match at.start_sync(&user, Scope::Everything, AUTO).await {
        Err(Error::AlreadyRunning { job }) => assert_eq!(job, started.run_id),
        other => panic!("{other:?}"),
    }
    let overview = at.sync_overview(&user).await.unwrap();
    assert_eq!(overview.running.len(), 1);
    assert_eq!(overview.running[0].job_id, started.run_id);
    at.cancel_sync(&user, &started.run_id).await.unwrap();
    at.wait_for(&user, &started.run_id).await.unwrap();
}

async fn a_cancelled_job_ends_at_once_and_frees_the_connection(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    host.change(|feed| feed.fault = Some(Fault::Hang));
    let started = at.start_sync(&user, Scope::Everything, AUTO).await.unwrap();
    at.cancel_sync(&user, &started.run_id).await.unwrap();
    let report = tokio::time::timeout(Duration::from_secs(10), at.wait_for(&user, &started.run_id)).await.expect("at once").unwrap();
    assert_eq!(report.status, JobStatus::Cancelled);
    assert!(!report.success);
    let connection = at.connections(&user).await.unwrap().remove(0);
    assert_eq!((connection.state, connection.problem), (ConnectionState::New, None), "a cancellation is no failure");
    host.change(|feed| feed.fault = None);
    assert!(at.sync(&user).await.success);
}

async fn a_job_of_a_dead_process_is_closed_and_its_connection_freed(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    // What a killed process leaves behind: an open job and a lease that has not expired.
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let expires = at.now() + 200_000;
    at.execute(&format!("UPDATE locks SET owner = '{}/4194999/dead', expires_at = {expires}", hostname.trim())).await;
    at.execute("UPDATE sync_jobs SET finished_at = NULL, status = 'running'").await;
    at.advance(1);
    let report = at.sync(&user).await;
    assert!(report.success, "{report:?}");
    assert_eq!(at.number("SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL").await, 0);
    let jobs = at.jobs(&user, 10).await.unwrap();
    assert_eq!(jobs[1].progress.error.as_ref().map(|problem| problem.code.as_str()), Some("interrupted"));
}

async fn a_lock_that_has_expired_is_taken_over(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    let expires = at.now() + 200_000;
    at.execute(&format!("UPDATE locks SET owner = 'elsewhere/1/alive', expires_at = {expires}")).await;
    assert!(matches!(at.start_sync(&user, Scope::Everything, AUTO).await, Err(Error::AlreadyRunning { .. })));
    let fence = at.number("SELECT fence FROM locks").await;
    at.advance(200_001);
    assert!(at.sync(&user).await.success);
    assert!(at.number("SELECT fence FROM locks").await > fence, "the fencing token never goes back");
}

async fn another_users_connection_can_not_be_synced(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(5))).await;
    let user = connected(&at, &host).await;
    let other = seed::user(&at.hub, "bert@example.com").await;
    let connection = at.connections(&user).await.unwrap().remove(0);
    let scope = Scope::Connections(vec![connection.id.clone()]);
    assert!(matches!(at.start_sync(&other, scope, AUTO).await, Err(Error::NotFound(_))));
    let scope = Scope::Calendars(vec![connection.calendars[0].id.clone()]);
    assert!(matches!(at.start_sync(&other, scope, AUTO).await, Err(Error::NotFound(_))));
    assert!(matches!(at.disconnect(&other, &connection.id).await, Err(Error::NotFound(_))));
    assert!(matches!(at.set_connection_enabled(&other, &connection.id, false).await, Err(Error::NotFound(_))));
    let started = at.start_sync(&user, Scope::Everything, AUTO).await.unwrap();
    assert!(matches!(at.wait_for(&other, &started.run_id).await, Err(Error::NotFound(_))));
    assert!(matches!(at.cancel_sync(&other, &started.run_id).await, Err(Error::NotFound(_))));
    at.wait_for(&user, &started.run_id).await.unwrap();
    assert!(at.connections(&other).await.unwrap().is_empty());
    at.disconnect(&user, &connection.id).await.unwrap();
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, 0, "nothing is left of a connection that was removed");
}

async fn the_journal_knows_what_was_before(at: TestHub) {
    let host = IcsHost::with(Feed::new(Calendar::many(3))).await;
    let user = connected(&at, &host).await;
    at.sync(&user).await;
    assert_eq!(at.number("SELECT COUNT(*) FROM journal WHERE action = 'insert' AND before IS NULL").await, 3);
    host.change(|feed| {
        feed.calendar.entries[0].lines[2] = "SUMMARY:New title".to_owned();
        feed.calendar.entries.pop();
    });
    at.sync(&user).await;
    let before = at.texts("SELECT before FROM journal WHERE action = 'update'").await;
    assert!(before.len() == 1 && before[0].contains("Meeting 0"), "{before:?}");
    let before = at.texts("SELECT before FROM journal WHERE action = 'delete'").await;
    assert!(before.len() == 1 && before[0].contains("Meeting 2"), "{before:?}");
}

async fn the_live_stream_tells_progress_in_order_and_the_end_once(at: TestHub) {
    use futures::StreamExt as _;
    let host = IcsHost::with(Feed::new(Calendar::many(2500))).await;
    let user = connected(&at, &host).await;
    let other = seed::user(&at.hub, "bert@example.com").await;
    let before = at.live_position();
    let mut live = at.live(&user, None);
    let mut quiet = at.live(&other, None);
    let started = at.start_sync(&user, Scope::Everything, AUTO).await.unwrap();
    let (mut seq, mut saved, mut read) = (0, 0, 0);
    let report = loop {
        let (_, message) = tokio::time::timeout(Duration::from_secs(60), live.next()).await.expect("the sync ends").unwrap();
        match message {
            Live::Progress(progress) => {
                assert!(progress.seq > seq, "{} after {seq}", progress.seq);
                seq = progress.seq;
                for line in &progress.calendars {
                    assert!(line.saved >= saved && line.read >= read && line.saved <= line.read, "{line:?}");
                    assert!(line.total.is_none_or(|total| line.saved <= total), "{line:?}");
                    (saved, read) = (line.saved, line.read);
                }
            }
            Live::Complete(report) => break report,
            Live::Changed => {}
        }
    };
    assert_eq!(report.job_id, started.run_id);
    assert_eq!((saved, report.counts.synced), (2500, 2500));
    assert!(tokio::time::timeout(Duration::from_millis(100), quiet.next()).await.is_err(), "another user hears nothing");
    // Who was away is told what ended meanwhile.
    let mut again = at.live(&user, Some(before));
    assert!(matches!(again.next().await, Some((_, Live::Complete(missed))) if missed == report));
}

async fn an_endless_series_is_there_however_far_one_looks(at: TestHub) {
    use jiff::civil::date;
    let daily = Entry::timed("daily", "Stand-up", ";TZID=Europe/Berlin:20150105T090000", ";TZID=Europe/Berlin:20150105T091500");
    let host = IcsHost::with(Feed::new(Calendar::named("Work").with(daily.line("RRULE:FREQ=DAILY")))).await;
    let user = connected(&at, &host).await;
    assert!(at.sync(&user).await.success);
    let stored = at.number("SELECT COUNT(*) FROM occurrences").await;
    assert!((900..930).contains(&stored), "12 months back and 18 ahead are stored, not more: {stored}");
    for (year, days) in [(2026, 31), (2015, 27), (2060, 31), (2031, 31)] {
        let period = at.period(&user, date(year, 1, 1), date(year, 2, 1)).await.unwrap();
        assert_eq!(period.events.len(), days, "January {year}");
    }
    let stored = at.number("SELECT COUNT(*) FROM occurrences").await;
    at.period(&user, date(2059, 12, 1), date(2060, 1, 1)).await.unwrap();
    assert_eq!(at.number("SELECT COUNT(*) FROM occurrences").await, stored, "paging back writes nothing");
}
