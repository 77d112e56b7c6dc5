//! The background tasks of a server: each is idempotent, runs by time and on a signal, and takes its input from the database.

use crate::engine::horizon;
use crate::error::{Error, StoreError};
use crate::hub::{Hub, Scope, SyncOptions};
use crate::progress::AWAY_MS;
use crate::store::{connections, jobs};
use std::time::Duration;
use syncline_domain::ids::{ConnectionId, JobId, UserId};
use syncline_domain::sync::{Mode, Trigger};

/// Runs all tasks until the future is dropped.
pub(crate) async fn run(hub: Hub) {
    tokio::join!(schedule(&hub), reap(&hub), watch(&hub), subscriptions(&hub), tidy(&hub));
}

/// Starts what is due. Sleeps until the next connection is due, but looks every half a minute all the same: another process
/// may have added one.
async fn schedule(hub: &Hub) {
    loop {
        hub.beat();
        let wait = start_due(hub).await;
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = hub.due().notified() => {}
        }
    }
}

/// Starts what is due now. Gives how long to wait.
pub(crate) async fn start_due(hub: &Hub) -> Duration {
    const AT_ONCE: i64 = 50;
    let now = hub.now();
    match connections::due(hub.db(), now, AT_ONCE).await {
        Ok(due) if !due.is_empty() => {
            for (connection, user) in due {
                start(hub, UserId::trusted(user), ConnectionId::trusted(connection)).await;
            }
            Duration::from_secs(1)
        }
        Ok(_) => match connections::next_due(hub.db()).await {
            Ok(Some(next)) => {
                Duration::from_millis(u64::try_from(next - now).unwrap_or(0)).clamp(Duration::from_secs(1), Duration::from_secs(30))
            }
            _ => Duration::from_secs(30),
        },
        Err(error) => {
            log(&error);
            Duration::from_secs(10)
        }
    }
}

async fn start(hub: &Hub, user: UserId, connection: ConnectionId) {
    if let Some(until) = hub.paused_until(&connection) {
        // A webhook made it due before the time that its provider asked for.
        if let Err(error) = postpone(hub, &connection, until - hub.now()).await {
            log(&error);
        }
        return;
    }
    let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Schedule };
    let wait = match hub.start_sync(&user, Scope::Connections(vec![connection.clone()]), options).await {
        // Its claim has moved the due time, and its end will.
        Ok(_) => return,
        // The job that is at work will move it; until then it must not be looked at again and again.
        Err(Error::AlreadyRunning { .. }) => 60_000,
        Err(error) => {
            tracing::warn!(%connection, %error, "connection {connection} is due but could not be started");
            60_000
        }
    };
    if let Err(error) = postpone(hub, &connection, wait).await {
        log(&error);
    }
}

async fn postpone(hub: &Hub, connection: &ConnectionId, wait: i64) -> Result<(), StoreError> {
    let now = hub.now();
    let mut tx = hub.db().begin().await?;
    connections::postpone_due(&mut tx, connection, now, now + wait).await?;
    tx.commit().await
}

/// Closes jobs whose process is gone: at the start, and from time to time.
async fn reap(hub: &Hub) {
    const LOOK_EVERY: Duration = Duration::from_secs(30);
    loop {
        if let Err(error) = hub.close_lost_jobs().await {
            log(&error);
        }
        // What the administrator saved through another process.
        if let Err(error) = hub.reload_instance().await {
            tracing::warn!(%error, "the settings of the instance could not be read");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Brings what other processes on the same database do into this process's bus, while anybody listens.
async fn watch(hub: &Hub) {
    const LOOK_EVERY: Duration = Duration::from_millis(500);
    /// A row is seen only once it is committed, which may be so long after the time that it bears.
    const OVERLAP_MS: i64 = 10_000;
    const AT_ONCE: i64 = 500;
    let mut since = hub.now();
    let mut overlap = OVERLAP_MS;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !hub.bus().has_listeners() {
            // Somebody who is away for a moment is told when it is back; see `progress::Bus::since`.
            since = since.max(hub.now() - AWAY_MS);
            continue;
        }
        let rows = match jobs::changed_since(hub.db(), since - overlap, AT_ONCE).await {
            Ok(rows) => rows,
            Err(error) => {
                log(&error);
                continue;
            }
        };
        // What was told already costs nothing, unless it fills the answer.
        overlap = if rows.len() as i64 == AT_ONCE { 0 } else { OVERLAP_MS };
        for row in &rows {
            since = since.max(row.updated_at);
            let user = UserId::trusted(row.user_id.clone());
            if let Some(progress) = crate::hub::progress_of(row) {
                hub.bus().progress(&user, row.updated_at, &progress);
            }
            if row.finished_at.is_some()
                && let Err(error) = hub.tell_end(&user, &JobId::trusted(row.run_id.clone())).await
            {
                log(&error);
            }
        }
    }
}

/// Looks after webhook subscriptions. Some live for an hour only, so it looks more often than that.
async fn subscriptions(hub: &Hub) {
    const LOOK_EVERY: Duration = Duration::from_secs(600);
    loop {
        hub.look_after_subscriptions().await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Once an hour: horizons are extended, expired sessions and old webhooks go.
async fn tidy(hub: &Hub) {
    loop {
        if let Err(error) = horizon::roll(hub.db(), hub.now()).await {
            tracing::warn!(%error, "horizons could not be extended");
        }
        if let Err(error) = hub.purge_sessions(hub.now()).await {
            tracing::warn!(%error, "expired sessions could not be removed");
        }
        hub.tidy_webhooks().await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
}

fn log(error: &StoreError) {
    tracing::warn!(what = error.what, cause = %error.source, "a background task could not reach the database: {}", error.what);
}
