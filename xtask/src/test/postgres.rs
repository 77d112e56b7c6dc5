//! A PostgreSQL cluster for one run of the tests.

use super::packages;
use crate::process::{self, Running, step};
use anyhow::{Context as _, Result, bail};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The oldest major version that the store supports.
const OLDEST: u32 = 14;
/// The superuser of the cluster. Nobody needs a password: it listens on the loopback interface for the time of one run.
const USER: &str = "syncline";

/// A running cluster; it ends and disappears when it is dropped.
pub(super) struct Cluster {
    server: Running,
    port: u16,
    major: u32,
    // Declared last: it is removed after the server ended.
    _folder: TempDir,
}

impl Cluster {
    /// Makes a cluster in a temporary folder, on a free port, without any care for durability.
    pub(super) fn start() -> Result<Self> {
        let (programs, major) = find_or_install()?;
        step(&format!("a PostgreSQL {major} cluster for this run"));
        // Not below the target folder: the unprivileged user below must be able to reach it.
        let folder = tempfile::Builder::new().prefix("syncline-postgres-").tempdir().context("creating a temporary folder")?;
        let owner = Owner::for_cluster(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = owner.command(&programs.join("initdb"));
        initdb.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--pgdata"]).arg(&data);
        process::capture(initdb.current_dir(folder.path()))?;

        // The port is free now and could in theory be taken before PostgreSQL binds it; then `start` fails and says so.
        let port =
            TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).context("looking for a free port")?.port();
        let log = std::fs::File::create(folder.path().join("log")).context("creating the log of PostgreSQL")?;
        let mut postgres = owner.command(&programs.join("postgres"));
        postgres.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
        for setting in [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=300",
            "shared_buffers=64MB",
            "log_min_messages=fatal",
        ] {
            postgres.args(["-c", setting]);
        }
        postgres.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let server = process::start(&mut postgres)?;
        let cluster = Self { server, port, major, _folder: folder };
        let mut probe = Command::new(programs.join("pg_isready"));
        probe.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        if let Err(error) = process::wait_until("PostgreSQL", Duration::from_secs(30), || process::succeeds(&mut probe)) {
            let log = std::fs::read_to_string(cluster._folder.path().join("log")).unwrap_or_default();
            bail!("{error:#}; its log says: {}", log.trim());
        }
        Ok(cluster)
    }

    /// The database `postgres` of the cluster; a test makes its own databases from there.
    pub(super) fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// "PostgreSQL 15".
    pub(super) fn version(&self) -> String {
        format!("PostgreSQL {}", self.major)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // "Immediate shutdown": nobody needs the data any more.
        self.server.stop("QUIT");
    }
}

/// PostgreSQL refuses to run as the superuser; then somebody without rights owns the cluster.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn for_cluster(folder: &Path) -> Result<Self> {
        if !packages::is_root() {
            return Ok(Self(None));
        }
        let name = ["postgres", "nobody"].into_iter().find(|name| process::succeeds(Command::new("id").arg(name)));
        let name = name.context("the machine has neither a user `postgres` nor `nobody`, and PostgreSQL does not run as root")?;
        let id = |flag: &str| -> Result<u32> { Ok(process::capture(Command::new("id").args([flag, name]))?.trim().parse()?) };
        let (user, group) = (id("-u")?, id("-g")?);
        std::os::unix::fs::chown(folder, Some(user), Some(group)).with_context(|| format!("handing {} to {name}", folder.display()))?;
        Ok(Self(Some((user, group))))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

fn find_or_install() -> Result<(PathBuf, u32)> {
    if let Some(found) = find() {
        return Ok(found);
    }
    packages::install("PostgreSQL", &["postgresql"])?;
    find().with_context(|| {
        format!("there is no PostgreSQL {OLDEST} or newer, and the system's packages have none. See https://www.postgresql.org/download/")
    })
}

/// The folder with the programs of the newest version.
fn find() -> Option<(PathBuf, u32)> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    if let Ok(folder) = process::capture(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder.trim()));
    }
    folders.extend(process::which(&["initdb"]).and_then(|initdb| initdb.parent().map(Path::to_path_buf)));
    let complete = |folder: &PathBuf| ["initdb", "postgres", "pg_isready"].iter().all(|name| folder.join(name).is_file());
    folders
        .into_iter()
        .filter(complete)
        .filter_map(|folder| Some((major(&folder)?, folder)))
        .filter(|(major, _)| *major >= OLDEST)
        .max()
        .map(|(major, folder)| (folder, major))
}

fn major(folder: &Path) -> Option<u32> {
    major_in(&process::capture(Command::new(folder.join("postgres")).arg("--version")).ok()?)
}

fn major_in(version: &str) -> Option<u32> {
    version.split_whitespace().find_map(|word| word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(major_in("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major_in("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_in("something else"), None);
    }
}
