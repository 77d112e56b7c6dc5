//! The decision what a sync does with one remote object. This is where the policy lives; the engine only carries it out.
//!
//! A *remote object* is the unit that a provider versions: a CalDAV resource, all components of one UID in a feed, one
//! Google or Graph item. The *mirror* is what was last agreed with the provider about it.

use serde::{Deserialize, Serialize};

/// What is known about an object from the last sync that saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirror<'a> {
    /// It was never seen.
    Unknown,
    /// It is stored.
    Live {
        /// Hash of its normalised content.
        hash: &'a str,
        /// The provider's version (ETag).
        version: Option<&'a str>,
    },
    /// It was deleted, by the provider or by an approved hold.
    Gone,
    /// It was cancelled before it was ever stored.
    Cancelled,
}

/// What the provider says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// It has content.
    Present {
        /// Hash of its normalised content.
        hash: &'a str,
        /// The provider's version (ETag).
        version: Option<&'a str>,
    },
    /// It is there and cancelled as a whole.
    Cancelled,
    /// It is there and can not be read; the stored copy stays.
    Unreadable,
    /// It is there, and its version says that it did not change.
    Same,
    /// It is not there any more.
    Removed,
}

/// What to do with the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Store it as new.
    Insert,
    /// It was deleted and came back: store it again under its old id.
    Revive,
    /// Replace the stored content.
    Update,
    /// Only the version changed; the content is equal. Counts as unchanged.
    Touch,
    /// Nothing to do.
    Keep,
    /// Mark it deleted.
    Delete,
    /// Do not store it; the reason is counted.
    Skip(SkipReason),
    /// It could not be read; what is stored stays.
    Fail,
    /// It never was ours: nothing to do, nothing to count.
    Ignore,
}

/// Why an object was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It is cancelled and was never stored.
    Cancelled,
}

impl SkipReason {
    /// The name in counts and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
        }
    }
}

/// Decides. Every pair is listed; a new state is a compile error here and nowhere else.
#[must_use]
pub fn plan(mirror: Mirror<'_>, incoming: Incoming<'_>) -> Action {
    match (mirror, incoming) {
        (Mirror::Unknown, Incoming::Present { .. }) => Action::Insert,
        (Mirror::Gone, Incoming::Present { .. }) => Action::Revive,
        (Mirror::Cancelled, Incoming::Present { .. }) => Action::Insert,
        (Mirror::Live { hash: old, version: before }, Incoming::Present { hash: new, version: after }) => {
            if old != new {
                Action::Update
            } else if before != after {
                Action::Touch
            } else {
                Action::Keep
            }
        }
        (Mirror::Live { .. }, Incoming::Cancelled | Incoming::Removed) => Action::Delete,
        (Mirror::Unknown | Mirror::Gone | Mirror::Cancelled, Incoming::Cancelled) | (Mirror::Cancelled, Incoming::Same) => {
            Action::Skip(SkipReason::Cancelled)
        }
        (Mirror::Unknown | Mirror::Gone | Mirror::Cancelled, Incoming::Removed) => Action::Ignore,
        (_, Incoming::Unreadable) => Action::Fail,
        (Mirror::Live { .. }, Incoming::Same) => Action::Keep,
        // The version is only compared for what is stored, so this can not come from an honest provider.
        (Mirror::Unknown | Mirror::Gone, Incoming::Same) => Action::Ignore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: Mirror<'_> = Mirror::Live { hash: "a", version: Some("1") };
    const fn present<'a>(hash: &'a str, version: &'a str) -> Incoming<'a> {
        Incoming::Present { hash, version: Some(version) }
    }

    #[test]
    fn the_table_of_decisions() {
        let table = [
            // mirror, incoming, action
            (Mirror::Unknown, present("a", "1"), Action::Insert),
            (Mirror::Unknown, Incoming::Cancelled, Action::Skip(SkipReason::Cancelled)),
            (Mirror::Unknown, Incoming::Unreadable, Action::Fail),
            (Mirror::Unknown, Incoming::Same, Action::Ignore),
            (Mirror::Unknown, Incoming::Removed, Action::Ignore),
            (LIVE, present("a", "1"), Action::Keep),
            (LIVE, present("a", "2"), Action::Touch),
            (LIVE, present("b", "2"), Action::Update),
            (LIVE, present("b", "1"), Action::Update),
            (LIVE, Incoming::Cancelled, Action::Delete),
            (LIVE, Incoming::Unreadable, Action::Fail),
            (LIVE, Incoming::Same, Action::Keep),
            (LIVE, Incoming::Removed, Action::Delete),
            (Mirror::Gone, present("a", "1"), Action::Revive),
            (Mirror::Gone, Incoming::Cancelled, Action::Skip(SkipReason::Cancelled)),
            (Mirror::Gone, Incoming::Unreadable, Action::Fail),
            (Mirror::Gone, Incoming::Same, Action::Ignore),
            (Mirror::Gone, Incoming::Removed, Action::Ignore),
            (Mirror::Cancelled, present("a", "1"), Action::Insert),
            (Mirror::Cancelled, Incoming::Cancelled, Action::Skip(SkipReason::Cancelled)),
            (Mirror::Cancelled, Incoming::Unreadable, Action::Fail),
            (Mirror::Cancelled, Incoming::Same, Action::Skip(SkipReason::Cancelled)),
            (Mirror::Cancelled, Incoming::Removed, Action::Ignore),
        ];
        for (mirror, incoming, action) in table {
            assert_eq!(plan(mirror, incoming), action, "{mirror:?} × {incoming:?}");
        }
    }
}
