//! Vulnerabilities by OSV, of the packages that two images have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::api::{Osv, QUERIES};
use super::compared::{Compared, Vex, Which};
use crate::difference::PlatformPair;
use crate::image::Digest;
use crate::packages::{Listed, Package};
use crate::text::counted;
use crate::vulnerabilities::{Finding, MOST, VulnerabilityChanges, VulnerabilitySource, compare as changes, query};

/// A package as OSV is asked about it, with the name that people know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    query: String,
    name: String,
    /// Its own package URL.
    purl: String,
}

/// How the vulnerabilities differ; an error says why that is unknown.
pub(super) async fn compare(
    osv: &Osv,
    images: &Compared<'_>,
    vex: impl Future<Output = &Vex>,
) -> Result<VulnerabilityChanges, String> {
    if images.shared().next().is_none() {
        return Err("there is no platform that was read in both images".to_owned());
    }
    let mut notes = Vec::new();
    let mut asked = BTreeMap::new();
    for which in images.sides() {
        asked.insert(which, packages(images, which, &mut notes)?);
    }
    // What lists no packages at all, such as one static program, may still have vulnerabilities.
    let lists_none = |pair: &PlatformPair| match &pair.listed {
        Listed::Known { from, to, .. } => from.is_empty() && to.is_empty(),
        Listed::Untouched | Listed::Unknown(_) => false,
    };
    if images.shared().all(lists_none) {
        return Err("no packages are listed that OSV could be asked about".to_owned());
    }
    let queries: BTreeSet<String> = asked.values().flat_map(BTreeMap::keys).map(|asked| asked.query.clone()).collect();
    if queries.len() > QUERIES {
        return Err(format!("there are more than {QUERIES} packages, which are the most"));
    }
    let listed = osv.listed(&queries).await?;
    let ids: BTreeSet<String> = listed.values().flat_map(|ids| ids.iter().cloned()).collect();
    let records = osv.records(&ids).await?;
    let side = |which: Which| {
        let mut findings = Vec::new();
        for (package, manifests) in asked.get(&which).into_iter().flatten() {
            let ids = listed.get(&package.query).into_iter().flat_map(|ids| ids.iter());
            let manifests = Arc::new(manifests.iter().map(|digest| (*digest).clone()).collect());
            for record in ids.filter_map(|id| records.get(id)) {
                let found = record.findings(&package.name, &package.purl).into_iter();
                findings.extend(found.map(|one| Finding { manifests: Arc::clone(&manifests), ..one }));
                if findings.len() > MOST {
                    return Err(format!("there are more than {MOST} findings, which are the most"));
                }
            }
        }
        Ok(images.side(which, findings))
    };
    let from = images.from.map(|_| side(Which::Former)).transpose()?;
    let mut changes = changes(VulnerabilitySource::Osv, from.as_ref(), &side(Which::New)?, &vex.await.statements);
    notes.dedup();
    changes.detail = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(changes)
}

/// Packages, and the platforms' manifests that have them.
type Packages<'a> = BTreeMap<Asked, BTreeSet<&'a Digest>>;

/// The packages of one image that OSV can be asked about. What is equal in both is left out.
fn packages<'a>(images: &Compared<'a>, which: Which, notes: &mut Vec<String>) -> Result<Packages<'a>, String> {
    let (mut asked, mut all, mut unknown) = (Packages::new(), 0, BTreeSet::new());
    for pair in images.shared() {
        let listed = match (&pair.listed, which) {
            (Listed::Known { from, .. }, Which::Former) => from,
            (Listed::Known { to, .. }, Which::New) => to,
            (Listed::Untouched, _) => continue,
            (Listed::Unknown(why), _) => return Err(format!("its packages are not known{}: {why}", on(pair))),
        };
        let inside = if which == Which::Former { &pair.from } else { &pair.to };
        all += listed.len();
        for package in listed {
            match of(package) {
                Some(one) => asked.entry(one).or_default().extend(inside.as_ref().map(|inside| &inside.digest)),
                None => drop(unknown.insert(&package.name)),
            }
        }
    }
    if asked.is_empty() && all > 0 {
        return Err(format!("OSV knows none of its {}", counted(all, "package")));
    }
    if !unknown.is_empty() {
        notes.push(format!("OSV does not know {}", counted(unknown.len(), "package")));
    }
    Ok(asked)
}

fn of(package: &Package) -> Option<Asked> {
    Some(Asked { query: query(package)?, name: package.name.clone(), purl: package.purl.clone()? })
}

fn on(pair: &PlatformPair) -> String {
    if pair.name.is_empty() { String::new() } else { format!(" on {}", pair.name) }
}
