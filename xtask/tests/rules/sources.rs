//! The files of the checkout, as git would list them.

use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Folders that no rule looks into.
const SKIPPED: [&str; 5] = ["target", "node_modules", "test-results", "playwright-report", "data"];

/// A file of the checkout.
pub(crate) struct Source {
    /// Relative to the checkout, with forward slashes.
    pub path: String,
    pub text: String,
}

/// The folder of `Cargo.lock`.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Every file with one of these extensions below one of these folders (`""` is the whole checkout), sorted.
pub(crate) fn files(folders: &[&str], extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for folder in folders {
        let walk = WalkDir::new(root.join(folder)).sort_by_file_name().into_iter().filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            !(entry.file_type().is_dir() && entry.depth() > 0 && (name.starts_with('.') || SKIPPED.contains(&name.as_ref())))
        });
        for entry in walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
            let wanted = entry.path().extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted));
            if wanted {
                let path = entry.path().strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
                found.push(Source { path, text: read(entry.path()) });
            }
        }
    }
    found
}

/// A file's text.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// True for files that hold nothing but tests and their helpers.
pub(crate) fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folders = path.split('/');
    folders.clone().any(|folder| ["tests", "testing", "benches", "examples", "test_support"].contains(&folder))
        || name == "tests.rs"
        || name == "testing.rs"
        || name.ends_with("_tests.rs")
        || name.ends_with("_test.rs")
}

#[test]
fn the_sources_are_found() {
    let paths: Vec<String> = files(&["xtask", "domain"], &["rs"]).into_iter().map(|source| source.path).collect();
    assert!(
        paths.iter().any(|path| path == "xtask/tests/rules/sources.rs") && paths.iter().any(|path| path == "domain/src/lib.rs"),
        "{paths:?}"
    );
}

#[test]
fn test_files_are_told_by_their_folder_or_name() {
    for path in ["core/tests/a.rs", "core/src/testing/pg.rs", "core/src/engine/tests.rs", "core/src/engine/plan_tests.rs"] {
        assert!(is_test_file(path), "{path}");
    }
    for path in ["core/src/contest.rs", "core/src/engine/mod.rs"] {
        assert!(!is_test_file(path), "{path}");
    }
}
