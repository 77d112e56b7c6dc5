//! The end of a pass: bookings that took another time, and bookings that are not there any more.
//!
//! A booking that is moved is cancelled, and another event is made for it. The new one says which it was, so most moves are seen
//! where the new one is listed. What is left for the end: a new time outside of the window, and several moves since the last sync;
//! and bookings outside of the window that a webhook named.

use super::problems;
use super::pull::{Booked, Listed, WHAT, Walk, booked};
use super::wire::{Scheduled, Single};
use crate::error::ProviderError;
use crate::provider::{Change, Content};
use serde_json::value::RawValue;
use syncline_domain::time::Millis;

/// A booking that moved more often since the last sync is followed no further.
const MOVES: usize = 8;
/// So many absent bookings are asked for one by one. When more are absent, the delete guard has something to decide.
const ASK: usize = 20;
/// What begins so close to the edge of the window may be in or out.
const EDGE_MS: Millis = 3_600_000;

impl Walk<'_> {
    /// What the last page has to say.
    pub(super) async fn finish(&mut self, (from, until): (Millis, Millis)) -> Result<Vec<Change>, ProviderError> {
        let mut changes = self.told().await?;
        for listed in std::mem::take(&mut self.left) {
            let Some(booking) = self.known.current(listed.event.id()).cloned() else { continue };
            if self.moved.contains(&booking.object) {
                continue;
            }
            let change = match self.follow(&listed).await? {
                Some((now, mut since)) => {
                    since.extend(booking.chain());
                    self.change(&now, &booking.object, since)
                }
                None => self.change(&Booked::alone(listed), &booking.object, booking.older()),
            };
            changes.push(change);
        }
        for (id, stray) in std::mem::take(&mut self.strays) {
            changes.push(self.change(&stray, &id, Vec::new()));
        }
        let absent = self.known.absent((from + EDGE_MS, until - EDGE_MS), |event| self.listed.contains(event));
        let is_asked = absent.len() <= ASK;
        for (object, event) in absent {
            if is_asked && self.event(&event).await?.is_some() {
                // Calendly has it; the list was changing while it was read.
                continue;
            }
            changes.push(Change { remote_id: object, version: None, content: Content::Removed });
        }
        // What turned out to be another booking, or is not there, needs no place of its own.
        for event in std::mem::take(&mut self.known.named) {
            if !self.sent.contains(&event) && !changes.iter().any(|change| change.remote_id == event) {
                changes.push(Change { remote_id: event, version: None, content: Content::Removed });
            }
        }
        Ok(changes)
    }

    /// What webhooks named and the lists did not: outside of the window.
    async fn told(&mut self) -> Result<Vec<Change>, ProviderError> {
        let (mut found, mut gone) = (Vec::new(), Vec::new());
        for event in self.known.told() {
            if self.listed.contains(&event) {
                continue;
            }
            match (self.event(&event).await?, self.known.current(&event)) {
                (Some(told), _) => found.push(told.raw),
                (None, Some(booking)) => {
                    gone.push(Change { remote_id: booking.object.clone(), version: None, content: Content::Removed });
                    self.listed.insert(event);
                }
                (None, None) => {}
            }
        }
        let (mut changes, failed) = self.page(found).await;
        failed?;
        changes.extend(gone);
        Ok(changes)
    }

    /// What a cancelled booking is now, and the events that it was in between, the last one first. `None`: it is simply cancelled.
    async fn follow(&mut self, cancelled: &Listed) -> Result<Option<(Booked, Vec<String>)>, ProviderError> {
        let mut at = Listed { event: cancelled.event.clone(), raw: cancelled.raw.clone() };
        let mut between = Vec::new();
        for _ in 0..MOVES {
            let Some(asked) = booked(self.api, self.request, at).await? else { return Ok(None) };
            let Some(next) = asked.after().map(str::to_owned) else { return Ok(None) };
            // It is there already as a booking of its own.
            if self.known.knows(&next) {
                return Ok(None);
            }
            if let Some(stray) = self.strays.remove(&next) {
                return Ok(Some((stray, between)));
            }
            let Some(found) = self.event(&next).await? else { return Ok(None) };
            if !found.event.is_cancelled() {
                let now = booked(self.api, self.request, found).await?;
                return Ok(now.map(|now| (now, between)));
            }
            between.insert(0, next);
            at = found;
        }
        Ok(None)
    }

    /// One event by its id; `None` when there is no such event (any more), or it is another host's.
    async fn event(&self, id: &str) -> Result<Option<Listed>, ProviderError> {
        let body = match self.api.get(WHAT, &["scheduled_events", id], &[], &self.request.meter).await {
            Ok(body) => body,
            Err(error) if problems::is_out_of_sight(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let single: Single<Box<RawValue>> = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        let event: Scheduled = serde_json::from_str(single.resource.get()).map_err(|error| problems::malformed(WHAT, error))?;
        Ok(self.is_ours(&event).then_some(Listed { event, raw: single.resource }))
    }
}
