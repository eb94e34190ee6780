//! What databases and scanners say.

use serde_json::json;

use super::*;
use crate::packages::Package;
use crate::vulnerabilities::severity::{by_score, by_vector, by_word};

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
