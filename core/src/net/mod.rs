//! The one outbound HTTP client. Every request to an address that a user typed, or that a provider sent us to, goes through
//! [`HttpClient`].
//!
//! Invariants:
//! - One [`HttpClient::send`] is one hop: redirects are never followed here, so every address of a chain passes the guard.
//! - Unless [`OutboundPolicy::allow_private`] is set, no connection is made to an address that is not public. The check
//!   is on the *resolved* address that the connection then uses, so a name that changes its mind (DNS rebinding) does
//!   not pass (design: outbound addresses).
//! - Every wait has an end (connect, first byte, silence, total), every body a size limit after decompression.
//! - No error, and so no log, holds the path or the query of an address: a secret feed address is a credential. Messages name
//!   the host.
//! - Nothing is retried: that is the job's decision.

mod failure;
mod guard;

pub use failure::{retry_after, status_error};
pub use guard::is_public;

use crate::error::ProviderError;
use crate::metrics::Metrics;
use crate::provider::Meter;
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Once};
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use tokio::time::Instant;
use url::Url;

/// What outbound requests may do.
#[derive(Debug, Clone)]
pub struct OutboundPolicy {
    /// Reach private, loopback, link-local and other addresses that are not public (home networks, tests).
    pub allow_private: bool,
    /// Single addresses that may be reached although they are not public.
    pub private_exceptions: Vec<IpAddr>,
    /// Single ports of such addresses that may be reached, where the address is written as numbers (the stand-ins of a demo).
    pub private_sockets: Vec<SocketAddr>,
    /// Name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// From the start of the request (connecting included) to the answer's headers.
    pub first_byte_timeout: Duration,
    /// Silence between two pieces of a body.
    pub idle_timeout: Duration,
    /// The whole exchange.
    pub total_timeout: Duration,
    /// Bytes of a body after decompression.
    pub max_body: u64,
    /// How we introduce ourselves.
    pub user_agent: String,
    /// Certificates in PEM that are trusted besides those of the operating system (a home server's own authority).
    pub trusted_pem: Vec<u8>,
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            allow_private: false,
            private_exceptions: Vec::new(),
            private_sockets: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(5 * 60),
            max_body: 50 * 1024 * 1024,
            user_agent: concat!("Syncline/", env!("CARGO_PKG_VERSION")).to_owned(),
            trusted_pem: Vec::new(),
        }
    }
}

impl OutboundPolicy {
    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        self.allow_private || is_public(address) || self.private_exceptions.contains(&address)
    }
}

/// One request. The address may hold a user name and a password (`https://user:word@host/`); they become Basic authentication.
#[derive(Clone)]
pub struct Request {
    /// Any method, `REPORT` and `PROPFIND` included.
    pub method: Method,
    /// http or https.
    pub url: Url,
    /// Headers besides `User-Agent` and `Accept-Encoding`, which the client sets.
    pub headers: HeaderMap,
    /// Empty for none.
    pub body: Bytes,
    /// Instead of [`OutboundPolicy::max_body`].
    pub max_body: Option<u64>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Bytes::new(), max_body: None }
    }

    /// A GET.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets a header from text; text that no header can hold (line ends) is left out.
    #[must_use]
    pub fn header_text(self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.header(name, value),
            Err(_) => self,
        }
    }

    /// Basic authentication; the header is marked as sensitive.
    #[must_use]
    pub fn basic_auth(self, username: &str, password: &str) -> Self {
        self.header(AUTHORIZATION, basic(username, password))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Limits the answer's body, in bytes after decompression.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = Some(bytes);
        self
    }
}

fn basic(username: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}")));
    let mut value = HeaderValue::from_str(&text).expect("base64 is printable ASCII");
    value.set_sensitive(true);
    value
}

/// The host of an address as messages show it: never with user, path or query. The port is there when it is not the usual one.
#[must_use]
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the server");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The client. Clones share the connection pool.
#[derive(Clone)]
pub struct HttpClient {
    inner: reqwest::Client,
    policy: Arc<OutboundPolicy>,
    metrics: Metrics,
}

impl HttpClient {
    /// Builds the client and, once per process, installs the TLS implementation.
    ///
    /// # Errors
    /// `no_http_client` when TLS can not be set up at all, or [`OutboundPolicy::trusted_pem`] is not PEM. A machine without CA certificates is not an error: plain http works
    /// there, and https says that the certificate is not trusted.
    pub fn new(policy: OutboundPolicy) -> Result<Self, ProviderError> {
        static TLS: Once = Once::new();
        TLS.call_once(|| {
            // Somebody else may have installed one; any will do.
            drop(rustls::crypto::ring::default_provider().install_default());
        });
        let no_client = |error: reqwest::Error| {
            let problem = Problem::new(
                "no_http_client",
                "The server can not make secure connections.",
                "Install the CA certificates of the operating system (package ca-certificates), check the additional ones, and start again.",
            );
            ProviderError::new("net.client", Class::Permanent, problem).with_source(error)
        };
        let policy = Arc::new(policy);
        let extra = reqwest::Certificate::from_pem_bundle(&policy.trusted_pem).map_err(no_client)?;
        #[expect(clippy::disallowed_methods, reason = "this is the client that everybody else takes")]
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .user_agent(policy.user_agent.as_str())
                .connect_timeout(policy.connect_timeout)
                .pool_idle_timeout(Duration::from_secs(60))
                .dns_resolver(guard::GuardedResolver(policy.clone()))
        };
        let inner = builder()
            .tls_certs_merge(extra.clone())
            .build()
            .or_else(|error| {
                tracing::warn!(%error, "this machine has no CA certificates; https addresses will not be trusted");
                builder().tls_certs_only(extra).build()
            })
            .map_err(no_client)?;
        Ok(Self { inner, policy, metrics: Metrics::default() })
    }

    /// The same client, whose requests are counted there.
    #[must_use]
    pub fn counted_by(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// What it was built with.
    #[must_use]
    pub fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    /// Sends one request and waits for the answer's headers, whatever the status is. Counts the request.
    ///
    /// # Errors
    /// `bad_address`, `private_address`, `unknown_host`, `connection_refused`, `unreachable`, `timeout`, `tls_error`, `too_large` (the announced
    /// size is over the limit) or `connection_broken`. A status like 404 is not an error here: see [`status_error`].
    pub async fn send(&self, what: &'static str, request: Request, meter: &Meter) -> Result<Response, ProviderError> {
        let deadline = Instant::now() + self.policy.total_timeout;
        let host = host_of(&request.url);
        let mut url = request.url;
        guard::check(&url, &self.policy, what)?;
        let mut headers = request.headers;
        if let Some(auth) = take_userinfo(&mut url)
            && !headers.contains_key(AUTHORIZATION)
        {
            headers.insert(AUTHORIZATION, auth);
        }
        if guard::is_near(&url) {
            // There, compressing takes the other side longer than sending does.
            headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
        }
        let mut outgoing = reqwest::Request::new(request.method, url.clone());
        *outgoing.headers_mut() = headers;
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.into());
        }
        meter.request();
        let asked = Instant::now();
        let wait = deadline.min(asked + self.policy.first_byte_timeout);
        let answer = tokio::time::timeout_at(wait, self.inner.execute(outgoing)).await;
        let status = answer.as_ref().ok().and_then(|answer| answer.as_ref().ok()).map(|answer| answer.status().as_u16());
        self.metrics.request(what, status, asked.elapsed());
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(failure::from_reqwest(what, &host, error)),
            Err(_) => return Err(failure::timeout(what, &host)),
        };
        let limit = request.max_body.unwrap_or(self.policy.max_body);
        if answer.content_length().is_some_and(|announced| announced > limit) {
            return Err(failure::too_large(what, &host, limit));
        }
        Ok(Response {
            status: answer.status(),
            headers: answer.headers().clone(),
            url,
            what,
            body: answer,
            received: 0,
            limit,
            deadline,
            idle: self.policy.idle_timeout,
            meter: meter.clone(),
        })
    }
}

fn take_userinfo(url: &mut Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let value = basic(&decode(url.username()), &decode(url.password().unwrap_or_default()));
    // Both fail only for addresses that can hold no user, which can hold none to remove either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(value)
}

/// An answer whose headers are here and whose body arrives by [`Response::chunk`].
pub struct Response {
    /// The status, redirects included.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The address that was asked, without user and password.
    pub url: Url,
    what: &'static str,
    body: reqwest::Response,
    received: u64,
    limit: u64,
    deadline: Instant,
    idle: Duration,
    meter: Meter,
}

impl Response {
    /// The host as messages show it.
    #[must_use]
    pub fn host(&self) -> String {
        host_of(&self.url)
    }

    /// A header as text; `None` when it is absent or not printable ASCII.
    #[must_use]
    pub fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next piece of the decompressed body; `None` at its end. Counts the bytes.
    ///
    /// # Errors
    /// `timeout` (silence, or the total time is over), `too_large` (the limit is passed; nothing more is read) or
    /// `connection_broken` (the connection ended before the body did, or the compression is damaged).
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, ProviderError> {
        let wait = self.deadline.min(Instant::now() + self.idle);
        let piece = match tokio::time::timeout_at(wait, self.body.chunk()).await {
            Ok(Ok(piece)) => piece,
            Ok(Err(error)) => return Err(failure::broken_body(self.what, &self.host(), error)),
            Err(_) => return Err(failure::timeout(self.what, &self.host())),
        };
        if let Some(piece) = &piece {
            self.received += piece.len() as u64;
            self.meter.bytes(piece.len());
            if self.received > self.limit {
                return Err(failure::too_large(self.what, &self.host(), self.limit));
            }
        }
        Ok(piece)
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn bytes(mut self) -> Result<Bytes, ProviderError> {
        let mut all = BytesMut::new();
        while let Some(piece) = self.chunk().await? {
            if all.is_empty() {
                all = BytesMut::with_capacity(usize::try_from(self.body.content_length().unwrap_or(0)).unwrap_or(0).max(piece.len()));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }
}
