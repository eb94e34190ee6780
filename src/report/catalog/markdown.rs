//! `catalog.md`: tables for wikis and repositories.

use std::fmt::Write as _;

use crate::catalog::{Catalog, CatalogImage, CatalogPlatform, CatalogTag, SignatureState, WaitingState};
use crate::markdown::{cell, escaped as text};
use crate::text::size;

/// The longest name: a registry, an organization, a repository and a tag.
const NAME: usize = 700;

/// What the file begins with.
pub(super) const TITLE: &str = "# Approved container images of ";

pub(super) fn markdown(catalog: &Catalog) -> String {
    let mut out = format!("{TITLE}{}\n\n", text(&catalog.organization));
    rows(&mut out, "Approved", ["Image", "Digest", "Platforms", "Signature", "Approved"], approved(catalog));
    let waiting = catalog.images.iter().flat_map(|image| image.waiting.iter().map(move |row| (image, row)));
    let waiting = waiting.map(|(image, row)| {
        let state = match row.state {
            WaitingState::Proposed => "to be reviewed".to_owned(),
            WaitingState::Waiting | WaitingState::Declined => text(&row.why),
            WaitingState::Unreviewed => "in the manifest, and not approved by enough people".to_owned(),
        };
        [tag_of(image, row.tag.as_str()), state, row.until.as_deref().map(text).unwrap_or_default()]
    });
    rows(&mut out, "Newer, and not approved yet", ["Version", "State", "Until"], waiting);
    let rejected = catalog.images.iter().flat_map(|image| image.rejected.iter().map(move |row| (image, row)));
    let rejected = rejected.map(|(image, row)| {
        let until = row.until.map(|until| until.to_string()).unwrap_or_default();
        [tag_of(image, row.tag.as_str()), text(&row.reason), until]
    });
    rows(&mut out, "Rejected", ["Version", "Reason", "Until"], rejected);
    let revoked = catalog.images.iter().flat_map(|image| image.revoked.iter().map(move |row| (image, row)));
    let revoked = revoked.map(|(image, row)| {
        let instead = row.instead.as_ref().map(|tag| name(&format!("{}:{tag}", image.mirror))).unwrap_or_default();
        [tag_of(image, row.tag.as_str()), name(row.digest.as_str()), text(&row.reason), instead]
    });
    rows(&mut out, "Revoked: do not use", ["Version", "Digest", "Reason", "Use instead"], revoked);
    if !catalog.unknown.is_empty() {
        out += "## Not found out, or not as it should be\n\n";
        catalog.unknown.iter().for_each(|unknown| out += &format!("- {}\n", text(unknown)));
    }
    out
}

fn name(name: &str) -> String {
    cell(name, NAME)
}

/// A version by its source: nothing here is to be copied.
fn tag_of(image: &CatalogImage, tag: &str) -> String {
    format!("{} {}", text(&image.source), text(tag))
}

fn approved(catalog: &Catalog) -> impl Iterator<Item = [String; 5]> {
    let tags = catalog.images.iter().flat_map(|image| &image.approved);
    tags.map(|tag| {
        let digest = tag.pinned.as_ref().and(tag.mirrored.as_ref()).unwrap_or(&tag.digest);
        [reference(tag), name(digest.as_str()), platforms(&tag.platforms), signature(tag), approval(tag)]
    })
}

fn reference(tag: &CatalogTag) -> String {
    let aliases: Vec<String> = tag.aliases.iter().map(|alias| name(alias.as_str())).collect();
    let also = if aliases.is_empty() { String::new() } else { format!(" (also {})", aliases.join(", ")) };
    match tag.state.why_not() {
        None => format!("{}{also}", name(&tag.reference)),
        Some(why) => format!("{}: {}", text(&tag.reference), text(why)),
    }
}

fn platforms(platforms: &[CatalogPlatform]) -> String {
    let platform = |CatalogPlatform { platform, size: bytes }: &CatalogPlatform| match bytes {
        Some(bytes) => format!("{} ({})", text(platform), size(*bytes)),
        None => text(platform),
    };
    platforms.iter().map(platform).collect::<Vec<_>>().join(", ")
}

fn signature(tag: &CatalogTag) -> String {
    match (tag.signature, &tag.signed_by) {
        (SignatureState::Verified, Some(by)) => format!("verified: {}", text(by)),
        (SignatureState::Verified, None) => "verified".to_owned(),
        (SignatureState::Required, _) => "required".to_owned(),
        (SignatureState::NotRequired, _) => "not required".to_owned(),
    }
}

/// When, by which pull request, by whom and why.
fn approval(tag: &CatalogTag) -> String {
    let mut words: Vec<String> = tag.approved_on.iter().map(ToString::to_string).collect();
    words.extend(tag.pull.map(|pull| match &tag.url {
        Some(url) => format!("[#{pull}]({url})"),
        None => format!("pull request {pull}"),
    }));
    let reviewers = tag.reviewers.iter().filter(|reviewers| !reviewers.is_empty());
    words.extend(reviewers.map(|reviewers| format!("by {}", text(&reviewers.join(", ")))));
    words.extend(tag.reason.as_ref().map(|reason| format!("because: {}", text(reason))));
    words.join(", ")
}

/// A table under a heading; nothing without rows.
fn rows<const N: usize>(out: &mut String, heading: &str, columns: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let _ = write!(out, "## {heading}\n\n");
    out.push_str(&line(&columns.map(str::to_owned)));
    out.push_str(&line(&columns.map(|_| "---".to_owned())));
    rows.for_each(|row| out.push_str(&line(&row)));
    out.push('\n');
}
