//! What is said when a run has ended: pure.

use crate::ui::progress::words::counts_words;
use crate::ui::relative_time::words::counted;
use crate::ui::results::words::{only_unreadable, what_happened};
use crate::ui::toast::Tone;
use syncline_domain::sync::{JobStatus, ResultStatus, SyncReport, Trigger};

/// The message for a run that ended; `None` when it is not worth a word: a sync that nobody asked for by hand and that
/// changed nothing, or that failed (then the connection's card says so, for as long as it fails).
#[must_use]
pub fn announcement(report: &SyncReport, trigger: Option<Trigger>) -> Option<(Tone, String)> {
    let by_hand = !matches!(trigger, Some(Trigger::Schedule | Trigger::Webhook));
    let good = report.success || only_unreadable(report);
    let news = good && report.counts.changed();
    if !(by_hand || news) {
        return None;
    }
    Some(match report.status {
        JobStatus::Cancelled => (Tone::Good, "Sync cancelled. What was saved stays.".to_owned()),
        _ if good => (Tone::Good, success_words(report)),
        _ => (Tone::Bad, failure_words(report)),
    })
}

/// "Synced: 15 new, 3 changed, 1 gone, 2 skipped".
fn success_words(report: &SyncReport) -> String {
    let held = report.results.iter().filter(|line| line.status == ResultStatus::Held).count() as u64;
    let mut words = format!("Synced: {}", counts_words(&report.counts));
    if held > 0 {
        words.push_str(&format!(". {} with deletions on hold", counted(held, "calendar")));
    }
    words
}

/// "Synced 2 of 3 calendars. Fastmail refused the password.": the first problem stands for all, the settings show each.
fn failure_words(report: &SyncReport) -> String {
    let good = report.results.iter().filter(|line| line.is_in_step()).count();
    let mut words = format!("Synced {good} of {}.", counted(report.results.len() as u64, "calendar"));
    if let Some(problem) = report.results.iter().find_map(|line| line.error.as_ref()) {
        words.push(' ');
        words.push_str(what_happened(&problem.message));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use syncline_domain::failure::Problem;
    use syncline_domain::ids::{ConnectionId, JobId};
    use syncline_domain::sync::{CalendarResult, Counts};

    fn line(status: ResultStatus, synced: u64) -> CalendarResult {
        CalendarResult {
            connection_id: ConnectionId::trusted("c"),
            calendar_id: None,
            email: String::new(),
            calendar_name: "Work".to_owned(),
            status,
            counts: Counts { synced, ..Counts::default() },
            total: synced,
            skipped_reasons: BTreeMap::new(),
            unreadable: Vec::new(),
            warnings: BTreeMap::new(),
            error: (status == ResultStatus::Error).then(|| Problem::new("wrong_password", "Fastmail refused the password.", "Reconnect.")),
            hold: None,
            duration_ms: 0,
            requests: 0,
            bytes: 0,
        }
    }

    fn report(status: JobStatus, lines: Vec<CalendarResult>) -> SyncReport {
        SyncReport::of(vec![JobId::trusted("j")], status, lines, String::new())
    }

    #[test]
    fn a_success_says_what_changed_and_that_something_is_held() {
        let good = report(JobStatus::Completed, vec![line(ResultStatus::Success, 15), line(ResultStatus::Held, 0)]);
        assert_eq!(
            announcement(&good, Some(Trigger::Manual)),
            Some((Tone::Good, "Synced: 15 new. 1 calendar with deletions on hold".to_owned()))
        );
    }

    #[test]
    fn a_failure_names_the_first_problem() {
        let bad = report(JobStatus::Partial, vec![line(ResultStatus::Success, 1), line(ResultStatus::Error, 0)]);
        assert_eq!(announcement(&bad, None), Some((Tone::Bad, "Synced 1 of 2 calendars. Fastmail refused the password.".to_owned())));
    }

    #[test]
    fn a_scheduled_sync_speaks_only_when_something_changed() {
        let quiet = report(JobStatus::Completed, vec![line(ResultStatus::Success, 0)]);
        let news = report(JobStatus::Completed, vec![line(ResultStatus::Success, 2)]);
        let bad = report(JobStatus::Failed, vec![line(ResultStatus::Error, 0)]);
        assert_eq!(announcement(&quiet, Some(Trigger::Schedule)), None);
        assert_eq!(announcement(&bad, Some(Trigger::Schedule)), None);
        assert!(announcement(&news, Some(Trigger::Schedule)).is_some());
        assert!(announcement(&quiet, Some(Trigger::Manual)).is_some());
    }

    #[test]
    fn a_cancelled_sync_is_no_failure() {
        let cancelled = report(JobStatus::Cancelled, vec![line(ResultStatus::Error, 0)]);
        assert_eq!(announcement(&cancelled, None).map(|(tone, _)| tone), Some(Tone::Good));
    }
}
