#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::diag::Span;
use crate::manifest;
use crate::proposal::fixtures::manifest;
use crate::proposal::metadata::Metadata;
use crate::proposal::{Kind, Rejection};
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
    assert_eq!(in_words(&incoming(Some(&base), &lower)), ["redis Update 7.2.0 7.1.0"], "one in the place of another");
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
        Metadata { manifest: None, head: None, context: Digest::sha256(b""), entries: vec![entry], kept: Vec::new() }
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
