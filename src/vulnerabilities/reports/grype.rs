//! Grype's JSON.

use serde::Deserialize;

use super::report::Report;
use crate::vulnerabilities::Names;
use crate::vulnerabilities::json::{few, parse, word};
use crate::vulnerabilities::severity::{by_vector, by_word};

#[derive(Deserialize)]
struct Document {
    #[serde(deserialize_with = "few")]
    matches: Vec<Match>,
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
    let document: Document = parse(document, "a report of Grype")?;
    let findings = document.matches.iter().flat_map(|found| {
        let own = &found.vulnerability;
        let scored = || own.cvss.iter().filter_map(|score| by_vector(score.vector.as_deref()?)).min();
        let severity = own.severity.as_deref().and_then(by_word).or_else(scored).unwrap_or_default();
        let names = Names::new(&own.id, [], found.related.iter().map(|related| related.id.clone()));
        let purl = found.artifact.purl.as_deref().filter(|purl| !purl.is_empty());
        names.findings(severity, &found.artifact.name, purl, !own.known_exploited.is_empty())
    });
    Ok(Report { scanner: "grype".to_owned(), findings: findings.collect() })
}
