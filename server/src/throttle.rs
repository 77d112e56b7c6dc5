//! How often somebody may try to sign in: per address (60 at once, then one every 5 seconds) and per account (10 at once, then
//! one every 20 seconds). A success forgets what was counted for the account, so that only wrong passwords add up.

use app::session::SignInGate;
use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

/// More names than this are not remembered at once: then all are forgotten. It takes an attacker hours to get there.
const MAX_KEYS: usize = 20_000;

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts sign-in attempts.
pub struct Throttle<C: Clock = DefaultClock> {
    clock: C,
    by_address: Mutex<HashMap<IpAddr, Limiter<C>>>,
    by_account: Mutex<HashMap<String, Limiter<C>>>,
}

impl Throttle {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(DefaultClock::default())
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock + Clone> Throttle<C> {
    fn with_clock(clock: C) -> Self {
        Self { clock, by_address: Mutex::default(), by_account: Mutex::default() }
    }

    fn count<K: std::hash::Hash + Eq>(&self, limiters: &Mutex<HashMap<K, Limiter<C>>>, key: K, quota: Quota) -> Result<(), u64> {
        let mut limiters = limiters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if limiters.len() >= MAX_KEYS {
            limiters.clear();
        }
        let limiter = limiters.entry(key).or_insert_with(|| RateLimiter::direct_with_clock(quota, self.clock.clone()));
        limiter.check().map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

impl<C> SignInGate for Throttle<C>
where
    C: Clock + Clone + Send + Sync,
    C::Instant: Reference + Send + Sync,
{
    fn attempt(&self, from: Option<IpAddr>, email: &str) -> Result<(), u64> {
        if let Some(from) = from {
            self.count(&self.by_address, network(from), quota(Duration::from_secs(5), 60))?;
        }
        self.count(&self.by_account, account(email), quota(Duration::from_secs(20), 10))
    }

    fn succeeded(&self, email: &str) {
        self.by_account.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&account(email));
    }
}

fn quota(period: Duration, burst: u32) -> Quota {
    Quota::with_period(period).expect("the period is not zero").allow_burst(NonZeroU32::new(burst).expect("the burst is not zero"))
}

fn account(email: &str) -> String {
    email.trim().to_lowercase().chars().take(256).collect()
}

/// An IPv6 user has a whole /64, so that is what counts.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn from(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn wrong_passwords_for_one_account_add_up_from_every_address() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::with_clock(clock.clone());
        for n in 0..10 {
            assert_eq!(throttle.attempt(from(&format!("192.0.2.{n}")), "Ann@example.org"), Ok(()));
        }
        assert_eq!(throttle.attempt(from("192.0.2.99"), "ann@example.org "), Err(20));
        assert_eq!(throttle.attempt(from("192.0.2.99"), "bob@example.org"), Ok(()));
        clock.advance(Duration::from_secs(20));
        assert_eq!(throttle.attempt(from("192.0.2.99"), "ann@example.org"), Ok(()));
    }

    #[test]
    fn a_success_forgets_what_was_counted_for_the_account() {
        let throttle = Throttle::with_clock(FakeRelativeClock::default());
        for _ in 0..40 {
            assert_eq!(throttle.attempt(from("192.0.2.1"), "ann@example.org"), Ok(()));
            throttle.succeeded("ann@example.org");
        }
    }

    #[test]
    fn one_address_can_not_try_many_accounts() {
        let throttle = Throttle::with_clock(FakeRelativeClock::default());
        for n in 0..60 {
            // another address of the same /64 every time
            assert_eq!(throttle.attempt(from(&format!("2001:db8::{n:x}")), &format!("{n}@example.org")), Ok(()));
        }
        assert!(throttle.attempt(from("2001:db8::ffff"), "x@example.org").is_err());
        assert_eq!(throttle.attempt(from("2001:db8:0:1::1"), "x@example.org"), Ok(()));
    }
}
