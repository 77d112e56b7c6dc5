//! Background work. This module and the server are the only places that start threads or tasks.

mod run;

pub(crate) use run::run;
#[cfg(feature = "test-support")]
pub(crate) use run::start_due;

use crate::error::ProviderError;
use syncline_domain::failure::{Class, Problem};

/// Runs work that keeps a core busy (parsing a feed, hashing a password) away from the threads that serve requests. Dropping
/// the future does not stop the work, so it must end by itself.
///
/// # Errors
/// `internal_error` when the work panicked, so that one broken input stops one calendar and nothing else; `cancelled` when
/// the server is shutting down.
pub async fn blocking<T: Send + 'static>(what: &'static str, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| not_ended(what, error))
}

fn not_ended(what: &'static str, error: tokio::task::JoinError) -> ProviderError {
    let (class, problem) = if error.is_cancelled() {
        let problem = Problem::new("cancelled", "The server is shutting down.", "Start the sync again when it is back.");
        (Class::Cancelled, problem)
    } else {
        let message = "Syncline met a fault of its own while it read this.";
        (Class::Permanent, Problem::new("internal_error", message, "Please report it with the server's log of this moment."))
    };
    ProviderError::new(what, class, problem).with_source(error)
}

/// Runs a stream on a task of its own, so that it goes on while the last item is worked on; at most two items wait. The
/// task ends when the receiver is dropped.
pub(crate) fn pages<T: Send + 'static>(mut stream: futures::stream::BoxStream<'static, T>) -> tokio::sync::mpsc::Receiver<T> {
    use futures::StreamExt as _;
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        loop {
            let item = tokio::select! {
                () = sender.closed() => return,
                item = stream.next() => item,
            };
            let Some(item) = item else { return };
            if sender.send(item).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// Runs something to its end, also when whoever asked for it goes away in the middle.
///
/// # Errors
/// As [`blocking`].
pub(crate) async fn to_the_end<T: Send + 'static>(
    what: &'static str,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::spawn(work).await.map_err(|error| not_ended(what, error))
}

/// Runs a job to its end, whether or not anybody waits for it.
pub(crate) fn detach(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_in_blocking_work_becomes_an_error() {
        assert_eq!(blocking("test", || 7).await.unwrap(), 7);
        let error = blocking("test", || -> u8 { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(error.problem.code, "internal_error");
    }
}
