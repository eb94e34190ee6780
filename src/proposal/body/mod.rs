//! What a reviewer reads: title, commit message, body.
//!
//! Everything upstream wrote goes through [`super::markdown`]; links are made here from names, never taken from upstream.

use crate::manifest::Manifest;
use crate::proposal::form::{self, Places};
use crate::proposal::metadata::{self, Metadata};
use crate::proposal::{Cause, Entry, Item, Kind, Wanted};

pub mod evidence;
mod image;
mod links;
mod merging;

pub use evidence::{Evidence, PlatformEvidence, Served};
pub use links::upstream;

use super::markdown::clean;

/// The most characters that GitHub takes in a body. Bytes are counted here: they are never fewer.
pub const BODY_LIMIT: usize = 65_536;

/// The title of a proposal and the headline of its commit.
#[must_use]
pub fn title(manifest: &Manifest, wanted: &Wanted) -> String {
    form::title(&manifest.proposals, &places(wanted))
}

/// The commit's message, without the headline: one line a change, and the sign-off where the manifest asks for one.
#[must_use]
pub fn message(manifest: &Manifest, wanted: &Wanted) -> (String, String) {
    let lines = wanted.items.iter().map(line).collect::<Vec<_>>().join("\n");
    form::message(&manifest.proposals, &places(wanted), &lines)
}

/// The body: a table with a row an image, then a section an image, then the metadata. What does not fit is left out from
/// the end, details before summaries; a row of the table never is.
#[must_use]
pub fn body(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence], metadata: &Metadata) -> String {
    let closing = format!("\n{}\n\n{}\n", image::CLOSING, metadata::write(metadata));
    let sections = wanted.items.iter().enumerate().map(|(at, i)| image::section(manifest, i, evidence.get(at), true));
    let report = bounded(image::table(&wanted.items, evidence), &sections.collect::<Vec<_>>(), closing.len());
    report + &closing
}

/// The same without the metadata and the age: what `check` works out by itself.
#[must_use]
pub fn report(manifest: &Manifest, items: &[Item], evidence: &[Evidence]) -> String {
    let sections = items.iter().enumerate().map(|(at, i)| image::section(manifest, i, evidence.get(at), false));
    bounded(image::table(items, evidence), &sections.collect::<Vec<_>>(), 0)
}

/// As much as fits beside `reserved` bytes: first the table, then summaries, then details.
fn bounded(table: String, sections: &[image::Section], reserved: usize) -> String {
    let left_out = "\nDetails that did not fit are left out; the summary of the check has them.\n";
    let mut room = BODY_LIMIT.saturating_sub(table.len() + reserved + left_out.len());
    let mut take = |text: &str| {
        let fits = text.len() <= room;
        room -= if fits { text.len() } else { 0 };
        fits
    };
    let summaries: Vec<bool> = sections.iter().map(|s| take(&s.summary)).collect();
    let details: Vec<bool> = sections.iter().zip(&summaries).map(|(s, kept)| *kept && take(&s.details)).collect();
    let mut text = table;
    for ((section, summary), detail) in sections.iter().zip(&summaries).zip(&details) {
        text.push_str(if *summary { &section.summary } else { "" });
        text.push_str(if *detail { &section.details } else { "" });
    }
    if !details.iter().all(|kept| *kept) {
        text.push_str(left_out);
    }
    text
}

fn own_title(wanted: &Wanted) -> String {
    let incoming = wanted.items.iter().filter(|i| i.entry.kind.lets_in()).count();
    if incoming == 0 && wanted.items.len() > 1 {
        return leaving_title(wanted);
    }
    match (&wanted.group, wanted.items.as_slice()) {
        (Some(group), items) if incoming > 1 || items.is_empty() => {
            let group = if group == "all" { "all images".to_owned() } else { clean(group, 60) };
            format!("Approve {incoming} versions of {group}")
        }
        (_, items) => items.first().map(titled).unwrap_or_default(),
    }
}

/// One change in words, with the cause where that is what a reader must not overlook.
fn titled(item: &Item) -> String {
    let title = change(&item.entry);
    match item.cause {
        Some(Cause::Revoked(_)) => title + ", revoked",
        Some(Cause::Unreviewed(_)) => title + ", not reviewed",
        Some(Cause::Gone) => title + ", gone upstream",
        _ => title,
    }
}

/// The title where several things leave and nothing comes in.
fn leaving_title(wanted: &Wanted) -> String {
    let approvals = wanted.items.iter().filter(|i| i.entry.kind == Kind::Retire).count();
    let what = match wanted.items.len() {
        all if all == approvals => format!("Retire {approvals} approvals"),
        all if approvals == 0 => format!("End or add {all} rejections"),
        all => format!("Retire {approvals} of {all} entries and mend the others"),
    };
    let mut of: Vec<&str> = wanted.items.iter().map(|i| i.entry.source.as_str()).collect();
    of.dedup();
    match (&wanted.group, of.as_slice()) {
        (_, [source]) => format!("{what} of {}", clean(source, 100)),
        (Some(group), _) if group != "all" => format!("{what} of {}", clean(group, 60)),
        _ => format!("{what} of {} images", of.len()),
    }
}

/// One change in words.
fn change(entry: &Entry) -> String {
    let source = clean(&entry.source, 100);
    let to = entry.to.as_ref().map(ToString::to_string).unwrap_or_default();
    match (entry.kind, &entry.from) {
        (Kind::New | Kind::Update, Some(from)) => format!("Approve {source} {to} (after {from})"),
        (Kind::New | Kind::Update, None) => format!("Approve {source} {to}"),
        (Kind::Rebuild, _) => format!("Approve {source} {to}, rebuilt"),
        (Kind::Retire, _) => format!("Retire {source} {to}"),
        (Kind::Reject, _) => format!("Reject {source} {to}"),
        (Kind::Expire, _) => format!("Ask about {source} {to} again"),
    }
}

fn line(item: &Item) -> String {
    let Entry { source, from, to, digest, kind, .. } = &item.entry;
    let tags: Vec<String> = [from, to].into_iter().flatten().map(ToString::to_string).collect();
    format!("{} {}: {} {digest}", clean(source, 100), image::kind_word(*kind), tags.join(" -> "))
}

/// What templates say of a proposal: its title, and the first of its changes.
fn places(wanted: &Wanted) -> Places {
    let title = own_title(wanted);
    let Some(Item { entry, .. }) = wanted.items.first() else { return Places { title, ..Places::default() } };
    let tag = |tag: &Option<crate::image::Tag>| tag.as_ref().map(ToString::to_string).unwrap_or_default();
    Places {
        title,
        source: clean(&entry.source, 100),
        repository: entry.repository.to_string(),
        from: tag(&entry.from),
        to: tag(&entry.to),
        kind: image::kind_word(entry.kind).to_owned(),
    }
}

#[cfg(test)]
mod tests;
