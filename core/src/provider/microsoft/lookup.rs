//! Single events by their ids, twenty in a request: masters that a round did not tell, and what it said is removed.

use super::problems;
use super::series::Part;
use super::series::Window;
use super::transport::instant;
use super::transport::{Api, PREFER};
use super::wire::{self, Batch, BatchAnswer, BatchAnswers, BatchRequest, Listing};
use crate::error::ProviderError;
use crate::oauth::bearer::Refusal;
use crate::provider::Meter;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use std::collections::HashMap;
use syncline_domain::failure::Class;

const WHAT: &str = "microsoft.lookup";
/// Requests in a batch (json-batching).
const MOST: usize = 20;

/// Which calendar is asked.
pub(super) struct Place<'a> {
    pub(super) calendar: &'a str,
    /// It is the mailbox's own. An event that was moved keeps its immutable id, so the answer has to say where it is now.
    pub(super) own: bool,
}

/// The events that are there; those that are not are left out.
///
/// # Errors
/// When one of the requests fails: half an answer is none.
pub(super) async fn look_up(api: &Api, place: &Place<'_>, ids: &[String], meter: &Meter) -> Result<HashMap<String, Part>, ProviderError> {
    let mut found = HashMap::new();
    let batch = api.http.address(&["$batch"], &[]);
    let root = api.http.address(&[], &[]).path().trim_end_matches('/').len();
    let mut expands = place.own;
    let mut chunks = ids.chunks(MOST).peekable();
    while let Some(ids) = chunks.peek() {
        let requests = ids.iter().enumerate().map(|(number, id)| {
            let query: &[(&str, &str)] = if expands { &[("$expand", "calendar")] } else { &[] };
            let url = api.http.address(&["me", "calendars", place.calendar, "events", id], query);
            let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
            let url = format!("{}{query}", &url.path()[root..]);
            BatchRequest { id: number.to_string(), method: "GET", url, headers: HashMap::from([("Prefer", PREFER)]) }
        });
        let body = serde_json::to_vec(&Batch { requests: requests.collect() }).expect("texts").into();
        let answer = api.send(WHAT, Method::POST, &batch, &body, meter).await?;
        let answers: BatchAnswers = serde_json::from_slice(&answer).map_err(|error| problems::malformed(WHAT, error))?;
        if expands && answers.responses.iter().any(|answer| answer.status == 400) {
            // Not every service behind the API expands. Without it an event that was moved is taken for one that is still here.
            expands = false;
            continue;
        }
        let mut open: HashMap<String, &String> = ids.iter().enumerate().map(|(number, id)| (number.to_string(), id)).collect();
        for answer in answers.responses {
            let Some(id) = open.remove(&answer.id) else { continue };
            if let Some(part) = read(api, place, answer)? {
                found.insert(id.clone(), part);
            }
        }
        if !open.is_empty() {
            return Err(problems::strange(WHAT));
        }
        chunks.next();
    }
    Ok(found)
}

/// Whether a series has occurrences in a window. `None`: it is gone.
///
/// # Errors
/// When Graph does not say.
pub(super) async fn has_instances(api: &Api, id: &str, window: Window, meter: &Meter) -> Result<Option<bool>, ProviderError> {
    let (from, to) = (instant(window.from), instant(window.to));
    let query = [("startDateTime", from.as_str()), ("endDateTime", to.as_str()), ("$top", "1")];
    match api.get(WHAT, &api.http.address(&["me", "events", id, "instances"], &query), meter).await {
        Ok(body) => {
            let found: Listing = serde_json::from_slice(&body).map_err(|error| problems::malformed(WHAT, error))?;
            Ok(Some(!found.value.is_empty()))
        }
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(api: &Api, place: &Place<'_>, answer: BatchAnswer) -> Result<Option<Part>, ProviderError> {
    match (answer.status, answer.body) {
        (200, Some(body)) => {
            let part = Part::read(body).map_err(|_| problems::strange(WHAT))?;
            // Deleted items keep their immutable ids, too: they are in no calendar.
            let is_here = |calendar: &Option<wire::Place>| calendar.as_ref().is_some_and(|calendar| calendar.id == place.calendar);
            let is_elsewhere = place.own && part.item.calendar.as_ref().is_some_and(|calendar| !is_here(calendar));
            Ok((!is_elsewhere).then_some(part))
        }
        (404 | 410, _) => Ok(None),
        // The token of the batch was good a moment ago: the next try has another one.
        (401, _) => Err(problems::page_lost(WHAT)),
        (status, body) => {
            let status = StatusCode::from_u16(status).map_err(|_| problems::strange(WHAT))?;
            let body = body.as_ref().map(|body| body.get().to_owned()).unwrap_or_default().into();
            let refusal = Refusal { status, host: "graph.microsoft.com".to_owned(), headers: headers(&answer.headers), body };
            Err(problems::refused(WHAT, &refusal, api.clock.now()))
        }
    }
}

fn headers(values: &HashMap<String, Value>) -> HeaderMap {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pair =
        |(name, value): (&String, &Value)| Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::try_from(text(value)).ok()?));
    values.iter().filter_map(pair).collect()
}
