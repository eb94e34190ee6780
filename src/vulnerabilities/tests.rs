//! What documents of others say, and what two images' vulnerabilities have in common.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::severity::{by_score, by_vector, by_word};
use super::*;
use crate::image::Digest;
use crate::packages::Package;

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
        changes.excepted.iter().map(|e| format!("{} {} ({})", e.id, e.package, e.reason)).collect();
    format!(
        "fixed: {}\nnew: {}\nsame: {}\nexcepted: {}",
        list(&changes.fixed),
        list(&changes.new),
        changes.same.len(),
        excepted.join(", ")
    )
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[test]
fn severities_come_from_vectors_scores_and_words() {
    for (vector, severity) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Severity::Critical)),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", Some(Severity::High)),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", Some(Severity::Critical)),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(Severity::High)),
        ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", Some(Severity::Low)),
        ("CVSS:9.0/AV:N", None),
        ("", None),
        ("CVSS:3.1/AV:N/AV:N/AV:N", None),
    ] {
        assert_eq!(by_vector(vector), severity, "{vector}");
    }
    assert_eq!(by_vector(&format!("CVSS:3.1/{}", "AV:N/".repeat(1_000))), None);
    assert_eq!([9.0, 8.9, 7.0, 4.0, 0.1, 0.0].map(by_score).map(Option::unwrap), {
        use Severity::{Critical, High, Low, Medium};
        [Critical, High, High, Medium, Low, Low]
    });
    assert_eq!([-1.0, 10.1, f64::NAN, f64::INFINITY].map(by_score), [None; 4]);
    for (word, severity) in [
        ("CRITICAL", Some(Severity::Critical)),
        ("high**", Some(Severity::High)),
        ("Moderate", Some(Severity::Medium)),
        ("Negligible", Some(Severity::Low)),
        ("not yet assigned", None),
        ("", None),
    ] {
        assert_eq!(by_word(word), severity, "{word}");
    }
}

/// A record of OSV with one more key.
fn record(id: &str, more: &Value) -> Record {
    let mut record = json!({ "id": id, "modified": "2026-11-01T00:00:00Z" });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    read_record(&bytes(&record)).unwrap()
}

#[test]
fn records_of_osv_name_cves_and_withdrawn_ones_are_none() {
    let vector = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }]);
    let low = json!([
        { "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
        { "type": "CVSS_V4", "score": "CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N" },
    ]);
    let mut text = String::new();
    for (id, more) in [
        ("CVE-2027-1", json!({ "severity": vector, "aliases": ["GHSA-aaaa-bbbb-cccc"] })),
        (
            "GHSA-aaaa-bbbb-cccc",
            json!({ "aliases": ["CVE-2027-2", "CVE-2027-1"], "database_specific": { "severity": "MODERATE" } }),
        ),
        (
            "DEBIAN-CVE-2027-3",
            json!({ "upstream": ["CVE-2027-3"], "affected": [{ "ecosystem_specific": { "urgency": "high**" } }] }),
        ),
        ("DSA-1-1", json!({ "upstream": ["CVE-2027-4", "CVE-2027-5"], "affected": [{ "severity": vector }] })),
        (
            "RUSTSEC-2027-1",
            json!({ "aliases": null, "severity": null, "affected": [{ "database_specific": { "severity": 7 } }] }),
        ),
        ("CVE-2027-6", json!({ "severity": low })),
        (
            "UBUNTU-CVE-2027-7",
            json!({ "upstream": ["CVE-2027-7"], "severity": [{ "type": "Ubuntu", "score": "negligible" }] }),
        ),
        ("CVE-2027-8", json!({ "severity": vector, "withdrawn": "2027-01-01T00:00:00Z" })),
    ] {
        writeln!(text, "{id}").unwrap();
        text.push_str(&shown(&record(id, &more).findings("openssl", "pkg:deb/debian/openssl@3")));
    }
    insta::assert_snapshot!(text, @r#"
    CVE-2027-1
    CVE-2027-1 critical openssl pkg:deb/debian/openssl@3
    GHSA-aaaa-bbbb-cccc
    CVE-2027-1 medium openssl pkg:deb/debian/openssl@3
    DEBIAN-CVE-2027-3
    CVE-2027-3 high openssl pkg:deb/debian/openssl@3
    DSA-1-1
    CVE-2027-4 critical openssl pkg:deb/debian/openssl@3
    CVE-2027-5 critical openssl pkg:deb/debian/openssl@3
    RUSTSEC-2027-1
    RUSTSEC-2027-1 unknown openssl pkg:deb/debian/openssl@3
    CVE-2027-6
    CVE-2027-6 low openssl pkg:deb/debian/openssl@3
    UBUNTU-CVE-2027-7
    CVE-2027-7 low openssl pkg:deb/debian/openssl@3
    CVE-2027-8
    "#);
    assert_eq!(shown(&Record::unknown("X-1").findings("a", "pkg:npm/a@1")), "X-1 unknown a pkg:npm/a@1\n");
    for broken in ["", "[]", "{}", "{\"id\": 1}", "{\"id\": \"\"}"] {
        assert!(read_record(broken.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn answers_of_osv_are_as_many_as_the_queries() {
    let document = br#"{"results":[{"vulns":[{"id":"A","modified":"x"},{"id":"B"}],"next_page_token":"t"},{},null]}"#;
    let answers = read_answers(document, 3).unwrap();
    assert_eq!(answers[0].ids().collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!([answers[0].next(), answers[1].next(), answers[2].next()], [Some("t"), None, None]);
    assert_eq!(read_answers(document, 2).unwrap_err(), "OSV answered 3 of 2 queries");
    assert!(read_answers(b"<html>", 1).unwrap_err().starts_with("not an answer of OSV"));
}

#[test]
fn osv_is_asked_by_source_packages_and_only_what_it_knows() {
    for (purl, asked) in [
        ("pkg:npm/%40hapi/hoek@9.0.1", Some("pkg:npm/%40hapi/hoek@9.0.1")),
        ("pkg:golang/github.com/acme/tool@v1.2.3?type=module", Some("pkg:golang/github.com/acme/tool@v1.2.3")),
        (
            "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl",
            Some("pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"),
        ),
        ("pkg:deb/debian/libc6@2.36?arch=amd64&upstream=glibc%402.36-9", Some("pkg:deb/debian/glibc@2.36-9")),
        ("pkg:apk/alpine/musl@1.2.5-r0", Some("pkg:apk/alpine/musl@1.2.5-r0")),
        ("pkg:apk/postmarketos/musl@1.2.5-r0", None),
        ("pkg:generic/tool@1", None),
        ("pkg:npm/left-pad", None),
        ("pkg:npm/left-pad@", None),
        ("nonsense", None),
    ] {
        let package = Package { name: "x", version: "1", purl: Some(purl), licences: "" };
        assert_eq!(query(package).as_deref(), asked, "{purl}");
    }
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

#[test]
fn reports_of_three_scanners_are_read() {
    let mut exploited = grype("CVE-2027-1", "Critical", "openssl", &[]);
    exploited["vulnerability"]["knownExploited"] = json!([{ "cve": "CVE-2027-1" }]);
    let scored = json!({
        "vulnerability": { "id": "CVE-2027-3", "severity": "Unknown", "cvss": [
            { "version": "3.1", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" } ] },
        "artifact": { "name": "curl" },
    });
    let related = grype("GHSA-aaaa-bbbb-cccc", "Medium", "left-pad", &["CVE-2027-2"]);
    let of_grype = json!({ "matches": [exploited, related, scored], "source": { "type": "image" } });
    let of_trivy = json!({ "SchemaVersion": 2, "Results": [
        { "Target": "os", "Vulnerabilities": null },
        { "Target": "os", "Vulnerabilities": [
            { "VulnerabilityID": "CVE-2027-1", "PkgName": "libssl3", "Severity": "HIGH",
              "PkgIdentifier": { "PURL": "pkg:deb/debian/libssl3@1" } },
            { "VulnerabilityID": "DLA-1-1", "VendorIDs": null, "PkgName": "tzdata", "Severity": "UNKNOWN" } ] },
    ] });
    let of_scout = json!({ "runs": [{ "tool": { "driver": { "name": "Docker Scout", "rules": [
        { "id": "CVE-2027-1", "properties": { "security-severity": "9.8", "purls": ["pkg:deb/debian/openssl@1"] } } ] } },
        "results": [{ "ruleId": "CVE-2027-1", "message": { "text": "  Vulnerability   : CVE-2027-1  \n  Severity        : CRITICAL  \n  Package         : pkg:deb/debian/openssl@1?os_distro=bookworm  " } }] }] });
    let sarif = |driver: &str, rule: Value, result: Value| json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": driver, "rules": [rule] } }, "results": [result] }] });
    let trivy_sarif = sarif(
        "Trivy",
        json!({ "id": "CVE-2027-1", "properties": { "security-severity": "5.5", "tags": ["vulnerability", "security", "MEDIUM"] } }),
        json!({ "ruleId": "CVE-2027-1", "message": { "text": "Package: musl\nInstalled Version: 1\nVulnerability CVE-2027-1\nSeverity: MEDIUM" } }),
    );
    let grype_sarif = sarif(
        "Grype",
        json!({ "id": "CVE-2027-1-libssl3", "help": { "text": "Vulnerability CVE-2027-1\nSeverity: critical\nPackage: libssl3\nVersion: 1" },
                "properties": { "security-severity": "9.8", "purls": ["pkg:apk/alpine/libssl3@1"] } }),
        json!({ "ruleId": "CVE-2027-1-libssl3", "message": { "text": "A critical vulnerability in apk package: libssl3" } }),
    );
    let secret = sarif(
        "Trivy",
        json!({ "id": "aws-access-key-id", "properties": { "tags": ["secret", "CRITICAL"] } }),
        json!({ "ruleId": "aws-access-key-id", "message": { "text": "Artifact: /key" } }),
    );
    let nothing = json!({ "SchemaVersion": 2, "ArtifactName": "x" });
    let mut text = String::new();
    for document in [of_grype, of_trivy, of_scout, trivy_sarif, grype_sarif, secret, nothing] {
        let report = read_report(&bytes(&document)).unwrap();
        write!(text, "{}\n{}", report.scanner, shown(report.findings.iter())).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    grype
    CVE-2027-1 critical openssl exploited pkg:deb/debian/openssl@1
    CVE-2027-2 medium left-pad pkg:deb/debian/left-pad@1
    CVE-2027-3 high curl -
    trivy
    CVE-2027-1 high libssl3 pkg:deb/debian/libssl3@1
    DLA-1-1 unknown tzdata -
    docker scout
    CVE-2027-1 critical openssl pkg:deb/debian/openssl@1?os_distro=bookworm
    trivy
    CVE-2027-1 medium musl -
    grype
    CVE-2027-1 critical libssl3 pkg:apk/alpine/libssl3@1
    trivy
    trivy
    "#);
}

#[test]
fn what_is_no_report_says_so() {
    let deep = format!("{{\"matches\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (document, why) in [
        ("", "not a report in JSON: "),
        ("{}", "not a report of Grype or Trivy, and not SARIF"),
        ("{\"matches\":[{}]}", "not a report of Grype: missing field `vulnerability`"),
        ("{\"matches\":7}", "not a report of Grype: invalid type"),
        ("{\"SchemaVersion\":2,\"Results\":[{\"Vulnerabilities\":[{}]}]}", "not a report of Trivy: missing field"),
        ("{\"runs\":[]}", "it has 0 runs, not one"),
        (deep.as_str(), "not a report of Grype: invalid type"),
    ] {
        let found = read_report(document.as_bytes()).unwrap_err();
        assert!(found.starts_with(why), "{found}");
    }
    let many = vec![grype("CVE-2027-1", "High", "a", &[]); MOST + 1];
    let found = read_report(&bytes(&json!({ "matches": many }))).unwrap_err();
    assert_eq!(found, "there are more than 50000 findings, which are the most");
    // Of all targets together.
    let found = vec![json!({ "VulnerabilityID": "CVE-2027-1", "PkgName": "a" }); MOST / 2];
    let target = |more: usize| {
        let all = [found.clone(), vec![found[0].clone(); more]].concat();
        json!({ "Vulnerabilities": all })
    };
    let trivy = |more| read_report(&bytes(&json!({ "SchemaVersion": 2, "Results": [target(0), target(more)] })));
    assert_eq!(trivy(0).unwrap().findings.iter().count(), MOST);
    assert_eq!(trivy(1).unwrap_err(), "there are more than 50000 findings, which are the most");
    let long = vec![grype("CVE-2027-1", "High", &"x".repeat(300), &[]); MOST / 2];
    let found = read_report(&bytes(&json!({ "matches": long }))).unwrap_err();
    assert_eq!(found, "the findings take more than 8 MiB, which are the most");
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
    Side { findings: all, image, vex: Vec::new() }
}

fn compared(from: &[&str], to: &[&str], vex: &[Statement]) -> String {
    changed(&compare(VulnerabilitySource::Reports, Some(&side("old", from)), &side("new", to), vex))
}

#[test]
fn a_vulnerability_is_told_by_its_identifier_and_package() {
    let from = ["CVE-1 high openssl", "CVE-2 low curl", "CVE-3 critical zlib", "CVE-1 unknown openssl 2"];
    let to = ["CVE-1 high openssl 2", "CVE-1 medium libssl3", "CVE-4 critical zlib", "CVE-5 medium zlib"];
    insta::assert_snapshot!(compared(&from, &to, &[]), @r#"
    fixed: CVE-3 critical zlib, CVE-2 low curl
    new: CVE-4 critical zlib, CVE-1 medium libssl3, CVE-5 medium zlib
    same: 1
    excepted:
    "#);
    let first = compare(VulnerabilitySource::Osv, None, &side("new", &to), &[]);
    assert_eq!((first.new.len(), first.same.len(), first.fixed.len()), (4, 0, 0));
}

/// An OpenVEX document with one statement.
fn openvex(status: &str, products: &Value) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "timestamp": "2026-11-01T00:00:00Z",
        "statements": [{
            "vulnerability": { "name": "CVE-1", "aliases": ["GHSA-aaaa-bbbb-cccc"] },
            "products": products,
            "status": status,
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "It is never called.",
        }],
    })
}

fn statements(document: &Value) -> Vec<Statement> {
    read_vex(&bytes(document)).unwrap()
}

/// Whether a document takes CVE-1 of openssl 2 out of the new image.
fn excepts(document: &Value) -> bool {
    let changes = compare(
        VulnerabilitySource::Reports,
        Some(&side("old", &[])),
        &side("new", &["CVE-1 high openssl 2"]),
        &statements(document),
    );
    assert_eq!(changes.new.is_empty(), !changes.excepted.is_empty());
    changes.new.is_empty()
}

#[test]
fn vex_takes_out_what_it_names_and_nothing_else() {
    let digest = Digest::sha256(b"new");
    let oci = |digest: &Digest| {
        format!("pkg:oci/tool@{digest}?repository_url=ghcr.io/acme/tool").replace("sha256:", "sha256%3A")
    };
    for (product, is_out) in [
        (json!([{ "@id": oci(&digest) }]), true),
        (json!([{ "@id": oci(&Digest::sha256(b"old")) }]), false),
        (json!([{ "@id": "pkg:oci/tool?repository_url=ghcr.io/acme/tool" }]), true),
        (json!([{ "@id": "pkg:oci/tool?repository_url=ghcr.io/acme" }]), true),
        (json!([{ "@id": "pkg:oci/tool" }]), false),
        (json!([{ "@id": "pkg:docker/acme/tool" }]), false),
        (json!([{ "@id": "https://acme.example/tool", "hashes": { "sha-256": digest.hex() } }]), true),
        (json!([{ "@id": "https://acme.example/tool" }]), false),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl" }] }]), true),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl@2" }] }]), true),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/openssl@1" }] }]), false),
        (json!([{ "@id": oci(&digest), "subcomponents": [{ "@id": "pkg:deb/debian/curl" }] }]), false),
        (json!([{ "@id": "pkg:deb/debian/openssl@2" }]), true),
        (json!([{ "@id": "pkg:deb/debian/openssl@1" }, { "@id": "pkg:deb/ubuntu/openssl@2" }]), false),
        (json!(["pkg:deb/debian/openssl@2"]), true),
        (json!([{ "@id": "x", "identifiers": { "purl": "pkg:deb/debian/openssl@2" } }]), true),
        (json!([]), true),
    ] {
        for (status, counts) in
            [("not_affected", true), ("fixed", true), ("affected", false), ("under_investigation", false)]
        {
            assert_eq!(excepts(&openvex(status, &product)), is_out && counts, "{status} {product}");
        }
    }
}

#[test]
fn the_latest_statement_counts() {
    let mut document = openvex("not_affected", &json!([]));
    let first = document["statements"][0].clone();
    let mut later = first.clone();
    later["status"] = json!("affected");
    for (timestamp, is_out) in
        [("2026-10-01T00:00:00Z", true), ("2026-11-01T00:00:00Z", false), ("2026-12-01T00:00:00Z", false)]
    {
        later["timestamp"] = json!(timestamp);
        document["statements"] = json!([first, later]);
        assert_eq!(excepts(&document), is_out, "{timestamp}");
        document["statements"] = json!([later, first]);
        assert_eq!(excepts(&document), is_out, "{timestamp}, in the other order");
    }
}

/// Neither a document about the new image nor one about the former makes something fixed.
#[test]
fn what_vex_takes_out_is_not_fixed() {
    let about = |image: &str| {
        let id = format!("pkg:oci/tool@{}", Digest::sha256(image.as_bytes())).replace("sha256:", "sha256%3A");
        statements(&openvex("fixed", &json!([{ "@id": id }])))
    };
    let (both, gone) = (["CVE-1 high openssl"], [] as [&str; 0]);
    let mut text = String::new();
    for (name, from, to, vex) in [
        ("the new image's", &both[..], &both[..], about("new")),
        ("the former image's", &both, &both, about("old")),
        ("the former image's, and it is gone", &both, &gone, about("old")),
        ("another image's, and it is gone", &both, &gone, about("other")),
    ] {
        writeln!(text, "## {name}\n{}", compared(from, to, &vex)).unwrap();
    }
    insta::assert_snapshot!(text, @r#"
    ## the new image's
    fixed: 
    new: 
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## the former image's
    fixed: 
    new: CVE-1 high openssl
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## the former image's, and it is gone
    fixed: 
    new: 
    same: 0
    excepted: CVE-1 openssl (fixed: vulnerable_code_not_in_execute_path: It is never called.)
    ## another image's, and it is gone
    fixed: CVE-1 high openssl
    new: 
    same: 0
    excepted:
    "#);
}

#[test]
fn cyclonedx_and_csaf_are_read() {
    let cyclonedx = |reference: &str, state: &str| {
        json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6",
            "metadata": { "timestamp": "2026-11-01T00:00:00Z" },
            "components": [{ "bom-ref": "c1", "purl": "pkg:deb/debian/openssl@2" }, { "bom-ref": "c2", "purl": "pkg:deb/debian/curl@1" }],
            "vulnerabilities": [{ "id": "CVE-1", "analysis": { "state": state, "justification": "code_not_reachable", "detail": "See above." },
                "affects": [{ "ref": reference }] }],
        })
    };
    for (reference, state, is_out) in [
        ("c1", "not_affected", true),
        ("c1", "resolved", true),
        ("c1", "exploitable", false),
        ("c1", "in_triage", false),
        ("c2", "not_affected", false),
        ("c3", "not_affected", false),
        ("urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#pkg:deb%2Fdebian%2Fopenssl%402", "not_affected", true),
        ("pkg:deb/debian/openssl@2", "false_positive", true),
    ] {
        assert_eq!(excepts(&cyclonedx(reference, state)), is_out, "{reference} {state}");
    }
    let csaf = |status: &str, product: &str| {
        json!({
            "document": { "category": "csaf_vex", "tracking": { "current_release_date": "2026-11-01T00:00:00Z" } },
            "product_tree": {
                "branches": [{ "category": "vendor", "branches": [
                    { "category": "product_version", "product": { "product_id": "P", "product_identification_helper": { "purl": "pkg:deb/debian/openssl@2" } } },
                    { "category": "product_version", "product": { "product_id": "I", "product_identification_helper": {
                        "hashes": [{ "filename": "x", "file_hashes": [{ "algorithm": "sha256", "value": Digest::sha256(b"new").hex() }] }] } } },
                    { "category": "product_version", "product": { "product_id": "O", "product_identification_helper": { "purl": "pkg:deb/debian/curl" } } } ] }],
                "relationships": [
                    { "category": "default_component_of", "product_reference": "P", "relates_to_product_reference": "I", "full_product_name": { "product_id": "I:P", "name": "x" } },
                    { "category": "default_component_of", "product_reference": "O", "relates_to_product_reference": "I", "full_product_name": { "product_id": "I:O", "name": "x" } } ],
            },
            "vulnerabilities": [{ "cve": "CVE-1", "product_status": { status: [product] },
                "flags": [{ "label": "component_not_present", "product_ids": [product] }] }],
        })
    };
    for (status, product, is_out) in [
        ("known_not_affected", "P", true),
        ("known_not_affected", "I", true),
        ("known_not_affected", "I:P", true),
        ("known_not_affected", "I:O", false),
        ("known_not_affected", "O", false),
        ("known_not_affected", "not in the tree", false),
        ("fixed", "P", true),
        ("known_affected", "P", false),
        ("under_investigation", "P", false),
    ] {
        assert_eq!(excepts(&csaf(status, product)), is_out, "{status} {product}");
    }
    let reason = |document: &Value| {
        let changes =
            compare(VulnerabilitySource::Osv, None, &side("new", &["CVE-1 high openssl 2"]), &statements(document));
        changes.excepted[0].reason.clone()
    };
    assert_eq!(reason(&cyclonedx("c1", "not_affected")), "not_affected: code_not_reachable: See above.");
    assert_eq!(reason(&csaf("known_not_affected", "P")), "not_affected: component_not_present");
    assert_eq!(
        reason(&openvex("not_affected", &json!([]))),
        "not_affected: vulnerable_code_not_in_execute_path: It is never called."
    );
    for broken in ["", "{}", "{\"bomFormat\":\"SPDX\"}", "{\"document\":[],\"vulnerabilities\":7}"] {
        assert!(read_vex(broken.as_bytes()).is_err(), "{broken}");
    }
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

/// What is attested about one platform does not count for another, and the organization's word goes first.
#[test]
fn attested_vex_counts_for_its_platform_after_the_organizations_own() {
    let [first, second] = ["1", "2"].map(|text| Digest::sha256(text.as_bytes()));
    let says = |status: &str, at: &str| {
        let statement = json!({ "vulnerability": { "name": "CVE-1" }, "status": status });
        let document =
            json!({ "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": at, "statements": [statement] });
        read_vex(&bytes(&document)).unwrap()
    };
    let not_affected = || says("not_affected", "2026-11-02T00:00:00Z");
    let only = |manifest: &Digest| not_affected().into_iter().map(|one| one.only_for(manifest)).collect::<Vec<_>>();
    let told = |own: &[Statement], attested: Vec<Statement>, manifests: &[&Digest]| {
        let mut new = side("new", &["CVE-1 high openssl 2"]);
        let manifests = std::sync::Arc::new(manifests.iter().map(|manifest| (*manifest).clone()).collect());
        new.findings.are_of(&manifests);
        new.vex = attested;
        compare(VulnerabilitySource::Osv, None, &new, own).excepted.len()
    };
    assert_eq!(told(&[], not_affected(), &[&first, &second]), 1, "about the image");
    assert_eq!(told(&[], only(&first), &[&first]), 1);
    assert_eq!(told(&[], only(&first), &[&first, &second]), 0, "the other platform has it");
    assert_eq!(told(&[], [only(&first), only(&second)].concat(), &[&first, &second]), 1);
    assert_eq!(told(&[], only(&first), &[]), 0, "nobody says which platform has it");
    let affected = says("affected", "2026-11-01T00:00:00Z");
    assert_eq!(told(&affected, not_affected(), &[&first]), 0, "the organization knows better");
}
