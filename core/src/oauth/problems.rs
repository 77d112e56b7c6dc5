//! What can go wrong on the way to a permission and with it, in the user's words.

use crate::error::{Error, ProviderError};
use syncline_domain::failure::{Class, Problem};
use syncline_domain::sync::ProviderKind;

/// The problem with a code that the way back from the consent page carries in its address. A code that nobody knows (somebody
/// typed it) gives the general words, so an address can not put words into the page.
pub(crate) fn of(provider: ProviderKind, code: &str) -> Problem {
    let name = provider.title();
    let (code, message, action) = match code {
        "not_configured" => (
            "not_configured",
            format!("Nobody has set up {name} on this server yet."),
            "Whoever runs the server sets the client id and secret; `syncline doctor` says how.".to_owned(),
        ),
        "consent_refused" => (
            "consent_refused",
            format!("You did not allow it at {name}, so nothing was connected."),
            "Start again whenever you like.".to_owned(),
        ),
        "scope_missing" => (
            "scope_missing",
            format!("{name} lets Syncline see only a part: not every box was ticked, so nothing was connected."),
            format!(
                "Start again, and leave every box ticked on {name}'s page: Syncline needs the list of your calendars and their events, and only reads them."
            ),
        ),
        "state_expired" => (
            "state_expired",
            format!("This way to {name} was begun too long ago, was used already, or began in another browser."),
            "Start again here.".to_owned(),
        ),
        "other_account" => (
            "other_account",
            format!("You signed in to {name} with another account than the one of this connection. It stays as it was."),
            "Reconnect again with the account that the connection shows, or add the other one as a new connection.".to_owned(),
        ),
        "client_refused" => (
            "client_refused",
            format!("{name} does not accept this server's client id or secret."),
            "Whoever runs the server compares them with the provider's console; `syncline doctor` shows which ones are used.".to_owned(),
        ),
        "code_refused" => (
            "code_refused",
            format!("{name} did not accept its own answer: it was too old, or the redirect address is not the registered one."),
            "Start again. If it stays, whoever runs the server compares the redirect address with `syncline doctor`.".to_owned(),
        ),
        "no_refresh_token" => (
            "no_refresh_token",
            format!("{name} allowed it for an hour only, so nothing was connected."),
            format!("Remove Syncline from the list of connected apps in your {name} account, then start again."),
        ),
        "api_not_enabled" => (
            "api_not_enabled",
            "The Google Calendar API is not enabled for this server's project at Google.".to_owned(),
            "Whoever runs the server enables it in the Google Cloud console under \"APIs & Services\"; it takes a few minutes.".to_owned(),
        ),
        _ => (
            "connect_failed",
            format!("{name} could not be reached or did not answer as it should, so nothing was connected."),
            "Try again in a few minutes; the server's log has the cause.".to_owned(),
        ),
    };
    Problem::new(code, message, action)
}

/// The same as an error of the facade.
pub(crate) fn refuse(provider: ProviderKind, code: &str) -> Error {
    Error::Invalid(Box::new(of(provider, code)))
}

/// The permission is gone: only the user can give it anew.
pub(crate) fn gone(provider: ProviderKind, expired: bool) -> ProviderError {
    let name = provider.title();
    let message = format!("{name} does not accept the permission for this account any more: it was taken back, or it has expired.");
    let action = match (provider, expired) {
        (ProviderKind::Google, true) => {
            "Press Reconnect and allow it again. It ended after 7 days because the consent screen is in \"Testing\": publish the app in the \
             Google Cloud console to stop that."
        }
        _ => "Press Reconnect and allow it again; calendars and events stay.",
    };
    ProviderError::new("oauth.refresh", Class::Authentication, Problem::new("permission_gone", message, action))
}

/// The token endpoint gave something that can not be understood.
pub(crate) fn strange(provider: ProviderKind, what: &'static str) -> ProviderError {
    let message = format!("{} answered the renewal of the permission in a way that Syncline does not understand.", provider.title());
    ProviderError::new(what, Class::Transient, Problem::new("token_answer_broken", message, ""))
}

/// Another process renews the tokens and does not get to an end.
pub(crate) fn busy(provider: ProviderKind) -> ProviderError {
    let message = format!("The permission for {} is being renewed by another process.", provider.title());
    ProviderError::new("oauth.refresh", Class::Transient, Problem::new("renewal_busy", message, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_not_put_words_into_the_page() {
        let problem = of(ProviderKind::Google, "Your account is locked, call +1 555");
        assert_eq!(problem.code, "connect_failed");
        assert!(!problem.to_string().contains("555"));
        assert_eq!(of(ProviderKind::Google, "consent_refused").code, "consent_refused");
    }

    #[test]
    fn a_permission_that_ended_by_testing_says_how_to_stop_that() {
        assert!(gone(ProviderKind::Google, true).problem.action.contains("Testing"));
        assert!(!gone(ProviderKind::Google, false).problem.action.contains("Testing"));
    }
}
