//! The passes over one calendar.

use super::list::Hints;
use super::lookup::{Place, has_instances, look_up};
use super::normalize::Reading;
use super::problems;
use super::round::{Begin, Known, Told, follow};
use super::series::{BEYOND, EDGE_MS, Group, Window, series, single};
use super::transport::{Api, instant};
use crate::error::ProviderError;
use crate::provider::outbox::{self, Outbox};
use crate::provider::{Change, Content, Coverage, Page, Pass, PassEnd, PullRequest};
use crate::tasks::blocking;
use futures::stream::BoxStream;
use jiff::{Span, Timestamp, Unit, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use syncline_domain::time::{DAY_MS, Millis};

const WHAT: &str = "microsoft.pull";
/// What a delta link is bound to beside its window. Whoever changes [`super::transport::PREFER`] changes this, and stored links are
/// not used any more.
const PARAMETERS: &str = "immutable,utc,text";
/// The window reaches so many months back and ahead; 1,825 days are the most that Graph takes.
const MONTHS: i64 = 24;
/// The window is moved so long after it was fixed.
const MOVE_AFTER_MS: Millis = 30 * DAY_MS;

/// Stored with the rows that it covers.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    link: String,
    /// The window that is frozen in the link.
    window: Window,
    /// When it was fixed.
    fixed_at: Millis,
    parameters: String,
}

/// Runs a pass.
pub(super) fn stream(api: Arc<Api>, request: PullRequest) -> BoxStream<'static, Result<Page, ProviderError>> {
    outbox::pages(|outbox| async move { run(&api, &request, outbox).await })
}

/// What is known of the calendar and its mailbox in a pass.
struct Cx<'a> {
    api: &'a Api,
    request: &'a PullRequest,
    hints: Hints,
    reading: Reading,
}

async fn run(api: &Api, request: &PullRequest, mut outbox: Outbox) -> Result<(), ProviderError> {
    let hints = Hints::parse(request.calendar.hints.as_deref());
    let cx = Cx { api, request, reading: Reading { me: hints.me.clone() }, hints };
    let nothing = Known::default();
    let mut told_before = HashMap::new();
    if request.pass == Pass::Incremental {
        let (cursor, link) = cursor(api, request).ok_or_else(|| problems::cursor_lost(WHAT))?;
        let told = follow(api, Begin::Link(link), &cx.reading, &nothing, &request.meter, &mut outbox).await?;
        if outbox.is_closed() {
            return Ok(());
        }
        let link = told.link.clone();
        let changes = settle(&cx, told, cursor.window, &nothing, &told_before).await?;
        if (0..MOVE_AFTER_MS).contains(&(request.now - cursor.fixed_at)) {
            outbox.send(changes, Some(end(Cursor { link, ..cursor }, Coverage::Delta))).await;
            return Ok(());
        }
        // The window is moved. What was told of the old one counts, and is not stored yet.
        told_before.extend(changes.iter().filter_map(|change| match &change.content {
            Content::Present(object) => Some((change.remote_id.clone(), object.raw.clone())),
            _ => None,
        }));
        outbox.send(changes, None).await;
    }
    let window = window_at(request.now);
    let known = if request.pass == Pass::Initial { nothing } else { Arc::new(request.known.load().await?) };
    let (from, to) = (instant(window.from), instant(window.to));
    let query = [("startDateTime", from.as_str()), ("endDateTime", to.as_str())];
    let url = api.http.address(&["me", "calendars", &request.calendar.remote_id, "calendarView", "delta"], &query);
    let told = follow(api, Begin::Window(url), &cx.reading, &known, &request.meter, &mut outbox).await?;
    if outbox.is_closed() {
        return Ok(());
    }
    let link = told.link.clone();
    let changes = settle(&cx, told, window, &known, &told_before).await?;
    let cursor = Cursor { link, window, fixed_at: request.now, parameters: PARAMETERS.to_owned() };
    // What ended before the window can not be told.
    let coverage = Coverage::Snapshot { keep_ended_before: Some(window.from + EDGE_MS) };
    outbox.send(changes, Some(end(cursor, coverage))).await;
    Ok(())
}

/// The stored cursor, when it is one of ours, for this host and these parameters.
fn cursor(api: &Api, request: &PullRequest) -> Option<(Cursor, url::Url)> {
    let cursor: Cursor = serde_json::from_str(request.cursor.as_deref()?).ok()?;
    let link = api.http.link(&cursor.link).filter(|_| cursor.parameters == PARAMETERS)?;
    Some((cursor, link))
}

fn end(cursor: Cursor, coverage: Coverage) -> PassEnd {
    PassEnd { cursor: Some(serde_json::to_string(&cursor).expect("texts and numbers")), coverage, next_sync_s: None, moved_to: None }
}

/// The window around an instant, from midnight to midnight in UTC.
fn window_at(now: Millis) -> Window {
    let today = Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(TimeZone::UTC);
    let today = today.round(jiff::ZonedRound::new().smallest(Unit::Day).mode(jiff::RoundMode::Trunc)).unwrap_or(today);
    let shifted = |months: i64| {
        let days = months * 31 * DAY_MS;
        today.checked_add(Span::new().months(months)).map_or(now + days, |at| at.timestamp().as_millisecond())
    };
    Window { from: shifted(-MONTHS), to: shifted(MONTHS) }
}

/// What a round told, as changes: series are put together, and what is said to be removed is looked up.
async fn settle(
    cx: &Cx<'_>,
    told: Told,
    window: Window,
    known: &Known,
    told_before: &HashMap<String, String>,
) -> Result<Vec<Change>, ProviderError> {
    let Cx { api, request, .. } = *cx;
    let Told { mut groups, removed, singles, .. } = told;
    // A series that became a single event.
    groups.retain(|id, group| group.master.is_some() || !singles.contains_key(id));
    let removed: Vec<String> = removed.into_iter().collect();
    let mut ids: BTreeSet<String> = groups.iter().filter(|(_, group)| group.master.is_none()).map(|(id, _)| id.clone()).collect();
    if !removed.is_empty() {
        ids.extend(request.known.raw(&removed).await?.into_keys());
        ids.extend(removed.iter().filter(|id| told_before.contains_key(*id)).cloned());
    }
    // Where everything is compared, what lies beyond the window is found by its id alone.
    let is_beyond = |version: &Option<String>| version.as_deref().is_some_and(|version| version.starts_with(BEYOND));
    let is_told = |id: &String| singles.contains_key(id) || groups.contains_key(id);
    let far: Vec<String> = known.iter().filter(|(id, version)| is_beyond(version) && !is_told(id)).map(|(id, _)| id.clone()).collect();
    ids.extend(far.iter().cloned());
    let ids: Vec<String> = ids.into_iter().collect();
    let place = Place { calendar: &request.calendar.remote_id, own: cx.hints.own };
    let mut found = look_up(api, &place, &ids, &request.meter).await?;

    let mut changes = Vec::new();
    let mut beyond = Vec::new();
    for (id, group) in &mut groups {
        if group.master.is_none() {
            group.master = found.remove(id);
        }
    }
    for id in removed.iter().chain(&far) {
        match found.remove(id) {
            // A series that has occurrences in the window would not be said to be removed: it lies among the deleted items.
            Some(master) if master.item.is_master() => {
                if has_instances(api, id, window, &request.meter).await?.is_some_and(|has| !has) {
                    beyond.push((id.clone(), Group::without_occurrences(master)));
                } else {
                    changes.push(Change { remote_id: id.clone(), version: None, content: Content::Removed });
                }
            }
            // In the window it would not be said to be removed.
            Some(part) if part.span(&cx.reading).is_none_or(|span| !window.holds(span)) => changes.push(single(part, &cx.reading, true)),
            _ => changes.push(Change { remote_id: id.clone(), version: None, content: Content::Removed }),
        }
    }
    if groups.is_empty() && beyond.is_empty() {
        return Ok(changes);
    }
    let ids: Vec<String> = groups.keys().chain(beyond.iter().map(|(id, _)| id)).cloned().collect();
    let mut stored = if request.pass == Pass::Initial { HashMap::new() } else { request.known.raw(&ids).await? };
    stored.extend(ids.iter().filter_map(|id| Some((id.clone(), told_before.get(id)?.clone()))));
    let (reading, known) = (cx.reading.clone(), known.clone());
    let whole = blocking(WHAT, move || {
        let groups =
            groups.into_iter().map(|(id, group)| (id, group, false)).chain(beyond.into_iter().map(|(id, group)| (id, group, true)));
        let put_together = groups.map(|(id, group, beyond)| {
            let before = stored.get(&id).map(String::as_str);
            let change = series(&id, group, before, window, &reading, beyond);
            let is_known = change.version.is_some() && known.get(&id) == Some(&change.version);
            if is_known { Change { content: Content::Same, ..change } } else { change }
        });
        put_together.collect::<Vec<_>>()
    })
    .await?;
    changes.extend(whole);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_reaches_two_years_both_ways_and_no_further_than_graph_takes() {
        let window = window_at(1_773_144_000_000);
        assert_eq!((instant(window.from), instant(window.to)), ("2024-03-10T00:00:00Z".to_owned(), "2028-03-10T00:00:00Z".to_owned()));
        assert!(window.to - window.from <= 1825 * DAY_MS);
    }
}
