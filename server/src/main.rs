//! `syncline`: see [`syncline_server::cli`].

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    syncline_server::cli::run(syncline_server::cli::args::Cli::parse())
}
