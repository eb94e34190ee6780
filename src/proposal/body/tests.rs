#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag as Node, html};

use super::*;
use crate::image::Digest;
use crate::proposal::fixtures::{line, manifest, selected};
use crate::proposal::metadata::ObjectId;
use crate::proposal::{Beside, wanted};

fn platform(name: &str, size: u64, before: Option<u64>) -> PlatformEvidence {
    let digest = Digest::sha256(format!("{name} {size}").as_bytes());
    let before = before.map(|b| (Digest::sha256(format!("{name} {b}").as_bytes()), b));
    PlatformEvidence { name: name.to_owned(), digest, size, before }
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
        complete: true,
        unknown: Vec::new(),
    }
}

fn metadata_of(wanted: &Wanted) -> Metadata {
    let head = ObjectId::try_from("0123456789abcdef0123456789abcdef01234567".to_owned()).ok();
    Metadata { head, context: wanted.context.clone(), entries: wanted.entries() }
}

fn written(manifest: &Manifest, wanted: &Wanted, evidence: &[Evidence]) -> String {
    let (headline, message) = message(manifest, wanted);
    let body = body(manifest, wanted, evidence, &metadata_of(wanted));
    format!("{}\n\n== commit\n{headline}\n\n{message}\n\n== body\n{body}", title(manifest, wanted))
}

fn rendered(body: &str) -> String {
    let mut text = String::new();
    html::push_html(&mut text, Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS));
    text
}

#[test]
fn a_first_approval() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted =
        wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])], &Beside::default()).remove(0);
    let evidence = Evidence { size_before: None, ..evidence() };
    insta::assert_snapshot!("first_approval", written(&manifest, &wanted, &[evidence]));
}

#[test]
fn an_update_that_retires() {
    let mut manifest = manifest(&["redis"]);
    manifest.images[0].approved = vec![crate::manifest::Approval {
        tag: "7.2.0".parse().unwrap(),
        digest: Digest::sha256(b"7.2.0"),
        mirrored: Some(Digest::sha256(b"7.2.0")),
        pull: None,
        approved_on: None,
        span: crate::diag::Span::default(),
    }];
    let mut update = line("latest", Some("7.2.0"), Some("7.2.1"));
    update.retired = vec![("7.1.0".parse().unwrap(), Digest::sha256(b"7.1.0"))];
    let wanted = wanted(&manifest, &[selected(0, vec![update])], &Beside::default()).remove(0);
    let written = written(&manifest, &wanted, &[evidence(), Evidence::default()]);
    insta::assert_snapshot!("update", written);
    insta::assert_snapshot!("update_html", rendered(written.split_once("== body\n").unwrap().1));
}

#[test]
fn a_rebuild_of_a_subset_elsewhere() {
    let mut manifest = manifest(&["quay.io/prom/node"]);
    manifest.registry = crate::manifest::Destination::Registry("ghcr.io".parse().unwrap());
    manifest.images[0].platforms = Some(vec!["linux/amd64".parse().unwrap()]);
    let mut rebuild = line("latest", Some("1.8.0"), Some("1.8.0"));
    rebuild.chosen.as_mut().unwrap().rebuild = true;
    let wanted = wanted(&manifest, &[selected(0, vec![rebuild])], &Beside::default()).remove(0);
    let evidence = Evidence {
        platforms: vec![platform("linux/amd64", 20_500_000, Some(20_500_000))],
        left_out: 2,
        attestations: 0,
        unknown: vec!["what is approved now: quay.io: no answer: connection refused".to_owned()],
        ..evidence()
    };
    insta::assert_snapshot!("rebuild", written(&manifest, &wanted, &[evidence]));
}

#[test]
fn templates_and_sign_off() {
    let mut manifest = manifest(&["grafana/loki"]);
    manifest.proposals.title = Some("chore(images): {title} [{kind}] {unknown} {".to_owned());
    manifest.proposals.commit_message = Some("feat({repository}): {from}->{to}\n\nSECURITY-1\n".to_owned());
    manifest.proposals.sign_off = Some("Images <images@example.com>".to_owned());
    let wanted =
        wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])], &Beside::default())
            .remove(0);
    let (headline, message) = message(&manifest, &wanted);
    insta::assert_snapshot!(format!("{}\n--\n{headline}\n\n{message}", title(&manifest, &wanted)), @r"
    chore(images): Approve grafana/loki 3.1.0 (after 3.0.0) [update] {unknown} {
    --
    feat(loki): 3.0.0->3.1.0

    SECURITY-1

    grafana/loki update: 3.0.0 -> 3.1.0 sha256:84e4509524fd99960badbac55254afcea330d7a10eabd6a5f1dcb45fc38c3f40

    Signed-off-by: Images <images@example.com>
    ");
}

#[test]
fn a_large_group_keeps_every_row_and_its_metadata() {
    let sources: Vec<String> = (0..120).map(|n| format!("ghcr.io/some-organization/image-{n}")).collect();
    let mut manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    manifest.proposals.group = crate::manifest::Grouping::All;
    let selections: Vec<_> =
        (0..120).map(|n| selected(n, vec![line("latest", Some("1.0.0"), Some("1.0.1"))])).collect();
    let wanted = wanted(&manifest, &selections, &Beside::default()).remove(0);
    let body = body(&manifest, &wanted, &vec![evidence(); 120], &metadata_of(&wanted));
    assert!(body.len() <= BODY_LIMIT, "{} bytes", body.len());
    assert_eq!(body.lines().filter(|l| l.starts_with("| `ghcr.io/")).count(), 120);
    assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    assert!(body.contains("Details that did not fit are left out"));
    assert_eq!(title(&manifest, &wanted), "Approve 120 versions of all images");
}

/// Links that are not ours, markup that nobody here wrote, HTML, and words that GitHub would make a mention or a
/// reference of.
fn hostile(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let (visible, _) = body.split_once("<!-- wharfinger:").unwrap();
    for event in Parser::new_ext(visible, options) {
        match event {
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
        let mut wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])], &Beside::default()).remove(0);
        wanted.items[0].entry.source = name.clone();
        let evidence = Evidence {
            platforms: vec![platform(&name, 1, None), platform(&error, 2, Some(1))],
            unknown: vec![error, name],
            ..evidence()
        };
        let body = body(&manifest, &wanted, &[evidence], &metadata_of(&wanted));
        prop_assert_eq!(hostile(&body), Vec::<String>::new());
        prop_assert_eq!(metadata::read(&body).map(|m| m.entries), Some(wanted.entries()));
    }
}
