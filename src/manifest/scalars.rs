//! Scalars of the manifest: how each is read and what its schema says.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use granit_parser::ScalarStyle;
use schemars::{Schema, SchemaGenerator, json_schema};
use semver::VersionReq;

use super::read::{Reader, Value, first_characters};
use super::{Destination, Enforcement, Permission, Severity, Visibility, Vulnerabilities};
use crate::diag::{Code, Span};
use crate::image::{Digest, Location, Platform, RegistryHost, RepositoryName, Tag};
use crate::rules::{Follow, Pattern, Range, Variant};
use crate::text;
use crate::yaml::{Kind, Node, Special};

/// The place inside a scalar: exact if the text is written literally, else the whole scalar.
fn inside(node: &Node, at: &std::ops::Range<usize>) -> Span {
    let node = node.resolved();
    let (text, whole) = (node.text().unwrap_or_default(), node.span);
    let lead = match (whole.end - whole.start).checked_sub(text.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return whole,
    };
    let start = (whole.start + lead + at.start).min(whole.end);
    let end = (whole.start + lead + at.end).min(whole.end);
    if start < end { Span { start, end } } else { whole }
}

/// Text for a parser of the model.
fn parsed<T>(node: &Node, reader: &mut Reader<'_>, code: Code, wanted: &str, help: &str) -> Option<T>
where
    T: FromStr<Err: Display>,
{
    let text = reader.text(node, wanted)?;
    text.parse().map_or_else(|error: T::Err| reader.refuse(node, code, wanted, &error.to_string(), help), Some)
}

/// A schema for text that cannot be a number.
fn text_schema(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern })
}

/// A schema for text that people often write without quotes although it looks like a number.
pub(super) fn texty(pattern: &str) -> Schema {
    json_schema!({ "type": ["string", "number"], "pattern": pattern })
}

/// Types of the model that parse themselves from text.
macro_rules! parsed_text {
    ($($type:ty, $code:ident, $wanted:literal, $help:literal, $schema:expr;)*) => {$(
        impl Value for $type {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                parsed(node, reader, Code::$code, $wanted, $help)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

parsed_text! {
    Digest, BadDigest, "a digest", "copy the digest from the registry, as `docker buildx imagetools inspect` shows it",
        text_schema("^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$");
    Tag, BadTag, "a tag", "write only the tag, without the repository or `:`",
        texty("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$");
    RepositoryName, BadRepository, "a repository name", "use lower-case letters and digits, joined by `.`, `_` or `-`",
        texty("^[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*$");
    RegistryHost, BadRegistry, "a registry", "write only the host, without https:// or a path",
        texty("^[a-z0-9.:\\[\\]-]+$");
    Platform, BadPlatform, "a platform", "write it as linux/amd64 or linux/arm/v7",
        text_schema("^[a-z0-9._-]+/[a-z0-9._-]+(?:/[a-z0-9._-]+)?$");
    VersionReq, BadRange, "a version requirement",
        "write it as Cargo does: \">=0.2\", \">=0.2, <0.5\", or \"0.2\", which means 0.2.x",
        texty("^ *(\\* *|(=|>=?|<=?|~|\\^)? *[0-9]+(\\.([0-9]+|[xX*])){0,2}[^,]*(,.+)?)$");
    Pattern, BadPattern, "a pattern",
        "write a regular expression with a named group, such as '(?<version>\\d+\\.\\d+)'; single quotes keep the backslashes",
        texty("\\(\\?P?<version>");
}

/// `source`: the text and what it means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) location: Location,
}

impl Value for Source {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a repository";
        let text = reader.text(node, wanted)?;
        let help = if text.starts_with("oci:") {
            "write it as oci:DIRECTORY"
        } else if text.contains('@') || text.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            "write only the repository: tags and digests go under `approved`"
        } else if text.contains("://") {
            "write it as an image reference, without https://"
        } else {
            "write it as an image reference: grafana/loki, ghcr.io/owner/name, or oci:DIRECTORY"
        };
        parsed(node, reader, Code::BadReference, wanted, help).map(|location| Self { text: text.to_owned(), location })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        texty("^(oci:.+|[^@\\s]*[a-z0-9])$")
    }
}

impl Value for Destination {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match reader.text(node, "a registry")?.strip_prefix("oci:") {
            Some("") => {
                reader.refuse(node, Code::BadRegistry, "a registry", "`oci:` needs a directory", "write oci:DIRECTORY")
            }
            Some(directory) => Some(Self::Directory(directory.into())),
            None => RegistryHost::read(node, reader).map(Self::Registry),
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        texty("^(oci:.+|[a-z0-9.:\\[\\]-]+)$")
    }
}

impl Value for Range {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a version range")?;
        match text.parse::<Self>() {
            Ok(range) => Some(range),
            Err(error) => {
                let part = text.get(error.at.clone()).filter(|p| !p.is_empty()).unwrap_or(text);
                let message = format!("`{}` is not a version range: {}", first_characters(part, 80), error.message);
                let help = "write ranges as npm does: \">=2.9, <4 || ^4.1\", \"~1.2\", \"1.x\", \"1.2 - 1.4\"";
                reader.fault(Code::BadRange, inside(node, &error.at), message, help);
                None
            }
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "minLength": 1 })
    }
}

impl Value for Variant {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a variant";
        let text = reader.text(node, wanted)?;
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if text == "*" {
            Some(Self::Any)
        } else if (1..=100).contains(&text.len())
            && text.bytes().enumerate().all(|(i, b)| word(b) || (i > 0 && matches!(b, b'.' | b'-')))
        {
            Some(Self::Exactly(text.to_owned()))
        } else {
            let why = "a variant is the part of the tag after the version and its `-`";
            reader.refuse(
                node,
                Code::BadVariant,
                wanted,
                why,
                "write it without the leading `-`, such as alpine, or \"*\"",
            )
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        texty("^(\\*|[A-Za-z0-9_][A-Za-z0-9._-]{0,99})$")
    }
}

impl Value for Duration {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a duration";
        let text = reader.text(node, wanted)?;
        let why = "a duration is a number followed by s, m, h, d or w, and at most ten years";
        text::duration(text)
            .or_else(|| reader.refuse(node, Code::BadDuration, wanted, why, "write it as 3d, 12h or 0s"))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        text_schema("^[0-9]{1,9}[smhdw]$")
    }
}

/// `evidence.layers`: compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LayerBytes(pub(crate) u64);

impl LayerBytes {
    /// Far more than any image has.
    const MOST: u64 = 100_000_000_000;
}

impl Value for LayerBytes {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a size";
        let text = reader.text(node, wanted)?;
        let bytes = text::bytes(text).filter(|bytes| *bytes <= Self::MOST);
        let why = "a size is a whole number followed by kB, MB, GB, KiB, MiB or GiB, and at most 100GB";
        let help = "write it as 200MB or 1GiB, or 0 to read no layers";
        bytes.map(Self).or_else(|| reader.refuse(node, Code::BadSize, wanted, why, help))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        texty("^(0|[0-9]{1,12} ?([kKMG]i?)?B)$")
    }
}

impl Value for NaiveDate {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a date";
        let text = reader.text(node, wanted)?;
        let date = Some(text).filter(|t| t.len() == 10).and_then(|t| Self::parse_from_str(t, "%Y-%m-%d").ok());
        date.or_else(|| {
            reader.refuse(node, Code::BadDate, wanted, "a date is written year-month-day", "write it as 2027-03-01")
        })
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        text_schema("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    }
}

impl Value for bool {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(Special::Bool(value)) = node.special() {
            Some(value)
        } else {
            reader.wrong_type(node, "true or false", "write true or false, without quotes")
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    fn help() -> String {
        if MIN == MAX {
            format!("write {MIN}")
        } else {
            format!("write a whole number from {MIN} to {MAX}, without quotes")
        }
    }
}

impl<const MIN: u64, const MAX: u64> Value for Whole<MIN, MAX> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = match &*node.resolved().kind {
            Kind::Scalar { text, style: ScalarStyle::Plain, text_tag: false } if node.special().is_none() => text,
            _ => {
                return reader.wrong_type(node, "a number", Self::help());
            }
        };
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let number = text.parse().ok().filter(|n| canonical && (MIN..=MAX).contains(n));
        let (wanted, why) = ("a valid number here", "it is out of range, or not a whole number");
        number.map(Self).or_else(|| reader.refuse(node, Code::BadNumber, wanted, why, &Self::help()))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// Text for people, of at most `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> Value for Text<MAX> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "text")?.trim();
        let length = text.chars().count();
        let why = if text.is_empty() {
            "this text is empty".to_owned()
        } else if length > MAX {
            format!("this text has {length} characters; the limit is {MAX}")
        } else if text.chars().any(char::is_control) {
            "this text contains control characters or line breaks".to_owned()
        } else {
            return Some(Self(text.to_owned()));
        };
        reader.fault(Code::BadText, node.resolved().span, why, format!("write one line of 1 to {MAX} characters"));
        None
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": MAX })
    }
}

/// A choice of words.
macro_rules! choice {
    ($($type:ty, $wanted:literal: $($word:literal => $value:expr),+;)*) => {$(
        impl Value for $type {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                match node.text().filter(|_| !node.is_null()) {
                    $(Some($word) => Some($value),)+
                    Some(other) => {
                        reader.bad_choice(node, other, $wanted, &[$($word),+])
                    }
                    None => {
                        let words = [$($word),+].join(" or ");
                        reader.wrong_type(node, &words, format!("write {words}"))
                    }
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "enum": [$($word),+] })
            }
        }
    )*};
}

/// `rebuilds`, `allowed`: a word for a truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proposed(pub(crate) bool);

/// `allowed` or `restricted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed(pub(crate) bool);

choice! {
    Visibility, "a visibility": "private" => Visibility::Private, "public" => Visibility::Public;
    Enforcement, "a value of `repositories`": "enforce" => Enforcement::Enforce, "report" => Enforcement::Report;
    Permission, "a permission": "read" => Permission::Read, "write" => Permission::Write, "admin" => Permission::Admin;
    Vulnerabilities, "a value of `vulnerabilities`": "none" => Self::None, "osv" => Self::Osv, "reports" => Self::Reports;
    Severity, "a severity": "critical" => Self::Critical, "high" => Self::High, "medium" => Self::Medium, "low" => Self::Low;
    Follow, "a value of `follow`": "latest" => Follow::Latest, "each-minor" => Follow::EachMinor,
        "each-major" => Follow::EachMajor, "all" => Follow::All;
    Proposed, "a value of `rebuilds`": "propose" => Self(true), "ignore" => Self(false);
    Allowed, "a policy setting": "allowed" => Self(true), "restricted" => Self(false);
}
