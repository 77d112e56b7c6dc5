//! The progress of one job. All numbers only grow; 100 % is said only after the commit.

use crate::clock::Clock;
use crate::progress::Bus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use syncline_domain::failure::Problem;
use syncline_domain::ids::UserId;
use syncline_domain::sync::{CalendarProgress, CalendarResult, JobProgress, JobStatus, Phase};
use tokio::time::Instant;

/// At most so often are watchers told that more was read.
const READ_EVERY: Duration = Duration::from_millis(150);

/// Progress that several calendars of a job write to.
#[derive(Debug)]
pub(crate) struct Tracker {
    state: Mutex<(JobProgress, Option<Instant>)>,
    /// One page of the job is committed at a time; see [`Tracker::turn`].
    turn: tokio::sync::Mutex<()>,
    user: UserId,
    bus: Bus,
    clock: Clock,
}

impl Tracker {
    pub(crate) fn new(progress: JobProgress, user: UserId, bus: Bus, clock: Clock) -> Self {
        Self { state: Mutex::new((progress, None)), turn: tokio::sync::Mutex::default(), user, bus, clock }
    }

    fn lock(&self) -> MutexGuard<'_, (JobProgress, Option<Instant>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, throttled: bool, change: impl FnOnce(&mut JobProgress)) {
        let mut state = self.lock();
        change(&mut state.0);
        let now = Instant::now();
        if throttled && state.1.is_some_and(|last| now.duration_since(last) < READ_EVERY) {
            return;
        }
        state.0.seq += 1;
        state.1 = Some(now);
        self.bus.progress(&self.user, self.clock.now(), &state.0);
    }

    /// To be held from [`Tracker::snapshot_with`] to [`Tracker::saved`], so that no other calendar's snapshot comes between: it would
    /// take back what this one has stored.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// The snapshot that is true once so many more objects of a calendar are committed, with a sequence number of its own: what goes
    /// into the database in the same transaction. Nobody is told it before.
    pub(crate) fn snapshot_with(&self, calendar: &str, more: u64) -> JobProgress {
        let mut state = self.lock();
        state.0.seq += 1;
        let mut snapshot = state.0.clone();
        save(&mut snapshot, calendar, more);
        snapshot
    }

    /// The job is at work.
    pub(crate) fn start(&self, at: i64) {
        self.change(false, |progress| {
            progress.status = JobStatus::Running;
            progress.started_at = Some(at);
        });
    }

    /// The calendars are known.
    pub(crate) fn calendars(&self, calendars: Vec<CalendarProgress>) {
        self.change(false, |progress| progress.calendars = calendars);
    }

    fn line(&self, calendar: &str, throttled: bool, change: impl FnOnce(&mut CalendarProgress)) {
        self.change(throttled, |progress| {
            if let Some(line) = progress.calendars.iter_mut().find(|line| line.calendar_id.as_str() == calendar) {
                change(line);
            }
        });
    }

    /// The calendar's turn has come: it is being read, even if nothing comes in for a while.
    pub(crate) fn begin(&self, calendar: &str) {
        self.line(calendar, false, |line| line.phase = Phase::Reading);
    }

    /// The calendar is being read; so many more objects came in.
    pub(crate) fn read(&self, calendar: &str, more: u64, total: Option<u64>) {
        self.line(calendar, true, |line| {
            line.read += more;
            if let Some(total) = total {
                line.total = Some(line.total.unwrap_or(0).max(total).max(line.read));
            } else if let Some(total) = line.total {
                line.total = Some(total.max(line.read));
            }
            line.phase = if line.total.is_some() { Phase::Saving } else { Phase::Reading };
        });
    }

    /// So many more objects of the calendar are committed.
    pub(crate) fn saved(&self, calendar: &str, more: u64) {
        self.change(false, |progress| save(progress, calendar, more));
    }

    /// The calendar is done, one way or the other.
    pub(crate) fn end(&self, calendar: &str, result: CalendarResult) {
        self.line(calendar, false, |line| {
            line.phase = if result.error.is_none() && result.hold.is_none() { Phase::Done } else { Phase::Ended };
            if line.phase == Phase::Done {
                line.total = Some(line.saved);
            }
            line.result = Some(result);
        });
    }

    /// The job is done. The caller stores and tells the snapshot.
    pub(crate) fn finish(&self, status: JobStatus, error: Option<Problem>) -> JobProgress {
        let mut state = self.lock();
        state.0.status = status;
        state.0.error = error;
        state.0.seq += 1;
        state.0.clone()
    }
}

fn save(progress: &mut JobProgress, calendar: &str, more: u64) {
    if let Some(line) = progress.calendars.iter_mut().find(|line| line.calendar_id.as_str() == calendar) {
        line.saved += more;
        line.read = line.read.max(line.saved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_domain::ids::{CalendarId, ConnectionId, JobId};
    use syncline_domain::sync::Trigger;

    fn tracker() -> Tracker {
        let progress = JobProgress {
            job_id: JobId::trusted("j"),
            run_id: JobId::trusted("j"),
            connection_id: ConnectionId::trusted("c"),
            connection_name: String::new(),
            seq: 1,
            status: JobStatus::Running,
            trigger: Trigger::Manual,
            started_at: None,
            calendars: vec![CalendarProgress {
                calendar_id: CalendarId::trusted("a"),
                name: String::new(),
                phase: Phase::Waiting,
                read: 0,
                saved: 0,
                total: None,
                result: None,
            }],
            error: None,
        };
        Tracker::new(progress, UserId::trusted("u"), Bus::default(), Clock::fixed(0))
    }

    fn snapshot(tracker: &Tracker) -> JobProgress {
        tracker.snapshot_with("", 0)
    }

    #[test]
    fn the_total_is_unknown_until_the_provider_says_it_and_never_falls_behind_what_was_read() {
        let tracker = tracker();
        tracker.begin("a");
        assert_eq!(snapshot(&tracker).calendars[0].phase, Phase::Reading);
        tracker.read("a", 500, None);
        assert_eq!(snapshot(&tracker).calendars[0].phase, Phase::Reading);
        assert_eq!(snapshot(&tracker).overall(), (0, None));
        tracker.read("a", 500, Some(900));
        let line = &snapshot(&tracker).calendars[0];
        assert_eq!((line.phase, line.total), (Phase::Saving, Some(1000)));
        tracker.read("a", 1, Some(10));
        assert_eq!(snapshot(&tracker).calendars[0].total, Some(1001));
    }

    #[test]
    fn every_snapshot_has_a_number_of_its_own() {
        let tracker = tracker();
        let first = snapshot(&tracker).seq;
        assert_eq!(tracker.snapshot_with("a", 3).calendars[0].saved, 3);
        assert_eq!(snapshot(&tracker).calendars[0].saved, 0, "not before it is committed");
        tracker.saved("a", 3);
        assert_eq!(snapshot(&tracker).calendars[0].saved, 3);
        assert!(snapshot(&tracker).seq > first);
    }
}
