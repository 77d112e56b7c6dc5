//! One fetch for a feed that several connections of this process share.
//!
//! Many people subscribe to the same calendar of a school or a club. What was fetched for one of them a short while ago serves the
//! others, when the schedule asks (who presses a button gets a fetch of their own). Invariants:
//!
//! - Only the same address with the same user and password is the same feed; the key is a hash of the whole.
//! - A body serves everybody: each connection compares it with what it has and keeps its own rows. "Not modified" serves only those who
//!   would have sent the very same validators to the very same place.
//! - Nothing is kept unless two connections have the address, nothing for longer than whoever asks allows, and never much.
//! - A failure serves nobody: each asks for itself, and none waits for another.

use super::cursor::Cursor;
use super::transport::{self, Fetched};
use crate::error::ProviderError;
use crate::net::HttpClient;
use crate::provider::Meter;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use syncline_domain::time::Millis;
use url::Url;

/// Larger bodies are not kept.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// All that is kept.
const MAX_ALL: usize = 24 * 1024 * 1024;
/// Nothing is kept for longer, whoever asks.
const LONGEST_MS: Millis = 10 * 60_000;
/// Beyond so many addresses it is forgotten who has them.
const MAX_KNOWN: usize = 20_000;

type Key = [u8; 32];

/// The feeds of one process.
#[derive(Default)]
pub struct Feeds(Mutex<State>);

#[derive(Default)]
struct State {
    known: HashMap<Key, Known>,
    kept: HashMap<Key, Kept>,
}

#[derive(Default)]
struct Known {
    /// The connections that have the address.
    who: HashSet<String>,
    /// One fetches, the others wait for it.
    gate: Arc<tokio::sync::Mutex<()>>,
    failed_at: Option<Millis>,
}

/// An answer that may serve others.
#[derive(Clone)]
struct Kept {
    at: Millis,
    /// What was sent with the request.
    sent: Validators,
    /// `None`: not modified.
    body: Option<Arc<[u8]>>,
    headers: HeaderMap,
    host: String,
    url: Url,
    moved_to: Option<Url>,
}

#[derive(Clone, PartialEq, Eq)]
struct Validators {
    place: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Validators {
    fn of(cursor: &Cursor) -> Self {
        Self { place: cursor.place.clone(), etag: cursor.etag.clone(), last_modified: cursor.last_modified.clone() }
    }
}

/// A connection's part in it.
#[derive(Clone)]
pub(super) struct Share {
    pub(super) feeds: Arc<Feeds>,
    /// Which connection.
    pub(super) who: String,
    /// An answer may be so old.
    pub(super) fresh_ms: Millis,
}

impl Share {
    /// As [`transport::fetch`].
    pub(super) async fn fetch(
        &self,
        client: &HttpClient,
        address: &Url,
        cursor: &Cursor,
        meter: &Meter,
        now: Millis,
    ) -> Result<Fetched, ProviderError> {
        let key: Key = Sha256::digest(address.as_str()).into();
        let fetch = || transport::fetch(client, address, cursor, meter, now);
        let Some(gate) = self.feeds.meet(key, &self.who, now) else { return fetch().await };
        let alone = gate.lock().await;
        if let Some(kept) = self.feeds.find(key, cursor, now - self.fresh_ms, now) {
            return Ok(kept);
        }
        if self.feeds.has_failed(key, now) {
            drop(alone);
            return fetch().await;
        }
        let fetched = fetch().await;
        match &fetched {
            Ok(fetched) => self.feeds.keep(key, cursor, fetched, now),
            Err(_) => self.feeds.fail(key, now),
        }
        fetched
    }
}

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes who has an address. Gives what to wait for when others have it, too, and it did not fail a moment ago.
    fn meet(&self, key: Key, who: &str, now: Millis) -> Option<Arc<tokio::sync::Mutex<()>>> {
        let mut state = self.lock();
        if state.known.len() >= MAX_KNOWN {
            state.known.clear();
        }
        let known = state.known.entry(key).or_default();
        known.who.insert(who.to_owned());
        (known.who.len() > 1 && !known.fails(now)).then(|| known.gate.clone())
    }

    fn has_failed(&self, key: Key, now: Millis) -> bool {
        self.lock().known.get(&key).is_some_and(|known| known.fails(now))
    }

    fn fail(&self, key: Key, now: Millis) {
        self.lock().known.entry(key).or_default().failed_at = Some(now);
    }

    /// An answer since then that this connection would have got, too.
    fn find(&self, key: Key, cursor: &Cursor, since: Millis, now: Millis) -> Option<Fetched> {
        let mut state = self.lock();
        state.kept.retain(|_, kept| (now - LONGEST_MS..=now).contains(&kept.at));
        let kept = state.kept.get(&key).filter(|kept| kept.at > since)?;
        if kept.body.is_none() && kept.sent != Validators::of(cursor) {
            return None;
        }
        Some(Fetched {
            body: kept.body.as_ref().map(|body| body.to_vec()),
            headers: kept.headers.clone(),
            host: kept.host.clone(),
            url: kept.url.clone(),
            moved_to: kept.moved_to.clone(),
        })
    }

    fn keep(&self, key: Key, cursor: &Cursor, fetched: &Fetched, now: Millis) {
        let mut state = self.lock();
        if let Some(known) = state.known.get_mut(&key) {
            known.failed_at = None;
        }
        state.kept.retain(|other, kept| *other != key && (now - LONGEST_MS..=now).contains(&kept.at));
        let size = |body: Option<usize>| body.unwrap_or(0);
        let all: usize = state.kept.values().map(|kept| size(kept.body.as_ref().map(|body| body.len()))).sum();
        let new = size(fetched.body.as_ref().map(Vec::len));
        if new > MAX_BODY || all + new > MAX_ALL {
            return;
        }
        let kept = Kept {
            at: now,
            sent: Validators::of(cursor),
            body: fetched.body.as_deref().map(Arc::from),
            headers: fetched.headers.clone(),
            host: fetched.host.clone(),
            url: fetched.url.clone(),
            moved_to: fetched.moved_to.clone(),
        };
        state.kept.insert(key, kept);
    }
}

impl Known {
    fn fails(&self, now: Millis) -> bool {
        self.failed_at.is_some_and(|at| (at..at + LONGEST_MS).contains(&now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(etag: &str) -> Cursor {
        let mut cursor = Cursor::default();
        (cursor.etag, cursor.place) = (Some(etag.to_owned()), "p".to_owned());
        cursor
    }

    fn fetched(body: Option<&[u8]>) -> Fetched {
        let url = Url::parse("https://example.org/feed.ics").unwrap();
        Fetched { body: body.map(Vec::from), headers: HeaderMap::new(), host: "example.org".to_owned(), url, moved_to: None }
    }

    #[test]
    fn only_what_two_connections_have_is_shared() {
        let feeds = Feeds::default();
        assert!(feeds.meet([1; 32], "a", 0).is_none() && feeds.meet([1; 32], "a", 0).is_none());
        assert!(feeds.meet([2; 32], "b", 0).is_none(), "another feed");
        assert!(feeds.meet([1; 32], "b", 0).is_some());
        feeds.fail([1; 32], 0);
        assert!(feeds.meet([1; 32], "a", 1).is_none(), "nobody waits for what fails");
        assert!(feeds.meet([1; 32], "a", LONGEST_MS).is_some());
    }

    #[test]
    fn not_modified_serves_only_who_asked_the_same() {
        let feeds = Feeds::default();
        feeds.keep([1; 32], &cursor("1"), &fetched(None), 1000);
        assert!(feeds.find([1; 32], &cursor("1"), 0, 2000).is_some_and(|found| found.body.is_none()));
        assert!(feeds.find([1; 32], &cursor("2"), 0, 2000).is_none());
        assert!(feeds.find([1; 32], &Cursor::default(), 0, 2000).is_none(), "who has nothing yet");
        assert!(feeds.find([2; 32], &cursor("1"), 0, 2000).is_none(), "another feed");
        feeds.keep([1; 32], &cursor("1"), &fetched(Some(b"body")), 3000);
        assert_eq!(feeds.find([1; 32], &cursor("2"), 0, 4000).and_then(|found| found.body).as_deref(), Some(&b"body"[..]));
    }

    #[test]
    fn nothing_is_kept_for_long_or_when_it_is_much() {
        let feeds = Feeds::default();
        feeds.keep([1; 32], &Cursor::default(), &fetched(Some(b"body")), 1000);
        assert!(feeds.find([1; 32], &Cursor::default(), 1000, 2000).is_none(), "older than was allowed");
        assert!(feeds.find([1; 32], &Cursor::default(), 0, 1000 + LONGEST_MS + 1).is_none());
        assert!(feeds.lock().kept.is_empty());
        feeds.keep([1; 32], &Cursor::default(), &fetched(Some(&vec![0; MAX_BODY + 1])), 1000);
        assert!(feeds.find([1; 32], &Cursor::default(), 0, 1000).is_none());
        for feed in 0..20 {
            feeds.keep([feed; 32], &Cursor::default(), &fetched(Some(&vec![0; MAX_BODY])), 1000);
        }
        assert_eq!(feeds.lock().kept.len(), MAX_ALL / MAX_BODY);
    }
}
