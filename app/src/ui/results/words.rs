//! What became of each calendar, in words: pure. In this order: what happened, what is safe, what to do.

use crate::ui::progress::words::{counts_words, sentence};
use crate::ui::relative_time::words::{counted, grouped, parse_iso};
use syncline_domain::ids::{CalendarId, ConnectionId};
use syncline_domain::sync::{CalendarResult, HoldSummary, JobStatus, ResultStatus, SyncReport};
use syncline_domain::view::Connection;

/// A success is shown so long in the browser, in milliseconds.
pub const SUCCESS_MS: u64 = 5_000;
/// A page that is loaded so soon after a success still shows it (without JavaScript this is how the result is seen at all).
const FRESH_SUCCESS_MS: i64 = 30_000;
/// A page that is loaded so soon after a failure still shows the whole result; later the cards alone say what is wrong.
const FRESH_FAILURE_MS: i64 = 10 * 60_000;

/// Whether a page that is loaded `now` shows the result of the last run.
#[must_use]
pub fn is_fresh(report: &SyncReport, now: i64) -> bool {
    let age = if is_calm(report) { FRESH_SUCCESS_MS } else { FRESH_FAILURE_MS };
    parse_iso(&report.timestamp).is_some_and(|at| now - at < age)
}

/// Nothing in it needs the user.
#[must_use]
pub fn is_calm(report: &SyncReport) -> bool {
    report.success && report.results.iter().all(|line| line.status == ResultStatus::Success)
}

/// Everything was read, but some events in it could not be understood: nothing to do again, and no failure.
#[must_use]
pub fn only_unreadable(report: &SyncReport) -> bool {
    let named = |line: &CalendarResult| line.status == ResultStatus::Partial && line.error.is_none();
    let fine = |line: &CalendarResult| matches!(line.status, ResultStatus::Success | ResultStatus::Held);
    report.results.iter().any(named) && report.results.iter().all(|line| named(line) || fine(line))
}

/// The first line of a result: "Synced 2 of 3 calendars".
#[must_use]
pub fn headline(report: &SyncReport) -> String {
    let calendars = report.results.len() as u64;
    if report.status == JobStatus::Cancelled {
        return "Sync cancelled. What was saved stays.".to_owned();
    }
    if only_unreadable(report) {
        return format!("Synced {}; some events could not be read", counted(calendars, "calendar"));
    }
    report.message.replace("calendar(s)", if calendars == 1 { "calendar" } else { "calendars" })
}

/// The icon of a line and what it means.
#[must_use]
pub fn sign(line: &CalendarResult) -> (&'static str, &'static str) {
    match line.status {
        ResultStatus::Success => ("check", "✓ In step"),
        ResultStatus::Partial if line.error.is_some() => ("pause", "⏸ Not finished"),
        ResultStatus::Partial => ("check", "✓ In step but for what is named"),
        ResultStatus::Error => ("close", "✗ Failed"),
        ResultStatus::Held => ("pause", "⏸ Deletions on hold"),
    }
}

/// The icon of a whole result.
#[must_use]
pub fn whole_sign(report: &SyncReport) -> &'static str {
    match report.success {
        true if is_calm(report) => "check",
        true if report.results.iter().any(|line| line.status == ResultStatus::Held) => "pause",
        true => "info",
        false => "alert",
    }
}

/// "15 new, 3 changed, 1 gone, 2 skipped" with large numbers grouped and a large first letter; what is the same is said when
/// nothing else is.
#[must_use]
pub fn line_words(line: &CalendarResult) -> String {
    match line.status {
        ResultStatus::Error => {
            line.error.as_ref().map_or_else(|| "Failed".to_owned(), |problem| what_happened(&problem.message).to_owned())
        }
        ResultStatus::Partial if line.error.is_some() => {
            let stopped = line.error.as_ref().map_or("", |problem| what_happened(&problem.message));
            if line.counts.changed() { format!("{}. {stopped}", sentence(&counts_words(&line.counts))) } else { stopped.to_owned() }
        }
        ResultStatus::Held if !line.counts.changed() => "Deletions on hold".to_owned(),
        _ if line.counts.in_words() == "nothing changed" && line.counts.unchanged > 0 => {
            format!("Nothing changed, {} in step", counted(line.counts.unchanged, "event"))
        }
        _ => sentence(&counts_words(&line.counts)),
    }
}

/// What a calendar says whose account failed as a whole, after the first one.
pub const SAME: &str = "Failed for the same reason";

/// Which lines failed for the very reason that the line before them gives, of the same connection.
#[must_use]
pub fn same_failures(lines: &[CalendarResult]) -> Vec<bool> {
    let why = |line: &CalendarResult| {
        let problem = line.error.clone().filter(|_| line.status == ResultStatus::Error)?;
        Some((line.connection_id.clone(), what_happened(&problem.message).to_owned(), problem.action))
    };
    let reasons: Vec<_> = lines.iter().map(why).collect();
    (0..lines.len()).map(|at| at > 0 && reasons[at].is_some() && reasons[at] == reasons[at - 1]).collect()
}

/// "2 cancelled", "1 without a start": why something was skipped or could not be read, the most frequent first.
#[must_use]
pub fn reasons(line: &CalendarResult) -> Vec<String> {
    let mut reasons: Vec<_> = line.skipped_reasons.iter().collect();
    reasons.sort_by_key(|(_, number)| std::cmp::Reverse(**number));
    reasons.into_iter().map(|(reason, number)| format!("{} {}", grouped(*number), reason.replace('_', " "))).collect()
}

/// "The provider came back with 3 of 240 events. Nothing was removed."
#[must_use]
pub fn held_words(hold: &HoldSummary) -> String {
    format!("The calendar came back with {} of {}. Nothing was removed.", grouped(hold.remaining), counted(hold.live, "event"))
}

/// What a failure left untouched: the number of events that are still here, and as of when (unix milliseconds).
#[must_use]
pub fn safe(connections: &[Connection], connection: &ConnectionId, calendar: Option<&CalendarId>) -> Option<(u64, Option<i64>)> {
    let connection = connections.iter().find(|known| known.id == *connection)?;
    match calendar {
        Some(id) => {
            let calendar = connection.calendars.iter().find(|known| known.id == *id)?;
            Some((calendar.events, calendar.last_success_at))
        }
        None => Some((connection.calendars.iter().map(|calendar| calendar.events).sum(), connection.last_success_at)),
    }
}

/// Whether a problem is mended by giving the password, the address or the file again.
#[must_use]
pub fn wants_reconnect(code: &str) -> bool {
    matches!(
        code,
        "wrong_password"
            | "unauthorized"
            | "feed_forbidden"
            | "feed_gone"
            | "bad_address"
            | "not_caldav"
            | "home_gone"
            | "connection_unreadable"
    )
}

/// What happened, without a sentence about what is safe: the page says that by itself, with the time.
#[must_use]
pub fn what_happened(message: &str) -> &str {
    match message.rsplit_once(" Your ") {
        Some((happened, safe)) if safe.ends_with("still here.") => happened,
        _ => message,
    }
}

/// "Your 812 events are still here".
#[must_use]
pub fn safe_words(events: u64) -> String {
    match events {
        0 => "Nothing was changed".to_owned(),
        1 => "Your 1 event is still here".to_owned(),
        _ => format!("Your {} are still here", counted(events, "event")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use syncline_domain::failure::Problem;
    use syncline_domain::ids::{HoldId, JobId};
    use syncline_domain::sync::Counts;

    fn line(status: ResultStatus, counts: Counts) -> CalendarResult {
        CalendarResult {
            connection_id: ConnectionId::trusted("c"),
            calendar_id: None,
            email: String::new(),
            calendar_name: String::new(),
            status,
            counts,
            total: counts.total(),
            skipped_reasons: BTreeMap::new(),
            unreadable: Vec::new(),
            warnings: BTreeMap::new(),
            error: None,
            hold: None,
            duration_ms: 0,
            requests: 0,
            bytes: 0,
        }
    }

    #[test]
    fn a_line_says_numbers_and_words() {
        let counts = Counts { synced: 15, updated: 3, deleted: 1, skipped: 2, ..Counts::default() };
        assert_eq!(line_words(&line(ResultStatus::Success, counts)), "15 new, 3 changed, 1 gone, 2 skipped");
        let same = Counts { unchanged: 2_400, ..Counts::default() };
        assert_eq!(line_words(&line(ResultStatus::Success, same)), "Nothing changed, 2,400 events in step");
        assert_eq!(line_words(&line(ResultStatus::Success, Counts::default())), "Nothing changed");
    }

    #[test]
    fn a_calendar_that_stopped_early_is_not_said_to_be_in_step() {
        let mut stopped = line(ResultStatus::Partial, Counts { synced: 2_400, ..Counts::default() });
        stopped.error = Some(Problem::new("time_budget", "It took too long. Your 2400 events are still here.", "Press Continue."));
        assert_eq!(line_words(&stopped), "2,400 new. It took too long.");
        assert_eq!(sign(&stopped).1, "⏸ Not finished");
        stopped.counts = Counts::default();
        assert_eq!(line_words(&stopped), "It took too long.");
    }

    #[test]
    fn an_account_that_failed_as_a_whole_says_why_once() {
        let failed = |connection: &str, message: &str| {
            let error = Some(Problem::new("wrong_password", message, "Check both."));
            CalendarResult { connection_id: ConnectionId::trusted(connection), error, ..line(ResultStatus::Error, Counts::default()) }
        };
        let lines = [
            failed("a", "Refused. Your 24 events are still here."),
            failed("a", "Refused. Your 1 event is still here."),
            failed("b", "Refused."),
            line(ResultStatus::Success, Counts::default()),
            line(ResultStatus::Success, Counts::default()),
            failed("b", "Refused."),
        ];
        assert_eq!(same_failures(&lines), [false, true, false, false, false, false]);
    }

    #[test]
    fn the_most_frequent_reason_comes_first() {
        let mut skipped = line(ResultStatus::Success, Counts::default());
        skipped.skipped_reasons = BTreeMap::from([("cancelled".to_owned(), 1), ("no_start".to_owned(), 2_000)]);
        assert_eq!(reasons(&skipped), ["2,000 no start", "1 cancelled"]);
    }

    #[test]
    fn a_hold_is_calm_and_says_that_nothing_was_removed() {
        let hold = HoldSummary { id: HoldId::trusted("h"), would_delete: 237, remaining: 3, live: 240 };
        assert_eq!(held_words(&hold), "The calendar came back with 3 of 240 events. Nothing was removed.");
    }

    #[test]
    fn a_result_is_shown_to_a_page_that_is_loaded_soon_after() {
        let of = |status, lines| SyncReport::of(vec![JobId::trusted("j")], status, lines, "2026-03-10T08:05:00Z".to_owned());
        let at = parse_iso("2026-03-10T08:05:00Z").unwrap();
        let good = of(JobStatus::Completed, vec![line(ResultStatus::Success, Counts::default())]);
        let bad = of(JobStatus::Failed, vec![line(ResultStatus::Error, Counts::default())]);
        let held = of(JobStatus::Completed, vec![line(ResultStatus::Held, Counts::default())]);
        assert!(is_fresh(&good, at + 10_000) && !is_fresh(&good, at + 60_000));
        assert!(is_fresh(&bad, at + 60_000) && !is_fresh(&bad, at + 3_600_000));
        assert!(is_fresh(&held, at + 60_000));
        assert!(is_calm(&good) && !is_calm(&bad) && !is_calm(&held));
    }

    #[test]
    fn unreadable_events_are_named_and_are_no_failure() {
        let of = |status, lines| SyncReport::of(vec![JobId::trusted("j")], status, lines, String::new());
        let unreadable = line(ResultStatus::Partial, Counts { synced: 9, errors: 1, ..Counts::default() });
        let report = of(JobStatus::Completed, vec![line(ResultStatus::Success, Counts::default()), unreadable.clone()]);
        assert!(only_unreadable(&report) && report.success && !is_calm(&report));
        assert_eq!(whole_sign(&report), "info");
        assert_eq!(headline(&report), "Synced 2 calendars; some events could not be read");
        assert_eq!(line_words(&unreadable), "9 new, 1 unreadable");
        let failed = of(JobStatus::Partial, vec![line(ResultStatus::Error, Counts::default()), unreadable]);
        assert!(!only_unreadable(&failed));
        assert_eq!(headline(&failed), "Synced 1 of 2 calendars");
    }

    #[test]
    fn what_is_safe_is_said_once() {
        assert_eq!(what_happened("Fastmail refused the password. Your 24 events are still here."), "Fastmail refused the password.");
        assert_eq!(what_happened("Your server is gone."), "Your server is gone.");
    }

    #[test]
    fn what_is_safe_is_said_with_its_number() {
        assert_eq!(safe_words(812), "Your 812 events are still here");
        assert_eq!(safe_words(1), "Your 1 event is still here");
        assert_eq!(safe_words(0), "Nothing was changed");
    }
}
