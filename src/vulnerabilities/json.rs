//! Lenient reading of JSON that others wrote.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::text::excerpt;

/// Reads a document; what is not named in `T` is skipped without being held.
pub(super) fn parse<T: DeserializeOwned>(document: &[u8], what: &str) -> Result<T, String> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    serde_json::from_slice(document).map_err(|error| format!("not {what}: {}", excerpt(&error.to_string(), 200)))
}

/// `null` is what is empty: that is how Go writes empty lists.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A text; nothing if it is something else.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
