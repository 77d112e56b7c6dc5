//! The command line: the same facade as the page and REST, on the same database, without a server.
//!
//! Exit codes: 0 done, 1 error, 2 usage (from clap), 3 some calendars failed or stopped early (an event that
//! can not be read is named and is no failure), 4 already in progress. Answers go to
//! the standard output, everything else (progress, errors, the log) to the error output. With `--json` an error is the
//! problem that REST would answer, on the standard output.
//!
//! To add a command: its shape in `args`, a file with `run`, its line in `execute`.

pub mod args;
mod connection;
mod doctor;
mod events;
mod hold;
mod progress;
mod providers;
mod serve;
mod sync;
mod text;
mod user;

use crate::config::{hub_config, secret_key_from_environment};
use crate::problem::ApiError;
use crate::telemetry;
use anyhow::Context as _;
use args::{AddCommand, Cli, Command, ConnectionCommand, HoldCommand};
use secrecy::SecretString;
use serde::Serialize;
use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use syncline_core::error::Error;
use syncline_core::{Config, Hub};
use syncline_domain::failure::Problem;
use syncline_domain::view::Viewer;

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Everything was done.
    Done,
    /// Something that was checked is not as it should be.
    Error,
    /// Some calendars failed or stopped early.
    Partial,
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// The facade said no.
    Core(Error),
    /// Something around it failed: standard input, a file, a socket.
    Other(anyhow::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Runs a command to its end.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    telemetry::start(&cli.log, if matches!(cli.command, Command::Serve(_)) { "info,sqlx=warn" } else { "error" });
    let json = wants_json(&cli.command);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("syncline: the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(execute(cli));
    // The database is closed; a blocking thread that still computes (a name being looked up) is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Error) => ExitCode::from(1),
        Ok(Exit::Partial) => ExitCode::from(3),
        Err(failure) => failed(failure, json),
    }
}

async fn execute(cli: Cli) -> Result<Exit, Failure> {
    let config = hub_config(&cli.data, &cli.sync, &cli.providers, secret_key_from_environment())?;
    match cli.command {
        Command::Serve(web) => serve::run(config, web).await,
        Command::Doctor(args) => doctor::run(config, args).await,
        Command::User(command) => with_hub(config, async |hub| user::run(&hub, command).await).await,
        Command::Connection(command) => with_hub(config, async |hub| connection::run(&hub, command).await).await,
        Command::Sync(command) => with_hub(config, async |hub| sync::run(&hub, command).await).await,
        Command::Hold(command) => with_hub(config, async |hub| hold::run(&hub, command).await).await,
        Command::Events(command) => with_hub(config, async |hub| events::run(&hub, command).await).await,
    }
}

async fn with_hub(config: Config, work: impl AsyncFnOnce(Hub) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    let hub = Hub::open(config).await?;
    let result = work(hub.clone()).await;
    hub.close().await;
    result
}

fn wants_json(command: &Command) -> bool {
    match command {
        Command::Sync(command) => command.output.json,
        Command::Events(command) => command.output.json,
        Command::Doctor(args) => args.output.json,
        Command::Connection(
            ConnectionCommand::List { output, .. }
            | ConnectionCommand::Add(
                AddCommand::Caldav { output, .. } | AddCommand::Calendly { output, .. } | AddCommand::Ics { output, .. },
            ),
        )
        | Command::Hold(HoldCommand::List { output, .. } | HoldCommand::Approve { output, .. } | HoldCommand::Reject { output, .. }) => {
            output.json
        }
        Command::Serve(_) | Command::User(_) | Command::Connection(ConnectionCommand::Remove { .. }) => false,
    }
}

fn failed(failure: Failure, json: bool) -> ExitCode {
    let code = if matches!(failure, Failure::Core(Error::AlreadyRunning { .. })) { 4 } else { 1 };
    match failure {
        Failure::Core(error) => {
            let Problem { message, action, .. } = error.problem();
            eprintln!("syncline: {message}\n  {action}");
            if json {
                let _ = print_json(&ApiError::from(error).body());
            }
        }
        Failure::Other(error) => eprintln!("syncline: {error:#}"),
    }
    ExitCode::from(code)
}

/// The account with an e-mail address.
async fn account(hub: &Hub, email: &str) -> Result<Viewer, Error> {
    hub.user_by_email(email).await?.ok_or_else(|| {
        Error::invalid(
            "unknown_user",
            format!("There is no account {email}."),
            "Make it with `syncline user add`, or look at the spelling.",
        )
    })
}

/// The first line of the standard input.
fn read_secret(what: &str) -> anyhow::Result<SecretString> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).with_context(|| format!("the {what} can not be read from the standard input"))?;
    let secret = line.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(!secret.is_empty(), "there is no {what} on the standard input");
    Ok(SecretString::from(secret))
}

/// Writes to the standard output. A reader that went away (`| head`) is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error).context("the answer can not be written"),
        _ => Ok(()),
    }
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value).context("the answer can not be written as JSON")?;
    print(&format!("{text}\n"))
}
