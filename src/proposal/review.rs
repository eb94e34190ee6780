//! What a pull request changes about approvals, and which changes people are accountable for. Pure: the caller asks
//! upstream.

use std::collections::{BTreeMap, BTreeSet};

use super::metadata::Metadata;
use super::{Entry, Item, Kind, Rejection, adding};
use crate::image::{Digest, RepositoryName, Tag};
use crate::manifest::{self, Approval, File, Image, Manifest};
use crate::plan::Key;
use crate::text::excerpt;

/// Something that a person is accountable for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A stable code in kebab case.
    pub code: &'static str,
    /// The mirror's name in the organization; `None` if there is none.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` if there is none.
    pub tag: Option<Tag>,
    pub expected: String,
    pub found: String,
    /// Its place: the file, and the byte in it.
    pub place: Option<(usize, usize)>,
}

impl Finding {
    /// A finding about one approval of `image`.
    pub(crate) fn about(
        code: &'static str,
        image: &Image,
        approval: &Approval,
        expected: String,
        found: String,
    ) -> Self {
        Self {
            code,
            repository: Some(image.repository.clone()),
            tag: Some(approval.tag.clone()),
            expected,
            found,
            place: Some((image.file, approval.span.start)),
        }
    }
}

/// The approvals of a manifest by their keys.
pub(super) fn approvals(manifest: &Manifest) -> BTreeMap<Key, (usize, &Image, &Approval)> {
    let images = manifest.images.iter().enumerate();
    images.flat_map(|(at, image)| image.approved.iter().map(move |a| (Key::of(image, a), (at, image, a)))).collect()
}

/// The approvals that the pull request adds or changes, as a proposal would name them, in the manifest's order. Without
/// a base, every approval that is not promoted counts as added, and nothing as approved before.
pub(crate) fn incoming(base: Option<&Manifest>, head: &Manifest) -> Vec<Item> {
    let (before, standing) = (base.map(approvals).unwrap_or_default(), with_approvals_of(base, head));
    let mut items = Vec::new();
    for (at, image) in head.images.iter().enumerate() {
        for approval in &image.approved {
            let old = before.get(&Key::of(image, approval)).filter(|(_, was, _)| was.source == image.source);
            match old {
                Some((_, _, a)) if a.digest == approval.digest => continue,
                None if base.is_none() && approval.mirrored.is_some() => continue,
                _ => {}
            }
            let was = &standing.images[at];
            let mut entry = Entry::approving(was, &approval.tag, &approval.digest, old.is_some());
            entry.reason.clone_from(&approval.reason);
            items.push(Item::approving(at, was, String::new(), entry));
        }
    }
    items
}

/// The head, with each image's approvals from the base: the starting point of the same changes, and of a proposal with
/// them.
pub(crate) fn with_approvals_of(base: Option<&Manifest>, head: &Manifest) -> Manifest {
    let mut manifest = head.clone();
    for image in &mut manifest.images {
        let was = base.and_then(|base| same_image(base, head, image));
        image.approved = was.map(|was| was.approved.clone()).unwrap_or_default();
    }
    manifest
}

/// The image at the base: with the same source, mirror and variant; if there is only one, its variant may change.
pub(super) fn same_image<'b>(base: &'b Manifest, head: &Manifest, image: &Image) -> Option<&'b Image> {
    let same = |other: &&Image| other.source == image.source && other.repository == image.repository;
    let only = base.images.iter().filter(same).count() == 1 && head.images.iter().filter(same).count() == 1;
    if only {
        return base.images.iter().find(same);
    }
    // Several of one variant correspond in their order.
    let is_it = |other: &&Image| same(other) && other.slug() == image.slug();
    let nth = head.images.iter().filter(is_it).take_while(|other| other.span != image.span || other.file != image.file);
    let nth = nth.count();
    base.images.iter().filter(is_it).nth(nth).or_else(|| base.images.iter().find(is_it))
}

/// What was approved before a change, to show the difference.
pub(crate) fn digest_before(base: Option<&Manifest>, head: &Manifest, item: &Item) -> Option<Digest> {
    let from = item.entry.from.as_ref()?;
    let image = &head.images[item.image];
    let key = Key { repository: image.repository.clone(), tag: from.clone() };
    Some(base.map(approvals)?.get(&key)?.2.digest.clone())
}

/// Whether nothing differs except what is recorded about promotions: `mirrored`, `pull`, `approved-on`, `signed-by`.
pub(crate) fn only_records(base: &Manifest, head: &Manifest) -> bool {
    stripped(base, true) == stripped(head, true)
}

/// The manifest without texts, places and records, and without approvals and rejections if `approvals` says so.
fn stripped(manifest: &Manifest, approvals: bool) -> Manifest {
    let mut manifest = manifest.clone();
    manifest.files = manifest.files.into_iter().map(|f| File { text: String::new(), ..f }).collect();
    for image in &mut manifest.images {
        image.span = crate::diag::Span::default();
        if !approvals {
            image.approved.clear();
            image.rejected.clear();
        }
        for approval in &mut image.approved {
            let Approval { tag: _, digest: _, mirrored, pull, approved_on, signed_by, reason: _, span } = approval;
            (*mirrored, *pull, *approved_on, *signed_by) = (None, None, None, None);
            *span = crate::diag::Span::default();
        }
        image.rejected.iter_mut().for_each(|r| r.span = crate::diag::Span::default());
        image.revoked.iter_mut().for_each(|r| r.span = crate::diag::Span::default());
    }
    manifest
}

/// The approvals whose `mirrored` the pull request adds, changes or removes.
pub(crate) fn recorded<'a>(base: Option<&Manifest>, head: &'a Manifest) -> Vec<(&'a Image, &'a Approval)> {
    differing(base, head, |was, now| was.and_then(|a| a.mirrored.as_ref()) != now.mirrored.as_ref())
}

/// Changes of `signed-by` that promotion does not make: beside other changes, or without a change of `mirrored`.
pub(crate) fn signers_by_hand(base: Option<&Manifest>, head: &Manifest) -> Vec<Finding> {
    let alone = base.is_some_and(|base| only_records(base, head));
    let by_hand = |was: Option<&Approval>, now: &Approval| {
        let is_record = alone && was.and_then(|a| a.mirrored.as_ref()) != now.mirrored.as_ref();
        !is_record && was.and_then(|a| a.signed_by.as_ref()) != now.signed_by.as_ref()
    };
    let finding = |(image, approval): (&Image, &Approval)| {
        let found = match &approval.signed_by {
            Some(by) => format!("`signed-by` changed by hand: {}", excerpt(by, 200)),
            None => "`signed-by` removed".to_owned(),
        };
        let expected = "only promotion to change `signed-by`".to_owned();
        Finding::about("signed-by-changed", image, approval, expected, found)
    };
    differing(base, head, by_hand).into_iter().map(finding).collect()
}

/// The approvals that differ from those of the same tag at the base.
fn differing<'a>(
    base: Option<&Manifest>,
    head: &'a Manifest,
    differs: impl Fn(Option<&Approval>, &Approval) -> bool,
) -> Vec<(&'a Image, &'a Approval)> {
    let Some(base) = base else { return Vec::new() };
    let before = approvals(base);
    let was = |image: &Image, approval: &Approval| before.get(&Key::of(image, approval)).map(|(_, _, a)| *a);
    head.approvals().filter(|(image, approval)| differs(was(image, approval), approval)).collect()
}

/// What a person changed in a proposal of ours: its entries are not those in its metadata, or something else in the
/// manifest also differs.
pub(crate) fn changed_by_hand(base: &Manifest, head: &Manifest, metadata: Option<&Metadata>) -> Option<Finding> {
    let finding = |expected: String, found: String| {
        Some(Finding { code: "changed-by-hand", repository: None, tag: None, expected, found, place: None })
    };
    let Some(metadata) = metadata else {
        return finding("metadata in the proposal's body".to_owned(), "none, or unreadable".to_owned());
    };
    let (named, made) = (named(&metadata.entries), made(base, head));
    if named != made {
        return finding(list(named.difference(&made)), list(made.difference(&named)));
    }
    // An image that the proposal adds is compared as it would be written.
    let with = adding::added(base, metadata).and_then(|entry| {
        let lines = adding::lines(&entry.source, &entry.repository, entry.to.as_ref());
        manifest::parse(adding::files_with(&base.files, &lines).ok()?).ok()
    });
    if stripped(with.as_ref().unwrap_or(base), false) != stripped(head, false) {
        return finding(
            "only changes to approvals and rejections".to_owned(),
            "other changes to the manifest".to_owned(),
        );
    }
    None
}

/// Says that somebody edited the body of one of our proposals.
pub(crate) fn body_edited(who: &str) -> Finding {
    let expected = "the body that Wharfinger wrote".to_owned();
    let found = format!("a body last edited by {}: `wharfinger propose` rewrites it", excerpt(who, 100));
    Finding { code: "body-edited", repository: None, tag: None, expected, found, place: None }
}

/// One change that a proposal can make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    /// An approval is added, changes its digest, or `leaves`.
    Approval { repository: RepositoryName, tag: Tag, digest: Digest, leaves: bool },
    /// A `rejected` entry is added, with its content.
    Rejection { source: String, repository: RepositoryName, tag: Tag, says: Rejection },
    /// A `rejected` entry is removed.
    Expiry { source: String, repository: RepositoryName, tag: Tag },
}

fn named(entries: &[Entry]) -> BTreeSet<Fact> {
    entries.iter().filter_map(fact).collect()
}

/// What an entry does; `None` for one that this program would not have written.
fn fact(entry: &Entry) -> Option<Fact> {
    let Entry { source, repository, to, digest, kind, rejection, .. } = entry.clone();
    let tag = to?;
    Some(match kind {
        Kind::Reject => Fact::Rejection { source, repository, tag, says: rejection? },
        Kind::Expire => Fact::Expiry { source, repository, tag },
        _ => Fact::Approval { repository, tag, digest, leaves: kind == Kind::Retire },
    })
}

fn made(base: &Manifest, head: &Manifest) -> BTreeSet<Fact> {
    let (before, after) = (approvals(base), approvals(head));
    let fact = |key: &Key, digest: &Digest, leaves| {
        let (repository, tag, digest) = (key.repository.clone(), key.tag.clone(), digest.clone());
        Fact::Approval { repository, tag, digest, leaves }
    };
    let comes = after.iter().filter(|(key, (_, _, a))| before.get(*key).is_none_or(|b| b.2.digest != a.digest));
    let leaves = before.iter().filter(|(key, _)| !after.contains_key(*key));
    let mut facts: BTreeSet<Fact> = comes.map(|(key, (_, _, a))| fact(key, &a.digest, false)).collect();
    facts.extend(leaves.map(|(key, (_, _, a))| fact(key, &a.digest, true)));
    let (before, after) = (rejections(base), rejections(head));
    for (key, says) in after.iter().filter(|(key, says)| before.get(key) != Some(says)) {
        let (source, repository, tag) = key.clone();
        facts.insert(Fact::Rejection { source, repository, tag, says: says.clone() });
    }
    for (source, repository, tag) in before.into_keys().filter(|key| !after.contains_key(key)) {
        facts.insert(Fact::Expiry { source, repository, tag });
    }
    facts
}

/// All `rejected` entries.
fn rejections(manifest: &Manifest) -> BTreeMap<(String, RepositoryName, Tag), Rejection> {
    let of = |image: &Image| {
        let (source, repository) = (image.source_text.clone(), image.repository.clone());
        let entry = move |r: &manifest::Rejection| {
            let says = Rejection { reason: r.reason.clone(), until: r.until };
            ((source.clone(), repository.clone(), r.tag.clone()), says)
        };
        image.rejected.iter().map(entry).collect::<Vec<_>>()
    };
    manifest.images.iter().flat_map(of).collect()
}

fn list<'a>(facts: impl Iterator<Item = &'a Fact>) -> String {
    let shown = |fact: &Fact| match fact {
        Fact::Approval { repository, tag, leaves: true, .. } => format!("{repository}:{tag} removed"),
        Fact::Approval { repository, tag, digest, .. } => format!("{repository}:{tag} at {}", digest.short()),
        Fact::Rejection { repository, tag, says: Rejection { reason, until }, .. } => {
            let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!("{repository}:{tag} rejected{until}: {}", excerpt(reason, 200))
        }
        Fact::Expiry { repository, tag, .. } => format!("{repository}:{tag} no longer rejected"),
    };
    let all: Vec<String> = facts.map(shown).collect();
    if all.is_empty() { "nothing more".to_owned() } else { all.join(", ") }
}

/// The sources of changed approvals that the base does not allow.
pub(crate) fn not_allowed(base: &Manifest, head: &Manifest, items: &[Item]) -> Vec<Finding> {
    let Some(sources) = &base.sources else { return Vec::new() };
    let allowed: Vec<String> = sources.iter().map(ToString::to_string).collect();
    let foreign = |item: &&Item| {
        let host = head.images[item.image].source.registry();
        host.is_some_and(|host| !sources.contains(host))
    };
    let finding = |item: &Item| {
        let image = &head.images[item.image];
        Finding {
            code: "source-not-allowed",
            repository: Some(image.repository.clone()),
            tag: item.entry.to.clone(),
            expected: format!("a source on {}, as in the base", allowed.join(", ")),
            found: image.source.to_string(),
            place: Some((image.file, image.span.start)),
        }
    };
    items.iter().filter(foreign).map(finding).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::diag::Span;
    use crate::proposal::fixtures::manifest;
    use crate::rules::{Follow, Rule, Variant};

    fn approve(manifest: &mut Manifest, image: usize, tag: &str, mirrored: bool) {
        let digest = Digest::sha256(tag.as_bytes());
        let mirrored = mirrored.then(|| digest.clone());
        let tag = tag.parse().unwrap();
        manifest.images[image].approved.push(Approval {
            tag,
            digest,
            mirrored,
            pull: None,
            approved_on: None,
            signed_by: None,
            reason: None,
            span: Span::default(),
        });
    }

    /// A base with one promoted approval of each of two images.
    fn base() -> Manifest {
        let mut base = manifest(&["grafana/loki", "redis"]);
        approve(&mut base, 0, "3.0.0", true);
        approve(&mut base, 1, "7.2.0", true);
        base
    }

    fn in_words(items: &[Item]) -> Vec<String> {
        let tag = |tag: &Option<Tag>| tag.as_ref().map_or("-".to_owned(), ToString::to_string);
        items
            .iter()
            .map(|Item { entry: e, .. }| format!("{} {:?} {} {}", e.repository, e.kind, tag(&e.from), tag(&e.to)))
            .collect()
    }

    #[test]
    fn added_and_changed_approvals_are_incoming() {
        let base = base();
        let mut head = base.clone();
        approve(&mut head, 0, "3.1.0", false);
        head.images[1].approved[0].digest = Digest::sha256(b"rebuilt");
        assert_eq!(in_words(&incoming(Some(&base), &head)), ["loki Update 3.0.0 3.1.0", "redis Rebuild 7.2.0 7.2.0"]);
        assert_eq!(digest_before(Some(&base), &head, &incoming(Some(&base), &head)[1]), Some(Digest::sha256(b"7.2.0")));
        head.images[0].source = "docker.io/evil/loki".parse().unwrap();
        let moved = incoming(Some(&base), &head);
        assert_eq!(in_words(&moved)[0], "loki New - 3.0.0", "another source under an approved tag");
        assert!(incoming(Some(&base), &base).is_empty());
    }

    #[test]
    fn what_comes_in_is_compared_as_a_proposal_compares_it() {
        let mut base = base();
        let Rule::Versions(rule) = &mut base.images[0].rule else { unreachable!() };
        rule.follow = Follow::EachMinor;
        approve(&mut base, 0, "3.2.0", true);
        approve(&mut base, 0, "3.1.0", true);
        let mut head = base.clone();
        for tag in ["3.0.1", "3.2.1", "3.3.0", "4.0.0", "2.9.9"] {
            approve(&mut head, 0, tag, false);
        }
        head.images[0].approved.retain(|approval| approval.tag.as_str() != "3.1.0");
        head.images[1].rule = Rule::Tags(vec!["stable".parse().unwrap()]);
        approve(&mut head, 1, "stable", false);
        assert_eq!(
            in_words(&incoming(Some(&base), &head)),
            [
                "loki Update 3.0.0 3.0.1",
                "loki Update 3.2.0 3.2.1",
                "loki Update 3.2.0 3.3.0",
                "loki Update 3.2.0 4.0.0",
                "loki New - 2.9.9",
                "redis New - stable"
            ]
        );
        let with_approvals = with_approvals_of(Some(&base), &head);
        assert_eq!(with_approvals.images[0].approved, base.images[0].approved);
        assert_eq!(with_approvals.images[1].approved, base.images[1].approved, "its rule changed");
        let mut lower = base.clone();
        lower.images[1].approved.clear();
        approve(&mut lower, 1, "7.1.0", false);
        assert_eq!(
            in_words(&incoming(Some(&base), &lower)),
            ["redis Update 7.2.0 7.1.0"],
            "one in the place of another"
        );
    }

    #[test]
    fn an_image_of_another_variant_is_another_image() {
        let mut base = base();
        let alpine = |image: &Image| {
            let mut alpine = image.clone();
            let Rule::Versions(rule) = &mut alpine.rule else { unreachable!() };
            rule.variant = Some(Variant::Exactly("alpine".to_owned()));
            alpine.approved.clear();
            alpine
        };
        let mut head = base.clone();
        head.images.push(alpine(&base.images[1]));
        approve(&mut head, 2, "7.2.0-alpine", false);
        assert_eq!(in_words(&incoming(Some(&base), &head)), ["redis New - 7.2.0-alpine"]);
        base.images.push(alpine(&base.images[1]));
        approve(&mut base, 2, "7.1.0-alpine", true);
        assert_eq!(in_words(&incoming(Some(&base), &head)), ["redis Update 7.1.0-alpine 7.2.0-alpine"]);
    }

    #[test]
    fn without_a_base_what_is_not_promoted_counts_as_added() {
        let mut head = base();
        approve(&mut head, 0, "3.1.0", false);
        assert_eq!(in_words(&incoming(None, &head)), ["loki New - 3.1.0"]);
    }

    #[test]
    fn recording_is_told_from_everything_else() {
        let mut base = base();
        approve(&mut base, 0, "3.1.0", false);
        let mut head = base.clone();
        head.images[0].approved[1].mirrored = Some(Digest::sha256(b"3.1.0"));
        head.images[0].approved[1].pull = Some(41);
        assert!(only_records(&base, &head));
        assert_eq!(recorded(Some(&base), &head).len(), 1);
        assert!(incoming(Some(&base), &head).is_empty());
        head.images[1].cooldown = std::time::Duration::ZERO;
        assert!(!only_records(&base, &head), "another change beside it");
        let mut taken_away = base.clone();
        taken_away.images[0].approved[0].mirrored = None;
        assert_eq!(recorded(Some(&base), &taken_away).len(), 1);
        let mut brought_along = base.clone();
        approve(&mut brought_along, 1, "7.2.1", true);
        assert_eq!(recorded(Some(&base), &brought_along).len(), 1, "a new approval that says it is promoted");
    }

    #[test]
    fn who_signed_is_recorded_by_promotion_alone() {
        let mut base = base();
        approve(&mut base, 0, "3.1.0", false);
        let by_hand = |head: &Manifest| -> Vec<&str> {
            signers_by_hand(Some(&base), head).into_iter().map(|finding| finding.code).collect()
        };
        let mut forged = base.clone();
        forged.images[0].approved[0].signed_by = Some("key evil.pub".to_owned());
        assert_eq!(by_hand(&forged), ["signed-by-changed"], "nothing was promoted");
        let mut record = base.clone();
        record.images[0].approved[1].mirrored = Some(Digest::sha256(b"3.1.0"));
        record.images[0].approved[1].signed_by = Some("key app.pub".to_owned());
        assert_eq!(by_hand(&record), [""; 0]);
        record.images[1].cooldown = std::time::Duration::ZERO;
        assert_eq!(by_hand(&record), ["signed-by-changed"], "beside another change");
    }

    #[test]
    fn a_proposal_is_what_its_metadata_names() {
        let base = base();
        let mut head = base.clone();
        approve(&mut head, 0, "3.1.0", false);
        head.images[1].approved.clear();
        let mut entries: Vec<Entry> = incoming(Some(&base), &head).into_iter().map(|i| i.entry).collect();
        entries.push(Entry {
            source: "redis".to_owned(),
            repository: "redis".parse().unwrap(),
            from: None,
            to: Some("7.2.0".parse().unwrap()),
            digest: Digest::sha256(b"7.2.0"),
            kind: Kind::Retire,
            rejection: None,
            urgent: None,
            reason: None,
        });
        let metadata = Metadata { manifest: None, head: None, context: Digest::sha256(b""), entries, kept: Vec::new() };
        assert_eq!(changed_by_hand(&base, &head, Some(&metadata)), None);
        let by_hand = |head: &Manifest| {
            let finding = changed_by_hand(&base, head, Some(&metadata)).unwrap();
            format!("{} | {}", finding.expected, finding.found)
        };
        let mut other_digest = head.clone();
        other_digest.images[0].approved[1].digest = Digest::sha256(b"evil");
        assert_eq!(by_hand(&other_digest), "loki:3.1.0 at 84e4509524fd | loki:3.1.0 at b5c1fb2efc6d");
        let mut more = head.clone();
        approve(&mut more, 1, "7.3.0", false);
        assert_eq!(by_hand(&more), "nothing more | redis:7.3.0 at 98ede22c41a0");
        let mut setting = head.clone();
        setting.images[0].visibility = crate::manifest::Visibility::Public;
        assert_eq!(by_hand(&setting), "only changes to approvals and rejections | other changes to the manifest");
        assert!(changed_by_hand(&base, &head, None).is_some(), "no metadata");
    }

    #[test]
    fn a_rejection_is_what_the_metadata_names_to_the_letter() {
        let base = base();
        let mut head = base.clone();
        head.images[0].rejected.push(manifest::Rejection {
            tag: "3.1.0".parse().unwrap(),
            reason: "breaks retention".to_owned(),
            until: "2027-03-01".parse().ok(),
            span: Span::default(),
        });
        let says = |reason: &str| {
            let until = "2027-03-01".parse().ok();
            let rejection = Some(Rejection { reason: reason.to_owned(), until });
            let (source, repository) = ("grafana/loki".to_owned(), "loki".parse().unwrap());
            let (to, digest) = ("3.1.0".parse().ok(), Digest::sha256(b"3.1.0"));
            let entry = Entry {
                source,
                repository,
                from: None,
                to,
                digest,
                kind: Kind::Reject,
                rejection,
                urgent: None,
                reason: None,
            };
            Metadata {
                manifest: None,
                head: None,
                context: Digest::sha256(b""),
                entries: vec![entry],
                kept: Vec::new(),
            }
        };
        assert_eq!(changed_by_hand(&base, &head, Some(&says("breaks retention"))), None);
        let finding = changed_by_hand(&base, &head, Some(&says("breaks"))).unwrap();
        assert_eq!(finding.expected, "loki:3.1.0 rejected until 2027-03-01: breaks");
        assert_eq!(finding.found, "loki:3.1.0 rejected until 2027-03-01: breaks retention");
        let finding = changed_by_hand(&head, &base, Some(&says("breaks"))).unwrap();
        assert_eq!(finding.found, "loki:3.1.0 no longer rejected");
        assert!(incoming(Some(&base), &head).is_empty(), "nothing comes in");
    }

    #[test]
    fn the_base_says_which_sources_are_allowed() {
        let mut base = base();
        let mut head = base.clone();
        approve(&mut head, 0, "3.1.0", false);
        head.sources = None;
        let items = incoming(Some(&base), &head);
        assert!(not_allowed(&base, &head, &items).is_empty());
        base.sources = Some(vec!["ghcr.io".parse().unwrap()]);
        let findings = not_allowed(&base, &head, &items);
        assert_eq!(findings[0].expected, "a source on ghcr.io, as in the base");
        assert_eq!(findings[0].found, "docker.io/grafana/loki");
    }
}
