//! The part of a proposal's body that this program reads back: one HTML comment, invisible where the body is rendered.
//!
//! It only decides whether a proposal is as it should be. Nothing is ever approved because of it, so the most that a
//! person can do by editing it is to have the proposal rewritten.

use serde::{Deserialize, Serialize};

use super::Entry;
use super::kept::Kept;
use crate::image::Digest;

mod packed;

const START: &str = "<!-- wharfinger: ";
const MARK: &str = "<!-- wharfinger:";
const END: &str = "-->";

/// The most bytes of a body that are checked: GitHub's limit is 65,536 characters, of four bytes at most.
const BODY_LIMIT: usize = 4 * 65_536;

/// The most entries that one proposal may name.
pub(crate) const ENTRY_LIMIT: usize = 1_000;

/// The most characters of entries as JSON, which people can read: about seventy entries.
const PLAIN_LIMIT: usize = 16_384;

/// The most characters of what is kept of the evidence: for about thirty changes, and packed for about two hundred.
const KEPT_LIMIT: usize = 8_192;

/// The characters of all other fields together, at most.
const FIELDS_LIMIT: usize = 1_024;

/// The most characters of a body that the metadata may take up.
const LENGTH_LIMIT: usize = 40_960;

/// What a proposal was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The path of the manifest that it belongs to; `None` if an earlier release wrote it.
    pub manifest: Option<String>,
    /// The commit that this program put on the branch: another one there is a person's. Absent on a forge where the body
    /// is the commit's own message.
    pub head: Option<ObjectId>,
    /// [`super::Wanted::context`] when it was made.
    pub context: Digest,
    /// The changes, in order.
    pub entries: Vec<Entry>,
    /// What was known of them when they were proposed, as far as there is room.
    pub kept: Vec<Kept>,
}

/// A git object id: 40 or 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(String);

impl ObjectId {
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

/// On the wire: the metadata preceded by the version of its format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    head: Option<ObjectId>,
    context: Digest,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    entries: Option<Vec<Entry>>,
    /// The entries, if there are many.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    packed: Option<String>,
    /// What was known of them, unless they are packed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    kept: Vec<Kept>,
    /// The same if they are.
    #[serde(rename = "packed-kept", skip_serializing_if = "Option::is_none", default)]
    packed_kept: Option<String>,
}

/// How many of these entries, from the first, one proposal can name: at least one.
pub(crate) fn fitting(entries: &[Entry]) -> usize {
    let context = Digest::sha256(b"");
    let length = |entries: &[Entry]| {
        let (context, entries) = (context.clone(), entries.to_vec());
        write(&Metadata { manifest: None, head: None, context, entries, kept: Vec::new() }).chars().count()
    };
    let most = entries.len().min(ENTRY_LIMIT);
    let (mut fits, mut fails) = (1, most + 1);
    if length(&entries[..most]) <= LENGTH_LIMIT {
        return most;
    }
    while fits + 1 < fails {
        let middle = fits.midpoint(fails);
        if length(&entries[..middle]) <= LENGTH_LIMIT { fits = middle } else { fails = middle }
    }
    fits
}

/// As much of what is kept as `room` characters hold, from the first change; `None` if nothing is.
fn packed_kept(mut kept: Vec<Kept>, room: usize) -> Option<String> {
    loop {
        let packed = packed::pack_kept(&kept).filter(|_| !kept.is_empty())?;
        let length = packed.chars().count();
        if length <= room {
            return Some(packed);
        }
        kept.truncate(kept.len() * room / length);
    }
}

/// The comment, on one line. Nothing in it can end it: `<`, `>`, `&`, `@` and `--` are written as JSON escapes.
#[must_use]
pub fn write(metadata: &Metadata) -> String {
    let Metadata { manifest, head, context, entries, mut kept } = metadata.clone();
    let (entries, packed) = match packed::pack(&entries).filter(|_| json(&entries).len() > PLAIN_LIMIT) {
        Some(packed) => (None, Some(packed)),
        None => (Some(entries), None),
    };
    let packed_kept = packed.as_ref().and_then(|packed| {
        let room = (LENGTH_LIMIT - FIELDS_LIMIT).saturating_sub(packed.chars().count());
        packed_kept(std::mem::take(&mut kept), room.min(KEPT_LIMIT))
    });
    while json(&kept).len() > KEPT_LIMIT {
        kept.pop();
    }
    let metadata = Versioned { version: 1, manifest, head, context, entries, packed, kept, packed_kept };
    format!("{START}{} {END}", json(&metadata))
}

fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('@', "\\u0040")
        .replace("--", "-\\u002d")
}

/// The metadata in a body. `None` if there is none, more than one, or one that this program would not have written: a
/// proposal whose metadata cannot be read is rewritten.
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
    let Versioned { version, manifest, head, context, entries, packed, mut kept, packed_kept } =
        serde_json::from_str(json.trim()).ok()?;
    let entries = match (entries, packed) {
        (Some(entries), None) => entries,
        (None, Some(packed)) => packed::unpack(&packed, ENTRY_LIMIT)?,
        _ => return None,
    };
    if let Some(packed) = packed_kept {
        kept = packed::unpack_kept(&packed)?;
    }
    (version == 1 && entries.len() <= ENTRY_LIMIT).then_some(Metadata { manifest, head, context, entries, kept })
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
            reason: None,
        }
    }

    fn metadata(source: &str) -> Metadata {
        Metadata {
            manifest: None,
            head: Some(ObjectId::try_from("0123456789abcdef0123456789abcdef01234567".to_owned()).unwrap()),
            context: Digest::sha256(b"context"),
            entries: vec![entry(source)],
            kept: Vec::new(),
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

    fn many(count: usize) -> Metadata {
        let entry = |n: usize| Entry {
            source: format!("ghcr.io/some-organization/some-image-{n}"),
            repository: format!("some-image-{n}").parse().unwrap(),
            from: (!n.is_multiple_of(3)).then(|| format!("1.{n}.0").parse().unwrap()),
            to: Some(format!("1.{n}.1").parse().unwrap()),
            digest: Digest::sha256(&n.to_be_bytes()),
            urgent: (n % 50 == 7).then(|| format!("CVE-2027-{n} --> <é>")),
            ..entry("a")
        };
        Metadata { entries: (0..count).map(entry).collect(), ..metadata("a") }
    }

    #[test]
    fn many_entries_are_packed_and_come_back() {
        let lengths = [1, 60, 150, 300, 1_000].map(|count| {
            let metadata = many(count);
            let comment = write(&metadata);
            assert_eq!(read(&format!("body\n{comment}")), Some(metadata), "{count}");
            assert_eq!(comment.lines().count(), 1);
            let plain = comment.contains("\"entries\"");
            (plain, comment.chars().count())
        });
        assert_eq!(lengths.map(|(plain, _)| plain), [true, true, false, false, false]);
        let most = [600, PLAIN_LIMIT, 6_000, 12_000, LENGTH_LIMIT];
        assert!(lengths.iter().zip(most).all(|((_, length), most)| *length <= most), "{lengths:?}");
    }

    fn kept(entry: usize) -> Kept {
        use crate::proposal::kept::{KeptPackages, KeptVulnerabilities};
        Kept {
            entry,
            why: Some(crate::difference::Why::Base),
            marks: vec![crate::proposal::body::Mark::BaseChanged],
            signatures: vec![crate::evidence::State::Verified; 1 + entry % 3],
            packages: KeptPackages {
                source: crate::packages::PackageSource::Sbom,
                added: entry,
                removed: 2,
                upgraded: 30,
                downgraded: 0,
            },
            vulnerabilities: KeptVulnerabilities {
                source: crate::vulnerabilities::VulnerabilitySource::Osv,
                fixed: 12,
                new: 0,
                same: entry,
            },
        }
    }

    #[test]
    fn what_was_known_of_many_changes_is_packed_as_far_as_there_is_room() {
        for (count, least) in [(30, 30), (120, 120), (1_000, 150)] {
            let metadata = Metadata { kept: (0..count).map(kept).collect(), ..many(count) };
            let comment = write(&metadata);
            let read = read(&format!("body\n{comment}")).unwrap();
            assert_eq!(read.entries, metadata.entries, "{count}");
            assert!(read.kept.len() >= least, "{} of {count}", read.kept.len());
            assert_eq!(read.kept, metadata.kept[..read.kept.len()], "{count}");
            assert!(comment.chars().count() <= LENGTH_LIMIT, "{}", comment.chars().count());
        }
        let text = write(&Metadata { kept: vec![kept(0)], ..many(120) });
        let packed = text.split_once("\"packed-kept\":\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        for bad in ["", "a", "\u{4e00}\u{4e01}"] {
            assert_eq!(read(&text.replace(&packed, bad)), None, "{bad}");
        }
    }

    #[test]
    fn more_than_fits_is_not_named() {
        assert_eq!(fitting(&many(3).entries), 3);
        assert_eq!(fitting(&many(1_000).entries), 1_000);
        assert_eq!(fitting(&many(1_200).entries), ENTRY_LIMIT);
        let mut long = many(900).entries;
        for (n, entry) in long.iter_mut().enumerate() {
            let unlike = Digest::sha256(format!("{n}").as_bytes()).to_string().replace("sha256:", "");
            entry.source = format!("ghcr.io/{unlike}/{unlike}");
        }
        let fits = fitting(&long);
        assert!((100..900).contains(&fits), "{fits}");
        let named = |count: usize| Metadata { entries: long[..count].to_vec(), ..metadata("a") };
        assert!(write(&Metadata { head: None, ..named(fits) }).chars().count() <= LENGTH_LIMIT);
        assert!(write(&Metadata { head: None, ..named(fits + 1) }).chars().count() > LENGTH_LIMIT);
    }

    #[test]
    fn a_packed_text_that_is_none_is_no_metadata() {
        let good = write(&many(300));
        let packed = good.split_once("\"packed\":\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        let with = |text: &str| read(&good.replace(&packed, text));
        assert!(with(&packed).is_some());
        let cut: String = packed.chars().take(packed.chars().count() / 2).collect();
        for bad in [String::new(), "a".to_owned(), cut, format!("{packed}\u{4e00}\u{4e01}"), "\u{8dff}".repeat(9_000)] {
            assert_eq!(with(&bad), None, "{}", bad.chars().take(20).collect::<String>());
        }
        assert_eq!(read(&good.replace("\"packed\"", "\"entries\":[],\"packed\"")), None, "both");
        let more: Vec<Entry> = many(1_001).entries;
        assert_eq!(packed::unpack(&packed::pack(&more).unwrap(), ENTRY_LIMIT), None, "more than may be");
    }

    proptest! {
        #[test]
        fn whatever_is_unpacked_panics_at_nothing(text in "[\u{4e00}-\u{8dff}]{0,60}") {
            if let Some(entries) = packed::unpack(&text, 8) {
                prop_assert!(entries.len() <= 8);
            }
        }

        #[test]
        fn entries_come_back_from_any_names(sources in prop::collection::vec(".{0,300}", 0..12), reason in ".{0,40}") {
            let entries: Vec<Entry> = sources
                .iter()
                .map(|source| Entry { urgent: Some(reason.clone()), from: None, ..entry(source) })
                .collect();
            let packed = packed::pack(&entries).unwrap();
            prop_assert_eq!(packed::unpack(&packed, 12), Some(entries));
        }

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
