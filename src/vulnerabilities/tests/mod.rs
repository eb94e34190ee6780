//! What documents of others say, and what two images' vulnerabilities have in common.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::severity::by_word;
use super::*;
use crate::image::Digest;

mod sources;
mod vex;

fn shown<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    let mut text = String::new();
    for Finding { vulnerability: v, purl, .. } in findings {
        let exploited = if v.known_exploited { " exploited" } else { "" };
        writeln!(text, "{} {} {}{exploited} {}", v.id, v.severity.as_str(), v.package, purl.as_deref().unwrap_or("-"))
            .unwrap();
    }
    text
}

fn changed(changes: &VulnerabilityChanges) -> String {
    let list = |list: &[Vulnerability]| {
        let one = |v: &Vulnerability| format!("{} {} {}", v.id, v.severity.as_str(), v.package);
        list.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let excepted: Vec<String> =
        changes.excepted.named.iter().map(|e| format!("{} {} ({})", e.id, e.package, e.reason)).collect();
    format!(
        "fixed: {}\nnew: {}\nsame: {}\nexcepted: {}",
        list(changes.fixed.named()),
        list(changes.new.named()),
        changes.same.total(),
        excepted.join(", ")
    )
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A match in a report of Grype.
fn grype(id: &str, severity: &str, package: &str, related: &[&str]) -> Value {
    let related: Vec<Value> = related.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "vulnerability": { "id": id, "severity": severity, "cvss": null },
        "relatedVulnerabilities": related,
        "artifact": { "name": package, "version": "1", "purl": format!("pkg:deb/debian/{package}@1") },
    })
}

/// An image with findings, written `CVE-1 high openssl` each; the version is part of the purl only.
fn side(image: &str, findings: &[&str]) -> Side {
    let finding = |text: &&str| {
        let mut words = text.split(' ');
        let (id, severity) = (words.next().unwrap(), by_word(words.next().unwrap()).unwrap_or_default());
        let package = words.next().unwrap();
        let version = words.next().unwrap_or("1");
        let purl = format!("pkg:deb/debian/{package}@{version}");
        Names::new(id, [], []).findings(severity, package, Some(&purl), false)
    };
    let digests = BTreeSet::from([Digest::sha256(image.as_bytes())]);
    let image = ImageIdentity { digests, repository: "ghcr.io/acme/tool".to_owned() };
    let mut all = Findings::default();
    all.add(findings.iter().flat_map(finding)).unwrap();
    Side { findings: all, image, vex: Statements::default() }
}

fn compared(from: &[&str], to: &[&str], vex: &Statements) -> String {
    changed(&compare(VulnerabilitySource::Reports, Some(&side("old", from)), &side("new", to), vex))
}

#[test]
fn a_vulnerability_is_told_by_its_identifier_and_package() {
    let from = ["CVE-1 high openssl", "CVE-2 low curl", "CVE-3 critical zlib", "CVE-1 unknown openssl 2"];
    let to = ["CVE-1 high openssl 2", "CVE-1 medium libssl3", "CVE-4 critical zlib", "CVE-5 medium zlib"];
    insta::assert_snapshot!(compared(&from, &to, &Statements::default()), @r#"
    fixed: CVE-3 critical zlib, CVE-2 low curl
    new: CVE-4 critical zlib, CVE-1 medium libssl3, CVE-5 medium zlib
    same: 1
    excepted:
    "#);
    let first = compare(VulnerabilitySource::Osv, None, &side("new", &to), &Statements::default());
    assert_eq!((first.new.count(), first.same.total(), first.fixed.count()), (4, 0, 0));
}

/// Names of others stay short and on one line.
#[test]
fn hostile_names_are_bounded() {
    let id = format!("CVE-2027-1\u{202e}\n{}", "x".repeat(10_000));
    let report =
        json!({ "matches": [{ "vulnerability": { "id": id }, "artifact": { "name": "<img>\r\n".repeat(1_000) } }] });
    let report = read_report(&bytes(&report)).unwrap();
    let found = &report.findings.iter().next().unwrap().vulnerability;
    assert!(found.id.chars().count() <= ID + 1 && found.package.chars().count() <= PACKAGE + 1, "{found:?}");
    assert!(!found.id.contains(char::is_control) && !found.package.contains(char::is_control));
}
