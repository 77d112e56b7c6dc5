//! One round of `calendarView/delta`: from its first address over all pages to the link where the next round begins.

use super::normalize::Reading;
use super::problems;
use super::series::{Group, Part, single};
use super::transport::Api;
use super::wire::Listing;
use crate::error::ProviderError;
use crate::provider::outbox::Outbox;
use crate::provider::{Change, Content, Meter};
use crate::tasks::blocking;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use syncline_domain::failure::Class;
use url::Url;

const WHAT: &str = "microsoft.pull";

/// Where a round begins.
pub(super) enum Begin {
    /// At the link of the round before; it may be lost.
    Link(Url),
    /// At a window.
    Window(Url),
}

/// What a round told, beside the single events that were passed on at once.
#[derive(Default)]
pub(super) struct Told {
    /// By the id of the master.
    pub(super) groups: BTreeMap<String, Group>,
    /// What is said to be removed.
    pub(super) removed: BTreeSet<String>,
    /// Single events that were passed on, with their versions.
    pub(super) singles: HashMap<String, Option<String>>,
    /// Where the next round begins.
    pub(super) link: String,
}

/// Versions that are stored.
pub(super) type Known = Arc<HashMap<String, Option<String>>>;

/// An item of a page that is not passed on at once.
enum Later {
    Part(Box<Part>),
    Removed(String),
    /// A single event that was passed on.
    Passed(String, Option<String>),
}

/// Follows a round to its end. Single events go to the outbox; one that is stored in the same version goes as such.
///
/// # Errors
/// Of the class `CursorInvalid` only for [`Begin::Link`].
pub(super) async fn follow(
    api: &Api,
    begin: Begin,
    reading: &Reading,
    known: &Known,
    meter: &Meter,
    outbox: &mut Outbox,
) -> Result<Told, ProviderError> {
    let (mut url, is_stored) = match begin {
        Begin::Link(url) => (url, true),
        Begin::Window(url) => (url, false),
    };
    let mut told = Told::default();
    let lost = |error: ProviderError| match error.class {
        // The very beginning: another window was asked for a moment ago, so nothing stored is at fault.
        Class::CursorInvalid if !is_stored => problems::page_lost(WHAT),
        _ => error,
    };
    let mut body = match api.get(WHAT, &url, meter).await {
        // Whatever is wrong with a stored link, a new round has another one.
        Err(error) if is_stored && error.problem.code == "unexpected_status" => return Err(problems::cursor_lost(WHAT)),
        answer => answer.map_err(lost)?,
    };
    loop {
        let page: Listing =
            blocking(WHAT, move || serde_json::from_slice(&body)).await?.map_err(|error| problems::malformed(WHAT, error))?;
        let Listing { value, next_link, delta_link } = page;
        let (reading_now, versions) = (reading.clone(), known.clone());
        let digest = blocking(WHAT, move || digest(value, &reading_now, &versions));
        let Some(next) = next_link else {
            told.link = delta_link.ok_or_else(|| problems::strange(WHAT))?;
            let (changes, later) = digest.await?;
            let changes = told.fresh(changes);
            told.take(later);
            outbox.send(changes, None).await;
            return Ok(told);
        };
        url = api.http.link(&next).ok_or_else(|| problems::strange(WHAT))?;
        // The next page is under way while this one is read and handed over.
        let handed_over = async {
            let (changes, later) = digest.await?;
            let changes = told.fresh(changes);
            told.take(later);
            outbox.send(changes, None).await;
            Ok::<_, ProviderError>(())
        };
        let (fetched, handed_over) = tokio::join!(api.get(WHAT, &url, meter), handed_over);
        handed_over?;
        body = fetched.map_err(lost)?;
        if outbox.is_closed() {
            return Ok(told);
        }
    }
}

/// Reads the items of a page, in their order: of one that comes again, the last counts.
fn digest(items: Vec<Box<RawValue>>, reading: &Reading, known: &HashMap<String, Option<String>>) -> (Vec<Change>, Vec<Later>) {
    let (mut changes, mut later) = (Vec::with_capacity(items.len()), Vec::new());
    for raw in items {
        match Part::read(raw) {
            Err(unread) => changes.push(*unread),
            Ok(part) if part.item.removed.is_some() => later.push(Later::Removed(part.item.id)),
            Ok(part) if part.series().is_some() => later.push(Later::Part(Box::new(part))),
            Ok(part) => {
                let version = part.version(false);
                later.push(Later::Passed(part.item.id.clone(), version.clone()));
                if version.is_some() && known.get(&part.item.id) == Some(&version) {
                    changes.push(Change { remote_id: part.item.id, version, content: Content::Same });
                } else {
                    changes.push(single(part, reading, false));
                }
            }
        }
    }
    (changes, later)
}

impl Told {
    /// The changes of a page without what comes again: of an item that is there twice the last counts, and one that came before in
    /// the same version is no news.
    fn fresh(&self, changes: Vec<Change>) -> Vec<Change> {
        let mut named: HashSet<String> = HashSet::with_capacity(changes.len());
        let again = |change: &Change| change.version.is_some() && self.singles.get(&change.remote_id) == Some(&change.version);
        let last = changes.into_iter().rev().filter(|change| named.insert(change.remote_id.clone()) && !again(change));
        let mut fresh: Vec<Change> = last.collect();
        fresh.reverse();
        fresh
    }

    fn take(&mut self, items: Vec<Later>) {
        for item in items {
            match item {
                Later::Part(part) => {
                    let id = part.series().unwrap_or(&part.item.id).to_owned();
                    self.removed.remove(&id);
                    self.groups.entry(id).or_default().put(*part);
                }
                Later::Removed(id) => {
                    self.groups.remove(&id);
                    self.singles.remove(&id);
                    self.removed.insert(id);
                }
                Later::Passed(id, version) => {
                    self.removed.remove(&id);
                    self.singles.insert(id, version);
                }
            }
        }
    }
}
