//! The built page: stylesheet, script, WASM and what lies in `public/`. A release carries it inside the binary, compressed
//! beforehand; other builds read the folder at every request, so that a rebuilt page is seen at once.
//!
//! Addresses with the current version (`?v=…`) may be cached for ever; all others are asked for again and answered with 304.

use crate::state::AppState;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
#[allow_missing = true]
struct Embedded;

/// The files whose content makes up the version.
const VERSIONED: [&str; 3] = ["pkg/syncline.css", "pkg/syncline.js", "pkg/syncline.wasm"];

/// Where the built page is.
#[derive(Debug, Clone)]
pub enum Assets {
    /// Inside the binary, with its version.
    Inside(Arc<str>),
    /// In a folder.
    Folder(Arc<Path>),
}

/// One file as it is sent.
struct Asset {
    bytes: Cow<'static, [u8]>,
    /// Changes with the content.
    tag: String,
    encoding: Option<&'static str>,
}

impl Assets {
    /// From a folder, or from where this build has it.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        match folder {
            Some(folder) => Self::Folder(folder.into()),
            None if cfg!(debug_assertions) => Self::Folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site")).into()),
            None => Self::Inside(embedded_version().into()),
        }
    }

    /// The version in the addresses of stylesheet, script and WASM.
    #[must_use]
    pub fn version(&self) -> Arc<str> {
        match self {
            Self::Inside(version) => version.clone(),
            Self::Folder(folder) => {
                let newest = VERSIONED.iter().filter_map(|name| std::fs::metadata(folder.join(name)).ok()?.modified().ok()).max();
                let age = newest.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |age| age.as_millis());
                format!("{age:x}").into()
            }
        }
    }

    /// The file at a path, in the best encoding that the caller takes.
    async fn find(&self, path: &str, accepts: &Accepts) -> Option<Asset> {
        for (encoding, suffix, accepted) in [("br", ".br", accepts.br), ("gzip", ".gz", accepts.gzip)] {
            if accepted && let Some((bytes, tag)) = self.read(&format!("{path}{suffix}")).await {
                return Some(Asset { bytes, tag: format!("{tag}-{encoding}"), encoding: Some(encoding) });
            }
        }
        let (bytes, tag) = self.read(path).await?;
        Some(Asset { bytes, tag, encoding: None })
    }

    async fn read(&self, path: &str) -> Option<(Cow<'static, [u8]>, String)> {
        match self {
            Self::Inside(_) => {
                let EmbeddedFile { data, metadata } = <Embedded as RustEmbed>::get(path)?;
                Some((data, hex(&metadata.sha256_hash()[..12])))
            }
            Self::Folder(folder) => {
                let file = folder.join(path);
                let about = tokio::fs::metadata(&file).await.ok().filter(std::fs::Metadata::is_file)?;
                let age = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
                let bytes = tokio::fs::read(&file).await.ok()?;
                Some((Cow::Owned(bytes), format!("{age:x}-{:x}", about.len())))
            }
        }
    }
}

fn embedded_version() -> String {
    let mut version = String::new();
    for name in VERSIONED {
        if let Some(file) = <Embedded as RustEmbed>::get(name) {
            version.push_str(&hex(&file.metadata.sha256_hash()[..4]));
        }
    }
    if version.is_empty() { env!("CARGO_PKG_VERSION").to_owned() } else { version }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Accepts {
    br: bool,
    gzip: bool,
}

impl Accepts {
    fn of(headers: &HeaderMap) -> Self {
        let line = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let takes = |name: &str| {
            line.split(',').any(|part| {
                let mut words = part.split(';').map(str::trim);
                words.next() == Some(name) && !words.any(|word| word.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)))
            })
        };
        Self { br: takes("br"), gzip: takes("gzip") }
    }
}

/// A path inside the site, or nothing for anything that could lead out of it.
fn inside(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let plain = !path.is_empty()
        && path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    plain.then_some(path)
}

/// Handler of `/pkg/…`: a file, or 404.
pub async fn package(State(state): State<AppState>, request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    serve(&state, &parts).await.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Middleware of the last resort: a file of `public/` (an icon, `robots.txt`), else what comes after.
pub async fn public(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match serve(&state, &parts).await {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

async fn serve(state: &AppState, request: &Parts) -> Option<Response> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = inside(request.uri.path())?;
    let asset = state.assets.find(path, &Accepts::of(&request.headers)).await?;
    let tag = format!("\"{}\"", asset.tag);
    let unchanged = request
        .headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|known| known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag));
    let version = state.assets.version();
    let forever = request.uri.query().is_some_and(|query| query == format!("v={version}"));
    let size = asset.bytes.len();
    let mut response = if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(body(asset.bytes)) };
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == mime_guess::mime::TEXT { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    for (name, value) in [
        (header::ETAG, Some(tag.as_str())),
        (header::CONTENT_TYPE, (!unchanged).then_some(kind.as_str())),
        (header::CONTENT_ENCODING, asset.encoding.filter(|_| !unchanged)),
        (header::CONTENT_LENGTH, (!unchanged).then_some(size.to_string().as_str())),
        (header::CACHE_CONTROL, Some(if forever { "public, max-age=31536000, immutable" } else { "no-cache" })),
        (header::VARY, Some("accept-encoding")),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    Some(response)
}

fn body(bytes: Cow<'static, [u8]>) -> Body {
    match bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_site() {
        assert_eq!(inside("/pkg/syncline.js"), Some("pkg/syncline.js"));
        for bad in ["/", "/../secret.key", "/pkg/../../x", "/.env", "//etc/passwd", "/pkg/%2e%2e/x", "/a\\b"] {
            assert_eq!(inside(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_encoding_that_is_refused_is_not_sent() {
        let accepts = |line: &str| {
            let found = Accepts::of(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap())]));
            (found.br, found.gzip)
        };
        assert_eq!(accepts("gzip, deflate, br"), (true, true));
        assert_eq!(accepts("gzip;q=1.0, br;q=0"), (false, true));
        assert_eq!(accepts("identity"), (false, false));
    }
}
