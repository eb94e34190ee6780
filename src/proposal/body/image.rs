//! The parts of a body: the table with a row an image, and a section an image.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::SecondsFormat;

use super::{Evidence, Served, merging, upstream};
use crate::image::Tag;
use crate::manifest::{Image, Manifest};
use crate::proposal::markdown::{cell, code, difference, size};
use crate::proposal::{Cause, Item, Kind};

/// What a reviewer can do, under everything.
pub(super) const CLOSING: &str = "\
---
Merging approves exactly these digests. Closing declines them: they are not proposed again. Commits that a person adds \
to this branch stay: it is then left alone.

Comments that begin with a command are obeyed where their author may write: `/wharfinger reject [IMAGE[:TAG]] REASON [until \
YYYY-MM-DD]`, `/wharfinger recheck`, `/wharfinger refresh`.";

/// What is said of one image: the summary goes last when a body is too long.
pub(super) struct Section {
    pub(super) summary: String,
    pub(super) details: String,
}

/// The header: a row a change.
pub(super) fn table(items: &[Item], evidence: &[Evidence]) -> String {
    let mut table =
        "| image | change | from | to | platforms | size |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    for (at, Item { entry, .. }) in items.iter().enumerate() {
        let evidence = evidence.get(at);
        let tag = |tag: Option<&Tag>| tag.map(|t| cell(t.as_str(), 128)).unwrap_or_default();
        let (from, to) = match entry.kind {
            Kind::Retire => (tag(entry.to.as_ref()), String::new()),
            _ => (tag(entry.from.as_ref()), tag(entry.to.as_ref())),
        };
        let platforms =
            evidence.map(|e| e.platforms.len()).filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default();
        let (source, kind, bytes) = (cell(&entry.source, 100), kind_word(entry.kind), sizes(evidence));
        let _ = writeln!(table, "| {source} | {kind} | {from} | {to} | {platforms} | {bytes} |");
    }
    table
}

/// The kind of a change in words.
pub(super) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::New => "first approval",
        Kind::Update => "update",
        Kind::Rebuild => "rebuild",
        Kind::Retire => "retirement",
        Kind::Reject => "rejection",
        Kind::Expire => "end of a rejection",
    }
}

fn sizes(evidence: Option<&Evidence>) -> String {
    let Some(bytes) = evidence.and_then(|e| e.size) else { return String::new() };
    let before = evidence.and_then(|e| e.size_before).map(|b| format!(" ({})", difference(b, bytes)));
    format!("{}{}", size(bytes), before.unwrap_or_default())
}

/// What is said of one change. `age`: whether its age was asked about.
pub(super) fn section(manifest: &Manifest, item: &Item, evidence: Option<&Evidence>, age: bool) -> Section {
    let image = &manifest.images[item.image];
    let tag = item.entry.to.as_ref();
    let name = tag.map(|t| format!("{}:{t}", image.source)).unwrap_or_else(|| image.source.to_string());
    let link = tag.and_then(|t| upstream(&image.source, t));
    let shown = link.map_or_else(|| code(&name, 400), |url| format!("[{}]({url})", code(&name, 400)));
    let mut summary = format!("\n### {shown}\n\n- Digest: `{}`\n", item.entry.digest);
    if let Some(cause) = item.cause.as_ref().filter(|cause| **cause != Cause::Keep) {
        let _ = writeln!(summary, "- Why: {}", code(&cause.to_string(), 300));
    }
    if age && item.entry.kind.lets_in() {
        let _ = writeln!(summary, "- Age: {}", self::age(image, item));
    }
    if let (true, Some(to), Some(from)) = (item.prefix_changed, tag, &item.entry.from) {
        let (to, from) = (code(to.as_str(), 128), code(from.as_str(), 128));
        let _ = writeln!(summary, "- Habit: upstream now writes versions otherwise, {to} after {from}");
    }
    let _ = writeln!(summary, "- Merging: {}", merging::sentence(manifest, item, evidence));
    let details = evidence.map(|e| details(item, image, e)).unwrap_or_default();
    Section { summary, details }
}

fn age(image: &Image, item: &Item) -> String {
    let cooldown = duration(image.cooldown);
    match item.public_since {
        Some(since) => format!(
            "public since {}; the cooldown of {cooldown} is over",
            since.to_rfc3339_opts(SecondsFormat::Secs, true)
        ),
        None if image.cooldown.is_zero() => "not asked: the manifest sets no cooldown".to_owned(),
        None => format!("not known; the manifest's cooldown is {cooldown}"),
    }
}

/// A duration in the largest of the manifest's units that gives a whole number.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}

fn details(item: &Item, image: &Image, evidence: &Evidence) -> String {
    let mut text = String::new();
    if !evidence.platforms.is_empty() {
        text.push_str("\n| platform | digest | size | difference |\n| --- | --- | --- | --- |\n");
    }
    for platform in &evidence.platforms {
        let name = if platform.name.is_empty() { "single manifest".to_owned() } else { cell(&platform.name, 60) };
        let change = match &platform.before {
            None => "new".to_owned(),
            Some((digest, _)) if *digest == platform.digest => "unchanged".to_owned(),
            Some((_, before)) => difference(*before, platform.size),
        };
        let change = if evidence.size_before.is_none() { String::new() } else { change };
        let _ = writeln!(text, "| {name} | `{}` | {} | {change} |", platform.digest, size(platform.size));
    }
    if !item.entry.kind.lets_in() {
        return text;
    }
    text.push_str("\nChecked:\n");
    for (done, what) in checks(item, image, evidence) {
        let _ = writeln!(text, "- [{}] {what}", if done { "x" } else { " " });
    }
    for unknown in &evidence.unknown {
        let _ = writeln!(text, "- [ ] not looked at: {}", code(unknown, 300));
    }
    text
}

fn checks(item: &Item, image: &Image, evidence: &Evidence) -> Vec<(bool, String)> {
    let tag = item.entry.to.as_ref().map(|t| code(t.as_str(), 128)).unwrap_or_default();
    let served = match &evidence.served {
        Served::Now => (true, format!("upstream's {tag} answers this digest")),
        Served::Unknown => (false, format!("what upstream's {tag} answers could not be asked")),
        Served::Not(Some(other)) => (false, format!("upstream's {tag} answers `{other}` instead")),
        Served::Not(None) => (false, format!("upstream's {tag} answers nothing")),
    };
    let complete =
        (evidence.complete, "every wanted platform, manifest and configuration answers with the bytes of its digest");
    let mut checks = vec![served, (complete.0, complete.1.to_owned())];
    if evidence.attestations > 0 {
        checks.push((false, format!("{} attestations come along and were not read", evidence.attestations)));
    }
    if image.signatures.is_none() {
        checks.push((false, "signature: the manifest asks for none".to_owned()));
    }
    checks
}
