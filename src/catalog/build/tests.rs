#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    CatalogImage, CatalogPlatform, Facts, Held, Merged, SignatureState, TagState, WaitingState, preset,
};
use super::catalog;
use crate::image::Digest;
use crate::manifest::{File, Manifest, parse};
use crate::plan::{Key, State};
use crate::policy::{Category, Standing, Told};

fn digest(text: &str) -> Digest {
    Digest::sha256(text.as_bytes())
}

fn manifest(images: &str) -> Manifest {
    let text = format!("version: 1\norganization: acme\nimages:\n{images}");
    parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap()
}

/// Loki in four versions: one waits for promotion, one is revoked.
fn loki() -> Manifest {
    let [new, old, bad, next] = ["3.1.0", "3.0.0", "3.0.9", "3.2.0"].map(digest);
    manifest(&format!(
        "  - source: grafana/loki
    versions: '>=3 <4'
    description: Logs
    aliases: [latest, '3']
    approved:
      - {{ tag: 3.0.0, digest: '{old}', mirrored: '{old}', pull: 7, approved-on: 2026-01-02, reason: asked by billing }}
      - {{ tag: 3.0.9, digest: '{bad}', mirrored: '{bad}' }}
      - {{ tag: 3.1.0, digest: '{new}', mirrored: '{new}' }}
      - {{ tag: 3.2.0, digest: '{next}' }}
    rejected:
      - {{ tag: 3.1.9, reason: breaks retention, until: 2027-03-01 }}
    revoked:
      - {{ tag: 3.0.9, digest: '{bad}', reason: CVE-2027-1 }}
"
    ))
}

fn tags(image: &CatalogImage) -> Vec<(&str, bool)> {
    image.approved.iter().map(|tag| (tag.tag.as_str(), tag.pinned.is_some())).collect()
}

#[test]
fn the_newest_is_first_and_nothing_revoked_is_offered() {
    let catalog = catalog(&loki(), &Facts::default());
    let image = &catalog.images[0];
    assert_eq!(tags(image), [("3.2.0", false), ("3.1.0", true), ("3.0.0", true)]);
    assert_eq!(image.approved[0].state, TagState::NotPromoted);
    assert_eq!(image.approved[1].reference, "acme/loki:3.1.0");
    assert_eq!(image.approved[1].pinned, Some(format!("acme/loki:3.1.0@{}", digest("3.1.0"))));
    let revoked = &image.revoked[0];
    assert_eq!((revoked.reason.as_str(), revoked.instead.as_ref().unwrap().as_str()), ("CVE-2027-1", "3.1.0"));
    assert_eq!(image.rejected[0].reason, "breaks retention");
    assert_eq!((image.rule.as_str(), image.mirror.as_str()), ("versions >=3 <4", "acme/loki"));
}

#[test]
fn what_the_mirror_has_goes_before_what_is_recorded() {
    let (manifest, mut facts) = (loki(), Facts::default());
    let image = &manifest.images[0];
    let key = |at: usize| Key::of(image, &image.approved[at]);
    let platforms = vec![CatalogPlatform { platform: "linux/amd64".to_owned(), size: Some(1_000) }];
    let held = |state, platforms: &[CatalogPlatform]| Held { state, platforms: platforms.to_vec() };
    facts.held =
        Some(BTreeMap::from([(key(0), held(State::Present, &platforms)), (key(2), held(State::MirrorDiffers, &[]))]));
    let alias = Key { repository: image.repository.clone(), tag: "3".parse().unwrap() };
    facts.aliases = Some(BTreeSet::from([alias]));
    let catalog = catalog(&manifest, &facts);
    assert_eq!(tags(&catalog.images[0]), [("3.2.0", false), ("3.1.0", false), ("3.0.0", true)]);
    let [next, differing, old] = catalog.images[0].approved.as_slice() else { panic!() };
    assert_eq!((next.state, differing.state), (TagState::Unread, TagState::MirrorDiffers), "unknown is not available");
    assert_eq!(old.platforms, platforms);
    let renovate = preset(&catalog).to_string();
    assert!(!renovate.contains("3\\\\.1\\\\.0"), "what the mirror has instead is not allowed: {renovate}");
    let aliases: Vec<&str> = next.aliases.iter().map(crate::image::Tag::as_str).collect();
    assert_eq!(aliases, ["3"], "an alias is shown where promotion has set it");
    assert_eq!(catalog.images[0].revoked[0].instead.as_ref().unwrap().as_str(), "3.0.0");
}

#[test]
fn what_nobody_reviewed_is_not_approved() {
    let (manifest, mut facts) = (loki(), Facts::default());
    let image = &manifest.images[0];
    let state = |at: usize| if at == 3 { State::Unreviewed } else { State::Present };
    let held = (0..4).map(|at| (Key::of(image, &image.approved[at]), Held { state: state(at), platforms: Vec::new() }));
    facts.held = Some(held.collect());
    let catalog = catalog(&manifest, &facts);
    assert_eq!(tags(&catalog.images[0]), [("3.1.0", true), ("3.0.0", true)]);
    let waiting = &catalog.images[0].waiting[0];
    assert_eq!((waiting.tag.as_str(), waiting.state), ("3.2.0", WaitingState::Unreviewed));
    assert!(!preset(&catalog).to_string().contains("3\\\\.2\\\\.0"));
}

#[test]
fn bytes_that_one_image_revokes_are_not_offered_as_anothers() {
    let bytes = digest("7");
    let approved = format!("    approved:\n      - {{ tag: '7', digest: '{bytes}', mirrored: '{bytes}' }}\n");
    let revoked = format!("    revoked:\n      - {{ tag: 7.3.0, digest: '{bytes}', reason: CVE-2027-2 }}\n");
    let text =
        format!("  - source: redis\n    versions: '7.3'\n{revoked}  - source: redis\n    tags: ['7']\n{approved}");
    let catalog = catalog(&manifest(&text), &Facts::default());
    assert!(catalog.images.iter().all(|image| image.approved.is_empty()), "{catalog:?}");
}

#[test]
fn who_approved_it_is_told_of_the_pull_request_that_history_names() {
    let manifest = loki();
    let image = &manifest.images[0];
    let key = Key::of(image, &image.approved[2]);
    let merged = |number: u64| Merged {
        url: Some(format!("https://github.com/acme/images/pull/{number}")),
        reviewers: vec!["ana".to_owned()],
    };
    let facts = Facts {
        came: BTreeMap::from([(key, (Some(41), "2026-05-06".parse().unwrap()))]),
        merged: BTreeMap::from([(41, merged(41))]),
        standings: BTreeMap::from([(0, Standing::Category(Category::Official, Told::Name))]),
        unknown: vec!["the \u{202e}mirror".to_owned()],
        ..Facts::default()
    };
    let catalog = catalog(&manifest, &facts);
    let [_, new, old] = catalog.images[0].approved.as_slice() else { panic!() };
    assert_eq!((new.pull, new.reviewers.as_deref()), (Some(41), Some(&["ana".to_owned()][..])));
    assert_eq!(new.approved_on.unwrap().to_string(), "2026-05-06");
    assert_eq!((old.pull, &old.url, &old.reviewers), (Some(7), &None, &None), "nobody was asked about #7");
    assert_eq!(old.reason.as_deref(), Some("asked by billing"));
    assert_eq!(catalog.images[0].category.as_deref(), Some("Docker Official Image"));
    assert_eq!(catalog.unknown, ["the mirror"]);
}

#[test]
fn signatures_are_verified_where_they_are_asked_for_and_recorded() {
    let [one, two] = ["1.0", "1.1"].map(digest);
    let signed = manifest(&format!(
        "  - source: ghcr.io/acme-upstream/tool
    versions: '1'
    signatures: {{ issuer: 'https://token.actions.githubusercontent.com', identity: 'https://github.com/a/b/.github/workflows/r.yml@refs/heads/main' }}
    approved:
      - {{ tag: '1.0', digest: '{one}', mirrored: '{one}', signed-by: the release workflow }}
      - {{ tag: '1.1', digest: '{two}' }}
"
    ));
    let catalog = catalog(&signed, &Facts::default());
    let states: Vec<SignatureState> = catalog.images[0].approved.iter().map(|tag| tag.signature).collect();
    assert_eq!(states, [SignatureState::Required, SignatureState::Verified]);
    assert_eq!(catalog.images[0].approved[1].signed_by.as_deref(), Some("the release workflow"));
}

/// Applies `allowedVersions` as Renovate does: a regular expression between slashes.
fn admits(expression: &str, tag: &str) -> bool {
    let expression = expression.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap();
    regex::Regex::new(expression).unwrap().is_match(tag)
}

#[test]
fn renovate_is_allowed_exactly_what_is_approved() {
    let preset = preset(&catalog(&loki(), &Facts::default()));
    let rules = preset["packageRules"].as_array().unwrap();
    let names = |rule: &serde_json::Value, name: &str| {
        rule["matchPackageNames"].as_array().unwrap().iter().any(|other| other == name)
    };
    for name in
        ["grafana/loki", "docker.io/grafana/loki", "index.docker.io/grafana/loki", "acme/loki", "docker.io/acme/loki"]
    {
        let allowed: Vec<&str> =
            rules.iter().filter(|rule| names(rule, name)).filter_map(|rule| rule["allowedVersions"].as_str()).collect();
        let [allowed] = allowed.as_slice() else { panic!("{name}: {allowed:?}") };
        for (tag, approved) in [("3.2.0", true), ("3.1.0", true), ("3.0.0", true), ("3.0.9", false), ("3.1.9", false)] {
            assert_eq!(admits(allowed, tag), approved, "{name}:{tag}");
        }
        for tag in ["3x1x0", "3.1.0-debug", "v3.1.0", "13.1.0", "3.1.00", "", "latest"] {
            assert!(!admits(allowed, tag), "{name}:{tag}");
        }
    }
    let replaced: Vec<_> = rules.iter().filter(|rule| rule["replacementName"] == "acme/loki").collect();
    let [replaced] = replaced.as_slice() else { panic!() };
    let current = replaced["matchCurrentValue"].as_str().unwrap();
    assert!(admits(current, "3.1.0") && !admits(current, "3.2.0"), "what is not promoted cannot be pulled there");
    assert!(names(replaced, "grafana/loki") && !names(replaced, "acme/loki"));
}

#[test]
fn an_image_without_approvals_allows_renovate_nothing() {
    let preset = preset(&catalog(&manifest("  - source: redis\n    versions: '7'\n"), &Facts::default()));
    let rules = preset["packageRules"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "{preset}");
    assert!(rules.iter().all(|rule| !admits(rule["allowedVersions"].as_str().unwrap(), "7.0")));
    let names = rules[0]["matchPackageNames"].as_array().unwrap();
    for name in ["redis", "library/redis", "docker.io/redis", "docker.io/library/redis"] {
        assert!(names.iter().any(|other| other == name), "{name}");
    }
}
