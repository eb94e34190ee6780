#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag as Node, html};

use super::*;
use crate::image::Digest;
use crate::policy::{Category, Standing, Told};
use crate::proposal::Selected;
use crate::proposal::fixtures::{line, manifest, selected, with_current};
use crate::proposal::leaving::Conditions;
use crate::proposal::metadata::ObjectId;

pub(super) fn wanted(manifest: &Manifest, selected: &[Selected]) -> Vec<Wanted> {
    crate::proposal::wanted::wanted(&with_current(manifest, selected), selected, &Conditions::default())
}

pub(super) fn platform(name: &str, size: u64, before: Option<u64>) -> PlatformEvidence {
    let digest = Digest::sha256(format!("{name} {size}").as_bytes());
    let before = before.map(|b| (Digest::sha256(format!("{name} {b}").as_bytes()), b));
    PlatformEvidence { name: name.to_owned(), digest, size, before, exchanged: None }
}

pub(super) fn evidence() -> Evidence {
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
        unknown: Vec::new(),
    }
}

pub(super) fn metadata_of(wanted: &Wanted) -> Metadata {
    let head = ObjectId::try_from("0123456789abcdef0123456789abcdef01234567".to_owned()).ok();
    Metadata { manifest: None, head, context: wanted.context.clone(), entries: wanted.entries(), kept: Vec::new() }
}

pub(super) fn written(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) -> String {
    let (headline, message) = message(manifest, wanted);
    let body = body(manifest, wanted, evidence, &[], &metadata_of(wanted));
    format!("{}\n\n== commit\n{headline}\n\n{message}\n\n== body\n{body}", title(manifest, wanted))
}

/// As GitHub renders it, except for its sanitizer: nothing in a body needs that.
pub(super) fn rendered(body: &str) -> String {
    let mut text = String::new();
    html::push_html(&mut text, Parser::new_ext(body, OPTIONS));
    text
}

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_GFM);

/// Two snapshots: what is written, and what a reviewer sees.
pub(super) fn snapshot(name: &str, manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) {
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
pub(super) fn promoted(source: &str, approved: &[&str]) -> Manifest {
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

#[test]
fn a_first_approval() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
    snapshot("first_approval", &manifest, &wanted, &[Evidence { size_before: None, ..evidence() }]);
}

#[test]
fn nothing_is_said_to_be_created_that_exists() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
    let merging = |at_mirror: AtMirror| {
        let evidence = Evidence { at_mirror, platforms: Vec::new(), ..evidence() };
        Account::of(&manifest, &wanted.items[0], Some(&evidence)).merging(crate::text::excerpt)
    };
    let changes = vec!["public becomes private".to_owned(), "developers: no grant becomes developers: read".to_owned()];
    let said = [
        AtMirror::Unknown,
        AtMirror::Absent,
        AtMirror::Ours,
        AtMirror::NotOurs,
        AtMirror::TakenOver(changes),
        AtMirror::TakenOver(Vec::new()),
    ];
    insta::assert_snapshot!(said.map(merging).join("\n"), @r"
    unless it exists, creates acme/loki, private, developers: read; copies the image to acme/loki:3.1.0
    creates acme/loki, private, developers: read; copies the image to acme/loki:3.1.0
    copies the image to acme/loki:3.1.0
    acme/loki already exists and is not ours: it is left untouched, and this is not promoted, unless adopt: true is set on the image; then it copies the image to acme/loki:3.1.0
    takes over acme/loki, which exists and was not ours (public becomes private; developers: no grant becomes developers: read); copies the image to acme/loki:3.1.0
    takes over acme/loki, which exists and was not ours (its settings do not change); copies the image to acme/loki:3.1.0
    ");
}

#[test]
fn a_patch_that_retires() {
    let manifest = promoted("redis", &["7.1.0", "7.2.0"]);
    let mut update = line("latest", Some("7.2.0"), Some("7.2.1"));
    update.retired = vec![("7.1.0".parse().unwrap(), Digest::sha256(b"7.1.0"))];
    let wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
    let official = Evidence { standing: Standing::Category(Category::Official, Told::Name), ..evidence() };
    snapshot("patch", &manifest, &wanted, &[official, Evidence::default()]);
}

#[test]
fn a_major_that_loses_a_platform() {
    let mut manifest = promoted("grafana/loki", &["2.9.4"]);
    manifest.policy.image_access = Some(crate::manifest::ImageAccess {
        enabled: Some(true),
        verified_publisher: Some(false),
        ..Default::default()
    });
    let major = line("latest", Some("2.9.4"), Some("v3.0.0"));
    let mut wanted = wanted(&manifest, &[selected(0, vec![major])]).remove(0);
    wanted.items[0].prefix_changed = true;
    let evidence = Evidence { lost: vec!["linux/s390x".to_owned()], ..evidence() };
    snapshot("major", &manifest, &wanted, &[evidence]);
}

/// The same, with each release series as a separate line.
fn lines_of(follow: crate::rules::Follow, approved: &[&str]) -> Manifest {
    let mut manifest = promoted("grafana/loki", approved);
    let crate::rules::Rule::Versions(rule) = &mut manifest.images[0].rule else { unreachable!() };
    rule.follow = follow;
    manifest
}

#[test]
fn a_new_line_that_loses_a_platform() {
    let manifest = lines_of(crate::rules::Follow::EachMajor, &["2.9.4", "3.1.0", "3.0.2"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("4", None, Some("4.0.0"))])]).remove(0);
    let evidence = Evidence { lost: vec!["linux/s390x".to_owned()], ..evidence() };
    snapshot("new_line", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_downgrade() {
    let manifest = promoted("grafana/loki", &["3.1.0"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.0.0"))])]).remove(0);
    snapshot("downgrade", &manifest, &wanted, &[evidence()]);
}

#[test]
fn every_place_calls_a_change_by_the_same_words() {
    use crate::rules::Follow::{All, EachMinor, Latest};
    let cases = [
        (Latest, &[][..], "3.1.0"),
        (EachMinor, &["3.1.0"], "3.1.1"),
        (EachMinor, &["3.1.0"], "3.2.0"),
        (EachMinor, &["3.1.0"], "v4.0.0"),
        (EachMinor, &["3.1.0"], "3.0.0"),
        (EachMinor, &["3.1.4", "3.2.0"], "3.1.2"),
        (All, &["3.1.0", "3.3.0"], "3.2.0"),
        (All, &["3.1.0"], "3.0.0"),
        (Latest, &["3.1.0"], "3.0.9"),
        (Latest, &["3.1.0"], "2.9.4"),
        (Latest, &["3.1.0"], "3.1.0-rc.1"),
        (Latest, &["20240601"], "20240501"),
        (Latest, &["3.1.0"], "stable"),
        (Latest, &["testing-1a2b3c4d"], "3.1.0"),
        (Latest, &["3.1.0"], "v3.1.0"),
    ];
    let mut table = String::new();
    for (follow, approved, tag) in cases {
        let manifest = lines_of(follow, approved);
        let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some(tag))])]).remove(0);
        let account = Account::of(&manifest, &wanted.items[0], None);
        let [title, change, codes] = [
            title(&manifest, &wanted),
            account.change(|text| format!("**{text}**")),
            account.marks().iter().map(|mark| format!("{mark:?}")).collect::<Vec<_>>().join(" "),
        ];
        let version = phrases::version(&account).unwrap_or_default();
        let _ = writeln!(table, "{follow:?} {approved:?}\n    {title}\n    {change}\n    {version}\n    {codes}");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_rebuild_of_a_subset_elsewhere() {
    let mut manifest = promoted("quay.io/prom/node", &["1.8.0"]);
    manifest.images[0].approved[0].digest = Digest::sha256(b"1.8.0 before");
    manifest.registry = crate::manifest::Destination::Registry("ghcr.io".parse().unwrap());
    manifest.images[0].platforms = Some(vec!["linux/amd64".parse().unwrap()]);
    let mut rebuild = line("latest", Some("1.8.0"), Some("1.8.0"));
    let chosen = rebuild.chosen.as_mut().unwrap();
    chosen.rebuild = true;
    chosen.public_since = chosen.public_since.map(|since| crate::rules::Since::first_seen(since.at));
    let wanted = wanted(&manifest, &[selected(0, vec![rebuild])]).remove(0);
    let evidence = Evidence {
        platforms: vec![platform("linux/amd64", 20_500_000, Some(20_500_000))],
        left_out: 2,
        attestations: 1,
        size_before: None,
        standing: Standing::Elsewhere("quay.io".parse().unwrap()),
        unknown: vec!["the approved image: quay.io: no answer: connection refused".to_owned()],
        ..evidence()
    };
    snapshot("rebuild", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_rebuild_says_what_left_and_what_came() {
    let manifest = promoted("quay.io/prom/node", &["1.8.0"]);
    let mut rebuild = line("latest", Some("1.8.0"), Some("1.8.0"));
    rebuild.chosen.as_mut().unwrap().rebuild = true;
    let wanted = wanted(&manifest, &[selected(0, vec![rebuild])]).remove(0);
    let exchanged = |left, came| Some(Exchanged { left, came });
    let mut same_size = platform("linux/amd64", 20_500_000, Some(20_499_999));
    same_size.exchanged = exchanged(4_200_000, 4_200_001);
    let platforms = vec![same_size, platform("linux/arm64", 19_000_000, Some(19_000_000))];
    let evidence = Evidence {
        platforms,
        size: Some(39_500_000),
        size_before: Some(39_500_000),
        exchanged: exchanged(4_200_000, 4_200_001),
        ..evidence()
    };
    let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
    assert!(body.contains("- Bytes: of 40 MB, 4.2 MB removed, 4.2 MB added\n"), "{body}");
    assert!(body.contains("| `linux/amd64` | 21 MB | 4.2 MB removed, 4.2 MB added |"), "{body}");
    assert!(body.contains("| `linux/arm64` | 19 MB | unchanged |"), "{body}");
}

#[test]
fn release_notes_and_source_are_linked_where_labels_name_a_known_forge() {
    let manifest = promoted("grafana/loki", &["3.0.0"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])]).remove(0);
    let labels = |source: &str, digit: &str| crate::content::labels::Labels {
        source: Some(source.to_owned()),
        revision: Some(digit.repeat(40)),
    };
    let line_of = |source: &str, before: &str| {
        let evidence = Evidence { labels: labels(source, "b"), labels_before: labels(before, "a"), ..evidence() };
        let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
        body.lines().find(|line| line.starts_with("- Upstream: ")).unwrap_or("nothing").to_owned()
    };
    let loki = "https://github.com/grafana/loki";
    insta::assert_snapshot!(
        [line_of(loki, loki), line_of(loki, "https://evil.example/x/y"), line_of("https://evil.example/a/b", loki)]
            .join("\n")
    );
}

#[test]
fn of_many_first_approvals_none_is_bold() {
    let sources: Vec<String> =
        (0..300).map(|n| format!("ghcr.io/some-rather-long-organization/team-of-many/image-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::All;
    let tag = "2.55.1-distroless-bookworm-20261119-amd64-with-everything";
    let first = |n| selected(n, vec![line("latest", None, Some(tag))]);
    let wanted = wanted(&manifest, &(0..300).map(first).collect::<Vec<_>>()).remove(0);
    let body = body(&manifest, &wanted, &vec![evidence(); 300], &[], &metadata_of(&wanted));
    assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
    assert_eq!(body.matches("**").count(), 0, "a first approval is no risk by itself");
    insta::assert_snapshot!(body.lines().take(12).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_retirement() {
    let manifest = promoted("redis", &["6.2.0", "7.2.0"]);
    let mut wanted = one(&manifest, "6.2.0", Kind::Retire);
    wanted.items[0].cause = Some(Cause::OutOfRange("the range ^7.2 does not admit it".to_owned()));
    snapshot("retirement", &manifest, &wanted, &[Evidence::default()]);
}

#[test]
fn a_revocation() {
    let mut manifest = promoted("redis", &["7.1.0", "7.2.0"]);
    manifest.images[0].revoked = vec![crate::manifest::Revocation {
        tag: "7.1.0".parse().unwrap(),
        digest: Digest::sha256(b"7.1.0"),
        reason: "CVE-2027-1234".to_owned(),
        delete: true,
        span: crate::diag::Span::default(),
    }];
    snapshot("revocation", &manifest, &one(&manifest, "7.1.0", Kind::Retire), &[Evidence::default()]);
}

#[test]
fn an_urgent_one() {
    let manifest = promoted("redis", &["7.2.0"]);
    let update = line("latest", Some("7.2.0"), Some("7.2.1"));
    let mut wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
    wanted.items[0].entry.urgent = Some("CVE-2027-1234 is exploited, see #77".to_owned());
    wanted.items[0].public_since = Some(crate::rules::Since::published("2026-11-21T06:20:00Z".parse().unwrap()));
    let standing = Standing::Category(Category::Official, Told::Name);
    let served = Served::Not(Some(Digest::sha256(b"later")));
    snapshot("urgent", &manifest, &wanted, &[Evidence { standing, served, ..evidence() }]);
}

#[test]
fn a_rejection() {
    let manifest = promoted("redis", &["7.2.0"]);
    let mut wanted = one(&manifest, "7.2.1", Kind::Reject);
    let reason = "breaks <b>retention</b>, see #41".to_owned();
    wanted.items[0].entry.rejection = Some(crate::proposal::Rejection { reason, until: "2027-03-01".parse().ok() });
    snapshot("rejection", &manifest, &wanted, &[Evidence::default()]);
}

/// Mentions, HTML, tables, links, ANSI, right-to-left marks, invisible tags, and 200 KB of it.
#[test]
fn a_hostile_image() {
    let all = "@acme/all #1 GH-2 <img src=x onerror=alert(1)> [x](https://evil.example) ![y](https://evil.example/y.png)\n\n\
        | a | b |\n| --- | --- |\n`](https://evil.example)` <!-- wharfinger: {} --> \x1b[31mred\x1b[0m \u{202e}gnp.exe\u{e0041} \
        </details> ~~~ ``` $x^2$ :tada: www.evil.example mailto:a@evil.example\n\n# heading\n> [!CAUTION]\n";
    let long = all.repeat(200_000 / all.len() + 1);
    let mut manifest = promoted("grafana/loki", &["3.0.0"]);
    manifest.images[0].teams = [(all.to_owned(), *manifest.images[0].teams.values().next().unwrap())].into();
    manifest.images[0].approved[0].mirrored = None;
    let mut wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])]).remove(0);
    wanted.items[0].entry.source = long.clone();
    wanted.items[0].entry.urgent = Some(long.clone());
    let name = |n: usize| platform(&format!("{n} {long}"), 1, Some(2));
    let evidence = Evidence {
        platforms: (0..60).map(name).collect(),
        lost: vec![long.clone(); 50],
        standing: Standing::Unknown(long.clone()),
        unknown: vec![long.clone(); 300],
        ..evidence()
    };
    // its name in the metadata comes from the manifest, which has its own limits
    let metadata = Metadata { entries: Vec::new(), ..metadata_of(&wanted) };
    let body = body(&manifest, &wanted, &[evidence], &[], &metadata);
    assert!(body.chars().count() <= BODY_LIMIT, "{} characters", body.chars().count());
    assert_eq!(hostile(&body), Vec::<String>::new());
    assert_eq!(metadata::read(&body), Some(metadata), "a text that looks like metadata hides none");
    let cut: String =
        rendered(&body).lines().filter(|l| !l.starts_with("<td><code>")).take(60).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!("hostile_html", cut);
    assert!(title(&manifest, &wanted).chars().count() <= 200);
}

#[test]
fn a_group_of_twenty() {
    let sources: Vec<String> = (0..20).map(|n| format!("prom/exporter-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::Named(vec![("monitoring".into(), vec!["prom/*".into()])]);
    for image in &mut manifest.images {
        image.approved = vec![approval("1.4.0")];
    }
    manifest.images[15].approved.clear();
    let chosen = |n: usize| match n {
        7 => "1.4.0",
        3 | 12 => "1.5.0",
        _ => "1.4.1",
    };
    let selections: Vec<_> = (0..20)
        .map(|n| selected(n, vec![line("latest", Some("1.4.0").filter(|_| n != 15), Some(chosen(n)))]))
        .collect();
    let mut wanted = wanted(&manifest, &selections).remove(0);
    wanted.items[7].entry.kind = Kind::Rebuild;
    let mut all = vec![evidence(); 20];
    all[9].lost = vec!["linux/s390x".to_owned()];
    all[17].served = Served::Not(None);
    snapshot("group", &manifest, &wanted, &all);
}

#[test]
fn templates_and_sign_off() {
    let mut manifest = manifest(&["grafana/loki"]);
    manifest.proposals.title = Some("chore(images): {title} [{kind}] {unknown} {".to_owned());
    manifest.proposals.commit_message = Some("feat({repository}): {from}->{to}\n\nSECURITY-1\n".to_owned());
    manifest.proposals.sign_off = Some("Images <images@example.com>".to_owned());
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])]).remove(0);
    let (headline, message) = message(&manifest, &wanted);
    insta::assert_snapshot!(format!("{}\n--\n{headline}\n\n{message}", title(&manifest, &wanted)), @r"
    chore(images): Approve grafana/loki 3.1.0 (after 3.0.0) [update] {unknown} {
    --
    feat(loki): 3.0.0->3.1.0

    SECURITY-1

    grafana/loki minor update: 3.0.0 -> 3.1.0 sha256:84e4509524fd99960badbac55254afcea330d7a10eabd6a5f1dcb45fc38c3f40

    Signed-off-by: Images <images@example.com>
    ");
}

/// A group of all images, each with a patch release.
fn group_of(count: usize, name: &str) -> (Manifest, Wanted) {
    let sources: Vec<String> = (0..count).map(|n| format!("ghcr.io/some-organization/{name}-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::All;
    let patch = |n| selected(n, vec![line("latest", Some("1.0.0"), Some("1.0.1"))]);
    let mut wanted = wanted(&manifest, &(0..count).map(patch).collect::<Vec<_>>()).remove(0);
    for (n, item) in wanted.items.iter_mut().enumerate() {
        item.entry.digest = Digest::sha256(&n.to_be_bytes());
    }
    (manifest, wanted)
}

/// The widest row of a table, in pixels on a page with large letters: text that cannot break, and padding.
pub(super) fn widest_row(markdown: &str) -> usize {
    let cell = |cell: &str| {
        let longest = cell.split([' ', '>']).map(|word| word.trim_matches('`').chars().count()).max().unwrap_or(0);
        longest * 82 / 10 + 26 + if cell.contains('`') { 11 } else { 0 }
    };
    let row = |line: &str| line.trim_matches('|').split('|').map(str::trim).map(cell).sum();
    markdown.lines().filter(|line| line.starts_with("| ")).map(row).max().unwrap_or_default()
}

pub(super) const PAGE: usize = 860;

fn rows(body: &str) -> usize {
    body.lines().filter(|l| l.starts_with("| `ghcr.io/")).count()
}

#[test]
fn a_large_group_keeps_every_row_and_its_metadata() {
    for count in [150, 300] {
        let (manifest, wanted) = group_of(count, "image");
        let body = body(&manifest, &wanted, &vec![evidence(); count], &[], &metadata_of(&wanted));
        assert!(body.chars().count() <= BODY_LIMIT, "{} characters", body.chars().count());
        assert_eq!(rows(&body), count);
        assert!(body.contains(&format!("<details><summary>All {count} changes</summary>")), "{}", &body[..600]);
        assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
        assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
        assert!(body.contains("Details that do not fit here are left out: the check's summary has more"), "{body}");
        let first = "<details><summary><code>ghcr.io/some-organization/image-0:1.0.1</code>: patch update</summary>";
        assert!(body.contains(first), "as many sections as fit");
        assert_eq!(title(&manifest, &wanted), format!("Approve {count} versions of all images"));
    }
}

#[test]
fn of_a_thousand_changes_the_most_serious_are_shown_and_the_others_counted() {
    let (manifest, mut wanted) = group_of(1_000, "image");
    wanted.items[998].entry.urgent = Some("CVE-2027-1234".to_owned());
    let body = body(&manifest, &wanted, &vec![evidence(); 1_000], &[], &metadata_of(&wanted));
    assert!(body.chars().count() <= BODY_LIMIT, "{} characters", body.chars().count());
    assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    let shown = rows(&body);
    assert!(shown >= 200, "{shown} rows");
    let hidden = format!("\n{} more changes do not fit here: ", 1_000 - shown);
    assert!(body.contains(&hidden) && body.contains("the changed files and the commit message have all changes"));
    let first: Vec<&str> = body.lines().take(3).collect();
    assert_eq!(first[0], "- Change: 1000 × patch update");
    assert_eq!(first[1], "- Risk: **urgent** (`ghcr.io/some-organization/image-998`)");
    assert_eq!(first[2], "- On merge: copies 1000 images, 41 GB; creates 1000 repositories");
    assert!(body.contains("\n\n> [!WARNING]\n> Urgent: "), "{}", &body[..600]);
    let first = body.lines().find(|l| l.starts_with("| `ghcr.io/")).unwrap();
    assert!(first.contains("image-998") && first.contains("**urgent**"), "{first}");
    let (_, message) = message(&manifest, &wanted);
    assert_eq!(message.lines().filter(|l| l.starts_with("ghcr.io/")).count(), 1_000);
}

#[test]
fn a_group_takes_no_more_than_one_proposal_can_name() {
    let (manifest, wanted) = group_of(1_003, "image");
    assert_eq!((wanted.items.len(), wanted.later), (metadata::ENTRY_LIMIT, 3));
    let body = body(&manifest, &wanted, &[], &[], &metadata_of(&wanted));
    assert!(body.contains("\n3 more changes of this group are proposed once this is merged.\n"));
    assert!(body.chars().count() <= BODY_LIMIT);
}

/// Checks that the meaning of the manifest's policy for an image is stated and marked.
#[test]
fn what_the_policy_means_is_said() {
    let policy = |enabled| {
        let registry = crate::manifest::AllowedRegistry { address: "ghcr.io".to_owned(), name: "GitHub".to_owned() };
        crate::manifest::Policy {
            image_access: Some(crate::manifest::ImageAccess {
                enabled,
                official: Some(true),
                verified_publisher: Some(false),
                community: None,
                allowlist: Some(vec!["bitnami/kubectl".to_owned()]),
            }),
            registry_access: Some(crate::manifest::RegistryAccess {
                enabled,
                docker_hub: Some(true),
                registries: Some(vec![registry]),
            }),
            approvals: 0,
        }
    };
    let search = |category| Standing::Category(category, Told::Search);
    let sources = [
        ("acme/tool", Standing::default()),
        ("redis", Standing::default()),
        ("grafana/loki", search(Category::VerifiedPublisher)),
        ("prom/node-exporter", search(Category::Sponsored)),
        ("somebody/thing", search(Category::Community)),
        ("bitnami/kubectl", search(Category::VerifiedPublisher)),
        ("somebody/else", Standing::Unknown("hub.docker.com: no answer".to_owned())),
        ("ghcr.io/acme/tool", Standing::default()),
        ("quay.io/prom/node", Standing::default()),
        ("oci:images", Standing::default()),
    ];
    let mut text = String::new();
    for (name, policy) in [("on", policy(Some(true))), ("off", policy(Some(false))), ("unsaid", policy(None))] {
        text.push_str(&format!("== {name}\n"));
        for (source, standing) in &sources {
            let mut manifest = promoted(source, &["1.0.0"]);
            manifest.policy = policy.clone();
            let update = line("latest", Some("1.0.0"), Some("1.0.1"));
            let wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
            let evidence = Evidence { standing: standing.clone(), ..evidence() };
            let account = Account::of(&manifest, &wanted.items[0], Some(&evidence));
            let plain = |text: &str, _: usize| text.to_owned();
            text.push_str(&format!(
                "{source}\n  {}\n  {}\n",
                account.change(str::to_owned),
                account.category_words(plain)
            ));
        }
    }
    insta::assert_snapshot!("policy", text);
}

/// Whether a line of HTML is one that this program writes: a fold, with words and names in it.
fn is_folding(line: &str) -> bool {
    let summary = line.strip_prefix("<details><summary>").and_then(|rest| rest.strip_suffix("</summary>"));
    let words = summary.map(|words| words.replacen("<code>", "", 1).replacen("</code>", "", 1));
    line.is_empty() || line == "</details>" || words.is_some_and(|words| !words.contains(['<', '>']))
}

/// Links that are not ours, markup and HTML that this program did not write, and words that GitHub would turn into a
/// mention or a reference.
pub(super) fn hostile(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (visible, _) = body.rsplit_once("<!-- wharfinger:").unwrap();
    for event in Parser::new_ext(visible, OPTIONS) {
        match event {
            Event::Html(text) if is_folding(text.trim()) => {}
            Event::Html(text) | Event::InlineHtml(text) => found.push(format!("HTML {text}")),
            Event::Start(Node::Link { link_type, dest_url, .. }) => {
                let ours =
                    link_type == LinkType::Inline && dest_url.starts_with("https://hub.docker.com/r/grafana/loki/");
                found.extend((!ours).then(|| format!("link {dest_url}")));
            }
            Event::Start(Node::Image { dest_url, .. }) => found.push(format!("image {dest_url}")),
            Event::Text(text) if text.contains(['@', '#']) || text.contains("://") || text.contains("www.") => {
                found.push(format!("text {text}"));
            }
            _ => {}
        }
    }
    found
}

proptest! {
    #[test]
    fn hostile_texts_stay_texts(
        name in "(`|\\||\n|<img src=x>|@acme/all|#1|\\[x\\]\\(https://evil.example\\)|www.evil.example|!|\\\\|\u{202e}|-->|[a-z ]){0,20}",
        error in "(`|\\||\n\n|<!--|@octocat|GH-1|https://evil.example|\\*|_|\x1b\\[31m|[ -~]){0,30}",
    ) {
        let mut manifest = manifest(&["grafana/loki"]);
        manifest.images[0].teams = [(error.clone(), *manifest.images[0].teams.values().next().unwrap())].into();
        let mut wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
        wanted.items[0].entry.source = name.clone();
        wanted.items[0].entry.urgent = Some(error.clone());
        let evidence = Evidence {
            lost: vec![name.clone()],
            standing: Standing::Unknown(error.clone()),
            platforms: vec![platform(&name, 1, None), platform(&error, 2, Some(1))],
            unknown: vec![error, name],
            ..evidence()
        };
        let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
        prop_assert_eq!(hostile(&body), Vec::<String>::new());
        prop_assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    }
}

proptest! {
    // each case writes a body of up to a thousand changes
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_there_is_to_say_it_fits_and_every_change_is_shown_or_counted(
        count in prop_oneof![1_usize..130, 130_usize..1_000], platforms in 0_usize..60, unknown in 0_usize..40,
        length in 0_usize..400, name in "[a-z]{1,90}", calls in 0_usize..40,
    ) {
        let (manifest, mut wanted) = group_of(count, &name);
        for item in wanted.items.iter_mut().take(calls) {
            item.entry.urgent = Some("why <&@".repeat(30));
        }
        let text = "|`@<é".repeat(length);
        let evidence = Evidence {
            platforms: vec![platform(&text, u64::MAX, Some(0)); platforms],
            unknown: vec![text; unknown],
            ..evidence()
        };
        let all = wanted.items.len();
        let body = body(&manifest, &wanted, &vec![evidence; all], &[], &metadata_of(&wanted));
        prop_assert!(body.chars().count() <= BODY_LIMIT);
        let hidden = all - rows(&body);
        prop_assert!(hidden == 0 || all > 130, "{} of {} rows are hidden", hidden, all);
        prop_assert_eq!(hidden > 0, body.contains(&format!("\n{hidden} more changes do not fit here: ")));
        prop_assert!(widest_row(&body) <= PAGE, "{} pixels", widest_row(&body));
        prop_assert_eq!(body.matches("<details>").count(), body.matches("</details>").count());
        prop_assert_eq!(all + wanted.later, count);
        prop_assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    }
}
