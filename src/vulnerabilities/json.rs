//! Lenient reading of JSON that others wrote.

use std::fmt::Formatter;
use std::marker::PhantomData;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MOST;
use crate::text::excerpt;

/// Reads a document; what is not named in `T` is skipped without being held.
pub(super) fn parse<'a, T: Deserialize<'a>>(document: &'a [u8], what: &str) -> Result<T, String> {
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    serde_json::from_slice(document).map_err(|error| not(what, &error))
}

fn not(what: &str, error: &serde_json::Error) -> String {
    format!("not {what}: {}", excerpt(&error.to_string(), 200))
}

/// `null` is what is empty: that is how Go writes empty lists.
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// Calls `act` with each element of a list, without holding them all. `null` is an empty list.
///
/// # Errors
/// What the document is not; the first of `act`.
pub(super) fn each<'a, T: Deserialize<'a>>(
    list: &'a RawValue,
    what: &str,
    act: &mut dyn FnMut(T) -> Result<(), String>,
) -> Result<(), String> {
    struct Each<'e, T> {
        act: &'e mut dyn FnMut(T) -> Result<(), String>,
        failed: &'e mut Option<String>,
    }
    impl<'a, T: Deserialize<'a>> Visitor<'a> for Each<'_, T> {
        type Value = ();

        fn expecting(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
            to.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<(), E> {
            Ok(())
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
    let mut failed = None;
    let read = serde_json::Deserializer::from_str(list.get()).deserialize_any(Each { act, failed: &mut failed });
    match failed {
        Some(why) => Err(why),
        None => read.map_err(|error| not(what, &error)),
    }
}

/// A list of at most [`MOST`] elements, so that a document does not take many times its own size.
pub(super) fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    struct Few<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, to: &mut Formatter<'_>) -> std::fmt::Result {
            to.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(element) = elements.next_element()? {
                if list.len() > MOST {
                    return Err(A::Error::custom(format_args!("it has more than {MOST} findings, which are the most")));
                }
                list.push(element);
            }
            Ok(list)
        }
    }
    from.deserialize_any(Few(PhantomData))
}

/// A text; nothing if it is something else.
pub(super) fn word<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
