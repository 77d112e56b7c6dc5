//! The calendars of a connection: asked for, and stored as the provider has them.

use super::job::Claimed;
use super::outcome::Stop;
use super::retry::pause;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::hub::Hub;
use crate::provider::{KnownCalendar, Meter, Provider, RemoteCalendar};
use crate::store::Tx;
use crate::store::calendars::{self, CalendarRow};
use syncline_domain::ids::{CalendarId, ConnectionId, UserId};
use syncline_domain::sync::Mode;
use tokio::time::Instant;

/// Asks the provider for the calendars of the account, more than once where that may help.
pub(super) async fn list(
    job: &Claimed,
    provider: &dyn Provider,
    rows: &[CalendarRow],
    deadline: Instant,
) -> Result<Vec<RemoteCalendar>, Stop> {
    let known: Vec<KnownCalendar> = rows
        .iter()
        .map(|row| KnownCalendar {
            remote_id: row.remote_id.clone(),
            cursor: if job.mode == Mode::Full { None } else { row.cursor.clone() },
            hints: row.hints.clone(),
            enabled: row.enabled,
        })
        .collect();
    let meter = Meter::default();
    let mut tries = 0;
    loop {
        tries += 1;
        let result = tokio::select! {
            biased;
            () = job.cancel.cancelled() => return Err(Stop::Cancelled),
            () = tokio::time::sleep_until(deadline) => return Err(Stop::Budget),
            result = provider.list(&known, &meter) => result,
        };
        match result {
            Ok(listed) => return Ok(listed),
            Err(error) => pause(Stop::Provider(error), tries, &job.cancel, deadline).await?,
        }
    }
}

/// New calendars appear, known ones are brought up to date, vanished ones are marked.
pub(super) async fn note_listing(hub: &Hub, job: &Claimed, listed: &[RemoteCalendar]) -> Result<(), StoreError> {
    let known = calendars::of_connection(hub.db(), &job.user, &job.connection).await?;
    let now = hub.now();
    let changed = |remote: &RemoteCalendar, row: &CalendarRow| {
        row.name != remote.name
            || row.zone != remote.zone
            || row.read_only != remote.read_only
            || row.vanished_at.is_some()
            || (remote.hints.is_some() && row.hints != remote.hints)
            || (!row.color_chosen && color(remote).is_some_and(|color| color != row.color))
    };
    let mut tx = hub.db().begin().await?;
    let mut written = false;
    for (index, remote) in listed.iter().enumerate() {
        match known.iter().find(|row| row.remote_id == remote.remote_id) {
            None => {
                store_calendar(&mut tx, &job.user, &job.connection, remote, known.len() + index, hub.clock()).await?;
                written = true;
            }
            Some(row) if changed(remote, row) => {
                calendars::refresh(&mut tx, &row.id, remote, color(remote)).await?;
                written = true;
            }
            Some(_) => {}
        }
    }
    for row in known.iter().filter(|row| row.vanished_at.is_none()) {
        if !listed.iter().any(|remote| remote.remote_id == row.remote_id) {
            calendars::vanish(&mut tx, &row.id, now).await?;
            written = true;
        }
    }
    if written { tx.commit().await } else { Ok(()) }
}

fn color(remote: &RemoteCalendar) -> Option<&'static str> {
    remote.color.as_deref().and_then(syncline_domain::color::nearest)
}

/// Stores a calendar that was not known before.
///
/// # Errors
/// When the database fails.
pub(crate) async fn store_calendar(
    tx: &mut Tx,
    user: &UserId,
    connection: &ConnectionId,
    remote: &RemoteCalendar,
    index: usize,
    clock: &Clock,
) -> Result<(), StoreError> {
    let id = CalendarId::trusted(crate::clock::new_id(clock));
    let color = color(remote).unwrap_or_else(|| syncline_domain::color::by_index(index));
    calendars::insert(tx, user, connection, &id, remote, color, clock.now()).await
}
