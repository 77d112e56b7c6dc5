//! Requests to the API.

use super::problems;
use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::{HttpClient, Request};
use crate::oauth::access::Access;
use crate::provider::Meter;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use url::Url;

/// The API with an account's access.
pub(super) struct Api {
    pub(super) client: HttpClient,
    pub(super) base: Url,
    pub(super) access: Arc<dyn Access>,
    pub(super) clock: Clock,
}

impl Api {
    /// Reads an address. A refused access token is renewed once.
    ///
    /// # Errors
    /// What [`problems::refused`] makes of the answer, and what the network gives.
    pub(super) async fn get(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        meter: &Meter,
    ) -> Result<Bytes, ProviderError> {
        let request = || Request::get(self.address(path, query));
        self.ask(what, request, meter).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(super) async fn send(
        &self,
        what: &'static str,
        method: Method,
        path: &[&str],
        body: Bytes,
        meter: &Meter,
    ) -> Result<Bytes, ProviderError> {
        let request = || {
            let request = Request::new(method.clone(), self.address(path, &[]));
            request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone())
        };
        self.ask(what, request, meter).await
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
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
        let answer = self.client.send(what, request.header(AUTHORIZATION, bearer), meter).await?;
        let (status, host, headers) = (answer.status, answer.host(), answer.headers.clone());
        let body = answer.bytes().await?;
        if status.is_success() {
            return Ok(Ok(body));
        }
        Ok(Err((status, problems::refused(what, status, &host, &headers, &body, self.clock.now()))))
    }
}
