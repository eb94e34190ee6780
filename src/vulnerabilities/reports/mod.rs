//! Reports that scanners wrote about an image.

use serde::Deserialize;

use super::json::parse;
use crate::text::excerpt;

mod grype;
mod report;
mod sarif;
mod trivy;

pub(crate) use report::Report;

/// What tells the formats apart.
#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    runs: Option<Present>,
    #[serde(default)]
    matches: Option<Present>,
    #[serde(default, rename = "SchemaVersion")]
    schema_version: Option<Present>,
}

/// A value that is skipped.
struct Present;

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(from).map(|_| Self)
    }
}

/// Reads a report: the JSON of Grype or Trivy, or SARIF (2.1.0) as Grype, Trivy and Docker Scout write it.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn read_report(document: &[u8]) -> Result<Report, String> {
    let report = match parse(document, "a report in JSON")? {
        Form { runs: Some(_), .. } => sarif::read(document),
        Form { matches: Some(_), .. } => grype::read(document),
        Form { schema_version: Some(_), .. } => trivy::read(document),
        _ => Err("not a report of Grype or Trivy, and not SARIF".to_owned()),
    }?;
    Ok(Report { scanner: excerpt(&report.scanner, 60).to_lowercase(), ..report })
}
