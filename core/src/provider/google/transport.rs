//! Requests to the API.

use super::problems;
use crate::clock::Clock;
use crate::error::ProviderError;
use crate::net::Request;
use crate::oauth::bearer::BearerApi;
use crate::provider::Meter;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};

/// The API with an account's access.
pub(super) struct Api {
    pub(super) http: BearerApi,
    pub(super) clock: Clock,
}

impl Api {
    /// Reads an address.
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
        self.ask(what, Request::get(self.http.address(path, query)), meter).await
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
        let request = Request::new(method, self.http.address(path, &[]));
        self.ask(what, request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body), meter).await
    }

    async fn ask(&self, what: &'static str, request: Request, meter: &Meter) -> Result<Bytes, ProviderError> {
        let answer = self.http.send(what, request, meter).await?;
        answer.map(|answer| answer.body).map_err(|refusal| problems::refused(what, &refusal, self.clock.now()))
    }
}
