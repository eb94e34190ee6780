//! Tags of the mirrors: approved, revoked, retired, and those that nobody approved.

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::facts::{ForeignCompanion, Mirror, Once, OrganizationFacts};
use super::finding::{Finding, Mismatch, about, at};
use crate::content::companion;
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{Approval, Image, Manifest, Revocation};
use crate::plan::{Key, Observed, State, decide};

/// Whether the history explains a tag, whatever it resolves to: it was promoted, or belongs to something that was.
pub(crate) fn explains(once: &Once, tag: &Tag) -> bool {
    once.tags.contains_key(tag) || once.digests().any(|digest| belongs(tag, digest))
}

pub(super) fn judge(manifest: &Manifest, facts: &OrganizationFacts) -> Vec<Finding> {
    let mut here: BTreeMap<&RepositoryName, Vec<&Image>> = BTreeMap::new();
    for image in &manifest.images {
        here.entry(&image.repository).or_default().push(image);
    }
    let mut findings = lost(manifest, facts);
    for (name, mirror) in &facts.mirrors {
        if let Some(images) = here.get(name) {
            findings.extend(SharedMirror { manifest, facts, mirror, images }.findings(name));
        }
    }
    findings
}

/// Approvals whose source no longer has them, promoted or not.
fn lost(manifest: &Manifest, facts: &OrganizationFacts) -> Vec<Finding> {
    let finding = |(image, approval): (&Image, &Approval)| {
        let bytes = facts.lost.contains(&(image.source.clone(), approval.digest.clone()));
        let tag = facts.withdrawn.contains(&(image.source.clone(), approval.tag.clone()));
        let (code, found) = match (tag, bytes) {
            (true, bytes) => (Code::Withdrawn, withdrawn(approval, facts.gone.contains(&image.source), bytes)),
            (false, true) => (Code::SourceLost, "upstream no longer has it".to_owned()),
            (false, false) => return None,
        };
        let expected = format!("{} resolves to {}", image.source_text, approval.digest);
        let tag = Some(approval.tag.clone());
        Some(at(manifest, image, approval.span, Mismatch { code, tag, expected, found }))
    };
    manifest.approvals().filter_map(finding).collect()
}

/// What is gone, and when it is last known to have been there.
fn withdrawn(approval: &Approval, repository: bool, bytes: bool) -> String {
    let what = match (repository, bytes) {
        (true, _) => "its repository is gone",
        (false, true) => "its tag and its bytes are gone",
        (false, false) => "its tag is gone; its bytes still answer by digest",
    };
    let since = approval.approved_on.map_or_else(String::new, |day| format!(" (withdrawn on {day} or later)"));
    format!("{what}{since}")
}

/// One mirror, with the images that share it.
pub(super) struct SharedMirror<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) facts: &'a OrganizationFacts,
    pub(super) mirror: &'a Mirror,
    images: &'a [&'a Image],
}

impl SharedMirror<'_> {
    fn findings(&self, name: &RepositoryName) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut settled: BTreeSet<&Tag> = BTreeSet::new();
        let once = self.facts.history.get(name);
        for image in self.images {
            for approval in &image.approved {
                settled.insert(&approval.tag);
                findings.extend(self.approved(image, approval));
            }
        }
        for image in self.images {
            for alias in &image.aliases {
                settled.insert(alias);
                findings.extend(self.alias(image, alias, once));
            }
        }
        for image in self.images {
            for revoked in &image.revoked {
                if let Some(finding) = self.revoked(image, revoked) {
                    settled.insert(&revoked.tag);
                    findings.push(finding);
                }
            }
        }
        let ours = self.companions();
        let others = self.mirror.tags.keys().filter(|tag| !settled.contains(tag));
        findings.extend(others.filter_map(|tag| self.other(tag, once, &ours)));
        let foreign = self.facts.foreign.get(name).into_iter().flatten();
        let foreign: Vec<Finding> = foreign.filter_map(|foreign| self.foreign(foreign, &findings)).collect();
        findings.extend(foreign);
        findings
    }

    /// What is wrong with an approval's tag.
    fn approved(&self, image: &Image, approval: &Approval) -> Option<Finding> {
        let key = Key::of(image, approval);
        let tagged = self.mirror.tags.get(&approval.tag);
        if tagged.is_some_and(|tagged| tagged.digest.is_none()) {
            return None;
        }
        let now = tagged.and_then(|tagged| tagged.digest.clone());
        let expected = match (&image.platforms, &now) {
            (None, _) => Some(approval.digest.clone()),
            (Some(_), None) => None,
            (Some(_), Some(_)) => self.facts.expected.get(&key)?.clone(),
        };
        let observed = Observed { mirror: now.clone(), expected, ..Observed::default() };
        let state = decide(image, approval, &observed).state;
        let (code, found) = match (state, now) {
            (State::Copy, None) if approval.mirrored.is_some() => (Code::MissingTag, "no such tag".to_owned()),
            (State::Copy, None) => (Code::NotPromoted, "no such tag".to_owned()),
            (State::Copy, Some(now)) if self.facts.forged.contains(&key) => {
                return Some(self.forged(image, approval, &now));
            }
            (State::Copy, Some(now)) => (Code::NotPromoted, now.to_string()),
            (State::TagOnly, Some(now)) => (Code::NotPromoted, format!("{now}, which is not recorded")),
            (State::MirrorDiffers, Some(now)) => (Code::MirrorDiffers, now.to_string()),
            (State::Revoked, Some(now)) => return self.revoked_approval(image, approval, &now),
            _ => return None,
        };
        let expected = match (code, &approval.mirrored) {
            (Code::MirrorDiffers | Code::MissingTag, Some(mirrored)) => mirrored.to_string(),
            _ => wanted(image, approval),
        };
        let tag = Some(approval.tag.clone());
        Some(at(self.manifest, image, approval.span, Mismatch { code, tag, expected, found }))
    }

    /// A tag that resolves to a forgery of the wanted platforms that somebody recorded as promoted.
    fn forged(&self, image: &Image, approval: &Approval, now: &Digest) -> Finding {
        let expected = self.facts.expected.get(&Key::of(image, approval)).and_then(Option::as_ref);
        let expected = expected.map_or_else(|| wanted(image, approval), ToString::to_string);
        let found =
            format!("{now}, which claims to be {} and is not what upstream's index gives", wanted(image, approval));
        let tag = Some(approval.tag.clone());
        at(self.manifest, image, approval.span, Mismatch { code: Code::MirrorDiffers, tag, expected, found })
    }

    /// An approval of revoked bytes. Under the revoked tag itself they are reported as revoked.
    fn revoked_approval(&self, image: &Image, approval: &Approval, now: &Digest) -> Option<Finding> {
        let revoked = image.revoked.iter().find(|revoked| revoked.digest == approval.digest)?;
        let own = image.revoked.iter().find(|revoked| revoked.tag == approval.tag);
        let those_bytes = *now == approval.digest || approval.mirrored.as_ref() == Some(now);
        let code = match own {
            Some(own) if those_bytes || own.delete => return None,
            None if those_bytes => code(revoked),
            _ => Code::MirrorDiffers,
        };
        let (tag, found) = (Some(approval.tag.clone()), now.to_string());
        Some(at(self.manifest, image, approval.span, Mismatch { code, tag, expected: gone(revoked), found }))
    }

    /// A revocation whose tag exists. If another approval has replaced its bytes since, the tag is that one's.
    fn revoked(&self, image: &Image, revoked: &Revocation) -> Option<Finding> {
        let tagged = self.mirror.tags.get(&revoked.tag)?;
        let approvals = self.images.iter().flat_map(|image| &image.approved);
        let mut others = approvals.filter(|a| a.tag == revoked.tag && a.digest != revoked.digest);
        let anothers = others.next().is_some();
        // With selected platforms, the digest in the mirror differs from the revoked index.
        let those_bytes = tagged.digest.as_ref() == Some(&revoked.digest) || (image.platforms.is_some() && !anothers);
        if !(those_bytes || (revoked.delete && !anothers)) {
            return None;
        }
        let found = tagged.digest.as_ref().map_or_else(|| "it exists".to_owned(), ToString::to_string);
        let (code, tag, expected) = (code(revoked), Some(revoked.tag.clone()), gone(revoked));
        Some(at(self.manifest, image, revoked.span, Mismatch { code, tag, expected, found }))
    }

    /// A tag that the manifest does not name.
    fn other(&self, tag: &Tag, once: Option<&Once>, ours: &BTreeSet<&Tag>) -> Option<Finding> {
        let image = self.images.first()?;
        if companion::is_companion(tag) && (!self.mirror.children_known || ours.contains(tag)) {
            return None;
        }
        let digest = self.mirror.tags.get(tag).and_then(|tagged| tagged.digest.as_ref());
        let was = once.and_then(|once| once.tags.get(tag));
        let retired = match was {
            Some(was) => digest.is_some_and(|digest| was.contains(digest)),
            None => once.is_some_and(|once| explains(once, tag)),
        };
        let mut found = digest.map_or_else(|| "it exists".to_owned(), ToString::to_string);
        if digest.is_some_and(|digest| self.images.iter().any(|i| i.revoked.iter().any(|r| r.digest == *digest))) {
            found.push_str(", which is revoked");
        } else if was.is_some() && !retired {
            found.push_str(", which was never approved under this tag");
        }
        let code = if retired { Code::RetiredTag } else { Code::UnapprovedTag };
        let (tag, expected) = (Some(tag.clone()), "no such tag".to_owned());
        Some(about(self.manifest, image, Mismatch { code, tag, expected, found }))
    }

    /// Something beside an image that is not a signature, unless its tag is already reported as belonging to nothing.
    fn foreign(&self, foreign: &ForeignCompanion, findings: &[Finding]) -> Option<Finding> {
        let ForeignCompanion { digest, tag, what } = foreign;
        let told = |finding: &Finding| finding.code == Code::UnapprovedTag && finding.tag.as_ref() == Some(tag);
        if findings.iter().any(told) {
            return None;
        }
        let approved = |image: &&&Image| image.approved.iter().any(|approval| approval.tag == *tag);
        let image = self.images.iter().find(approved).or(self.images.first())?;
        let (expected, found) = ("only signatures, attestations and SBOMs".to_owned(), format!("{digest}, {what}"));
        let mismatch = Mismatch { code: Code::ForeignCompanion, tag: Some(tag.clone()), expected, found };
        Some(Finding { subject: Some(digest.to_string()), ..about(self.manifest, image, mismatch) })
    }

    /// The companion tags that belong to something in the mirror that is more than a companion itself.
    fn companions(&self) -> BTreeSet<&Tag> {
        let images = self.mirror.tags.iter().filter(|(tag, _)| !companion::is_companion(tag));
        let mut open: Vec<&Digest> =
            images.flat_map(|(_, tagged)| tagged.digest.iter().chain(&tagged.children)).collect();
        let approvals = self.images.iter().flat_map(|image| &image.approved);
        open.extend(approvals.flat_map(|approval| approval.mirrored.iter().chain([&approval.digest])));
        let mut met: BTreeSet<&Digest> = open.iter().copied().collect();
        let mut ours = BTreeSet::new();
        while let Some(digest) = open.pop() {
            for tag in stems(digest) {
                let Some((tag, tagged)) = self.mirror.tags.get_key_value(&tag) else { continue };
                ours.insert(tag);
                // A signature may itself be signed.
                let below = tagged.digest.iter().chain(&tagged.children);
                open.extend(below.filter(|digest| met.insert(digest)));
            }
        }
        ours
    }
}

/// The tags that may hold something that belongs to a digest.
fn stems(digest: &Digest) -> Vec<Tag> {
    companion::cosign_tags(digest).into_iter().chain(companion::fallback_tag(digest)).collect()
}

fn belongs(tag: &Tag, digest: &Digest) -> bool {
    companion::is_companion(tag) && stems(digest).contains(tag)
}

pub(super) const fn code(revoked: &Revocation) -> Code {
    if revoked.delete { Code::RevokedTag } else { Code::RevokedKept }
}

pub(super) fn gone(revoked: &Revocation) -> String {
    format!("no such bytes: revoked, {}", revoked.reason)
}

/// What an approval's tag should resolve to.
pub(super) fn wanted(image: &Image, approval: &Approval) -> String {
    let Some(platforms) = &image.platforms else { return approval.digest.to_string() };
    let names: Vec<String> = platforms.iter().map(ToString::to_string).collect();
    format!("{} of {}", names.join(", "), approval.digest)
}
