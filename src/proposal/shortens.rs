//! Whether a version need not wait as long as others, because of what it fixes.

use crate::difference::{Difference, Mark};
use crate::manifest::{FixesCooldown, Severity};
use crate::rules::NotShorter;
use crate::text::serde_name;
use crate::vulnerabilities::{Vulnerability, VulnerabilitySource};

/// How many fixed vulnerabilities are named.
const NAMED: usize = 3;

/// What a version fixes that shortens its cooldown, in words: `fixes CVE-2027-1 (critical)`. `same_signer` says whether it
/// is verified to be signed as the manifest asks, by who signed the approved version.
///
/// # Errors
/// Why nothing does.
pub(crate) fn shortens(
    cooldown: FixesCooldown,
    difference: &Difference,
    same_signer: bool,
) -> Result<String, NotShorter> {
    let found = &difference.vulnerabilities;
    match found.source {
        VulnerabilitySource::Osv | VulnerabilitySource::Reports => {}
        VulnerabilitySource::None => return Err(NotShorter::known("`evidence.vulnerabilities` asks for none")),
        VulnerabilitySource::Unknown => {
            let why = found.detail.as_deref().unwrap_or("nobody said why");
            return Err(NotShorter::unknown(format!("what it fixes is unknown: {why}")));
        }
    }
    if !same_signer {
        return Err(NotShorter::known("it is not signed by who signed the approved version"));
    }
    if found.source == VulnerabilitySource::Reports && !found.both_scanned {
        let why = found.detail.as_deref().unwrap_or("not of both images");
        return Err(NotShorter::unknown(format!("reports do not cover everything: {why}")));
    }
    let least = cooldown.severity;
    let fixed = found.fixed.filtered(|severity, _| severity.is_at_least(least));
    if fixed.is_empty() {
        return Err(NotShorter::known(format!("it fixes nothing of severity {} or worse", least.as_str())));
    }
    // How bad it is when nobody has said so is unknown.
    let new = found.new.filtered(|severity, _| severity.is_at_least(least) || severity == Severity::Unknown);
    if !new.is_empty() {
        let first = new.named().first().map_or_else(|| "other vulnerabilities".to_owned(), named);
        return Err(NotShorter::known(format!("it brings {first}")));
    }
    let mut marks = difference.marks.iter().filter(|mark| counts(**mark, found.both_scanned));
    if let Some(mark) = marks.clone().find(|mark| **mark != Mark::NotLookedAt).or_else(|| marks.next()) {
        let is_unknown = *mark == Mark::NotLookedAt;
        return Err(NotShorter { why: format!("it is marked: {}", serde_name(mark)), is_unknown });
    }
    let mut words: Vec<String> = fixed.named().iter().take(NAMED).map(named).collect();
    let more = fixed.count().saturating_sub(words.len());
    words.extend((more > 0).then(|| format!("{more} more")));
    Ok(format!("fixes {}", words.join(", ")))
}

/// Whether a mark makes it wait. Scanners look into the images themselves.
fn counts(mark: Mark, both_scanned: bool) -> bool {
    match mark {
        Mark::BaseChanged => false,
        Mark::NotLookedAt => !both_scanned,
        _ => true,
    }
}

/// An identifier is text by others: one that could be more than a name is not shown.
fn named(one: &Vulnerability) -> String {
    let is_name = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':'));
    let id = Some(one.id.as_str()).filter(|id| !id.is_empty() && is_name(id)).unwrap_or("a vulnerability");
    format!("{id} ({})", one.severity.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::vulnerabilities::{VulnerabilityChanges, VulnerabilityList};

    fn found(severity: Severity, id: &str) -> Vulnerability {
        Vulnerability { severity, id: id.to_owned(), package: "openssl".to_owned(), known_exploited: false }
    }

    fn difference(fixed: &[Severity], new: &[Severity], marks: &[Mark]) -> Difference {
        let list = |of: &[Severity], first: usize| {
            of.iter()
                .enumerate()
                .map(|(at, severity)| found(*severity, &format!("CVE-2027-{}", first + at)))
                .collect::<VulnerabilityList>()
        };
        let vulnerabilities = VulnerabilityChanges {
            source: VulnerabilitySource::Osv,
            fixed: list(fixed, 1),
            new: list(new, 11),
            ..VulnerabilityChanges::default()
        };
        Difference { vulnerabilities, marks: marks.iter().copied().collect::<BTreeSet<_>>(), ..Difference::same() }
    }

    fn decided(severity: Severity, difference: &Difference, same_signer: bool) -> String {
        let cooldown = FixesCooldown { wait: Duration::ZERO, severity };
        shortens(cooldown, difference, same_signer)
            .unwrap_or_else(|not| format!("no: {}{}", if not.is_unknown { "unknown: " } else { "" }, not.why))
    }

    #[test]
    fn only_a_fix_that_brings_nothing_as_bad_shortens_the_cooldown() {
        use Severity::{Critical, High, Low, Medium, Unknown};
        let rows: [(&str, Severity, Difference, bool); 13] = [
            ("a fix", High, difference(&[Critical], &[], &[]), true),
            ("many", High, difference(&[Critical, Critical, High, High, High, Low], &[], &[]), true),
            ("less serious", High, difference(&[Medium, Unknown], &[], &[]), true),
            ("less serious, but asked for", Medium, difference(&[Medium], &[], &[]), true),
            ("something as bad comes", High, difference(&[Critical], &[High], &[]), true),
            ("something worse comes", High, difference(&[High], &[Critical], &[]), true),
            ("something less serious comes", High, difference(&[High], &[Medium, Low], &[]), true),
            ("nobody knows how bad", High, difference(&[High], &[Unknown], &[]), true),
            ("another signer", High, difference(&[Critical], &[], &[]), false),
            ("a mark", High, difference(&[Critical], &[], &[Mark::BaseChanged, Mark::Setuid]), true),
            ("another base", High, difference(&[Critical], &[], &[Mark::BaseChanged]), true),
            ("not looked at", High, difference(&[Critical], &[], &[Mark::NotLookedAt]), true),
            ("nothing", High, difference(&[], &[], &[]), true),
        ];
        let text = rows
            .iter()
            .map(|(name, severity, difference, same)| format!("{name}: {}\n", decided(*severity, difference, *same)));
        insta::assert_snapshot!(text.collect::<String>(), @r#"
        a fix: fixes CVE-2027-1 (critical)
        many: fixes CVE-2027-1 (critical), CVE-2027-2 (critical), CVE-2027-3 (high), 2 more
        less serious: no: it fixes nothing of severity high or worse
        less serious, but asked for: fixes CVE-2027-1 (medium)
        something as bad comes: no: it brings CVE-2027-11 (high)
        something worse comes: no: it brings CVE-2027-11 (critical)
        something less serious comes: fixes CVE-2027-1 (high)
        nobody knows how bad: no: it brings CVE-2027-11 (unknown)
        another signer: no: it is not signed by who signed the approved version
        a mark: no: it is marked: setuid
        another base: fixes CVE-2027-1 (critical)
        not looked at: no: unknown: it is marked: not-looked-at
        nothing: no: it fixes nothing of severity high or worse
        "#);
    }

    #[test]
    fn scanners_look_into_images_themselves_and_must_cover_both() {
        let mut scanned = difference(&[Severity::Critical], &[], &[Mark::NotLookedAt]);
        scanned.vulnerabilities.source = VulnerabilitySource::Reports;
        scanned.vulnerabilities.detail = Some("there is no report about linux/arm64".to_owned());
        let partly = decided(Severity::High, &scanned, true);
        assert_eq!(partly, "no: unknown: reports do not cover everything: there is no report about linux/arm64");
        scanned.vulnerabilities.both_scanned = true;
        assert_eq!(decided(Severity::High, &scanned, true), "fixes CVE-2027-1 (critical)");
        scanned.marks.insert(Mark::Root);
        assert_eq!(decided(Severity::High, &scanned, true), "no: it is marked: root");
        for (source, why) in [
            (VulnerabilitySource::None, "no: `evidence.vulnerabilities` asks for none"),
            (
                VulnerabilitySource::Unknown,
                "no: unknown: what it fixes is unknown: there is no report about linux/arm64",
            ),
        ] {
            scanned.vulnerabilities.source = source;
            assert_eq!(decided(Severity::High, &scanned, true), why);
        }
    }

    #[test]
    fn an_identifier_that_could_be_more_than_a_name_is_not_shown() {
        let mut hostile = difference(&[], &[], &[]);
        hostile.vulnerabilities.fixed = vec![found(Severity::High, "[x](https://evil.example) @acme")].into();
        assert_eq!(decided(Severity::High, &hostile, true), "fixes a vulnerability (high)");
    }
}
