//! What was known of a change when it was proposed, in few words: the body's metadata keeps it for auditors, and to tell
//! in later runs what checking the bytes marked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::account::Account;
use super::body::mark::Mark;
use crate::difference::{Difference, Why};
use crate::evidence::State;
use crate::packages::{PackageCounts, PackageSource};
use crate::vulnerabilities::VulnerabilitySource;

/// The most signatures whose states are kept.
const SIGNATURES: usize = 8;

/// What was known of one change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The position of the change among those of its proposal, from 0.
    pub entry: usize,
    /// Why the bytes differed; null if that was not checked, and for a first approval.
    pub why: Option<Why>,
    /// Those of the marks that came of checking the bytes.
    pub marks: Vec<Mark>,
    /// The states of its signatures.
    pub signatures: Vec<State>,
    /// How many packages differed, on the platform with the most differences.
    pub packages: KeptPackages,
    /// How many known vulnerabilities differed.
    pub vulnerabilities: KeptVulnerabilities,
}

/// Numbers of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptPackages {
    /// Where the lists came from.
    pub source: PackageSource,
    /// How many were added.
    pub added: usize,
    /// How many were removed.
    pub removed: usize,
    /// How many were upgraded.
    pub upgraded: usize,
    /// How many were downgraded.
    pub downgraded: usize,
}

/// Numbers of vulnerabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeptVulnerabilities {
    /// Who knew of them.
    pub source: VulnerabilitySource,
    /// How many were fixed.
    pub fixed: usize,
    /// How many were new.
    pub new: usize,
    /// How many both images had.
    pub same: usize,
}

impl Kept {
    /// What is known of the change at this position; `None` if nothing was checked.
    pub(crate) fn of(entry: usize, account: &Account<'_>) -> Option<Self> {
        let evidence = account.evidence.filter(|_| account.lets_in())?;
        let signatures = evidence.makers.iter().flat_map(|makers| &makers.signatures);
        let difference = account.difference();
        Some(Self {
            entry,
            why: difference.and_then(|difference| difference.why),
            marks: account.marks().into_iter().filter(|mark| mark.of_bytes().is_some()).collect(),
            signatures: signatures.take(SIGNATURES).map(|signature| signature.state).collect(),
            packages: difference.map(packages).unwrap_or_default(),
            vulnerabilities: difference.map(vulnerabilities).unwrap_or_default(),
        })
    }

    /// Whether it was proposed apart from its group because of what was found in its bytes.
    pub(crate) fn is_marked(&self) -> bool {
        self.marks.iter().any(|mark| mark.sets_apart())
    }
}

fn packages(difference: &Difference) -> KeptPackages {
    let numbers = difference.platforms.iter().map(|platform| {
        let PackageCounts { added, removed, upgraded, downgraded } = platform.packages.counts();
        KeptPackages { source: platform.source, added, removed, upgraded, downgraded }
    });
    numbers.max_by_key(|of| of.added + of.removed + of.upgraded + of.downgraded).unwrap_or_default()
}

fn vulnerabilities(difference: &Difference) -> KeptVulnerabilities {
    let changes = &difference.vulnerabilities;
    let (fixed, new) = (changes.fixed.count(), changes.new.count());
    KeptVulnerabilities { source: changes.source, fixed, new, same: changes.same.total() }
}
