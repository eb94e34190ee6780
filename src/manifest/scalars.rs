//! The scalars and short forms that a manifest is written with: how each is read and what its schema says.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use chrono::NaiveDate;
use globset::GlobBuilder;
use granit_parser::ScalarStyle;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;

use super::read::{At, Reader, Value};
use super::{Destination, Enforcement, Permission, Visibility};
use crate::diag::Code;
use crate::diag::Span;
use crate::image::{Digest, Location, Platform, RegistryHost, Repository, RepositoryName, Tag};
use crate::rules::{Follow, Pattern, Range, Variant};
use crate::yaml::{Kind, Node, Special};

/// The place inside a scalar: exact where the text is written as it is meant, else the whole scalar.
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

/// Text that a parser of the model takes; `shown` goes into the message.
fn parsed<T>(node: &Node, reader: &mut Reader<'_>, code: Code, wanted: &str, help: &str) -> Option<T>
where
    T: FromStr<Err: Display>,
{
    let text = reader.text(node, wanted)?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            bad(node, reader, code, wanted, &error.to_string(), help);
            None
        }
    }
}

/// Notes that a text is not what is wanted.
fn bad(node: &Node, reader: &mut Reader<'_>, code: Code, wanted: &str, why: &str, help: &str) {
    let shown: String = node.text().unwrap_or_default().chars().take(80).collect();
    // The errors of regular expressions draw the place on several lines; here it is underlined anyway.
    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
    reader.fault(code, node.resolved().span, format!("`{shown}` is not {wanted}: {why}"), help);
}

/// A schema for text that no number can be.
fn text_schema(pattern: &str) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern })
}

/// A schema for text that people often write without quotes although it looks like a number.
fn texty(pattern: &str) -> Schema {
    json_schema!({ "type": ["string", "number"], "pattern": pattern })
}

/// Types of the model that read themselves from text.
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
    Digest, BadDigest, "a digest", "copy the digest from the registry, such as `docker buildx imagetools inspect` shows it",
        text_schema("^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$");
    Tag, BadTag, "a tag", "write the tag alone, without the repository and without `:`",
        texty("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$");
    RepositoryName, BadRepository, "a repository name", "use lower-case letters and digits, joined by `.`, `_` or `-`",
        texty("^[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*$");
    RegistryHost, BadRegistry, "a registry", "write the host alone, without https:// and without a path",
        texty("^[a-z0-9.:\\[\\]-]+$");
    Platform, BadPlatform, "a platform", "write it as linux/amd64 or linux/arm/v7",
        text_schema("^[a-z0-9._-]+/[a-z0-9._-]+(?:/[a-z0-9._-]+)?$");
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
            "write the repository alone: tags and digests stand under `approved`"
        } else if text.contains("://") {
            "write it as an image reference, without https://"
        } else {
            "write it as in an image reference: grafana/loki, ghcr.io/owner/name, or oci:DIRECTORY"
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
                bad(node, reader, Code::BadRegistry, "a registry", "oci: needs a directory", "write oci:DIRECTORY");
                None
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
                let shown: String = part.chars().take(80).collect();
                let message = format!("`{shown}` is not a version range: {}", error.message);
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
            let why = "it is the part of the tag after the version and its `-`";
            bad(
                node,
                reader,
                Code::BadVariant,
                wanted,
                why,
                "write it without the leading `-`, such as alpine, or \"*\"",
            );
            None
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
        let found = duration(text);
        if found.is_none() {
            let why = "it is a number and one of s, m, h, d, w, ten years at most";
            bad(node, reader, Code::BadDuration, wanted, why, "write it as 3d, 12h or 0s");
        }
        found
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        text_schema("^[0-9]{1,9}[smhdw]$")
    }
}

/// A whole number of seconds, minutes, hours, days or weeks.
fn duration(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    let digits = (1..=9).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let seconds = number.parse::<u64>().ok().filter(|_| digits)? * unit;
    (seconds <= 3_653 * 86_400).then(|| Duration::from_secs(seconds))
}

impl Value for NaiveDate {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a date";
        let text = reader.text(node, wanted)?;
        let found = Some(text).filter(|t| t.len() == 10).and_then(|t| Self::parse_from_str(t, "%Y-%m-%d").ok());
        if found.is_none() {
            bad(node, reader, Code::BadDate, wanted, "it is written year-month-day", "write it as 2027-03-01");
        }
        found
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
            reader.wrong_type(node, "true or false", "write true or false, without quotes");
            None
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// A whole number between two bounds.
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
                reader.wrong_type(node, "a number", Self::help());
                return None;
            }
        };
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        let found = text.parse().ok().filter(|n| canonical && (MIN..=MAX).contains(n));
        if found.is_none() {
            let wanted = "a number that can stand here";
            bad(node, reader, Code::BadNumber, wanted, "it is out of bounds, or no whole number", &Self::help());
        }
        found.map(Self)
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
            format!("this text has {length} characters, and {MAX} are the most")
        } else if text.chars().any(char::is_control) {
            "this text has control characters or several lines".to_owned()
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

/// Words, of which one must be written.
macro_rules! choice {
    ($($type:ty, $wanted:literal: $($word:literal => $value:expr),+;)*) => {$(
        impl Value for $type {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                match node.text().filter(|_| !node.is_null()) {
                    $(Some($word) => Some($value),)+
                    Some(other) => {
                        bad_choice(node, reader, other, $wanted, &[$($word),+]);
                        None
                    }
                    None => {
                        let words = [$($word),+].join(" or ");
                        reader.wrong_type(node, &words, format!("write {words}"));
                        None
                    }
                }
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "enum": [$($word),+] })
            }
        }
    )*};
}

/// Notes that a word is none of those that are possible.
pub(crate) fn bad_choice(node: &Node, reader: &mut Reader<'_>, word: &str, wanted: &str, words: &[&str]) {
    let shown: String = word.chars().take(60).collect();
    let message = format!("`{shown}` is not {wanted}: it is one of {}", words.join(", "));
    let help = super::read::nearest(word, words.iter().copied())
        .map_or_else(|| format!("write {}", words.join(" or ")), |near| format!("did you mean `{near}`?"));
    reader.fault(Code::BadChoice, node.resolved().span, message, help);
}

/// `rebuilds`, `allowed`: a word for a truth value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Proposed(pub(crate) bool);

/// `allowed` or `restricted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed(pub(crate) bool);

choice! {
    Visibility, "a visibility": "private" => Visibility::Private, "public" => Visibility::Public;
    Enforcement, "what `repositories` can be": "enforce" => Enforcement::Enforce, "report" => Enforcement::Report;
    Permission, "a permission": "read" => Permission::Read, "write" => Permission::Write, "admin" => Permission::Admin;
    Follow, "what `follow` can be": "latest" => Follow::Latest, "each-minor" => Follow::EachMinor,
        "each-major" => Follow::EachMajor, "all" => Follow::All;
    Proposed, "what `rebuilds` can be": "propose" => Self(true), "ignore" => Self(false);
    Allowed, "what a switch can be": "allowed" => Self(true), "restricted" => Self(false);
}

/// `keep`: all, or how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep(pub(crate) Option<u32>);

impl Value for Keep {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("all") {
            return Some(Self(None));
        }
        let number = Whole::<1, 1_000_000>::read(node, reader)?;
        Some(Self(u32::try_from(number.0).ok()))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let number = Whole::<1, 1_000_000>::schema(generator);
        json_schema!({ "anyOf": [{ "const": "all" }, number] })
    }
}

/// A list in which nothing stands twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unique<T>(pub(crate) Vec<At<T>>);

impl<T> Unique<T> {
    /// The values alone.
    pub(crate) fn into_values(self) -> Vec<T> {
        self.0.into_iter().map(|at| at.value).collect()
    }
}

impl<T: Value + PartialEq> Value for Unique<T> {
    const NULLABLE: bool = true;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut result: Vec<At<T>> = Vec::new();
        for item in Vec::<At<T>>::read(node, reader)? {
            if result.iter().any(|known| known.value == item.value) {
                reader.fault(
                    Code::DuplicateEntry,
                    item.place.span,
                    "this stands in the list twice",
                    "remove one of the two",
                );
            } else {
                result.push(item);
            }
        }
        Some(Self(result))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items, "uniqueItems": true })
    }
}

/// `all`, or a list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platforms(pub(crate) Option<Vec<Platform>>);

impl Value for Platforms {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("all") {
            return Some(Self(None));
        }
        let list = Filled::<Platform>::read(node, reader)?;
        Some(Self(Some(list.0.into_values())))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let list = Filled::<Platform>::schema(generator);
        json_schema!({ "anyOf": [{ "const": "all" }, list] })
    }
}

/// A list in which nothing stands twice, and something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled<T>(pub(crate) Unique<T>);

impl<T: Value + PartialEq> Value for Filled<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.items().is_some_and(<[Node]>::is_empty) {
            reader.fault(
                Code::MissingValue,
                node.resolved().span,
                "this list is empty",
                "name at least one, or remove the key",
            );
            return None;
        }
        Unique::read(node, reader).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items, "uniqueItems": true, "minItems": 1 })
    }
}

/// Names of one kind, checked by a function.
macro_rules! checked_text {
    ($($(#[doc = $doc:literal])+ $name:ident, $code:ident, $wanted:literal, $why:literal, $help:literal, $check:expr, $schema:expr;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) String);

        impl Value for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $wanted)?;
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    return Some(Self(text.to_owned()));
                }
                bad(node, reader, Code::$code, $wanted, $why, $help);
                None
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

checked_text! {
    /// `organization`: one or, outside Docker Hub, several path components.
    Organization, BadOrganization, "an organization", "it is lower-case letters and digits, joined by `.`, `_` or `-`",
        "write the name as it stands in image references", |t| t.parse::<RepositoryName>().is_ok(),
        texty("^[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*$");
    /// A GitHub user or a team's slug.
    Login, BadName, "a user or team", "it is letters, digits, `-` and `_`",
        "write the login, or the team's slug, without @ and without the organization",
        |t| (1..=100).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')),
        texty("^[A-Za-z0-9_-]{1,100}$");
    /// A label.
    Label, BadName, "a label", "it has 1 to 50 characters and no line break",
        "write the label as GitHub shows it", |t| !t.trim().is_empty() && t.chars().count() <= 50 && !t.contains(char::is_control),
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": 50 });
    /// A glob of sources or repositories.
    Glob, BadGlob, "a glob", "its brackets or braces do not close, or it is empty",
        "write a name in which `*` stands for anything but `/`", is_glob, json_schema!({ "type": ["string", "number"], "minLength": 1 });
    /// A glob of files in one directory, the manifest's or one below it.
    FileGlob, BadGlob, "a glob of files", "it names files of one directory below the manifest's",
        "write it as images/*.yml; it cannot start with `/`, contain `..` or have wildcards in a directory's name",
        |t| is_glob(t) && stays_below(t) && !t.rsplit_once('/').is_some_and(|(d, _)| d.contains(['*', '?', '[', '{'])), texty("^[^/]");
    /// A template of commit messages: several lines, if need be.
    Message, BadText, "a commit message", "it has 1 to 2000 characters, and no control characters",
        "write `|` after the key and the lines below it",
        |t| !t.trim().is_empty() && t.chars().count() <= 2000 && !t.chars().any(|c| c.is_control() && c != '\n'),
        json_schema!({ "type": ["string", "number"], "minLength": 1, "maxLength": 2000 });
    /// A file of the repository.
    FilePath, BadText, "a file", "it is named from the manifest's directory, with `/`",
        "write it as keys/tool.pub; it cannot start with `/` or contain `..`", |t| !t.is_empty() && stays_below(t), texty("^[^/]");
    /// What branches start with.
    BranchPrefix, BadBranchPrefix, "what branches can start with", "git does not take such names",
        "write it as wharfinger/ or bots/images-", is_branch_prefix, texty("^[A-Za-z0-9_]");
    /// A group's name.
    GroupName, BadGroup, "the name of a group", "it becomes part of a branch's name",
        "use lower-case letters, digits, `.`, `_` and `-`; `all` is taken",
        |t| t != "all" && t.parse::<Tag>().is_ok() && t == t.to_lowercase() && is_branch_prefix(t),
        texty("^(?!all$)[a-z0-9_][a-z0-9._-]*$");
    /// `sign-off`: name and address.
    SignOff, BadName, "a name and an address", "it goes into a Signed-off-by line",
        "write it as Name <name@example.org>", is_signature, texty("^[^<>]+ <[^<>@ ]+@[^<>@ ]+>$");
}

fn is_glob(text: &str) -> bool {
    !text.is_empty() && glob(text).is_some()
}

/// The matcher of a glob in which `*` does not cross `/`.
pub(crate) fn glob(text: &str) -> Option<globset::GlobMatcher> {
    GlobBuilder::new(text).literal_separator(true).build().ok().map(|g| g.compile_matcher())
}

/// Whether a path with `/` stays below the directory it starts from.
fn stays_below(text: &str) -> bool {
    !text.starts_with('/') && !text.contains('\\') && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Git's rules for names of branches (`git check-ref-format`), for a name that goes on.
fn is_branch_prefix(text: &str) -> bool {
    let bad = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    (1..=100).contains(&text.len())
        && !text.contains(bad)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains("//")
        && !text.starts_with(['/', '-'])
        && text.split('/').all(|part| !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(".lock"))
}

fn is_signature(text: &str) -> bool {
    let Some((name, address)) = text.strip_suffix('>').and_then(|t| t.split_once(" <")) else { return false };
    let plain = |t: &str| !t.trim().is_empty() && !t.contains(|c: char| c.is_control() || matches!(c, '<' | '>'));
    plain(name) && plain(address) && address.split('@').count() == 2 && !address.contains(' ')
}

/// A repository of Docker Hub, for the allowlist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HubRepository(pub(crate) String);

impl Value for HubRepository {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let wanted = "a Docker Hub repository";
        let text = reader.text(node, wanted)?;
        if text.parse::<Repository>().is_ok_and(|r| r.registry.is_docker_hub()) {
            return Some(Self(text.to_owned()));
        }
        bad(node, reader, Code::BadReference, wanted, "the allowlist takes nothing else", "write it as grafana/loki");
        None
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        texty("^[a-z0-9./_-]+$")
    }
}

/// The schema of one of several forms.
pub(crate) fn any_of(forms: &[Json]) -> Schema {
    json_schema!({ "anyOf": forms })
}
