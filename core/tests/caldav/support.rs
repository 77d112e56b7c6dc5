//! What the tests of the CalDAV provider share: a user who syncs one account and remembers what an engine would.

use async_trait::async_trait;
use futures::StreamExt as _;
use secrecy::SecretString;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use syncline_core::error::ProviderError;
use syncline_core::net::{HttpClient, OutboundPolicy};
use syncline_core::provider::caldav::{CalDav, CalDavAccount, Discovered, discover};
use syncline_core::provider::{
    Content, Coverage, KnownCalendar, KnownVersions, Meter, Pass, PassEnd, Provider as _, PullRequest, RemoteCalendar,
};

/// 2026-12-01T00:00:00Z
pub(crate) const NOW: i64 = 1_796_083_200_000;
pub(crate) const HOUR: i64 = 3_600_000;

type Known = HashMap<String, Option<String>>;

struct Stored(Known);

#[async_trait]
impl KnownVersions for Stored {
    async fn load(&self) -> Result<Known, ProviderError> {
        Ok(self.0.clone())
    }
}

pub(crate) fn policy() -> OutboundPolicy {
    OutboundPolicy { allow_private: true, ..OutboundPolicy::default() }
}

/// What is stored about one calendar.
#[derive(Debug, Default, Clone)]
pub(crate) struct Mirror {
    pub(crate) titles: BTreeMap<String, String>,
    pub(crate) versions: Known,
    pub(crate) cursor: Option<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) hints: Option<String>,
}

/// What one sync of the account did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) written: Vec<String>,
    pub(crate) same: usize,
    pub(crate) removed: Vec<String>,
    pub(crate) swept: Vec<String>,
    pub(crate) unreadable: Vec<(String, &'static str)>,
    pub(crate) pages: usize,
    pub(crate) ends: Vec<PassEnd>,
    pub(crate) requests: u64,
    pub(crate) totals: Vec<Option<u64>>,
    pub(crate) error: Option<ProviderError>,
}

impl Outcome {
    pub(crate) fn is_quiet(&self) -> bool {
        self.error.is_none() && self.written.is_empty() && self.removed.is_empty() && self.swept.is_empty() && self.unreadable.is_empty()
    }
}

/// One user with one account.
pub(crate) struct User {
    pub(crate) provider: CalDav,
    pub(crate) found: Discovered,
    pub(crate) mirrors: BTreeMap<String, Mirror>,
    pub(crate) now: i64,
}

impl User {
    /// Connects an account.
    pub(crate) async fn connect(address: &str, username: &str, password: &str) -> Result<Self, ProviderError> {
        Self::connect_with(policy(), address, username, password).await
    }

    pub(crate) async fn connect_with(policy: OutboundPolicy, address: &str, username: &str, password: &str) -> Result<Self, ProviderError> {
        let client = HttpClient::new(policy)?;
        let password = SecretString::from(password);
        let found = discover(&client, address, username, &password, &Meter::default()).await?;
        let stored = serde_json::to_string(&found.settings).unwrap();
        let settings = serde_json::from_str(&stored).unwrap();
        let provider = CalDav::new(client, CalDavAccount { settings, password });
        Ok(Self { provider, found, mirrors: BTreeMap::new(), now: NOW })
    }

    /// Syncs as the engine does: lists, chooses the pass of each calendar, applies its pages.
    pub(crate) async fn sync(&mut self) -> Outcome {
        self.sync_as(None).await
    }

    pub(crate) async fn sync_as(&mut self, forced: Option<Pass>) -> Outcome {
        let meter = Meter::default();
        let mut outcome = Outcome::default();
        let known: Vec<KnownCalendar> = self
            .mirrors
            .iter()
            .map(|(id, mirror)| KnownCalendar {
                remote_id: id.clone(),
                cursor: mirror.cursor.clone(),
                hints: mirror.hints.clone(),
                enabled: true,
            })
            .collect();
        match self.provider.list(&known, &meter).await {
            Ok(calendars) => {
                for calendar in calendars {
                    self.pull(calendar, forced, &meter, &mut outcome).await;
                }
            }
            Err(error) => outcome.error = Some(error),
        }
        outcome.requests = meter.requests();
        outcome
    }

    async fn pull(&mut self, calendar: RemoteCalendar, forced: Option<Pass>, meter: &Meter, outcome: &mut Outcome) {
        let mirror = self.mirrors.entry(calendar.remote_id.clone()).or_default();
        mirror.hints.clone_from(&calendar.hints);
        let pass = forced.unwrap_or(if mirror.cursor.is_some() { Pass::Incremental } else { Pass::Initial });
        let request = PullRequest {
            calendar,
            pass,
            cursor: mirror.cursor.clone(),
            checkpoint: mirror.checkpoint.clone(),
            known: Arc::new(Stored(mirror.versions.clone())),
            meter: meter.clone(),
            now: self.now,
        };
        let mut pages = self.provider.pull(request);
        let mut mentioned = HashSet::new();
        let mut ended = false;
        while let Some(page) = pages.next().await {
            assert!(!ended, "nothing may follow the end of a pass");
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    outcome.error = Some(error);
                    ended = true;
                    continue;
                }
            };
            outcome.pages += 1;
            outcome.totals.push(page.total);
            assert!(page.changes.len() <= 1_000, "{} changes are more than a transaction should hold", page.changes.len());
            for change in page.changes {
                let id = change.remote_id;
                mentioned.insert(id.clone());
                match change.content {
                    Content::Present(object) => {
                        let title = object.events.first().expect("an object is never empty").title.clone();
                        if mirror.titles.insert(id.clone(), title.clone()).as_ref() != Some(&title) {
                            outcome.written.push(id.clone());
                        }
                        mirror.versions.insert(id, change.version);
                    }
                    Content::Same => {
                        assert_eq!(mirror.versions.get(&id), Some(&change.version), "only what is stored can be the same");
                        outcome.same += 1;
                    }
                    Content::Unreadable { reason, .. } => outcome.unreadable.push((id, reason)),
                    Content::Removed => {
                        if mirror.titles.remove(&id).is_some() {
                            outcome.removed.push(id.clone());
                        }
                        mirror.versions.remove(&id);
                    }
                }
            }
            mirror.checkpoint = page.checkpoint;
            if let Some(end) = page.end {
                ended = true;
                mirror.cursor.clone_from(&end.cursor);
                if let Coverage::Snapshot { .. } = end.coverage {
                    for id in mirror.titles.keys().filter(|id| !mentioned.contains(*id)).cloned().collect::<Vec<_>>() {
                        mirror.titles.remove(&id);
                        mirror.versions.remove(&id);
                        outcome.swept.push(id);
                    }
                }
                outcome.ends.push(end);
            }
        }
        assert!(ended, "a pass ends with its last page or an error");
    }

    /// The titles of all events, sorted.
    pub(crate) fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self.mirrors.values().flat_map(|mirror| mirror.titles.values().cloned()).collect();
        titles.sort();
        titles
    }

    /// The only calendar's mirror.
    pub(crate) fn mirror(&mut self) -> &mut Mirror {
        self.mirrors.values_mut().next().expect("a calendar")
    }

    /// Syncs until the first pass is proven and a token is stored.
    pub(crate) async fn settle(&mut self) {
        for _ in 0..2 {
            let outcome = self.sync().await;
            assert!(outcome.error.is_none(), "{:?}", outcome.error);
        }
    }
}
