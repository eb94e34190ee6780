//! A scanner's report.

use crate::vulnerabilities::Findings;

/// What a scanner found in an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The scanner's name in lower case: reports of different scanners are not compared.
    pub scanner: String,
    pub findings: Findings,
}
