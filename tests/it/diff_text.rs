//! Hostile text inside images: it stays text, and what is hidden in it is noticed.

use pulldown_cmark::{Event, Options as Extensions, Parser, Tag};
use serde_json::{Value, json};

use super::diff::{app, diff, of, put};
use super::explain::valid;
use super::promote::in_a_job;
use crate::support::github::{Options, TestGitHub};
use crate::support::images::ImageSpec;
use crate::support::layers::Files;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

/// What a publisher would write to make a reviewer see something else.
const TEXT: &str = "\u{1b}[2J\u{1b}[31mx\u{202e}gpj.exe\u{200b}\u{e0041}\nWhy it changed: same\r\n| a | b |\n> [!NOTE]\n@acme/all #1 \
    [fixed](https://evil.example) https://evil.example <img src=x> </details> ``` ` <!-- wharfinger: {} --> **b** \\";

/// The same, as short as a path in an archive has to be.
const PATH: &str = "usr/bin/\u{1b}[2Jx\u{202e}y\nWhy: same|`@acme/all <!-- <b>";

fn package(name: &str, version: &str) -> Value {
    json!({"SPDXID": format!("SPDXRef-{version}"), "name": name, "versionInfo": version, "licenseDeclared": version})
}

/// An image whose SBOM, configuration and files say `text`.
fn image(content: &str, text: &str) -> ImageSpec {
    let packages: Vec<Value> =
        if text.is_empty() { vec![package("plain", "1")] } else { vec![package("plain", text), package(text, text)] };
    let sbom = json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom", "packages": packages});
    let files = Files::new().text("srv/app", content);
    let files = if text.is_empty() { files } else { files.file(PATH, 0o4755, b"\x7fELF program") };
    let mut spec = of(&[app("0"), files.gzip()]).with_sbom(sbom);
    if !text.is_empty() {
        spec.user = Some(text.to_owned());
        spec.entrypoint = vec![text.to_owned()];
        spec.cmd = vec!["serve".to_owned(), text.to_owned()];
        spec.env = vec![format!("{text}=1"), format!("APP_VERSION={text}")];
        spec.ports = vec![text.to_owned()];
        spec.volumes = vec![text.to_owned()];
        spec = spec.label(text, text).label("org.opencontainers.image.source", text);
    }
    spec
}

/// No control character but line breaks, and none that is invisible or changes the direction of text.
#[track_caller]
fn is_plain(text: &str) {
    let bad = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e0fff}')
    };
    assert_eq!(text.chars().find(bad), None, "{text:?}");
}

/// What Markdown makes of it: nothing but this program's own markup.
#[track_caller]
fn is_own_markup(markdown: &str) {
    is_plain(markdown);
    assert!(!markdown.contains("<!-- wharfinger: {}"), "{markdown}");
    let extensions = Extensions::ENABLE_TABLES | Extensions::ENABLE_GFM | Extensions::ENABLE_STRIKETHROUGH;
    let mut links = 0;
    for event in Parser::new_ext(markdown, extensions) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                links += 1;
                assert!(!dest_url.contains("evil"), "{dest_url}");
            }
            Event::Start(Tag::Image { .. }) => panic!("an image in {markdown}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                let own = ["<details>", "</details>", "<summary>", "<!-- ", "<code>"];
                assert!(own.iter().any(|own| html.trim().is_empty() || html.starts_with(own)), "{html}");
                assert!(!html.contains("img") && !html.contains("evil"), "{html}");
            }
            Event::Text(text) => {
                for word in ["@acme", "evil.example", "#1"] {
                    assert!(!text.contains(word), "{word} outside of code: {text}\n{markdown}");
                }
            }
            _ => {}
        }
    }
    assert!(links < 20, "{links}");
    let is_forged = |line: &str| line.starts_with("Why it changed: same") || line.starts_with("> [!NOTE]");
    assert!(!markdown.lines().any(is_forged), "{markdown}");
}

fn texts(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|one| texts(one, all)),
        Value::Object(map) => map.iter().for_each(|(key, one)| {
            all.push(key.clone());
            texts(one, all);
        }),
        _ => {}
    }
}

#[test]
fn diff_shows_hostile_text_as_text_in_every_format() {
    let registry = TestRegistry::start();
    put(&registry, &image("1", "").build(), &image("2", TEXT).build());
    let shown = |format: &str| diff(&registry.url(), &["--format", format]).expect_status(0).stdout;
    let text = shown("human");
    is_plain(&text);
    assert_eq!(text.lines().filter(|line| line.trim_start().starts_with("Why it changed:")).count(), 1, "{text}");
    let suspicious = "hidden characters in file paths, licences, package names, the configuration";
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(folded.contains(&format!("Suspicious text: {suspicious}")), "{text}");
    let markdown = shown("markdown");
    is_own_markup(&markdown);
    assert!(markdown.contains("- Suspicious text: **hidden characters** in "), "{markdown}");
    let document: Value = serde_json::from_str(&shown("json")).unwrap();
    valid(&document);
    let mut all = Vec::new();
    texts(&document, &mut all);
    all.iter().for_each(|text| is_plain(&text.replace('\n', "\u{7}")));
    assert!(all.iter().any(|text| text.contains("gpj.exe")), "nothing of it was read: {document}");
    assert!(document["marks"].as_array().unwrap().contains(&json!("setuid")), "{document}");
}

#[test]
fn ordinary_text_is_not_suspected() {
    let registry = TestRegistry::start();
    let described = |content: &str, text: &str| image(content, "").label("io.k8s.description", text).build();
    put(&registry, &described("1", "One.\n\tTwo."), &described("2", "One.\nTwo. ❤\u{fe0f} é 语"));
    let text = diff(&registry.url(), &[]).expect_status(0).stdout;
    assert!(text.contains("label changed: io.k8s.description"), "{text}");
    assert!(!text.contains("Suspicious"), "{text}");
}

/// The body of the proposal and the summary of `check` show the same.
#[test]
fn bodies_and_the_summary_of_check_show_hostile_text_as_text() {
    let registry = TestRegistry::start();
    let digest = image("1", "").build().put(&registry, "acme/tool", "1.0.0");
    image("2", TEXT).build().put(&registry, "acme/tool", "1.1.0");
    let manifest = format!(
        "organization: acme\nregistry: ghcr.io\nimages:\n  - source: quay.io/acme/tool\n    repository: tool\n    cooldown: 0s\n    \
         approved:\n      - tag: 1.0.0\n        digest: {digest}\n"
    );
    let mirror = TestRegistry::start();
    let hosts = format!("quay.io={},ghcr.io={}", registry.url(), mirror.url());
    let files = vec![("approved-images.yml".to_owned(), manifest)];
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let propose = Run::new(super::diff::PROGRAM).args(["--format", "json", "propose"]);
    let propose = propose.env("WHARFINGER_HOSTS", &hosts);
    in_a_job(&github, propose).expect_status(0);
    let pull = github.pull(1);
    let visible = pull.body.lines().filter(|line| !line.starts_with("<!-- wharfinger")).collect::<Vec<_>>().join("\n");
    is_own_markup(&visible);
    assert!(visible.contains("**hidden characters in names**"), "{visible}");
    let (merge, main) = (github.merge_commit(1).unwrap(), github.branch("main").unwrap());
    let head = (pull.head.as_str(), pull.head_sha.as_str());
    let actions = Actions::pull_request(&github.repository(), 1, head, &main, &merge);
    let actions = actions.api(&github.server(), &github.api(), &github.graphql());
    let run = Run::new(super::diff::PROGRAM).actions(&actions).env("GITHUB_TOKEN", github.token());
    let checked = run.env("WHARFINGER_HOSTS", &hosts).args(["check"]).output();
    is_plain(&checked.stdout.replace('\n', " "));
    let summary = actions.summary();
    is_own_markup(&summary);
    assert!(summary.contains("gpj.exe") && summary.contains("**hidden characters**"), "{summary}");
}
