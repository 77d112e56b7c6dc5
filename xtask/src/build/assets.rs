//! `target/site`: what browsers load, beside compressed twins of it in release builds.

use super::{NAME, stamp};
use crate::process::step;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Where inside the site the script, the WASM file and the style sheet lie.
const PACKAGE: &str = "pkg";
/// Below this a compressed twin does not pay for itself.
const WORTH_COMPRESSING: usize = 512;

/// Copies the package, the style sheet and `public/` into the site and removes what is there besides.
pub(super) fn assemble(workspace: &Workspace, package: &Path, style: &Path) -> Result<PathBuf> {
    let site = workspace.site();
    let mut wanted = BTreeSet::new();
    let mut put = |from: &Path, to: PathBuf| -> Result<()> {
        let content = stamp::read(from)?;
        let path = site.join(&to);
        if std::fs::read(&path).map_or(true, |old| old != content) {
            // A compressed twin of what was there before would be served in its stead.
            for twin in twins(&path) {
                remove_if_there(&twin)?;
            }
            stamp::write_if_changed(&path, &content)?;
        }
        wanted.insert(to);
        Ok(())
    };
    for (from, relative) in files(package)? {
        put(&from, Path::new(PACKAGE).join(relative))?;
    }
    put(style, Path::new(PACKAGE).join(format!("{NAME}.css")))?;
    for (from, relative) in files(&workspace.root().join("public"))? {
        put(&from, relative)?;
    }
    for (path, relative) in files(&site)? {
        let original = original_of(&relative);
        if !wanted.contains(original.as_deref().unwrap_or(&relative)) {
            remove_if_there(&path)?;
        }
    }
    Ok(site)
}

/// Writes `.br` and `.gz` beside every asset that gains from it, and gives the weight of the page.
pub(super) fn compress(site: &Path, work: &Path) -> Result<Sizes> {
    let stamps = work.join("compressed");
    std::fs::create_dir_all(&stamps).with_context(|| format!("creating {}", stamps.display()))?;
    let mut sizes = Sizes::default();
    for (path, relative) in files(site)? {
        if original_of(&relative).is_some() {
            continue;
        }
        let content = stamp::read(&path)?;
        let [brotli, gzip] = twins(&path);
        if content.len() < WORTH_COMPRESSING || is_compressed_already(&path) {
            remove_if_there(&brotli)?;
            remove_if_there(&gzip)?;
            sizes.add(&relative, content.len(), content.len(), content.len());
            continue;
        }
        let stamp = stamp::Stamp::new(&stamps, &relative.to_string_lossy().replace('/', "__"), &[&content]);
        if !stamp.is_fresh(&[brotli.clone(), gzip.clone()]) {
            step(&format!("compressing {} ({} KB)", relative.display(), content.len() / 1000));
            std::fs::write(&brotli, brotli_of(&content)?).with_context(|| format!("writing {}", brotli.display()))?;
            std::fs::write(&gzip, gzip_of(&content)?).with_context(|| format!("writing {}", gzip.display()))?;
            stamp.write()?;
        }
        sizes.add(&relative, content.len(), length(&brotli)?, length(&gzip)?);
    }
    Ok(sizes)
}

/// The weight of the assets in bytes.
#[derive(Default)]
pub(crate) struct Sizes {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    raw: usize,
    brotli: usize,
    gzip: usize,
}

impl Sizes {
    fn add(&mut self, relative: &Path, raw: usize, brotli: usize, gzip: usize) {
        self.rows.push(Row { name: relative.to_string_lossy().into_owned(), raw, brotli, gzip });
    }

    /// WASM and JavaScript over the wire with brotli, in bytes.
    pub(crate) fn code_over_the_wire(&self) -> usize {
        self.code().map(|row| row.brotli).sum()
    }

    fn code(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| has_extension(Path::new(&row.name), &["wasm", "js"]))
    }

    /// A table on standard output.
    pub(crate) fn print(&self) {
        println!("{:<32} {:>12} {:>12} {:>12}", "asset", "raw", "gzip", "brotli");
        for row in &self.rows {
            println!("{:<32} {:>12} {:>12} {:>12}", row.name, row.raw, row.gzip, row.brotli);
        }
        let (raw, gzip) = self.code().fold((0, 0), |(raw, gzip), row| (raw + row.raw, gzip + row.gzip));
        println!("{:<32} {:>12} {:>12} {:>12}", "WASM + JavaScript", raw, gzip, self.code_over_the_wire());
    }

    /// Fails when WASM and JavaScript together weigh more than `limit` kilobytes (1,000 bytes) with brotli.
    pub(crate) fn check_budget(&self, limit: u64) -> Result<()> {
        let bytes = self.code_over_the_wire();
        if bytes as u64 > limit * 1000 {
            bail!("WASM and JavaScript take {} KB over the wire, {limit} KB are allowed", bytes.div_ceil(1000));
        }
        Ok(())
    }
}

/// Every file below a folder with its path relative to it, sorted; none when the folder is not there.
fn files(folder: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("walking {}", folder.display()))?;
        if entry.file_type().is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            let relative = entry.path().strip_prefix(folder).context("walkdir left the folder")?.to_path_buf();
            found.push((entry.into_path(), relative));
        }
    }
    Ok(found)
}

fn twins(path: &Path) -> [PathBuf; 2] {
    ["br", "gz"].map(|extension| {
        let mut name = path.as_os_str().to_owned();
        name.push(".");
        name.push(extension);
        PathBuf::from(name)
    })
}

/// `a.js` for `a.js.br` and `a.js.gz`.
fn original_of(path: &Path) -> Option<PathBuf> {
    has_extension(path, &["br", "gz"]).then(|| path.with_extension(""))
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
}

fn is_compressed_already(path: &Path) -> bool {
    has_extension(path, &["png", "jpg", "jpeg", "webp", "avif", "woff2", "ico", "gif"])
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).with_context(|| format!("removing {}", path.display())),
        _ => Ok(()),
    }
}

fn length(path: &Path) -> Result<usize> {
    Ok(stamp::read(path)?.len())
}

fn brotli_of(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    let mut output = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut output, &parameters).context("brotli")?;
    Ok(output)
}

fn gzip_of(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).context("gzip")?;
    encoder.finish().context("gzip")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn compressed_twins_hold_the_same_bytes_and_tiny_files_have_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let (site, work) = (folder.path().join("site"), folder.path().join("work"));
        let script = "let answer = 42;\n".repeat(100);
        stamp::write_if_changed(&site.join("pkg/a.js"), script.as_bytes()).expect("written");
        stamp::write_if_changed(&site.join("tiny.svg"), b"<svg/>").expect("written");
        let sizes = compress(&site, &work).expect("compressed");

        let mut unzipped = String::new();
        let gzip = std::fs::read(site.join("pkg/a.js.gz")).expect("a twin");
        flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut unzipped).expect("gzip");
        assert_eq!(unzipped, script);
        let mut plain = Vec::new();
        brotli::BrotliDecompress(&mut std::fs::File::open(site.join("pkg/a.js.br")).expect("a twin"), &mut plain).expect("brotli");
        assert_eq!(plain, script.as_bytes());
        assert!(!site.join("tiny.svg.br").exists());
        assert_eq!(sizes.code_over_the_wire(), length(&site.join("pkg/a.js.br")).expect("its length"));
        assert!(sizes.check_budget(0).is_err() && sizes.check_budget(1).is_ok());
    }

    #[test]
    fn twins_are_recognised() {
        assert_eq!(original_of(Path::new("pkg/a.js.br")), Some(PathBuf::from("pkg/a.js")));
        assert_eq!(original_of(Path::new("pkg/a.js")), None);
    }
}
