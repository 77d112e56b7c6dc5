//! A host of ICS feeds: what web servers, Google, Outlook, iCloud and hand-made scripts do when they are asked for a
//! `.ics` address, each habit switchable, each fault armable.
//!
//! The host checks what it is asked: a method other than GET, or a conditional header with a value that it never gave out,
//! is answered with an error and noted as a violation ([`IcsHost::violations`]).

mod answer;
mod calendar;

pub use calendar::{Calendar, Entry};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

/// How the host makes entity tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etag {
    /// It sends none.
    None,
    /// The same for the same bytes.
    Content,
    /// A new one on each fetch, and so never a 304 by it.
    EachFetch,
}

/// What a feed does instead of, or with, its answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with `Retry-After` when given.
    Status(u16, Option<String>),
    /// A redirect with this status to this address.
    Redirect(u16, String),
    /// A login page with status 200.
    Html,
    /// Only so many bytes of the body, correctly framed: a file that was cut on the other side.
    CutFile(usize),
    /// `Content-Length` of the whole body, then the connection closes after so many bytes.
    CutConnection(usize),
    /// Never an answer.
    Hang,
    /// Headers and so many bytes, then silence.
    Stall(usize),
    /// So many bytes of a calendar that does not end, in chunks.
    Huge(u64),
    /// A small gzip body that inflates to so many bytes.
    Bomb(u64),
}

/// One feed and its habits.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What it holds.
    pub calendar: Calendar,
    /// Sent as it is instead of the calendar.
    pub raw: Option<Bytes>,
    /// How entity tags are made.
    pub etag: Etag,
    /// Send `Last-Modified` and answer `If-Modified-Since`.
    pub last_modified: Option<String>,
    /// `DTSTAMP` is the number of the fetch.
    pub restamp: bool,
    /// UIDs are made anew on each fetch.
    pub churn: bool,
    /// Send gzip to everybody, as hosts with stored files do.
    pub gzip: bool,
    /// The media type.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `user:password` that Basic authentication must bring.
    pub login: Option<(String, String)>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

impl Feed {
    /// A well-behaved feed with entity tags.
    #[must_use]
    pub fn new(calendar: Calendar) -> Self {
        Self {
            calendar,
            raw: None,
            etag: Etag::Content,
            last_modified: None,
            restamp: false,
            churn: false,
            gzip: false,
            content_type: "text/calendar; charset=utf-8",
            cache_control: None,
            login: None,
            fault: None,
        }
    }

    /// A feed that sends these bytes.
    #[must_use]
    pub fn raw(body: impl Into<Bytes>) -> Self {
        Self { raw: Some(body.into()), ..Self::new(Calendar::default()) }
    }

    /// The same without validators: no entity tag, no date.
    #[must_use]
    pub fn without_validators(self) -> Self {
        Self { etag: Etag::None, last_modified: None, ..self }
    }

    /// The same with a fault.
    #[must_use]
    pub fn failing(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The feed's name: the last part of the path.
    pub feed: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The status that was answered; 0 when there was none.
    pub status: u16,
}

impl Asked {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Default)]
struct Inner {
    feeds: HashMap<String, Feed>,
    fetches: u64,
    given: HashSet<(String, String)>,
    asked: Vec<Asked>,
    violations: Vec<String>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().expect("no test panics while it holds the lock")
}

/// A running host on a free port of 127.0.0.1; it stops when it is dropped.
pub struct IcsHost {
    address: SocketAddr,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl IcsHost {
    /// Starts an empty host.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let shared = Shared::default();
        let router = Router::new().route("/secret-path/{name}", any(serve)).with_state(shared.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serving never ends by itself");
        });
        Self { address, shared, server }
    }

    /// Starts a host with one feed, `feed.ics`.
    pub async fn with(feed: Feed) -> Self {
        let host = Self::start().await;
        host.set("feed.ics", feed);
        host
    }

    /// Adds or replaces a feed.
    pub fn set(&self, name: &str, feed: Feed) {
        lock(&self.shared).feeds.insert(name.to_owned(), feed);
    }

    /// Changes `feed.ics` in place.
    ///
    /// # Panics
    /// When there is no such feed.
    pub fn change(&self, how: impl FnOnce(&mut Feed)) {
        how(lock(&self.shared).feeds.get_mut("feed.ics").expect("the feed exists"));
    }

    /// The address of a feed. Its path is to be treated as a secret: no message may show it.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/secret-path/{name}", self.address)
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared).asked.clone()
    }

    /// What no polite client asks; empty when all was well.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared).violations.clone()
    }
}

impl Drop for IcsHost {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(shared): State<Shared>, Path(name): Path<String>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let prepared = {
        let mut inner = lock(&shared);
        inner.fetches += 1;
        let complaint = inner.complaint(&name, &method, &headers);
        let answer = match (complaint, inner.feeds.get(&name)) {
            (Some(complaint), _) => {
                inner.violations.push(format!("{method} {uri}: {complaint}"));
                answer::Prepared::status(StatusCode::BAD_REQUEST)
            }
            (None, None) => answer::Prepared::status(StatusCode::NOT_FOUND),
            (None, Some(feed)) => answer::prepare(feed, inner.fetches, &headers),
        };
        for validator in [header::ETAG, header::LAST_MODIFIED] {
            if let Some(value) = answer.header(&validator) {
                inner.given.insert((name.clone(), value));
            }
        }
        inner.asked.push(Asked { feed: name, headers, status: answer.status_number() });
        answer
    };
    prepared.send().await
}

impl Inner {
    fn complaint(&self, name: &str, method: &Method, headers: &HeaderMap) -> Option<String> {
        if method != Method::GET {
            return Some("only GET is expected".to_owned());
        }
        for validator in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
            let Some(value) = headers.get(&validator) else { continue };
            let value = value.to_str().unwrap_or("not printable").to_owned();
            if !self.given.contains(&(name.to_owned(), value.clone())) {
                return Some(format!("{validator}: {value} was never given out for this feed"));
            }
        }
        if !headers.get(header::USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Syncline/")) {
            return Some("no User-Agent that names Syncline".to_owned());
        }
        None
    }
}
