//! `syncline hold …`

use super::args::{HoldCommand, OutputArgs};
use super::{Exit, Failure, account, print, print_json, text};
use syncline_core::Hub;
use syncline_domain::ids::HoldId;
use syncline_domain::view::HoldDecision;

pub(super) async fn run(hub: &Hub, command: HoldCommand) -> Result<Exit, Failure> {
    match command {
        HoldCommand::List { user, output } => {
            let viewer = account(hub, &user.email).await?;
            let holds = hub.holds(&viewer.id).await?;
            if output.json {
                print_json(&holds)?;
            } else if holds.is_empty() {
                print("Nothing is on hold.\n")?;
            } else {
                print(&holds.iter().map(text::hold).collect::<String>())?;
                print("Decide with `syncline hold approve ID` (remove them) or `syncline hold reject ID` (keep them).\n")?;
            }
        }
        HoldCommand::Approve { id, user, output } => decide(hub, &user.email, &id, HoldDecision::Approve, output).await?,
        HoldCommand::Reject { id, user, output } => decide(hub, &user.email, &id, HoldDecision::Reject, output).await?,
    }
    Ok(Exit::Done)
}

async fn decide(hub: &Hub, email: &str, id: &HoldId, decision: HoldDecision, output: OutputArgs) -> Result<(), Failure> {
    let viewer = account(hub, email).await?;
    let removed = hub.decide_hold(&viewer.id, id, decision).await?;
    if output.json {
        print_json(&serde_json::json!({ "removed": removed }))?;
    } else {
        print(&match decision {
            HoldDecision::Approve if removed == 1 => "Removed 1 event.\n".to_owned(),
            HoldDecision::Approve => format!("Removed {removed} events.\n"),
            HoldDecision::Reject => "Kept everything. The same situation does not ask again.\n".to_owned(),
        })?;
    }
    Ok(())
}
