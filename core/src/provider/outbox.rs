//! How a provider whose service answers in JSON hands its pages to the engine.

use super::{Change, Page, PassEnd};
use crate::error::ProviderError;
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::mpsc::{self, Sender};
use tokio_stream::wrappers::ReceiverStream;

/// Changes in a page for the engine.
const CHANGES: usize = 500;

/// Where changes go.
pub(super) struct Outbox {
    sender: Sender<Result<Page, ProviderError>>,
    total: u64,
}

impl Outbox {
    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Hands changes over in pages; the last one carries the end.
    pub(super) async fn send(&mut self, mut changes: Vec<Change>, mut end: Option<PassEnd>) {
        self.total += changes.len() as u64;
        loop {
            let rest = if changes.len() > CHANGES { changes.split_off(CHANGES) } else { Vec::new() };
            let is_last = rest.is_empty();
            if changes.is_empty() && end.is_none() {
                return;
            }
            let total = end.as_ref().map(|_| self.total);
            let page = Page { changes, total, checkpoint: None, end: if is_last { end.take() } else { None } };
            if self.sender.send(Ok(page)).await.is_err() || is_last {
                return;
            }
            changes = rest;
        }
    }
}

/// The pages that `work` puts into its outbox, and its error. The work and its output are polled together, so no task is needed.
pub(super) fn pages<F>(work: impl FnOnce(Outbox) -> F) -> BoxStream<'static, Result<Page, ProviderError>>
where
    F: Future<Output = Result<(), ProviderError>> + Send + 'static,
{
    let (sender, pages) = mpsc::channel(2);
    let work = work(Outbox { sender: sender.clone(), total: 0 });
    let work = async move {
        if let Err(error) = work.await {
            // A reader that went away wants no error.
            let _ = sender.send(Err(error)).await;
        }
    };
    stream::select(ReceiverStream::new(pages), stream::once(work).filter_map(|()| async { None })).boxed()
}
