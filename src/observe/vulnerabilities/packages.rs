//! Vulnerabilities by OSV, of the packages that two images have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::api::{Osv, QUERIES};
use super::compared::{Compared, Vex, Which};
use crate::difference::PlatformPair;
use crate::image::Digest;
use crate::packages::{Listed, Package, Packages};
use crate::text::counted;
use crate::vulnerabilities::{
    Finding, Findings, MOST, VulnerabilityChanges, VulnerabilitySource, compare as changes, query,
};

/// How the vulnerabilities differ; an error says why that is unknown.
pub(super) async fn compare(
    osv: &Osv,
    images: &Compared<'_>,
    vex: impl Future<Output = &Vex>,
) -> Result<VulnerabilityChanges, String> {
    if images.shared().next().is_none() {
        return Err("there is no platform that was read in both images".to_owned());
    }
    let (mut notes, mut queries) = (Vec::new(), BTreeSet::new());
    for which in images.sides() {
        add_queries(images, which, &mut queries, &mut notes)?;
    }
    // What lists no packages at all, such as one static program, may still have vulnerabilities.
    let lists_none = |pair: &PlatformPair| match &pair.listed {
        Listed::Known { from, to, .. } => from.is_empty() && to.is_empty(),
        Listed::Untouched | Listed::Unknown(_) => false,
    };
    if images.shared().all(lists_none) {
        return Err("no packages are listed that OSV could be asked about".to_owned());
    }
    let listed = osv.listed(&queries).await?;
    let ids: BTreeSet<String> = listed.values().flat_map(|ids| ids.iter().cloned()).collect();
    let records = osv.records(&ids).await?;
    let side = |which: Which| {
        let mut findings = Findings::default();
        for (Asked { package, query }, manifests) in vulnerable(images, which, &listed)? {
            let ids = listed.get(&query).into_iter().flat_map(|ids| ids.iter());
            let manifests = Arc::new(manifests.into_iter().cloned().collect());
            for record in ids.filter_map(|id| records.get(id)) {
                let found = record.findings(package.name, package.purl.unwrap_or_default()).into_iter();
                findings.add(found.map(|one| Finding { manifests: Arc::clone(&manifests), ..one }))?;
            }
        }
        Ok::<_, String>(images.side(which, findings))
    };
    let from = images.from.map(|_| side(Which::Former)).transpose()?;
    let mut changes = changes(VulnerabilitySource::Osv, from.as_ref(), &side(Which::New)?, &vex.await.statements);
    notes.dedup();
    changes.detail = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(changes)
}

/// A package and how OSV is asked about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked<'a> {
    package: Package<'a>,
    query: String,
}

/// What one platform of one image lists.
struct List<'a> {
    packages: &'a Packages,
    manifest: Option<&'a Digest>,
}

/// The lists of one image. What is equal in both is left out.
fn lists<'a>(images: &'a Compared<'_>, which: Which) -> impl Iterator<Item = Result<List<'a>, String>> + use<'a> {
    images.shared().filter_map(move |pair| {
        let (packages, inside) = match (&pair.listed, which) {
            (Listed::Known { from, .. }, Which::Former) => (from, &pair.from),
            (Listed::Known { to, .. }, Which::New) => (to, &pair.to),
            (Listed::Untouched, _) => return None,
            (Listed::Unknown(why), _) => return Some(Err(format!("its packages are not known{}: {why}", on(pair)))),
        };
        Some(Ok(List { packages, manifest: inside.as_ref().map(|inside| &inside.digest) }))
    })
}

/// Adds how OSV is asked about the packages of one image.
fn add_queries(
    images: &Compared<'_>,
    which: Which,
    queries: &mut BTreeSet<String>,
    notes: &mut Vec<String>,
) -> Result<(), String> {
    let (mut asked, mut all, mut unknown) = (0, 0, BTreeSet::new());
    for listed in lists(images, which) {
        let listed = listed?.packages;
        all += listed.len();
        for package in listed.iter() {
            match query(package) {
                Some(query) => {
                    asked += 1;
                    queries.insert(query);
                }
                None => drop(unknown.insert(package.name)),
            }
            if queries.len() > QUERIES {
                return Err(format!("there are more than {QUERIES} packages, which are the most"));
            }
        }
    }
    if asked == 0 && all > 0 {
        return Err(format!("OSV knows none of its {}", counted(all, "package")));
    }
    if !unknown.is_empty() {
        notes.push(format!("OSV does not know {}", counted(unknown.len(), "package")));
    }
    Ok(())
}

/// The packages of one image that OSV knows vulnerabilities of, each once, and the platforms' manifests that have them.
fn vulnerable<'a>(
    images: &'a Compared<'_>,
    which: Which,
    known: &BTreeMap<String, Arc<BTreeSet<String>>>,
) -> Result<BTreeMap<Asked<'a>, BTreeSet<&'a Digest>>, String> {
    let mut found: BTreeMap<Asked<'a>, BTreeSet<&'a Digest>> = BTreeMap::new();
    for listed in lists(images, which) {
        let List { packages, manifest } = listed?;
        let asked = packages.iter().filter_map(|package| Some(Asked { package, query: query(package)? }));
        for one in asked.filter(|one| known.get(&one.query).is_some_and(|ids| !ids.is_empty())) {
            found.entry(one).or_default().extend(manifest);
        }
        if found.len() > MOST {
            return Err(format!("there are more than {MOST} findings, which are the most"));
        }
    }
    Ok(found)
}

fn on(pair: &PlatformPair) -> String {
    if pair.name.is_empty() { String::new() } else { format!(" on {}", pair.name) }
}
