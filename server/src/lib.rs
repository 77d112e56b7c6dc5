//! The `syncline` binary as a library: configuration, router, REST, live stream, sessions and command line. Decides nothing
//! about syncs: page, REST and command line call the same [`syncline_core::Hub`].
//!
//! [`Application::build`] is what both `syncline serve` and the tests start.

// The pages are deep types, and this crate renders them; see the same line in `app`.
#![recursion_limit = "512"]

pub mod api;
pub mod cli;
pub mod config;
#[cfg(feature = "demo")]
pub mod demo;
pub mod openapi;
pub mod problem;
pub mod router;
pub mod state;
pub mod telemetry;
pub mod throttle;
pub mod web;

use crate::config::WebArgs;
use crate::state::AppState;
use anyhow::Context as _;
use std::net::SocketAddr;
use std::time::Duration;
use syncline_core::Hub;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Requests that are at work when the server stops get this long.
const GRACE: Duration = Duration::from_secs(10);

/// A server that listens but does not answer yet.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    state: AppState,
}

impl Application {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address can not be listened on.
    pub async fn build(hub: Hub, web: WebArgs) -> anyhow::Result<Self> {
        let wanted = web.listen;
        let listener = TcpListener::bind(wanted).await.with_context(|| format!("can not listen on {wanted}"))?;
        let address = listener.local_addr().context("the listening socket has no address")?;
        Ok(Self { listener, address, state: AppState::new(hub, web, CancellationToken::new()) })
    }

    /// Where it listens; with port 0 this is the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cancelling it stops the server in an orderly way.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.state.shutdown.clone()
    }

    /// Answers requests and runs the background tasks until the shutdown: then nothing new is accepted, streams end, running
    /// requests get a moment, running syncs stop where they can be resumed, and the database is closed.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn run(self) -> anyhow::Result<()> {
        let Self { listener, state, .. } = self;
        let shutdown = state.shutdown.clone();
        let hub = state.hub.clone();
        let service = router::router(&state).into_make_service_with_connect_info::<SocketAddr>();
        let serve = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        let late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let served = tokio::select! {
            served = async { tokio::join!(serve.into_future(), stop_with(&shutdown, hub.run_tasks())).0 } => served.context("the server stopped"),
            () = late => {
                tracing::warn!("some requests did not end in time");
                Ok(())
            }
        };
        hub.close().await;
        served
    }
}

/// Runs something until the shutdown.
async fn stop_with(shutdown: &CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = shutdown.cancelled() => {}
    }
}
