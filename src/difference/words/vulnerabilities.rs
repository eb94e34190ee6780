//! Known vulnerabilities that were fixed and that came.

use super::listing::Listing;
use super::style::{self, NAMED, Style};
use super::told::Line;
use crate::difference::Difference;
use crate::vulnerabilities::{Excepted, Severity, Vulnerability, VulnerabilityChanges, VulnerabilitySource};

const SEVERITIES: [Severity; 5] =
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Unknown];

/// Whether the new image is better or worse than the approved one.
pub(super) fn better(difference: &Difference, style: Style) -> String {
    let changes = &difference.vulnerabilities;
    if let Some(why) = unknown(changes, style) {
        return format!("{}: known vulnerabilities {why}", style.strong("unknown"));
    }
    let (fixed, new) = (counts(&changes.fixed), counts(&changes.new));
    let worst = |all: &[Vulnerability]| all.iter().map(|one| one.severity).min();
    match (worst(&changes.fixed), worst(&changes.new)) {
        (None, None) => "the same: no known vulnerability came or went".to_owned(),
        (Some(_), None) => format!("{}: fixes {fixed}, brings no known vulnerability", style.strong("better")),
        (None, Some(_)) => format!("{}: brings {new}, fixes no known vulnerability", style.strong("worse")),
        (Some(left), Some(came)) if came < left => format!("{}: brings {new}; fixes {fixed}", style.strong("worse")),
        (Some(_), Some(_)) => format!("{}: fixes {fixed}, but brings {new}", style.strong("better and worse")),
    }
}

/// The same in one or two words.
pub(crate) fn verdict(difference: &Difference) -> &'static str {
    let VulnerabilityChanges { source, fixed, new, .. } = &difference.vulnerabilities;
    let worst = |all: &[Vulnerability]| all.iter().map(|one| one.severity).min();
    match (source, worst(fixed), worst(new)) {
        (VulnerabilitySource::None | VulnerabilitySource::Unknown, ..) => "unknown",
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
    if let Some(why) = unknown(changes, style) {
        return (vec![Line::top(format!("Known vulnerabilities {why}"))], Vec::new());
    }
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
            format!("Known vulnerabilities ({by}): {}, {new}, {same} in both", told("fixed", fixed))
        }
    })];
    let mut lists = Vec::new();
    // of a first approval only what is exploited is named
    let exploited: Vec<Vulnerability> = new.iter().filter(|new| new.known_exploited).cloned().collect();
    let new = if first { &exploited } else { new };
    for (word, all) in [(if first { "exploited" } else { "new" }, new), ("fixed", fixed)] {
        let named = by_severity(all);
        let shown = named.iter().map(|(_, of)| of.len().min(NAMED)).sum();
        lines.extend(named.iter().map(|(severity, of)| {
            Line::below(format!("{word}, {}: {}", severity_words(*severity), style::named(&names(of, style), NAMED)))
        }));
        let all = listed(all, style);
        lists.push(Listing {
            heading: counted_vulnerabilities(all.len(), word),
            on: String::new(),
            all,
            shown,
            further: 0,
        });
    }
    lines.extend(exceptions(excepted, style));
    lists.push(Listing {
        heading: format!("{} vulnerabilities that VEX documents except", excepted.len()),
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
        VulnerabilitySource::None => {
            Some(format!("were not looked up: no {} asks for it", style.key("evidence.vulnerabilities")))
        }
        VulnerabilitySource::Unknown => {
            let why = changes.detail.as_ref().map(|detail| format!(": {}", style.text(detail))).unwrap_or_default();
            Some(format!("could not be determined{why}"))
        }
    }
}

/// `1 critical, 2 high`.
fn counts(all: &[Vulnerability]) -> String {
    let count = |severity: &Severity| all.iter().filter(|one| one.severity == *severity).count();
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
fn names(all: &[&Vulnerability], style: Style) -> Vec<String> {
    let mut all = all.to_vec();
    all.sort_by_key(|one| !one.known_exploited);
    all.iter().map(|one| name(one, style)).collect()
}

/// A vulnerability with its package.
pub(crate) fn name(one: &Vulnerability, style: Style) -> String {
    let exploited = if one.known_exploited { format!(" ({})", style.strong("known exploited")) } else { String::new() };
    format!("{} in {}{exploited}", style.name(&one.id), style.name(&one.package))
}

/// All of them with their severity, the most serious first.
fn listed(all: &[Vulnerability], style: Style) -> Vec<String> {
    let mut all: Vec<&Vulnerability> = all.iter().collect();
    all.sort_by_key(|one| (one.severity, !one.known_exploited));
    all.iter().map(|one| format!("{}: {}", severity_words(one.severity), name(one, style))).collect()
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
    Some(Line::below(format!("not counted, because a VEX document excepts it: {}{more}", exception(first, style))))
}

fn exception(one: &Excepted, style: Style) -> String {
    format!("{} in {}: {}", style.name(&one.id), style.name(&one.package), style.text(&one.reason))
}
