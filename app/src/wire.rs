//! How values reach the page: as postcard, not as JSON.
//!
//! What reads a type from postcard is a quarter of what reads it from JSON, and the page reads a dozen of them, each twice
//! (with the document, and when it is loaded again). Server functions that a form is posted to still answer JSON.

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::codec::{Post, PostcardEncoding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// The output of a server function that reads: `#[server(input = GetUrl, output = Wire)]`.
pub type Wire = Post<PostcardEncoding>;

/// How a resource comes with the document.
#[derive(Debug, Clone, Copy)]
pub struct WireCodec;

/// A resource in that form.
pub type Loaded<T> = Resource<T, WireCodec>;

impl<T: Serialize> Encoder<T> for WireCodec {
    type Error = postcard::Error;
    type Encoded = Vec<u8>;

    fn encode(value: &T) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for WireCodec {
    type Error = postcard::Error;
    type Encoded = [u8];

    fn decode(value: &[u8]) -> Result<T, postcard::Error> {
        postcard::from_bytes(value)
    }
}

/// Loads again whenever `key` changes. The page is sent before it is there.
pub fn load<S, T, F>(key: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(key, fetch, false)
}

/// The same, but the page is sent only with it.
pub fn load_first<S, T, F>(key: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(key, fetch, true)
}

/// A value that the server makes and the page finds in the document.
pub fn shared<T: Serialize + DeserializeOwned>(make: impl FnOnce() -> T) -> T {
    SharedValue::<T, WireCodec>::new_with_encoding(make).into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use syncline_domain::view::{Connection, EventDetails, Job, Period, SyncOverview};

    /// A type whose JSON leaves a field out can not be read from postcard, unless the field is written as text.
    fn travels<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(json: Value) {
        let value: T = serde_json::from_value(json.clone()).expect("a value in its JSON form");
        let bytes = WireCodec::encode(&value).expect("encoded");
        assert_eq!(WireCodec::decode(&bytes).ok().as_ref(), Some(&value));
        assert_eq!(serde_json::to_value(&value).expect("JSON"), json, "the JSON of it stays as it was");
    }

    fn line() -> Value {
        json!({"id": "e", "key": "", "calendar_id": "c", "title": "Planning", "start": "2026-03-10T09:00:00",
            "end": "2026-03-10T10:00:00", "all_day": false, "status": "confirmed", "busy": "busy", "declined": false,
            "color": "blue", "location": null, "recurring": false})
    }

    fn result(error: bool) -> Value {
        let mut result = json!({"connectionId": "k", "calendarId": null, "email": "a@example.org", "calendarName": "Work",
            "status": "success", "synced": 1, "updated": 0, "deleted": 0, "skipped": 0, "unchanged": 0, "errors": 0, "total": 1,
            "skippedReasons": {}, "durationMs": 5, "requests": 1, "bytes": 9});
        if error {
            result["error"] = json!({"code": "x", "message": "It failed.", "action": "Try again."});
            result["warnings"] = json!({"unknown_zone": 2});
        }
        result
    }

    #[test]
    fn what_the_page_loads_travels_whole_or_sparse() {
        for (organizer, attendees) in [
            (json!(null), json!([])),
            (
                json!({"name": "Anna"}),
                json!([{"person": {"email": "b@example.org"}, "response": "accepted"},
                {"person": {}, "response": "declined", "optional": true, "me": true}]),
            ),
        ] {
            travels::<EventDetails>(json!({"event": line(), "uid": "u", "when": "today", "when_own_zone": null, "recurrence": null,
                "description": "x", "url": null, "conference_url": null, "organizer": organizer, "attendees": attendees,
                "categories": [], "visibility": "public", "calendar_name": "Work", "connection_name": "Home", "provider": "caldav",
                "synced_at": 5, "updated_at": null}));
        }
        travels::<Period>(json!({"from": "2026-03-01", "to": "2026-04-01", "zone": "UTC", "offset": 0, "second": null,
            "now": "2026-03-10T09:00:00", "events": [line()], "truncated": false}));
        for error in [false, true] {
            let report = json!({"success": true, "message": "Synced", "jobId": "j", "jobIds": ["j"], "status": "completed",
                "synced": 1, "updated": 0, "deleted": 0, "skipped": 0, "unchanged": 0, "errors": 0, "total": 1,
                "results": [result(error)], "timestamp": "2026-03-10T09:00:00Z"});
            let calendar = json!({"calendarId": "c", "name": "Work", "phase": "done", "read": 1, "saved": 1, "total": null});
            let mut progress = json!({"jobId": "j", "runId": "j", "connectionId": "k", "connectionName": "Home", "seq": 3,
                "status": "running", "trigger": "manual", "startedAt": null, "calendars": [calendar]});
            if error {
                progress["error"] = json!({"code": "x", "message": "It failed.", "action": "Try again."});
                progress["calendars"][0]["result"] = result(true);
            }
            travels::<Job>(json!({"progress": progress, "createdAt": 1, "finishedAt": null}));
            travels::<SyncOverview>(json!({"running": [progress], "last_success_at": null, "last_report": report, "now": 5}));
        }
        travels::<SyncOverview>(json!({"running": [], "last_success_at": 1, "last_report": null, "now": 5}));
        for ends in [json!(null), json!(7)] {
            travels::<Connection>(json!({"id": "k", "provider": "google", "name": "n", "account": "a", "host": "", "state": "ok",
                "lastSuccessAt": null, "lastAttemptAt": null, "nextSyncAt": null, "intervalS": 900, "problem": null, "runningJob": null,
                "isFile": false, "permissionEndsAt": ends, "calendars": []}));
        }
    }
}
