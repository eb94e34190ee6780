//! Which approval comes nearest to a reference that is not approved.

use crate::image::Tag;
use crate::manifest::{Approval, Image};
use crate::rules::{Rule, Variant, VersionRule, compared_with, is_followed, newest_approval};

/// The tag that is meant where neither a tag nor a digest is given.
pub(super) const LATEST: &str = "latest";

/// An image, and its approvals that can be pulled from the mirror.
pub(super) struct Subject<'m> {
    pub(super) image: &'m Image,
    pub(super) promoted: Vec<&'m Approval>,
}

impl<'m> Subject<'m> {
    /// The approval of this tag, else the newest of its line or below it, else the newest of all. No tag means `latest`.
    pub(super) fn nearest(&self, tag: Option<&Tag>) -> Option<&'m Approval> {
        let latest = LATEST.parse().ok();
        let tag = tag.or(latest.as_ref())?;
        let of = |tag: &Tag| self.promoted.iter().copied().find(|approval| approval.tag == *tag);
        let tags = || self.promoted.iter().map(|approval| &approval.tag);
        let rule = &self.image.rule;
        of(tag).or_else(|| compared_with(rule, tags(), tag).or_else(|| newest_approval(rule, tags())).and_then(of))
    }

    /// How badly the image fits a tag; 0 fits best.
    fn misfit(&self, tag: Option<&Tag>) -> u8 {
        let image = self.image;
        let variant = match &image.rule {
            Rule::Versions(VersionRule { variant: Some(Variant::Exactly(variant)), .. }) => Some(variant.as_str()),
            _ => None,
        };
        let names_variant = |tag: &Tag, variant: &str| {
            tag.as_str().strip_suffix(variant).is_some_and(|before| before.is_empty() || before.ends_with('-'))
        };
        match (tag, variant) {
            (Some(tag), _) if is_followed(&image.rule, image.approved.iter().map(|approval| &approval.tag), tag) => 0,
            (Some(tag), Some(variant)) if names_variant(tag, variant) => 1,
            (_, None) => 2,
            (_, Some(_)) => 3,
        }
    }
}

/// Of images that share a name, such as variants of one source, the one that a tag belongs to.
pub(super) fn choose<'m>(subjects: impl Iterator<Item = Subject<'m>>, tag: Option<&Tag>) -> Option<&'m Image> {
    let best = subjects.min_by_key(|subject| (subject.misfit(tag), subject.promoted.is_empty()));
    best.map(|subject| subject.image)
}
