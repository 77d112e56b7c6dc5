//! How far a sync is, in numbers and words: pure.
//!
//! The total is unknown until every calendar's is. A share that is shown never goes back, and says 100 % only when everything
//! is committed.

use crate::ui::relative_time::words::{counted, grouped};
use crate::ui::sync_button::target::SyncTarget;
use syncline_domain::ids::JobId;
use syncline_domain::sync::{CalendarProgress, Counts, JobProgress, Phase, ResultStatus};

/// How far something is, in objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Received.
    pub read: u64,
    /// Committed.
    pub saved: u64,
    /// How many there are, once that is known.
    pub total: Option<u64>,
    /// Everything is committed.
    pub done: bool,
}

impl Share {
    /// One calendar.
    #[must_use]
    pub fn of_line(line: &CalendarProgress) -> Self {
        let done = matches!(line.phase, Phase::Done | Phase::Ended);
        Self { read: line.read, saved: line.saved, total: line.total, done }
    }

    /// All calendars of the jobs that work on a target.
    #[must_use]
    pub fn of<'a>(jobs: impl Iterator<Item = &'a JobProgress>, target: &SyncTarget) -> Self {
        let mut whole = Self { total: Some(0), done: true, ..Self::default() };
        let mut lines = 0;
        for job in jobs.filter(|job| target.is_of(job)) {
            // A job whose calendars are not known yet hides how much there is.
            if job.calendars.is_empty() && !job.status.is_final() {
                whole.total = None;
                whole.done = false;
            }
            let mine = |line: &&CalendarProgress| match target {
                SyncTarget::Calendar(id) => line.calendar_id == *id,
                _ => true,
            };
            for line in job.calendars.iter().filter(mine) {
                let part = Self::of_line(line);
                lines += 1;
                whole.read += part.read;
                whole.saved += part.saved;
                // A calendar that has ended has nothing left, whether its total was ever known or not.
                let known = part.total.or(part.done.then_some(part.saved));
                whole.total = whole.total.zip(known).map(|(sum, known)| sum + known);
                whole.done &= part.done;
            }
        }
        if lines == 0 { Self { read: 0, saved: 0, total: None, done: false } } else { whole }
    }

    /// Thousandths, when the total is known and not nothing. 1000 only when everything is committed.
    #[must_use]
    pub fn permille(self) -> Option<u32> {
        let total = self.total.filter(|total| *total > 0)?;
        let share = u32::try_from(self.saved.min(total) * 1000 / total).unwrap_or(1000);
        Some(if self.done { share } else { share.min(999) })
    }

    /// "Saving 2,400 of 3,120", "Reading… 2,400 events so far".
    #[must_use]
    pub fn words(self) -> String {
        match self.total {
            Some(total) if total > 0 => format!("Saving {} of {}", grouped(self.saved), grouped(total)),
            _ if self.read > 0 => format!("Reading… {} so far", counted(self.read, "event")),
            _ => "Reading…".to_owned(),
        }
    }
}

/// A share that never goes back while the same run is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steady {
    run: Option<JobId>,
    permille: Option<u32>,
}

impl Steady {
    /// The next value to show.
    #[must_use]
    pub fn next(previous: Option<&Self>, run: Option<JobId>, permille: Option<u32>) -> Self {
        let before = previous.filter(|previous| previous.run == run).and_then(|previous| previous.permille);
        Self { run, permille: before.max(permille) }
    }

    /// Thousandths; `None` is unknown.
    #[must_use]
    pub fn permille(&self) -> Option<u32> {
        self.permille
    }
}

/// The line of one calendar while its job is at work.
#[must_use]
pub fn line_words(line: &CalendarProgress) -> String {
    match (line.phase, &line.result) {
        (Phase::Waiting, _) => "Waiting…".to_owned(),
        (Phase::Done | Phase::Ended, Some(result)) => match (&result.error, result.status) {
            (Some(problem), ResultStatus::Error) => problem.message.clone(),
            (_, ResultStatus::Held) => "Deletions on hold".to_owned(),
            _ => sentence(&counts_words(&result.counts)),
        },
        (Phase::Done, None) => "Done".to_owned(),
        (Phase::Ended, None) => "Stopped".to_owned(),
        (Phase::Reading | Phase::Saving, _) => Share::of_line(line).words(),
    }
}

/// [`Counts::in_words`] with large numbers grouped: "6,084 new, 3 changed".
#[must_use]
pub fn counts_words(counts: &Counts) -> String {
    let word = |word: &str| word.parse().map_or_else(|_| word.to_owned(), grouped);
    counts.in_words().split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The first letter large.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_domain::ids::{CalendarId, ConnectionId};
    use syncline_domain::sync::{JobStatus, Trigger};

    fn line(id: &str, phase: Phase, read: u64, saved: u64, total: Option<u64>) -> CalendarProgress {
        CalendarProgress { calendar_id: CalendarId::trusted(id), name: id.to_owned(), phase, read, saved, total, result: None }
    }

    fn job(calendars: Vec<CalendarProgress>) -> JobProgress {
        JobProgress {
            job_id: JobId::trusted("j"),
            run_id: JobId::trusted("j"),
            connection_id: ConnectionId::trusted("c"),
            connection_name: String::new(),
            seq: 1,
            status: JobStatus::Running,
            trigger: Trigger::Manual,
            started_at: None,
            calendars,
            error: None,
        }
    }

    #[test]
    fn a_calendar_says_how_much_it_has_read_until_it_knows_the_total() {
        assert_eq!(line_words(&line("a", Phase::Waiting, 0, 0, None)), "Waiting…");
        assert_eq!(line_words(&line("a", Phase::Reading, 0, 0, None)), "Reading…");
        assert_eq!(line_words(&line("a", Phase::Reading, 2_400, 1_000, None)), "Reading… 2,400 events so far");
        assert_eq!(line_words(&line("a", Phase::Saving, 3_120, 2_400, Some(3_120))), "Saving 2,400 of 3,120");
    }

    #[test]
    fn large_counts_are_grouped() {
        let counts = Counts { synced: 6_084, updated: 3, deleted: 1_000, ..Counts::default() };
        assert_eq!(counts_words(&counts), "6,084 new, 3 changed, 1,000 gone");
        assert_eq!(counts_words(&Counts::default()), "nothing changed");
    }

    #[test]
    fn the_whole_is_unknown_until_every_part_is_known() {
        let some = job(vec![line("a", Phase::Saving, 10, 5, Some(10)), line("b", Phase::Reading, 3, 0, None)]);
        let share = Share::of([&some].into_iter(), &SyncTarget::Everything);
        assert_eq!((share.read, share.saved, share.total, share.permille()), (13, 5, None, None));
        let all = job(vec![line("a", Phase::Saving, 10, 5, Some(10)), line("b", Phase::Saving, 30, 5, Some(30))]);
        assert_eq!(Share::of([&all].into_iter(), &SyncTarget::Everything).permille(), Some(250));
        let one = SyncTarget::Calendar(CalendarId::trusted("a"));
        assert_eq!(Share::of([&all].into_iter(), &one).permille(), Some(500));
    }

    #[test]
    fn a_job_whose_calendars_are_not_listed_yet_hides_the_total() {
        let jobs = [job(vec![]), job(vec![line("a", Phase::Done, 5, 5, Some(5))])];
        assert_eq!(Share::of(jobs.iter(), &SyncTarget::Everything).total, None);
    }

    #[test]
    fn a_calendar_that_ended_without_a_total_does_not_hide_the_others() {
        let jobs = [job(vec![line("a", Phase::Ended, 0, 0, None), line("b", Phase::Saving, 10, 5, Some(10))])];
        assert_eq!(Share::of(jobs.iter(), &SyncTarget::Everything).permille(), Some(500));
    }

    #[test]
    fn a_hundred_percent_means_committed() {
        assert_eq!(Share { read: 10, saved: 10, total: Some(10), done: false }.permille(), Some(999));
        assert_eq!(Share { read: 10, saved: 10, total: Some(10), done: true }.permille(), Some(1000));
        assert_eq!(Share { read: 0, saved: 0, total: Some(0), done: false }.permille(), None);
    }

    #[test]
    fn a_shown_share_never_goes_back_within_a_run() {
        let run = || Some(JobId::trusted("r"));
        let first = Steady::next(None, run(), Some(400));
        assert_eq!(Steady::next(Some(&first), run(), Some(300)).permille(), Some(400));
        assert_eq!(Steady::next(Some(&first), run(), None).permille(), Some(400));
        assert_eq!(Steady::next(Some(&first), run(), Some(500)).permille(), Some(500));
        assert_eq!(Steady::next(Some(&first), Some(JobId::trusted("s")), None).permille(), None);
    }
}
