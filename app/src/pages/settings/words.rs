//! States, intervals and providers in words: pure.

use syncline_domain::sync::{ProviderKind, ResultStatus};
use syncline_domain::view::{Calendar, Connection, ConnectionState};

/// The words and the class of a connection's state.
#[must_use]
pub fn state(connection: &Connection) -> (&'static str, &'static str) {
    if connection.running_job.is_some() {
        return ("Syncing…", "badge badge-accent");
    }
    state_words(connection.state)
}

/// The words and the class of a state.
#[must_use]
pub fn state_words(state: ConnectionState) -> (&'static str, &'static str) {
    match state {
        ConnectionState::Ok => ("Up to date", "badge badge-good"),
        ConnectionState::New => ("Not synced yet", "badge badge-accent"),
        ConnectionState::Stale => ("Stale", "badge badge-warn"),
        ConnectionState::Failing => ("Failing", "badge badge-bad"),
        ConnectionState::NeedsReconnecting => ("Needs reconnecting", "badge badge-bad"),
        ConnectionState::Disabled => ("Disabled", "badge"),
    }
}

/// The intervals to choose from: seconds and words.
pub const INTERVALS: [(u64, &str); 9] = [
    (0, "Only by hand"),
    (300, "Every 5 minutes"),
    (900, "Every 15 minutes"),
    (1_800, "Every 30 minutes"),
    (3_600, "Every hour"),
    (7_200, "Every 2 hours"),
    (14_400, "Every 4 hours"),
    (43_200, "Every 12 hours"),
    (86_400, "Every 24 hours"),
];

/// The choices for a connection: [`INTERVALS`] and, where it has another one (set by a script), that one too.
#[must_use]
pub fn intervals(current: u64) -> Vec<(u64, String)> {
    let mut choices: Vec<_> = INTERVALS.iter().map(|(seconds, words)| (*seconds, (*words).to_owned())).collect();
    if !choices.iter().any(|(seconds, _)| *seconds == current) {
        choices.push((current, format!("Every {} minutes", current.div_ceil(60))));
        choices.sort_by_key(|(seconds, _)| *seconds);
    }
    choices
}

/// The icon and the name of a provider.
#[must_use]
pub fn provider(connection: &Connection) -> (&'static str, &'static str) {
    match connection.provider {
        ProviderKind::Caldav => ("cloud", "CalDAV"),
        ProviderKind::Ics if connection.is_file => ("file", "ICS file"),
        ProviderKind::Ics => ("feed", "ICS feed"),
        other => ("cloud", other.title()),
    }
}

/// What stands under a calendar's name after its number of events; `None` when there is nothing to say.
#[must_use]
pub fn calendar_note(calendar: &Calendar) -> Option<&'static str> {
    if calendar.vanished {
        return Some("no longer listed by the provider; its events are kept");
    }
    if !calendar.enabled {
        return Some("not synced");
    }
    match calendar.last_status {
        Some(ResultStatus::Success) | None => None,
        // What stopped early says why; what was read to its end has nothing but unreadable events.
        Some(ResultStatus::Partial) if calendar.problem.is_some() => Some("the last sync stopped early"),
        Some(ResultStatus::Partial) => Some("some events could not be read"),
        Some(ResultStatus::Error) => Some("the last sync failed"),
        Some(ResultStatus::Held) => Some("deletions on hold"),
    }
}

/// The class of the note about a problem: what the user asked for, or what only has to be continued, is no alarm.
#[must_use]
pub fn note_class(code: &str) -> &'static str {
    match code {
        "cancelled" | "time_budget" | "interrupted" => "calendar-trouble note",
        _ => "calendar-trouble note note-bad",
    }
}

/// Why "Sync now" can not be pressed, if it can not.
#[must_use]
pub fn why_not(connections: &[Connection]) -> Option<&'static str> {
    if connections.is_empty() {
        Some("Nothing is connected yet. Add a connection first.")
    } else if connections.iter().all(|connection| connection.state == ConnectionState::Disabled) {
        Some("Every connection is disabled. Enable one first.")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_domain::ids::ConnectionId;

    fn connection(state: ConnectionState) -> Connection {
        Connection {
            id: ConnectionId::trusted("c"),
            provider: ProviderKind::Ics,
            name: String::new(),
            account: String::new(),
            host: String::new(),
            state,
            last_success_at: None,
            last_attempt_at: None,
            next_sync_at: None,
            interval_s: 900,
            pace_s: 900,
            problem: None,
            running_job: None,
            permission_ends_at: None,
            is_file: false,
            calendars: Vec::new(),
        }
    }

    #[test]
    fn sync_now_says_why_it_can_not_be_pressed() {
        assert!(why_not(&[]).is_some_and(|why| why.contains("Nothing is connected")));
        assert!(why_not(&[connection(ConnectionState::Disabled)]).is_some_and(|why| why.contains("disabled")));
        assert_eq!(why_not(&[connection(ConnectionState::Disabled), connection(ConnectionState::NeedsReconnecting)]), None);
    }

    #[test]
    fn a_sync_that_stopped_early_is_not_called_unreadable_and_a_cancelled_one_is_no_alarm() {
        let mut calendar = Calendar {
            id: syncline_domain::ids::CalendarId::trusted("k"),
            connection_id: ConnectionId::trusted("c"),
            name: String::new(),
            color: "blue".to_owned(),
            enabled: true,
            visible: true,
            vanished: false,
            events: 0,
            last_status: Some(ResultStatus::Partial),
            last_success_at: None,
            problem: None,
            hold: None,
        };
        assert_eq!(calendar_note(&calendar), Some("some events could not be read"));
        calendar.problem = Some(syncline_domain::failure::Problem::new("cancelled", "The sync was cancelled.", "Sync again."));
        assert_eq!(calendar_note(&calendar), Some("the last sync stopped early"));
        assert!(!note_class("cancelled").contains("note-bad"));
        assert!(note_class("wrong_password").contains("note-bad"));
    }

    #[test]
    fn an_interval_that_is_not_in_the_list_is_kept() {
        assert_eq!(intervals(900).len(), INTERVALS.len());
        let odd = intervals(600);
        assert_eq!(odd.len(), INTERVALS.len() + 1);
        assert_eq!(odd[2], (600, "Every 10 minutes".to_owned()));
    }

    #[test]
    fn a_running_connection_says_so_whatever_its_state_was() {
        let mut running = connection(ConnectionState::Failing);
        assert_eq!(state(&running).0, "Failing");
        running.running_job = Some(syncline_domain::ids::JobId::trusted("j"));
        assert_eq!(state(&running).0, "Syncing…");
    }
}
