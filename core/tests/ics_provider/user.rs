//! What the tests of the ICS provider share: a user who syncs one feed, and remembers what an engine would.

use async_trait::async_trait;
use futures::StreamExt as _;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use syncline_core::error::ProviderError;
use syncline_core::net::{HttpClient, OutboundPolicy};
use syncline_core::provider::ics::{FeedProps, Ics, IcsSource};
use syncline_core::provider::{
    Content, Coverage, KnownCalendar, KnownVersions, Meter, Object, Pass, PassEnd, Provider as _, PullRequest, RemoteCalendar,
};

pub(crate) type Known = HashMap<String, Option<String>>;

/// 2026-12-01T00:00:00Z
pub(crate) const NOW: i64 = 1_796_083_200_000;

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

/// One user with one feed.
pub(crate) struct User {
    pub(crate) ics: Ics,
    pub(crate) known: Known,
    pub(crate) objects: HashMap<String, Object>,
    pub(crate) cursor: Option<String>,
}

/// What one pass did.
#[derive(Debug)]
pub(crate) struct Report {
    /// New or changed objects, in the feed's order.
    pub(crate) written: Vec<String>,
    pub(crate) same: usize,
    pub(crate) unreadable: Vec<(String, &'static str)>,
    /// Stored objects that a snapshot did not list.
    pub(crate) vanished: Vec<String>,
    pub(crate) keep_ended_before: Option<i64>,
    pub(crate) pages: usize,
    pub(crate) requests: u64,
    pub(crate) end: PassEnd,
}

impl Report {
    pub(crate) fn nothing_happened(&self) -> bool {
        self.written.is_empty() && self.vanished.is_empty() && self.end.coverage == Coverage::Delta
    }
}

impl User {
    pub(crate) fn with(ics: Ics) -> Self {
        Self { ics, known: Known::new(), objects: HashMap::new(), cursor: None }
    }

    pub(crate) fn of(url: &str) -> Self {
        Self::asking(url, policy())
    }

    pub(crate) fn asking(url: &str, policy: OutboundPolicy) -> Self {
        let client = HttpClient::new(policy).unwrap();
        Self::with(Ics::new(client, IcsSource::Url { url: url.into() }, FeedProps::default()))
    }

    pub(crate) fn with_file(bytes: impl Into<bytes::Bytes>, name: &str) -> Self {
        let client = HttpClient::new(policy()).unwrap();
        Self::with(Ics::new(client, IcsSource::File { bytes: bytes.into(), name: name.into() }, FeedProps::default()))
    }

    pub(crate) async fn list(&self) -> RemoteCalendar {
        let known = self.cursor.is_some().then(|| KnownCalendar {
            remote_id: "feed".into(),
            cursor: self.cursor.clone(),
            hints: None,
            enabled: true,
        });
        let meter = Meter::default();
        let mut listed = self.ics.list(known.as_slice(), &meter).await.unwrap();
        assert_eq!((listed.len(), meter.requests()), (1, 0), "a feed is one calendar, listed without a request");
        listed.remove(0)
    }

    /// Syncs as an engine would: the first time initial, then incremental.
    pub(crate) async fn sync(&mut self) -> Result<Report, ProviderError> {
        self.pull(if self.cursor.is_some() { Pass::Incremental } else { Pass::Initial }).await
    }

    pub(crate) async fn pull(&mut self, pass: Pass) -> Result<Report, ProviderError> {
        let meter = Meter::default();
        let mut pages = self.ics.pull(PullRequest {
            calendar: self.list().await,
            pass,
            cursor: self.cursor.clone(),
            checkpoint: None,
            known: Arc::new(Stored(self.known.clone())),
            meter: meter.clone(),
            now: NOW,
        });
        let (mut written, mut unreadable, mut seen, mut same, mut number, mut last) = (vec![], vec![], HashSet::new(), 0, 0, None);
        while let Some(page) = pages.next().await {
            let page = page?;
            assert!(last.is_none(), "nothing comes after the end");
            assert!(page.changes.len() <= 1000, "a page is a transaction of bounded size");
            number += 1;
            for change in page.changes {
                assert!(seen.insert(change.remote_id.clone()), "an id comes once");
                match change.content {
                    Content::Present(object) => {
                        self.known.insert(change.remote_id.clone(), change.version);
                        self.objects.insert(change.remote_id.clone(), object);
                        written.push(change.remote_id);
                    }
                    Content::Unreadable { reason, .. } => unreadable.push((change.remote_id, reason)),
                    Content::Same => same += 1,
                    Content::Removed => panic!("a feed never says what was removed"),
                }
            }
            last = page.end;
        }
        let end = last.expect("a pass that did not fail has an end");
        let (mut vanished, mut keep_ended_before) = (vec![], None);
        if let Coverage::Snapshot { keep_ended_before: keep } = end.coverage {
            vanished = self.known.keys().filter(|id| !seen.contains(*id)).cloned().collect();
            vanished.sort();
            keep_ended_before = keep;
        }
        self.cursor.clone_from(&end.cursor);
        Ok(Report { written, same, unreadable, vanished, keep_ended_before, pages: number, requests: meter.requests(), end })
    }

    /// The code of the failure that the next sync must meet. Nothing that it shows may hold the secret path.
    pub(crate) async fn failure(&mut self) -> String {
        let before = (self.known.clone(), self.cursor.clone());
        let error = self.sync().await.expect_err("this sync can not succeed");
        assert_eq!((self.known.clone(), self.cursor.clone()), before, "a failure changes nothing");
        let mut shown = format!("{error:?} {}", error.problem);
        let mut next = std::error::Error::source(&error);
        while let Some(source) = next {
            shown += &format!("{source} {source:?}");
            next = source.source();
        }
        assert!(!shown.contains("secret-path"), "the address is a secret: {shown}");
        error.problem.code.clone()
    }

    pub(crate) fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self.objects.values().map(|object| object.events[0].title.clone()).collect();
        titles.sort();
        titles
    }
}
