//! A request as the stand-ins read it, and the answer that they give: plain values, so that a batch can hold several.

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// Still percent-encoded.
    pub(crate) path: String,
    /// Decoded, in the order of the address.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Ask {
    pub(crate) fn new(method: Method, path_and_query: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Self { method, path: path.to_owned(), query: pairs(query.as_bytes()), headers, body }
    }

    /// The decoded parts of the path, the provider's name first.
    pub(crate) fn segments(&self) -> Vec<String> {
        let parts = self.path.trim_matches('/').split('/');
        parts.map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
    }

    /// The only value of a query parameter; the first when it is repeated.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body as JSON; `None` when it is none or is not called so.
    pub(crate) fn json(&self) -> Option<Value> {
        let named = self.header("content-type").is_some_and(|value| value.to_ascii_lowercase().starts_with("application/json"));
        if named { serde_json::from_slice(&self.body).ok() } else { None }
    }

    /// The body as a form; `None` when it is not called one.
    pub(crate) fn form(&self) -> Option<Vec<(String, String)>> {
        let kind = self.header("content-type")?.to_ascii_lowercase();
        kind.starts_with("application/x-www-form-urlencoded").then(|| pairs(&self.body))
    }
}

/// Decodes `a=b&c=d`.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The value of a name in decoded pairs.
pub(crate) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Why the request was wrong, when no correct client sends it.
    pub(crate) refused: Option<String>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new(), refused: None }
    }

    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::raw_json(status, serde_json::to_vec(body).expect("JSON values have text keys"))
    }

    pub(crate) fn raw_json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::empty(status).with("content-type", "application/json; charset=UTF-8").body(body)
    }

    pub(crate) fn html(status: u16, page: String) -> Self {
        Self::empty(status).with("content-type", "text/html; charset=utf-8").body(page)
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::empty(302).with("location", to)
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Notes that no correct client asks so.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.refused = Some(reason.into());
        self
    }
}
