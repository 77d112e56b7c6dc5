//! Jobs in words: pure.

use crate::ui::relative_time::words::{counted, grouped};
use syncline_domain::sync::{CalendarResult, Counts, JobProgress, JobStatus, ResultStatus, Trigger};
use syncline_domain::view::Job;

/// Who asked for it.
#[must_use]
pub fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Manual => "by hand",
        Trigger::Schedule => "on schedule",
        Trigger::Webhook => "the provider said so",
        Trigger::Resume => "continued",
    }
}

/// How it ended, and the class of its badge.
#[must_use]
pub fn status(job: &JobProgress) -> (&'static str, &'static str) {
    let held = || job.calendars.iter().any(|line| line.result.as_ref().is_some_and(|result| result.status == ResultStatus::Held));
    match job.status {
        JobStatus::Completed if held() => ("Deletions on hold", "badge badge-warn"),
        JobStatus::Pending => ("Waiting", "badge"),
        JobStatus::Running => ("Syncing…", "badge badge-accent"),
        JobStatus::Completed => ("Done", "badge badge-good"),
        JobStatus::Partial => ("Partly done", "badge badge-warn"),
        JobStatus::Failed => ("Failed", "badge badge-bad"),
        JobStatus::Cancelled => ("Cancelled", "badge"),
    }
}

/// The sums over its calendars.
#[must_use]
pub fn counts(job: &JobProgress) -> Counts {
    let mut counts = Counts::default();
    for result in job.calendars.iter().filter_map(|line| line.result.as_ref()) {
        counts += result.counts;
    }
    counts
}

/// " · took 1.4 s", for a job that has ended.
#[must_use]
pub fn took(job: &Job) -> Option<String> {
    let began = job.progress.started_at.unwrap_or(job.created_at);
    job.finished_at.map(|ended| format!(" · took {}", duration(u64::try_from(ended - began).unwrap_or(0))))
}

/// "3 requests, 812 KB, 1.4 s".
#[must_use]
pub fn cost(line: &CalendarResult) -> String {
    format!("{}, {} KB, {}", counted(line.requests, "request"), grouped(line.bytes.div_ceil(1024)), duration(line.duration_ms))
}

fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_unit_that_fits() {
        assert_eq!(duration(0), "0 ms");
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(1_450), "1.4 s");
        assert_eq!(duration(125_000), "2 min 5 s");
    }
}
