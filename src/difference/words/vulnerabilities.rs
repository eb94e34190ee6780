//! Known vulnerabilities that were fixed and that came.

use super::listing::{Listing, MOST};
use super::places::Places;
use super::style::{self, NAMED, Style};
use super::told::Line;
use crate::difference::Difference;
use crate::vulnerabilities::{Excepted, Severity, Vulnerability, VulnerabilityChanges, VulnerabilitySource};

const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Unknown];

/// Whether known vulnerabilities became fewer or more: what was fixed and what came.
pub(super) fn better(difference: &Difference, style: Style) -> String {
    let changes = &difference.vulnerabilities;
    if let Some(unknown) = unknown(changes, style) {
        return unknown;
    }
    let (VulnerabilityChanges { fixed, new, same, .. }, places) = (changes, Places::of(difference));
    let fixes = || format!("fixes {}{}{}", counts(fixed), places.on_one(fixed, style), removed(fixed, &places));
    let brings = || format!("brings {}{}", counts(new), places.on_one(new, style));
    let verdict = verdict(difference);
    let why = match (verdict, fixed.is_empty()) {
        ("the same", _) => return format!("the same: none fixed, none new, {}", in_both(same)),
        ("better", _) => format!("{}; brings none", fixes()),
        ("worse", true) => format!("{}; fixes none", brings()),
        ("worse", false) => format!("{}; {}", brings(), fixes()),
        _ => format!("{}, but {}", fixes(), brings()),
    };
    format!("{} ({why})", style.strong(verdict))
}

/// That a package went is not a newer version of it.
fn removed(fixed: &[Vulnerability], places: &Places<'_>) -> String {
    let count = fixed.iter().filter(|one| places.is_removed(one)).count();
    match fixed.len() {
        _ if count == 0 => String::new(),
        1 => ", because its package was removed".to_owned(),
        all if all == count => ", because their packages were removed".to_owned(),
        _ => format!(", {count} of them because the package was removed"),
    }
}

/// The same in one or two words.
pub(crate) fn verdict(difference: &Difference) -> &'static str {
    let VulnerabilityChanges { source, fixed, new, .. } = &difference.vulnerabilities;
    let worst = |all: &[Vulnerability]| all.iter().map(|one| one.severity).min();
    match (source, worst(fixed), worst(new)) {
        (VulnerabilitySource::None, ..) => "not looked up",
        (VulnerabilitySource::Unknown, ..) => "unknown",
        (_, None, None) => "the same",
        (_, Some(_), None) => "better",
        (_, None, Some(_)) => "worse",
        (_, Some(left), Some(came)) if came < left => "worse",
        _ => "better and worse",
    }
}

/// Fixed, new and the same, by severity, with identifiers.
pub(super) fn tell(difference: &Difference, first: bool, style: Style) -> (Vec<Line>, Vec<Listing>) {
    let changes = &difference.vulnerabilities;
    if let Some(unknown) = unknown(changes, style) {
        // of two images the first lines say it
        let line = first.then(|| Line::top(format!("Known vulnerabilities: {unknown}")));
        return (line.into_iter().collect(), Vec::new());
    }
    let places = Places::of(difference);
    let by = match changes.source {
        VulnerabilitySource::Reports => "by scanners' reports",
        _ => "by OSV",
    };
    let VulnerabilityChanges { fixed, new, excepted, same, .. } = changes;
    let mut lines = vec![Line::top(match (first, new.is_empty()) {
        (true, true) => format!("Known vulnerabilities ({by}): none"),
        (true, false) => format!("Known vulnerabilities ({by}): {}", counts(new)),
        (false, _) => {
            let told = |word: &str, all: &[Vulnerability]| match all.is_empty() {
                true => format!("none {word}"),
                false => format!("{} {word} ({})", all.len(), counts(all)),
            };
            let new = if new.is_empty() { told("new", new) } else { style.strong(&told("new", new)) };
            format!("Known vulnerabilities ({by}): {}, {new}, {}", told("fixed", fixed), in_both(same))
        }
    })];
    let mut lists = Vec::new();
    // of a first approval only what decides is named
    let is_serious = |one: &&Vulnerability| one.known_exploited || one.severity <= Severity::High;
    let serious: Vec<Vulnerability> = new.iter().filter(is_serious).cloned().collect();
    let new = if first { &serious } else { new };
    for (word, all) in [(if first { "serious" } else { "new" }, new), ("fixed", fixed)] {
        let named = by_severity(all);
        let shown = named.iter().map(|(_, of)| of.len().min(NAMED)).sum();
        let word_before = if first { String::new() } else { format!("{word}, ") };
        lines.extend(named.iter().map(|(severity, of)| {
            let names = style::named(&names(of, &places, style), NAMED);
            Line::below(format!("{word_before}{}: {names}", severity_words(*severity)))
        }));
        let named = listed(all, &places, style);
        lists.push(Listing {
            heading: counted_vulnerabilities(all.len(), word),
            on: String::new(),
            further: all.len() - named.len(),
            all: named,
            shown,
        });
    }
    lines.extend(exceptions(excepted, style));
    lists.push(Listing {
        heading: format!("{} vulnerabilities that VEX documents rule out", excepted.len()),
        on: String::new(),
        all: excepted.iter().map(|one| exception(one, style)).collect(),
        shown: 1,
        further: 0,
    });
    (lines, lists)
}

/// Why they are not known; never to be read as "all fixed".
fn unknown(changes: &VulnerabilityChanges, style: Style) -> Option<String> {
    match changes.source {
        VulnerabilitySource::Osv | VulnerabilitySource::Reports => None,
        VulnerabilitySource::None => Some(format!(
            "not looked up: set {} in the manifest to look them up",
            style.key("evidence.vulnerabilities")
        )),
        VulnerabilitySource::Unknown => {
            let why = changes.detail.as_ref().map(|detail| format!(" ({})", style.text(detail))).unwrap_or_default();
            Some(style.strong("unknown") + &why)
        }
    }
}

/// `3 in both (1 high, 2 low)`.
fn in_both(same: &[Severity]) -> String {
    let by_severity = if same.is_empty() { String::new() } else { format!(" ({})", counts_of(same)) };
    format!("{} in both{by_severity}", same.len())
}

/// `1 critical, 2 high`.
/// `1 critical, 2 high`.
pub(crate) fn counts(all: &[Vulnerability]) -> String {
    counts_of(&all.iter().map(|one| one.severity).collect::<Vec<_>>())
}

fn counts_of(all: &[Severity]) -> String {
    let count = |severity: &Severity| all.iter().filter(|one| *one == severity).count();
    let some = SEVERITIES.iter().map(|severity| (severity, count(severity))).filter(|(_, count)| *count > 0);
    some.map(|(severity, count)| format!("{count} {}", severity_words(*severity))).collect::<Vec<_>>().join(", ")
}

/// A severity in a sentence.
const fn severity_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "of unknown severity",
        known => known.as_str(),
    }
}

/// The critical and the high ones, and those of the worst severity that there is; the others are only counted.
fn by_severity(all: &[Vulnerability]) -> Vec<(Severity, Vec<&Vulnerability>)> {
    let worst = all.iter().map(|one| one.severity).min();
    let is_told = |severity: &&Severity| **severity <= Severity::High || Some(**severity) == worst;
    let of = |severity: &Severity| (*severity, all.iter().filter(|one| one.severity == *severity).collect::<Vec<_>>());
    SEVERITIES.iter().filter(is_told).map(of).filter(|(_, of)| !of.is_empty()).collect()
}

/// Each with its package, the exploited first.
fn names(all: &[&Vulnerability], places: &Places<'_>, style: Style) -> Vec<String> {
    let mut all = all.to_vec();
    all.sort_by_key(|one| !one.known_exploited);
    all.iter().map(|one| name(one, places, style)).collect()
}

/// A vulnerability with its package, and the platforms if it is not on all.
pub(crate) fn name(one: &Vulnerability, places: &Places<'_>, style: Style) -> String {
    let exploited = if one.known_exploited { format!(" ({})", style.strong("known exploited")) } else { String::new() };
    let removed = if places.is_removed(one) { " (package removed)" } else { "" };
    let on = places.on(one, style);
    format!("{} in {}{on}{exploited}{removed}", style.name(&one.id), style.name(&one.package))
}

/// The most serious of them, with their severity.
fn listed(all: &[Vulnerability], places: &Places<'_>, style: Style) -> Vec<String> {
    let mut all: Vec<&Vulnerability> = all.iter().collect();
    all.sort_by_key(|one| (one.severity, !one.known_exploited));
    all.iter().take(MOST).map(|one| format!("{}: {}", severity_words(one.severity), name(one, places, style))).collect()
}

fn counted_vulnerabilities(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word} vulnerability") } else { format!("{count} {word} vulnerabilities") }
}

fn exceptions(excepted: &[Excepted], style: Style) -> Option<Line> {
    let first = excepted.first()?;
    let more = match excepted.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(Line::below(format!(
        "not counted, as a VEX document of the manifest or of the required signer says: {}{more}",
        exception(first, style)
    )))
}

fn exception(one: &Excepted, style: Style) -> String {
    format!("{} in {}: {}", style.name(&one.id), style.name(&one.package), style.text(&one.reason))
}
