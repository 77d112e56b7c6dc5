//! What a failure means for the user, by what was being done: pure.
//!
//! A provider says what happened and what the user can do about it, nothing about what Syncline does next: it does not know
//! whether anything is stored. While a connection is added nothing is, so the user has to try again; a sync comes again by
//! itself. An action of a provider may be empty when there is nothing to do but to wait.

use crate::error::ProviderError;
use syncline_domain::failure::{Class, Problem};

/// The failure of adding or mending: nothing was stored, and nobody but the user tries again.
pub(crate) fn while_connecting(mut error: ProviderError) -> ProviderError {
    let then = match (error.class, error.problem.action.is_empty()) {
        (Class::RateLimited, _) => "Wait a few minutes, then try again.",
        (Class::Transient, true) => "Try again in a few minutes.",
        (Class::Transient, false) => "Then try again.",
        _ => return error,
    };
    append(&mut error.problem.action, then);
    error
}

/// The failure of a sync, which is tried again by itself.
pub(crate) fn while_syncing(error: &ProviderError) -> Problem {
    let mut problem = (*error.problem).clone();
    let then = match (error.class, problem.action.is_empty()) {
        (Class::RateLimited, _) => "Nothing to do: Syncline waits as long as it is asked to and tries again.",
        (Class::Transient, true) => "Nothing to do: Syncline tries again by itself.",
        (Class::Transient, false) => "Syncline tries again by itself.",
        _ => return problem,
    };
    append(&mut problem.action, then);
    problem
}

/// What a failed sync left untouched, behind what happened: "Your 812 events are still here."
pub(crate) fn still_here(mut problem: Problem, events: u64) -> Problem {
    match events {
        0 => {}
        1 => append(&mut problem.message, "Your 1 event is still here."),
        _ => append(&mut problem.message, &format!("Your {events} events are still here.")),
    }
    problem
}

fn append(text: &mut String, sentence: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(sentence);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(class: Class, action: &str) -> ProviderError {
        ProviderError::new("test", class, Problem::new("code", "It happened.", action))
    }

    fn connecting(class: Class, action: &str) -> String {
        while_connecting(error(class, action)).problem.action
    }

    #[test]
    fn whoever_adds_a_connection_is_told_to_try_again_and_a_sync_tries_by_itself() {
        for (class, action, adding, syncing) in [
            (Class::Transient, "", "Try again in a few minutes.", "Nothing to do: Syncline tries again by itself."),
            (Class::Transient, "Check it.", "Check it. Then try again.", "Check it. Syncline tries again by itself."),
            (
                Class::RateLimited,
                "",
                "Wait a few minutes, then try again.",
                "Nothing to do: Syncline waits as long as it is asked to and tries again.",
            ),
            (Class::Authentication, "Check both.", "Check both.", "Check both."),
            (Class::Malformed, "Check it.", "Check it.", "Check it."),
        ] {
            assert_eq!(connecting(class, action), adding, "{class:?}");
            assert_eq!(while_syncing(&error(class, action)).action, syncing, "{class:?}");
        }
    }

    #[test]
    fn what_is_still_here_is_said_with_its_number() {
        let message = |events| still_here(Problem::new("code", "It happened.", ""), events).message;
        assert_eq!(message(0), "It happened.");
        assert_eq!(message(1), "It happened. Your 1 event is still here.");
        assert_eq!(message(812), "It happened. Your 812 events are still here.");
    }
}
