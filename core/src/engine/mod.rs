//! The engine: carries out sync jobs.
//!
//! `job` runs one job: `lease`, `listing`, a `calendar` for each line of the report (several at once), `finish`. `pass` runs one pass
//! over a calendar: the provider's pages are prepared (`batch`: pure, on a blocking thread) while the page before is written.
//! `sweep` ends a pass: what the provider does not list any more goes through the delete guard, and the cursor is stored in the same
//! transaction as the last page. `materialize` turns series into occurrences, `horizon` extends them. `tracker` is the progress
//! that readers see. `tests` run all of it against a provider that does as it is told.
//!
//! Invariants: every write transaction of a job begins with [`locks::check`](crate::store::locks::check), and one without a job with
//! a check that what it was computed from is still so (a rule of the repository looks for that); a page's rows, tombstones, journal
//! and checkpoint commit together; nothing is deleted but by `sweep`; the decision what to do with an object is
//! [`plan`](syncline_domain::plan::plan) alone; retries happen in `listing` and `calendar` (by `retry`), never in a provider; whoever
//! writes both horizons and occurrences writes the horizons first.

pub(crate) mod batch;
mod calendar;
mod finish;
pub(crate) mod horizon;
pub(crate) mod job;
pub(crate) mod lease;
pub(crate) mod listing;
pub(crate) mod materialize;
pub(crate) mod outcome;
pub(crate) mod pass;
mod retry;
pub(crate) mod sweep;
pub(crate) mod tracker;

#[cfg(all(test, feature = "test-support"))]
mod tests;
