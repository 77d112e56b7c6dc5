//! Pages: what is committed with what, and what a page that never comes leaves behind.

use super::support::{Bench, SNAPSHOT, Scripted, Step, change, last, page, present};
use crate::engine::outcome::Stop;
use crate::provider::{Content, Coverage, Pass};
use futures::FutureExt as _;
use std::time::Duration;
use syncline_domain::failure::Class;
use syncline_domain::sync::{Counts, ResultStatus};

fn objects(range: std::ops::Range<u8>) -> Vec<crate::provider::Change> {
    range.map(|number| present(&format!("o{number}"), &format!("Event {number}"))).collect()
}

fn unreadable() -> Content {
    Content::Unreadable { reason: "no_start", detail: String::new() }
}

#[tokio::test]
async fn a_worker_that_lost_its_lock_writes_nothing_more() {
    let bench = Bench::new().await;
    let thief = {
        let at = bench.at.clone();
        async move {
            let _ = at.execute("UPDATE locks SET fence = fence + 1").await;
        }
    };
    let first = vec![page(objects(0..2), None), last(vec![], Coverage::Delta)];
    assert_eq!(bench.run(&Scripted::new([first])).await.result.status, ResultStatus::Success);
    let script = vec![Step::Meanwhile(thief.boxed()), page(objects(2..4), Some("x")), last(objects(4..6), Coverage::Delta)];
    bench.at.execute("UPDATE calendars SET cursor = 'before'").await;
    let line = bench.run(&Scripted::new([script])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::LockLost)), "{:?}", line.outcome);
    assert_eq!(bench.titles().await, ["Event 0", "Event 1"]);
    assert_eq!(bench.stored().await, ("before".to_owned(), String::new()));
    assert_eq!(line.result.counts, Counts::default(), "what was not committed is not counted");
}

#[tokio::test]
async fn the_cursor_is_stored_with_the_last_page_and_not_before() {
    let bench = Bench::new().await;
    let line = bench.run(&Scripted::new([vec![page(objects(0..2), None), Step::Fail(Class::Permanent)]])).await;
    assert_eq!((line.result.status, line.result.counts.synced), (ResultStatus::Partial, 2));
    assert_eq!((bench.titles().await.len(), bench.stored().await.0), (2, String::new()));
    let line = bench.run(&Scripted::new([vec![last(objects(0..3), SNAPSHOT)]])).await;
    assert_eq!((line.result.counts.synced, line.result.counts.unchanged), (1, 2));
    assert_eq!((bench.titles().await.len(), bench.stored().await.0), (3, "end".to_owned()));
}

#[tokio::test]
async fn a_page_whose_last_statement_fails_leaves_no_trace() {
    let bench = Bench::new().await;
    bench.at.execute("CREATE TRIGGER broken BEFORE UPDATE OF cursor ON calendars BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
    let line = bench.run(&Scripted::new([vec![last(objects(0..3), SNAPSHOT)]])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::Store(_))), "{:?}", line.outcome);
    for table in ["events", "mirror", "occurrences", "journal"] {
        assert_eq!(bench.at.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!((line.result.counts, bench.at.number("SELECT live_objects FROM calendars").await), (Counts::default(), 0));
    let told = bench.tracker.snapshot_with("", 0);
    assert_eq!((told.calendars[0].read, told.calendars[0].saved), (3, 0), "nobody is told that it was saved");
}

#[tokio::test]
async fn nobody_is_told_that_something_was_saved_before_it_is_committed() {
    let bench = Bench::new().await;
    // What breaks only with the commit itself.
    bench.at.execute("CREATE TABLE late (of TEXT REFERENCES users(id) DEFERRABLE INITIALLY DEFERRED)").await;
    bench.at.execute("CREATE TRIGGER broken AFTER INSERT ON events BEGIN INSERT INTO late VALUES ('nobody'); END").await;
    let line = bench.run(&Scripted::new([vec![last(objects(0..3), SNAPSHOT)]])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::Store(_))), "{:?}", line.outcome);
    assert_eq!((bench.titles().await.len(), line.result.counts), (0, Counts::default()));
    let told = bench.tracker.snapshot_with("", 0);
    assert_eq!((told.calendars[0].read, told.calendars[0].saved), (3, 0));
}

#[tokio::test]
async fn a_pass_whose_writing_fails_does_not_wait_for_what_it_should_have_written() {
    let bench = Bench::new().await;
    bench.at.execute("CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
    // The second page names an object of the first, so it waits until that is written: it never is. Then comes nothing.
    let script = vec![page(objects(0..2), None), page(objects(1..3), None), Step::Meanwhile(std::future::pending().boxed())];
    let line = bench.run(&Scripted::new([script])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::Store(_))), "{:?}", line.outcome);
    let bench = Bench::new().await;
    bench.at.execute("CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
    let script = vec![page(objects(0..2), None), Step::Meanwhile(std::future::pending().boxed())];
    assert!(matches!(bench.run(&Scripted::new([script])).await.outcome.stop, Some(Stop::Store(_))), "a silent host is not waited for");
}

#[tokio::test]
async fn nothing_is_missed_before_a_snapshot_has_come_to_its_end() {
    let bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(objects(0..5), SNAPSHOT)]])).await;
    for stop in [Class::Permanent, Class::Malformed] {
        bench.run(&Scripted::new([vec![page(objects(0..1), None), Step::Fail(stop)]])).await;
        assert_eq!(bench.titles().await.len(), 5);
        assert_eq!(bench.at.number("SELECT COUNT(*) FROM mirror WHERE missing_at IS NOT NULL").await, 0);
    }
    let line = bench.run(&Scripted::new([vec![page(objects(0..1), None)]])).await;
    assert_eq!(line.result.error.unwrap().code, "ended_early", "a stream that just stops is no end");
    let line = bench.run(&Scripted::new([vec![last(objects(0..4), SNAPSHOT)]])).await;
    assert_eq!((line.result.counts.deleted, bench.titles().await.len()), (1, 4));
}

#[tokio::test]
async fn what_is_removed_and_there_after_all_stays() {
    let bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(objects(0..5), SNAPSHOT)]])).await;
    let removed = vec![change("o1", Content::Removed), change("o2", Content::Removed)];
    let line = bench.run(&Scripted::new([vec![page(removed, None), last(objects(1..2), Coverage::Delta)]])).await;
    assert_eq!((line.result.counts.deleted, line.result.total), (1, 4));
    assert_eq!(bench.titles().await, ["Event 0", "Event 1", "Event 3", "Event 4"]);
}

#[tokio::test]
async fn a_second_try_counts_nothing_twice() {
    let bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(objects(0..3), SNAPSHOT)]])).await;
    let tries = [
        vec![page(vec![change("o0", unreadable()), present("o1", "Changed"), present("new", "New")], None), Step::Fail(Class::Transient)],
        vec![last(vec![change("o0", unreadable()), change("o1", Content::Same), change("new", Content::Same)], Coverage::Delta)],
    ];
    let line = bench.run(&Scripted::new(tries)).await;
    let counts = Counts { synced: 1, updated: 1, unchanged: 1, errors: 1, ..Counts::default() };
    assert_eq!((line.result.counts, line.result.total, line.result.unreadable.len()), (counts, 4, 1));
}

#[tokio::test]
async fn a_checkpoint_is_that_of_the_last_committed_page() {
    let mut bench = Bench::new().await;
    let stop = || Step::Fail(Class::Permanent);
    bench.run(&Scripted::new([vec![page(objects(0..2), Some("a")), stop()]])).await;
    assert_eq!(bench.stored().await.1, "a");
    // A page that changes nothing moves it, too.
    bench.begin().await;
    let resumed = Scripted::new([vec![page(objects(0..2), Some("b")), page(vec![], Some("c")), stop()]]);
    bench.run(&resumed).await;
    assert_eq!((resumed.checkpoints(), bench.stored().await.1), (vec![Some("a".to_owned())], "c".to_owned()));
    // Back to where the pass began: still a move.
    bench.begin().await;
    bench.run(&Scripted::new([vec![page(vec![], Some("d")), page(vec![], Some("c")), stop()]])).await;
    assert_eq!(bench.stored().await.1, "c");
    // A page without one: the pass can not be resumed any more.
    bench.begin().await;
    bench.run(&Scripted::new([vec![page(vec![], None), stop()]])).await;
    assert_eq!(bench.stored().await.1, "");
    // A second try in the same job resumes where the first one stopped; after the end there is nothing to resume.
    bench.begin().await;
    let tries = Scripted::new([vec![page(vec![], Some("e")), Step::Fail(Class::Transient)], vec![last(objects(0..2), SNAPSHOT)]]);
    bench.run(&tries).await;
    assert_eq!((tries.checkpoints(), bench.stored().await), (vec![None, Some("e".to_owned())], ("end".to_owned(), String::new())));
}

#[tokio::test]
async fn a_refused_cursor_leads_to_a_whole_pass_that_resumes_nothing() {
    let bench = Bench::new().await;
    bench.run(&Scripted::new([vec![last(objects(0..3), SNAPSHOT)]])).await;
    let provider = Scripted::new([
        vec![page(vec![change("o0", Content::Removed)], Some("old")), Step::Fail(Class::CursorInvalid)],
        vec![last(objects(0..3), SNAPSHOT)],
    ]);
    let line = bench.run(&provider).await;
    assert_eq!(line.result.counts, Counts { unchanged: 3, ..Counts::default() }, "{:?}", line.result);
    assert_eq!(bench.titles().await.len(), 3);
    let asked = provider.asked.lock().unwrap();
    assert_eq!((asked[0].pass, asked[0].cursor.as_deref()), (Pass::Incremental, Some("end")));
    assert_eq!((asked[1].pass, asked[1].cursor.as_deref(), asked[1].checkpoint.as_deref()), (Pass::Full, None, None));
}

#[tokio::test]
async fn cancelling_and_the_time_budget_keep_what_was_committed() {
    let bench = Bench::new().await;
    let (cancel, seen) = (bench.cancel.clone(), bench.at.clone());
    let after_the_commit = async move {
        while seen.number("SELECT COUNT(*) FROM events").await < 2 {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
        std::future::pending().await
    };
    let line = bench.run(&Scripted::new([vec![page(objects(0..2), Some("a")), Step::Meanwhile(after_the_commit.boxed())]])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::Cancelled)), "{:?}", line.outcome);
    assert_eq!((line.result.counts.synced, bench.titles().await.len(), bench.stored().await.1.as_str()), (2, 2, "a"));

    let mut bench = Bench::new().await;
    bench.budget = Duration::from_millis(300);
    let line = bench.run(&Scripted::new([vec![page(objects(0..2), Some("a")), Step::Meanwhile(std::future::pending().boxed())]])).await;
    assert!(matches!(line.outcome.stop, Some(Stop::Budget)), "{:?}", line.outcome);
    assert_eq!((line.result.status, line.result.counts.synced, bench.stored().await.1.as_str()), (ResultStatus::Partial, 2, "a"));
}
