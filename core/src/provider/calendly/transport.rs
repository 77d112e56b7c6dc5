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
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// Requests for invitees that are under way at the same time. So many are kept back of the quota, too.
pub(super) const AT_ONCE: usize = 8;
/// Calendly's quota counts a minute.
const WINDOW: Duration = Duration::from_secs(60);

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// Seconds until the quota is whole again.
pub(super) const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The API with an account's access.
pub(super) struct Api {
    http: BearerApi,
    pub(super) clock: Clock,
    /// The quota is nearly used up: no request before this.
    pause_until: Mutex<Option<Instant>>,
}

impl Api {
    pub(super) fn new(client: HttpClient, base: Url, access: Arc<dyn Access>, clock: Clock) -> Self {
        Self { http: BearerApi::new(client, base, access), clock, pause_until: Mutex::default() }
    }

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
    pub(super) async fn post(&self, what: &'static str, path: &[&str], body: String, meter: &Meter) -> Result<Bytes, ProviderError> {
        let request = Request::new(Method::POST, self.http.address(path, &[]));
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body);
        self.ask(what, request, meter).await
    }

    /// Removes what is at an address.
    ///
    /// # Errors
    /// As [`Api::get`].
    pub(super) async fn delete(&self, what: &'static str, path: &[&str], meter: &Meter) -> Result<Bytes, ProviderError> {
        self.ask(what, Request::new(Method::DELETE, self.http.address(path, &[])), meter).await
    }

    async fn ask(&self, what: &'static str, request: Request, meter: &Meter) -> Result<Bytes, ProviderError> {
        let until = *self.pause_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        let answer = self.http.send(what, request, meter).await?;
        let answer = answer.map_err(|refusal| problems::refused(what, &refusal, self.clock.now()))?;
        self.pace(&answer.headers);
        Ok(answer.body)
    }

    /// Waits before the quota is used up, instead of running into its end: a first sync of many bookings needs more than a minute's.
    fn pace(&self, headers: &HeaderMap) {
        *self.pause_until.lock().unwrap_or_else(PoisonError::into_inner) = rest(headers).map(|wait| Instant::now() + wait);
    }
}

/// How long to make no request after an answer with these headers; `None`: the quota has room.
fn rest(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &HeaderName| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let is_low = number(&REMAINING)? < AT_ONCE as u64;
    is_low.then(|| number(&RESET).map_or(WINDOW, Duration::from_secs).min(WINDOW))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_quota_is_left_alone_until_it_is_whole_again() {
        let rest = |left: &'static str, reset: &'static str| {
            let value = HeaderValue::from_static;
            rest(&HeaderMap::from_iter([(REMAINING, value(left)), (RESET, value(reset))])).map(|wait| wait.as_secs())
        };
        assert_eq!((rest("400", "60"), rest("8", "60")), (None, None));
        assert_eq!((rest("7", "42"), rest("0", "1")), (Some(42), Some(1)));
        assert_eq!(rest("0", "86400"), Some(60), "no longer than the quota's window");
        assert_eq!(super::rest(&HeaderMap::new()), None, "who says nothing has no limit");
    }
}
