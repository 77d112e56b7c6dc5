//! The frontend crate as WASM, and its JavaScript.

use super::{NAME, prune, stamp};
use crate::process::{self, step};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The page's target.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// How the page is compiled.
#[derive(Clone, Copy)]
pub(super) struct Profile {
    /// Cargo's name of the profile.
    pub name: &'static str,
    /// The folder that cargo builds it in.
    pub folder: &'static str,
    /// Whether names and other sections that only a developer reads are left out.
    pub small: bool,
}

/// Adds the standard library of wasm32 when rustup does not have it yet.
pub(crate) fn ensure_target() -> Result<()> {
    let libdir = process::capture(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    if process::which(&["rustup"]).is_none() {
        bail!(
            "this Rust has no standard library for {TARGET} and there is no rustup to add it. Install rustup from https://rustup.rs, then try again."
        );
    }
    step("adding the wasm32 target");
    process::run(Command::new("rustup").args(["target", "add", TARGET]))
}

/// Compiles `frontend` and gives the path of the raw WASM file.
pub(super) fn compile(workspace: &Workspace, profile: Profile) -> Result<PathBuf> {
    ensure_target()?;
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "frontend", "--target", TARGET, "--profile", profile.name]);
    let mut folder = workspace.target().to_owned();
    if profile.small && ensure_library_source() {
        // Beside the other builds: with other switches they would take turns in making each other anew.
        folder.push("page");
        cargo.arg("--target-dir").arg(&folder).args(WITH_LIBRARY).env("RUSTFLAGS", SMALL).env("RUSTC_BOOTSTRAP", "1");
    }
    process::run(&mut cargo)?;
    let wasm = folder.join(TARGET).join(profile.folder).join(format!("{NAME}.wasm"));
    if !wasm.is_file() {
        bail!("cargo built no {}; the library of `frontend` must be named `{NAME}` and be a cdylib", wasm.display());
    }
    Ok(wasm)
}

/// Rust's own library is compiled with the page: a panic is then a trap without words, and a twelfth of the page goes with
/// the words, the places in the source and the `Debug` of every type. Cargo calls this unstable, so that the variable
/// `RUSTC_BOOTSTRAP` has to allow it; without the library's source the page is built plainly, and larger.
const WITH_LIBRARY: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// With what `.cargo/config.toml` says, which it stands in place of.
const SMALL: &str = "--cfg=erase_components -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// Whether the source of Rust's library is here, after asking rustup for it.
fn ensure_library_source() -> bool {
    let here = || {
        process::capture(Command::new("rustc").args(["--print", "sysroot"]))
            .is_ok_and(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library/std").is_dir())
    };
    if here() {
        return true;
    }
    step("adding the source of Rust's library, to build a small page");
    let added =
        process::which(&["rustup"]).is_some() && process::run(Command::new("rustup").args(["component", "add", "rust-src"])).is_ok();
    if !added || !here() {
        eprintln!("    it can not be had; the page is built without it and is larger for it");
        return false;
    }
    true
}

/// Runs wasm-bindgen and gives the folder with `syncline.js`, `syncline.wasm` and, where there are any, `snippets/`.
pub(super) fn bind(workspace: &Workspace, profile: Profile, wasm: &Path) -> Result<PathBuf> {
    let version = check_version(workspace)?;
    let folder = workspace.work().join(profile.name);
    let package = folder.join("pkg");
    let input = stamp::read(wasm)?;
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let stamp = stamp::Stamp::new(&folder, "bindgen", &[version.as_bytes(), &input]);
    if stamp.is_fresh(&[package.join(format!("{NAME}.js")), package.join(format!("{NAME}.wasm"))]) {
        return Ok(package);
    }
    step("wasm-bindgen");
    if package.exists() {
        std::fs::remove_dir_all(&package).with_context(|| format!("emptying {}", package.display()))?;
    }
    let input = if profile.small { prune::prune(&input).context("taking out what is never called")? } else { input };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_bytes(NAME, input)
        .out_name(NAME)
        .typescript(false)
        .remove_name_section(profile.small)
        .remove_producers_section(profile.small);
    // Both calls fail with their own error type, which is anyhow's.
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(&package))
        .map_err(|error| anyhow::anyhow!("{error:#}"))
        .context("wasm-bindgen")?;
    let (made, wanted) = (package.join(format!("{NAME}_bg.wasm")), package.join(format!("{NAME}.wasm")));
    std::fs::rename(&made, &wanted).with_context(|| format!("renaming {}", made.display()))?;
    stamp.write()?;
    Ok(package)
}

/// The part that runs in this tool and the part in the page speak a private language: both must be of one version.
fn check_version(workspace: &Workspace) -> Result<String> {
    let page = workspace.locked_version("wasm-bindgen")?;
    let tool = workspace.locked_version("wasm-bindgen-cli-support")?;
    if page != tool {
        bail!(
            "wasm-bindgen is locked at {page} and wasm-bindgen-cli-support at {tool}. Run `cargo update -p wasm-bindgen --precise {tool}`."
        );
    }
    Ok(page)
}
