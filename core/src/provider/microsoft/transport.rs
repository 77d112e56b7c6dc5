//! Requests to the API.

use super::problems;
use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::{HttpClient, Request};
use crate::oauth::access::Access;
use crate::provider::Meter;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use syncline_domain::time::Millis;
use tokio::sync::Semaphore;
use url::Url;

/// Requests that a mailbox takes at the same time (throttling-limits: Outlook service).
pub(super) const AT_ONCE: usize = 4;
/// What every request asks for. Links and ids are worth nothing under other preferences: whoever changes this changes
/// [`super::pull::PARAMETERS`].
pub(super) const PREFER: &str = r#"IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text""#;
/// Items of a page; the service may give fewer.
const PAGE_SIZE: &str = "odata.maxpagesize=500";

/// The API with an account's access.
pub(super) struct Api {
    client: HttpClient,
    base: Url,
    access: Arc<dyn Access>,
    pub(super) clock: Clock,
    gate: Semaphore,
}

impl Api {
    pub(super) fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { client, base, access, clock, gate: Semaphore::new(AT_ONCE) }
    }

    /// An address of the API.
    pub(super) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// A link of an answer as an address; `None` when it leads to another host.
    pub(super) fn link(&self, text: &str) -> Option<Url> {
        Url::parse(text).ok().filter(|url| url.origin() == self.base.origin() && url.username().is_empty() && url.password().is_none())
    }

    /// Reads an address. A refused access token is renewed once.
    ///
    /// # Errors
    /// What [`problems::refused`] makes of the answer, and what the network gives.
    pub(super) async fn get(&self, what: &'static str, url: &Url, meter: &Meter) -> Result<Bytes, ProviderError> {
        self.ask(what, || Request::get(url.clone()).header_text(PREFER_NAME, &format!("{PREFER}, {PAGE_SIZE}")), meter).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(super) async fn send(
        &self,
        what: &'static str,
        method: Method,
        url: &Url,
        body: &Bytes,
        meter: &Meter,
    ) -> Result<Bytes, ProviderError> {
        let request = || {
            let request = Request::new(method.clone(), url.clone()).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.header_text(PREFER_NAME, PREFER).body(body.clone())
        };
        self.ask(what, request, meter).await
    }

    async fn ask(&self, what: &'static str, request: impl Fn() -> Request, meter: &Meter) -> Result<Bytes, ProviderError> {
        let token = self.access.token().await?;
        match self.once(what, request(), &token, meter).await? {
            Ok(body) => Ok(body),
            Err(refused) if refused.0 == StatusCode::UNAUTHORIZED => {
                let token = self.access.renew(&token).await?;
                self.once(what, request(), &token, meter).await?.map_err(|refused| refused.1)
            }
            Err(refused) => Err(refused.1),
        }
    }

    async fn once(
        &self,
        what: &'static str,
        request: Request,
        token: &SecretString,
        meter: &Meter,
    ) -> Result<Result<Bytes, (StatusCode, ProviderError)>, ProviderError> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).unwrap_or(HeaderValue::from_static("Bearer"));
        bearer.set_sensitive(true);
        let _one_of_four = self.gate.acquire().await.expect("it is never closed");
        let answer = self.client.send(what, request.header(AUTHORIZATION, bearer), meter).await?;
        let (status, host, headers) = (answer.status, answer.host(), answer.headers.clone());
        let body = answer.bytes().await?;
        if status.is_success() {
            return Ok(Ok(body));
        }
        Ok(Err((status, problems::refused(what, status, &host, &headers, &body, self.clock.now()))))
    }
}

/// An instant as Graph takes it.
pub(super) fn instant(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or_default().to_string()
}

const PREFER_NAME: HeaderName = HeaderName::from_static("prefer");
