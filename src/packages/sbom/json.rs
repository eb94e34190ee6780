//! JSON by others: a member of an unexpected type counts as missing, and takes nothing else with it.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A member that may be there; null is not.
pub(super) type Member<'a> = Option<&'a RawValue>;

/// Its text; of a number, the number as it is written.
pub(super) fn text(member: Member<'_>) -> Option<String> {
    let raw = member?.get();
    let text = match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok()?,
        b'-' | b'0'..=b'9' => raw.to_owned(),
        _ => return None,
    };
    Some(text).filter(|text: &String| !text.is_empty())
}

/// Its elements; empty if it is no array.
pub(super) fn elements(member: Member<'_>) -> Vec<&RawValue> {
    member.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// Its object; `None` if it is none.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
