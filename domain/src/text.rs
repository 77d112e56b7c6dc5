//! `#[serde(with = "crate::text")]`: a value whose JSON leaves fields out or flattens them, inside of something that also
//! travels in a binary form. There it is its JSON as one text.

use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

/// As itself, or as its JSON.
///
/// # Errors
/// The serializer's own.
pub fn serialize<T: Serialize, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    if to.is_human_readable() {
        return value.serialize(to);
    }
    to.serialize_str(&serde_json::to_string(value).map_err(S::Error::custom)?)
}

/// From either.
///
/// # Errors
/// When it is not such a value.
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    if from.is_human_readable() {
        return T::deserialize(from);
    }
    let json = <String as serde::Deserialize>::deserialize(from)?;
    serde_json::from_str(&json).map_err(|_| D::Error::custom("not the JSON of it"))
}
