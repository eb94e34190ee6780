//! What the manifest says of the age of versions and of what is looked at inside images.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// `cooldown`: how long a version must have been public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cooldown {
    /// Zero requires no age.
    pub(crate) default: Duration,
    /// The shorter one of versions that fix something.
    pub(crate) fixes: Option<FixesCooldown>,
}

/// `cooldown.fixes` and `cooldown.severity`: a version that fixes a vulnerability and brings none as bad need not wait as
/// long as others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixesCooldown {
    /// How long such a version must have been public.
    pub wait: Duration,
    /// The least serious vulnerability whose fix counts.
    pub severity: Severity,
}

/// How serious a vulnerability is, the most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    #[default]
    Unknown,
}

impl Severity {
    /// The word in the manifest and in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is known and as serious as `least`, or more.
    #[must_use]
    pub fn is_at_least(self, least: Self) -> bool {
        self != Self::Unknown && self <= least
    }
}

/// `evidence`: what is looked at inside images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The most compressed bytes of an image's layers that are read, for each platform.
    pub layers: u64,
    pub vulnerabilities: Vulnerabilities,
    /// The VEX documents of the repository, as globs.
    pub vex: Vec<String>,
}

impl Inspection {
    /// In one line, the same for equal settings; `None` if these are the defaults.
    pub(crate) fn written(&self) -> Option<String> {
        let Self { layers, vulnerabilities, vex } = self;
        let mut vex = vex.clone();
        vex.sort();
        let text = format!("layers: {layers}B, vulnerabilities: {}, vex: {vex:?}", vulnerabilities.as_str());
        (*self != Self::default()).then_some(text)
    }
}

impl Default for Inspection {
    fn default() -> Self {
        Self { layers: 200_000_000, vulnerabilities: Vulnerabilities::None, vex: Vec::new() }
    }
}

/// `evidence.vulnerabilities`: who is asked for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vulnerabilities {
    #[default]
    None,
    /// OSV's API.
    Osv,
    /// Reports that scanners wrote: `--reports`.
    Reports,
}

impl Vulnerabilities {
    /// The word in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Osv => "osv",
            Self::Reports => "reports",
        }
    }
}
