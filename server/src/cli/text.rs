//! Answers for people: one line per thing. Names come from providers, so control characters are taken out of them: they could
//! steer the terminal.

use jiff::Timestamp;
use std::fmt::Write as _;
use syncline_domain::sync::{CalendarResult, ResultStatus, SyncReport};
use syncline_domain::view::{Connection, ConnectionState, Hold, Occurrence};

/// A sync: a line per calendar with ✓ or ✗ and what to do, then the sum.
pub(super) fn report(report: &SyncReport) -> String {
    let mut text = String::new();
    for line in &report.results {
        result(&mut text, line);
    }
    let _ = writeln!(text, "{}: {}.", plain(&report.message), report.counts.in_words());
    text
}

fn result(text: &mut String, line: &CalendarResult) {
    let mark = match line.status {
        ResultStatus::Held => '!',
        _ if line.is_in_step() => '✓',
        _ => '✗',
    };
    let _ = writeln!(text, "{mark} {} ({}): {}", plain(&line.calendar_name), plain(&line.email), line.counts.in_words());
    for (reason, number) in &line.skipped_reasons {
        let _ = writeln!(text, "    {number} × {}", plain(reason));
    }
    for one in &line.unreadable {
        let _ = writeln!(text, "    unreadable: {} ({})", plain(&one.object), plain(&one.reason));
    }
    for (oddity, number) in &line.warnings {
        let _ = writeln!(text, "    {number} × {} (stored all the same)", plain(oddity));
    }
    if let Some(problem) = &line.error {
        let _ = writeln!(text, "    {}\n    {}", plain(&problem.message), plain(&problem.action));
    }
    if let Some(hold) = &line.hold {
        let _ = writeln!(
            text,
            "    {} of {} events would go, so nothing was removed. Decide with `syncline hold list`, or on the page under Holds.",
            hold.would_delete, hold.live
        );
    }
}

/// A connection with its calendars.
pub(super) fn connection(connection: &Connection) -> String {
    let mut text = format!(
        "{}  {} ({}, {}): {}\n",
        connection.id,
        plain(&connection.name),
        connection.provider.as_str(),
        plain(&connection.account),
        state(connection.state)
    );
    if let Some(at) = connection.last_success_at {
        let _ = writeln!(text, "    last synced {}", instant(at));
    }
    if let Some(problem) = &connection.problem {
        let _ = writeln!(text, "    {}\n    {}", plain(&problem.message), plain(&problem.action));
    }
    for calendar in &connection.calendars {
        let off = if calendar.enabled { "" } else { ", not synced" };
        let _ = writeln!(text, "    {}  {}: {} events{off}", calendar.id, plain(&calendar.name), calendar.events);
    }
    text
}

/// So many events of a hold are named.
const HELD_SHOWN: usize = 20;

/// A hold with what would go.
pub(super) fn hold(hold: &Hold) -> String {
    let mut text = format!(
        "{}  {} ({}): {} of {} events would go, since {}\n",
        hold.id,
        plain(&hold.calendar_name),
        plain(&hold.connection_name),
        hold.would_delete,
        hold.live,
        instant(hold.created_at)
    );
    for event in hold.events.iter().take(HELD_SHOWN) {
        let series = if event.recurring { " (series)" } else { "" };
        let _ = writeln!(text, "    {}  {}{series}", event.start, plain(&event.title));
    }
    let shown = u64::try_from(hold.events.len().min(HELD_SHOWN)).unwrap_or(0);
    if hold.would_delete > shown {
        let _ = writeln!(text, "    and {} more", hold.would_delete - shown);
    }
    text
}

fn state(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Ok => "in step",
        ConnectionState::New => "never synced",
        ConnectionState::Stale => "not synced for long",
        ConnectionState::Failing => "failing, is tried again",
        ConnectionState::NeedsReconnecting => "needs reconnecting",
        ConnectionState::Disabled => "switched off",
    }
}

/// An occurrence.
pub(super) fn occurrence(event: &Occurrence) -> String {
    let place = event.location.as_deref().map(|place| format!(" @ {}", plain(place))).unwrap_or_default();
    format!("{}  {}  {}{place}  [{}]\n", event.start, event.end, plain(&event.summary), plain(&event.calendar_name))
}

fn instant(at: i64) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| "at an unknown time".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

fn plain(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use syncline_domain::failure::Problem;
    use syncline_domain::ids::{ConnectionId, JobId};
    use syncline_domain::sync::{Counts, JobStatus};

    #[test]
    fn a_failed_calendar_says_what_happened_and_what_to_do() {
        let line = |name: &str, status, error| CalendarResult {
            connection_id: ConnectionId::trusted("c"),
            calendar_id: None,
            email: "ann@example.org".to_owned(),
            calendar_name: name.to_owned(),
            status,
            counts: Counts { synced: 15, skipped: 2, ..Counts::default() },
            total: 17,
            skipped_reasons: BTreeMap::from([("cancelled".to_owned(), 2)]),
            unreadable: Vec::new(),
            warnings: BTreeMap::new(),
            error,
            hold: None,
            duration_ms: 1,
            requests: 1,
            bytes: 1,
        };
        let problem = Problem::new("wrong_password", "Fastmail refused the password.", "Use an app password, then reconnect.");
        let results = vec![line("Work\x1b[2J", ResultStatus::Success, None), line("Home", ResultStatus::Error, Some(problem))];
        let text = report(&SyncReport::of(vec![JobId::trusted("j")], JobStatus::Partial, results, String::new()));
        let expected = "✓ Work [2J (ann@example.org): 15 new, 2 skipped\n    2 × cancelled\n\
            ✗ Home (ann@example.org): 15 new, 2 skipped\n    2 × cancelled\n    Fastmail refused the password.\n    \
            Use an app password, then reconnect.\nSynced 1 of 2 calendar(s): 30 new, 4 skipped.\n";
        assert_eq!(text, expected);
    }
}
