//! `syncline events`

use super::args::EventsCommand;
use super::{Exit, Failure, account, print, print_json, text};
use syncline_core::Hub;

pub(super) async fn run(hub: &Hub, command: EventsCommand) -> Result<Exit, Failure> {
    let viewer = account(hub, &command.user.email).await?;
    let zone = command.timezone.as_deref();
    let (from, to) = hub.range(&viewer.id, zone).await?;
    let occurrences = hub.occurrences(&viewer.id, command.from.unwrap_or(from), command.to.unwrap_or(to), zone).await?;
    if command.output.json {
        print_json(&occurrences)?;
    } else if occurrences.is_empty() {
        print("Nothing in this period.\n")?;
    } else {
        print(&occurrences.iter().map(text::occurrence).collect::<String>())?;
    }
    Ok(Exit::Done)
}
