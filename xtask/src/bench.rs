//! `cargo xtask bench`: the figures of the release build, each beside its limit.

use crate::build::{self, Flavour};
use crate::process::{self, step};
use crate::test::python;
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::path::Path;

/// What the page may weigh over the wire, in kilobytes of 1,000 bytes.
const PAGE_LIMIT_KB: u64 = 300;

/// The packages that may have benches: their folder and their name.
const PACKAGES: [(&str, &str); 2] = [("core", "syncline-core"), ("server", "server")];

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the benches whose name contains this; `page` is the weight of the page.
    filter: Option<String>,
}

/// Builds for release, installs what benches need (Radicale), runs every `benches/*.rs`, prints their tables, and fails when a figure is beyond its limit.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let wanted = |name: &str| args.filter.as_deref().is_none_or(|filter| name.contains(filter));
    let built = build::build(workspace, Flavour::Release)?;
    let mut beyond = Vec::new();
    if let Some(sizes) = built.sizes.filter(|_| wanted("page")) {
        step("the weight of the page");
        sizes.print();
        println!(
            "limit: {PAGE_LIMIT_KB} KB over the wire; used: {:.0} %",
            sizes.code_over_the_wire() as f64 / (PAGE_LIMIT_KB as f64 * 10.0)
        );
        beyond.extend(sizes.check_budget(PAGE_LIMIT_KB).err().map(|error| format!("{error:#}")));
    }
    let radicale = python::radicale(workspace)?;
    for (folder, package) in PACKAGES {
        for name in benches(&workspace.root().join(folder))?.into_iter().filter(|name| wanted(name)) {
            step(&format!("bench {name} of {package}"));
            let mut cargo = workspace.cargo();
            cargo
                .args(["bench", "--package", package, "--bench", &name])
                .env("SYNCLINE_BIN", &built.binary)
                .env("SYNCLINE_RADICALE", &radicale);
            if let Err(error) = process::run(&mut cargo) {
                beyond.push(format!("{error:#}"));
            }
        }
    }
    if !beyond.is_empty() {
        bail!("beyond the limits:\n  {}", beyond.join("\n  "));
    }
    eprintln!("{}", process::style("1;32", "ok: every figure is within its limit"));
    Ok(())
}

/// The names of a package's benches.
fn benches(package: &Path) -> Result<Vec<String>> {
    let Ok(entries) = std::fs::read_dir(package.join("benches")) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let Some(stem) = path.file_stem().filter(|_| path.extension().is_some_and(|extension| extension == "rs")) {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
