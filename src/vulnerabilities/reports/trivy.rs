//! Trivy's JSON (schema 2).

use serde::Deserialize;

use super::report::Report;
use crate::vulnerabilities::Names;
use crate::vulnerabilities::json::{few, nullable, parse, word};
use crate::vulnerabilities::severity::by_word;

#[derive(Deserialize)]
struct Document {
    /// Absent if there is nothing to report.
    #[serde(default, rename = "Results", deserialize_with = "few")]
    results: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default, rename = "Vulnerabilities", deserialize_with = "few")]
    vulnerabilities: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default, rename = "VendorIDs", deserialize_with = "few")]
    vendor_ids: Vec<String>,
    #[serde(default, rename = "PkgName")]
    package: String,
    #[serde(default, rename = "PkgIdentifier", deserialize_with = "nullable")]
    identifier: Identifier,
    #[serde(default, rename = "Severity", deserialize_with = "word")]
    severity: Option<String>,
}

#[derive(Deserialize, Default)]
struct Identifier {
    #[serde(default, rename = "PURL", deserialize_with = "word")]
    purl: Option<String>,
}

pub(super) fn read(document: &[u8]) -> Result<Report, String> {
    let document: Document = parse(document, "a report of Trivy")?;
    let found = document.results.iter().flat_map(|target| &target.vulnerabilities);
    let findings = found.flat_map(|found| {
        let severity = found.severity.as_deref().and_then(by_word).unwrap_or_default();
        let names = Names::new(&found.id, found.vendor_ids.iter().cloned(), []);
        names.findings(severity, &found.package, found.identifier.purl.as_deref(), false)
    });
    Ok(Report { scanner: "trivy".to_owned(), findings: findings.collect() })
}
