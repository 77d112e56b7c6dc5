//! The session cookie and the way of a request to its user. Only on the server.

use http::{HeaderMap, HeaderValue, header};
use std::net::IpAddr;
use syncline_core::hub::NewSession;
use syncline_domain::view::Viewer;

/// Who asks; the server puts it into the extensions of every request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurrentUser(pub Option<Viewer>);

/// Where the request comes from, behind trusted proxies; in the extensions of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Decides whether one more sign-in may be tried.
pub trait SignInGate: Send + Sync {
    /// Counts an attempt.
    ///
    /// # Errors
    /// The number of seconds to wait, when there were too many from this address or for this account.
    fn attempt(&self, from: Option<IpAddr>, email: &str) -> Result<(), u64>;

    /// The password was right: what was counted for the account is forgotten.
    fn succeeded(&self, email: &str);
}

/// How the session cookie is written: `HttpOnly`, `SameSite=Lax`, and behind https `Secure` with the `__Host-` prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookie {
    /// The instance is reached by https.
    pub secure: bool,
    /// It leads to a demo.
    pub demo: bool,
}

impl SessionCookie {
    /// The cookie's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.secure, self.demo) {
            (true, false) => "__Host-syncline_session",
            (false, false) => "syncline_session",
            (true, true) => "__Host-syncline_demo",
            (false, true) => "syncline_demo",
        }
    }

    /// The cookie that leads to a demo beside this instance.
    #[must_use]
    pub fn of_demo(self) -> Self {
        Self { demo: true, ..self }
    }

    /// The token in a request's cookies.
    #[must_use]
    pub fn read(self, headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.name())
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    /// `Set-Cookie` of a fresh session; `now` in unix milliseconds.
    #[must_use]
    pub fn set(self, session: &NewSession, now: i64) -> HeaderValue {
        use secrecy::ExposeSecret as _;
        let seconds = (session.expires_at - now).max(0) / 1000;
        self.line(session.token.expose_secret(), seconds)
    }

    /// `Set-Cookie` that removes it.
    #[must_use]
    pub fn clear(self) -> HeaderValue {
        self.line("", 0)
    }

    fn line(self, value: &str, max_age: i64) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}", self.name());
        let mut line = HeaderValue::from_str(&line).expect("a token is base64url");
        line.set_sensitive(true);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())])
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let cookie = SessionCookie { secure: false, demo: false };
        assert_eq!(cookie.read(&headers("a=b; syncline_session=tok; c=d")), Some("tok"));
        assert_eq!(cookie.read(&headers("a=b; syncline_session=; c=d")), None);
        assert_eq!(cookie.read(&headers("xsyncline_session=tok")), None);
    }

    #[test]
    fn behind_https_only_the_host_bound_cookie_counts() {
        let cookie = SessionCookie { secure: true, demo: false };
        assert_eq!(cookie.read(&headers("syncline_session=tok")), None);
        let session = NewSession { token: "tok".into(), expires_at: 61_000 };
        let line = cookie.set(&session, 1_000);
        assert_eq!(line.to_str().unwrap(), "__Host-syncline_session=tok; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
    }
}
