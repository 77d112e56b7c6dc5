use super::*;
use std::collections::BTreeMap;
use syncline_domain::failure::Problem;
use syncline_domain::ids::{CalendarId, ConnectionId};
use syncline_domain::sync::{CalendarProgress, CalendarResult, Phase, Trigger};

fn run(number: u32) -> JobId {
    JobId::trusted(format!("run-{number}"))
}

fn line(connection: &str, calendar: &str, status: ResultStatus, synced: u64) -> CalendarResult {
    CalendarResult {
        connection_id: ConnectionId::trusted(connection),
        calendar_id: Some(CalendarId::trusted(calendar)),
        email: String::new(),
        calendar_name: calendar.to_owned(),
        status,
        counts: Counts { synced, ..Counts::default() },
        total: synced,
        skipped_reasons: BTreeMap::new(),
        unreadable: Vec::new(),
        warnings: BTreeMap::new(),
        error: matches!(status, ResultStatus::Error | ResultStatus::Partial)
            .then(|| Problem::new("x", "Fastmail refused the password.", "Reconnect.")),
        hold: None,
        duration_ms: 0,
        requests: 0,
        bytes: 0,
    }
}

fn report(number: u32, status: JobStatus, lines: Vec<CalendarResult>) -> SyncReport {
    SyncReport::of(vec![run(number)], status, lines, String::new())
}

fn everything() -> Machine {
    Machine::new(SyncTarget::Everything, false)
}

fn connection(id: &str) -> Machine {
    Machine::new(SyncTarget::Connection(ConnectionId::trusted(id)), false)
}

#[test]
fn a_click_starts_and_the_report_shows_success_for_three_seconds() {
    let mut button = everything();
    assert_eq!(button.on(Event::Click), Some(Effect::Start { resume: false }));
    assert_eq!(button.face(), &Face::Syncing { already: false });
    button.on(Event::Started(run(1)));
    let good = report(1, JobStatus::Completed, vec![line("a", "1", ResultStatus::Success, 15)]);
    assert_eq!(button.on(Event::Finished(&good)), Some(Effect::After { ms: 3_000, number: 1 }));
    assert_eq!(button.face(), &Face::Success(Counts { synced: 15, ..Counts::default() }));
    button.on(Event::Timeout(1));
    assert_eq!(button.face(), &Face::Idle);
}

#[test]
fn a_report_that_overtakes_the_answer_is_shown_and_the_answer_changes_nothing() {
    let mut button = everything();
    button.on(Event::Click);
    button.on(Event::Finished(&report(1, JobStatus::Completed, vec![line("a", "1", ResultStatus::Success, 1)])));
    button.on(Event::Started(run(1)));
    assert!(matches!(button.face(), Face::Success(_)));
}

#[test]
fn a_second_click_says_that_it_is_in_progress_and_starts_nothing() {
    let mut button = everything();
    button.on(Event::Click);
    assert_eq!(button.on(Event::Click), None);
    assert_eq!(button.face(), &Face::Syncing { already: true });
}

#[test]
fn a_tab_that_is_refused_because_it_runs_already_follows_the_running_job() {
    let mut button = connection("a");
    button.on(Event::Click);
    button.on(Event::AlreadyRunning(run(7)));
    assert_eq!(button.face(), &Face::Syncing { already: true });
    button.on(Event::Finished(&report(7, JobStatus::Completed, vec![line("a", "1", ResultStatus::Success, 0)])));
    assert!(matches!(button.face(), Face::Success(_)));
}

#[test]
fn a_failure_is_shown_for_five_seconds_and_a_click_tries_again_at_once() {
    let mut button = everything();
    button.on(Event::Click);
    let bad = report(1, JobStatus::Failed, vec![line("a", "1", ResultStatus::Error, 0)]);
    assert_eq!(button.on(Event::Finished(&bad)), Some(Effect::After { ms: 5_000, number: 1 }));
    assert_eq!(button.face(), &Face::Error("Fastmail refused the password. Reconnect.".to_owned()));
    assert_eq!(button.on(Event::Click), Some(Effect::Start { resume: false }));
    // The old timer does not end the new sync.
    button.on(Event::Timeout(1));
    assert_eq!(button.face(), &Face::Syncing { already: false });
}

#[test]
fn an_old_timer_does_not_end_a_newer_message() {
    let mut button = everything();
    button.on(Event::Refused("Nothing is connected.".to_owned()));
    button.on(Event::Click);
    button.on(Event::Refused("Nothing is connected.".to_owned()));
    button.on(Event::Timeout(1));
    assert!(matches!(button.face(), Face::Error(_)));
    button.on(Event::Timeout(2));
    assert_eq!(button.face(), &Face::Idle);
}

#[test]
fn a_run_that_stopped_early_offers_to_continue_until_it_is_pressed() {
    let mut button = everything();
    button.on(Event::Click);
    let early = report(1, JobStatus::Partial, vec![line("a", "1", ResultStatus::Partial, 400)]);
    assert_eq!(button.on(Event::Finished(&early)), None);
    assert!(matches!(button.face(), Face::Partial(_)));
    button.on(Event::Timeout(0));
    assert!(matches!(button.face(), Face::Partial(_)));
    assert_eq!(button.on(Event::Click), Some(Effect::Start { resume: true }));
}

#[test]
fn a_page_that_is_loaded_after_a_run_that_stopped_early_still_offers_to_continue() {
    let early = report(1, JobStatus::Partial, vec![line("a", "1", ResultStatus::Partial, 400), line("b", "2", ResultStatus::Success, 1)]);
    for (button, continues) in [(everything(), true), (connection("a"), true), (connection("b"), false), (connection("c"), false)] {
        let button = button.after(Some(&early));
        assert_eq!(matches!(button.face(), Face::Partial(_)), continues, "{button:?}");
    }
    let failed = report(1, JobStatus::Failed, vec![line("a", "1", ResultStatus::Error, 0)]);
    assert_eq!(everything().after(Some(&failed)).face(), &Face::Idle, "a failure is old news");
    let running = Machine::new(SyncTarget::Everything, true).after(Some(&early));
    assert_eq!(running.face(), &Face::Syncing { already: false });
}

#[test]
fn unreadable_objects_alone_leave_nothing_to_continue() {
    let mut unreadable = line("a", "1", ResultStatus::Partial, 9);
    unreadable.counts.errors = 1;
    unreadable.error = None;
    let mut button = everything();
    button.on(Event::Click);
    button.on(Event::Finished(&report(1, JobStatus::Completed, vec![unreadable])));
    assert!(matches!(button.face(), Face::Success(_)));
}

#[test]
fn a_button_of_one_connection_shows_its_own_lines_only() {
    let mixed = report(1, JobStatus::Partial, vec![line("a", "1", ResultStatus::Error, 0), line("b", "2", ResultStatus::Success, 4)]);
    let (mut bad, mut good, mut other) = (connection("a"), connection("b"), connection("c"));
    for button in [&mut bad, &mut good, &mut other] {
        button.on(Event::Finished(&mixed));
    }
    assert!(matches!(bad.face(), Face::Error(_)));
    assert_eq!(good.face(), &Face::Success(Counts { synced: 4, ..Counts::default() }));
    assert_eq!(other.face(), &Face::Idle);
}

#[test]
fn a_sync_of_another_tab_is_followed_and_a_lost_one_ends_quietly() {
    let mut button = everything();
    button.on(Event::Running(true));
    assert_eq!(button.face(), &Face::Syncing { already: false });
    button.on(Event::Running(false));
    assert_eq!(button.face(), &Face::Idle);
}

#[test]
fn waiting_for_the_first_snapshot_is_not_the_end() {
    let mut button = everything();
    button.on(Event::Click);
    button.on(Event::Running(false));
    button.on(Event::Started(run(1)));
    button.on(Event::Running(false));
    assert_eq!(button.face(), &Face::Syncing { already: false });
}

#[test]
fn a_cancelled_run_goes_back_to_idle() {
    let mut button = everything();
    button.on(Event::Click);
    button.on(Event::Started(run(1)));
    assert_eq!(button.on(Event::Finished(&report(1, JobStatus::Cancelled, vec![line("a", "1", ResultStatus::Error, 0)]))), None);
    assert_eq!(button.face(), &Face::Idle);
}

#[test]
fn a_page_that_is_loaded_in_the_middle_of_a_sync_shows_it() {
    assert_eq!(Machine::new(SyncTarget::Everything, true).face(), &Face::Syncing { already: false });
}

#[test]
fn the_end_of_its_own_job_is_shown_at_once_and_not_again_when_the_run_ends() {
    let mut button = connection("a");
    button.on(Event::Running(true));
    let job = JobProgress {
        job_id: run(1),
        run_id: run(1),
        connection_id: ConnectionId::trusted("a"),
        connection_name: String::new(),
        seq: 9,
        status: JobStatus::Completed,
        trigger: Trigger::Manual,
        started_at: None,
        calendars: vec![CalendarProgress {
            calendar_id: CalendarId::trusted("1"),
            name: String::new(),
            phase: Phase::Done,
            read: 2,
            saved: 2,
            total: Some(2),
            result: Some(line("a", "1", ResultStatus::Success, 2)),
        }],
        error: None,
    };
    assert!(button.on(Event::Finished(&report_of_job(&job))).is_some());
    assert_eq!(button.face(), &Face::Success(Counts { synced: 2, ..Counts::default() }));
    button.on(Event::Timeout(1));
    let whole =
        SyncReport { job_ids: vec![run(1), run(2)], ..report(1, JobStatus::Completed, vec![line("a", "1", ResultStatus::Success, 2)]) };
    assert_eq!(button.on(Event::Finished(&whole)), None);
    assert_eq!(button.face(), &Face::Idle);
}
