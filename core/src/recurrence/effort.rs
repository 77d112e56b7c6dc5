//! What finding occurrences costs, as a number that does not depend on the machine.

use std::cell::Cell;

/// The effort of searches: what each may cost at most, and what they have cost together. One unit is about ten nanoseconds: a day
/// that was looked at, or an occurrence that was found.
#[derive(Debug)]
pub struct Effort {
    limit: u64,
    spent: Cell<u64>,
    is_cut: Cell<bool>,
}

impl Effort {
    /// As much as it takes; `engine::BUDGET` alone bounds a search.
    #[must_use]
    pub fn full() -> Self {
        Self::at_most(u64::MAX)
    }

    /// No search costs much more than so many units.
    #[must_use]
    pub fn at_most(limit: u64) -> Self {
        Self { limit, spent: Cell::new(0), is_cut: Cell::new(false) }
    }

    /// What all searches have cost together.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent.get()
    }

    /// A search stopped because it had cost its limit.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.is_cut.get()
    }

    /// Adds the cost of a step of a search that has cost `so_far`; `false`: the search is to stop.
    pub(super) fn spend(&self, so_far: &mut u64, cost: u64) -> bool {
        *so_far += cost;
        self.spent.set(self.spent.get() + cost);
        let goes_on = *so_far <= self.limit;
        if !goes_on {
            self.is_cut.set(true);
        }
        goes_on
    }
}
