//! Builds, serves, tests, checks and measures Syncline: `cargo xtask <command>`.
//!
//! Every command sets up what it needs and says what it does; a command that cannot set something up prints the exact
//! command that can. Nothing here is part of what users run.
//!
//! To add a command: a module with one `run` function, a variant of [`Command`], a line in the README.

mod bench;
mod build;
mod check;
mod process;
mod serve;
mod test;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, serves, tests, checks and measures Syncline.", max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the page and the server.
    Build(build::Args),
    /// Builds, then runs `syncline serve`; what follows `--` goes to it.
    Serve(serve::Args),
    /// Sets up what the tests need, then runs them: Rust against three databases and a real CalDAV server, then the browser.
    Test(test::Args),
    /// Formatting, lints for host and wasm32, documentation, repository rules.
    Check(check::Args),
    /// Builds for release and measures, with the floors beside the figures.
    Bench(bench::Args),
}

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{} {error:#}", process::style("1;31", "error:"));
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let cli = Cli::parse();
    process::watch_for_interrupt()?;
    let workspace = Workspace::locate()?;
    match cli.command {
        Command::Build(args) => build::run(&workspace, &args),
        Command::Serve(args) => serve::run(&workspace, args),
        Command::Test(args) => test::run(&workspace, &args),
        Command::Check(args) => check::run(&workspace, &args),
        Command::Bench(args) => bench::run(&workspace, &args),
    }
}
