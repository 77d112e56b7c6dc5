//! The shape of the command line.

use crate::config::{DataArgs, LogArgs, ProviderArgs, SyncArgs, WebArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use std::path::PathBuf;
use syncline_domain::ids::{ConnectionId, HoldId};
use syncline_domain::sync::Mode;

/// Syncline: a self-hosted sync hub for calendars.
///
/// Every command works on the database itself; a running server is not needed and does not get in the way.
/// Exit codes: 0 done, 1 error, 2 usage, 3 some calendars failed or stopped early, 4 a sync is already in progress.
#[derive(Debug, Parser)]
#[command(name = "syncline", version, max_term_width = 110)]
pub struct Cli {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataArgs,
    /// How syncs reach out.
    #[command(flatten)]
    pub sync: SyncArgs,
    /// The providers.
    #[command(flatten)]
    pub providers: ProviderArgs,
    /// The log.
    #[command(flatten)]
    pub log: LogArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the page, REST and the scheduled syncs
    Serve(WebArgs),
    /// Accounts and their API tokens
    #[command(subcommand)]
    User(UserCommand),
    /// Connections to calendar servers and feeds
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Sync now and say what happened to each calendar
    Sync(SyncCommand),
    /// Deletions that wait for a decision
    #[command(subcommand)]
    Hold(HoldCommand),
    /// List the occurrences of a period
    Events(EventsCommand),
    /// Check the data folder, the key, the database, the time zones and the providers
    Doctor(DoctorArgs),
}

/// What `doctor` is told about the server.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// The address that browsers use, as for `serve`
    #[arg(long, value_name = "URL", env = "SYNCLINE_BASE_URL")]
    pub base_url: Option<String>,
    /// The address that providers send browsers back to, as for `serve`
    #[arg(long, value_name = "URL", env = "SYNCLINE_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How to answer.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs {
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// Whose data.
#[derive(Debug, Clone, Args)]
pub struct UserArg {
    /// E-mail address of the account
    #[arg(long = "user", value_name = "EMAIL")]
    pub email: String,
}

/// `syncline user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account; the first one is the administrator
    Add {
        /// E-mail address: the sign-in name
        email: String,
        /// Read the password from the standard input (its first line)
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Make an API token and print it alone; it is shown only this once
    Token {
        /// E-mail address of the account
        email: String,
        /// What to call it
        #[arg(long)]
        name: String,
    },
}

/// `syncline connection …`
#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Add a connection
    #[command(subcommand)]
    Add(AddCommand),
    /// List the connections with their calendars
    List {
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Remove a connection with its calendars and events from here; nothing changes at the provider
    Remove {
        /// The connection's id, as `connection list` shows it
        id: ConnectionId,
    },
}

/// `syncline connection add …`
#[derive(Debug, Subcommand)]
pub enum AddCommand {
    /// A CalDAV account
    Caldav {
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// Address of the server: a full address or a bare domain
        #[arg(long)]
        url: String,
        /// User name at the server
        #[arg(long)]
        username: String,
        /// Read the password from the standard input (its first line)
        #[arg(long, required = true)]
        password_stdin: bool,
        /// What to call it [default: the host]
        #[arg(long)]
        name: Option<String>,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// A Calendly account by a personal access token
    Calendly {
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// Read the token from the standard input (its first line)
        #[arg(long, required = true)]
        token_stdin: bool,
        /// What to call it [default: the account's address]
        #[arg(long)]
        name: Option<String>,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// An ICS feed or file
    Ics {
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// The feed.
        #[command(flatten)]
        source: IcsSource,
        /// What to call it [default: the feed's own name]
        #[arg(long)]
        name: Option<String>,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// Where an ICS feed comes from.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct IcsSource {
    /// Address of the feed (https, http or webcal)
    #[arg(long)]
    pub url: Option<String>,
    /// A file, plain or gzip
    #[arg(long, value_name = "PATH")]
    pub file: Option<PathBuf>,
}

/// `syncline hold …`
#[derive(Debug, Subcommand)]
pub enum HoldCommand {
    /// List what waits: how many events would go from which calendar, and which
    List {
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Remove the events, as the provider says
    Approve {
        /// The hold's id, as `hold list` shows it
        id: HoldId,
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Keep the events; the same situation does not ask again
    Reject {
        /// The hold's id, as `hold list` shows it
        id: HoldId,
        /// Whose.
        #[command(flatten)]
        user: UserArg,
        /// How to answer.
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// `syncline sync …`
#[derive(Debug, Args)]
pub struct SyncCommand {
    /// Whose.
    #[command(flatten)]
    pub user: UserArg,
    /// Only this connection; may be given several times
    #[arg(long = "connection", value_name = "ID")]
    pub connections: Vec<ConnectionId>,
    /// Which pass
    #[arg(long, default_value = "auto")]
    pub mode: ModeArg,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which pass.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ModeArg {
    /// Choose by what is known
    Auto,
    /// Only what changed since the last sync
    Incremental,
    /// Read everything and reconcile
    Full,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Auto => Self::Auto,
            ModeArg::Incremental => Self::Incremental,
            ModeArg::Full => Self::Full,
        }
    }
}

/// `syncline events …`
#[derive(Debug, Args)]
pub struct EventsCommand {
    /// Whose.
    #[command(flatten)]
    pub user: UserArg,
    /// First day: YYYY-MM-DD [default: 3 months ago, or what the user has set]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,
    /// Day after the last: YYYY-MM-DD [default: in 12 months, or what the user has set]
    #[arg(long, value_name = "DATE")]
    pub to: Option<Date>,
    /// IANA zone of the days and of floating times [default: the user's, else UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputArgs,
}
