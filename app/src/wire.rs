//! How values reach the page: as postcard, not as JSON, and read only where they are shown.
//!
//! What reads a type from postcard is a quarter of what reads it from JSON. And a value stays [`Packed`] from the server
//! function to the view: whatever the page loads is one type to the resources, to their codec and to the document, and none of
//! these is compiled a dozen times.

use crate::error::WireError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::codec::{Post, PostcardEncoding};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use syncline_domain::packed::packing;

/// The output of a server function that reads: `#[server(input = GetUrl, output = Wire)]`.
pub type Wire = Post<PostcardEncoding>;

/// How a resource comes with the document.
#[derive(Debug, Clone, Copy)]
pub struct WireCodec;

impl<T: Serialize> Encoder<T> for WireCodec {
    type Error = postcard::Error;
    type Encoded = Vec<u8>;

    fn encode(value: &T) -> Result<Vec<u8>, postcard::Error> {
        packing(|| postcard::to_allocvec(value))
    }
}

impl<T: DeserializeOwned> Decoder<T> for WireCodec {
    type Error = postcard::Error;
    type Encoded = [u8];

    fn decode(value: &[u8]) -> Result<T, postcard::Error> {
        postcard::from_bytes(value)
    }
}

/// A `T` as it travels.
pub struct Packed<T> {
    bytes: Arc<[u8]>,
    of: PhantomData<fn() -> T>,
}

impl<T> Packed<T> {
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), of: PhantomData }
    }

    /// Packs a value.
    ///
    /// # Errors
    /// When it is of a type that can not travel; the test `travels` is there to find those.
    pub fn of(value: &T) -> Result<Self, WireError>
    where
        T: Serialize,
    {
        packing(|| postcard::to_allocvec(value)).map(Self::new).map_err(|_| WireError::unreadable())
    }

    /// The value.
    ///
    /// # Errors
    /// When the server is of another version than the page.
    pub fn open(self) -> Result<T, WireError>
    where
        T: DeserializeOwned,
    {
        postcard::from_bytes(&self.bytes).map_err(|_| WireError::unreadable())
    }

    /// It, where there might be none. An `Option` travels as one byte and what is in it.
    #[must_use]
    pub fn some(self) -> Packed<Option<T>> {
        Packed::new([&[1], &*self.bytes].concat())
    }

    /// It after something else. A pair travels as one after the other.
    ///
    /// # Errors
    /// When the first can not travel.
    pub fn after<A: Serialize>(self, first: &A) -> Result<Packed<(A, T)>, WireError> {
        let first = packing(|| postcard::to_allocvec(first)).map_err(|_| WireError::unreadable())?;
        Ok(Packed::new([&*first, &*self.bytes].concat()))
    }

    /// As text, for a message of the live stream.
    #[must_use]
    pub fn to_text(&self) -> String {
        STANDARD_NO_PAD.encode(&self.bytes)
    }

    /// Reads [`Self::to_text`].
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        STANDARD_NO_PAD.decode(text).ok().map(Self::new)
    }

    /// Says what is in it.
    #[must_use]
    pub fn cast<U>(self) -> Packed<U> {
        Packed::new(self.bytes)
    }
}

impl<T> Packed<Option<T>> {
    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new([0])
    }
}

impl<A: DeserializeOwned, T> Packed<(A, T)> {
    /// Takes a pair apart.
    #[must_use]
    pub fn split(&self) -> Option<(A, Packed<T>)> {
        postcard::take_from_bytes(&self.bytes).ok().map(|(first, rest)| (first, Packed::new(rest)))
    }
}

impl<T> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.bytes))
    }
}

impl<T> Serialize for Packed<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.bytes)
    }
}

impl<'de, T> Deserialize<'de> for Packed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Arc<[u8]>;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Arc<[u8]>, E> {
                Ok(bytes.into())
            }
        }
        from.deserialize_bytes(Bytes).map(Self::new)
    }
}

/// What every resource holds, whatever is in it.
type Answer = Result<Packed<()>, WireError>;

/// A value that is loaded, and loaded again when its key changes. To be awaited inside of [`crate::ui::arriving()`].
pub struct Loaded<T> {
    resource: Resource<Answer, WireCodec>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Loaded<T> {}

impl<T> std::fmt::Debug for Loaded<T> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Loaded")
    }
}

impl<T> Loaded<T> {
    /// What is there now, still packed; `None` until it is. For effects.
    #[must_use]
    pub fn read(self) -> Option<Result<Packed<T>, WireError>> {
        self.resource.get().map(|answer| answer.map(Packed::cast))
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Loaded<T> {
    type Output = Result<T, WireError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.resource.await.and_then(|packed| packed.cast().open()) })
    }
}

/// Loads again whenever `key` changes. The page is sent before it is there.
pub fn load<S, T, F>(key: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: 'static,
    F: Future<Output = Result<Packed<T>, WireError>> + Send + 'static,
{
    keyed(key, fetch, false)
}

/// The same, but the page is sent only with it.
pub fn load_first<S, T, F>(key: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: 'static,
    F: Future<Output = Result<Packed<T>, WireError>> + Send + 'static,
{
    keyed(key, fetch, true)
}

fn keyed<S, T, F>(key: impl Fn() -> S + Send + Sync + 'static, fetch: impl Fn(S) -> F + Send + Sync + 'static, first: bool) -> Loaded<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: 'static,
    F: Future<Output = Result<Packed<T>, WireError>> + Send + 'static,
{
    // The resource sees how often the key has changed, not the key: so it is of one type.
    let seen = Arc::new(Mutex::new((0, None)));
    let last = Arc::clone(&seen);
    // What goes away with the part of the page that this belongs to, together with the memos that the key is read from.
    let here = StoredValue::new(());
    let changes = move || {
        if here.try_get_value().is_none() {
            return last.lock().unwrap_or_else(PoisonError::into_inner).0;
        }
        let now = Some(key());
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.1 != now {
            *last = (last.0 + 1, now);
        }
        last.0
    };
    let fetch = move |_: u32| -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let key = seen.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
        match key.map(&fetch) {
            Some(fetching) => Box::pin(async move { fetching.await.map(Packed::cast) }),
            None => Box::pin(std::future::pending()),
        }
    };
    Loaded { resource: resource(Box::new(changes), Box::new(fetch), first), of: PhantomData }
}

type Changes = Box<dyn Fn() -> u32 + Send + Sync>;
type Fetch = Box<dyn Fn(u32) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

fn resource(changes: Changes, fetch: Fetch, first: bool) -> Resource<Answer, WireCodec> {
    Resource::new_with_options(changes, fetch, first)
}

/// A value that the server makes and the page finds in the document.
pub fn shared<T: Serialize + DeserializeOwned>(make: impl FnOnce() -> T + 'static) -> T {
    boxed_shared(Box::new(make))
}

/// Compiled once for each type, not once for each place.
fn boxed_shared<T: Serialize + DeserializeOwned>(make: Box<dyn FnOnce() -> T>) -> T {
    SharedValue::<T, WireCodec>::new_with_encoding(make).into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use syncline_domain::view::{Connection, EventDetails, Job, Period, SyncOverview};

    /// A type whose JSON leaves a field out can not be read from postcard, unless it asks [`syncline_domain::packed`].
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
    fn a_packed_value_is_that_value_wherever_it_stands() {
        let packed = || Packed::of(&vec!["a".to_owned()]).expect("packed");
        assert_eq!(packed().open(), Ok(vec!["a".to_owned()]));
        assert_eq!(packed().some().open(), Ok(Some(vec!["a".to_owned()])));
        assert_eq!(Packed::<Option<String>>::none().open(), Ok(None));
        assert_eq!(Packed::from_text(&packed().to_text()).expect("text").open(), Ok(vec!["a".to_owned()]));
        let pair = packed().after(&7_u32).expect("packed");
        assert_eq!(pair.clone().open(), Ok((7, vec!["a".to_owned()])));
        let (first, rest) = pair.split().expect("a pair");
        assert_eq!((first, rest.open()), (7, Ok(vec!["a".to_owned()])));
        let bytes = WireCodec::encode(&packed()).expect("encoded");
        let back: Packed<Vec<String>> = WireCodec::decode(&bytes).expect("decoded");
        assert_eq!(back.open(), Ok(vec!["a".to_owned()]));
        assert_eq!(packed().cast::<u64>().cast::<bool>().open().map_err(|error| error.problem.code), Ok(true), "one byte says one");
        assert!(Packed::<String>::new([9]).open().is_err(), "nine letters are missing");
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
                "lastSuccessAt": null, "lastAttemptAt": null, "nextSyncAt": null, "intervalS": 900, "paceS": 3600, "problem": null, "runningJob": null,
                "isFile": false, "permissionEndsAt": ends, "calendars": []}));
        }
    }
}
