//! Packages and licences that came and went.

use std::collections::BTreeSet;

use super::listing::{Listing, MOST};
use super::style::{NAMED, Style, named_of};
use super::told::Line;
use crate::difference::{Difference, PlatformDifference};
use crate::packages::{LicenceNames, PackageChanges, PackageSource, Packages, VersionChange, VersionChanges};
use crate::text::{counted, cut};

/// The most characters of a package's name and of a version.
const NAME: usize = 60;
const VERSION: usize = 28;

/// How many packages, with the most important by name.
pub(super) fn tell(
    platform: &PlatformDifference,
    difference: &Difference,
    first: bool,
    on: &str,
    style: Style,
) -> (Vec<Line>, Vec<Listing>) {
    let from = match platform.source {
        PackageSource::None => return (vec![Line::top(unknown(platform, on, style))], Vec::new()),
        PackageSource::Sbom => "from the image's own SBOM",
        PackageSource::Layers => "from the package databases in the layers",
    };
    let (changes, counts) = (&platform.packages, platform.packages.counts());
    let more = platform.detail.as_ref().map(|detail| Line::below(format!("not all is known: {}", style.text(detail))));
    if first {
        let line = Line::top(format!("Packages{on}: {} ({from})", counts.added));
        return (std::iter::once(line).chain(more).collect(), Vec::new());
    }
    if changes.is_empty() {
        let line = Line::top(format!("Packages{on}: the same ({from})"));
        return (std::iter::once(line).chain(more).collect(), Vec::new());
    }
    let vulnerable = vulnerable(difference);
    let part = |word, count, names| Part { word, count, names };
    let parts = [
        part("downgraded", counts.downgraded, versions(&changes.downgraded, &vulnerable, style)),
        part("added", counts.added, packages(&changes.added, &vulnerable, style)),
        part("removed", counts.removed, packages(&changes.removed, &vulnerable, style)),
        part("upgraded", counts.upgraded, versions(&changes.upgraded, &vulnerable, style)),
    ];
    let count = |Part { word, count, .. }: &Part| match *word {
        "downgraded" => style.strong(&format!("{count} {word}")),
        _ => format!("{count} {word}"),
    };
    let some: Vec<&Part> = parts.iter().filter(|part| part.count > 0).collect();
    let counts: Vec<String> = some.iter().map(|part| count(part)).collect();
    let mut lines = vec![Line::top(format!("Packages{on}: {} ({from})", counts.join(", ")))];
    lines.extend(some.iter().map(|part| Line::below(format!("{}: {}", part.word, part.named()))));
    lines.extend(more);
    let list = |Part { word, count, names }: &&Part| {
        let heading = format!("{} {word}", counted(*count, "package"));
        Listing { heading, on: on.to_owned(), all: names.clone(), shown: NAMED, further: count - names.len() }
    };
    (lines, some.iter().map(list).collect())
}

/// One fate of packages, with the most important by name.
struct Part {
    word: &'static str,
    count: usize,
    names: Vec<String>,
}

impl Part {
    fn named(&self) -> String {
        named_of(&self.names, self.count, NAMED)
    }
}

fn unknown(platform: &PlatformDifference, on: &str, style: Style) -> String {
    let why = platform.detail.as_ref().map(|detail| format!(": {}", style.text(detail))).unwrap_or_default();
    format!("Packages{on}: {}{why}", style.strong("not known"))
}

/// Licences that came, and how many went.
pub(super) fn licences(
    platform: &PlatformDifference,
    first: bool,
    on: &str,
    style: Style,
) -> (Vec<Line>, Vec<Listing>) {
    let PackageChanges { licences_added, licences_removed, .. } = &platform.packages;
    if first {
        let count =
            (!licences_added.is_empty()).then(|| Line::top(format!("Licences{on}: {}", licences_added.count())));
        return (count.into_iter().collect(), Vec::new());
    }
    let names = |licences: &LicenceNames| licences.names.iter().map(|name| style.name(name)).collect::<Vec<String>>();
    let part = |word: &str, licences: &LicenceNames| {
        let names = named_of(&names(licences), licences.count(), NAMED);
        (!licences.is_empty()).then(|| format!("{word}: {names}"))
    };
    let parts: Vec<String> =
        [part("new", licences_added), part("gone", licences_removed)].into_iter().flatten().collect();
    if parts.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let line = Line::top(format!("Licences{on}: {}", parts.join("; ")));
    let (all, further) = (names(licences_added), licences_added.further);
    (vec![line], vec![Listing { heading: "New licences".to_owned(), on: on.to_owned(), all, shown: NAMED, further }])
}

/// The packages that fixed and new vulnerabilities are in: the first that a reader wants to see.
fn vulnerable(difference: &Difference) -> BTreeSet<&str> {
    let changes = &difference.vulnerabilities;
    changes
        .new
        .named()
        .iter()
        .chain(changes.fixed.named())
        .map(|vulnerability| vulnerability.package.as_str())
        .collect()
}

fn packages(all: &Packages, vulnerable: &BTreeSet<&str>, style: Style) -> Vec<String> {
    let important = all.iter().filter(|package| vulnerable.contains(package.name));
    let others = all.iter().filter(|package| !vulnerable.contains(package.name));
    let name = |name, version| style.name(&format!("{} {}", cut(name, NAME), cut(version, VERSION)));
    important.chain(others).take(MOST).map(|package| name(package.name, package.version)).collect()
}

fn versions(all: &VersionChanges, vulnerable: &BTreeSet<&str>, style: Style) -> Vec<String> {
    let important = all.iter().filter(|change| vulnerable.contains(change.name));
    let others = all.iter().filter(|change| !vulnerable.contains(change.name));
    let name = |VersionChange { name, from, to, .. }: VersionChange<'_>| {
        style.name(&format!("{} {} → {}", cut(name, NAME), cut(from, VERSION), cut(to, VERSION)))
    };
    important.chain(others).take(MOST).map(name).collect()
}
