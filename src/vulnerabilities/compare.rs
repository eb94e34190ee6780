//! What two images' vulnerabilities have in common, and what not.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::ImageIdentity;
use super::vex::{Named, Statements, exception};
use super::{
    Excepted, Finding, Findings, Severity, Vulnerability, VulnerabilityChanges, VulnerabilityList, VulnerabilitySource,
};

/// The vulnerabilities of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Side {
    pub findings: Findings,
    pub image: ImageIdentity,
    /// What is attested about this image, signed as it must be.
    pub vex: Statements,
}

/// The identifier and the package: one vulnerability of one package, whatever its version.
type Key<'a> = (&'a str, &'a str);

/// How the vulnerabilities of `to` differ from those of `from`; without `from`, everything is new.
///
/// What VEX documents take out of the new image is neither fixed nor the same, so that no document makes a fix. What they
/// take out of the former image is not fixed either.
pub(crate) fn compare(
    source: VulnerabilitySource,
    from: Option<&Side>,
    to: &Side,
    vex: &Statements,
) -> VulnerabilityChanges {
    let (nothing, vex) = (Side::default(), &Named::of(vex));
    let (former, new) = (Judged::of(from.unwrap_or(&nothing), vex), Judged::of(to, vex));
    let mut fixed =
        former.counted.iter().filter(|(key, _)| !new.counted.contains_key(*key) && !new.excepted.contains_key(*key));
    let mut came = new.counted.iter().filter(|(key, _)| !former.counted.contains_key(*key));
    let both = new.counted.iter().filter(|(key, _)| former.counted.contains_key(*key));
    let sorted = |list: &mut dyn Iterator<Item = (&Key<'_>, &Counted)>| {
        let mut list: Vec<_> = list.map(|(key, counted)| counted.of(*key)).collect();
        list.sort();
        VulnerabilityList::from(list)
    };
    let excepted: BTreeSet<Excepted> = former
        .excepted
        .iter()
        .chain(&new.excepted)
        .map(|((id, package), reason)| Excepted {
            id: (*id).to_owned(),
            package: (*package).to_owned(),
            reason: reason.clone(),
        })
        .collect();
    VulnerabilityChanges {
        source,
        detail: None,
        fixed: sorted(&mut fixed),
        new: sorted(&mut came),
        excepted: excepted.into_iter().collect(),
        same: both.map(|(_, counted)| counted.severity).collect(),
        both_scanned: false,
    }
}

/// The most serious of what is said of one vulnerability.
struct Counted {
    severity: Severity,
    known_exploited: bool,
}

impl Counted {
    fn of(&self, (id, package): Key<'_>) -> Vulnerability {
        let Self { severity, known_exploited } = *self;
        Vulnerability { severity, id: id.to_owned(), package: package.to_owned(), known_exploited }
    }
}

/// The findings of one image, each once, and those that VEX documents take out.
struct Judged<'a> {
    counted: BTreeMap<Key<'a>, Counted>,
    excepted: BTreeMap<Key<'a>, String>,
}

impl<'a> Judged<'a> {
    fn of(side: &'a Side, vex: &Named<'_>) -> Self {
        let attested = Named::of(&side.vex);
        let mut judged = Self { counted: BTreeMap::new(), excepted: BTreeMap::new() };
        for finding in side.findings.iter() {
            let key = (finding.vulnerability.id.as_str(), finding.vulnerability.package.as_str());
            match exception(vex, &attested, finding, &side.image) {
                Some(reason) => drop(judged.excepted.entry(key).or_insert(reason)),
                None => judged.count(key, finding),
            }
        }
        // Of a package in several versions, one that counts is enough.
        judged.excepted.retain(|key, _| !judged.counted.contains_key(key));
        judged
    }

    fn count(&mut self, key: Key<'a>, finding: &Finding) {
        let said = &finding.vulnerability;
        let nothing = Counted { severity: said.severity, known_exploited: false };
        let known = self.counted.entry(key).or_insert(nothing);
        known.severity = known.severity.min(said.severity);
        known.known_exploited |= said.known_exploited;
    }
}
