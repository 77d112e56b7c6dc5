//! Sliding windows of requests.

use std::collections::{HashMap, VecDeque};

/// Counts requests of each key in a window.
#[derive(Debug, Default)]
pub(crate) struct Quota(HashMap<String, VecDeque<i64>>);

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The request is one too many.
    pub(crate) over: bool,
    /// What is left of the window's allowance.
    pub(crate) left: u32,
    /// Milliseconds until the oldest request leaves the window.
    pub(crate) reset: i64,
}

impl Quota {
    /// Counts a request; one that is over the limit counts too when `strict`.
    pub(crate) fn count(&mut self, key: &str, now: i64, window: i64, limit: u32, strict: bool) -> Standing {
        let times = self.0.entry(key.to_owned()).or_default();
        while times.front().is_some_and(|at| at + window <= now) {
            times.pop_front();
        }
        let used = u32::try_from(times.len()).unwrap_or(u32::MAX);
        let over = used >= limit;
        if !over || strict {
            times.push_back(now);
        }
        let reset = times.front().map_or(window, |at| at + window - now);
        Standing { over, left: limit.saturating_sub(used + 1), reset }
    }
}

#[cfg(test)]
mod tests {
    use super::Quota;

    #[test]
    fn the_window_slides_and_each_key_has_its_own() {
        let mut quota = Quota::default();
        assert!(!quota.count("a", 0, 100, 2, false).over);
        assert!(!quota.count("a", 50, 100, 2, false).over);
        let full = quota.count("a", 99, 100, 2, false);
        assert!(full.over && full.reset == 1, "{full:?}");
        assert!(!quota.count("b", 99, 100, 2, false).over);
        assert!(!quota.count("a", 100, 100, 2, false).over, "the first has left the window");
        assert!(quota.count("a", 101, 100, 2, false).over);
    }
}
