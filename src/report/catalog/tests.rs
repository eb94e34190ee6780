#![allow(clippy::unwrap_used, clippy::expect_used)]

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::files;
use crate::catalog::{Facts, catalog};
use crate::image::Digest;
use crate::manifest::{File, parse};

/// A catalogue in which every text by others tries to be something else.
fn hostile() -> crate::catalog::Catalog {
    let digest = Digest::sha256(b"1");
    let hostile = "<img src=x onerror=alert(1)> [a](javascript:b) |x| `c` @team #1 \u{202e}";
    let text = format!(
        "version: 1
organization: acme
images:
  - source: grafana/loki
    versions: '3'
    description: '{hostile}'
    approved:
      - {{ tag: 3.0.0, digest: '{digest}', mirrored: '{digest}', reason: '{hostile}', signed-by: '{hostile}' }}
    rejected:
      - {{ tag: 3.0.1, reason: '{hostile}' }}
    revoked:
      - {{ tag: 3.0.2, digest: '{digest}aa', reason: '{hostile}' }}
"
    );
    let text = text.replace(&format!("{digest}aa"), Digest::sha256(b"2").as_str());
    let manifest = parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap();
    catalog(&manifest, &Facts { unknown: vec![hostile.to_owned()], ..Facts::default() })
}

fn file(name: &str) -> String {
    files(&hostile()).unwrap().into_iter().find(|file| file.name == name).unwrap().text
}

#[test]
fn the_markdown_holds_tables_and_nothing_that_others_wrote() {
    let text = file("catalog.md");
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link: {text}"),
            Event::InlineHtml(html) | Event::Html(html) => assert_eq!(&*html, "<!-- -->", "{text}"),
            _ => {}
        }
    }
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let table: Vec<usize> = text.lines().filter(|line| line.starts_with('|')).map(columns).collect();
    assert_eq!(table, [6, 6, 6, 4, 4, 4, 5, 5, 5], "{text}");
    assert!(text.contains("`acme/loki:3.0.0`") && !text.contains("`acme/loki:3.0.2`"), "{text}");
}

#[test]
fn the_same_catalogue_gives_the_same_bytes_and_every_file_shows_whose_it_is() {
    let (one, other) = (files(&hostile()).unwrap(), files(&hostile()).unwrap());
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one.text, other.text);
        assert!((one.is_ours)(&one.text), "{}", one.name);
        assert!(!(one.is_ours)(&format!("notes\n{}", one.text)), "{}: a text that quotes it", one.name);
    }
}

#[test]
fn the_json_is_one_object_with_its_version() {
    let json: serde_json::Value = serde_json::from_str(&file("catalog.json")).unwrap();
    assert_eq!((json["version"].as_u64(), json["organization"].as_str()), (Some(1), Some("acme")));
    assert_eq!(json["images"][0]["approved"][0]["reference"], "acme/loki:3.0.0");
    assert!(!json.to_string().contains('\u{202e}'));
}
