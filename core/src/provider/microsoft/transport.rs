//! Requests to the API.

use super::problems;
use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::{HttpClient, Request};
use crate::oauth::access::Access;
use crate::oauth::bearer::BearerApi;
use crate::provider::Meter;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use jiff::Timestamp;
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
    pub(super) http: BearerApi,
    pub(super) clock: Clock,
    gate: Semaphore,
}

impl Api {
    pub(super) fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { http: BearerApi::new(client, base, access), clock, gate: Semaphore::new(AT_ONCE) }
    }

    /// Reads an address.
    ///
    /// # Errors
    /// What [`problems::refused`] makes of the answer, and what the network gives.
    pub(super) async fn get(&self, what: &'static str, url: &Url, meter: &Meter) -> Result<Bytes, ProviderError> {
        self.ask(what, Request::get(url.clone()).header_text(PREFER_NAME, &format!("{PREFER}, {PAGE_SIZE}")), meter).await
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
        let request = Request::new(method, url.clone()).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.ask(what, request.header_text(PREFER_NAME, PREFER).body(body.clone()), meter).await
    }

    async fn ask(&self, what: &'static str, request: Request, meter: &Meter) -> Result<Bytes, ProviderError> {
        let _one_of_four = self.gate.acquire().await.expect("it is never closed");
        let answer = self.http.send(what, request, meter).await?;
        answer.map(|answer| answer.body).map_err(|refusal| problems::refused(what, &refusal, self.clock.now()))
    }
}

/// An instant as Graph takes it.
pub(super) fn instant(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or_default().to_string()
}

const PREFER_NAME: HeaderName = HeaderName::from_static("prefer");
