//! What is written and what a reviewer sees, as snapshots of bodies.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use pulldown_cmark::{Options, Parser, html};

mod groups;
mod hostile;
mod inside;
mod kinds;
mod words;

use super::*;
use crate::image::Digest;
use crate::policy::{Category, Standing, Told};
use crate::proposal::Selected;
use crate::proposal::fixtures::{line, manifest, selected, with_current};
use crate::proposal::leaving::Conditions;
use crate::proposal::metadata::ObjectId;

fn wanted(manifest: &Manifest, selected: &[Selected]) -> Vec<Wanted> {
    crate::proposal::wanted::wanted(&with_current(manifest, selected), selected, &Conditions::default())
}

fn platform(name: &str, size: u64, before: Option<u64>) -> PlatformEvidence {
    let digest = Digest::sha256(format!("{name} {size}").as_bytes());
    let before = before.map(|b| (Digest::sha256(format!("{name} {b}").as_bytes()), b));
    PlatformEvidence { name: name.to_owned(), digest, size, before, exchanged: None }
}

fn evidence() -> Evidence {
    Evidence {
        served: Served::Now,
        platforms: vec![
            platform("linux/amd64", 20_500_000, Some(20_100_000)),
            platform("linux/arm64", 19_000_000, Some(19_000_000)),
            platform("linux/arm/v7", 1_500_000, None),
        ],
        left_out: 0,
        attestations: 3,
        size: Some(41_000_000),
        size_before: Some(39_100_000),
        exchanged: None,
        labels: crate::content::labels::Labels::default(),
        labels_before: crate::content::labels::Labels::default(),
        complete: true,
        lost: Vec::new(),
        standing: Standing::Category(Category::VerifiedPublisher, Told::Search),
        at_mirror: AtMirror::Absent,
        at: Some("2026-11-21T08:00:00Z".parse().unwrap()),
        makers: None,
        signer: None,
        former: None,
        difference: None,
        along: None,
        refused: None,
        affected: None,
        unknown: Vec::new(),
    }
}

fn metadata_of(wanted: &Wanted) -> Metadata {
    let head = ObjectId::try_from("0123456789abcdef0123456789abcdef01234567".to_owned()).ok();
    Metadata { manifest: None, head, context: wanted.context.clone(), entries: wanted.entries(), kept: Vec::new() }
}

fn written(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) -> String {
    let (headline, message) = message(manifest, wanted);
    let body = body(manifest, wanted, evidence, &[], &metadata_of(wanted));
    format!("{}\n\n== commit\n{headline}\n\n{message}\n\n== body\n{body}", title(manifest, wanted))
}

/// As GitHub renders it, except for its sanitizer: nothing in a body needs that.
fn rendered(body: &str) -> String {
    let mut text = String::new();
    html::push_html(&mut text, Parser::new_ext(body, OPTIONS));
    text
}

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_GFM);

/// Two snapshots: what is written, and what a reviewer sees.
fn snapshot(name: &str, manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) {
    let written = written(manifest, wanted, evidence);
    let (_, body) = written.split_once("== body\n").unwrap();
    insta::assert_snapshot!(format!("{name}_html"), rendered(body));
    insta::assert_snapshot!(name, written);
}

fn approval(tag: &str) -> crate::manifest::Approval {
    let digest = Digest::sha256(tag.as_bytes());
    crate::manifest::Approval {
        tag: tag.parse().unwrap(),
        mirrored: Some(digest.clone()),
        digest,
        pull: None,
        approved_on: None,
        signed_by: None,
        reason: None,
        span: crate::diag::Span::default(),
    }
}

/// One image with `approved` promoted.
fn promoted(source: &str, approved: &[&str]) -> Manifest {
    let mut manifest = manifest(&[source]);
    manifest.images[0].approved = approved.iter().map(|tag| approval(tag)).collect();
    manifest
}

/// A proposal of one change that no rule chose.
fn one(manifest: &Manifest, tag: &str, kind: Kind) -> Wanted {
    let mut wanted = wanted(manifest, &[selected(0, vec![line("latest", None, Some(tag))])]).remove(0);
    wanted.items[0].entry.kind = kind;
    wanted.items[0].entry.from = None;
    wanted.items[0].public_since = None;
    wanted
}

/// The same, with each release series as a separate line.
fn lines_of(follow: crate::rules::Follow, approved: &[&str]) -> Manifest {
    let mut manifest = promoted("grafana/loki", approved);
    let crate::rules::Rule::Versions(rule) = &mut manifest.images[0].rule else { unreachable!() };
    rule.follow = follow;
    manifest
}

/// The widest row of a table, in pixels on a page with large letters: text that cannot break, and padding.
fn widest_row(markdown: &str) -> usize {
    let cell = |cell: &str| {
        let longest = cell.split([' ', '>']).map(|word| word.trim_matches('`').chars().count()).max().unwrap_or(0);
        longest * 82 / 10 + 26 + if cell.contains('`') { 11 } else { 0 }
    };
    let row = |line: &str| line.trim_matches('|').split('|').map(str::trim).map(cell).sum();
    markdown.lines().filter(|line| line.starts_with("| ")).map(row).max().unwrap_or_default()
}

const PAGE: usize = 860;
