use super::*;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::JobStatus;

fn id(number: u32) -> JobId {
    JobId::trusted(format!("018f2f3a-0000-7000-8000-{number:012}"))
}

fn job(number: u32, run: u32, seq: u64) -> JobProgress {
    JobProgress {
        job_id: id(number),
        run_id: id(run),
        connection_id: ConnectionId::trusted("c"),
        connection_name: "Fastmail".to_owned(),
        seq,
        status: JobStatus::Running,
        trigger: Trigger::Manual,
        started_at: Some(1_000),
        calendars: Vec::new(),
        error: None,
    }
}

fn report(run: u32, jobs: &[u32]) -> SyncReport {
    SyncReport::of(jobs.iter().map(|job| id(*job)).collect(), JobStatus::Completed, Vec::new(), format!("2026-03-10T08:05:{run:02}Z"))
}

fn overview(running: Vec<JobProgress>, last: Option<SyncReport>, now: i64) -> SyncOverview {
    SyncOverview { running, last_success_at: None, last_report: last, now }
}

#[test]
fn an_older_snapshot_never_replaces_a_newer_one() {
    let mut state = LiveState::default();
    state.apply(Live::Progress(job(1, 1, 5)));
    state.apply(Live::Progress(job(1, 1, 4)));
    state.apply(Live::Progress(job(1, 1, 5)));
    assert_eq!(state.jobs().map(|job| job.seq).collect::<Vec<_>>(), [5]);
    state.apply(Live::Progress(job(1, 1, 9)));
    assert_eq!(state.jobs().map(|job| job.seq).collect::<Vec<_>>(), [9]);
}

#[test]
fn a_run_is_reported_once_however_often_the_server_says_it() {
    let mut state = LiveState::default();
    state.apply(Live::Progress(job(1, 1, 1)));
    let first = state.apply(Live::Complete(report(1, &[1])));
    assert!(matches!(first, Some(Happened::Completed(_, Some(Trigger::Manual)))), "{first:?}");
    assert_eq!(state.apply(Live::Complete(report(1, &[1]))), None);
    assert!(state.reconcile(&overview(vec![], Some(report(1, &[1])), 2_000)).is_empty());
}

#[test]
fn a_late_snapshot_of_a_finished_job_does_not_bring_it_back() {
    let mut state = LiveState::default();
    state.apply(Live::Progress(job(1, 1, 1)));
    state.apply(Live::Complete(report(1, &[1])));
    state.apply(Live::Progress(job(1, 1, 7)));
    assert!(!state.is_running());
}

#[test]
fn a_run_stays_at_work_until_all_its_jobs_are_reported() {
    let mut state = LiveState::default();
    state.apply(Live::Progress(job(1, 1, 1)));
    state.apply(Live::Progress(job(2, 1, 1)));
    state.apply(Live::Progress(JobProgress { status: JobStatus::Completed, ..job(1, 1, 2) }));
    assert_eq!(state.jobs().count(), 2);
    state.apply(Live::Complete(report(1, &[1, 2])));
    assert!(!state.is_running());
}

#[test]
fn the_report_that_the_page_was_rendered_with_is_not_announced() {
    let seeded = overview(vec![], Some(report(1, &[1])), 2_000);
    let mut state = LiveState::of(&seeded);
    assert!(state.reconcile(&seeded).is_empty());
    assert_eq!(state.apply(Live::Complete(report(1, &[1]))), None);
    assert_eq!(state.last_report().map(|report| &report.job_id), Some(&id(1)));
}

#[test]
fn a_run_that_ended_while_the_stream_was_lost_is_reported_from_the_overview() {
    let mut state = LiveState::of(&overview(vec![job(1, 1, 1)], None, 2_000));
    let happened = state.reconcile(&overview(vec![], Some(report(1, &[1])), 3_000));
    assert!(matches!(happened.as_slice(), [Happened::Completed(..)]), "{happened:?}");
    assert!(!state.is_running());
}

#[test]
fn a_run_that_vanished_behind_another_one_is_asked_for() {
    let mut state = LiveState::of(&overview(vec![job(1, 1, 1)], None, 2_000));
    let happened = state.reconcile(&overview(vec![], Some(report(2, &[2])), 3_000));
    assert_eq!(happened.len(), 2);
    assert_eq!(happened[1], Happened::ReportMissing(id(1)));
    state.give_up(&id(1));
    assert!(!state.is_running());
}

#[test]
fn a_job_that_started_after_the_overview_was_taken_is_not_missing() {
    let mut state = LiveState::default();
    state.apply(Live::Progress(JobProgress { started_at: Some(5_000), ..job(1, 1, 1) }));
    assert!(state.reconcile(&overview(vec![], None, 4_000)).is_empty());
    assert!(state.is_running());
}

#[test]
fn a_run_that_was_just_started_counts_as_running_until_its_report_is_here() {
    let mut state = LiveState::default();
    state.expect(&id(1));
    assert!(state.is_running());
    state.apply(Live::Complete(report(1, &[1])));
    assert!(!state.is_running());
    // The answer to the click may come after the report.
    state.expect(&id(1));
    assert!(!state.is_running());
}

#[test]
fn a_successful_report_moves_the_last_success_and_a_failed_one_does_not() {
    let mut state = LiveState::default();
    state.apply(Live::Complete(SyncReport { success: false, ..report(1, &[1]) }));
    assert_eq!(state.last_success_at, None);
    state.apply(Live::Complete(report(2, &[2])));
    assert_eq!(state.last_success_at, parse_iso("2026-03-10T08:05:02Z"));
}
