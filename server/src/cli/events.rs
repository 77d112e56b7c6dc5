//! `syncline events`

use super::args::EventsCommand;
use super::{Exit, Failure, account, print, print_json, text};
use syncline_core::Hub;
use syncline_core::error::Error;

pub(super) async fn run(hub: &Hub, command: EventsCommand) -> Result<Exit, Failure> {
    if command.to <= command.from {
        return Err(Error::invalid("empty_period", "The period ends before it begins.", "Give a --to after --from.").into());
    }
    let viewer = account(hub, &command.user.email).await?;
    let occurrences = hub.occurrences(&viewer.id, command.from, command.to, command.timezone.as_deref()).await?;
    if command.output.json {
        print_json(&occurrences)?;
    } else if occurrences.is_empty() {
        print("Nothing in this period.\n")?;
    } else {
        print(&occurrences.iter().map(text::occurrence).collect::<String>())?;
    }
    Ok(Exit::Done)
}
