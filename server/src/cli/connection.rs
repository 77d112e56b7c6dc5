//! `syncline connection …`

use super::args::{AddCommand, ConnectionCommand, IcsSource, OutputArgs};
use super::{Exit, Failure, account, print, print_json, read_secret, text};
use anyhow::Context as _;
use secrecy::SecretString;
use std::io::Read as _;
use std::path::Path;
use syncline_core::Hub;
use syncline_core::hub::{NewCaldav, NewCalendly, NewIcs};
use syncline_domain::view::Connection;

/// The most that a file may have.
const MAX_FILE: u64 = 25 * 1024 * 1024;

pub(super) async fn run(hub: &Hub, command: ConnectionCommand) -> Result<Exit, Failure> {
    match command {
        ConnectionCommand::Add(AddCommand::Caldav { user, url, username, password_stdin: _, name, output }) => {
            let viewer = account(hub, &user.email).await?;
            let new = NewCaldav { address: url, username, password: read_secret("password")?, name };
            added(&hub.add_caldav(&viewer.id, new).await?, output)?;
        }
        ConnectionCommand::Add(AddCommand::Calendly { user, token_stdin: _, name, output }) => {
            let viewer = account(hub, &user.email).await?;
            added(&hub.add_calendly(&viewer.id, NewCalendly { token: read_secret("token")?, name }).await?, output)?;
        }
        ConnectionCommand::Add(AddCommand::Ics { user, source, name, output }) => {
            let viewer = account(hub, &user.email).await?;
            added(&hub.add_ics(&viewer.id, feed(source, name)?).await?, output)?;
        }
        ConnectionCommand::List { user, output } => {
            let viewer = account(hub, &user.email).await?;
            let connections = hub.connections(&viewer.id).await?;
            if output.json {
                print_json(&connections)?;
            } else if connections.is_empty() {
                print("No connections yet. Add one with `syncline connection add caldav` or `syncline connection add ics`.\n")?;
            } else {
                print(&connections.iter().map(text::connection).collect::<String>())?;
            }
        }
        ConnectionCommand::Remove { id } => {
            let owner = hub.owner_of_connection(&id).await?;
            hub.disconnect(&owner, &id).await?;
            print("Removed the connection with its calendars and events from here. Nothing changed at the provider.\n")?;
        }
    }
    Ok(Exit::Done)
}

fn added(connection: &Connection, output: OutputArgs) -> anyhow::Result<()> {
    if output.json {
        return print_json(connection);
    }
    print(&format!("Added:\n{}Sync it now with `syncline sync`.\n", text::connection(connection)))
}

fn feed(source: IcsSource, name: Option<String>) -> anyhow::Result<NewIcs> {
    match source {
        IcsSource { url: Some(url), file: None } => Ok(NewIcs::Address { url: SecretString::from(url), name }),
        IcsSource { url: None, file: Some(path) } => {
            let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Ok(NewIcs::File { file_name, bytes: read(&path)?, name })
        }
        _ => anyhow::bail!("give --url or --file"),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let file = std::fs::File::open(path).with_context(|| format!("can not open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).with_context(|| format!("can not read {}", path.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= MAX_FILE, "{} has more than 25 MB", path.display());
    Ok(bytes)
}
