//! Whether every reader understands a JSON text in the same way.
//!
//! Readers differ in two things that JSON leaves open (RFC 8259, section 4): which of two equal names counts, and
//! whether case matters. Go's `encoding/json`, which registries and container engines use, takes the last one and
//! ignores case, so that `Manifests` after `manifests` replaces it there and is an unknown member here.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::document::ContentError;

/// The members of manifests, indexes, descriptors and platforms.
const DOCUMENT: &[&str] = &[
    "annotations",
    "architecture",
    "artifactType",
    "blobs",
    "config",
    "data",
    "digest",
    "features",
    "fsLayers",
    "layers",
    "manifests",
    "mediaType",
    "os",
    "os.features",
    "os.version",
    "platform",
    "schemaVersion",
    "size",
    "subject",
    "urls",
    "variant",
];

/// The members that decide whether a configuration is that of an image that can be run.
const CONFIGURATION: &[&str] = &["architecture", "config", "history", "os", "rootfs", "variant"];

/// The same inside these members.
const IN_CONFIGURATION: &[&str] = &["diff_ids"];

/// Checks a manifest or index: at any depth except in annotations and `data`, members have the spelling that readers
/// know.
///
/// # Errors
/// [`ContentError::Ambiguous`] if two readers could understand it differently, [`ContentError::Unusable`] if it is not
/// JSON.
pub(super) fn check_document(bytes: &[u8]) -> Result<(), ContentError> {
    check(bytes, Names { known: DOCUMENT, below: DOCUMENT })
}

/// Checks a configuration, of which only the outermost members and `diff_ids` are read.
///
/// # Errors
/// As [`check_document`].
pub(super) fn check_configuration(bytes: &[u8]) -> Result<(), ContentError> {
    check(bytes, Names { known: CONFIGURATION, below: IN_CONFIGURATION })
}

fn check(bytes: &[u8], names: Names) -> Result<(), ContentError> {
    let fault = RefCell::new(None);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let seed = Value { names, fault: &fault };
    let read = seed.deserialize(&mut json).and_then(|()| json.end());
    match (fault.into_inner(), read) {
        (Some(fault), _) => Err(ContentError::Ambiguous(fault)),
        (None, Err(error)) => Err(ContentError::Unusable(format!("not a manifest: {}", clean(&error.to_string())))),
        (None, Ok(())) => Ok(()),
    }
}

/// The names that an object's members may have in one spelling only.
#[derive(Clone, Copy)]
struct Names {
    known: &'static [&'static str],
    /// The same for the objects in it.
    below: &'static [&'static str],
}

impl Names {
    /// The rules for the value of this member. Anything goes in members that others are free to define.
    fn under(self, name: &str) -> Self {
        let below = if matches!(name, "annotations" | "data") { &[] } else { self.below };
        Self { known: below, below }
    }

    /// Why an object with the members `seen` must not also have one of this name.
    fn fault(self, name: &str, seen: &mut HashSet<String>) -> Option<String> {
        if let Some(known) = self.known.iter().find(|known| **known != name && is_taken_for(name, known)) {
            return Some(format!("a member `{}`, which some readers treat as `{known}`", clean(name)));
        }
        (!seen.insert(name.to_owned()))
            .then(|| format!("two members `{}`, of which readers use one or the other", clean(name)))
    }
}

/// Whether Go takes a name for a known one: it ignores the case of ASCII letters, and of the two other characters that
/// Unicode folds to some of them.
fn is_taken_for(name: &str, known: &str) -> bool {
    let letter = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(letter).eq(known.chars().map(letter))
}

/// Text by others for an error message: without control characters, and short.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// One value that is checked for the names in it.
#[derive(Clone, Copy)]
struct Value<'a> {
    names: Names,
    /// What was found.
    fault: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if let Some(fault) = self.names.fault(&name, &mut seen) {
                let error = A::Error::custom(&fault);
                *self.fault.borrow_mut() = Some(fault);
                return Err(error);
            }
            map.next_value_seed(Value { names: self.names.under(&name), ..self })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ambiguous(text: &str) -> bool {
        matches!(check_document(text.as_bytes()), Err(ContentError::Ambiguous(_)))
    }

    #[test]
    fn members_have_one_writing() {
        for text in [
            r#"{"manifests":[],"Manifests":[]}"#,
            r#"{"Manifests":[]}"#,
            r#"{"manifeſts":[]}"#,
            r#"{"manifest\u017f":[]}"#,
            r#"{"x":[{"y":{"DIGEST":""}}]}"#,
            r#"{"platform":{"oS":"linux"}}"#,
            r#"{"platform":{"OS.version":"10"}}"#,
            r#"{"manifests":[],"manifests":[]}"#,
            r#"{"manifests":[],"\u006danifests":[]}"#,
            r#"{"annotations":{"a":"1","a":"2"}}"#,
            r#"{"Annotations":{}}"#,
        ] {
            assert!(ambiguous(text), "{text}");
        }
        for text in [
            r#"{"manifests":[{"digest":""},{"digest":""}],"config":null}"#,
            r#"{"annotations":{"Digest":"","OS":"x","a":"","A":""}}"#,
            r#"{"data":{"Digest":""},"x-vendor":1.5e3,"y":[true,-1,"s"]}"#,
            r#"{"manifestß":[],"x":{"vendor":1,"Vendor":2}}"#,
        ] {
            assert_eq!(check_document(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_not_called_ambiguous() {
        for text in ["", "{", "{} {}", "{\"a\":\"\u{1}\"}", "<html>"] {
            assert!(matches!(check_document(text.as_bytes()), Err(ContentError::Unusable(_))), "{text}");
        }
        assert!(matches!(check_document(&[b"[".as_slice(); 5_000].concat()), Err(ContentError::Unusable(_))));
    }

    #[test]
    fn of_a_configuration_the_outermost_members_are_checked() {
        let check = |text: &str| check_configuration(text.as_bytes());
        assert_eq!(
            check(r#"{"os":"","config":{"Env":[],"Labels":{"OS":"","os":""}},"container_config":{"Os":1}}"#),
            Ok(())
        );
        assert!(matches!(check(r#"{"os":"","OS":"linux"}"#), Err(ContentError::Ambiguous(_))));
        assert!(matches!(check(r#"{"os":"","os":"linux"}"#), Err(ContentError::Ambiguous(_))));
        let rootfs = r#"{"rootfs":{"diff_ids":[],"Diff_IDs":[]}}"#;
        assert!(matches!(check(rootfs), Err(ContentError::Ambiguous(_))));
    }
}
