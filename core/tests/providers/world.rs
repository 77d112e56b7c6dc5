//! A user with an account at one of the stand-ins.

use secrecy::SecretString;
use syncline_core::Hub;
use syncline_core::error::Error;
use syncline_core::hub::{BeginConsent, ConsentAnswer};
use syncline_core::net::{HttpClient, OutboundPolicy, Request};
use syncline_core::provider::Meter;
use syncline_core::testing::db::{NOW, TestHub};
use syncline_core::testing::seed;
use syncline_domain::ids::{ConnectionId, UserId};
use syncline_domain::sync::{ProviderKind, SyncReport};
use syncline_domain::view::{Connection, Occurrence};
use syncline_sandbox::{ClientApp, Consent, Provider, Sandbox, SandboxClock};
use url::Url;

pub(crate) const ME: &str = "anna@example.com";
pub(crate) const OTHER: &str = "bert@example.com";
pub(crate) const SESSION: &str = "the session of a browser";
pub(crate) const MINUTE: i64 = 60_000;

/// A hub, a stand-in, and a user.
pub(crate) struct World {
    pub(crate) at: TestHub,
    pub(crate) sandbox: Sandbox,
    pub(crate) user: UserId,
    /// Where the accounts are.
    pub(crate) provider: ProviderKind,
}

/// Our client at a provider.
pub(crate) fn client(provider: Provider) -> ClientApp {
    ClientApp::new(provider, "client-id", "client-secret", &redirect(provider.name()))
}

/// Where a provider sends the browser back to.
fn redirect(provider: &str) -> String {
    format!("http://127.0.0.1:3000/oauth/{provider}/callback")
}

impl World {
    /// No account is there yet, and the consent page is shown.
    pub(crate) async fn with(at: TestHub, client: ClientApp) -> Self {
        let provider = client.provider;
        let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
        sandbox.register(client);
        let at = at
            .configured(|config| {
                let settings = match provider {
                    Provider::Google => &mut config.oauth.google,
                    Provider::Microsoft => &mut config.oauth.microsoft,
                    Provider::Calendly => &mut config.oauth.calendly,
                };
                settings.api_base = Some(sandbox.api_base(provider));
                settings.oauth_base = Some(sandbox.oauth_base(provider));
                settings.client_id = Some("client-id".to_owned());
                settings.client_secret = Some("client-secret".into());
            })
            .await;
        let user = seed::user(&at.hub, "anna@example.net").await;
        Self { at, sandbox, user, provider: ProviderKind::parse(provider.name()).expect("they are named alike") }
    }

    /// The same server, which providers can reach. In memory it is another database.
    pub(crate) async fn with_public_address(mut self) -> Self {
        self.at = self.at.clone().configured(|config| config.public_url = Some("https://cal.example.org".to_owned())).await;
        self.user = match self.at.user_by_email("anna@example.net").await.unwrap() {
            Some(viewer) => viewer.id,
            None => seed::user(&self.at.hub, "anna@example.net").await,
        };
        self
    }

    /// The same server, used by somebody else.
    pub(crate) async fn as_another(&self, email: &str) -> Self {
        let user = seed::user(&self.at.hub, email).await;
        Self { user, at: self.at.clone(), sandbox: self.sandbox.clone(), provider: self.provider }
    }

    fn stand_in(&self) -> Provider {
        match self.provider {
            ProviderKind::Google => Provider::Google,
            ProviderKind::Microsoft => Provider::Microsoft,
            _ => Provider::Calendly,
        }
    }

    /// What the consent page answers from now on.
    pub(crate) fn allow(&self, account: &str, untick: &[&str]) {
        let untick = untick.iter().map(|scope| (*scope).to_owned()).collect();
        self.sandbox.consent(self.stand_in(), Consent::Allow { account: account.into(), untick });
    }

    /// Goes to the consent page as a browser does, and gives what it sends back.
    pub(crate) async fn way(&self, mend: Option<&ConnectionId>) -> ConsentAnswer {
        let redirect_uri = redirect(self.provider.as_str());
        let begin =
            BeginConsent { provider: self.provider, redirect_uri: redirect_uri.clone(), session: SESSION.into(), mend: mend.cloned() };
        let address = self.at.begin_consent(&self.user, begin).await.expect("it is configured");
        let browser = HttpClient::new(OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }).unwrap();
        let page = browser.send("test", Request::get(Url::parse(&address).unwrap()), &Meter::default()).await.unwrap();
        assert!(page.status.is_redirection(), "{}", page.status);
        let back = Url::parse(page.header(http::header::LOCATION).unwrap()).unwrap();
        assert!(back.as_str().starts_with(&redirect_uri), "{back}");
        let part = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        ConsentAnswer {
            provider: self.provider,
            session: SESSION.into(),
            state: part("state").expect("the state"),
            code: part("code").map(SecretString::from),
            error: part("error"),
        }
    }

    pub(crate) async fn try_connect(&self, mend: Option<&ConnectionId>) -> Result<Connection, Error> {
        let answer = self.way(mend).await;
        self.at.finish_consent(&self.user, answer).await
    }

    pub(crate) async fn connect(&self) -> Connection {
        self.try_connect(None).await.unwrap_or_else(|error| panic!("{}", error.problem()))
    }

    /// A minute later, everything is synced.
    pub(crate) async fn sync(&self) -> SyncReport {
        self.sandbox.advance(MINUTE);
        self.at.sync(&self.user).await
    }

    /// Title, start and end of everything from 1 March to 1 May 2026, as the clock in Berlin shows it.
    pub(crate) async fn shown(&self) -> Vec<(String, String, String)> {
        let day = |month| jiff::civil::date(2026, month, 1);
        let occurrences = self.at.occurrences(&self.user, day(3), day(5), Some("Europe/Berlin")).await.unwrap();
        let mut shown: Vec<_> = occurrences.into_iter().map(|Occurrence { summary, start, end, .. }| (summary, start, end)).collect();
        shown.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
        shown
    }

    pub(crate) async fn titles(&self) -> Vec<String> {
        self.shown().await.into_iter().map(|(title, ..)| title).collect()
    }

    pub(crate) async fn connections(&self) -> Vec<Connection> {
        self.at.connections(&self.user).await.unwrap()
    }

    /// How often tokens were asked for since the last look.
    pub(crate) fn renewals(&self) -> usize {
        self.sandbox.take_asked().iter().filter(|asked| asked.path.ends_with("/token")).count()
    }

    /// No request of ours was one that no correct client sends.
    pub(crate) fn is_well_behaved(&self) {
        assert_eq!(self.sandbox.violations(), Vec::<String>::new());
    }
}

/// A second process on the same database.
pub(crate) async fn second_process(at: &TestHub) -> Hub {
    Hub::open(at.config.clone()).await.unwrap()
}
