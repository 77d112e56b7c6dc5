//! `cargo xtask test`: sets up what the tests need, runs them, cleans up.
//!
//! What is set up, each only when it is missing: PostgreSQL (its programs; every run makes a cluster of its own and throws
//! it away), Radicale in a Python environment of the checkout, and for the browser Chromium, Node and Playwright. The Rust
//! tests learn of it from the environment: `SYNCLINE_TEST_POSTGRES_URL`, `SYNCLINE_RADICALE`, and `SYNCLINE_TEST_STRICT`, which
//! turns a test that would skip itself for want of those into one that fails.

mod browser;
mod packages;
mod postgres;
pub(crate) mod python;
mod rust;

use crate::build::{self, Flavour};
use crate::process::{self, duration, step, style};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::time::Instant;

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the Rust tests.
    #[arg(long, conflicts_with = "e2e")]
    unit: bool,
    /// Only the browser tests.
    #[arg(long)]
    e2e: bool,
    /// The browser tests run against the optimised server with the site inside.
    #[arg(long)]
    release: bool,
    /// Only tests whose name (Rust) or file or title (browser) contains this.
    filter: Option<String>,
}

/// What the tests are told about their surroundings.
pub(crate) struct Surroundings {
    /// Name and value of environment variables.
    pub variables: Vec<(&'static str, String)>,
}

/// Runs the tests and ends with one line that says how it went.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let started = Instant::now();
    let filter = args.filter.as_deref();
    let radicale = python::radicale(workspace)?;
    let browser = if args.unit { None } else { Some(browser::set_up(workspace)?) };
    let cluster = postgres::Cluster::start()?;
    let surroundings = Surroundings {
        variables: vec![
            ("SYNCLINE_TEST_POSTGRES_URL", cluster.url()),
            ("SYNCLINE_RADICALE", radicale.to_string_lossy().into_owned()),
            ("SYNCLINE_TEST_STRICT", "1".to_owned()),
        ],
    };
    let mut lines = vec![format!("{} and {} were there", cluster.version(), python::radicale_version(workspace)?)];
    let mut failed = false;
    if !args.e2e {
        let outcome = rust::run(workspace, &surroundings, filter)?;
        failed |= outcome.failed;
        lines.push(outcome.summary);
    }
    if let Some(browser) = browser {
        let flavour = if args.release { Flavour::Release } else { Flavour::Testing };
        let built = build::build(workspace, flavour)?;
        let mut sandbox = workspace.cargo();
        process::run(sandbox.args(["build", "--package", "syncline-sandbox", "--bin", "syncline-sandbox"]))?;
        let outcome = browser.run(workspace, &surroundings, &built.binary, filter)?;
        failed |= outcome.failed;
        lines.push(outcome.summary);
    }
    drop(cluster);

    eprintln!();
    step("summary");
    for line in lines {
        eprintln!("    {line}");
    }
    let time = duration(started.elapsed());
    if failed {
        bail!("tests failed after {time}; the failures are above");
    }
    eprintln!("{}", style("1;32", &format!("ok: all tests passed in {time}")));
    Ok(())
}

/// How one kind of tests went.
pub(crate) struct Outcome {
    /// One line for people.
    pub summary: String,
    /// Whether anything failed.
    pub failed: bool,
}
