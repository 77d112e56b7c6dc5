//! Everything in one streamed query: the fastest that a server can give.

use super::output::{CHECKPOINT, PAGE};
use super::{Puller, Versions, member_path};
use crate::error::ProviderError;
use crate::provider::caldav::normalize::{self, Reading};
use crate::provider::caldav::problems::{self, Subject};
use crate::provider::caldav::transport::{Call, STREAMED, fold};
use crate::provider::caldav::wire::{ALL_WITH_DATA, Row};
use crate::provider::{Change, Content, Page};
use http::StatusCode;
use std::collections::HashSet;
use std::ops::ControlFlow;
use syncline_domain::failure::Class;
use tokio::sync::mpsc::Sender;
use url::Url;

const WHAT: &str = "caldav.query";

/// How the query went.
pub(super) enum Bulk {
    /// The answer came to its end; these objects were in it.
    Whole(Versions),
    /// The server says that it left something out; these were in it.
    Cut(Versions),
    /// The server does not answer such a query (Radicale: above 10,000 events).
    Refused,
}

/// What the parsing thread keeps.
struct Collector {
    pages: Sender<Result<Page, ProviderError>>,
    changes: Vec<Change>,
    seen: Versions,
    cut: bool,
    /// Only these are wanted, when given.
    only: Option<HashSet<String>>,
    reading: Reading,
    url: Url,
    path: String,
}

impl Puller {
    /// Runs the query and sends its objects as pages while it arrives. `only` leaves out all but these.
    ///
    /// # Errors
    /// When the connection breaks or the document is damaged; what came before was sent.
    pub(super) async fn bulk(&mut self, only: Option<HashSet<String>>) -> Result<Bulk, ProviderError> {
        let call = Call { limit: STREAMED, ..Call::report(WHAT, &self.target.url, 1, ALL_WITH_DATA) };
        let response = match self.target.dav.send(call, &self.target.meter).await {
            Ok(response) if response.status == StatusCode::MULTI_STATUS => response,
            Ok(response) if is_too_much(response.status) => return Ok(Bulk::Refused),
            Ok(response) => return Err(problems::refusal(WHAT, &response, Subject::Calendar)),
            // A server that is still putting the answer together after a minute may well be quick with small ones.
            Err(error) if error.class == Class::Transient && error.problem.code == "timeout" => return Ok(Bulk::Refused),
            Err(error) => return Err(error),
        };
        self.out.resumable = true;
        self.out.flush().await?;
        let collector = Collector {
            pages: self.out.pages(),
            changes: Vec::with_capacity(PAGE),
            seen: Versions::new(),
            cut: false,
            only,
            reading: self.target.reading.clone(),
            url: self.target.url.clone(),
            path: self.target.path.clone(),
        };
        let folded = fold(WHAT, response, collector, Collector::take).await?;
        self.out.take_over(folded.state.changes);
        folded.end?;
        Ok(if folded.state.cut { Bulk::Cut(folded.state.seen) } else { Bulk::Whole(folded.state.seen) })
    }
}

/// Answers that mean "not in this form", and those of servers and proxies that break under a large answer.
fn is_too_much(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 403 | 405 | 409 | 412 | 413 | 414 | 415 | 422 | 500 | 501 | 502 | 504 | 507)
}

impl Collector {
    fn take(&mut self, row: Row) -> ControlFlow<()> {
        let Row { href, status, props } = row;
        if status == Some(507) {
            self.cut = true;
            return ControlFlow::Continue(());
        }
        let Some((path, _)) = member_path(&href, &self.url, &self.path) else { return ControlFlow::Continue(()) };
        if matches!(status, Some(404 | 410)) || self.only.as_ref().is_some_and(|only| !only.contains(&path)) {
            return ControlFlow::Continue(());
        }
        let content = match status {
            Some(status) if status >= 300 => {
                Some(Content::Unreadable { reason: "refused_object", detail: format!("the server answered {status} for the object") })
            }
            _ => normalize::content(props.data.as_deref(), &self.reading),
        };
        let Some(content) = content else { return ControlFlow::Continue(()) };
        self.seen.insert(path.clone(), props.etag.clone());
        self.changes.push(Change { remote_id: path, version: props.etag, content });
        if self.changes.len() < PAGE {
            return ControlFlow::Continue(());
        }
        let changes = std::mem::replace(&mut self.changes, Vec::with_capacity(PAGE));
        let page = Page { changes, total: None, checkpoint: Some(CHECKPOINT.to_owned()), end: None };
        if self.pages.blocking_send(Ok(page)).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}
