//! `cargo xtask check`: everything that can be said about the code without running it, with warnings denied.

use crate::build::WASM_TARGET;
use crate::process::{self, duration, step, style};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::process::Command;
use std::time::Instant;

/// Options of `cargo xtask check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the parts whose name contains this: `format`, `lints`, `page`, `documentation`, `rules`.
    filter: Option<String>,
}

/// Runs every part, also after a failure, and ends with one line.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let started = Instant::now();
    ensure_components()?;
    crate::build::ensure_target()?;
    let mut failed = Vec::new();
    for (name, mut cargo) in parts(workspace) {
        if args.filter.as_deref().is_some_and(|filter| !name.contains(filter)) {
            continue;
        }
        step(name);
        if let Err(error) = process::run(&mut cargo) {
            if process::interrupted() {
                return Err(error);
            }
            failed.push(name);
        }
    }
    let time = duration(started.elapsed());
    if !failed.is_empty() {
        bail!("check failed after {time}: {}; the details are above", failed.join(", "));
    }
    eprintln!("{}", style("1;32", &format!("ok: all checks passed in {time}")));
    Ok(())
}

fn parts(workspace: &Workspace) -> Vec<(&'static str, Command)> {
    const ALL_BUT_FRONTEND: [&str; 3] = ["--workspace", "--exclude", "frontend"];
    let cargo = |arguments: &[&str]| {
        let mut cargo = workspace.cargo();
        cargo.args(arguments);
        cargo
    };
    let mut lints = cargo(&["clippy"]);
    lints.args(ALL_BUT_FRONTEND).args(["--all-targets", "--", "-D", "warnings"]);
    let mut documentation = cargo(&["doc", "--no-deps"]);
    documentation.args(ALL_BUT_FRONTEND).env("RUSTDOCFLAGS", "-D warnings");
    vec![
        ("format", cargo(&["fmt", "--all", "--check"])),
        // `xtask` has the rules of the repository as its tests.
        ("rules of the repository", cargo(&["test", "--quiet", "--package", "xtask"])),
        ("lints", lints),
        // `app` is linted on the way, as the page sees it.
        ("lints of the page", cargo(&["clippy", "--package", "frontend", "--target", WASM_TARGET, "--", "-D", "warnings"])),
        ("documentation", documentation),
    ]
}

/// A minimal installation of Rust has neither rustfmt nor clippy.
fn ensure_components() -> Result<()> {
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !process::succeeds(Command::new(program).arg("--version")) {
            step(&format!("adding {component}"));
            process::run(Command::new("rustup").args(["component", "add", component]))
                .with_context(|| format!("{component} is missing"))?;
        }
    }
    Ok(())
}
