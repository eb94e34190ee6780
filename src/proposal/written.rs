//! What a proposal writes, text by text: this tells its branch from one that somebody else changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::not_edited::NotEdited;
use super::{Entry, Item, Kind, Rejection, adding};
use crate::edit::{self, Change, Edit};
use crate::image::{Digest, Tag};
use crate::manifest::{self, Approval, File, Image, Manifest};

/// The new texts of the files that change.
pub(crate) fn edited<'m>(
    manifest: &Manifest,
    changes: impl Iterator<Item = (&'m Image, Change)>,
) -> Result<Vec<File>, NotEdited> {
    let mut edits: BTreeMap<usize, Vec<Edit>> = BTreeMap::new();
    for (image, change) in changes {
        edits.entry(image.file).or_default().push(Edit { image: image.index, change });
    }
    let edited = edits.into_iter().map(|(at, edits)| {
        let file = &manifest.files[at];
        let text = edit::apply(&file.text, &edits).map_err(|error| NotEdited::new(file, error))?;
        Ok(File { path: file.path.clone(), text })
    });
    edited.collect()
}

/// The files that differ between a base and a proposal, if they are byte for byte what this program writes for these
/// entries; `None` otherwise.
pub(crate) fn as_written(base: &Manifest, head: &Manifest, entries: &[Entry]) -> Option<BTreeSet<String>> {
    let with = with_new_image(base, entries)?;
    let mut changes = Vec::new();
    for entry in entries {
        let image = &with.images[position(&with, head, entry)?];
        let made = Item::new(entry.clone(), 0, String::new()).changes(image);
        changes.extend(made.into_iter().map(|change| (image, change)));
    }
    let edited = edited(&with, changes.into_iter()).ok()?;
    let text = |of: &[File], path: &str| of.iter().find(|file| file.path == path).map(|file| file.text.clone());
    let wanted = |file: &File| text(&edited, &file.path).unwrap_or_else(|| file.text.clone());
    let same = with.files.len() == head.files.len()
        && with.files.iter().all(|file| text(&head.files, &file.path) == Some(wanted(file)));
    let differs = head.files.iter().filter(|file| text(&base.files, &file.path).as_ref() != Some(&file.text));
    same.then(|| differs.map(|file| file.path.clone()).collect())
}

/// The entries of a proposal that would turn the base into the head, as far as approvals and rejections are concerned.
pub(crate) fn entries_between(base: &Manifest, head: &Manifest) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (at, image) in head.images.iter().enumerate() {
        let before = base.images.get(at);
        let (approved, rejected) = before.map(|b| (&b.approved[..], &b.rejected[..])).unwrap_or_default();
        let of = |kind, tag, digest: &Digest| Entry::of(image, kind, None, tag, digest);
        let held = |of: &[Approval], tag: &Tag| of.iter().find(|a| a.tag == *tag).map(|a| a.digest.clone());
        for Approval { tag, digest, .. } in &image.approved {
            match held(approved, tag) {
                None => entries.push(of(Kind::Update, tag, digest)),
                Some(before) if before != *digest => entries.push(of(Kind::Rebuild, tag, digest)),
                Some(_) => {}
            }
        }
        let leaves = approved.iter().filter(|a| held(&image.approved, &a.tag).is_none());
        entries.extend(leaves.map(|a| of(Kind::Retire, &a.tag, &a.digest)));
        let says = |r: &manifest::Rejection| (r.tag.clone(), r.reason.clone(), r.until);
        for rejection in image.rejected.iter().filter(|r| rejected.iter().all(|b| says(b) != says(r))) {
            let says = Rejection { reason: rejection.reason.clone(), until: rejection.until };
            let entry = of(Kind::Reject, &rejection.tag, &Digest::sha256(b""));
            entries.push(Entry { rejection: Some(says), ..entry });
        }
        let over = rejected.iter().filter(|b| image.rejected.iter().all(|r| r.tag != b.tag));
        entries.extend(over.map(|r| of(Kind::Expire, &r.tag, &Digest::sha256(b""))));
    }
    entries
}

/// The base, with the image that the entries add if it is missing.
pub(super) fn with_new_image<'b>(base: &'b Manifest, entries: &[Entry]) -> Option<Cow<'b, Manifest>> {
    let lacks = |entry: &&Entry| !base.images.iter().any(|image| entry.names(image));
    let Some(entry) = entries.iter().find(lacks) else { return Some(Cow::Borrowed(base)) };
    let lines = adding::lines(&entry.source, &entry.repository, entry.to.as_ref());
    manifest::parse(adding::files_with(&base.files, &lines).ok()?).ok().map(Cow::Owned)
}

/// The image that an entry is about. If several have the same source and mirror, the one with the change.
pub(super) fn position(base: &Manifest, head: &Manifest, entry: &Entry) -> Option<usize> {
    let named = base.images.iter().enumerate().filter(|(_, image)| entry.names(image)).map(|(at, _)| at);
    let named: Vec<usize> = named.collect();
    let tag = entry.to.as_ref()?;
    let holds = |at: &&usize| match entry.kind {
        Kind::Retire | Kind::Revoke => base.images[**at].approved.iter().any(|a| a.tag == *tag),
        Kind::Expire => base.images[**at].rejected.iter().any(|r| r.tag == *tag),
        Kind::Reject => head.images.get(**at).is_some_and(|image| image.rejected.iter().any(|r| r.tag == *tag)),
        Kind::New | Kind::Update | Kind::Rebuild => {
            let is = |a: &Approval| a.tag == *tag && a.digest == entry.digest;
            head.images.get(**at).is_some_and(|image| image.approved.iter().any(is))
        }
    };
    match named.as_slice() {
        [one] => Some(*one),
        several => several.iter().find(holds).copied(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    const BASE: &str = "organization: acme\nimages:\n  - source: grafana/loki\n    approved:\n      - tag: 3.0.0\n        digest: DIGEST\n  \
                        - source: redis\n    approved: []\n";

    fn parsed(text: &str) -> Manifest {
        let text = text.replace("DIGEST", &Digest::sha256(b"3.0.0").to_string());
        manifest::parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap()
    }

    fn update(base: &Manifest, tag: &str) -> Entry {
        let (tag, digest) = (tag.parse().unwrap(), Digest::sha256(tag.as_bytes()));
        Entry::of(&base.images[0], Kind::Update, None, &tag, &digest)
    }

    /// What this program writes for an entry.
    fn written(base: &Manifest, entry: &Entry) -> Manifest {
        let changes = Item::new(entry.clone(), 0, String::new()).changes(&base.images[0]);
        manifest::parse(edited(base, changes.into_iter().map(|change| (&base.images[0], change))).unwrap()).unwrap()
    }

    #[test]
    fn only_the_very_bytes_count() {
        let base = parsed(BASE);
        let entry = update(&base, "3.1.0");
        let head = written(&base, &entry);
        let main = BTreeSet::from(["approved-images.yml".to_owned()]);
        assert_eq!(as_written(&base, &head, std::slice::from_ref(&entry)), Some(main.clone()));
        let found = entries_between(&base, &head);
        assert_eq!(as_written(&base, &head, &found), Some(main), "{found:?}");
        assert_eq!(as_written(&base, &head, &[update(&base, "3.2.0")]), None, "another version");
        let text = head.files[0].text.clone();
        for other in [format!("{text}# by hand\n"), text.replace("source: redis", "source: redis\n    cooldown: 0s")] {
            let head = parsed(&other);
            assert_eq!(as_written(&base, &head, std::slice::from_ref(&entry)), None, "{other}");
            assert_eq!(as_written(&base, &head, &entries_between(&base, &head)), None, "{other}");
        }
    }

    #[test]
    fn what_leaves_and_what_is_rejected_counts_as_well() {
        let base = parsed(BASE);
        let (tag, digest) = ("3.0.0".parse().unwrap(), Digest::sha256(b"3.0.0"));
        let retired = Entry::of(&base.images[0], Kind::Retire, None, &tag, &digest);
        let rejected = Entry {
            rejection: Some(Rejection { reason: "breaks".to_owned(), until: None }),
            ..Entry::of(&base.images[0], Kind::Reject, None, &"3.2.0".parse().unwrap(), &digest)
        };
        for entry in [retired, rejected] {
            let head = written(&base, &entry);
            assert!(as_written(&base, &head, std::slice::from_ref(&entry)).is_some());
            assert!(as_written(&base, &head, &entries_between(&base, &head)).is_some());
        }
    }
}
