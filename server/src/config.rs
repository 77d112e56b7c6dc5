//! Everything that can be set, one struct per area. Read once, from the command line and the environment; nothing else in
//! the workspace reads the environment.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use syncline_core::Config;
use syncline_core::oauth::{OAuthSettings, ServiceSettings};
use url::Url;

/// Where the data is and how it is sealed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub struct DataArgs {
    /// Folder of the SQLite file and the key file [default: $XDG_DATA_HOME/syncline or ~/.local/share/syncline]
    #[arg(long, value_name = "DIR", env = "SYNCLINE_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// A PostgreSQL database in place of the SQLite file: `postgres://user:password@host/name`
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
}

/// How syncs reach out.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Syncs")]
pub struct SyncArgs {
    /// Allow private, loopback and link-local addresses (home networks, tests)
    #[arg(long, env = "SYNCLINE_ALLOW_PRIVATE_ADDRESSES", global = true, num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub allow_private_addresses: bool,

    /// A sync that takes longer ends as `partial` and can be continued: `4m30s`, or seconds
    #[arg(long, value_name = "TIME", env = "SYNCLINE_SYNC_BUDGET", global = true, default_value = "4m30s", value_parser = parse_duration)]
    pub sync_budget: Duration,
}

/// Our clients at the providers that users allow by signing in there, and other addresses for these providers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Providers")]
pub struct ProviderArgs {
    /// Google: client id of the "Web application" in the Google Cloud console
    #[arg(long, value_name = "ID", env = "SYNCLINE_GOOGLE_CLIENT_ID", global = true)]
    pub google_client_id: Option<String>,

    /// Google: another address of the API (a stand-in, a proxy)
    #[arg(long, value_name = "URL", env = "SYNCLINE_GOOGLE_API_BASE", global = true, hide = true)]
    pub google_api_base: Option<String>,

    /// Google: another address of the authorization server
    #[arg(long, value_name = "URL", env = "SYNCLINE_GOOGLE_OAUTH_BASE", global = true, hide = true)]
    pub google_oauth_base: Option<String>,

    /// Microsoft: application (client) id of the app registration in the Entra admin center
    #[arg(long, value_name = "ID", env = "SYNCLINE_MICROSOFT_CLIENT_ID", global = true)]
    pub microsoft_client_id: Option<String>,

    /// Microsoft: the directory (tenant) whose accounts may sign in, an id or a domain [default: all, and personal accounts]
    #[arg(long, value_name = "TENANT", env = "SYNCLINE_MICROSOFT_TENANT", global = true, value_parser = parse_tenant)]
    pub microsoft_tenant: Option<String>,

    /// Microsoft: another address of the API
    #[arg(long, value_name = "URL", env = "SYNCLINE_MICROSOFT_API_BASE", global = true, hide = true)]
    pub microsoft_api_base: Option<String>,

    /// Microsoft: another address of the authorization server
    #[arg(long, value_name = "URL", env = "SYNCLINE_MICROSOFT_OAUTH_BASE", global = true, hide = true)]
    pub microsoft_oauth_base: Option<String>,

    /// Calendly: client id of the application at developer.calendly.com; personal access tokens need none
    #[arg(long, value_name = "ID", env = "SYNCLINE_CALENDLY_CLIENT_ID", global = true)]
    pub calendly_client_id: Option<String>,

    /// Calendly: another address of the API
    #[arg(long, value_name = "URL", env = "SYNCLINE_CALENDLY_API_BASE", global = true, hide = true)]
    pub calendly_api_base: Option<String>,

    /// Calendly: another address of the authorization server
    #[arg(long, value_name = "URL", env = "SYNCLINE_CALENDLY_OAUTH_BASE", global = true, hide = true)]
    pub calendly_oauth_base: Option<String>,
}

impl ProviderArgs {
    /// What the core needs. The secrets (`SYNCLINE_GOOGLE_CLIENT_SECRET` and so on) come from `secret`; they can not be given as
    /// arguments, because arguments are visible to every user of the machine.
    #[must_use]
    pub fn settings(&self, secret: impl Fn(&str) -> Option<SecretString>) -> OAuthSettings {
        let service = |id: &Option<String>, api: &Option<String>, oauth: &Option<String>, name: &str| {
            let given = |text: &Option<String>| text.clone().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            ServiceSettings {
                client_id: given(id),
                client_secret: secret(name),
                api_base: given(api),
                oauth_base: given(oauth),
                webhook_key: None,
                tenant: None,
            }
        };
        OAuthSettings {
            google: service(&self.google_client_id, &self.google_api_base, &self.google_oauth_base, "SYNCLINE_GOOGLE_CLIENT_SECRET"),
            microsoft: ServiceSettings {
                tenant: self.microsoft_tenant.clone().filter(|tenant| !tenant.is_empty()),
                ..service(
                    &self.microsoft_client_id,
                    &self.microsoft_api_base,
                    &self.microsoft_oauth_base,
                    "SYNCLINE_MICROSOFT_CLIENT_SECRET",
                )
            },
            calendly: ServiceSettings {
                webhook_key: secret("CALENDLY_WEBHOOK_SIGNING_KEY"),
                ..service(&self.calendly_client_id, &self.calendly_api_base, &self.calendly_oauth_base, "SYNCLINE_CALENDLY_CLIENT_SECRET")
            },
        }
    }
}

/// A tenant is part of an address.
fn parse_tenant(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if is_name { Ok(text.to_owned()) } else { Err("the directory's id, or one of its domains".to_owned()) }
}

/// What is written to the log (on the error output).
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogArgs {
    /// What to log: `info`, `syncline_core=debug,info`, … [default: info for `serve`, else warn]
    #[arg(long = "log", value_name = "FILTER", env = "SYNCLINE_LOG", global = true)]
    pub filter: Option<String>,

    /// How to write the log
    #[arg(long, value_name = "FORMAT", env = "SYNCLINE_LOG_FORMAT", global = true, default_value = "text")]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How the server is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct WebArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", env = "SYNCLINE_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address that browsers use, when it is another one (a proxy, https): `https://calendar.example.org`
    #[arg(long, value_name = "URL", env = "SYNCLINE_BASE_URL", value_parser = parse_base_url)]
    pub base_url: Option<Url>,

    /// The address that providers send browsers back to, when it is another one than the base URL
    #[arg(long, value_name = "URL", env = "SYNCLINE_PUBLIC_URL", value_parser = parse_base_url)]
    pub public_url: Option<Url>,

    /// Believe the last `X-Forwarded-For` entry; only behind a proxy that sets it
    #[arg(long, env = "SYNCLINE_TRUST_PROXY", num_args = 0..=1, require_equals = true,
          default_value = "false", default_missing_value = "true", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub trust_proxy: bool,

    /// Folder of the built page in place of the one inside this binary
    #[arg(long, value_name = "DIR", env = "SYNCLINE_SITE_DIR")]
    pub site_dir: Option<PathBuf>,

    /// Offer to look around with sample data, also beside real accounts
    #[arg(long)]
    pub demo: bool,

    /// `SYNCLINE_METRICS_TOKEN`: whoever bears it may read `/metrics`; without it only this machine may.
    #[arg(skip)]
    pub metrics_token: Option<SecretString>,
}

impl Default for WebArgs {
    /// For tests: a free port of the loopback interface.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_url: None,
            public_url: None,
            trust_proxy: false,
            site_dir: None,
            demo: false,
            metrics_token: None,
        }
    }
}

impl WebArgs {
    /// The address that providers send browsers back to, when it is configured.
    #[must_use]
    pub fn public(&self) -> Option<&Url> {
        self.public_url.as_ref().or(self.base_url.as_ref())
    }

    /// Browsers reach the instance by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }
}

/// The configuration of the core. `secret_key` is the value of `SYNCLINE_SECRET_KEY`; it can not be given as an argument,
/// because arguments are visible to every user of the machine.
///
/// # Errors
/// When no data folder is given and there is no home folder either.
pub fn hub_config(data: &DataArgs, sync: &SyncArgs, providers: &ProviderArgs, secret_key: Option<SecretString>) -> anyhow::Result<Config> {
    let data_dir = match &data.data_dir {
        Some(dir) => dir.clone(),
        None => default_data_dir().ok_or_else(|| anyhow::anyhow!("There is no home folder. Say where the data is: --data-dir DIR"))?,
    };
    let mut config = Config::in_dir(data_dir);
    config.database_url = data.database_url.clone().filter(|url| !url.is_empty());
    config.secret_key = secret_key;
    config.outbound.allow_private = sync.allow_private_addresses;
    config.sync_budget = sync.sync_budget;
    config.oauth = providers.settings(secret_from_environment);
    Ok(config)
}

/// `SYNCLINE_SECRET_KEY`.
#[must_use]
pub fn secret_key_from_environment() -> Option<SecretString> {
    secret_from_environment("SYNCLINE_SECRET_KEY")
}

/// A secret that only the environment may hold.
#[must_use]
pub fn secret_from_environment(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(SecretString::from)
}

fn default_data_dir() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = match xdg {
        Some(path) => path,
        None => std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?.join(".local/share"),
    };
    Some(base.join("syncline"))
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => text
            .parse::<SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .ok_or_else(|| "expected a time such as 4m30s, or a number of seconds".to_owned())?,
    };
    if parsed.is_zero() { Err("a sync needs some time".to_owned()) } else { Ok(parsed) }
}

fn parse_base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(url) } else { Err("expected only scheme, host and port, such as https://calendar.example.org".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_words_or_in_seconds() {
        assert_eq!(parse_duration("4m30s"), Ok(Duration::from_secs(270)));
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        for bad in ["", "soon", "-5s", "0"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_url_has_no_path_and_no_password() {
        assert!(parse_base_url("https://calendar.example.org").is_ok());
        for bad in ["calendar.example.org", "https://example.org/sub", "ftp://example.org", "https://u:p@example.org"] {
            assert!(parse_base_url(bad).is_err(), "{bad}");
        }
    }
}
