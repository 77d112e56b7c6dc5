//! `cargo xtask serve`: build, then become the server.

use crate::build::{self, Flavour};
use crate::process;
use crate::workspace::Workspace;
use anyhow::{Result, anyhow};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Options of `cargo xtask serve`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The server that users get: slower to build, faster to run.
    #[arg(long)]
    release: bool,
    /// For `syncline serve`, for example `-- --listen 0.0.0.0:3000`.
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Builds, then replaces this process, so that signals and the exit code are the server's own.
pub(crate) fn run(workspace: &Workspace, args: Args) -> Result<()> {
    let built = build::build(workspace, if args.release { Flavour::Release } else { Flavour::Development })?;
    let mut server = Command::new(&built.binary);
    server.arg("serve").args(&args.arguments);
    process::step(&format!("{} (Ctrl-C stops it)", process::shown(&server)));
    eprintln!("    the address: {}", address(&args.arguments, std::env::var("SYNCLINE_LISTEN").ok()));
    Err(anyhow!("cannot start {}: {}", built.binary.display(), server.exec()))
}

fn address(arguments: &[String], from_environment: Option<String>) -> String {
    let after = arguments.iter().position(|argument| argument == "--listen").and_then(|index| arguments.get(index + 1)).cloned();
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--listen=").map(str::to_owned));
    format!("http://{}", after.or(joined).or(from_environment).unwrap_or_else(|| "127.0.0.1:3000".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_address_is_the_one_that_the_server_is_told() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(address(&[], None), "http://127.0.0.1:3000");
        assert_eq!(address(&words("--listen 0.0.0.0:80"), None), "http://0.0.0.0:80");
        assert_eq!(address(&words("--demo --listen=[::1]:80"), Some("x".into())), "http://[::1]:80");
        assert_eq!(address(&[], Some("10.0.0.1:1".into())), "http://10.0.0.1:1");
    }
}
