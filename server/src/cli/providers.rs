//! The part of `syncline doctor` about the providers that users allow by signing in there: what has to be registered at the provider,
//! whether our client is accepted, and whether the clocks agree.

use super::args::DoctorArgs;
use super::doctor::Check;
use crate::web::consent::redirect_uri;
use syncline_core::Config;
use syncline_core::oauth::probe::{ClientState, probe};
use syncline_domain::sync::ProviderKind;
use url::Url;

/// Tokens and signatures are refused when clocks differ by minutes; half a minute is worth a word.
const MOST_SKEW_MS: i64 = 30_000;

/// What is particular to a provider.
struct Guide {
    provider: ProviderKind,
    /// The beginning of its settings: `SYNCLINE_GOOGLE`.
    settings: &'static str,
    /// Where its clients are registered.
    console: &'static str,
    /// What has to be done there, with `{address}` in the place of the redirect address.
    register: &'static str,
}

const GUIDES: [Guide; 3] = [
    Guide {
        provider: ProviderKind::Google,
        settings: "SYNCLINE_GOOGLE",
        console: "the Google Cloud console",
        register: "In the Google Cloud console: enable the Google Calendar API; make an OAuth client of the type \"Web application\" with the \
                   redirect address {address}; on the consent screen add the scopes calendar.calendarlist.readonly and \
                   calendar.events.readonly, and publish it (in \"Testing\" permissions end after 7 days).",
    },
    Guide {
        provider: ProviderKind::Microsoft,
        settings: "SYNCLINE_MICROSOFT",
        console: "the Entra admin center",
        register: "In the Entra admin center, under \"App registrations\": register an app for accounts in any organizational directory and \
                   personal Microsoft accounts (for one directory alone, set SYNCLINE_MICROSOFT_TENANT to it), with the platform \"Web\" \
                   and the redirect address {address}; under \"API permissions\" add the delegated ones of Microsoft Graph \
                   offline_access, User.Read and Calendars.Read; under \"Certificates & secrets\" \
                   make a client secret (it expires: note when).",
    },
    Guide {
        provider: ProviderKind::Calendly,
        settings: "SYNCLINE_CALENDLY",
        console: "developer.calendly.com",
        register: "At developer.calendly.com: make an OAuth application of the kind \"Web\" with the redirect address {address} and the scopes \
                   users:read, scheduled_events:read, event_types:read and webhooks:write; its webhook signing key goes into \
                   CALENDLY_WEBHOOK_SIGNING_KEY. (Users can connect by a personal access token without all this.)",
    },
];

pub(super) async fn check(config: &Config, args: &DoctorArgs) -> Vec<Check> {
    let base = args.public_url.as_deref().or(args.base_url.as_deref()).filter(|base| !base.is_empty());
    let mut checks = Vec::new();
    for guide in GUIDES {
        checks.extend(guide.check(config, base).await);
    }
    checks.extend(calendly_webhooks(config, base));
    checks
}

impl Guide {
    async fn check(&self, config: &Config, base: Option<&str>) -> Vec<Check> {
        let name = self.provider.title();
        let Some(settings) = config.oauth.of(self.provider) else { return Vec::new() };
        let (id, secret) = (format!("{}_CLIENT_ID", self.settings), format!("{}_CLIENT_SECRET", self.settings));
        let address = redirect_uri(base.unwrap_or("http://127.0.0.1:3000"), self.provider);
        match (&settings.client_id, &settings.client_secret) {
            (None, None) => {
                let register = self.register.replace("{address}", &address);
                let message = format!("Not set up, so nobody can connect a {name} account. {register} Then set {id} and {secret}.");
                return vec![Check::good(name, message)];
            }
            (Some(_), None) => return vec![Check::bad(name, "There is a client id but no secret.", format!("Set {secret}."))],
            (None, Some(_)) => return vec![Check::bad(name, "There is a secret but no client id.", format!("Set {id}."))],
            (Some(_), Some(_)) => {}
        }
        let mut checks = vec![match (base, is_allowed(&address)) {
            (_, false) => Check::bad(
                name,
                format!("{name} sends browsers back by https only, and the address is {address}."),
                "Put https in front of Syncline, and set SYNCLINE_PUBLIC_URL to the address that browsers use.",
            ),
            (None, true) => Check::good(
                name,
                format!(
                    "The redirect address is that of the browser, such as {address}; it must be registered. Set SYNCLINE_PUBLIC_URL to fix it."
                ),
            ),
            (Some(_), true) => Check::good(name, format!("The redirect address to register is {address}")),
        }];
        match probe(config, self.provider).await {
            Err(error) => checks.push(Check::bad(name, error.problem.message, error.problem.action)),
            Ok(found) => {
                checks.push(match found.client {
                    ClientState::Accepted => Check::good(name, "Client id and secret are accepted."),
                    ClientState::Refused => Check::bad(
                        name,
                        format!("{name} does not accept the client id or its secret."),
                        format!("Compare {id} and {secret} with {}.", self.console),
                    ),
                });
                let skew = found.clock_skew_ms.unwrap_or(0);
                if skew.abs() > MOST_SKEW_MS {
                    let message = format!("The clock of this machine is off by {} seconds.", skew / 1000);
                    checks.push(Check::bad(name, message, "Turn on time synchronisation (NTP)."));
                }
            }
        }
        checks
    }
}

/// Whether Calendly can tell us about bookings; without, they are polled, which is no fault.
fn calendly_webhooks(config: &Config, base: Option<&str>) -> Option<Check> {
    const NAME: &str = "Calendly webhooks";
    let settings = &config.oauth.calendly;
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
            Check::good(NAME, format!("They are taken at {address}; {address}/test says so from outside.{key}"))
        }
        _ => Check::good(NAME, "There is no public https address, so bookings are polled. SYNCLINE_PUBLIC_URL sets one."),
    })
}

/// https, or this very machine.
fn is_allowed(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https" || matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(base: Option<&str>) -> DoctorArgs {
        DoctorArgs { base_url: base.map(str::to_owned), public_url: None, output: super::super::args::OutputArgs { json: false } }
    }

    #[tokio::test]
    async fn what_is_missing_is_said_with_the_address_to_register() {
        let mut config = Config::in_dir("unused".into());
        let checks = check(&config, &args(Some("https://cal.example.org"))).await;
        assert!(checks[0].ok && checks[0].message.contains("https://cal.example.org/oauth/google/callback"), "{:?}", checks[0]);
        config.oauth.google.client_id = Some("id".to_owned());
        let checks = check(&config, &args(None)).await;
        assert!(!checks[0].ok && checks[0].action.as_deref().unwrap().contains("GOOGLE_CLIENT_SECRET"), "{:?}", checks[0]);
        let microsoft = checks.iter().find(|check| check.message.contains("Microsoft account")).unwrap();
        assert!(microsoft.ok && microsoft.message.contains("/oauth/microsoft/callback"), "{microsoft:?}");
        assert!(
            microsoft.message.contains("SYNCLINE_MICROSOFT_CLIENT_ID") && microsoft.message.contains("Calendars.Read"),
            "{microsoft:?}"
        );
    }

    #[tokio::test]
    async fn calendly_is_guided_too_with_its_webhooks() {
        let mut config = Config::in_dir("unused".into());
        let said = |checks: &[Check]| checks.iter().map(|check| check.message.clone()).collect::<Vec<_>>().join("\n");
        let checks = check(&config, &args(Some("https://cal.example.org"))).await;
        assert!(checks.iter().all(|check| check.ok), "{}", said(&checks));
        assert!(said(&checks).contains("https://cal.example.org/oauth/calendly/callback"), "{}", said(&checks));
        assert!(said(&checks).contains("https://cal.example.org/api/calendly/webhook;"), "{}", said(&checks));
        config.oauth.calendly.client_id = Some("id".to_owned());
        let checks = check(&config, &args(None)).await;
        let bad: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.action.clone().unwrap()).collect();
        assert_eq!(bad, ["Set SYNCLINE_CALENDLY_CLIENT_SECRET."]);
        assert!(said(&checks).contains("bookings are polled"), "{}", said(&checks));
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        assert!(is_allowed("http://localhost:3000/x") && is_allowed("http://127.0.0.1:3000/x") && is_allowed("https://cal.example.org/x"));
        assert!(!is_allowed("http://cal.example.org/x") && !is_allowed("nonsense"));
    }
}
