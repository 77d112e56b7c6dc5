//! `syncline serve`

use super::{Exit, Failure, print};
use crate::Application;
use crate::config::{WebArgs, secret_from_environment};
use anyhow::Context as _;
use syncline_core::{Config, Hub};
use tokio_util::sync::CancellationToken;

pub(super) async fn run(config: Config, web: WebArgs) -> Result<Exit, Failure> {
    let web = WebArgs { metrics_token: secret_from_environment("SYNCLINE_METRICS_TOKEN"), ..web };
    let public_url = web.public().map(ToString::to_string);
    let hub = Hub::open(Config { public_url, ..config }).await?;
    let application = match Application::build(hub.clone(), web).await {
        Ok(application) => application,
        Err(error) => {
            hub.close().await;
            return Err(error.into());
        }
    };
    print(&format!("Syncline listens on http://{}\n", application.address()))?;
    tokio::spawn(stop_on_signal(application.shutdown()));
    application.run().await?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

/// The first signal stops in an orderly way, a second one at once.
async fn stop_on_signal(shutdown: CancellationToken) {
    if let Err(error) = signal().await {
        tracing::error!(%error, "signals can not be received; stop the process by force");
        return;
    }
    tracing::info!("stopping; once more stops at once");
    shutdown.cancel();
    if signal().await.is_ok() {
        std::process::exit(130);
    }
}

#[cfg(unix)]
async fn signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => result.context("SIGINT"),
    }
}

#[cfg(not(unix))]
async fn signal() -> anyhow::Result<()> {
    tokio::signal::ctrl_c().await.context("Ctrl-C")
}
