//! What has to be registered at a provider, and what is wrong with it: for `syncline doctor` and the administrator's page.

use super::OAuthSettings;
use super::probe::{ClientState, probe};
use crate::hub::Config;
use crate::hub::instance::Field;
use std::time::Duration;
use syncline_domain::sync::ProviderKind;
use url::Url;

/// Tokens and signatures are refused when clocks differ by minutes; half a minute is worth a word.
const MOST_SKEW_MS: i64 = 30_000;

/// Somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// It is in order, or nothing that has to be mended.
    pub ok: bool,
    /// What was found.
    pub message: String,
    /// What to do; only where something is wrong.
    pub action: Option<String>,
}

impl Finding {
    /// In order.
    #[must_use]
    pub fn good(message: impl Into<String>) -> Self {
        Self { ok: true, message: message.into(), action: None }
    }

    /// To be mended.
    #[must_use]
    pub fn bad(message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { ok: false, message: message.into(), action: Some(action.into()) }
    }
}

/// What is particular to a provider.
#[derive(Debug)]
pub struct Guide {
    /// Which.
    pub provider: ProviderKind,
    /// Where its clients are registered.
    pub console: &'static str,
    /// What has to be done there, one step each; `{address}` stands for the redirect address.
    steps: &'static [&'static str],
}

/// The guides of all providers with OAuth.
pub const GUIDES: [Guide; 3] = [
    Guide {
        provider: ProviderKind::Google,
        console: "the Google Cloud console",
        steps: &[
            "In the Google Cloud console: enable the Google Calendar API",
            "make an OAuth client of the type \"Web application\" with the redirect address {address}",
            "on the consent screen add the scopes calendar.calendarlist.readonly and calendar.events.readonly, and publish it (in \
             \"Testing\" permissions end after 7 days)",
        ],
    },
    Guide {
        provider: ProviderKind::Microsoft,
        console: "the Entra admin center",
        steps: &[
            "In the Entra admin center, under \"App registrations\": register an app for accounts in any organizational directory and personal \
             Microsoft accounts (for one directory alone, set SYNCLINE_MICROSOFT_TENANT to it), with the platform \"Web\" and the redirect \
             address {address}",
            "under \"API permissions\" add the delegated ones of Microsoft Graph offline_access, User.Read and Calendars.Read",
            "under \"Certificates & secrets\" make a client secret (it expires: note when), and take its value, not its id",
        ],
    },
    Guide {
        provider: ProviderKind::Calendly,
        console: "developer.calendly.com",
        steps: &[
            "At developer.calendly.com: make an OAuth application of the kind \"Web\" with the redirect address {address} and the scopes \
             users:read, scheduled_events:read, event_types:read and webhooks:write",
            "its webhook signing key goes into CALENDLY_WEBHOOK_SIGNING_KEY. (Users can connect by a personal access token without all this.)",
        ],
    },
];

/// Where a provider sends the browser back to; it has to be registered there letter by letter. `base` is the address that browsers use.
#[must_use]
pub fn redirect_uri(base: &str, provider: ProviderKind) -> String {
    format!("{}/oauth/{}/callback", base.trim_end_matches('/'), provider.as_str())
}

/// The guide of a provider; `None` for one without OAuth.
#[must_use]
pub fn of(provider: ProviderKind) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.provider == provider)
}

impl Guide {
    /// What has to be done at the provider, one step each.
    #[must_use]
    pub fn steps(&self, address: &str) -> Vec<String> {
        self.steps.iter().map(|step| step.replace("{address}", address)).collect()
    }

    /// Looks at the set-up and asks the provider. `base` is the configured address that browsers use, if there is one; `seen` the one that
    /// somebody uses now.
    pub async fn check(&self, config: &Config, oauth: &OAuthSettings, base: Option<&str>, seen: &str) -> Vec<Finding> {
        let name = self.provider.title();
        let Some(settings) = oauth.of(self.provider) else { return Vec::new() };
        let (id, secret) = (Field::ClientId.variable(self.provider), Field::ClientSecret.variable(self.provider));
        let address = redirect_uri(base.unwrap_or(seen), self.provider);
        match (&settings.client_id, &settings.client_secret) {
            (None, None) => {
                let register = self.steps(&address).join("; ");
                let message = format!("Not set up, so nobody can connect a {name} account. {register}. Then set {id} and {secret}.");
                return vec![Finding::good(message)];
            }
            (Some(_), None) => return vec![Finding::bad("There is a client id but no secret.", format!("Set {secret}."))],
            (None, Some(_)) => return vec![Finding::bad("There is a secret but no client id.", format!("Set {id}."))],
            (Some(_), Some(_)) => {}
        }
        let mut found = vec![match (base, is_allowed(&address)) {
            (_, false) => Finding::bad(
                format!("{name} sends browsers back by https only, and the address is {address}."),
                "Put https in front of Syncline, and set SYNCLINE_PUBLIC_URL to the address that browsers use.",
            ),
            (None, true) => Finding::good(format!(
                "The redirect address is that of the browser, such as {address}; it must be registered. Set SYNCLINE_PUBLIC_URL to fix it."
            )),
            (Some(_), true) => Finding::good(format!("The redirect address to register is {address}")),
        }];
        match tokio::time::timeout(PATIENCE, probe(config, settings, self.provider)).await {
            Err(_) => found.push(Finding::bad(
                format!("{name} did not answer within {} seconds.", PATIENCE.as_secs()),
                "Check this server's own connection to the internet.",
            )),
            Ok(Err(error)) => found.push(Finding::bad(error.problem.message, error.problem.action)),
            Ok(Ok(probed)) => {
                found.push(match probed.client {
                    ClientState::Accepted => Finding::good("Client id and secret are accepted."),
                    ClientState::Unproven => Finding::good(format!(
                        "{name} answers, and does not say whether the secret is right before somebody signs in: the first account that is connected proves it."
                    )),
                    ClientState::Refused => Finding::bad(
                        format!("{name} does not accept the client id or its secret."),
                        format!("Compare {id} and {secret} with {}.", self.console),
                    ),
                });
                let skew = probed.clock_skew_ms.unwrap_or(0);
                if skew.abs() > MOST_SKEW_MS {
                    let message = format!("The clock of this machine is off by {} seconds.", skew / 1000);
                    found.push(Finding::bad(message, "Turn on time synchronisation (NTP)."));
                }
            }
        }
        found
    }
}

/// Whether Calendly can tell us about bookings; without, they are polled, which is no fault. `None`: nobody uses Calendly here.
#[must_use]
pub fn calendly_webhooks(oauth: &OAuthSettings, base: Option<&str>) -> Option<Finding> {
    let settings = &oauth.calendly;
    if base.is_none() && settings.client_id.is_none() && settings.webhook_key.is_none() {
        return None;
    }
    let address = base.map(|base| format!("{}/api/calendly/webhook", base.trim_end_matches('/')));
    Some(match address {
        Some(address) if address.starts_with("https://") => {
            let key = match (&settings.client_id, &settings.webhook_key) {
                (Some(_), None) => " Those of the application need CALENDLY_WEBHOOK_SIGNING_KEY.",
                _ => "",
            };
            Finding::good(format!("They are taken at {address}; {address}/test says so from outside.{key}"))
        }
        _ => Finding::good("There is no public https address, so bookings are polled. SYNCLINE_PUBLIC_URL sets one."),
    })
}

/// https, or this very machine.
fn is_allowed(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https" || matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        assert!(is_allowed("http://localhost:3000/x") && is_allowed("http://127.0.0.1:3000/x") && is_allowed("https://cal.example.org/x"));
        assert!(!is_allowed("http://cal.example.org/x") && !is_allowed("nonsense"));
    }

    #[test]
    fn the_redirect_address_has_one_form_whatever_the_base() {
        let expected = "https://cal.example.org/oauth/google/callback";
        assert_eq!(redirect_uri("https://cal.example.org/", ProviderKind::Google), expected);
        assert_eq!(redirect_uri("https://cal.example.org", ProviderKind::Google), expected);
    }

    #[test]
    fn every_step_that_names_the_address_has_it() {
        for guide in GUIDES {
            let steps = guide.steps("https://a.example/oauth");
            assert_eq!(steps.iter().filter(|step| step.contains("https://a.example/oauth")).count(), 1, "{}", guide.console);
            assert!(steps.iter().all(|step| !step.contains('{')));
        }
    }
}
