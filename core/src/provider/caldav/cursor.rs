//! What is remembered between passes. All forms are JSON and private to this provider.

use super::wire::Listing;
use serde::{Deserialize, Serialize};

/// A reconcile is due after a day: it is what finds a change that a server forgot to report.
pub(super) const RECONCILE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// Stored with the rows that it covers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The token of the last answer (RFC 6578); `None` where the server has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// The CTag of the last listing, only where there is no token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ctag: Option<String>,
    /// When everything was last compared, unix milliseconds; `None` after the quick first pass, whose completeness is not
    /// proven yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verified_at: Option<i64>,
    /// The server wants `Depth: 1` on `sync-collection` (drafts before RFC 6578).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) depth_one: bool,
}

impl Cursor {
    /// The stored form.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers")
    }

    /// Reads the stored form. What can not be read is an unverified cursor, which is always safe.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What the next listing has to ask for, so that it can show that nothing changed.
    pub(super) fn listing(&self) -> Listing {
        let has_no_tokens = self.token.is_none() && self.verified_at.is_some();
        if has_no_tokens { Listing::TokenAndCtag } else { Listing::Token }
    }

    /// Whether everything has to be compared again.
    pub(super) fn reconcile_is_due(&self, now: i64) -> bool {
        // A clock that went back is no reason to wait for it.
        self.verified_at.is_none_or(|at| !(0..RECONCILE_AFTER_MS).contains(&(now - at)))
    }
}

/// [`crate::provider::RemoteCalendar::state`]: both signs of a change that a listing can hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ctag: Option<String>,
}

impl State {
    /// `None` when the listing held neither.
    pub(super) fn to_text(&self) -> Option<String> {
        (self.token.is_some() || self.ctag.is_some()).then(|| serde_json::to_string(self).expect("texts"))
    }

    /// Reads [`State::to_text`].
    pub(super) fn parse(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

/// [`crate::provider::RemoteCalendar::hints`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hints {
    /// The calendar's address in the server's own spelling.
    pub(super) url: String,
    /// The listing asked for token and CTag both; what it did not get is then not there.
    pub(super) asked: bool,
}

impl Hints {
    /// The stored form.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("text and flag")
    }

    /// Reads the stored form.
    pub(super) fn parse(text: Option<&str>) -> Option<Self> {
        serde_json::from_str(text?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_can_not_be_read_asks_for_a_reconcile() {
        let cursor = Cursor { token: Some("t".into()), ctag: None, verified_at: Some(5), depth_one: false };
        assert_eq!(Cursor::parse(&cursor.to_text()), cursor);
        assert!(Cursor::parse("http://some/old/token").reconcile_is_due(0));
        assert!(!cursor.reconcile_is_due(5 + RECONCILE_AFTER_MS - 1));
        assert!(cursor.reconcile_is_due(5 + RECONCILE_AFTER_MS));
        assert!(cursor.reconcile_is_due(4), "the clock went back");
    }

    #[test]
    fn a_listing_without_signs_of_change_has_no_state() {
        assert_eq!(State::default().to_text(), None);
        let state = State { token: Some("1".into()), ctag: None };
        assert_eq!(State::parse(state.to_text().as_deref()), state);
    }
}
