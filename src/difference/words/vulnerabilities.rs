//! Known vulnerabilities that were fixed and that came.

use super::listing::{Listing, MOST};
use super::places::Places;
use super::style::{self, NAMED, Style};
use super::told::Line;
use crate::difference::Difference;
use crate::vulnerabilities::{
    Excepted, ExceptedList, Severity, SeverityCounts, Vulnerability, VulnerabilityChanges, VulnerabilityList,
    VulnerabilitySource,
};

const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Unknown];

/// Whether known vulnerabilities became fewer or more: what was fixed and what came.
pub(super) fn better(difference: &Difference, style: Style) -> String {
    let changes = &difference.vulnerabilities;
    if let Some(unknown) = unknown(changes, style) {
        return unknown;
    }
    let (VulnerabilityChanges { fixed, new, same, .. }, places) = (changes, Places::of(difference));
    let fixes = || {
        format!(
            "fixes {}{}{}",
            counts(fixed),
            places.of_fixed(style),
            removed(fixed.count(), places.fixed_by_removal())
        )
    };
    let brings = || format!("brings {}{}", counts(new), places.of_new(style));
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
fn removed(fixed: usize, count: usize) -> String {
    match fixed {
        _ if count == 0 => String::new(),
        1 => ", because its package was removed".to_owned(),
        all if all == count => ", because their packages were removed".to_owned(),
        _ => format!(", {count} of them because the package was removed"),
    }
}

/// The same in one or two words.
pub(crate) fn verdict(difference: &Difference) -> &'static str {
    let VulnerabilityChanges { source, fixed, new, .. } = &difference.vulnerabilities;
    match (source, fixed.severities().worst(), new.severities().worst()) {
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
            let told = |word: &str, all: &VulnerabilityList| match all.is_empty() {
                true => format!("none {word}"),
                false => format!("{} {word} ({})", all.count(), counts(all)),
            };
            let new = if new.is_empty() { told("new", new) } else { style.strong(&told("new", new)) };
            format!("Known vulnerabilities ({by}): {}, {new}, {}", told("fixed", fixed), in_both(same))
        }
    })];
    let mut lists = Vec::new();
    // of a first approval only what decides is named
    let serious = new.filtered(|severity, known_exploited| known_exploited || severity <= Severity::High);
    let new = if first { &serious } else { new };
    for (word, all) in [(if first { "serious" } else { "new" }, new), ("fixed", fixed)] {
        let named = by_severity(all);
        let shown = named.iter().map(|one| one.named.len().min(NAMED)).sum();
        let word_before = if first { String::new() } else { format!("{word}, ") };
        lines.extend(named.iter().map(|OfSeverity { severity, count, named }| {
            let names = style::named_of(&names(named, &places, style), *count, NAMED);
            Line::below(format!("{word_before}{}: {names}", severity_words(*severity)))
        }));
        let named = listed(all.named(), &places, style);
        lists.push(Listing {
            heading: counted_vulnerabilities(all.count(), word),
            on: String::new(),
            further: all.count() - named.len(),
            all: named,
            shown,
        });
    }
    lines.extend(exceptions(excepted, style));
    lists.push(Listing {
        heading: format!("{} vulnerabilities that VEX documents rule out", excepted.count()),
        on: String::new(),
        all: excepted.named.iter().map(|one| exception(one, style)).collect(),
        shown: 1,
        further: excepted.further,
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
fn in_both(same: &SeverityCounts) -> String {
    let by_severity = if same.total() == 0 { String::new() } else { format!(" ({})", counts_of(same)) };
    format!("{} in both{by_severity}", same.total())
}

/// `1 critical, 2 high`.
pub(crate) fn counts(all: &VulnerabilityList) -> String {
    counts_of(&all.severities())
}

fn counts_of(all: &SeverityCounts) -> String {
    let some = SEVERITIES.into_iter().map(|severity| (severity, all.of(severity))).filter(|(_, count)| *count > 0);
    some.map(|(severity, count)| format!("{count} {}", severity_words(severity))).collect::<Vec<_>>().join(", ")
}

/// A severity in a sentence.
const fn severity_words(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "of unknown severity",
        known => known.as_str(),
    }
}

/// The critical and the high ones, and those of the worst severity that there is; the others are only counted.
fn by_severity(all: &VulnerabilityList) -> Vec<OfSeverity<'_>> {
    let severities = all.severities();
    let is_told = |severity: &Severity| *severity <= Severity::High || Some(*severity) == severities.worst();
    let of = |severity: Severity| OfSeverity {
        severity,
        count: severities.of(severity),
        named: all.named().iter().filter(|one| one.severity == severity).collect(),
    };
    SEVERITIES.into_iter().filter(is_told).map(of).filter(|one| one.count > 0).collect()
}

/// The vulnerabilities of one severity.
struct OfSeverity<'a> {
    severity: Severity,
    count: usize,
    /// Those that are not left out.
    named: Vec<&'a Vulnerability>,
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

fn exceptions(excepted: &ExceptedList, style: Style) -> Option<Line> {
    let told = match (excepted.named.first(), excepted.count()) {
        (None, 0) => return None,
        (None, count) => count.to_string(),
        (Some(first), 1) => exception(first, style),
        (Some(first), count) => format!("{}, and {} more", exception(first, style), count - 1),
    };
    Some(Line::below(format!("not counted, as a VEX document of the manifest or of the required signer says: {told}")))
}

fn exception(one: &Excepted, style: Style) -> String {
    format!("{} in {}: {}", style.name(&one.id), style.name(&one.package), style.text(&one.reason))
}
