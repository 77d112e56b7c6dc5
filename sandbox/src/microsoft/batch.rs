//! `$batch`: up to twenty requests in one.

use super::errors::{Fail, Try};
use super::{Microsoft, Step};
use crate::hub::Base;
use crate::hub::wire::{Ask, Reply};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

/// The most requests in a batch.
const MOST: usize = 20;

impl Microsoft {
    pub(super) fn batch(&mut self, base: &mut Base, ask: &Ask) -> Try<Reply> {
        let bad = |why: &str| Fail::bad("BadRequest", why);
        let body = ask.json().ok_or_else(|| bad("Unable to read JSON request payload."))?;
        let requests = body["requests"].as_array().ok_or_else(|| bad("requests is missing."))?;
        if requests.len() > MOST {
            return Err(bad("The number of requests in a batch exceeds the limit of 20."));
        }
        let mut answers: Vec<Value> = Vec::new();
        for request in requests {
            let id = request["id"].as_str().ok_or_else(|| bad("Each request needs an id."))?;
            if answers.iter().any(|answer| answer["id"] == id) {
                return Err(bad("The ids of a batch must be unique."));
            }
            let one = inner(ask, request).ok_or_else(|| bad("method or url is missing."))?;
            let parts: Vec<String> = one.segments();
            let reply = match self.handle(base, &parts, &one) {
                Step::Done(reply) => reply,
                Step::Validate(_) => return Err(bad("Subscriptions are not made in batches here.")),
            };
            let headers: Map<String, Value> = reply.headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
            let body: Value = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
            answers.push(json!({"id": id, "status": reply.status, "headers": headers, "body": body}));
        }
        Ok(Reply::json(200, &json!({"responses": answers})))
    }
}

/// One of the requests, with the token of the batch.
fn inner(ask: &Ask, request: &Value) -> Option<Ask> {
    let method = Method::from_bytes(request["method"].as_str()?.as_bytes()).ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        headers.insert(HeaderName::try_from(name.to_lowercase()).ok()?, HeaderValue::try_from(value.as_str()?).ok()?);
    }
    headers.insert("authorization", ask.headers.get("authorization")?.clone());
    let body = if request["body"].is_null() { Bytes::new() } else { request["body"].to_string().into() };
    Some(Ask::new(method, request["url"].as_str()?, headers, body))
}
