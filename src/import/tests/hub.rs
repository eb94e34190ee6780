//! What an organization has today, as approvals.

use super::describe;
use crate::image::{Digest, Tag};
use crate::import::{Held, hub};
use crate::manifest::{File, parse};

fn held(name: &str, public: bool, tags: &[&str]) -> Held {
    let digest = |tag: &str| Digest::sha256(tag.as_bytes());
    let tags = tags.iter().map(|tag| match tag.strip_prefix('?') {
        Some(tag) => (tag.parse::<Tag>().unwrap(), None),
        None => (tag.parse::<Tag>().unwrap(), Some(digest(tag))),
    });
    Held { name: name.parse().unwrap(), public, tags: tags.collect() }
}

#[test]
fn a_running_organization() {
    let signature = format!("sha256-{}.sig", "a".repeat(64));
    let organization = [
        held("loki", false, &["3.1.0", "3.0.0", "3.0.0-amd64", "latest", "3", "3.1", &signature]),
        held("redis", true, &["7.2.5-alpine", "7.2.5", "7.2.4-alpine", "?6.0.0"]),
        held("billing", false, &["2026.11.1"]),
        held("empty", false, &[]),
    ];
    let sources =
        "# ours\nloki grafana/loki\nredis redis   # the cache\nempty busybox\nvault hashicorp/vault\nloki\nBad x\n";
    let imported = hub("acme", &organization, sources).unwrap();
    let shown = describe(&imported);
    insta::assert_snapshot!("hub", shown);
    for other in [sources.replace('\n', "\r\n"), format!("\u{feff}{sources}")] {
        assert_eq!(describe(&hub("acme", &organization, &other).unwrap()), shown);
    }
    let file = File { path: "approved-images.yml".to_owned(), text: imported.manifest };
    let manifest = parse(vec![file]).unwrap();
    for (image, approval) in manifest.approvals() {
        assert!(image.adopt);
        assert_eq!(approval.mirrored.as_ref(), Some(&approval.digest));
        assert_eq!(approval.digest, Digest::sha256(approval.tag.as_str().as_bytes()), "no digest is invented");
    }
}

#[test]
fn without_sources_everything_is_left() {
    let imported = hub("acme", &[held("loki", false, &["3.1.0"])], "").unwrap();
    assert_eq!((imported.images, imported.left.len()), (0, 1));
    assert!(hub("Not An Organization", &[], "").is_err());
}
