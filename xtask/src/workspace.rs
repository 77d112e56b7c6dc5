//! Where everything lies.

use crate::process;
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of this checkout. The target folder is cargo's answer, so `CARGO_TARGET_DIR` and configuration files count.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn locate() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let mut cargo = process::cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest.join("Cargo.toml"));
        let metadata: Metadata =
            serde_json::from_str(&process::capture(&mut cargo)?).context("cargo metadata gave something else than JSON")?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory })
    }

    /// The folder of `Cargo.lock`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// What the server hands to browsers. Always inside the checkout, because the server embeds it by a path that it knows when it is compiled.
    pub(crate) fn site(&self) -> PathBuf {
        self.root.join("target/site")
    }

    /// Intermediate results of this tool.
    pub(crate) fn work(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Tools that the tests need and that this tool installs for the checkout alone.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// `cargo`, started in the checkout.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = process::cargo();
        cargo.current_dir(&self.root);
        cargo
    }

    /// The locked version of a package, for those that are there once.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let path = self.root.join("Cargo.lock");
        let lock = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let versions = versions_in(&lock, package);
        match versions.as_slice() {
            [one] => Ok((*one).to_owned()),
            [] => bail!("Cargo.lock has no package `{package}`"),
            several => bail!("Cargo.lock has several versions of `{package}`: {}. Run `cargo update -p {package}`.", several.join(", ")),
        }
    }
}

fn versions_in<'a>(lock: &'a str, package: &str) -> Vec<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    let mut versions = Vec::new();
    while let Some(line) = lines.next() {
        if line == name
            && let Some(version) = lines.next().and_then(|next| next.strip_prefix("version = \"")).and_then(|rest| rest.strip_suffix('"'))
        {
            versions.push(version);
        }
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_lock_file_by_the_exact_name() {
        let lock = "[[package]]\nname = \"walrus\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"walrus-macro\"\nversion = \"9.0.0\"\n";
        assert_eq!(versions_in(lock, "walrus"), ["1.2.3"]);
        assert!(versions_in(lock, "wal").is_empty());
    }

    #[test]
    fn the_checkout_is_found_and_the_site_lies_inside_it() {
        let workspace = Workspace::locate().expect("cargo metadata answers");
        assert!(workspace.root().join("xtask/Cargo.toml").is_file());
        assert!(workspace.site().starts_with(workspace.root()));
    }
}
