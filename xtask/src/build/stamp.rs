//! Remembers from what a step was made, so that it is not repeated for nothing.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// The digest of a step's inputs, kept beside its outputs.
pub(super) struct Stamp {
    path: PathBuf,
    digest: String,
}

impl Stamp {
    /// A stamp in `folder` for the step `name`, made of these inputs.
    pub(super) fn new(folder: &Path, name: &str, inputs: &[&[u8]]) -> Self {
        Self { path: folder.join(format!("{name}.stamp")), digest: digest(inputs) }
    }

    /// True when the step already ran with these inputs and left all of `outputs`.
    pub(super) fn is_fresh(&self, outputs: &[PathBuf]) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|old| old == self.digest) && outputs.iter().all(|output| output.exists())
    }

    /// To be called when the step has ended well.
    pub(super) fn write(&self) -> Result<()> {
        std::fs::write(&self.path, &self.digest).with_context(|| format!("writing {}", self.path.display()))
    }
}

/// The SHA-256 of the parts with their lengths, in hexadecimal.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file; the error names it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// Writes a file unless it already says this, so that its time changes only with its content.
pub(super) fn write_if_changed(path: &Path, content: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_only_for_the_same_inputs_and_with_its_outputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let output = folder.path().join("output");
        let stamp = Stamp::new(folder.path(), "step", &[b"a", b"b"]);
        stamp.write().expect("written");
        assert!(!stamp.is_fresh(std::slice::from_ref(&output)), "the output is missing");
        std::fs::write(&output, "").expect("written");
        assert!(stamp.is_fresh(std::slice::from_ref(&output)));
        assert!(!Stamp::new(folder.path(), "step", &[b"ab"]).is_fresh(&[output]), "other inputs");
    }
}
