//! Nothing that is told once is lost: not in the same millisecond, not by a restart, not by a slow reader.

use super::LiveStream;
use crate::hub::{Hub, LiveId};
use crate::testing::db::TestHub;
use crate::testing::seed;
use crate::testing::sync::AUTO;
use futures::StreamExt as _;
use std::time::Duration;
use syncline_domain::ids::{JobId, UserId};
use syncline_domain::sync::{JobProgress, JobStatus, SyncReport, Trigger};
use syncline_domain::view::Live;

fn report(number: usize) -> Live {
    Live::Complete(SyncReport::of(vec![JobId::trusted(format!("run {number}"))], JobStatus::Completed, Vec::new(), String::new()))
}

fn progress(seq: u64) -> JobProgress {
    JobProgress {
        job_id: JobId::trusted("busy"),
        run_id: JobId::trusted("busy"),
        connection_id: syncline_domain::ids::ConnectionId::trusted("c"),
        connection_name: String::new(),
        seq,
        status: JobStatus::Running,
        trigger: Trigger::Manual,
        started_at: None,
        calendars: Vec::new(),
        error: None,
    }
}

async fn next(live: &mut LiveStream) -> (LiveId, Live) {
    tokio::time::timeout(Duration::from_secs(10), live.next()).await.expect("a message").expect("the stream goes on")
}

fn run(live: &Live) -> &str {
    match live {
        Live::Complete(report) => report.job_id.as_str(),
        Live::Changed => "changed",
        Live::Progress(_) => "progress",
    }
}

async fn user() -> (TestHub, UserId) {
    let at = TestHub::in_memory().await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    (at, user)
}

#[tokio::test]
async fn the_second_message_of_a_millisecond_is_not_lost_between_two_streams() {
    let (at, user) = user().await;
    let mut live = at.live(&user, None);
    at.bus().tell(&user, at.now(), report(1));
    at.bus().tell(&user, at.now(), report(2));
    let (id, first) = next(&mut live).await;
    drop(live);
    let mut again = at.live(&user, Some(id));
    let (_, second) = next(&mut again).await;
    assert_eq!((run(&first), run(&second)), ("run 1", "run 2"));
    at.bus().tell(&user, at.now(), report(2));
    at.bus().tell(&user, at.now(), report(3));
    assert_eq!(run(&next(&mut again).await.1), "run 3", "what was told is not told again");
}

#[tokio::test]
async fn the_end_of_a_run_is_told_once_whoever_finds_it() {
    let (at, user) = user().await;
    for name in ["One", "Two"] {
        seed::connection(&at, &user, syncline_domain::sync::ProviderKind::Caldav, name).await;
    }
    let mut notes = at.bus().listen();
    let started = at.start_sync(&user, crate::hub::Scope::Everything, AUTO).await.unwrap();
    assert_eq!(started.job_ids.len(), 2);
    at.wait_for(&user, &started.run_id).await.unwrap();
    // As the watch on the database does it, for each job of the run.
    for _ in 0..3 {
        at.tell_end(&user, &started.run_id).await.unwrap();
    }
    at.bus().tell(&user, at.now(), Live::Changed);
    let mut ends = 0;
    loop {
        match &notes.recv().await.unwrap().live {
            Live::Complete(report) => ends += usize::from(report.job_ids.len() == 2),
            Live::Changed => break,
            Live::Progress(_) => {}
        }
    }
    assert_eq!(ends, 1);
}

#[tokio::test]
async fn a_slow_reader_loses_no_end() {
    let (at, user) = user().await;
    let mut live = at.live(&user, None);
    at.bus().tell(&user, at.now(), report(1));
    for seq in 0..3_000 {
        at.bus().progress(&user, at.now(), &progress(seq + 1));
    }
    at.bus().tell(&user, at.now(), report(2));
    let mut ends = Vec::new();
    while ends.len() < 2 {
        let (_, live) = next(&mut live).await;
        if let Live::Complete(report) = live {
            ends.push(report.job_id.as_str().to_owned());
        }
    }
    assert_eq!(ends, ["run 1", "run 2"]);
}

/// Another process on the same database.
async fn restarted(at: &TestHub) -> Hub {
    Hub::open(at.config.clone()).await.unwrap()
}

#[tokio::test]
async fn a_restart_between_two_streams_loses_no_end() {
    let at = TestHub::on_file().await;
    let user = seed::user(&at.hub, "anna@example.com").await;
    seed::connection(&at, &user, syncline_domain::sync::ProviderKind::Caldav, "Nowhere").await;
    let before = at.live_position();
    // Two runs, each over in the same millisecond of the clock that stands still.
    let mut runs = Vec::new();
    for _ in 0..2 {
        let started = at.start_sync(&user, crate::hub::Scope::Everything, AUTO).await.unwrap();
        at.wait_for(&user, &started.run_id).await.unwrap();
        runs.push(started.run_id.as_str().to_owned());
    }
    // Of the same millisecond, they have no order but that of their ids.
    runs.sort();
    let hub = restarted(&at).await;
    let mut live = hub.live(&user, Some(before));
    let (id, first) = next(&mut live).await;
    drop(live);
    // The stream breaks in the middle of what it catches up with: then it begins with that again.
    let mut live = hub.live(&user, Some(id));
    let told: Vec<(LiveId, Live)> = vec![next(&mut live).await, next(&mut live).await, next(&mut live).await];
    assert_eq!(run(&first), runs[0]);
    assert_eq!(told.iter().map(|(_, live)| run(live)).collect::<Vec<_>>(), [runs[0].as_str(), runs[1].as_str(), "changed"]);
    // From its end on there is nothing to catch up with.
    let mut live = hub.live(&user, Some(told[2].0));
    hub.bus().tell(&user, hub.now(), report(7));
    assert_eq!(run(&next(&mut live).await.1), "run 7");
    hub.close().await;
}
