//! The verdict on a reference, from the manifest alone: the manifest goes before the category, a digest before a tag.

use std::collections::BTreeMap;

use super::choice::{LATEST, Subject, choose};
use super::verdict::{Judgement, Verdict};
use crate::image::{Digest, Location, Repository, Tag};
use crate::manifest::{Approval, Image, Manifest, Revocation};
use crate::plan::aliases::followed;
use crate::plan::is_revoked;
use crate::policy::Standing;
use crate::policy::access::{Expected, expected, is_own};
use crate::references::{FoundReference, Replacement};

/// A manifest, indexed for many references.
pub(crate) struct Judge<'m> {
    manifest: &'m Manifest,
    mirrors: BTreeMap<Repository, Vec<&'m Image>>,
    sources: BTreeMap<&'m Repository, Vec<&'m Image>>,
    approved: BTreeMap<&'m Digest, Vec<(&'m Image, &'m Approval)>>,
    revoked: BTreeMap<&'m Digest, Vec<(&'m Image, &'m Revocation)>>,
}

/// An image that a reference names.
#[derive(Clone, Copy)]
struct Named<'m> {
    image: &'m Image,
    /// By its mirror; otherwise by its source.
    at_mirror: bool,
}

impl<'m> Judge<'m> {
    /// Images with nothing approved and nothing revoked have no effect, so references to them are judged by category.
    pub(crate) fn new(manifest: &'m Manifest) -> Self {
        let mut judge = Self {
            manifest,
            mirrors: BTreeMap::new(),
            sources: BTreeMap::new(),
            approved: BTreeMap::new(),
            revoked: BTreeMap::new(),
        };
        for image in manifest.images.iter().filter(|image| image.has_effect()) {
            judge.add(image);
        }
        judge
    }

    fn add(&mut self, image: &'m Image) {
        if let Ok(Location::Remote(mirror)) = self.manifest.mirror(&image.repository) {
            self.mirrors.entry(mirror).or_default().push(image);
        }
        if let Location::Remote(source) = &image.source {
            self.sources.entry(source).or_default().push(image);
        }
        for approval in &image.approved {
            let mirrored = approval.mirrored.as_ref().filter(|mirrored| **mirrored != approval.digest);
            for digest in std::iter::once(&approval.digest).chain(mirrored) {
                self.approved.entry(digest).or_default().push((image, approval));
            }
        }
        for revocation in &image.revoked {
            self.revoked.entry(&revocation.digest).or_default().push((image, revocation));
        }
    }

    /// The verdict, and what replaces the reference.
    pub(crate) fn judge(&self, reference: &FoundReference) -> Judgement {
        if !reference.known {
            return Judgement { verdict: Verdict::Unknown, replacement: None };
        }
        let image = &reference.image;
        let named = self.named(&image.name);
        let by_digest = image.digest.as_ref().and_then(|digest| self.by_digest(&named, digest));
        by_digest
            .or_else(|| self.by_tag(&named, image.tag.as_ref(), image.digest.is_some()))
            .unwrap_or_else(|| Judgement { verdict: self.by_category(&image.name), replacement: None })
    }

    /// The images with this mirror, then those with this source.
    fn named(&self, repository: &Repository) -> Vec<Named<'m>> {
        let mirrors = self.mirrors.get(repository).into_iter().flatten();
        let sources = self.sources.get(repository).into_iter().flatten();
        let mirrors = mirrors.map(|image| Named { image, at_mirror: true });
        mirrors.chain(sources.map(|image| Named { image, at_mirror: false })).collect()
    }

    /// The verdict on bytes that the manifest names, under whatever name they are pulled.
    fn by_digest(&self, named: &[Named<'m>], digest: &Digest) -> Option<Judgement> {
        let place = |image: &Image| named.iter().position(|named| std::ptr::eq(named.image, image));
        let place = |image: &Image| place(image).unwrap_or(usize::MAX);
        let revoked = self.revoked.get(digest).into_iter().flatten().min_by_key(|(image, _)| place(image));
        if let Some((image, revocation)) = revoked {
            return Some(self.replaced(Verdict::Revoked, image, Some(&revocation.tag)));
        }
        let approved = self.approved.get(digest).into_iter().flatten().min_by_key(|(image, _)| place(image));
        let (image, approval) = approved?;
        match named.get(place(image)) {
            Some(Named { at_mirror: true, .. }) => Some(APPROVED),
            _ => Some(self.replaced(Verdict::NotMirrored, image, Some(&approval.tag))),
        }
    }

    /// The verdict on a tag of images of the manifest. With a digest, which the manifest does not name, the tag alone
    /// approves nothing.
    fn by_tag(&self, named: &[Named<'m>], tag: Option<&Tag>, by_digest: bool) -> Option<Judgement> {
        let latest = LATEST.parse().ok();
        let tag = tag.or(latest.as_ref().filter(|_| !by_digest));
        if let Some(Named { image, at_mirror }) =
            named.iter().find(|named| tag.is_some_and(|tag| lets_in(named.image, tag)))
        {
            return Some(match (by_digest, at_mirror) {
                (true, _) => self.replaced(Verdict::OtherVersion, image, tag),
                (false, true) => APPROVED,
                (false, false) => self.replaced(Verdict::NotMirrored, image, tag),
            });
        }
        let revokes = |image: &Image| image.revoked.iter().any(|revoked| Some(&revoked.tag) == tag);
        if let Some(Named { image, .. }) = named.iter().find(|named| revokes(named.image)) {
            return Some(self.replaced(Verdict::Revoked, image, tag));
        }
        let approving: Vec<_> =
            named.iter().map(|named| named.image).filter(|image| !image.approved.is_empty()).collect();
        if approving.is_empty() {
            // The mirror still has tags that were retired.
            let retired = named.iter().any(|named| named.at_mirror);
            return retired.then_some(Judgement { verdict: Verdict::NotApproved, replacement: None });
        }
        let image = choose(approving.into_iter().map(|image| self.subject(image)), tag)?;
        Some(self.replaced(Verdict::OtherVersion, image, tag))
    }

    fn by_category(&self, repository: &Repository) -> Verdict {
        if is_own(self.manifest, repository) {
            return Verdict::Allowed;
        }
        let policy = &self.manifest.policy;
        if !repository.registry.is_docker_hub() || policy.image_access.is_none() {
            return Verdict::NotApproved;
        }
        let source = Location::Remote(repository.clone());
        let standing = Standing::of_name(&source, &self.manifest.organization).unwrap_or_default();
        match expected(policy, repository, &standing).0 {
            Expected::Pulled => Verdict::Allowed,
            Expected::ImageRefused | Expected::RegistryRefused => Verdict::NotApproved,
            Expected::Unknown => Verdict::Unknown,
        }
    }

    fn replaced(&self, verdict: Verdict, image: &'m Image, tag: Option<&Tag>) -> Judgement {
        Judgement { verdict, replacement: self.replacement(image, tag) }
    }

    /// The promoted approval of this tag, else the newest of its line, else of all lines.
    fn replacement(&self, image: &'m Image, tag: Option<&Tag>) -> Option<Replacement> {
        let Ok(Location::Remote(mirror)) = self.manifest.mirror(&image.repository) else { return None };
        let approval = self.subject(image).nearest(tag)?;
        Some(Replacement { mirror, tag: approval.tag.clone(), digest: approval.mirrored.clone()? })
    }

    /// An image with what of it can be pulled.
    fn subject(&self, image: &'m Image) -> Subject<'m> {
        let is_revoked = |digest: &Digest| self.revoked.contains_key(digest);
        let promoted = image.approved.iter().filter(|approval| {
            approval.mirrored.as_ref().is_some_and(|mirrored| !is_revoked(mirrored) && !is_revoked(&approval.digest))
        });
        Subject { image, promoted: promoted.collect() }
    }
}

const APPROVED: Judgement = Judgement { verdict: Verdict::Approved, replacement: None };

/// Whether the mirror's tag of this name is approved, or an alias that follows an approval.
fn lets_in(image: &Image, tag: &Tag) -> bool {
    let is_alias = || image.aliases.contains(tag) && followed(image, tag).is_some();
    image.approved.iter().any(|approval| approval.tag == *tag && !is_revoked(image, approval)) || is_alias()
}
