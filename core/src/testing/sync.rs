//! A sync as a test runs it: start, wait, look at the one line of the report.

use super::db::TestHub;
use crate::hub::{Scope, SyncOptions};
use syncline_domain::ids::UserId;
use syncline_domain::sync::{CalendarResult, Counts, Mode, SyncReport, Trigger};

/// What a person who presses *Sync now* asks for.
pub const AUTO: SyncOptions = SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual };
/// The same, but everything is read again.
pub const FULL: SyncOptions = SyncOptions { mode: Mode::Full, trigger: Trigger::Manual };

impl TestHub {
    /// Syncs everything of a user, a minute after whatever was before.
    ///
    /// # Panics
    /// When a sync is at work already.
    pub async fn sync(&self, user: &UserId) -> SyncReport {
        self.sync_with(user, AUTO).await
    }

    /// As [`TestHub::sync`], with options.
    ///
    /// # Panics
    /// When a sync is at work already.
    pub async fn sync_with(&self, user: &UserId, options: SyncOptions) -> SyncReport {
        self.advance(60_000);
        let started = self.start_sync(user, Scope::Everything, options).await.expect("nothing else is at work");
        self.wait_for(user, &started.run_id).await.expect("the run ends")
    }
}

/// The only line of a report, which adds up.
///
/// # Panics
/// When there is another number of lines, or the counts do not add up.
#[must_use]
pub fn only(report: &SyncReport) -> &CalendarResult {
    assert_eq!(report.results.len(), 1, "{report:?}");
    assert_eq!(report.results[0].total, report.results[0].counts.total());
    &report.results[0]
}

/// Counts of a sync in which nothing was skipped or unreadable.
#[must_use]
pub fn counts(synced: u64, updated: u64, deleted: u64, unchanged: u64) -> Counts {
    Counts { synced, updated, deleted, unchanged, ..Counts::default() }
}
