//! Trying again: the one place where a job waits for a provider.

use super::outcome::Stop;
use crate::clock::fill_random;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Tries of a pass or a listing in one job.
const TRIES: u32 = 3;
/// Longer than this no job waits for a provider.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits before the next try; gives the failure back when there should be none.
pub(super) async fn pause(stop: Stop, tries: u32, cancel: &CancellationToken, deadline: Instant) -> Result<(), Stop> {
    let wait = stop.retry_after().unwrap_or_default().max(backoff(tries));
    if tries >= TRIES || !stop.is_retryable() || wait > PATIENCE || Instant::now() + wait >= deadline {
        return Err(stop);
    }
    tokio::select! {
        () = cancel.cancelled() => Err(Stop::Cancelled),
        () = tokio::time::sleep(wait) => Ok(()),
    }
}

/// Half a second, then two, then eight; each between half of that and the whole.
fn backoff(tries: u32) -> Duration {
    let whole = 500_u64 << (2 * tries.saturating_sub(1)).min(10);
    Duration::from_millis(whole / 2 + random_below(whole / 2 + 1))
}

/// A random number below `bound`.
pub(crate) fn random_below(bound: u64) -> u64 {
    let mut bytes = [0; 8];
    fill_random(&mut bytes);
    u64::from_le_bytes(bytes) % bound.max(1)
}
