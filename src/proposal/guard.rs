//! What a pull request changes about who must have made images. Pure: files are read by the caller.

use std::collections::BTreeMap;

use super::review::{Finding, approvals, same_image};
use crate::image::RepositoryName;
use crate::manifest::{Approval, Guard, Image, Manifest, RequiredProvenance, Signatures};
use crate::markdown::code;
use crate::plan::Key;
use crate::plan::binding::named_files;
use crate::text::excerpt;

/// The longest description of a guard in reports, in characters.
const LONGEST: usize = 300;

/// A file that the base and the head name, with other content in the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub before: String,
    pub after: String,
    /// Whether something else can verify with it now.
    pub lowers: bool,
}

/// The files with other content, by the path that the manifest gives.
pub(crate) type ReplacedFiles = BTreeMap<String, Replaced>;

/// One change of what is required of who made an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The image's index in the head; `None` if it is about `defaults`.
    pub image: Option<usize>,
    /// The index of the file in the head, and the byte in it.
    place: (usize, usize),
    repository: Option<RepositoryName>,
    /// A key of the manifest, or the path of a file.
    what: String,
    before: String,
    after: String,
    is_file: bool,
    /// Whether bytes may come in that the base would have refused.
    pub lowers: bool,
}

/// An approval that is not promoted and that the base would judge by more than the head.
pub(crate) struct Pending<'a> {
    pub image: &'a Image,
    pub approval: &'a Approval,
    /// The image at the base, with what it requires.
    pub asked: &'a Image,
}

fn of(image: &Image) -> Guard {
    Guard { signatures: image.signatures.clone(), provenance: image.provenance.clone() }
}

/// What the defaults of the base require of an image that the head adds.
fn by_default(base: &Manifest, head: &Manifest, image: &Image) -> Guard {
    let path = head.files.get(image.file).map(|file| &file.path);
    let file = base.files.iter().position(|file| Some(&file.path) == path).unwrap_or(0);
    base.guards.get(file).cloned().unwrap_or_default()
}

/// Images that only the `defaults` of the base guard: for each of them, as the first image of the head.
pub(crate) fn by_defaults<'m>(base: Option<&'m Manifest>, head: &'m Manifest) -> impl Iterator<Item = Image> + 'm {
    let guards = base.into_iter().flat_map(|base| &base.guards);
    guards.filter_map(|guard| {
        let image = head.images.first()?.clone();
        Some(Image { signatures: guard.signatures.clone(), provenance: guard.provenance.clone(), ..image })
    })
}

/// An image of the base that requires signatures and has the same mirror, or else the same source.
fn related<'b>(base: &'b Manifest, image: &Image) -> Option<&'b Image> {
    let asking = || base.images.iter().filter(|other| other.signatures.is_some());
    let same_mirror = asking().find(|other| other.repository == image.repository);
    same_mirror.or_else(|| asking().find(|other| other.source == image.source))
}

/// What the base requires of who made an image of the head; `None` if it requires nothing. If the base has the image, it
/// decides by any image of that source and mirror; of a new image, by one with its source or its mirror, else by its
/// defaults, unless the image names signers of its own.
pub(crate) fn asking(base: Option<&Manifest>, head: &Manifest, at: usize) -> Option<Guard> {
    let (base, image) = (base?, &head.images[at]);
    let pair = |other: &&Image| other.source == image.source && other.repository == image.repository;
    if base.images.iter().any(|other| pair(&other)) {
        let own = same_image(base, head, image).filter(|was| was.signatures.is_some());
        let any = || base.images.iter().filter(pair).find(|other| other.signatures.is_some());
        return own.or_else(any).map(of);
    }
    if let Some(related) = related(base, image) {
        return Some(of(related));
    }
    let default = by_default(base, head, image);
    let applies = image.signatures.is_none() || image.signatures == default.signatures;
    Some(default).filter(|default| default.signatures.is_some() && applies)
}

/// An image of the head as it is judged: with what its base has approved, the base's cooldown, and what the base requires
/// of who made it.
pub(crate) fn guarded(base: Option<&Manifest>, head: &Manifest, at: usize) -> Image {
    let mut image = head.images[at].clone();
    let was = base.and_then(|base| same_image(base, head, &image));
    image.approved = was.map(|was| was.approved.clone()).unwrap_or_default();
    if let Some(was) = was {
        (image.cooldown, image.fixes) = (was.cooldown, was.fixes);
    }
    if let Some(Guard { signatures, provenance }) = asking(base, head, at) {
        (image.signatures, image.provenance) = (signatures, provenance);
    }
    image
}

/// What was required of an image before, for comparing it with what the head says.
fn before(base: &Manifest, head: &Manifest, image: &Image) -> Guard {
    let was = same_image(base, head, image).or_else(|| related(base, image));
    was.map_or_else(|| by_default(base, head, image), of)
}

/// All changes: of `defaults`, which guard what is added later, and of images, in the order of the head.
pub(crate) fn changes(base: &Manifest, head: &Manifest, files: &ReplacedFiles) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for guarded in defaults(base, head).into_iter().chain(images(base, head)) {
        changes.extend(guarded.settings());
        for path in guarded.was.signatures.iter().flat_map(Signatures::files) {
            let known = |change: &Change| change.is_file && change.what == path;
            if let Some(file) = files.get(path)
                && !changes.iter().any(known)
            {
                let made = guarded.change(path, Some(file.before.clone()), Some(file.after.clone()), file.lowers);
                changes.push(Change { is_file: true, ..made });
            }
        }
    }
    changes
}

/// What was required, and what is.
struct Guarded {
    image: Option<usize>,
    place: (usize, usize),
    repository: Option<RepositoryName>,
    was: Guard,
    now: Guard,
}

fn images(base: &Manifest, head: &Manifest) -> impl Iterator<Item = Guarded> {
    head.images.iter().enumerate().map(move |(at, image)| Guarded {
        image: Some(at),
        place: (image.file, image.span.start),
        repository: Some(image.repository.clone()),
        was: before(base, head, image),
        now: of(image),
    })
}

/// The `defaults` of the files that both have.
fn defaults(base: &Manifest, head: &Manifest) -> Vec<Guarded> {
    let guarded = |(file, now): (usize, &Guard)| {
        let path = &head.files.get(file)?.path;
        let was = base.guards.get(base.files.iter().position(|other| other.path == *path)?)?.clone();
        Some(Guarded { image: None, place: (file, 0), repository: None, was, now: now.clone() })
    };
    head.guards.iter().enumerate().filter_map(guarded).collect()
}

impl Guarded {
    fn settings(&self) -> Vec<Change> {
        let (was, now, mut changes) = (&self.was, &self.now, Vec::new());
        if was.signatures != now.signatures {
            let text = |guard: &Guard| guard.signatures.as_ref().map(ToString::to_string);
            changes.push(self.change("signatures", text(was), text(now), lowers_signatures(was, now)));
        }
        if was.provenance != now.provenance {
            let text = |guard: &Guard| guard.provenance.as_ref().map(ToString::to_string);
            changes.push(self.change("provenance", text(was), text(now), lowers_provenance(was, now)));
        }
        changes
    }

    fn change(&self, what: &str, before: Option<String>, after: Option<String>, lowers: bool) -> Change {
        let word = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        let (image, place, repository) = (self.image, self.place, self.repository.clone());
        let (what, before, after) = (what.to_owned(), word(before), word(after));
        Change { image, place, repository, what, before, after, is_file: false, lowers }
    }
}

/// The approvals that are not promoted and of which the head requires less than the base.
pub(crate) fn pending<'a>(base: &'a Manifest, head: &'a Manifest, files: &ReplacedFiles) -> Vec<Pending<'a>> {
    let before = approvals(base);
    let of = |(image, approval): (&'a Image, &'a Approval)| {
        let (_, asked, was) = *before.get(&Key::of(image, approval))?;
        let stays = asked.source == image.source && was.digest == approval.digest && approval.mirrored.is_none();
        let replaced = named_files(asked).any(|path| files.get(path).is_some_and(|file| file.lowers));
        let (was, now) = (of(asked), of(image));
        let lowered = replaced || lowers_signatures(&was, &now) || lowers_provenance(&was, &now);
        (stays && lowered && asked.signatures.is_some()).then_some(Pending { image, approval, asked })
    };
    head.approvals().filter_map(of).collect()
}

/// Whether something verifies now that did not before.
fn lowers_signatures(was: &Guard, now: &Guard) -> bool {
    let Some(was) = &was.signatures else { return false };
    now.signatures.as_ref().is_none_or(|now| !implies(now, was))
}

/// Whether whatever satisfies `now` also satisfies `was`.
fn implies(now: &Signatures, was: &Signatures) -> bool {
    let is_choice = |signatures: &Signatures| matches!(signatures, Signatures::AnyOf(signers) if signers.len() > 1);
    let (before, after) = (was.signers(), now.signers());
    match (is_choice(was), is_choice(now)) {
        (true, true) => after.iter().all(|signer| before.contains(signer)),
        (true, false) => after.iter().any(|signer| before.contains(signer)),
        (false, true) => false,
        (false, false) => before.iter().all(|signer| after.contains(signer)),
    }
}

fn lowers_provenance(was: &Guard, now: &Guard) -> bool {
    let Some(RequiredProvenance { builder, source }) = &was.provenance else { return false };
    let keeps = |was: &Option<String>, now: &Option<String>| was.is_none() || was == now;
    let stays = |now: &RequiredProvenance| keeps(builder, &now.builder) && keeps(source, &now.source);
    !now.provenance.as_ref().is_some_and(stays)
}

impl Change {
    /// In one line of Markdown.
    pub(crate) fn line(&self, organization: &str) -> String {
        let of = match &self.repository {
            Some(repository) => code(&format!("{organization}/{repository}"), LONGEST),
            None => code("defaults", LONGEST),
        };
        let (what, before, after) =
            (code(&self.what, LONGEST), code(&self.before, LONGEST), code(&self.after, LONGEST));
        if self.is_file {
            return format!("**The content of {what}, which `signatures` of {of} names, changes: {before} → {after}**");
        }
        format!("**{what} of {of} changes: {before} → {after}**")
    }

    /// That less is required than at the base.
    pub(crate) fn finding(&self) -> Finding {
        let [what, before, after] = [&self.what, &self.before, &self.after].map(|text| excerpt(text, LONGEST));
        let of = if self.image.is_none() { " of `defaults`" } else { "" };
        let (expected, found) = if self.is_file {
            (format!("the content of {what} as in the base: {before}"), after)
        } else {
            (format!("`{what}`{of} as in the base: {before}"), format!("`{what}`{of}: {after}"))
        };
        let (repository, place) = (self.repository.clone(), Some(self.place));
        Finding { code: "guard-lowered", repository, tag: None, expected, found, place }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::manifest::Signer;

    #[test]
    fn what_satisfies_more_than_before_lowers() {
        let key = |name: &str| Signer::Key(name.to_owned());
        let one = |name| Signatures::One(key(name));
        let any = |names: &[&str]| Signatures::AnyOf(names.iter().map(|name| key(name)).collect());
        let all = |names: &[&str]| Signatures::AllOf(names.iter().map(|name| key(name)).collect());
        for (was, now, implied) in [
            (one("a"), one("a"), true),
            (one("a"), one("b"), false),
            (one("a"), any(&["a", "b"]), false),
            (one("a"), all(&["a", "b"]), true),
            (one("a"), any(&["a"]), true),
            (any(&["a", "b"]), one("a"), true),
            (any(&["a", "b"]), any(&["b", "c"]), false),
            (any(&["a", "b", "c"]), any(&["a", "b"]), true),
            (any(&["a", "b"]), all(&["b", "c"]), true),
            (all(&["a", "b"]), one("a"), false),
            (all(&["a", "b"]), all(&["b", "a"]), true),
            (all(&["a", "b"]), any(&["a", "b"]), false),
        ] {
            assert_eq!(implies(&now, &was), implied, "{was} to {now}");
        }
    }
}
