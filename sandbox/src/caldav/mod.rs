//! A CalDAV server that keeps its collections in memory, with a log of changes, and with the habits of real servers, each
//! switchable ([`Quirks`]), each fault armable ([`Fault`]).
//!
//! It checks what it is asked. What a real server might trip over (a missing `Depth`, a body in another namespace, a `limit`, hrefs of
//! another calendar, an unknown scheme of authentication) is answered with 400 and noted: a test ends with
//! [`CalDavHost::violations`] being empty.
//!
//! Layout: context path `/dav/`, principal `/dav/principals/me/`, home `/dav/cal/me/`, second home `/dav/shared/`.
//!
//! How to add a habit: a field of [`Quirks`] with the server that has it, its effect in `propfind` or `report`, and a test in
//! `core/tests`.

mod ask;
mod data;
mod login;
mod propfind;
mod quirks;
mod report;
mod serve;
mod xml;

pub use data::event;
pub use quirks::{BulkQuery, Fault, Hrefs, Login, Prefixes, Quirks, Signs, StaleToken};

use data::Collection;
use login::Nonces;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

/// The user of the account.
pub const USER: &str = "me";
/// The password of the account.
pub const PASSWORD: &str = "correct horse: battery staple";

const CONTEXT: &str = "/dav/";
const PRINCIPAL: &str = "/dav/principals/me/";
const HOME: &str = "/dav/cal/me/";
const SECOND_HOME: &str = "/dav/shared/";

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `discover`, `list`, `state`, `members`, `sync-collection`, `calendar-multiget`, `calendar-query`, `get` or `other`.
    pub kind: &'static str,
    /// The decoded path.
    pub path: String,
    /// The scheme of its credentials: `Basic`, `Digest`, or empty for none.
    pub scheme: String,
    /// Hrefs in a multiget.
    pub hrefs: usize,
    /// It asked for a sync token.
    pub token: bool,
    /// It asked for a CTag.
    pub ctag: bool,
    /// What was answered.
    pub status: u16,
}

#[derive(Default)]
struct Inner {
    quirks: Quirks,
    collections: BTreeMap<String, Collection>,
    nonces: Nonces,
    faults: Vec<(&'static str, Fault)>,
    asked: Vec<Asked>,
    violations: Vec<String>,
}

type Shared = Arc<Mutex<Inner>>;

fn lock(shared: &Shared) -> MutexGuard<'_, Inner> {
    shared.lock().expect("no test panics while it holds the lock")
}

/// A running server on a free port of 127.0.0.1; it stops when it is dropped.
pub struct CalDavHost {
    address: SocketAddr,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl CalDavHost {
    /// Starts a server with these habits and one empty calendar, `work`.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(quirks: Quirks) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let shared: Shared = Arc::new(Mutex::new(Inner { quirks, ..Inner::default() }));
        let router = serve::router(shared.clone());
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("serving never ends by itself");
        });
        let host = Self { address, shared, server };
        host.add_calendar("work", "Work");
        host
    }

    /// `http://127.0.0.1:port`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address that a user would type: origin and context path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{CONTEXT}", self.address)
    }

    /// The address of a calendar.
    #[must_use]
    pub fn calendar_url(&self, calendar: &str) -> String {
        format!("http://{}{}", self.address, path_of(calendar))
    }

    /// Changes the habits from the next request on.
    pub fn change(&self, how: impl FnOnce(&mut Quirks)) {
        how(&mut lock(&self.shared).quirks);
    }

    /// Makes a calendar for events. A name that begins with `shared/` puts it into the second home.
    pub fn add_calendar(&self, calendar: &str, name: &str) {
        lock(&self.shared).collections.insert(path_of(calendar), Collection::calendar(name));
    }

    /// Makes a collection that is not a calendar for events: `schedule-inbox`, `schedule-outbox`, `subscribed`, or `tasks`.
    pub fn add_special(&self, calendar: &str, kind: &'static str) {
        let mut collection = Collection::calendar(kind);
        if kind == "tasks" {
            collection.components = vec!["VTODO"];
        } else {
            collection.special = Some(kind);
        }
        lock(&self.shared).collections.insert(path_of(calendar), collection);
    }

    /// Sets colour, zone (a TZID) and write access of a calendar.
    pub fn describe(&self, calendar: &str, color: &str, zone: &str, read_only: bool) {
        self.with(calendar, |collection| {
            collection.color = Some(color.to_owned());
            collection.zone = Some(zone.to_owned());
            collection.read_only = read_only;
        });
    }

    /// Makes or changes an object, "as the user" in another client.
    pub fn put(&self, calendar: &str, object: &str, data: impl Into<String>) {
        self.with(calendar, |collection| collection.put(object, data.into()));
    }

    /// Puts `number` objects `e0.ics` … with one event each.
    pub fn fill(&self, calendar: &str, number: usize) {
        self.with(calendar, |collection| {
            for at in 0..number {
                collection.put(&format!("e{at}.ics"), event(&format!("e{at}@sandbox"), &format!("Event {at}")));
            }
        });
    }

    /// Deletes an object; `false` when there was none.
    pub fn delete(&self, calendar: &str, object: &str) -> bool {
        self.with(calendar, |collection| collection.delete(object))
    }

    /// Deletes all objects.
    pub fn empty(&self, calendar: &str) {
        self.with(calendar, |collection| {
            for name in collection.objects.keys().cloned().collect::<Vec<_>>() {
                collection.delete(&name);
            }
        });
    }

    /// Gives a calendar another name.
    pub fn rename(&self, calendar: &str, name: &str) {
        self.with(calendar, |collection| collection.name = name.to_owned());
    }

    /// Deletes a calendar.
    pub fn remove_calendar(&self, calendar: &str) {
        lock(&self.shared).collections.remove(&path_of(calendar));
    }

    /// From now on no token that was given out is known any more.
    pub fn forget_tokens(&self) {
        for collection in lock(&self.shared).collections.values_mut() {
            collection.epoch += 1;
        }
    }

    /// Lets something go wrong with the next request of a kind (see [`Asked::kind`]). Can be armed several times.
    pub fn arm(&self, kind: &'static str, fault: Fault) {
        lock(&self.shared).faults.push((kind, fault));
    }

    /// What was asked since the last call.
    #[must_use]
    pub fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.shared).asked)
    }

    /// What no polite client asks; empty when all was well.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared).violations.clone()
    }

    fn with<T>(&self, calendar: &str, how: impl FnOnce(&mut Collection) -> T) -> T {
        how(lock(&self.shared).collections.get_mut(&path_of(calendar)).expect("the calendar exists"))
    }
}

impl Drop for CalDavHost {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn path_of(calendar: &str) -> String {
    match calendar.strip_prefix("shared/") {
        Some(name) => format!("{SECOND_HOME}{name}/"),
        None => format!("{HOME}{calendar}/"),
    }
}
