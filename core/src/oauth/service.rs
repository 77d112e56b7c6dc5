//! What differs from provider to provider: addresses, scopes, parameters, and how the client proves itself.

use super::ServiceSettings;
use syncline_domain::sync::ProviderKind;
use url::Url;

/// How a client names itself at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientProof {
    /// `client_id` and `client_secret` in the form.
    Form,
    /// HTTP Basic (RFC 6749 §2.3.1).
    Basic,
}

/// What is needed to read calendars.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    /// What is asked for.
    pub(crate) scope: &'static str,
    /// Wider scopes that serve as well.
    pub(crate) or: &'static [&'static str],
}

/// One provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    pub(crate) provider: ProviderKind,
    /// Where the API is, unless configured.
    pub(crate) api: &'static str,
    authorize: (&'static str, &'static str),
    token: (&'static str, &'static str),
    revoke: Option<(&'static str, &'static str)>,
    /// Where somebody with a client id and secret may ask about any token (RFC 7662).
    introspect: Option<(&'static str, &'static str)>,
    /// All are needed; the provider lets users leave some out.
    pub(crate) needs: &'static [Need],
    /// Asked for besides, and no loss without.
    pub(crate) also: &'static [&'static str],
    /// More parameters of the authorize address.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) proof: ClientProof,
    /// A refresh token ends so many milliseconds after it was given, when the answer does not say.
    pub(crate) refresh_life: Option<i64>,
}

const DAY: i64 = 86_400_000;

/// Google: a refresh token stays the same. Without `access_type=offline` there is none, without `prompt=consent` only once.
const GOOGLE: Service = Service {
    provider: ProviderKind::Google,
    api: "https://www.googleapis.com/calendar/v3",
    authorize: ("https://accounts.google.com", "/o/oauth2/v2/auth"),
    token: ("https://oauth2.googleapis.com", "/token"),
    revoke: Some(("https://oauth2.googleapis.com", "/revoke")),
    introspect: None,
    needs: &[
        Need {
            scope: "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
            or: &[
                "https://www.googleapis.com/auth/calendar.calendarlist",
                "https://www.googleapis.com/auth/calendar.readonly",
                "https://www.googleapis.com/auth/calendar",
            ],
        },
        Need {
            scope: "https://www.googleapis.com/auth/calendar.events.readonly",
            or: &[
                "https://www.googleapis.com/auth/calendar.events",
                "https://www.googleapis.com/auth/calendar.readonly",
                "https://www.googleapis.com/auth/calendar",
            ],
        },
    ],
    also: &[],
    parameters: &[("access_type", "offline"), ("prompt", "consent"), ("include_granted_scopes", "true")],
    proof: ClientProof::Form,
    refresh_life: None,
};

/// Microsoft: each renewal brings a new refresh token, the old one stays good for a while.
const MICROSOFT: Service = Service {
    provider: ProviderKind::Microsoft,
    api: "https://graph.microsoft.com/v1.0",
    authorize: ("https://login.microsoftonline.com", "/common/oauth2/v2.0/authorize"),
    token: ("https://login.microsoftonline.com", "/common/oauth2/v2.0/token"),
    revoke: None,
    introspect: None,
    needs: &[Need { scope: "User.Read", or: &[] }, Need { scope: "Calendars.Read", or: &["Calendars.ReadWrite"] }],
    also: &["offline_access"],
    parameters: &[("prompt", "select_account")],
    proof: ClientProof::Form,
    refresh_life: Some(90 * DAY),
};

/// Calendly: a refresh token works once.
const CALENDLY: Service = Service {
    provider: ProviderKind::Calendly,
    api: "https://api.calendly.com",
    authorize: ("https://auth.calendly.com", "/oauth/authorize"),
    token: ("https://auth.calendly.com", "/oauth/token"),
    revoke: Some(("https://auth.calendly.com", "/oauth/revoke")),
    introspect: Some(("https://auth.calendly.com", "/oauth/introspect")),
    needs: &[
        Need { scope: "users:read", or: &["default"] },
        Need { scope: "scheduled_events:read", or: &["scheduled_events:write", "default"] },
    ],
    also: &["event_types:read", "webhooks:write"],
    parameters: &[],
    proof: ClientProof::Basic,
    refresh_life: None,
};

/// The description of a provider; `None` for one without OAuth.
pub(crate) fn of(provider: ProviderKind) -> Option<Service> {
    match provider {
        ProviderKind::Google => Some(GOOGLE),
        ProviderKind::Microsoft => Some(MICROSOFT),
        ProviderKind::Calendly => Some(CALENDLY),
        ProviderKind::Caldav | ProviderKind::Ics => None,
    }
}

impl Service {
    /// The authorize address without parameters.
    pub(crate) fn authorize(&self, settings: &ServiceSettings) -> Option<Url> {
        at(self.authorize, settings)
    }

    /// Where codes and refresh tokens are exchanged.
    pub(crate) fn token(&self, settings: &ServiceSettings) -> Option<Url> {
        at(self.token, settings)
    }

    /// Where a permission is given back.
    pub(crate) fn revoke(&self, settings: &ServiceSettings) -> Option<Url> {
        self.revoke.and_then(|parts| at(parts, settings))
    }

    /// Where our client may ask about a token.
    pub(crate) fn introspect(&self, settings: &ServiceSettings) -> Option<Url> {
        self.introspect.and_then(|parts| at(parts, settings))
    }

    /// Where the API is.
    pub(crate) fn api(&self, settings: &ServiceSettings) -> Option<Url> {
        Url::parse(settings.api_base.as_deref().unwrap_or(self.api)).ok()
    }

    /// What is asked for, separated by spaces.
    pub(crate) fn scopes(&self) -> String {
        let needs = self.needs.iter().map(|need| need.scope);
        needs.chain(self.also.iter().copied()).collect::<Vec<_>>().join(" ")
    }

    /// Whether everything that is needed was granted.
    pub(crate) fn is_enough(&self, granted: &[String]) -> bool {
        let has = |scope: &str| granted.iter().any(|have| have.eq_ignore_ascii_case(scope) || have.ends_with(&format!("/{scope}")));
        self.needs.iter().all(|need| has(need.scope) || need.or.iter().any(|wider| has(wider)))
    }
}

fn at((host, path): (&str, &str), settings: &ServiceSettings) -> Option<Url> {
    let base = settings.oauth_base.as_deref().unwrap_or(host).trim_end_matches('/');
    let path = match &settings.tenant {
        Some(tenant) => path.replacen("/common/", &format!("/{tenant}/"), 1),
        None => path.to_owned(),
    };
    Url::parse(&format!("{base}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_address_takes_the_place_of_the_own_one() {
        let own = ServiceSettings::default();
        let other = ServiceSettings { oauth_base: Some("http://127.0.0.1:9/google/oauth/".to_owned()), ..ServiceSettings::default() };
        assert_eq!(GOOGLE.token(&own).unwrap().as_str(), "https://oauth2.googleapis.com/token");
        assert_eq!(GOOGLE.token(&other).unwrap().as_str(), "http://127.0.0.1:9/google/oauth/token");
        assert_eq!(GOOGLE.authorize(&other).unwrap().as_str(), "http://127.0.0.1:9/google/oauth/o/oauth2/v2/auth");
        assert!(MICROSOFT.revoke(&own).is_none());
        let tenant = ServiceSettings { tenant: Some("example.org".to_owned()), ..ServiceSettings::default() };
        assert_eq!(MICROSOFT.token(&tenant).unwrap().as_str(), "https://login.microsoftonline.com/example.org/oauth2/v2.0/token");
        assert_eq!(MICROSOFT.authorize(&own).unwrap().as_str(), "https://login.microsoftonline.com/common/oauth2/v2.0/authorize");
    }

    #[test]
    fn a_scope_that_was_left_out_is_noticed_and_a_wider_one_serves() {
        let google = |names: &[&str]| {
            GOOGLE.is_enough(&names.iter().map(|name| format!("https://www.googleapis.com/auth/{name}")).collect::<Vec<_>>())
        };
        assert!(google(&["calendar.calendarlist.readonly", "calendar.events.readonly"]));
        assert!(google(&["calendar.readonly"]));
        assert!(!google(&["calendar.events.readonly"]));
        assert!(!google(&["calendar.calendarlist.readonly", "calendar.events.owned.readonly"]));
        assert!(MICROSOFT.is_enough(&["https://graph.microsoft.com/Calendars.Read".to_owned(), "User.Read".to_owned()]));
        assert!(!MICROSOFT.is_enough(&["User.Read".to_owned()]));
    }
}
