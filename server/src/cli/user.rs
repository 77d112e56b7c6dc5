//! `syncline user …`

use super::args::UserCommand;
use super::{Exit, Failure, account, print, read_secret};
use secrecy::ExposeSecret as _;
use syncline_core::Hub;

pub(super) async fn run(hub: &Hub, command: UserCommand) -> Result<Exit, Failure> {
    match command {
        UserCommand::Add { email, password_stdin: _ } => {
            hub.add_user(&email, &read_secret("password")?).await?;
            print(&format!("Made the account {}.\n", email.trim().to_lowercase()))?;
        }
        UserCommand::Token { email, name } => {
            let viewer = account(hub, &email).await?;
            let made = hub.create_token(&viewer.id, &name).await?;
            print(&format!("{}\n", made.secret.expose_secret()))?;
        }
    }
    Ok(Exit::Done)
}
