//! Packages of the operating system, installed where that is allowed without asking.

use crate::process::{self, step};
use anyhow::{Result, bail};
use std::process::Command;

/// True for the superuser.
pub(super) fn is_root() -> bool {
    process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Installs Debian or Ubuntu packages as root or by a `sudo` that asks nothing; else the error is the command to type.
pub(super) fn install(purpose: &str, packages: &[&str]) -> Result<()> {
    let by_hand = format!("sudo apt-get update && sudo apt-get install --yes {}", packages.join(" "));
    if process::which(&["apt-get"]).is_none() {
        bail!("{purpose} is missing. Install it with your system's package manager (on Debian or Ubuntu: `{by_hand}`), then try again.");
    }
    let root = is_root();
    if !root && !process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        bail!("{purpose} is missing and installing it needs the superuser. Run `{by_hand}`, then try again.");
    }
    step(&format!("installing {purpose}"));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        if !root {
            command.args(["-n", "env"]);
        }
        process::run(command.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(arguments))
    };
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    // The list of packages is often stale or empty on a fresh machine: the first try costs nothing.
    if apt(&arguments).is_err() && !process::interrupted() {
        apt(&["update"])?;
        if let Err(error) = apt(&arguments) {
            bail!("{purpose} could not be installed: {error:#}. Try `{by_hand}` by hand.");
        }
    }
    Ok(())
}
