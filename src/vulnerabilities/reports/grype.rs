//! Grype's JSON.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::report::Report;
use crate::vulnerabilities::json::{each, few, parse, word};
use crate::vulnerabilities::severity::{by_vector, by_word};
use crate::vulnerabilities::{Findings, Names};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    matches: &'a RawValue,
}

#[derive(Deserialize)]
struct Match {
    vulnerability: Found,
    #[serde(default, rename = "relatedVulnerabilities", deserialize_with = "few")]
    related: Vec<Related>,
    artifact: Artifact,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    #[serde(default, deserialize_with = "word")]
    severity: Option<String>,
    #[serde(default, deserialize_with = "few")]
    cvss: Vec<Score>,
    #[serde(default, rename = "knownExploited", deserialize_with = "few")]
    known_exploited: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Related {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Score {
    #[serde(default, deserialize_with = "word")]
    vector: Option<String>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    #[serde(default, deserialize_with = "word")]
    purl: Option<String>,
}

pub(super) fn read(document: &[u8]) -> Result<Report, String> {
    let what = "a report of Grype";
    let document: Document<'_> = parse(document, what)?;
    let mut findings = Findings::default();
    each(document.matches, what, &mut |found: Match| {
        let own = &found.vulnerability;
        let scored = || own.cvss.iter().filter_map(|score| by_vector(score.vector.as_deref()?)).min();
        let severity = own.severity.as_deref().and_then(by_word).or_else(scored).unwrap_or_default();
        let names = Names::new(&own.id, [], found.related.iter().map(|related| related.id.clone()));
        let purl = found.artifact.purl.as_deref().filter(|purl| !purl.is_empty());
        findings.add(names.findings(severity, &found.artifact.name, purl, !own.known_exploited.is_empty()))
    })?;
    Ok(Report { scanner: "grype".to_owned(), findings })
}
