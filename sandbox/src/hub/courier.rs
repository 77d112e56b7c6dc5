//! Delivers what is in the outbox, one call after the other.

use super::post::post;
use super::{Delivered, Shared};
use std::sync::Arc;
use std::time::Duration;

/// Google, Graph and Calendly give up a call after about so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a running clock is looked at while something waits for its time.
const GLANCE: Duration = Duration::from_millis(250);

pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let (next, waits) = {
            let mut world = shared.lock();
            let now = world.base.now();
            let next = world.base.outbox.take(now).map(|delivery| {
                let headers = world.base.outbox.headers(&delivery, now);
                (delivery, headers)
            });
            (next, world.base.outbox.waits() && world.base.clock.runs())
        };
        let Some((delivery, headers)) = next else {
            shared.idle.notify_waiters();
            if waits {
                // Whichever comes first: a new delivery, or a moment that falls due.
                let _elapsed = tokio::time::timeout(GLANCE, shared.wake.notified()).await;
            } else {
                shared.wake.notified().await;
            }
            continue;
        };
        let status = post(&delivery.url, &headers, &delivery.body, PATIENCE).await.map(|answer| answer.status);
        let world = &mut *shared.lock();
        let now = world.base.now();
        world.base.outbox.busy = false;
        world.base.outbox.done.push(Delivered {
            provider: delivery.provider,
            target: delivery.target.clone(),
            url: delivery.url.clone(),
            headers,
            body: String::from_utf8_lossy(&delivery.body).into_owned(),
            status,
            at: now,
        });
        world.outcome(delivery, status, now);
    }
}
