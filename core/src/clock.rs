//! Time and randomness as values, so that tests can fix both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use syncline_domain::time::Millis;

/// Where "now" comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// A hand-set one: [`Clock::advance`] moves it, nothing else does.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at an instant.
    #[must_use]
    pub fn fixed(at: Millis) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at)))
    }

    /// The current instant in unix milliseconds.
    #[must_use]
    pub fn now(&self) -> Millis {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
            Self::System => jiff::Timestamp::now().as_millisecond(),
            Self::Manual(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock forward; the system's clock goes its own way.
    pub fn advance(&self, by: Millis) {
        if let Self::Manual(at) = self {
            at.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Fresh identifiers: UUIDv7 from the given clock, so that they sort by the time they were made. They are no secrets.
#[must_use]
pub fn new_id(clock: &Clock) -> String {
    let random: [u8; 10] = rand::random();
    let millis = u64::try_from(clock.now()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

/// Fills a buffer from the operating system's randomness.
///
/// # Panics
/// When the operating system has no randomness to give; nothing secret can be made then.
pub fn fill_random(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the operating system gives randomness");
}
