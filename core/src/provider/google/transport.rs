//! Requests to the API.

use super::problems;
use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::{HttpClient, Request};
use crate::oauth::access::Access;
use crate::provider::Meter;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
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
        let token = self.access.token().await?;
        match self.ask(what, path, query, &token, meter).await? {
            Ok(body) => Ok(body),
            Err(error) if error.0 == StatusCode::UNAUTHORIZED => {
                let token = self.access.renew(&token).await?;
                self.ask(what, path, query, &token, meter).await?.map_err(|refused| refused.1)
            }
            Err(error) => Err(error.1),
        }
    }

    async fn ask(
        &self,
        what: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
        token: &SecretString,
        meter: &Meter,
    ) -> Result<Result<Bytes, (StatusCode, ProviderError)>, ProviderError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).unwrap_or(HeaderValue::from_static("Bearer"));
        bearer.set_sensitive(true);
        let answer = self.client.send(what, Request::get(url).header(AUTHORIZATION, bearer), meter).await?;
        let (status, host, headers) = (answer.status, answer.host(), answer.headers.clone());
        let body = answer.bytes().await?;
        if status.is_success() {
            return Ok(Ok(body));
        }
        Ok(Err((status, problems::refused(what, status, &host, &headers, &body, self.clock.now()))))
    }
}
