//! `syncline sync`

use super::args::SyncCommand;
use super::{Exit, Failure, account, print, print_json, progress, text};
use std::io::IsTerminal as _;
use syncline_core::Hub;
use syncline_core::hub::{Scope, SyncOptions};
use syncline_domain::sync::{SyncReport, Trigger};

pub(super) async fn run(hub: &Hub, command: SyncCommand) -> Result<Exit, Failure> {
    let viewer = account(hub, &command.user.email).await?;
    let scope = if command.connections.is_empty() { Scope::Everything } else { Scope::Connections(command.connections) };
    let live = hub.live(&viewer.id, None);
    let started = hub.start_sync(&viewer.id, scope, SyncOptions { mode: command.mode.into(), trigger: Trigger::Manual }).await?;
    let report = tokio::select! {
        report = hub.wait_for(&viewer.id, &started.run_id) => report?,
        () = progress::show(live, &started.job_ids, std::io::stderr().is_terminal()) => unreachable!("progress never ends by itself"),
        _ = tokio::signal::ctrl_c() => {
            hub.cancel_sync(&viewer.id, &started.run_id).await?;
            hub.wait_for(&viewer.id, &started.run_id).await?
        }
    };
    progress::clear(std::io::stderr().is_terminal());
    if command.output.json {
        print_json(&report)?;
    } else {
        print(&text::report(&report))?;
    }
    Ok(exit(&report))
}

fn exit(report: &SyncReport) -> Exit {
    if report.success { Exit::Done } else { Exit::Partial }
}
