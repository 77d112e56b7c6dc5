//! The page and the server.
//!
//! 1. `frontend` for wasm32, 2. wasm-bindgen in this process at the version of `Cargo.lock`, 3. the style sheet,
//! 4. `public/`, 5. for release the compressed twins of every asset, 6. the server, which for release holds the site.
//!
//! A step whose inputs did not change is not repeated: cargo knows that for itself, the others compare a digest.

mod assets;
mod css;
mod prune;
mod stamp;
mod wasm;

use crate::process::{self, duration, step};
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::time::Instant;

pub(crate) use assets::Sizes;
pub(crate) use wasm::{TARGET as WASM_TARGET, ensure_target};

/// The name of the script, the WASM file and the style sheet, and of the server's program.
pub(crate) const NAME: &str = "syncline";

/// Options of `cargo xtask build`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Small WASM, compressed assets, one optimised program with the site inside.
    #[arg(long)]
    pub release: bool,
    /// Only the page, not the server.
    #[arg(long)]
    pub page: bool,
    /// Fail when WASM and JavaScript together take more than this many kilobytes (1,000 bytes) over the wire (brotli).
    #[arg(long, value_name = "KB", requires = "release")]
    pub max_wasm_kb: Option<u64>,
}

/// Which page and which server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Both quick to build.
    Development,
    /// The page that users get, a debug server with its assertions: for tests.
    Testing,
    /// What users get.
    Release,
}

impl Flavour {
    /// Development takes cargo's `dev`, which shares its procedural macros with the server's build.
    fn wasm_profile(self) -> wasm::Profile {
        match self {
            Self::Development => wasm::Profile { name: "dev", folder: "debug", small: false },
            Self::Testing | Self::Release => wasm::Profile { name: "wasm-release", folder: "wasm-release", small: true },
        }
    }

    fn server_folder(self) -> &'static str {
        match self {
            Self::Development | Self::Testing => "debug",
            Self::Release => "release",
        }
    }
}

/// What a build made.
pub(crate) struct Built {
    /// The server's program.
    pub binary: PathBuf,
    /// The weight of the page; measured in release builds.
    pub sizes: Option<Sizes>,
}

/// `cargo xtask build`.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let flavour = if args.release { Flavour::Release } else { Flavour::Development };
    let (sizes, result) = if args.page {
        (page(workspace, flavour)?, workspace.site())
    } else {
        let built = build(workspace, flavour)?;
        (built.sizes, built.binary)
    };
    if let Some(sizes) = sizes {
        sizes.print();
        if let Some(limit) = args.max_wasm_kb {
            sizes.check_budget(limit)?;
        }
    }
    eprintln!("{} {}", process::style("1;32", "built"), result.display());
    Ok(())
}

/// Builds page and server.
pub(crate) fn build(workspace: &Workspace, flavour: Flavour) -> Result<Built> {
    let started = Instant::now();
    let sizes = page(workspace, flavour)?;
    step("the server");
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--package", "server", "--bin", NAME]);
    if flavour == Flavour::Release {
        // The server's build script watches the site, which is embedded.
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;

    let binary = workspace.target().join(flavour.server_folder()).join(NAME);
    if !binary.is_file() {
        bail!("cargo built no {}; is `build.target` set in a configuration file?", binary.display());
    }
    eprintln!("    page and server after {}", duration(started.elapsed()));
    Ok(Built { binary, sizes })
}

/// Builds what browsers load, and weighs it for a release.
fn page(workspace: &Workspace, flavour: Flavour) -> Result<Option<Sizes>> {
    let work = workspace.work();
    std::fs::create_dir_all(&work).with_context(|| format!("creating {}", work.display()))?;
    // Two builds at once would write the same site.
    let lock = std::fs::File::create(work.join("build.lock")).context("creating the build lock")?;
    lock.lock().context("waiting for another build")?;

    step("the page (WASM)");
    let wasm = wasm::compile(workspace, flavour.wasm_profile())?;
    let package = wasm::bind(workspace, flavour.wasm_profile(), &wasm)?;
    let style = css::bundle(workspace, flavour != Flavour::Development)?;
    let site = assets::assemble(workspace, &package, &style)?;
    if flavour == Flavour::Release { assets::compress(&site, &work).map(Some) } else { Ok(None) }
}
