//! Jobs as a whole: how they begin, and what becomes of those whose process went away.

use super::support::Bench;
use crate::engine::lease::{self, Claim};
use crate::engine::listing::note_listing;
use crate::engine::outcome::Stop;
use crate::hub::{NewIcs, Scope};
use crate::provider::RemoteCalendar;
use crate::store::{connections, jobs, locks};
use crate::testing::db::TestHub;
use crate::testing::seed;
use crate::testing::sync::AUTO;
use secrecy::SecretString;
use std::time::Duration;
use syncline_domain::ids::{CalendarId, ConnectionId, JobId, UserId};
use syncline_domain::sync::{CalendarProgress, JobStatus, Phase, ResultStatus};
use syncline_sandbox::ics::{Calendar, Feed, IcsHost};

crate::store_suite! { of_many_workers_one_gets_the_lock }

async fn of_many_workers_one_gets_the_lock(at: TestHub) {
    let (user, _) = seed::user_with_calendar(&at.hub, "anna@example.com").await;
    let connection = ConnectionId::trusted(at.texts("SELECT id FROM connections").await.remove(0));
    // Twice: there is no lock yet, and there is one that was given back.
    for round in 0..2 {
        let workers = (0..8).map(|worker| {
            let (at, user, connection) = (at.clone(), user.clone(), connection.clone());
            async move {
                let id = JobId::trusted(format!("job {round} {worker}"));
                let mut tx = at.db().begin().await.unwrap();
                let owner = format!("host{worker}/1/alive");
                let claim = lease::claim(&mut tx, &connection, &id, &owner, at.now()).await.unwrap();
                let Claim::Taken { fence, .. } = claim else { return None };
                let new = jobs::NewJob {
                    id: &id,
                    run: &id,
                    user: &user,
                    connection: &connection,
                    trigger: "manual",
                    mode: "auto",
                    calendars: None,
                    progress: "{}",
                    now: at.now(),
                };
                jobs::insert(&mut tx, &new).await.unwrap();
                tx.commit().await.unwrap();
                Some(fence)
            }
        });
        let fences: Vec<i64> = futures::future::join_all(workers).await.into_iter().flatten().collect();
        assert_eq!(fences, [round + 1]);
        assert_eq!(at.number("SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL").await, 1);
        let mut tx = at.db().begin().await.unwrap();
        locks::release(&mut tx, &connection, round + 1).await.unwrap();
        tx.commit().await.unwrap();
        at.execute("UPDATE sync_jobs SET finished_at = 0").await;
    }
}

/// A job of `owner` in the database, with one calendar that was done and one that was at work.
async fn left_behind(owner: &str) -> Bench {
    let bench = Bench::new().await;
    let mut progress = bench.progress();
    let calendar = CalendarId::trusted(bench.at.texts("SELECT id FROM calendars").await.remove(0));
    let line = |name: &str| CalendarProgress {
        calendar_id: calendar.clone(),
        name: name.to_owned(),
        phase: Phase::Saving,
        read: 500,
        saved: 500,
        total: None,
        result: None,
    };
    let done = bench.run(&super::support::Scripted::new([vec![super::support::last(vec![], super::support::SNAPSHOT)]])).await;
    progress.calendars = vec![CalendarProgress { result: Some(done.result), ..line("Done") }, line("At work")];
    let text = serde_json::to_string(&progress).unwrap().replace('\'', "''");
    bench.at.execute(&format!("UPDATE sync_jobs SET status = 'running', progress = '{text}'")).await;
    bench.at.execute(&format!("UPDATE locks SET owner = '{owner}'")).await;
    bench
}

fn dead() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    format!("{}/4194999/dead", host.trim())
}

#[tokio::test]
async fn a_job_whose_process_died_is_closed_with_what_it_had_come_to() {
    let bench = left_behind(&dead()).await;
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 1);
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 0);
    let report = bench.at.report(&bench.user, &bench.job).await.unwrap();
    assert_eq!((report.status, report.success, report.message.as_str()), (JobStatus::Partial, false, "Synced 1 of 2 calendar(s)"));
    let [done, at_work] = &report.results[..] else { panic!("{report:?}") };
    assert_eq!((done.status, at_work.status), (ResultStatus::Success, ResultStatus::Partial));
    assert_eq!(at_work.error.as_ref().unwrap().code, "interrupted");
    assert!(bench.at.sync_overview(&bench.user).await.unwrap().running.is_empty());
    // The connection is free again at once.
    assert_eq!(bench.at.number("SELECT expires_at FROM locks").await, 0);
}

#[tokio::test]
async fn a_job_that_may_be_at_work_is_left_alone() {
    let bench = left_behind("elsewhere/1/alive").await;
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 0, "another host's lease has not expired");
    bench.at.advance(300_001);
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 1, "now it has");

    let bench = left_behind(bench.at.owner()).await;
    bench.at.execute(&format!("UPDATE locks SET owner = '{}'", bench.at.owner())).await;
    bench.at.running().insert(bench.job.clone(), bench.cancel.clone());
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 0, "our own, and at work");
    bench.at.hub.forget(&bench.job);
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 1, "our own, and over without a word");
}

#[tokio::test]
async fn a_job_that_lost_its_lock_to_another_is_closed_and_the_other_goes_on() {
    let bench = left_behind("elsewhere/1/alive").await;
    bench.at.execute("UPDATE locks SET job_id = 'another'").await;
    assert_eq!(bench.at.close_lost_jobs().await.unwrap(), 1);
    assert!(bench.at.number("SELECT expires_at FROM locks").await > bench.at.now());
}

#[tokio::test]
async fn a_listing_is_not_stored_without_the_lock() {
    let bench = Bench::new().await;
    let new = RemoteCalendar {
        remote_id: "new".to_owned(),
        name: "New".to_owned(),
        color: None,
        zone: None,
        read_only: false,
        state: None,
        hints: None,
    };
    let job = bench.claimed().await;
    bench.at.execute("UPDATE locks SET fence = fence + 1").await;
    assert!(matches!(note_listing(&bench.at, &job, std::slice::from_ref(&new)).await, Err(Stop::LockLost)));
    assert_eq!(bench.at.texts("SELECT name FROM calendars WHERE vanished_at IS NULL").await, ["Private"]);
    bench.at.execute("UPDATE locks SET fence = fence - 1").await;
    note_listing(&bench.at, &job, &[new]).await.unwrap();
    assert_eq!(bench.at.texts("SELECT name FROM calendars WHERE vanished_at IS NULL").await, ["New"]);
}

async fn feed(at: &TestHub, host: &IcsHost, user: &UserId, name: &str) {
    let url = SecretString::from(host.url(&format!("{name}.ics")));
    at.add_ics(user, NewIcs::Address { url, name: Some(name.to_owned()) }).await.expect("the feed can be read");
}

async fn host() -> IcsHost {
    IcsHost::with(Feed::new(Calendar::many(3))).await
}

/// Waits until no job is open. Panics when one stays.
async fn all_ended(at: &TestHub) {
    let ended = async {
        while at.number("SELECT COUNT(*) FROM sync_jobs WHERE finished_at IS NULL").await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("every job that was stored is carried out");
}

#[tokio::test]
async fn a_start_that_is_given_up_at_any_moment_leaves_no_job_behind() {
    let host = host().await;
    let at = TestHub::in_memory().await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    feed(&at, &host, &user, "feed").await;
    let mut started = 0;
    for polls in (1..40).chain([1000]) {
        let mut start = Box::pin(at.start_sync(&user, Scope::Everything, AUTO));
        for _ in 0..polls {
            if futures::poll!(&mut start).is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        drop(start);
        // What goes on in the background has stored its job, or will; then it has to end.
        tokio::time::sleep(Duration::from_millis(5)).await;
        all_ended(&at).await;
        started = at.number("SELECT COUNT(*) FROM sync_jobs").await;
    }
    assert!(started > 0);
}

#[tokio::test]
async fn a_connection_that_can_not_be_started_does_not_strand_the_others() {
    let host = host().await;
    let at = TestHub::in_memory().await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    feed(&at, &host, &user, "feed").await;
    seed::connection(&at, &user, syncline_domain::sync::ProviderKind::Caldav, "z broken").await;
    at.execute(
        "CREATE TRIGGER broken BEFORE INSERT ON sync_jobs WHEN NEW.connection_id IN (SELECT id FROM connections WHERE name = 'z broken') \
         BEGIN SELECT RAISE(ABORT, 'broken'); END",
    )
    .await;
    at.start_sync(&user, Scope::Everything, AUTO).await.unwrap_err();
    all_ended(&at).await;
    assert_eq!(at.texts("SELECT status FROM sync_jobs").await, ["completed"]);
    let forgotten = async {
        while !at.running().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), forgotten).await.expect("no job is kept in mind");
}

#[tokio::test]
async fn a_connection_that_is_at_work_is_not_due() {
    let bench = Bench::new().await;
    let at = &bench.at;
    at.execute("UPDATE locks SET expires_at = 0").await;
    let due = async || connections::due(at.db(), at.now(), 10).await.unwrap().len();
    assert_eq!(due().await, 1);
    // All places are taken, so the job waits.
    let places = at.gate().acquire_many(8).await.unwrap();
    let started = at.start_sync(&bench.user, Scope::Everything, AUTO).await.unwrap();
    assert_eq!(due().await, 0, "the claim has moved it");
    // A job that waits for a place can be cancelled.
    at.cancel_sync(&bench.user, &started.run_id).await.unwrap();
    let report = tokio::time::timeout(Duration::from_secs(10), at.wait_for(&bench.user, &started.run_id)).await.expect("at once").unwrap();
    assert_eq!((report.status, report.results.len()), (JobStatus::Cancelled, 1));
    drop(places);

    // The scheduler that found it busy does not move what the end of the job has set.
    let next = at.number("SELECT next_sync_at FROM connections").await;
    let mut tx = at.db().begin().await.unwrap();
    connections::postpone_due(&mut tx, &bench.connection, at.now(), at.now() + 60_000).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(at.number("SELECT next_sync_at FROM connections").await, next);
    assert!(next > at.now());
}
