//! The part of `syncline doctor` about the providers that users allow by signing in there: what has to be registered at the provider,
//! whether our client is accepted, and whether the clocks agree.

use super::args::DoctorArgs;
use super::doctor::Check;
use syncline_core::Config;
use syncline_core::oauth::OAuthSettings;
use syncline_core::oauth::guide::{self, Finding, GUIDES};

/// Where a browser of this machine sees the server when nothing else is set.
const HERE: &str = "http://127.0.0.1:3000";

/// Looks at the set-up of each provider: `oauth` is what the environment and the administrator's page have set.
pub(super) async fn check(config: &Config, oauth: &OAuthSettings, args: &DoctorArgs) -> Vec<Check> {
    let base = args.public_url.as_deref().or(args.base_url.as_deref()).filter(|base| !base.is_empty());
    let mut checks = Vec::new();
    for guide in &GUIDES {
        let found = guide.check(config, oauth, base, HERE).await;
        checks.extend(found.into_iter().map(|finding| named(guide.provider.title(), finding)));
    }
    checks.extend(guide::calendly_webhooks(oauth, base).map(|finding| named("Calendly webhooks", finding)));
    checks
}

fn named(name: &'static str, finding: Finding) -> Check {
    match finding.action {
        Some(action) => Check::bad(name, finding.message, action),
        None => Check::good(name, finding.message),
    }
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
        let checks = check(&config, &config.oauth, &args(Some("https://cal.example.org"))).await;
        assert!(checks[0].ok && checks[0].message.contains("https://cal.example.org/oauth/google/callback"), "{:?}", checks[0]);
        config.oauth.google.client_id = Some("id".to_owned());
        let checks = check(&config, &config.oauth, &args(None)).await;
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
        let checks = check(&config, &config.oauth, &args(Some("https://cal.example.org"))).await;
        assert!(checks.iter().all(|check| check.ok), "{}", said(&checks));
        assert!(said(&checks).contains("https://cal.example.org/oauth/calendly/callback"), "{}", said(&checks));
        assert!(said(&checks).contains("https://cal.example.org/api/calendly/webhook;"), "{}", said(&checks));
        config.oauth.calendly.client_id = Some("id".to_owned());
        let checks = check(&config, &config.oauth, &args(None)).await;
        let bad: Vec<_> = checks.iter().filter(|check| !check.ok).map(|check| check.action.clone().unwrap()).collect();
        assert_eq!(bad, ["Set SYNCLINE_CALENDLY_CLIENT_SECRET."]);
        assert!(said(&checks).contains("bookings are polled"), "{}", said(&checks));
    }
}
