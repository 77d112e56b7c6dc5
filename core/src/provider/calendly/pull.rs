//! The passes over the bookings of a user.

use super::known::{Known, Place, Version};
use super::list::Hints;
use super::normalize::{self, Reading};
use super::problems;
use super::transport::{AT_ONCE, Api};
use super::wire::{Invitee, List, Raw, Scheduled, event_of};
use crate::error::ProviderError;
use crate::provider::outbox::{self, Outbox};
use crate::provider::{Change, Content, Coverage, Object, Page, Pass, PassEnd, PullRequest};
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use syncline_domain::time::{DAY_MS, Millis};

pub(super) const WHAT: &str = "calendly.pull";
/// As many bookings or invitees a page as Calendly gives.
const PAGE_SIZE: &str = "100";
/// Days back and ahead of a pass that reads everything.
const WHOLE: (i64, i64) = (730, 365);
/// Days back and ahead of the later ones.
const LATER: (i64, i64) = (90, 180);
/// Of a pass that reads everything, what begins in these days comes first: it is what people look at.
const SOON: i64 = 7;

/// The first sync was done: from now on the smaller window is enough. Stored with the rows that it covers.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    initial_sync_done_at: Millis,
}

/// Runs a pass.
pub(super) fn stream(api: Arc<Api>, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
    outbox::pages(|outbox| async move { run(&api, request, outbox).await })
}

/// A booking as it is listed.
pub(super) struct Listed {
    pub(super) event: Scheduled,
    pub(super) raw: Box<RawValue>,
}

/// A booking with its invitees.
pub(super) struct Booked {
    pub(super) listed: Listed,
    pub(super) invitees: Vec<Invitee>,
    raw: Vec<Box<RawValue>>,
}

impl Booked {
    /// As far as one knows it without its invitees.
    pub(super) fn alone(listed: Listed) -> Self {
        Self { listed, invitees: Vec::new(), raw: Vec::new() }
    }

    /// The event that it was before its only invitee took this time.
    fn before(&self) -> Option<&str> {
        if self.listed.event.is_group() {
            return None;
        }
        self.invitees.iter().find_map(|invitee| event_of(invitee.old_invitee.as_deref()?))
    }

    /// The event that it is after its only invitee took another time.
    pub(super) fn after(&self) -> Option<&str> {
        let moved = self.invitees.iter().find(|invitee| invitee.rescheduled)?;
        event_of(moved.new_invitee.as_deref()?)
    }
}

/// A pass at work.
pub(super) struct Walk<'a> {
    pub(super) api: &'a Api,
    pub(super) request: &'a PullRequest,
    pub(super) known: Known,
    reading: Reading,
    /// Objects that were handed over.
    pub(super) sent: HashSet<String>,
    /// Events that were listed.
    pub(super) listed: HashSet<String>,
    /// Bookings that took another time in this pass.
    pub(super) moved: HashSet<String>,
    /// Cancelled events of stored bookings, which may have moved: the last page decides.
    pub(super) left: Vec<Listed>,
    /// New bookings that say they were another event, of which nothing is known: a booking that moved twice.
    pub(super) strays: BTreeMap<String, Booked>,
}

async fn run(api: &Api, request: PullRequest, mut outbox: Outbox) -> Result<(), ProviderError> {
    let hints = Hints::parse(request.calendar.hints.as_deref()).ok_or_else(|| problems::cursor_lost(WHAT))?;
    let cursor = match (request.pass, request.cursor.as_deref()) {
        (Pass::Incremental, Some(text)) => serde_json::from_str(text).map_err(|_| problems::cursor_lost(WHAT))?,
        _ => Cursor { initial_sync_done_at: request.now },
    };
    let is_whole = request.pass != Pass::Incremental;
    let known = Known::new(request.known.load().await?);
    let reading = Reading { zone: request.calendar.zone.clone(), user: hints.user.clone() };
    let mut walk = Walk {
        api,
        request: &request,
        known,
        reading,
        sent: HashSet::new(),
        listed: HashSet::new(),
        moved: HashSet::new(),
        left: Vec::new(),
        strays: BTreeMap::new(),
    };
    let (window, parts) = window(request.now, is_whole);
    for (from, until, order) in parts {
        let (from, until) = (micros(from), micros(until));
        let mut page: Option<String> = None;
        loop {
            let mut query = vec![
                ("user", hints.user.as_str()),
                ("min_start_time", &from),
                ("max_start_time", &until),
                ("sort", order),
                ("count", PAGE_SIZE),
            ];
            query.extend(page.as_deref().map(|page| ("page_token", page)));
            let body = api.get(WHAT, &["scheduled_events"], &query, &request.meter).await?;
            let list: List = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
            let (changes, failed) = walk.page(list.collection).await;
            walk.sent.extend(changes.iter().map(|change| change.remote_id.clone()));
            // What was read before a failure need not be read again.
            outbox.send(changes, None).await;
            if outbox.is_closed() {
                return Ok(());
            }
            failed?;
            page = list.pagination.next_page_token.filter(|token| !token.is_empty());
            if page.is_none() {
                break;
            }
        }
    }
    let changes = walk.finish(window).await?;
    let end = PassEnd {
        cursor: Some(serde_json::to_string(&cursor).expect("a number")),
        coverage: Coverage::Delta,
        next_sync_s: None,
        moved_to: None,
    };
    outbox.send(changes, Some(end)).await;
    Ok(())
}

type Part = (Millis, Millis, &'static str);

/// The window of a pass, and the parts in which it is listed.
fn window(now: Millis, is_whole: bool) -> ((Millis, Millis), Vec<Part>) {
    let (back, ahead) = if is_whole { WHOLE } else { LATER };
    let (from, until, soon) = (now - back * DAY_MS, now + ahead * DAY_MS, now - SOON * DAY_MS);
    let parts = if is_whole {
        vec![(soon, until, "start_time:asc"), (from, soon, "start_time:desc")]
    } else {
        vec![(from, until, "start_time:asc")]
    };
    ((from, until), parts)
}

/// An instant in Calendly's form.
fn micros(at: Millis) -> String {
    Timestamp::from_millisecond(at).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

impl Walk<'_> {
    /// What a page says; with a failure when the invitees could not all be read.
    pub(super) async fn page(&mut self, items: Vec<Box<RawValue>>) -> (Vec<Change>, Result<(), ProviderError>) {
        let (mut changes, mut wanted) = (Vec::with_capacity(items.len()), Vec::new());
        for raw in items {
            match serde_json::from_str::<Scheduled>(raw.get()) {
                Ok(event) => self.sort_out(Listed { event, raw }, &mut changes, &mut wanted),
                Err(error) => changes.push(unread(&raw, &error)),
            }
        }
        let (api, request) = (self.api, self.request);
        let mut booked = stream::iter(wanted).map(|listed| booked(api, request, listed)).buffered(AT_ONCE);
        while let Some(found) = booked.next().await {
            match found {
                Ok(Some(found)) => changes.extend(self.settle(found)),
                // Erased or handed over between the two requests.
                Ok(None) => {}
                Err(error) => return (changes, Err(error)),
            }
        }
        (changes, Ok(()))
    }

    /// Whether anything has to be asked about an event.
    fn sort_out(&mut self, listed: Listed, changes: &mut Vec<Change>, wanted: &mut Vec<Listed>) {
        // A list that changes while it is read may name an event twice.
        if !self.listed.insert(listed.event.id().to_owned()) {
            return;
        }
        match self.known.place(&listed.event) {
            Place::Left => {}
            Place::Same(booking, version) => {
                changes.push(Change { remote_id: booking.object.clone(), version: Some(version), content: Content::Same });
            }
            Place::Changed if listed.event.is_cancelled() && !listed.event.is_group() => self.left.push(listed),
            // Who would have come to something that was never stored, or that nobody comes to any more, need not be asked.
            Place::Unknown | Place::Changed if listed.event.is_cancelled() => {
                let older = self.known.current(listed.event.id()).map(|booking| (booking.object.clone(), booking.older()));
                let (object, older) = older.unwrap_or_else(|| (listed.event.id().to_owned(), Vec::new()));
                changes.push(self.change(&Booked::alone(listed), &object, older));
            }
            Place::Unknown | Place::Changed => wanted.push(listed),
        }
    }

    /// Which booking an event with its invitees is.
    fn settle(&mut self, booked: Booked) -> Option<Change> {
        let id = booked.listed.event.id().to_owned();
        if let Some(booking) = self.known.current(&id) {
            let (object, older) = (booking.object.clone(), booking.older());
            return Some(self.change(&booked, &object, older));
        }
        let Some(before) = booked.before() else { return Some(self.change(&booked, &id, Vec::new())) };
        if let Some(booking) = self.known.current(before) {
            let (object, chain) = (booking.object.clone(), booking.chain());
            if self.moved.insert(object.clone()) {
                return Some(self.change(&booked, &object, chain));
            }
        } else if !self.known.is_empty() && !self.known.knows(before) {
            self.strays.insert(id, booked);
            return None;
        }
        Some(self.change(&booked, &id, Vec::new()))
    }

    /// The user is one of its hosts, as far as it says who they are.
    pub(super) fn is_ours(&self, event: &Scheduled) -> bool {
        let mut hosts = event.event_memberships.iter().filter_map(|host| host.user.as_deref()).peekable();
        hosts.peek().is_none() || hosts.any(|host| host == self.reading.user)
    }

    /// A booking under its id.
    pub(super) fn change(&self, booked: &Booked, object: &str, older: Vec<String>) -> Change {
        let version = Some(Version::of(&booked.listed.event, older).text());
        let content = match normalize::event(&booked.listed.event, &booked.invitees, object, &self.reading) {
            Ok(read) => {
                let raw = Raw { event: &booked.listed.raw, invitees: &booked.raw };
                let raw = serde_json::to_string(&raw).expect("JSON that was read");
                Content::Present(Object { events: vec![read.event], hash: read.hash, raw, warnings: read.warnings, copy_id: read.copy_id })
            }
            Err((reason, detail)) => Content::Unreadable { reason, detail },
        };
        Change { remote_id: object.to_owned(), version, content }
    }
}

/// An item that is no event. It is told, and stops nothing.
fn unread(raw: &RawValue, error: &serde_json::Error) -> Change {
    #[derive(Deserialize)]
    struct Named {
        uri: String,
    }
    let named = serde_json::from_str::<Named>(raw.get());
    let remote_id = named.map_or_else(|_| "(no address)".to_owned(), |named| super::wire::id_of(&named.uri).to_owned());
    Change { remote_id, version: None, content: Content::Unreadable { reason: "malformed", detail: error.to_string() } }
}

/// Asks for the invitees of an event; `None` when Calendly does not know it any more.
pub(super) async fn booked(api: &Api, request: &PullRequest, listed: Listed) -> Result<Option<Booked>, ProviderError> {
    let (mut invitees, mut raw) = (Vec::new(), Vec::new());
    let mut page: Option<String> = None;
    loop {
        let mut query = vec![("count", PAGE_SIZE)];
        query.extend(page.as_deref().map(|page| ("page_token", page)));
        let body = match api.get(WHAT, &["scheduled_events", listed.event.id(), "invitees"], &query, &request.meter).await {
            Ok(body) => body,
            Err(error) if problems::is_out_of_sight(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let list: List = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
        for item in list.collection {
            // An invitee that can not be read is missing in the event and stops nothing.
            invitees.extend(serde_json::from_str::<Invitee>(item.get()).ok());
            raw.push(item);
        }
        page = list.pagination.next_page_token.filter(|token| !token.is_empty());
        if page.is_none() {
            return Ok(Some(Booked { listed, invitees, raw }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_wide_once_and_what_is_soon_comes_first() {
        let (all, parts) = window(0, true);
        assert_eq!(all, (-730 * DAY_MS, 365 * DAY_MS));
        assert_eq!(parts[0], (-7 * DAY_MS, 365 * DAY_MS, "start_time:asc"));
        assert_eq!((parts[1].0, parts[1].1), (-730 * DAY_MS, parts[0].0), "no gap between the parts");
        let (all, parts) = window(0, false);
        assert_eq!((all, parts.len()), ((-90 * DAY_MS, 180 * DAY_MS), 1));
    }

    #[test]
    fn an_instant_has_microseconds_and_utc() {
        assert_eq!(micros(1_577_934_245_678), "2020-01-02T03:04:05.678000Z");
    }
}
