//! Holds: deletions that wait for the user.

use super::Hub;
use super::calendar::{ViewZone, view_zone};
use super::listing::unsigned;
use crate::engine::sweep;
use crate::error::Error;
use crate::store::apply::{self, Target};
use crate::store::holds::{self, HoldRow};
use crate::store::mirror::Mark;
use crate::store::{bulk, calendars, connections, locks, mirror};
use std::collections::HashSet;
use syncline_domain::event::Event;
use syncline_domain::ids::{CalendarId, ConnectionId, HoldId, JobId, UserId};
use syncline_domain::time::When;
use syncline_domain::view::{HeldEvent, Hold, HoldDecision};

/// So many objects of a hold are shown.
const SHOWN: usize = 500;

impl Hub {
    /// Open holds, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holds(&self, user: &UserId) -> Result<Vec<Hold>, Error> {
        let mut found = Vec::new();
        for row in holds::open(self.db(), user).await? {
            found.push(self.described(user, row).await?);
        }
        Ok(found)
    }

    /// One hold.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's.
    pub async fn hold(&self, user: &UserId, id: &HoldId) -> Result<Hold, Error> {
        let row = holds::find(self.db(), user, id).await?.ok_or(Error::NotFound("hold"))?;
        self.described(user, row).await
    }

    async fn described(&self, user: &UserId, row: HoldRow) -> Result<Hold, Error> {
        let calendar = calendars::list(self.db(), user).await?.into_iter().find(|calendar| calendar.id == row.calendar_id);
        let calendar = calendar.ok_or(Error::NotFound("calendar"))?;
        let connection = connections::find(self.db(), user, &ConnectionId::trusted(calendar.connection_id)).await?;
        let remote_ids: Vec<String> = serde_json::from_str(&row.remote_ids).unwrap_or_default();
        let shown: Vec<&str> = remote_ids.iter().take(SHOWN).map(String::as_str).collect();
        let zone = view_zone(&self.preferences(user).await?);
        let mut events: Vec<HeldEvent> = apply::events_of(self.db(), &row.calendar_id, &shown)
            .await?
            .into_values()
            .filter_map(|events| events.into_iter().find(|event| event.instance.is_empty() && !event.deleted))
            .filter_map(|event| serde_json::from_str::<Event>(&event.content).ok())
            .map(|event| held(event, &zone))
            .collect();
        events.sort_by(|one, other| one.start.cmp(&other.start).then_with(|| one.title.cmp(&other.title)));
        Ok(Hold {
            id: HoldId::trusted(row.id),
            calendar_id: CalendarId::trusted(row.calendar_id),
            calendar_name: calendar.name,
            connection_name: connection.map_or_else(String::new, |connection| connection.name),
            created_at: row.created_at,
            would_delete: unsigned(row.would_delete),
            remaining: unsigned(row.remaining),
            live: unsigned(row.live),
            events,
        })
    }

    /// Removes the held objects, or keeps them and remembers the answer for the same situation. Gives the number of
    /// objects that were removed. Objects that the provider lists again by now are never removed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the user's or was decided already; [`Error::AlreadyRunning`] while a sync of the
    /// connection is at work.
    pub async fn decide_hold(&self, user: &UserId, id: &HoldId, decision: HoldDecision) -> Result<u64, Error> {
        let row = holds::find(self.db(), user, id).await?.filter(|row| row.status == "open").ok_or(Error::NotFound("hold"))?;
        let calendar = calendars::list(self.db(), user).await?.into_iter().find(|calendar| calendar.id == row.calendar_id);
        let connection = ConnectionId::trusted(calendar.ok_or(Error::NotFound("calendar"))?.connection_id);
        let now = self.now();
        let target = Target { user: user.as_str(), calendar: &row.calendar_id, job: &row.job_id, now, via_webhook: false };
        let mut tx = self.db().begin().await?;
        // A job that is at work has its own idea of what is missing. Reading the lock keeps the next one out, too.
        if let Some(lock) = locks::find(&mut tx, &connection).await?
            && lock.expires_at > now
        {
            return Err(Error::AlreadyRunning { job: JobId::trusted(lock.job_id) });
        }
        let missing: HashSet<String> = mirror::missing(&mut tx, &row.calendar_id).await?.into_iter().collect();
        let shown: Vec<String> = serde_json::from_str(&row.remote_ids).unwrap_or_default();
        let held: Vec<String> = shown.into_iter().filter(|id| missing.contains(id)).collect();
        let (status, removed) = match decision {
            HoldDecision::Approve => ("approved", sweep::delete(&mut tx, target, &held, "approved").await?),
            HoldDecision::Reject => {
                for chunk in held.chunks(bulk::ROWS) {
                    let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
                    mirror::mark(&mut tx, &row.calendar_id, &ids, Mark::Kept).await?;
                }
                ("rejected", 0)
            }
        };
        if !holds::settle(&mut tx, &row.id, status, now).await? {
            return Err(Error::NotFound("hold"));
        }
        tx.commit().await?;
        self.tell_changed(user);
        Ok(removed)
    }
}

fn held(event: Event, zone: &ViewZone) -> HeldEvent {
    let start = match &event.when {
        When::AllDay { start, .. } => start.to_string(),
        When::Timed { start, .. } => zone.wall(start.at).strftime("%Y-%m-%d %H:%M").to_string(),
        When::Floating { start, .. } => start.strftime("%Y-%m-%d %H:%M").to_string(),
    };
    let title = if event.title.is_empty() { "(No title)".to_owned() } else { event.title };
    HeldEvent { title, start, recurring: event.recurrence.is_some() }
}
