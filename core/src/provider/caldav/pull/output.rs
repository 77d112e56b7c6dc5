//! Pages on their way to the engine.

use crate::error::ProviderError;
use crate::provider::{Change, Page, PassEnd};
use syncline_domain::failure::{Class, Problem};
use tokio::sync::mpsc::Sender;

/// Changes in a page.
pub(super) const PAGE: usize = 500;
/// Where a pass can be resumed is no more than the fact that it began: what is stored is compared and not fetched again.
pub(super) const CHECKPOINT: &str = "begun";

/// Collects changes into pages.
pub(super) struct Output {
    pages: Sender<Result<Page, ProviderError>>,
    changes: Vec<Change>,
    /// How many changes the pass brings, once that is known.
    pub(super) total: Option<u64>,
    /// Set on the pages of a pass that reads everything.
    pub(super) resumable: bool,
}

impl Output {
    pub(super) fn new(pages: Sender<Result<Page, ProviderError>>) -> Self {
        Self { pages, changes: Vec::new(), total: None, resumable: false }
    }

    /// Adds a change, and sends the page when it is full.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) async fn push(&mut self, change: Change) -> Result<(), ProviderError> {
        self.changes.push(change);
        if self.changes.len() >= PAGE { self.flush().await } else { Ok(()) }
    }

    /// Sends what there is.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) async fn flush(&mut self) -> Result<(), ProviderError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let page = self.page(None);
        self.send(page).await
    }

    /// Sends the last page.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub(super) async fn finish(&mut self, end: PassEnd) -> Result<(), ProviderError> {
        let page = self.page(Some(end));
        self.send(page).await
    }

    /// Takes changes over that another thread had begun to collect.
    pub(super) fn take_over(&mut self, mut changes: Vec<Change>) {
        self.changes.append(&mut changes);
    }

    /// The way for a thread that makes its own pages.
    pub(super) fn pages(&self) -> Sender<Result<Page, ProviderError>> {
        self.pages.clone()
    }

    fn page(&mut self, end: Option<PassEnd>) -> Page {
        let checkpoint = (self.resumable && end.is_none()).then(|| CHECKPOINT.to_owned());
        Page { changes: std::mem::take(&mut self.changes), total: self.total, checkpoint, end }
    }

    async fn send(&self, page: Page) -> Result<(), ProviderError> {
        self.pages.send(Ok(page)).await.map_err(|_| {
            let problem = Problem::new("cancelled", "The sync was stopped.", "What was saved stays; start it again to go on.");
            ProviderError::new("caldav.pull", Class::Cancelled, problem)
        })
    }
}
