//! The calendars of a connection: asked for, and stored as the provider has them.

use super::job::Claimed;
use super::outcome::Stop;
use super::retry::pause;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::hub::Hub;
use crate::provider::{KnownCalendar, Meter, Provider, RemoteCalendar};
use crate::store::calendars::{self, CalendarRow};
use crate::store::{Tx, locks};
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

/// New calendars appear, known ones are brought up to date, vanished ones are marked. Writes nothing when nothing changed.
pub(super) async fn note_listing(hub: &Hub, job: &Claimed, listed: &[RemoteCalendar]) -> Result<(), Stop> {
    let known = calendars::of_connection(hub.db(), &job.user, &job.connection).await?;
    let changed = |remote: &RemoteCalendar, row: &CalendarRow| {
        row.name != remote.name
            || row.zone != remote.zone
            || row.read_only != remote.read_only
            || row.vanished_at.is_some()
            || (remote.hints.is_some() && row.hints != remote.hints)
            || (!row.color_chosen && color(remote).is_some_and(|color| color != row.color))
    };
    let row_of = |remote: &RemoteCalendar| known.iter().find(|row| row.remote_id == remote.remote_id);
    let is_listed = |row: &CalendarRow| listed.iter().any(|remote| remote.remote_id == row.remote_id);
    let news: Vec<_> = listed.iter().filter(|remote| row_of(remote).is_none_or(|row| changed(remote, row))).collect();
    let vanished: Vec<_> = known.iter().filter(|row| row.vanished_at.is_none() && !is_listed(row)).collect();
    if news.is_empty() && vanished.is_empty() {
        return Ok(());
    }
    let now = hub.now();
    let mut tx = hub.db().begin().await?;
    if !locks::check(&mut tx, &job.connection, job.fence, now).await? {
        return Err(Stop::LockLost);
    }
    for (index, remote) in news.into_iter().enumerate() {
        match row_of(remote) {
            None => store_calendar(&mut tx, &job.user, &job.connection, remote, known.len() + index, hub.clock()).await?,
            Some(row) => calendars::refresh(&mut tx, &row.id, remote, color(remote)).await?,
        }
    }
    for row in vanished {
        calendars::vanish(&mut tx, &row.id, now).await?;
    }
    Ok(tx.commit().await?)
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
