//! What goes wrong on demand: a queue of [`Fault`]s, each matching some requests for a number of times.

use super::Provider;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Lets something go wrong with requests that match.
///
/// As JSON (admin API): `{"provider":"google","path":"/calendars/","times":2,"trouble":{"kind":"rate_limited","retry_after":3}}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Whose requests.
    pub provider: Provider,
    /// Only this method; any when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// The beginning of the path after the provider's name, still percent-encoded, such as `/calendars/`; empty for any.
    #[serde(default)]
    pub path: String,
    /// Only requests of this account; any when absent.
    #[serde(default)]
    pub account: Option<String>,
    /// So many matching requests pass before it begins.
    #[serde(default)]
    pub skip: u32,
    /// So many requests are hit; all from then on when absent.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    pub trouble: Trouble,
}

/// What happens to a request. Named troubles answer in the dialect of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Trouble {
    /// This very answer, without the request being looked at.
    Status {
        /// The HTTP status.
        status: u16,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its body.
        #[serde(default)]
        body: String,
    },
    /// The true answer, so many milliseconds later. Goes together with other troubles.
    Delay {
        /// Real milliseconds, whatever the sandbox's clock does.
        millis: u64,
    },
    /// The true answer's headers and so many bytes of its body, then the connection breaks.
    CutAfter {
        /// Bytes of the body.
        bytes: usize,
    },
    /// So many bytes of the true answer, framed as if that were all: JSON that ends in the middle.
    Truncate {
        /// Bytes of the body.
        bytes: usize,
    },
    /// Never an answer.
    Hang,
    /// 401: the access token counts as expired.
    Unauthorized,
    /// 403 with a reason of the provider (Google: `forbidden`, `quotaExceeded`, `accessNotConfigured`; Graph: an error code).
    Forbidden {
        /// The reason or code.
        reason: String,
    },
    /// Too many requests: 429, or with Google's other habit 403.
    RateLimited {
        /// 429 or 403 (Google), 429 or 503 (Graph); 429 when absent.
        #[serde(default)]
        status: Option<u16>,
        /// Seconds of `Retry-After`; the header is left out when absent.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// The service fails with this status, 500 and above.
    ServerError {
        /// The HTTP status.
        status: u16,
    },
    /// The cursor counts as lost: 410 in the provider's dialect. Hits only requests that bring a sync token or follow a delta link.
    CursorLost,
}

impl Fault {
    /// A fault for the next request to a provider.
    #[must_use]
    pub fn on(provider: Provider, trouble: Trouble) -> Self {
        Self { provider, method: None, path: String::new(), account: None, skip: 0, times: Some(1), trouble }
    }

    /// Only for paths that begin so (after the provider's name).
    #[must_use]
    pub fn path(self, prefix: &str) -> Self {
        Self { path: prefix.to_owned(), ..self }
    }

    /// Only for this method.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..self }
    }

    /// Only for requests of this account.
    #[must_use]
    pub fn account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Hits so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Hits all requests until the faults are cleared.
    #[must_use]
    pub fn always(self) -> Self {
        Self { times: None, ..self }
    }

    fn fits(&self, provider: Provider, method: &str, path: &str, account: Option<&str>) -> bool {
        self.provider == provider
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.account.as_deref().is_none_or(|wanted| account == Some(wanted))
            && path.starts_with(&self.path)
    }
}

/// The armed faults.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn arm(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What hits a request: the sum of the delays and the first other trouble. A lost cursor hits only requests that bring one.
    pub(crate) fn strike(
        &mut self,
        provider: Provider,
        method: &str,
        path: &str,
        account: Option<&str>,
        cursor: bool,
    ) -> (u64, Option<Trouble>) {
        let (mut delay, mut trouble) = (0, None);
        let fits = |fault: &&mut Fault| fault.fits(provider, method, path, account) && (cursor || fault.trouble != Trouble::CursorLost);
        for fault in self.0.iter_mut().filter(fits) {
            let pauses = matches!(fault.trouble, Trouble::Delay { .. });
            if fault.times == Some(0) || (!pauses && trouble.is_some()) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            match &fault.trouble {
                Trouble::Delay { millis } => delay += millis,
                other => trouble = Some(other.clone()),
            }
        }
        self.0.retain(|fault| fault.times != Some(0));
        (delay, trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults, Trouble};
    use crate::Provider;

    #[test]
    fn a_fault_hits_only_what_matches_and_only_so_often() {
        let mut faults = Faults::default();
        faults.arm(Fault::on(Provider::Google, Trouble::Hang).path("/calendars/").method("GET").after(1).times(2));
        let mut ask = |method, path| faults.strike(Provider::Google, method, path, None, false).1.is_some();
        assert!(!ask("GET", "/users/me/calendarList"), "another path");
        assert!(!ask("POST", "/calendars/a/events"), "another method");
        assert!(!ask("GET", "/calendars/a/events"), "the one that is let pass");
        assert!(ask("GET", "/calendars/a/events"));
        assert!(ask("GET", "/calendars/b/events"));
        assert!(!ask("GET", "/calendars/b/events"), "used up");
    }

    #[test]
    fn a_lost_cursor_waits_for_a_request_that_brings_one() {
        let mut faults = Faults::default();
        faults.arm(Fault::on(Provider::Google, Trouble::CursorLost));
        assert_eq!(faults.strike(Provider::Google, "GET", "/", None, false).1, None);
        assert_eq!(faults.strike(Provider::Google, "GET", "/", None, true).1, Some(Trouble::CursorLost));
    }

    #[test]
    fn delays_add_up_and_troubles_queue() {
        let mut faults = Faults::default();
        for trouble in [Trouble::Delay { millis: 5 }, Trouble::Hang, Trouble::Unauthorized, Trouble::Delay { millis: 7 }] {
            faults.arm(Fault::on(Provider::Calendly, trouble));
        }
        assert_eq!(faults.strike(Provider::Calendly, "GET", "/", None, false), (12, Some(Trouble::Hang)));
        assert_eq!(faults.strike(Provider::Calendly, "GET", "/", None, false), (0, Some(Trouble::Unauthorized)));
        assert_eq!(faults.strike(Provider::Calendly, "GET", "/", None, false), (0, None));
    }
}
