//! Texts of others that try to be more than text.

use proptest::prelude::*;
use pulldown_cmark::{Event, LinkType, Tag as Node};

use super::*;

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
