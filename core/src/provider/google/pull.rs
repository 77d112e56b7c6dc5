//! The passes over one calendar.

use super::list::Hints;
use super::normalize::Reading;
use super::problems;
use super::series::{Part, Parts, part, single};
use super::transport::Api;
use super::wire::Events;
use crate::error::ProviderError;
use crate::provider::outbox::{self, Outbox};
use crate::provider::{Change, Content, Coverage, Page, Pass, PassEnd, PullRequest};
use crate::tasks::blocking;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

const WHAT: &str = "google.pull";
/// As many events a page as Google gives.
const PAGE_SIZE: &str = "2500";
/// What a sync token is bound to. Whoever changes the request changes this, and stored tokens are not used any more.
const PARAMETERS: &str = "singleEvents=false";

/// Stored with the rows that it covers.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    token: String,
    parameters: String,
}

/// Runs a pass.
pub(super) fn stream(api: Arc<Api>, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
    outbox::pages(|outbox| async move { run(&api, request, outbox).await })
}

/// What is gathered while pages come in.
struct Gathered {
    /// Parts that wait for the last page, by series.
    held: BTreeMap<String, Parts>,
    /// Objects that were passed on already.
    sent: HashSet<String>,
    outbox: Outbox,
}

async fn run(api: &Api, request: PullRequest, outbox: Outbox) -> Result<(), ProviderError> {
    let token = match (request.pass, request.cursor.as_deref()) {
        (Pass::Incremental, Some(text)) => match serde_json::from_str::<Cursor>(text) {
            Ok(cursor) if cursor.parameters == PARAMETERS => Some(cursor.token),
            _ => return Err(problems::cursor_lost(WHAT)),
        },
        _ => None,
    };
    let role = Hints::parse(request.calendar.hints.as_deref()).map_or_else(String::new, |hints| hints.role);
    let mut reading = Reading { zone: request.calendar.zone.clone(), details_hidden: role == "freeBusyReader" };
    // What is stored in the same version need not be read again.
    let known = if request.pass == Pass::Full { Arc::new(request.known.load().await?) } else { Arc::default() };
    let mut gathered = Gathered { held: BTreeMap::new(), sent: HashSet::new(), outbox };
    let mut body = fetch(api, &request, token.as_deref(), None).await?;
    loop {
        let listed: Events =
            blocking(WHAT, move || serde_json::from_slice(&body)).await?.map_err(|error| problems::malformed(WHAT, error))?;
        let Events { items, next_page_token, next_sync_token, time_zone } = listed;
        if reading.zone.is_none() {
            reading.zone = time_zone;
        }
        let (reading_now, versions) = (reading.clone(), known.clone());
        let digest = blocking(WHAT, move || digest(items, &reading_now, &versions));
        let Some(next) = next_page_token else {
            let (changes, parts) = digest.await?;
            gathered.hold(parts);
            let cursor = next_sync_token.map(|token| Cursor { token, parameters: PARAMETERS.to_owned() });
            let coverage = if token.is_some() { Coverage::Delta } else { Coverage::Snapshot { keep_ended_before: None } };
            let end = PassEnd {
                cursor: cursor.map(|cursor| serde_json::to_string(&cursor).expect("texts")),
                coverage,
                next_sync_s: None,
                moved_to: None,
            };
            return finish(&request, gathered, changes, &reading, &known, end).await;
        };
        // The next page is under way while this one is read and handed over.
        let fetched = fetch(api, &request, token.as_deref(), Some(&next));
        let handed_over = async {
            let (changes, parts) = digest.await?;
            gathered.hold(parts);
            gathered.send(changes, None).await;
            Ok::<_, ProviderError>(())
        };
        let (fetched, handed_over) = tokio::join!(fetched, handed_over);
        handed_over?;
        body = fetched?;
        if gathered.outbox.is_closed() {
            return Ok(());
        }
    }
}

async fn fetch(api: &Api, request: &PullRequest, token: Option<&str>, page: Option<&str>) -> Result<Bytes, ProviderError> {
    let mut query = vec![("maxResults", PAGE_SIZE), ("singleEvents", "false")];
    query.extend(token.map(|token| ("syncToken", token)));
    query.extend(page.map(|page| ("pageToken", page)));
    api.get(WHAT, &["calendars", &request.calendar.remote_id, "events"], &query, &request.meter).await
}

/// Reads the items of a page: what stands for itself is a change, parts of series are kept apart.
fn digest(items: Vec<Box<RawValue>>, reading: &Reading, known: &HashMap<String, Option<String>>) -> (Vec<Change>, Vec<Part>) {
    let (mut changes, mut parts) = (Vec::with_capacity(items.len()), Vec::new());
    for raw in items {
        match part(raw) {
            Ok(part) if part.is_of_series() => parts.push(part),
            // A cancelled event says only its id: it may have been the master of a series.
            Ok(part) if part.item.is_cancelled() => parts.push(part),
            Ok(part) if part.item.etag.is_some() && known.get(&part.item.id) == Some(&part.item.etag) => {
                changes.push(Change { version: part.item.etag.clone(), remote_id: part.item.id, content: Content::Same });
            }
            Ok(part) => changes.push(single(part, reading)),
            Err(unread) => changes.push(unread.change()),
        }
    }
    (changes, parts)
}

impl Gathered {
    fn hold(&mut self, parts: Vec<Part>) {
        for part in parts {
            self.held.entry(part.series().to_owned()).or_default().put(part);
        }
    }

    /// Hands changes over; the last ones carry the end.
    async fn send(&mut self, changes: Vec<Change>, end: Option<PassEnd>) {
        self.sent.extend(changes.iter().map(|change| change.remote_id.clone()));
        self.outbox.send(changes, end).await;
    }
}

/// The last page: the held series are put together.
async fn finish(
    request: &PullRequest,
    mut gathered: Gathered,
    mut changes: Vec<Change>,
    reading: &Reading,
    known: &Arc<HashMap<String, Option<String>>>,
    end: PassEnd,
) -> Result<(), ProviderError> {
    gathered.sent.extend(changes.iter().map(|change| change.remote_id.clone()));
    let mut held = std::mem::take(&mut gathered.held);
    // A series that became a single event: its instances are cancelled in the same breath.
    held.retain(|id, parts| parts.has_master(id) || !gathered.sent.contains(id));
    let stored = match request.pass {
        Pass::Incremental if !held.is_empty() => request.known.raw(&held.keys().cloned().collect::<Vec<_>>()).await?,
        _ => HashMap::new(),
    };
    let (reading, known, is_delta) = (reading.clone(), known.clone(), request.pass == Pass::Incremental);
    let series = blocking(WHAT, move || {
        let mut series = Vec::with_capacity(held.len());
        for (id, parts) in held {
            let before = stored.get(&id).map(String::as_str);
            let parts = parts.over(before);
            let version = Some(parts.version());
            if known.get(&id) == Some(&version) {
                series.push(Change { remote_id: id, version, content: Content::Same });
            } else {
                series.extend(parts.change(&id, &reading, is_delta && before.is_some()));
            }
        }
        series
    })
    .await?;
    changes.extend(series);
    gathered.send(changes, Some(end)).await;
    Ok(())
}
