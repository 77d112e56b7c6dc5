//! How many requests an account may make: every provider documents a limit, and we slow down before it.
//!
//! A [`Quota`] counts the requests of one connection over the provider's window. Up to two thirds of the limit they go as they come;
//! beyond that they are spread, and nine tenths are never passed, so that what others do with the same account has room. An answer that
//! says "too many" stops all requests of the connection for as long as it asks. Who would have to wait longer than a sync should is told
//! so instead ([`Class::RateLimited`]); the job then comes back when it is time.
//!
//! Invariants: nothing is sent while a pause lasts; the count is of requests, whatever their answer; the figures name no account.
//! To add a provider: its line in `limit`.

use crate::clock::Clock;
use crate::error::ProviderError;
use crate::metrics::Metrics;
use crate::net::retry_after;
use http::{HeaderMap, StatusCode};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use syncline_domain::failure::{Class, Problem};
use syncline_domain::health::QuotaUse;
use syncline_domain::ids::ConnectionId;
use syncline_domain::sync::ProviderKind;
use tokio::time::Instant;

/// Nobody waits longer for one request.
const LONGEST: Duration = Duration::from_secs(30);
/// An answer that says "too many" and not how long.
const UNSAID: Duration = Duration::from_secs(1);

/// What a provider documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    requests: u32,
    window: Duration,
}

/// The documented limit for one account: Google 600 a minute for each user of a project; Outlook 10,000 in ten minutes for each app and
/// mailbox; Calendly 500 a minute for each user of a paid plan (free ones tell their 50 in headers, which `calendly::transport` follows).
pub(crate) fn limit(provider: ProviderKind) -> Option<Limit> {
    let (requests, seconds) = match provider {
        ProviderKind::Google => (600, 60),
        ProviderKind::Microsoft => (10_000, 600),
        ProviderKind::Calendly => (500, 60),
        ProviderKind::Caldav | ProviderKind::Ics => return None,
    };
    Some(Limit { requests, window: Duration::from_secs(seconds) })
}

impl Limit {
    /// How long the next request waits after `used` ones in the window, the oldest of which leaves it in `oldest`.
    fn wait(self, used: u32, oldest: Duration) -> Duration {
        let (free, most) = (self.requests * 2 / 3, self.requests * 9 / 10);
        if used < free {
            Duration::ZERO
        } else if used < most {
            // From nothing to four times the pace at which the limit lasts the whole window.
            self.window * (used - free) * 4 / (self.requests * (most - free))
        } else {
            oldest.max(Duration::from_millis(50))
        }
    }
}

/// The requests of one connection.
pub struct Quota {
    provider: ProviderKind,
    limit: Limit,
    metrics: Metrics,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Requests by second, the oldest first.
    sent: VecDeque<(Instant, u32)>,
    used: u32,
    /// No request before this, unix milliseconds: the provider said so.
    pause: Option<i64>,
    /// The last request had to wait.
    slowed: bool,
}

impl State {
    fn forget_before(&mut self, edge: Option<Instant>) {
        while let Some((at, number)) = self.sent.front().copied() {
            if edge.is_none_or(|edge| at > edge) {
                break;
            }
            self.used -= number;
            self.sent.pop_front();
        }
    }

    fn note(&mut self, now: Instant) {
        self.used += 1;
        match self.sent.back_mut() {
            Some((at, number)) if now.duration_since(*at) < Duration::from_secs(1) => *number += 1,
            _ => self.sent.push_back((now, 1)),
        }
    }
}

impl Quota {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more request may be sent, and counts it.
    ///
    /// # Errors
    /// `rate_limited` when that takes longer than a sync should wait, with the time to come back.
    pub(crate) async fn pass(&self, what: &'static str) -> Result<(), ProviderError> {
        let begun = Instant::now();
        loop {
            let now = Instant::now();
            let wait = {
                let mut state = self.state();
                let wait = self.wait(&mut state, now, begun);
                if wait.is_zero() {
                    state.pause = None;
                    state.slowed = now > begun;
                    state.note(now);
                    self.metrics.waited(self.provider, now - begun);
                    return Ok(());
                }
                wait
            };
            if wait > LONGEST.saturating_sub(now - begun) {
                let problem = Problem::new("rate_limited", format!("{} asks us to slow down.", self.provider.title()), "");
                return Err(ProviderError::new(what, Class::RateLimited, problem).with_retry_after(Some(wait)));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// How long from now on; who began to wait at `begun` has waited for the spread already.
    fn wait(&self, state: &mut State, now: Instant, begun: Instant) -> Duration {
        state.forget_before(now.checked_sub(self.limit.window));
        let pause = self.pause(state).saturating_sub(now - begun);
        let oldest = state.sent.front().map_or(Duration::ZERO, |(at, _)| (*at + self.limit.window).saturating_duration_since(now));
        let spread = self.limit.wait(state.used, oldest);
        let is_full = state.used >= self.limit.requests * 9 / 10;
        let spread = if is_full { spread } else { spread.saturating_sub(now - begun) };
        pause.max(spread)
    }

    /// How long the provider wants no request.
    fn pause(&self, state: &State) -> Duration {
        let left = state.pause.map_or(0, |until| until - self.clock.now());
        Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// Learns from an answer.
    pub(crate) fn answered(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let is_limit = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::FORBIDDEN && says_rate_limit(body);
        if is_limit {
            let now = self.clock.now();
            let pause = retry_after(headers, now).unwrap_or(UNSAID);
            let until = now.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            let mut state = self.state();
            state.pause = Some(state.pause.map_or(until, |before| before.max(until)));
        }
    }

    fn usage(&self) -> QuotaUse {
        let now = Instant::now();
        let mut state = self.state();
        state.forget_before(now.checked_sub(self.limit.window));
        QuotaUse {
            used: state.used,
            limit: self.limit.requests,
            window_s: u32::try_from(self.limit.window.as_secs()).unwrap_or(u32::MAX),
            slowed: state.used > 0 && state.slowed || !self.pause(&state).is_zero(),
        }
    }
}

/// Google says so with 403 and a reason.
fn says_rate_limit(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    ["rateLimitExceeded", "userRateLimitExceeded"].iter().any(|reason| text.contains(reason))
}

/// The quotas of a process, by connection.
#[derive(Default)]
pub(crate) struct Quotas(Mutex<HashMap<ConnectionId, Arc<Quota>>>);

impl Quotas {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Arc<Quota>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The quota of a connection; `None` where the provider has no limit.
    pub(crate) fn of(&self, provider: ProviderKind, connection: &ConnectionId, metrics: &Metrics, clock: &Clock) -> Option<Arc<Quota>> {
        let limit = limit(provider)?;
        let mut known = self.lock();
        if let Some(quota) = known.get(connection) {
            return Some(quota.clone());
        }
        // What nobody uses and nothing is known of need not be kept.
        known.retain(|_, quota| Arc::strong_count(quota) > 1 || quota.usage().used > 0);
        let quota = Arc::new(Quota { provider, limit, metrics: metrics.clone(), clock: clock.clone(), state: Mutex::default() });
        known.insert(connection.clone(), quota.clone());
        Some(quota)
    }

    /// What a connection has used; `None` where there is no limit, or nothing was asked yet.
    pub(crate) fn usage(&self, connection: &ConnectionId) -> Option<QuotaUse> {
        Some(self.lock().get(connection)?.usage())
    }

    /// For each provider the largest part of the limit that one of its connections has used, from 0 to 1.
    pub(crate) fn fullest(&self) -> HashMap<&'static str, f64> {
        let mut found = HashMap::new();
        for quota in self.lock().values() {
            let usage = quota.usage();
            let part = f64::from(usage.used) / f64::from(usage.limit);
            let most: &mut f64 = found.entry(quota.provider.as_str()).or_default();
            *most = most.max(part);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::RETRY_AFTER;

    fn google(clock: &Clock) -> (Quotas, Arc<Quota>) {
        let quotas = Quotas::default();
        let quota = quotas.of(ProviderKind::Google, &ConnectionId::trusted("c"), &Metrics::default(), clock).unwrap();
        (quotas, quota)
    }

    #[test]
    fn requests_are_free_up_to_two_thirds_then_spread_and_never_pass_nine_tenths() {
        let limit = limit(ProviderKind::Google).unwrap();
        let wait = |used| limit.wait(used, Duration::from_secs(17));
        assert_eq!((wait(0), wait(399)), (Duration::ZERO, Duration::ZERO));
        assert!(wait(401) > Duration::ZERO && wait(470) > wait(430) && wait(539) < Duration::from_millis(401), "{:?}", wait(539));
        assert_eq!((wait(540), wait(10_000)), (Duration::from_secs(17), Duration::from_secs(17)), "until the oldest has left the window");
    }

    #[test]
    fn a_thousand_requests_at_once_stay_below_the_limit_in_every_minute() {
        let (quotas, quota) = google(&Clock::fixed(0));
        let begun = Instant::now();
        let (mut now, mut sent) = (begun, Vec::new());
        while sent.len() < 1_000 {
            let asked = now;
            loop {
                let wait = quota.wait(&mut quota.state(), now, asked);
                if wait.is_zero() {
                    break;
                }
                now += wait;
            }
            quota.state().note(now);
            sent.push(now);
        }
        for (index, at) in sent.iter().enumerate() {
            let within = sent[index..].iter().take_while(|other| other.duration_since(*at) < Duration::from_secs(59)).count();
            assert!(within <= 540, "{within} in a minute");
        }
        let took = now - begun;
        assert!(took > Duration::from_secs(55) && took < Duration::from_secs(130), "{took:?}: kept, and yet made use of");
        assert!(quotas.fullest()["google"] > 0.5);
        quota.state().forget_before(Some(now + Duration::from_secs(1)));
        assert_eq!(quotas.usage(&ConnectionId::trusted("c")).unwrap().used, 0);
    }

    #[tokio::test]
    async fn an_answer_that_says_too_many_stops_every_request_as_long_as_it_asks() {
        let clock = Clock::fixed(0);
        let (_, quota) = google(&clock);
        let headers = |seconds: &'static str| HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(seconds))]);
        let wait = || {
            let now = Instant::now();
            quota.wait(&mut quota.state(), now, now).as_secs()
        };
        quota.answered(StatusCode::TOO_MANY_REQUESTS, &headers("7"), b"");
        assert_eq!(wait(), 7);
        clock.advance(7_000);
        assert_eq!(wait(), 0);
        quota.answered(StatusCode::FORBIDDEN, &HeaderMap::new(), br#"{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}"#);
        assert_eq!(wait(), 1, "a second where nothing is said");
        clock.advance(1_000);
        quota.answered(StatusCode::FORBIDDEN, &HeaderMap::new(), br#"{"error":{"errors":[{"reason":"forbidden"}]}}"#);
        assert_eq!(wait(), 0, "what is forbidden is not too much");
        quota.answered(StatusCode::TOO_MANY_REQUESTS, &headers("600"), b"");
        let error = quota.pass("test").await.unwrap_err();
        let said = error.retry_after.unwrap();
        assert_eq!(error.class, Class::RateLimited);
        assert!(said > Duration::from_secs(599) && said <= Duration::from_secs(600), "{said:?}: it is said at once");
        clock.advance(600_000);
        quota.pass("test").await.unwrap();
    }

    #[test]
    fn who_has_no_limit_has_no_quota() {
        assert!(Quotas::default().of(ProviderKind::Caldav, &ConnectionId::trusted("c"), &Metrics::default(), &Clock::fixed(0)).is_none());
    }
}
