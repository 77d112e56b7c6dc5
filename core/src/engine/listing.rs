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
    let is_wanted = |row: &CalendarRow| match &job.only {
        Some(only) => only.iter().any(|id| id.as_str() == row.id),
        None => row.enabled,
    };
    let known: Vec<KnownCalendar> = rows
        .iter()
        .filter(|row| row.vanished_at.is_none())
        .map(|row| KnownCalendar {
            remote_id: row.remote_id.clone(),
            cursor: if job.mode == Mode::Full { None } else { row.cursor.clone() },
            hints: row.hints.clone(),
            enabled: is_wanted(row),
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
    let new: Vec<&RemoteCalendar> = listed.iter().filter(|remote| row_of(remote).is_none()).collect();
    let news: Vec<_> = listed.iter().filter_map(|remote| Some((remote, row_of(remote).filter(|row| changed(remote, row))?))).collect();
    let vanished: Vec<_> = known.iter().filter(|row| row.vanished_at.is_none() && !is_listed(row)).collect();
    if new.is_empty() && news.is_empty() && vanished.is_empty() {
        return Ok(());
    }
    let others = if new.is_empty() { Vec::new() } else { calendars::list(hub.db(), &job.user).await? };
    let now = hub.now();
    let mut tx = hub.db().begin().await?;
    if !locks::check(&mut tx, &job.connection, job.fence, now).await? {
        return Err(Stop::LockLost);
    }
    store_calendars(&mut tx, &job.user, &job.connection, &new, &others, hub.clock()).await?;
    for (remote, row) in news {
        calendars::refresh(&mut tx, &row.id, remote, color(remote)).await?;
    }
    for row in vanished {
        calendars::vanish(&mut tx, &row.id, now).await?;
    }
    Ok(tx.commit().await?)
}

fn color(remote: &RemoteCalendar) -> Option<&'static str> {
    remote.color.as_deref().and_then(syncline_domain::color::nearest)
}

/// Stores calendars that were not known before. Those that bring no colour get one that none of the user's `others` has, as long
/// as there is one.
///
/// # Errors
/// When the database fails.
pub(crate) async fn store_calendars(
    tx: &mut Tx,
    user: &UserId,
    connection: &ConnectionId,
    new: &[&RemoteCalendar],
    others: &[CalendarRow],
    clock: &Clock,
) -> Result<(), StoreError> {
    let mut taken: Vec<&str> = others.iter().map(|row| row.color.as_str()).chain(new.iter().filter_map(|remote| color(remote))).collect();
    for remote in new {
        let id = CalendarId::trusted(crate::clock::new_id(clock));
        let color = color(remote).unwrap_or_else(|| {
            let free = syncline_domain::color::free(&taken);
            taken.push(free);
            free
        });
        calendars::insert(tx, user, connection, &id, remote, color, clock.now()).await?;
    }
    Ok(())
}
