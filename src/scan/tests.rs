#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use super::{Judge, Verdict};
use crate::diag::Span;
use crate::image::Digest;
use crate::manifest::{self, File, Manifest};
use crate::references::{FoundReference, Site};
use crate::text::serde_name;

/// A manifest for `acme`. `{name}` stands for the digest of that name.
fn manifest(head: &str, images: &str) -> Manifest {
    let text = digests(&format!("organization: acme\n{head}images:\n{images}"));
    manifest::parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap()
}

fn digests(text: &str) -> String {
    let mut parts = text.split("sha:");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
        let _ = write!(out, "{}{}", Digest::sha256(name.as_bytes()), &part[name.len()..]);
    }
    out
}

fn reference(text: &str, known: bool) -> FoundReference {
    let image = digests(text).parse().unwrap();
    FoundReference { at: Span::default(), image, site: Site::Composed, known }
}

/// Each reference with its verdict and replacement, digests by their names.
fn table(manifest: &Manifest, references: &str) -> String {
    let judge = Judge::new(manifest);
    let mut out = String::new();
    for text in references.split_whitespace() {
        let judged = judge.judge(&reference(text, true));
        let replacement = judged.replacement.map_or_else(|| "-".to_owned(), |to| names(&to.to_string()));
        if replacement != "-" {
            let second = judge.judge(&reference(&replacement, true));
            assert_eq!(second.verdict, Verdict::Approved, "{text} -> {replacement}");
        }
        let _ = writeln!(out, "{:<44} {:<13} {replacement}", text, serde_name(&judged.verdict));
    }
    out
}

const NAMES: [&str; 14] =
    ["l300", "l310", "l311", "l309", "m300", "r72", "r70", "r72a", "m72a", "tool", "old", "gone", "x20", "other"];

fn names(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, name| {
        text.replace(&Digest::sha256(name.as_bytes()).to_string(), &format!("sha:{name}"))
    })
}

const IMAGES: &str = r#"
  - source: grafana/loki
    follow: each-minor
    platforms: [linux/amd64]
    approved:
      - { tag: 3.0.0, digest: "sha:l300", mirrored: "sha:m300" }
      - { tag: 3.1.0, digest: "sha:l310", mirrored: "sha:l310" }
      - { tag: 3.1.1, digest: "sha:l311" }
    revoked:
      - { tag: 3.0.9, digest: "sha:l309", reason: CVE-2027-1 }
  - source: redis
    approved:
      - { tag: "7.0", digest: "sha:r70", mirrored: "sha:r70" }
      - { tag: "7.2", digest: "sha:r72", mirrored: "sha:r72" }
  - source: redis
    variant: alpine
    approved: [{ tag: 7.2-alpine, digest: "sha:r72a", mirrored: "sha:m72a" }]
    platforms: [linux/amd64]
  - source: ghcr.io/up/tool
    tags: [stable]
    approved: [{ tag: stable, digest: "sha:tool", mirrored: "sha:tool" }]
  - source: quay.io/up/gone
    repository: gone
    revoked: [{ tag: "1.0", digest: "sha:gone", reason: malware }]
  - source: oci:layouts/local
    repository: local
    approved: [{ tag: "2.0", digest: "sha:x20", mirrored: "sha:x20" }]
  - source: quay.io/up/none
    repository: none
  - source: quay.io/up/pending
    repository: pending
    approved: [{ tag: "1.0", digest: "sha:other" }]
"#;

const POLICY: &str = "policy:\n  image-access: { enabled: true, official: allowed, verified-publisher: restricted, community: restricted, allowlist: [prom/prometheus] }\n";

#[test]
fn every_verdict_with_its_replacement() {
    let references = "
        acme/loki:3.0.0 acme/loki:3.1.1 acme/loki:3.1.0@sha:l310 acme/loki@sha:m300 acme/loki@sha:l300 acme/loki:9@sha:m300
        docker.io/acme/loki:3.0.0 index.docker.io/acme/loki:3.0.0 registry-1.docker.io/acme/loki:3.0.0
        registry.hub.docker.com/grafana/loki:3.0.0
        acme/loki acme/loki:3.0.5 acme/loki:3.1.0@sha:old acme/loki:3.1.1@sha:old acme/loki:3.0.9 acme/loki@sha:l309
        acme/loki:3.0.9@sha:old acme/loki:3.0.0@sha:l309
        grafana/loki:3.0.0 grafana/loki:3.1.1 grafana/loki@sha:l300 grafana/loki:3.0.0@sha:l310 grafana/loki:3.0.0@sha:old
        grafana/loki grafana/loki:latest grafana/loki:3.0.7 grafana/loki:3.2.0 grafana/loki:2.0.0 grafana/loki:main
        grafana/loki:3.0.9 grafana/loki@sha:old
        quay.io/copy/of-loki:x@sha:l310 quay.io/copy/of-loki@sha:l309 acme/own@sha:l310
        redis:7.2 library/redis:7.0 docker.io/redis:7.2-alpine docker.io/library/redis:6 redis:6-alpine redis:alpine redis
        redis:7.0-bookworm acme/redis:7.2-alpine acme/redis:6-alpine acme/redis@sha:m72a acme/redis:7.2@sha:r72a
        ghcr.io/up/tool:stable ghcr.io/up/tool:edge ghcr.io/up/tool ghcr.io/up/tool@sha:tool acme/tool:stable acme/tool:1.0
        quay.io/up/gone:1.0 acme/gone:1.0 acme/gone:2.0 quay.io/up/gone:2.0 quay.io/up/gone@sha:gone
        acme/local:2.0 acme/local:1.0 acme/none:1.0 quay.io/up/none:1.0
        quay.io/up/pending:1.0 acme/pending:1.0 acme/pending:2.0
        python:3 acme/own:1 prom/prometheus:v3 bitnami/redis:7 ghcr.io/acme/loki:3.0.0 quay.io/prometheus/node:1 localhost:5000/a";
    insta::assert_snapshot!(table(&manifest(POLICY, IMAGES), references));
}

#[test]
fn a_mirror_on_another_registry_has_its_host() {
    let references = "grafana/loki:3.0.0 ghcr.io/acme/loki:3.0.0 acme/loki:3.0.0 ghcr.io/acme/own:1 ghcr.io/other/own:1 acme/own:1 redis:8";
    insta::assert_snapshot!(table(&manifest("registry: ghcr.io\n", IMAGES), references), @r"
    grafana/loki:3.0.0                           not-mirrored  ghcr.io/acme/loki:3.0.0@sha:m300
    ghcr.io/acme/loki:3.0.0                      approved      -
    acme/loki:3.0.0                              not-approved  -
    ghcr.io/acme/own:1                           allowed       -
    ghcr.io/other/own:1                          not-approved  -
    acme/own:1                                   not-approved  -
    redis:8                                      other-version ghcr.io/acme/redis:7.2@sha:r72
    ");
    let images =
        IMAGES.replace("  - source: oci:layouts/local\n    repository: local\n", "  - source: quay.io/x/local\n");
    insta::assert_snapshot!(table(&manifest("registry: oci:mirrors\n", &images), "grafana/loki:3.0.0 acme/loki:3.0.0"), @r"
    grafana/loki:3.0.0                           not-mirrored  -
    acme/loki:3.0.0                              not-approved  -
    ");
}

#[test]
fn a_category_is_judged_where_the_policy_answers() {
    let verdict = |access: &str, text: &str| {
        let manifest = manifest(&format!("policy: {{ {access} }}\n"), IMAGES);
        serde_name(&Judge::new(&manifest).judge(&reference(text, true)).verdict)
    };
    let access = |keys: &str| format!("image-access: {{ {keys} }}");
    let on = |keys: &str| access(&format!("enabled: true, {keys}"));
    for (policy, text, expected) in [
        (on("official: allowed"), "python:3", "allowed"),
        (on("official: restricted"), "python:3", "not-approved"),
        (on("community: restricted"), "python:3", "unknown"),
        (access("enabled: false"), "python:3", "allowed"),
        (access("enabled: false"), "bitnami/redis", "allowed"),
        (access("enabled: false"), "quay.io/a/b", "not-approved"),
        (on("verified-publisher: allowed, community: restricted"), "bitnami/redis", "unknown"),
        (on("verified-publisher: allowed, community: allowed"), "bitnami/redis", "allowed"),
        (on("verified-publisher: restricted, community: restricted"), "bitnami/redis", "not-approved"),
        (
            on("verified-publisher: allowed, community: restricted, allowlist: [bitnami/redis]"),
            "bitnami/redis",
            "allowed",
        ),
        (on("verified-publisher: allowed, community: restricted, allowlist: [redis]"), "redis:6", "other-version"),
        (on("official: allowed"), "redis:7.2", "not-mirrored"),
        ("approvals: 1".to_owned(), "python:3", "not-approved"),
        ("approvals: 1".to_owned(), "acme/own", "allowed"),
        (
            "registry-access: { enabled: true, registries: [{ address: quay.io, name: Quay }] }".to_owned(),
            "quay.io/a/b",
            "not-approved",
        ),
        (
            format!("{}, registry-access: {{ enabled: true, docker-hub: restricted }}", on("official: allowed")),
            "python:3",
            "not-approved",
        ),
    ] {
        assert_eq!(verdict(&policy, text), expected, "{policy}: {text}");
    }
}

#[test]
fn what_is_not_known_to_be_an_image_is_not_judged() {
    let manifest = manifest(POLICY, IMAGES);
    for text in ["grafana/loki:3.0.0", "acme/loki:3.0.0", "grafana/loki:3.0.9"] {
        let judged = Judge::new(&manifest).judge(&reference(text, false));
        assert_eq!((judged.verdict, judged.replacement), (Verdict::Unknown, None), "{text}");
    }
}

#[test]
fn a_tag_with_new_bytes_is_approved_though_its_old_bytes_are_revoked() {
    let images = r#"
  - source: grafana/loki
    approved: [{ tag: 3.0.0, digest: "sha:l300", mirrored: "sha:l300" }]
    revoked: [{ tag: 3.0.0, digest: "sha:old", reason: CVE-2027-1 }]
  - source: grafana/tempo
    approved: [{ tag: 2.0.0, digest: "sha:l310", mirrored: "sha:old" }]
"#;
    let references = "acme/loki:3.0.0 acme/loki:3.0.0@sha:old grafana/loki:3.0.0 grafana/loki:3.0.0@sha:old grafana/tempo:2.0.0 acme/tempo:2.0.0@sha:old";
    insta::assert_snapshot!(table(&manifest("", images), references), @r"
    acme/loki:3.0.0                              approved      -
    acme/loki:3.0.0@sha:old                      revoked       acme/loki:3.0.0@sha:l300
    grafana/loki:3.0.0                           not-mirrored  acme/loki:3.0.0@sha:l300
    grafana/loki:3.0.0@sha:old                   revoked       acme/loki:3.0.0@sha:l300
    grafana/tempo:2.0.0                          not-mirrored  -
    acme/tempo:2.0.0@sha:old                     revoked       acme/loki:3.0.0@sha:l300
    ");
}
