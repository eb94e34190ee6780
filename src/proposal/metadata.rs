//! The part of a proposal's body that this program reads back: one HTML comment, invisible where the body is rendered.
//!
//! It decides only whether a proposal is as it should be. Nothing is ever approved because of what it says, so what a
//! person can do by editing it is to have the proposal written anew.

use serde::{Deserialize, Serialize};

use super::Entry;
use crate::image::Digest;

const START: &str = "<!-- wharfinger: ";
const MARK: &str = "<!-- wharfinger:";
const END: &str = "-->";

/// The most bytes of a body that are looked at: GitHub's limit is 65,536 characters, of four bytes at most.
const BODY_LIMIT: usize = 4 * 65_536;

/// The most entries that one proposal may name.
pub const ENTRY_LIMIT: usize = 1_000;

/// What a proposal was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The commit that this program put on the branch: another one there is a person's. Absent on a forge where the body
    /// is the commit's own message.
    pub head: Option<ObjectId>,
    /// [`super::Wanted::context`] when it was made.
    pub context: Digest,
    /// The changes, in order.
    pub entries: Vec<Entry>,
}

/// A git object id: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(String);

impl ObjectId {
    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ObjectId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hexadecimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal && matches!(text.len(), 40 | 64) { Ok(Self(text)) } else { Err("no object id") }
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        id.0
    }
}

/// On the wire: the metadata with the version of its form in front.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    head: Option<ObjectId>,
    context: Digest,
    entries: Vec<Entry>,
}

/// The comment, on one line. Nothing in it can end it: `<`, `>`, `&`, `@` and `--` are written as JSON escapes.
#[must_use]
pub fn write(metadata: &Metadata) -> String {
    let Metadata { head, context, entries } = metadata.clone();
    let json = serde_json::to_string(&Versioned { version: 1, head, context, entries }).unwrap_or_default();
    let json = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('@', "\\u0040")
        .replace("--", "-\\u002d");
    format!("{START}{json} {END}")
}

/// The metadata in a body. `None` where there is none, more than one, or one that this program would not have written:
/// a proposal whose metadata cannot be read is written anew.
#[must_use]
pub fn read(body: &str) -> Option<Metadata> {
    if body.len() > BODY_LIMIT {
        return None;
    }
    let (_, rest) = body.split_once(MARK)?;
    if rest.contains(MARK) {
        return None;
    }
    let (json, _) = rest.split_once(END)?;
    let Versioned { version, head, context, entries } = serde_json::from_str(json.trim()).ok()?;
    (version == 1 && entries.len() <= ENTRY_LIMIT).then_some(Metadata { head, context, entries })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::proposal::Kind;

    fn entry(source: &str) -> Entry {
        Entry {
            source: source.to_owned(),
            repository: "loki".parse().unwrap(),
            from: Some("3.0.0".parse().unwrap()),
            to: Some("3.1.0".parse().unwrap()),
            digest: Digest::sha256(b"3.1.0"),
            kind: Kind::Update,
            rejection: None,
            urgent: None,
        }
    }

    fn metadata(source: &str) -> Metadata {
        Metadata {
            head: Some(ObjectId::try_from("0123456789abcdef0123456789abcdef01234567".to_owned()).unwrap()),
            context: Digest::sha256(b"context"),
            entries: vec![entry(source)],
        }
    }

    #[test]
    fn is_one_line_of_json_in_a_comment() {
        insta::assert_snapshot!(write(&metadata("grafana/loki")), @r#"<!-- wharfinger: {"version":1,"head":"0123456789abcdef0123456789abcdef01234567","context":"sha256:ea7792a26f405e2ae9c6f49ca93bbe6076ceac0a1fc53d83426c7d7f2d9377e4","entries":[{"source":"grafana/loki","repository":"loki","from":"3.0.0","to":"3.1.0","digest":"sha256:84e4509524fd99960badbac55254afcea330d7a10eabd6a5f1dcb45fc38c3f40","kind":"update"}]} -->"#);
    }

    #[test]
    fn without_a_head_none_is_written() {
        let own_message = Metadata { head: None, ..metadata("a") };
        assert!(!write(&own_message).contains("head"));
        assert_eq!(read(&write(&own_message)), Some(own_message));
    }

    #[test]
    fn broken_foreign_or_doubled_metadata_is_none() {
        let good = write(&metadata("a"));
        assert!(read(&format!("text\n\n{good}\nmore")).is_some());
        assert_eq!(read("no comment at all"), None);
        assert_eq!(read(&format!("{good}\n{good}")), None, "two");
        assert_eq!(read(&format!("{good}\n<!-- wharfinger:{{}} -->")), None, "two, written otherwise");
        assert_eq!(read(good.trim_end_matches(END)), None, "without an end");
        assert_eq!(read(&good.replace("\"version\":1", "\"version\":2")), None, "of a later form");
        assert_eq!(read(&good.replace("\"version\":1", "\"version\":1,\"more\":1")), None, "an unknown key");
        assert_eq!(read(&good.replace("\"source\"", "\"sauce\"")), None, "an unknown key in an entry");
        assert_eq!(read(&good.replace("sha256:", "sha256:../")), None, "a digest that is none");
        assert_eq!(read(&good.replace("0123456789abcdef0", "0123456789ABCDEF0")), None, "an object id that is none");
        assert_eq!(read(&format!("{good}{}", " ".repeat(BODY_LIMIT))), None, "too long to be a body");
    }

    proptest! {
        #[test]
        fn whatever_a_source_says_it_comes_back_and_ends_no_comment(source in ".{0,80}", tail in "(-|>|<|!|--|-->| ){0,12}") {
            let metadata = metadata(&format!("{source}{tail}"));
            let comment = write(&metadata);
            prop_assert_eq!(comment.matches("--").count(), 2);
            prop_assert_eq!(comment.matches('>').count(), 1);
            prop_assert_eq!(read(&format!("body\n\n{comment}")), Some(metadata));
        }
    }
}
