//! What a pull request changes about what guards images: who must have made them, how long versions wait, what is looked
//! at inside. Pure: files are read by the caller.

mod change;
mod cooldown;
mod inspection;

pub(crate) use change::Change;
pub(crate) use inspection::VexFiles;

use std::collections::BTreeMap;

use super::review::{approvals, same_image};
use crate::manifest::{Approval, Guard, Image, Manifest, RequiredProvenance, Signatures};
use crate::plan::Key;
use crate::plan::binding::named_files;
use change::{Of, What};

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

/// All changes: of what is looked at in all images, of `defaults`, which guard what is added later, and of images, in the
/// order of the head. `vex` are the documents that the base and the head name.
pub(crate) fn changes(base: &Manifest, head: &Manifest, files: &ReplacedFiles, vex: [&VexFiles; 2]) -> Vec<Change> {
    let [before, after] = vex;
    let mut changes = inspection::changes(base, head, before, after);
    changes.extend(signers(base, head, files));
    changes.extend(cooldown::changes(base, head));
    changes
}

/// Changes of who must have made images, also by what the files contain that are named for that.
fn signers(base: &Manifest, head: &Manifest, files: &ReplacedFiles) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for guarded in defaults(base, head).into_iter().chain(images(base, head)) {
        changes.extend(guarded.settings());
        for path in guarded.was.signatures.iter().flat_map(Signatures::files) {
            let what = || What::File { path: path.to_owned(), key: "signatures" };
            if let Some(file) = files.get(path)
                && !changes.iter().any(|change| change.what == what())
            {
                changes.push(guarded.change(what(), Some(file.before.clone()), Some(file.after.clone()), file.lowers));
            }
        }
    }
    changes
}

/// What was required, and what is.
struct Guarded {
    of: Of,
    place: (usize, usize),
    was: Guard,
    now: Guard,
}

fn images(base: &Manifest, head: &Manifest) -> impl Iterator<Item = Guarded> {
    head.images.iter().enumerate().map(move |(at, image)| Guarded {
        of: Of::Image(at, image.repository.clone()),
        place: (image.file, image.span.start),
        was: before(base, head, image),
        now: of(image),
    })
}

/// The `defaults` of the files that both have.
fn defaults(base: &Manifest, head: &Manifest) -> Vec<Guarded> {
    let guarded = |(file, now): (usize, &Guard)| {
        let path = &head.files.get(file)?.path;
        let was = base.guards.get(base.files.iter().position(|other| other.path == *path)?)?.clone();
        Some(Guarded { of: Of::Defaults, place: (file, 0), was, now: now.clone() })
    };
    head.guards.iter().enumerate().filter_map(guarded).collect()
}

impl Guarded {
    fn settings(&self) -> Vec<Change> {
        let (was, now, mut changes) = (&self.was, &self.now, Vec::new());
        if was.signatures != now.signatures {
            let text = |guard: &Guard| guard.signatures.as_ref().map(ToString::to_string);
            changes.push(self.change(What::Key("signatures"), text(was), text(now), lowers_signatures(was, now)));
        }
        if was.provenance != now.provenance {
            let text = |guard: &Guard| guard.provenance.as_ref().map(ToString::to_string);
            changes.push(self.change(What::Key("provenance"), text(was), text(now), lowers_provenance(was, now)));
        }
        changes
    }

    fn change(&self, what: What, before: Option<String>, after: Option<String>, lowers: bool) -> Change {
        let word = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
        Change { of: self.of.clone(), place: self.place, what, before: word(before), after: word(after), lowers }
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
