//! Trivy's JSON (schema 2).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::report::Report;
use crate::vulnerabilities::json::{each, few, nullable, parse, word};
use crate::vulnerabilities::severity::by_word;
use crate::vulnerabilities::{Findings, Names};

#[derive(Deserialize)]
struct Document<'a> {
    /// Absent if there is nothing to report.
    #[serde(rename = "Results", borrow)]
    results: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(rename = "Vulnerabilities", borrow)]
    vulnerabilities: Option<&'a RawValue>,
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
    let what = "a report of Trivy";
    let document: Document<'_> = parse(document, what)?;
    let mut findings = Findings::default();
    let mut add = |found: Found| {
        let severity = found.severity.as_deref().and_then(by_word).unwrap_or_default();
        let names = Names::new(&found.id, found.vendor_ids, []);
        findings.add(names.findings(severity, &found.package, found.identifier.purl.as_deref(), false))
    };
    if let Some(results) = document.results {
        each(results, what, &mut |target: Target<'_>| match target.vulnerabilities {
            Some(found) => each(found, what, &mut add),
            None => Ok(()),
        })?;
    }
    Ok(Report { scanner: "trivy".to_owned(), findings })
}
