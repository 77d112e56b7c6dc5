//! Identifiers. Each is a `UUIDv7` in its text form, wrapped so that one kind can not be given where another is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// The text was not a UUID in its 36-character form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected 36 characters like 018f2f3a-…")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if shape { Ok(()) } else { Err(InvalidId) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text of 36 characters as it stands in an address or a body.
            ///
            /// # Errors
            /// [`InvalidId`] when it does not have the form of a UUID.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                check(text).map(|()| Self(text.to_owned()))
            }

            /// Wraps a text that is known to be an id, for example one read from the database.
            #[must_use]
            pub fn trusted(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }
    )*};
}

ids! {
    /// A person with an account on this instance.
    UserId,
    /// One authorised account (or feed) of a user at a provider.
    ConnectionId,
    /// One collection of events inside a connection.
    CalendarId,
    /// One stored event: a single, a series master or an override.
    EventId,
    /// One sync of one connection.
    JobId,
    /// A set of deletions that waits for the user.
    HoldId,
    /// An API token (never the secret itself).
    TokenId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_needs_the_form_of_a_uuid() {
        assert!(JobId::parse("018f2f3a-0000-7000-8000-000000000001").is_ok());
        for bad in ["", "018f2f3a", "018f2f3a-0000-7000-8000-00000000000g", "018f2f3a00000-7000-8000-000000000001x"] {
            assert_eq!(JobId::parse(bad), Err(InvalidId), "{bad}");
        }
    }
}
