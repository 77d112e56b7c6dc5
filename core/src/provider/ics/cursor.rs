//! What a feed's pass remembers for the next one.

use super::body::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

/// Raised when the reader understands feeds differently from before, so that unchanged feeds are read once more.
const READER: u32 = 1;

/// What a feed says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedProps {
    /// `NAME` or `X-WR-CALNAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `COLOR` or `X-APPLE-CALENDAR-COLOR`, as `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// `X-WR-TIMEZONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// The cursor, JSON in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    reader: u32,
    /// Of the address that gave the validators, so that they are sent to no other. A hash: the address is a secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
    /// The body's fingerprint.
    pub(super) body: String,
    pub(super) props: FeedProps,
    /// Seconds between fetches that the feed asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refresh_s: Option<u64>,
}

impl Cursor {
    pub(super) fn new(body: String, props: FeedProps, refresh_s: Option<u64>) -> Self {
        Self { reader: READER, body, props, refresh_s, ..Self::default() }
    }

    /// Reads a stored cursor. One of another reader, or a broken one, keeps the properties at most: the feed is then fetched and
    /// read in full.
    pub(super) fn read(text: Option<&str>) -> Self {
        let cursor: Self = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        if cursor.reader == READER { cursor } else { Self { props: cursor.props, ..Self::default() } }
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers have a JSON form")
    }
}

/// The name of an address in a cursor.
pub(super) fn place_of(url: &Url) -> String {
    hex(&Sha256::digest(url.as_str())[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_reader_keeps_the_name_but_not_the_validators() {
        let props = FeedProps { name: Some("Work".into()), ..FeedProps::default() };
        let cursor = Cursor { etag: Some("\"1\"".into()), ..Cursor::new("abc".into(), props.clone(), None) };
        assert_eq!(Cursor::read(Some(&cursor.write())), cursor);
        let older = cursor.write().replace("\"reader\":1", "\"reader\":0");
        assert_eq!(Cursor::read(Some(&older)), Cursor { props, ..Cursor::default() });
        assert_eq!(Cursor::read(Some("not json")), Cursor::default());
        assert_eq!(Cursor::read(None), Cursor::default());
    }

    #[test]
    fn the_place_does_not_show_the_address() {
        let url = Url::parse("https://example.org/private-123/basic.ics").unwrap();
        assert_eq!(place_of(&url).len(), 24);
        assert!(!place_of(&url).contains("private"));
    }
}
