//! Known vulnerabilities of two images: what is fixed, new and the same, by OSV or by scanners' reports.
//!
//! Pure: documents in, differences out. All of it is hostile text.

use schemars::JsonSchema;
use serde::Serialize;

pub use crate::manifest::Severity;

/// Who knows of vulnerabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VulnerabilitySource {
    /// OSV, by the packages' purls.
    Osv,
    /// Scanners' reports by digest.
    Reports,
    /// The manifest asks for none.
    #[default]
    None,
    /// It failed, or one of the sides is missing.
    Unknown,
}

/// One vulnerability of one package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Vulnerability {
    pub severity: Severity,
    /// The CVE identifier if it has one.
    pub id: String,
    pub package: String,
    /// Whether it is known to be exploited, according to the report.
    pub known_exploited: bool,
}

/// A vulnerability that does not count, according to a VEX document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Excepted {
    pub id: String,
    pub package: String,
    pub reason: String,
}

/// How the vulnerabilities of two images differ, the most serious first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VulnerabilityChanges {
    pub source: VulnerabilitySource,
    /// Why it is unknown.
    pub detail: Option<String>,
    pub fixed: Vec<Vulnerability>,
    pub new: Vec<Vulnerability>,
    pub excepted: Vec<Excepted>,
    /// How many both have.
    pub same: usize,
    /// Whether reports of both sides were made by a scanner.
    pub both_scanned: bool,
}
