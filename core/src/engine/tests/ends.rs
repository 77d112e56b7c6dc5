//! How a job ends: its status, and when the connection is due again.

use super::support::{Bench, SNAPSHOT, Scripted, Step, last, page, present};
use crate::engine::calendar::Line;
use crate::engine::finish::finish;
use futures::FutureExt as _;
use std::time::Duration;
use syncline_domain::failure::Class;
use syncline_domain::sync::{JobStatus, SyncReport};

async fn good(bench: &Bench) -> Line {
    bench.run(&Scripted::new([vec![last(vec![present("a", "A")], SNAPSHOT)]])).await
}

async fn stopped(bench: &Bench, class: Class) -> Line {
    bench.run(&Scripted::new([vec![Step::Fail(class)]])).await
}

async fn end(bench: &Bench, line: Line) -> SyncReport {
    finish(&bench.at, &bench.claimed().await, &bench.tracker, vec![line]).await.unwrap();
    bench.at.report(&bench.user, &bench.job).await.unwrap()
}

/// Seconds until the connection is due; `-1` when it is not.
async fn due_in(bench: &Bench) -> i64 {
    let next = bench.at.number("SELECT COALESCE(next_sync_at, -1) FROM connections").await;
    if next < 0 { next } else { (next - bench.at.now()) / 1000 }
}

#[tokio::test]
async fn a_cancellation_that_came_too_late_is_none() {
    let bench = Bench::new().await;
    let line = good(&bench).await;
    bench.cancel.cancel();
    let report = end(&bench, line).await;
    assert_eq!((report.status, report.success), (JobStatus::Completed, true));
    assert_eq!(bench.at.number("SELECT last_success_at FROM connections").await, bench.at.now());
    assert_eq!(bench.at.number("SELECT expires_at FROM locks").await, 0, "the lock is given back");
}

#[tokio::test]
async fn a_job_that_the_end_of_the_server_stopped_is_interrupted_and_due_at_once() {
    let bench = Bench::new().await;
    bench.cancel.cancel();
    let line = bench.run(&Scripted::new([vec![page(vec![], None)]])).await;
    bench.at.hub.testing_begin_closing();
    let report = end(&bench, line).await;
    assert_eq!((report.status, report.results[0].error.as_ref().unwrap().code.as_str()), (JobStatus::Partial, "interrupted"));
    assert_eq!((due_in(&bench).await, bench.at.number("SELECT failures FROM connections").await), (0, 0));
}

#[tokio::test]
async fn a_failure_backs_off_further_each_time_and_a_success_ends_that() {
    let mut bench = Bench::new().await;
    for (failures, seconds) in [(1, 54..=66), (2, 108..=132), (3, 216..=264)] {
        let line = stopped(&bench, Class::Permanent).await;
        assert_eq!(end(&bench, line).await.status, JobStatus::Failed);
        assert!(seconds.contains(&due_in(&bench).await), "{failures}: {}", due_in(&bench).await);
        assert_eq!(bench.at.number("SELECT failures FROM connections").await, failures);
        bench.begin().await;
    }
    let line = good(&bench).await;
    end(&bench, line).await;
    assert!((810..=990).contains(&due_in(&bench).await));
    assert_eq!(bench.at.number("SELECT failures FROM connections").await, 0);
}

#[tokio::test]
async fn a_provider_that_wants_to_be_left_alone_is() {
    let bench = Bench::new().await;
    let line = stopped(&bench, Class::RateLimited).await;
    end(&bench, line).await;
    assert!(due_in(&bench).await > 3_600, "{}", due_in(&bench).await);
}

#[tokio::test]
async fn running_out_of_time_is_no_failure_and_goes_on_soon() {
    let mut bench = Bench::new().await;
    bench.budget = Duration::from_millis(50);
    let line = bench.run(&Scripted::new([vec![Step::Meanwhile(std::future::pending().boxed())]])).await;
    assert_eq!(end(&bench, line).await.status, JobStatus::Partial);
    assert_eq!((due_in(&bench).await, bench.at.number("SELECT failures FROM connections").await), (60, 0));
}

#[tokio::test]
async fn a_refused_password_waits_for_the_user_unless_the_user_was_faster() {
    let mut bench = Bench::new().await;
    let line = stopped(&bench, Class::Authentication).await;
    end(&bench, line).await;
    assert_eq!((due_in(&bench).await, bench.at.number("SELECT COUNT(*) FROM connections WHERE needs_user").await), (-1, 1));

    bench.begin().await;
    bench.at.execute("UPDATE connections SET needs_user = FALSE, problem = NULL, failures = 0").await;
    let job = bench.claimed().await;
    let line = stopped(&bench, Class::Authentication).await;
    bench.at.execute("UPDATE connections SET secret = 'another'").await;
    finish(&bench.at, &job, &bench.tracker, vec![line]).await.unwrap();
    assert_eq!((due_in(&bench).await, bench.at.number("SELECT COUNT(*) FROM connections WHERE needs_user").await), (0, 0));
    assert_eq!(bench.at.number("SELECT COUNT(*) FROM connections WHERE problem IS NULL AND failures = 0").await, 1);
}

#[tokio::test]
async fn the_end_of_a_job_that_lost_its_lock_is_told_by_whoever_took_it() {
    let bench = Bench::new().await;
    let line = good(&bench).await;
    bench.at.execute("UPDATE locks SET fence = fence + 1").await;
    finish(&bench.at, &bench.claimed().await, &bench.tracker, vec![line]).await.unwrap();
    assert_eq!(bench.at.number("SELECT COUNT(*) FROM sync_results").await, 0);
    assert_eq!(bench.at.number("SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL").await, 1);
    assert_eq!(bench.at.number("SELECT COUNT(*) FROM connections WHERE last_attempt_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn an_end_that_can_not_be_stored_is_tried_again() {
    let bench = Bench::new().await;
    let line = good(&bench).await;
    bench.at.execute("CREATE TRIGGER broken BEFORE INSERT ON sync_results BEGIN SELECT RAISE(ABORT, 'broken'); END").await;
    let job = bench.claimed().await;
    let ended = finish(&bench.at, &job, &bench.tracker, vec![line]);
    let mended = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        bench.at.execute("DROP TRIGGER broken").await;
    };
    let (ended, ()) = tokio::join!(ended, mended);
    ended.unwrap();
    assert_eq!(bench.at.report(&bench.user, &bench.job).await.unwrap().status, JobStatus::Completed);
}
