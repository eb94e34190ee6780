//! What the page shows of one approved tag.

use crate::catalog::{CatalogPlatform, CatalogTag, SignatureState};
use crate::text::{clean, excerpt, size};

use super::words::{Moment, NAME, TEXT, day, link};

/// The most reviewers who are named.
const REVIEWERS: usize = 10;

/// One approved tag.
pub(super) struct TagView {
    pub(super) reference: String,
    /// `None` offers nothing to copy: there is nothing to pull yet.
    pub(super) pinned: Option<String>,
    /// Why there is nothing to pull.
    pub(super) unavailable: &'static str,
    /// The words before the date.
    pub(super) approved: &'static str,
    pub(super) approved_on: Option<Moment>,
    pub(super) pull: Option<String>,
    pub(super) url: Option<String>,
    /// The words about reviewers that follow, with the space before them.
    pub(super) reviewers: String,
    pub(super) signature: String,
    pub(super) signature_class: &'static str,
    pub(super) aliases: Vec<String>,
    pub(super) reason: String,
    pub(super) platforms: Vec<PlatformView>,
    pub(super) digests: Vec<DigestView>,
}

pub(super) struct PlatformView {
    pub(super) name: String,
    pub(super) size: String,
}

pub(super) struct DigestView {
    pub(super) label: &'static str,
    pub(super) value: String,
}

impl TagView {
    pub(super) fn of(tag: &CatalogTag) -> Self {
        let url = tag.url.as_deref().and_then(link);
        let page = url.as_ref().map(|_| "a pull request".to_owned());
        let pull = tag.pull.map(|number| format!("#{number}")).or(page);
        let recorded = tag.approved_on.is_some() || pull.is_some();
        let (signature_class, signature) = signature(tag);
        Self {
            reference: clean(&tag.reference),
            pinned: tag.pinned.as_deref().map(clean),
            unavailable: tag.state.why_not().unwrap_or_default(),
            approved: if recorded { "Approved" } else { "Approved; not recorded when" },
            approved_on: tag.approved_on.map(day),
            pull,
            url,
            reviewers: tag.reviewers.as_deref().map(reviewers).unwrap_or_default(),
            signature,
            signature_class,
            aliases: tag.aliases.iter().map(ToString::to_string).collect(),
            reason: excerpt(tag.reason.as_deref().unwrap_or_default(), TEXT),
            platforms: tag.platforms.iter().map(platform).collect(),
            digests: digests(tag),
        }
    }
}

/// A class of the style, and the words.
fn signature(tag: &CatalogTag) -> (&'static str, String) {
    match (tag.signature, &tag.signed_by) {
        (SignatureState::Verified, Some(by)) => ("verified", format!("Signature verified: {}", excerpt(by, TEXT))),
        (SignatureState::Verified, None) => ("verified", "Signature verified".to_owned()),
        (SignatureState::Required, _) if tag.pinned.is_none() => {
            ("lacking", "Its signature is verified when it is promoted".to_owned())
        }
        (SignatureState::Required, _) => ("lacking", "A signature is required; none is recorded".to_owned()),
        (SignatureState::NotRequired, _) => ("optional", "No signature required".to_owned()),
    }
}

fn reviewers(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(REVIEWERS).map(|name| excerpt(name, NAME)).collect();
    if names.len() > REVIEWERS {
        shown.push(format!("{} more", names.len() - REVIEWERS));
    }
    match shown.split_last() {
        None => ", without a review".to_owned(),
        Some((last, [])) => format!(" by {last}"),
        Some((last, others)) => format!(" by {} and {last}", others.join(", ")),
    }
}

fn platform(platform: &CatalogPlatform) -> PlatformView {
    PlatformView { name: excerpt(&platform.platform, NAME), size: platform.size.map(size).unwrap_or_default() }
}

/// What is pulled; also what was reviewed, if the mirror holds only some of its platforms.
fn digests(tag: &CatalogTag) -> Vec<DigestView> {
    let reviewed = |label| DigestView { label, value: tag.digest.to_string() };
    match &tag.mirrored {
        None => vec![reviewed("Reviewed digest")],
        Some(mirrored) if *mirrored == tag.digest => vec![reviewed("Digest")],
        Some(mirrored) => {
            vec![DigestView { label: "Digest", value: mirrored.to_string() }, reviewed("Reviewed digest")]
        }
    }
}
