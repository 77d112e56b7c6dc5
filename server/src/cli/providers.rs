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

pub(super) async fn check(config: &Config, args: &DoctorArgs) -> Vec<Check> {
    let base = args.public_url.as_deref().or(args.base_url.as_deref()).filter(|base| !base.is_empty());
    google(config, base).await
}

async fn google(config: &Config, base: Option<&str>) -> Vec<Check> {
    const NAME: &str = "Google";
    let provider = ProviderKind::Google;
    let settings = &config.oauth.google;
    let address = redirect_uri(base.unwrap_or("http://127.0.0.1:3000"), provider);
    let register = format!(
        "In the Google Cloud console: enable the Google Calendar API; make an OAuth client of the type \"Web application\" with the redirect \
         address {address}; on the consent screen add the scopes calendar.calendarlist.readonly and calendar.events.readonly, and publish \
         it (in \"Testing\" permissions end after 7 days). Then set SYNCLINE_GOOGLE_CLIENT_ID and SYNCLINE_GOOGLE_CLIENT_SECRET."
    );
    match (&settings.client_id, &settings.client_secret) {
        (None, None) => return vec![Check::good(NAME, format!("Not set up, so nobody can connect a Google account. {register}"))],
        (Some(_), None) => return vec![Check::bad(NAME, "There is a client id but no secret.", "Set SYNCLINE_GOOGLE_CLIENT_SECRET.")],
        (None, Some(_)) => return vec![Check::bad(NAME, "There is a secret but no client id.", "Set SYNCLINE_GOOGLE_CLIENT_ID.")],
        (Some(_), Some(_)) => {}
    }
    let mut checks = vec![match (base, is_allowed(&address)) {
        (_, false) => Check::bad(
            NAME,
            format!("Google sends browsers back by https only, and the address is {address}."),
            "Put https in front of Syncline, and set SYNCLINE_PUBLIC_URL to the address that browsers use.",
        ),
        (None, true) => Check::good(
            NAME,
            format!(
                "The redirect address is that of the browser, such as {address}; it must be registered. Set SYNCLINE_PUBLIC_URL to fix it."
            ),
        ),
        (Some(_), true) => Check::good(NAME, format!("The redirect address to register is {address}")),
    }];
    match probe(config, provider).await {
        Err(error) => checks.push(Check::bad(NAME, error.problem.message, error.problem.action)),
        Ok(found) => {
            checks.push(match found.client {
                ClientState::Accepted => Check::good(NAME, "Client id and secret are accepted."),
                ClientState::Refused => Check::bad(
                    NAME,
                    "Google does not accept the client id or its secret.",
                    "Compare SYNCLINE_GOOGLE_CLIENT_ID and SYNCLINE_GOOGLE_CLIENT_SECRET with the Google Cloud console.",
                ),
            });
            let skew = found.clock_skew_ms.unwrap_or(0);
            if skew.abs() > MOST_SKEW_MS {
                let message = format!("The clock of this machine is off by {} seconds.", skew / 1000);
                checks.push(Check::bad(NAME, message, "Turn on time synchronisation (NTP)."));
            }
        }
    }
    checks
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
        assert!(!checks[0].ok && checks[0].action.as_deref().unwrap().contains("CLIENT_SECRET"), "{:?}", checks[0]);
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        assert!(is_allowed("http://localhost:3000/x") && is_allowed("http://127.0.0.1:3000/x") && is_allowed("https://cal.example.org/x"));
        assert!(!is_allowed("http://cal.example.org/x") && !is_allowed("nonsense"));
    }
}
