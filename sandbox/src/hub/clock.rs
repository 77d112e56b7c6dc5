//! The time of a [`Sandbox`](super::Sandbox).

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Where the stand-ins take "now" from. Clones share it.
#[derive(Debug, Clone)]
pub struct SandboxClock {
    pace: Pace,
    moved: Arc<AtomicI64>,
}

#[derive(Debug, Clone, Copy)]
enum Pace {
    Stands(i64),
    Runs(i64, Instant),
    System,
}

impl SandboxClock {
    /// Stands at an instant (unix milliseconds) until [`advance`](Self::advance) moves it.
    #[must_use]
    pub fn fixed(at: i64) -> Self {
        Self { pace: Pace::Stands(at), moved: Arc::default() }
    }

    /// Starts at an instant and runs on at the real pace.
    #[must_use]
    pub fn running(from: i64) -> Self {
        Self { pace: Pace::Runs(from, Instant::now()), moved: Arc::default() }
    }

    /// Follows the machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { pace: Pace::System, moved: Arc::default() }
    }

    /// The current instant in unix milliseconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        let base = match self.pace {
            Pace::Stands(at) => at,
            Pace::Runs(from, since) => from + i64::try_from(since.elapsed().as_millis()).unwrap_or(0),
            #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
            Pace::System => Timestamp::now().as_millisecond(),
        };
        base + self.moved.load(Ordering::SeqCst)
    }

    /// Moves the clock by so many milliseconds. [`Sandbox::advance`](super::Sandbox::advance) also sends what falls due.
    pub fn advance(&self, by: i64) {
        self.moved.fetch_add(by, Ordering::SeqCst);
    }

    /// True when time passes by itself.
    pub(super) fn runs(&self) -> bool {
        !matches!(self.pace, Pace::Stands(_))
    }
}
