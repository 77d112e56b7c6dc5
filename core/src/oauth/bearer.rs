//! Requests to an API that takes an access token.

use super::access::Access;
use crate::error::ProviderError;
use crate::net::{HttpClient, Request};
use crate::provider::Meter;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use url::Url;

/// An API with an account's access.
pub(crate) struct BearerApi {
    client: HttpClient,
    base: Url,
    access: Arc<dyn Access>,
}

/// A successful answer.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer that is no success: the provider's `problems` say what it means.
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// As messages show it.
    pub(crate) host: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl BearerApi {
    /// `base` is the address that every path is added to.
    pub(crate) fn new(client: HttpClient, base: Url, access: Arc<dyn Access>) -> Self {
        Self { client, base, access }
    }

    /// An address of the API. Segments and parameters may hold any character.
    pub(crate) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// A link of an answer as an address; `None` when it leads to another host, which is not to see the token.
    pub(crate) fn link(&self, text: &str) -> Option<Url> {
        Url::parse(text).ok().filter(|url| url.origin() == self.base.origin() && url.username().is_empty() && url.password().is_none())
    }

    /// Sends a request. An access token that is refused is renewed, once.
    ///
    /// # Errors
    /// What the network gives, and what there is to say when no token can be had.
    pub(crate) async fn send(&self, what: &'static str, request: Request, meter: &Meter) -> Result<Result<Answer, Refusal>, ProviderError> {
        let token = self.access.token().await?;
        match self.once(what, request.clone(), &token, meter).await? {
            Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
                let token = self.access.renew(&token).await?;
                self.once(what, request, &token, meter).await
            }
            done => Ok(done),
        }
    }

    async fn once(
        &self,
        what: &'static str,
        request: Request,
        token: &SecretString,
        meter: &Meter,
    ) -> Result<Result<Answer, Refusal>, ProviderError> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).unwrap_or(HeaderValue::from_static("Bearer"));
        bearer.set_sensitive(true);
        let quota = self.access.quota();
        if let Some(quota) = &quota {
            quota.pass(what).await?;
        }
        let answer = self.client.send(what, request.header(AUTHORIZATION, bearer), meter).await?;
        let (status, host, headers) = (answer.status, answer.host(), answer.headers.clone());
        let body = answer.bytes().await?;
        if let Some(quota) = quota.filter(|_| !status.is_success()) {
            quota.answered(status, &headers, &body);
        }
        Ok(if status.is_success() { Ok(Answer { headers, body }) } else { Err(Refusal { status, host, headers, body }) })
    }
}
