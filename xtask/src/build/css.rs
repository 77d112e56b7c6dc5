//! The style sheet: `style/main.css` and what it imports, in one file.
//!
//! Nothing is translated for older browsers: nesting, `light-dark()`, `@layer` and the rest stay as they are written.

use super::stamp;
use crate::process::step;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, anyhow};
use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::printer::PrinterOptions;
use lightningcss::stylesheet::{MinifyOptions, ParserOptions};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Bundles, minifies on demand, and gives the path of the result.
pub(super) fn bundle(workspace: &Workspace, minify: bool) -> Result<PathBuf> {
    let folder = workspace.root().join("style");
    let output = workspace.work().join(if minify { "style.min.css" } else { "style.css" });
    let mut inputs = vec![vec![u8::from(minify)]];
    for entry in WalkDir::new(&folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("walking {}", folder.display()))?;
        if entry.path().extension().is_some_and(|extension| extension == "css") {
            inputs.push(entry.path().to_string_lossy().into_owned().into_bytes());
            inputs.push(stamp::read(entry.path())?);
        }
    }
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let stamp = stamp::Stamp::new(&workspace.work(), if minify { "style.min" } else { "style" }, &inputs);
    if stamp.is_fresh(std::slice::from_ref(&output)) {
        return Ok(output);
    }
    step("the style sheet");
    let css = compile(&folder.join("main.css"), minify)?;
    stamp::write_if_changed(&output, css.as_bytes())?;
    stamp.write()?;
    Ok(output)
}

fn compile(entry: &Path, minify: bool) -> Result<String> {
    let files = FileProvider::new();
    let mut bundler = Bundler::new(&files, None, ParserOptions::default());
    let mut sheet = bundler.bundle(entry).map_err(|error| anyhow!("{error}")).with_context(|| format!("bundling {}", entry.display()))?;
    if minify {
        sheet.minify(MinifyOptions::default()).map_err(|error| anyhow!("{error}")).context("minifying the style sheet")?;
    }
    let printed = sheet.to_css(PrinterOptions { minify, ..PrinterOptions::default() });
    Ok(printed.map_err(|error| anyhow!("{error}")).context("printing the style sheet")?.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(main: &str, minify: bool) -> Result<String> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("base.css"), "body { margin: 0 }")?;
        std::fs::write(folder.path().join("main.css"), main)?;
        compile(&folder.path().join("main.css"), minify)
    }

    #[test]
    fn imports_are_inlined_into_their_layers() {
        // The declared order is not the order of appearance: it must survive, as a statement or by the place.
        let css =
            compiled("@layer parts, base; @import \"base.css\" layer(base); @layer parts { a { color: red } }", true).expect("it compiles");
        assert_eq!(css, "@layer parts{a{color:red}}@layer base{body{margin:0}}");
    }

    #[test]
    fn modern_css_is_left_as_it_is() {
        let source = ":root { color-scheme: light dark; --ink: light-dark(#111, #eee) } a { &:hover { color: oklch(50% .1 20) } @container (width < 390px) { color: red } }";
        let css = compiled(source, true).expect("it compiles");
        for kept in ["light-dark(", "&:hover", "oklch(", "@container"] {
            assert!(css.contains(kept), "{kept} is missing in {css}");
        }
    }

    #[test]
    fn an_error_names_the_place() {
        let error = compiled("a { color: red", true).err().or_else(|| compiled("a }} { color: red }", true).err());
        let error = format!("{:#}", error.expect("broken CSS is refused"));
        assert!(error.contains("main.css"), "{error}");
    }
}
