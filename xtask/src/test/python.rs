//! Radicale, the CalDAV server of the tests, in a Python environment of this checkout.

use super::packages;
use crate::process::{self, step};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The versions, in the format of `pip install --requirement`.
const REQUIREMENTS: &str = "end2end/requirements.txt";

/// The program `radicale`, installed when it is not there yet at the wanted version.
pub(crate) fn radicale(workspace: &Workspace) -> Result<PathBuf> {
    let program = environment(workspace)?.join("bin/radicale");
    if !program.is_file() {
        bail!("{REQUIREMENTS} was installed but there is no {}", program.display());
    }
    Ok(program)
}

/// "Radicale 3.9.0", as installed.
pub(super) fn radicale_version(workspace: &Workspace) -> Result<String> {
    Ok(format!("Radicale {}", process::capture(Command::new(radicale(workspace)?).arg("--version"))?.trim()))
}

/// The Python environment with everything of the requirements.
pub(super) fn environment(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.tools().join("venv");
    let requirements = workspace.root().join(REQUIREMENTS);
    let wanted = std::fs::read_to_string(&requirements).with_context(|| format!("reading {}", requirements.display()))?;
    let stamp = folder.join("requirements.stamp");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && runs(&folder) {
        return Ok(folder);
    }
    step("a Python environment with Radicale");
    create(&folder)?;
    process::run(pip(&folder).arg("install").arg("--requirement").arg(&requirements))?;
    std::fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(folder)
}

/// `pip` of an environment, silent about its own version.
pub(super) fn pip(folder: &Path) -> Command {
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet"]);
    pip
}

fn create(folder: &Path) -> Result<()> {
    let make = || process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder));
    if process::which(&["python3"]).is_some() && make().is_ok() && has_pip(folder) {
        return Ok(());
    }
    if process::interrupted() {
        bail!("interrupted");
    }
    packages::install("Python with venv", &["python3", "python3-venv"])?;
    make()
}

/// Debian's Python without `python3-venv` makes an environment that lacks pip.
fn has_pip(folder: &Path) -> bool {
    process::succeeds(pip(folder).arg("--version"))
}

/// False after the system's Python was replaced, when the environment points nowhere.
fn runs(folder: &Path) -> bool {
    process::succeeds(Command::new(folder.join("bin/python")).args(["-c", "import radicale"]))
}
