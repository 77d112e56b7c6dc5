//! A user with a Google account at the stand-in.

use secrecy::SecretString;
use serde_json::{Value, json};
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
use syncline_sandbox::{ClientApp, Consent, GoogleDo, Provider, Sandbox, SandboxClock};
use url::Url;

pub(crate) const ME: &str = "anna@example.com";
pub(crate) const OTHER: &str = "bert@example.com";
pub(crate) const REDIRECT: &str = "http://127.0.0.1:3000/oauth/google/callback";
pub(crate) const SESSION: &str = "the session of a browser";
pub(crate) const MINUTE: i64 = 60_000;

/// A hub, a stand-in, and a user.
pub(crate) struct World {
    pub(crate) at: TestHub,
    pub(crate) sandbox: Sandbox,
    pub(crate) user: UserId,
}

pub(crate) fn client() -> ClientApp {
    ClientApp::new(Provider::Google, "client-id", "client-secret", REDIRECT)
}

impl World {
    pub(crate) async fn new(at: TestHub) -> Self {
        Self::with(at, client()).await
    }

    pub(crate) async fn with(at: TestHub, client: ClientApp) -> Self {
        let sandbox = Sandbox::start(SandboxClock::fixed(NOW)).await;
        sandbox.register(client);
        for account in [ME, OTHER] {
            let name = account.split('@').next().unwrap().to_owned();
            sandbox.google(GoogleDo::Account { account: account.into(), name, zone: "Europe/Berlin".into() }).unwrap();
        }
        let at = at
            .configured(|config| {
                let google = &mut config.oauth.google;
                google.api_base = Some(sandbox.api_base(Provider::Google));
                google.oauth_base = Some(sandbox.oauth_base(Provider::Google));
                google.client_id = Some("client-id".to_owned());
                google.client_secret = Some("client-secret".into());
            })
            .await;
        let user = seed::user(&at.hub, "anna@example.net").await;
        let world = Self { at, sandbox, user };
        world.allow(ME, &[]);
        world
    }

    /// What the consent page answers from now on.
    pub(crate) fn allow(&self, account: &str, untick: &[&str]) {
        let untick = untick.iter().map(|scope| (*scope).to_owned()).collect();
        self.sandbox.consent(Provider::Google, Consent::Allow { account: account.into(), untick });
    }

    /// Goes to the consent page as a browser does, and gives what it sends back.
    pub(crate) async fn way(&self, mend: Option<&ConnectionId>) -> ConsentAnswer {
        let begin = BeginConsent {
            provider: ProviderKind::Google,
            redirect_uri: REDIRECT.to_owned(),
            session: SESSION.into(),
            mend: mend.cloned(),
        };
        let address = self.at.begin_consent(&self.user, begin).await.expect("it is configured");
        let browser = HttpClient::new(OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }).unwrap();
        let page = browser.send("test", Request::get(Url::parse(&address).unwrap()), &Meter::default()).await.unwrap();
        assert!(page.status.is_redirection(), "{}", page.status);
        let back = Url::parse(page.header(http::header::LOCATION).unwrap()).unwrap();
        assert!(back.as_str().starts_with(REDIRECT), "{back}");
        let part = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        ConsentAnswer {
            provider: ProviderKind::Google,
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

    pub(crate) fn act(&self, what: GoogleDo) -> Value {
        self.sandbox.google(what).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    pub(crate) fn create(&self, event: Value) -> String {
        self.act(GoogleDo::Create { calendar: ME.into(), event })["id"].as_str().unwrap().to_owned()
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
        self.sandbox.take_asked().iter().filter(|asked| asked.path == "/oauth/token").count()
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

/// An event of an hour, from nine in Berlin.
pub(crate) fn event(summary: &str, day: &str) -> Value {
    timed(summary, &format!("{day}T09:00:00"), &format!("{day}T10:00:00"))
}

pub(crate) fn timed(summary: &str, start: &str, end: &str) -> Value {
    json!({"summary": summary, "start": time(start, "Europe/Berlin"), "end": time(end, "Europe/Berlin")})
}

/// A wall time in a zone, with its offset.
pub(crate) fn time(wall: &str, zone: &str) -> Value {
    let at = wall.parse::<jiff::civil::DateTime>().unwrap().in_tz(zone).unwrap();
    json!({"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), "timeZone": zone})
}

/// Every Monday at nine, four times from 9 March 2026; the fourth is after the change to summer time.
pub(crate) fn weekly(summary: &str) -> Value {
    let mut series = event(summary, "2026-03-09");
    series["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=4"]);
    series
}
