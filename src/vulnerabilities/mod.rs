//! Known vulnerabilities of two images: what is fixed, new and the same, by OSV or by scanners' reports.
//!
//! Pure: documents in, differences out. All of it is hostile text.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod compare;
mod findings;
mod identity;
mod json;
mod listed;
mod osv;
mod query;
mod reports;
mod severity;
#[cfg(test)]
mod tests;
mod vex;

use crate::image::Digest;
pub(crate) use crate::manifest::Severity;
pub(crate) use compare::{Side, compare};
pub(crate) use findings::Findings;
pub(crate) use identity::ImageIdentity;
pub(crate) use listed::{ExceptedList, SeverityCounts, VulnerabilityList};
pub(crate) use osv::{Record, read_answers, read_record};
pub(crate) use query::query;
pub(crate) use reports::{Report, read_report};
pub(crate) use vex::{Exceptions, Statement, Statements, newly_excepted, no_longer_affected, read_vex};

/// The most findings of one image that are read; more make them unknown.
pub(crate) const MOST: usize = 50_000;

/// Who knows of vulnerabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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
    /// Why it is unknown, or what it does not cover.
    pub detail: Option<String>,
    pub fixed: VulnerabilityList,
    pub new: VulnerabilityList,
    pub excepted: ExceptedList,
    /// How many both have.
    pub same: SeverityCounts,
    /// Whether scanners' reports cover all of both images.
    pub both_scanned: bool,
}

impl VulnerabilityChanges {
    /// Nothing is known, and why.
    pub(crate) fn unknown(why: String) -> Self {
        Self { source: VulnerabilitySource::Unknown, detail: Some(why), ..Self::default() }
    }
}

/// A vulnerability as a source names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub vulnerability: Vulnerability,
    /// What else it is called.
    pub names: Box<[String]>,
    /// The package URL of the package, with its version.
    pub purl: Option<String>,
    /// The platforms' manifests that have the package; empty if only the image is known.
    pub manifests: Arc<BTreeSet<Digest>>,
}

impl Finding {
    fn all_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.vulnerability.id).chain(&self.names).map(String::as_str)
    }
}

/// What sources call a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Names {
    /// The identifier that the source uses.
    id: String,
    /// Other names of the same vulnerability.
    aliases: Vec<String>,
    /// The vulnerabilities that the source's entry is about: a distribution's advisory may cover several.
    covers: Vec<String>,
}

/// The longest name of a vulnerability, in characters.
const ID: usize = 100;
/// The longest name of a package, in characters.
const PACKAGE: usize = 300;
/// The most vulnerabilities of one advisory.
const COVERED: usize = 200;

impl Names {
    fn new(id: &str, aliases: impl IntoIterator<Item = String>, covers: impl IntoIterator<Item = String>) -> Self {
        let short = |text: &str| crate::text::excerpt(text, ID);
        let list = |texts: &mut dyn Iterator<Item = String>| texts.take(COVERED).map(|text| short(&text)).collect();
        Self { id: short(id), aliases: list(&mut aliases.into_iter()), covers: list(&mut covers.into_iter()) }
    }

    /// The identifiers to show: CVE identifiers if there are any.
    fn shown(&self) -> BTreeSet<&str> {
        let is_cve = |name: &&str| name.starts_with("CVE-");
        if is_cve(&self.id.as_str()) {
            return BTreeSet::from([self.id.as_str()]);
        }
        let covered: BTreeSet<&str> = self.covers.iter().map(String::as_str).filter(is_cve).collect();
        if !covered.is_empty() {
            return covered;
        }
        let alias = self.aliases.iter().map(String::as_str).filter(is_cve).min();
        BTreeSet::from([alias.unwrap_or(&self.id)])
    }

    /// One finding for each identifier to show.
    fn findings(&self, severity: Severity, package: &str, purl: Option<&str>, known_exploited: bool) -> Vec<Finding> {
        let shown = self.shown();
        let finding = |id: &str| {
            let own = (shown.len() == 1).then(|| self.aliases.iter().chain([&self.id]));
            let names = own.into_iter().flatten().filter(|name| *name != id).cloned().collect();
            let package = crate::text::excerpt(package, PACKAGE);
            let vulnerability = Vulnerability { severity, id: id.to_owned(), package, known_exploited };
            Finding { vulnerability, names, purl: purl.map(str::to_owned), manifests: Arc::default() }
        };
        shown.iter().map(|id| finding(id)).collect()
    }
}
