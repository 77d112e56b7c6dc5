//! Basic (RFC 7617) and Digest (RFC 7616) authentication.

use crate::error::ProviderError;
use base64::Engine as _;
use digest_auth::{AuthContext, HttpMethod, WwwAuthenticateHeader};
use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use syncline_domain::failure::{Class, Problem};
use url::Url;

/// How a server wants to be shown the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// With every request.
    #[default]
    Basic,
    /// As a digest over the server's nonce; the password itself never travels.
    Digest,
}

/// The credentials of one account and what is known about how the server wants them.
pub(super) struct Login {
    username: String,
    password: SecretString,
    state: Mutex<State>,
    /// The password was accepted once, so that a refused digest is more likely a nonce that ran out.
    proven: AtomicBool,
}

enum State {
    /// Nothing is sent before the server says what it wants (the first request over plain http).
    Unknown,
    Basic,
    /// With the last challenge, once there was one. Its counter (`nc`) grows with every answer.
    Digest(Option<Box<WwwAuthenticateHeader>>),
}

/// What to do about a 401.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// Ask again; the credentials will now be sent as the server wants them.
    Again,
    /// The credentials themselves were refused.
    Refused,
}

impl Login {
    /// For an account that was discovered before.
    pub(super) fn known(username: &str, password: &SecretString, kind: AuthKind) -> Self {
        let state = match kind {
            AuthKind::Basic => State::Basic,
            AuthKind::Digest => State::Digest(None),
        };
        Self { username: username.to_owned(), password: password.clone(), state: Mutex::new(state), proven: AtomicBool::new(false) }
    }

    /// For a discovery: over https the password goes along at once, over plain http the server has to ask for it first,
    /// so that one that can do Digest never sees it in the clear.
    pub(super) fn unknown(username: &str, password: &SecretString, url: &Url) -> Self {
        let login = Self::known(username, password, AuthKind::Basic);
        if url.scheme() != "https" {
            *login.lock() = State::Unknown;
        }
        login
    }

    /// What the server turned out to want.
    pub(super) fn kind(&self) -> AuthKind {
        match *self.lock() {
            State::Unknown | State::Basic => AuthKind::Basic,
            State::Digest(_) => AuthKind::Digest,
        }
    }

    /// Whether credentials have not been sent at all so far.
    pub(super) fn is_anonymous(&self) -> bool {
        matches!(*self.lock(), State::Unknown)
    }

    /// From now on with Basic: the server answered without asking, but told us nothing either.
    pub(super) fn volunteer(&self) {
        *self.lock() = State::Basic;
    }

    /// An answer other than 401 came to a request with credentials.
    pub(super) fn accepted(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    /// The `Authorization` header of a request; `None` when there is nothing to say yet.
    pub(super) fn header(&self, method: &str, url: &Url, body: &str) -> Option<HeaderValue> {
        let text = match &mut *self.lock() {
            State::Unknown | State::Digest(None) => return None,
            State::Basic => {
                let pair = format!("{}:{}", self.username, self.password.expose_secret());
                format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
            }
            State::Digest(Some(challenge)) => {
                let uri = match url.query() {
                    Some(query) => format!("{}?{query}", url.path()),
                    None => url.path().to_owned(),
                };
                let method = HttpMethod::from(method.to_owned());
                let password = self.password.expose_secret();
                let context = AuthContext::new_with_method(self.username.as_str(), password, uri, Some(body.as_bytes()), method);
                challenge.respond(&context).ok()?.to_header_string()
            }
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Reads the challenge of a 401. `sent` is the header that the refused request carried.
    ///
    /// # Errors
    /// `insecure_login`: the server used to do Digest and now wants the password in the clear, over plain http.
    pub(super) fn challenged(
        &self,
        headers: &HeaderMap,
        sent: Option<&HeaderValue>,
        url: &Url,
        what: &'static str,
    ) -> Result<Retry, ProviderError> {
        let offers: Vec<&str> = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).collect();
        let digest = offers.iter().find_map(|offer| digest_part(offer)).and_then(|part| digest_auth::parse(part).ok());
        let basic = offers.iter().any(|offer| offer.to_ascii_lowercase().contains("basic"));
        let secure = url.scheme() == "https";
        let mut state = self.lock();
        match &*state {
            State::Digest(Some(_)) if sent.is_some() => {
                // A nonce that ran out is no refusal (RFC 7616 §3.3). Not every server says that it is stale, and with calendars on
                // two hosts each takes the other's nonce for a foreign one.
                match digest {
                    Some(challenge) if challenge.stale || self.proven.load(Ordering::Relaxed) => {
                        *state = State::Digest(Some(Box::new(challenge)))
                    }
                    _ => return Ok(Retry::Refused),
                }
            }
            State::Digest(_) if digest.is_none() && basic => {
                if !secure {
                    let host = crate::net::host_of(url);
                    let message = format!("{host} suddenly wants the password in readable form over an unprotected connection.");
                    let problem = Problem::new("insecure_login", message, "Use an address that starts with https://.");
                    return Err(ProviderError::new(what, Class::Refused, problem));
                }
                *state = State::Basic;
            }
            // Basic was refused although it is offered: a wrong password, and no reason to try it in another form.
            State::Basic if sent.is_some() && basic => return Ok(Retry::Refused),
            _ => match digest {
                Some(challenge) => *state = State::Digest(Some(Box::new(challenge))),
                None if basic && sent.is_none() => *state = State::Basic,
                None => return Ok(Retry::Refused),
            },
        }
        Ok(Retry::Again)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Digest challenge within a header that may hold several.
fn digest_part(offer: &str) -> Option<&str> {
    let lower = offer.to_ascii_lowercase();
    let start = lower.match_indices("digest ").map(|(at, _)| at).find(|at| *at == 0 || lower[..*at].trim_end().ends_with(','))?;
    let end = ["basic ", "bearer ", "negotiate"]
        .iter()
        .filter_map(|other| lower[start..].find(&format!(", {other}")).map(|at| start + at))
        .min()
        .unwrap_or(offer.len());
    Some(&offer[start..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(kind: AuthKind) -> Login {
        Login::known("Mufasa", &SecretString::from("Circle of Life"), kind)
    }

    fn challenge(text: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_static(text))])
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn digest_answers_the_challenge_and_counts_its_answers() {
        let login = login(AuthKind::Digest);
        let at = url("http://h/dir/index.html");
        assert_eq!(login.header("PROPFIND", &at, ""), None);
        let offer = challenge(r#"Basic realm="x", Digest realm="h", qop="auth", algorithm=MD5, nonce="n1", opaque="o""#);
        assert_eq!(login.challenged(&offer, None, &at, "t").unwrap(), Retry::Again);
        let one = login.header("PROPFIND", &at, "").unwrap();
        assert!(one.to_str().unwrap().contains("nc=00000001") && one.is_sensitive());
        let two = login.header("PROPFIND", &at, "").unwrap();
        assert!(two.to_str().unwrap().contains("nc=00000002"));
        assert_eq!(login.challenged(&offer, Some(&two), &at, "t").unwrap(), Retry::Refused, "a second 401 is a wrong password");
        login.accepted();
        assert_eq!(login.challenged(&offer, Some(&two), &at, "t").unwrap(), Retry::Again, "it was right a moment ago");
        let stale = challenge(r#"Digest realm="h", qop="auth", nonce="n2", stale=true"#);
        assert_eq!(login.challenged(&stale, Some(&two), &at, "t").unwrap(), Retry::Again);
        assert!(login.header("GET", &at, "").unwrap().to_str().unwrap().contains("nonce=\"n2\", uri=\"/dir/index.html\""));
    }

    #[test]
    fn the_digest_of_the_rfc_comes_out() {
        // RFC 7616 §3.9.1 with MD5: A1 = user:realm:password, A2 = method:uri.
        let mut challenge = digest_auth::parse(
            r#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        )
        .unwrap();
        let mut context = AuthContext::new("Mufasa", "Circle of Life", "/dir/index.html");
        context.set_custom_cnonce("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
        assert!(challenge.respond(&context).unwrap().to_string().contains("8ca523f5e9506fed4657c9700eebdbec"));
    }

    #[test]
    fn a_wrong_basic_password_is_not_tried_again() {
        let (login, at) = (login(AuthKind::Basic), url("https://h/"));
        let sent = login.header("GET", &at, "");
        assert_eq!(sent.as_ref().unwrap().to_str().unwrap(), "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl");
        assert_eq!(login.challenged(&challenge("Basic realm=x"), sent.as_ref(), &at, "t").unwrap(), Retry::Refused);
        assert_eq!(login.challenged(&HeaderMap::new(), sent.as_ref(), &at, "t").unwrap(), Retry::Refused);
        let offer = challenge(r#"Digest realm="h", qop="auth", nonce="n""#);
        assert_eq!(login.challenged(&offer, sent.as_ref(), &at, "t").unwrap(), Retry::Again, "only Digest is offered");
        assert_eq!(login.kind(), AuthKind::Digest);
    }

    #[test]
    fn over_plain_http_the_server_has_to_ask_first() {
        let at = url("http://nas/");
        let login = Login::unknown("u", &SecretString::from("p"), &at);
        assert!(login.is_anonymous());
        assert_eq!(login.header("GET", &at, ""), None);
        assert_eq!(login.challenged(&challenge("Basic realm=\"x\""), None, &at, "t").unwrap(), Retry::Again);
        assert!(login.header("GET", &at, "").is_some());
        assert!(Login::unknown("u", &SecretString::from("p"), &url("https://nas/")).header("GET", &at, "").is_some());
    }

    #[test]
    fn digest_never_falls_back_to_a_readable_password_over_http() {
        let login = login(AuthKind::Digest);
        let error = login.challenged(&challenge("Basic realm=x"), None, &url("http://h/"), "t").unwrap_err();
        assert_eq!(error.problem.code, "insecure_login");
        assert_eq!(login.challenged(&challenge("Basic realm=x"), None, &url("https://h/"), "t").unwrap(), Retry::Again);
    }
}
