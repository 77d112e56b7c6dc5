//! Extends what is materialised: on demand when somebody looks beyond it, and by a task as time goes on.

use super::materialize::{self, AHEAD_MS, BACK_MS};
use crate::error::Error;
use crate::store::apply::{self, OccurrenceWrite, Target};
use crate::store::{Db, horizons};
use crate::tasks;
use syncline_domain::event::Event;
use syncline_domain::time::{DAY_MS, Millis};

/// Objects that are extended in one transaction.
const AT_ONCE: i64 = 100;
/// No further than so far from now is anything materialised on demand.
const REACH_MS: Millis = 60 * 366 * DAY_MS;

/// Makes sure that everything of a user between two instants is materialised. Cheap when it is: one query.
///
/// # Errors
/// When the database fails.
pub(crate) async fn ensure(db: &Db, user: &str, from: Millis, until: Millis, now: Millis) -> Result<(), Error> {
    let from = from.max(now - REACH_MS);
    let until = until.min(now + REACH_MS);
    // A step further than asked, so that paging on does not extend every time.
    let (wide_from, wide_until) = (from - 90 * DAY_MS, until + 90 * DAY_MS);
    loop {
        let short = horizons::short_of_user(db, user, from, until, AT_ONCE).await?;
        if short.is_empty() {
            return Ok(());
        }
        extend(db, short, wide_from, wide_until, now).await?;
    }
}

/// Extends what ends within the next 12 months to 18 months ahead, for all users. Gives how many objects were extended.
///
/// # Errors
/// When the database fails.
pub(crate) async fn roll(db: &Db, now: Millis) -> Result<usize, Error> {
    let mut extended = 0;
    loop {
        let short = horizons::ending_before(db, now + AHEAD_MS - 183 * DAY_MS, AT_ONCE).await?;
        if short.is_empty() {
            return Ok(extended);
        }
        extended += short.len();
        extend(db, short, now - BACK_MS, now + AHEAD_MS, now).await?;
    }
}

async fn extend(db: &Db, short: Vec<horizons::HorizonRow>, from: Millis, until: Millis, now: Millis) -> Result<(), Error> {
    for row in short {
        let stored = apply::events_of(db, &row.calendar_id, &[row.remote_id.as_str()]).await?.remove(&row.remote_id).unwrap_or_default();
        let live: Vec<_> = stored.into_iter().filter(|event| !event.deleted).collect();
        let ids: Vec<String> = live.iter().map(|event| event.id.clone()).collect();
        let events: Vec<Event> = live.iter().filter_map(|event| serde_json::from_str(&event.content).ok()).collect();
        let (from, until) = (row.from_at.min(from), row.until_at.max(until));
        let made = tasks::blocking("horizon", {
            let ids = ids.clone();
            move || materialize::window(&events, &ids, from, until)
        })
        .await?;
        store(db, &row, &ids, &made.rows, from, until, now).await?;
    }
    Ok(())
}

/// Replaces the occurrences of one object, unless a sync changed the object meanwhile: then its own are right.
async fn store(
    db: &Db,
    row: &horizons::HorizonRow,
    ids: &[String],
    rows: &[OccurrenceWrite],
    from: Millis,
    until: Millis,
    now: Millis,
) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    if horizons::move_if_same(&mut tx, row, from, until).await? {
        let target = Target { user: &row.user_id, calendar: &row.calendar_id, job: "", now };
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        apply::clear_occurrences(&mut tx, &ids).await?;
        apply::put_occurrences(&mut tx, target, rows).await?;
    }
    tx.commit().await?;
    Ok(())
}
