//! `syncline doctor`: looks at what Syncline stands on and says in plain words what is wrong.

use super::args::DoctorArgs;
use super::providers;
use super::{Exit, Failure, print, print_json};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use syncline_core::oauth::OAuthSettings;
use syncline_core::{Config, Hub};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    pub(super) ok: bool,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) action: Option<String>,
}

impl Check {
    pub(super) fn good(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, ok: true, message: message.into(), action: None }
    }

    pub(super) fn bad(name: &'static str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { name, ok: false, message: message.into(), action: Some(action.into()) }
    }
}

pub(super) async fn run(config: Config, args: DoctorArgs) -> Result<Exit, Failure> {
    let output = args.output;
    let mut checks = vec![data_folder(&config)];
    if config.secret_key.is_none() {
        checks.extend(key_file(&config.data_dir));
    }
    let (database, stored) = database(config.clone()).await;
    checks.push(database);
    checks.push(zones());
    checks.extend(providers::check(&config, stored.as_deref().unwrap_or(&config.oauth), &args).await);
    let ok = checks.iter().all(|check| check.ok);
    if output.json {
        print_json(&serde_json::json!({ "ok": ok, "version": env!("CARGO_PKG_VERSION"), "checks": checks }))?;
    } else {
        let lines: String = checks.iter().map(line).collect();
        let end = if ok { "Everything is in order." } else { "Something has to be mended." };
        print(&format!("Syncline {}\n{lines}{end}\n", env!("CARGO_PKG_VERSION")))?;
    }
    Ok(if ok { Exit::Done } else { Exit::Error })
}

fn line(check: &Check) -> String {
    let mark = if check.ok { '✓' } else { '✗' };
    let action = check.action.as_ref().map(|action| format!("    {action}\n")).unwrap_or_default();
    format!("{mark} {}: {}\n{action}", check.name, check.message)
}

/// Writes and removes a small file, which also meets a full disk.
fn data_folder(config: &Config) -> Check {
    const NAME: &str = "data folder";
    let dir = &config.data_dir;
    if !dir.exists() {
        return Check::good(NAME, format!("{} does not exist yet; the first start makes it.", dir.display()));
    }
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"syncline doctor");
    let _ = std::fs::remove_file(&probe);
    match written {
        Ok(()) => Check::good(NAME, format!("{} can be written.", dir.display())),
        Err(error) => Check::bad(
            NAME,
            format!("{} can not be written: {error}.", dir.display()),
            "Free some space, give Syncline the right to write there, or choose another folder with --data-dir.",
        ),
    }
}

/// The file must be for its owner alone. Whether its key opens what is stored is seen when the database is opened.
#[cfg(unix)]
fn key_file(dir: &Path) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt as _;
    const NAME: &str = "key file";
    let path = dir.join(syncline_core::secrets::KEY_FILE);
    let mode = std::fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    Some(if mode & 0o077 == 0 {
        Check::good(NAME, format!("{} is for its owner alone. Keep a copy of it apart from the database.", path.display()))
    } else {
        let action = format!("Run: chmod 600 {}", path.display());
        Check::bad(NAME, format!("{} can be read by other users of this machine.", path.display()), action)
    })
}

#[cfg(not(unix))]
fn key_file(_dir: &Path) -> Option<Check> {
    None
}

/// Also gives what is set for the providers, the administrator's page included.
async fn database(config: Config) -> (Check, Option<Arc<OAuthSettings>>) {
    const NAME: &str = "database";
    let place = if config.database_url.is_some() { "PostgreSQL" } else { "SQLite" };
    if config.database_url.is_none() && !config.data_dir.join("syncline.db").exists() {
        return (Check::good(NAME, "There is none yet; the first start makes it."), None);
    }
    match Hub::open(config).await {
        Ok(hub) => {
            let (ready, oauth) = (hub.ready().await, hub.oauth());
            hub.close().await;
            let check = match ready {
                Ok(()) => Check::good(NAME, format!("{place} opens, and its key fits.")),
                Err(error) => Check::bad(NAME, error.problem().message, error.problem().action),
            };
            (check, Some(oauth))
        }
        Err(error) => (Check::bad(NAME, error.problem().message, error.problem().action), None),
    }
}

fn zones() -> Check {
    const NAME: &str = "time zones";
    // Two that changed their rules: an empty or broken zone table knows neither.
    let known = ["Europe/Berlin", "America/New_York"].iter().all(|zone| jiff::tz::TimeZone::get(zone).is_ok());
    if known {
        Check::good(NAME, "The zone tables are there.")
    } else {
        Check::bad(NAME, "The zone tables can not be read.", "Install the package tzdata, or unset TZDIR.")
    }
}
