//! What people read in the job summary.

use std::collections::BTreeSet;

use super::rows::{Check, Finding, Promotion, incoming};
use super::sections;
use super::summary::code;
use crate::diag::Diagnostic;
use crate::markdown::{breakable, escaped, table};
use crate::text::counted;

/// What `check` found: the verdict, then what is wrong, then what merging would do.
pub(super) fn check(check: &Check) -> String {
    verdict(check)
        + &diagnostics(&check.diagnostics)
        + &sections::findings(&check.findings).markdown()
        + &sections::failed(&check.failed).markdown()
        + &sections::notices(&check.unmatched, &check.unread, &[]).markdown()
        + &promotions(&check.promotions)
}

fn verdict(check: &Check) -> String {
    let told = check.unmatched.len() + check.unread.len();
    let counts = [
        (check.diagnostics.len(), counted(check.diagnostics.len(), "mistake") + " in the manifest"),
        (check.findings.len(), format!("{}: {}", counted(check.findings.len(), "finding"), codes(&check.findings))),
        (check.failed.len(), counted(check.failed.len(), "thing") + " could not be checked"),
    ];
    let wrong: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
    let warnings = if told > 0 { format!("; {}", counted(told, "warning")) } else { String::new() };
    match wrong.is_empty() {
        true => format!("Nothing wrong; {}{warnings}.\n\n", incoming(check.promotions.len())),
        false => format!("**{}**; {}{warnings}.\n\n", wrong.join(", "), incoming(check.promotions.len())),
    }
}

/// What was found, each kind once.
fn codes(findings: &[Finding]) -> String {
    let codes: BTreeSet<&str> = findings.iter().map(|finding| finding.code).collect();
    codes.into_iter().collect::<Vec<_>>().join(", ")
}

/// Promotions that are not done yet, and the number of those that are.
pub(super) fn promotions(promotions: &[Promotion]) -> String {
    let rest = sections::present(promotions).map_or(String::new(), |text| format!("{text}.\n\n"));
    sections::promotions(promotions).markdown() + &rest
}

pub(super) fn diagnostics(diagnostics: &[Diagnostic]) -> String {
    let rows: Vec<_> = diagnostics
        .iter()
        .map(|d| {
            let place = format!("{}:{}:{}", d.file, d.line, d.column);
            vec![code(d.code), code(&place), breakable(&d.message), breakable(&d.help)]
        })
        .collect();
    table("The manifest cannot be used", &["code", "place", "what is wrong", "how to fix it"], &rows)
}

/// Why nothing, or no more, was done.
pub(super) fn error(error: &str) -> String {
    format!("**Error:** {}\n\n", escaped(error))
}
