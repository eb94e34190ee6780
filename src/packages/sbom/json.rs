//! JSON by others: a member of an unexpected type counts as missing, and takes nothing else with it.

use std::fmt::Formatter;

use serde::Deserialize;
use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A member that may be there; null is not.
pub(super) type Member<'a> = Option<&'a RawValue>;

/// The most elements of a list inside one package.
const FEW: usize = 1_000;

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

/// Calls `act` with each of its elements, without holding them all; with nothing if it is no array.
///
/// # Errors
/// The first of `act`.
pub(super) fn each<'a>(
    member: Member<'a>,
    act: &mut dyn FnMut(&'a RawValue) -> Result<(), String>,
) -> Result<(), String> {
    let Some(raw) = member else { return Ok(()) };
    let mut failed = None;
    // Only errors of `act` can stop it: the document was found to be JSON before.
    let _ = serde_json::Deserializer::from_str(raw.get()).deserialize_seq(Each { act, failed: &mut failed });
    failed.map_or(Ok(()), Err)
}

struct Each<'e, 'a> {
    act: &'e mut dyn FnMut(&'a RawValue) -> Result<(), String>,
    failed: &'e mut Option<String>,
}

impl<'a> Visitor<'a> for Each<'_, 'a> {
    type Value = ();

    fn expecting(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
        to.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            if let Err(why) = (self.act)(element) {
                *self.failed = Some(why);
                return Err(A::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

/// Its elements, of very many the first; empty if it is no array.
pub(super) fn elements(member: Member<'_>) -> Vec<&RawValue> {
    let mut few = Vec::new();
    let enough = || Err("enough".to_owned());
    let _ = each(member, &mut |element| {
        few.push(element);
        if few.len() < FEW { Ok(()) } else { enough() }
    });
    few
}

/// Its object; `None` if it is none.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}
