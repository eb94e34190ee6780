//! SARIF 2.1.0 as GitHub's code scanning accepts it, with the replacement of each reference as a fix.
//!
//! An alert's identity is its verdict, its file, its text and which of equal texts in the file it is: it stays the same when
//! lines move.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::sarif::{self, Rule, Run, SHOWN, artifact, left_out, notification};
use super::row::{PlacedEdit, ReferenceRow, Scan};
use super::words::{help, meaning, message};
use crate::image::Digest;
use crate::scan::Verdict;
use crate::text::clean;

/// The verdicts that are findings, most serious first.
const RULES: [Verdict; 5] =
    [Verdict::Revoked, Verdict::NotApproved, Verdict::OtherVersion, Verdict::NotMirrored, Verdict::Unknown];

pub(crate) fn document(scan: &Scan) -> Value {
    let mut rows: Vec<&ReferenceRow> = scan.remaining().collect();
    // The most serious findings are kept if not all are shown.
    rows.sort_by_key(|row| rank(row.verdict));
    let (mut earlier, mut results) = (BTreeMap::new(), Vec::new());
    for row in rows.iter().take(SHOWN) {
        let before = earlier.entry((&row.file, &row.text)).and_modify(|count| *count += 1).or_insert(0_usize);
        results.push(result(row, *before));
    }
    sarif::document(Run {
        category: "wharfinger-scan".to_owned(),
        rules: RULES.map(rule).to_vec(),
        successful: scan.failed.is_empty(),
        notifications: notifications(scan, rows.len()),
        results,
    })
}

fn rank(verdict: Verdict) -> Option<usize> {
    RULES.iter().position(|rule| *rule == verdict)
}

fn rule(verdict: Verdict) -> Value {
    let text = format!("An image that {}.", meaning(verdict));
    let severity = match verdict {
        Verdict::Revoked => "9.0",
        Verdict::NotApproved => "7.0",
        _ => "4.0",
    };
    sarif::rule(&Rule {
        id: verdict.as_str(),
        meaning: &text,
        help: &text,
        section: "for-developers",
        level: level(verdict),
        severity,
    })
}

const fn level(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "warning",
        _ => "error",
    }
}

/// A finding; `before` counts the ones above it in the file with the same text.
fn result(row: &ReferenceRow, before: usize) -> Value {
    let identity = format!("{}\n{}\n{}\n{before}", row.verdict.as_str(), row.file, row.text);
    let width = row.source.as_str().get(row.span.start..row.span.end).unwrap_or_default();
    let mut region = json!({ "startLine": row.line, "startColumn": row.column });
    if !width.contains(['\n', '\r']) && !width.is_empty() {
        region["endColumn"] = json!(row.column + width.chars().count());
    }
    let mut result = json!({
        "ruleId": row.verdict.as_str(),
        "ruleIndex": rank(row.verdict),
        "level": level(row.verdict),
        "message": { "text": clean(&format!("{}: {}.", message(row), help(row))) },
        "locations": [{ "physicalLocation": { "artifactLocation": artifact(&row.file), "region": region } }],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", &Digest::sha256(identity.as_bytes()).hex()[..16]),
        },
    });
    if let (Some(to), false) = (&row.replacement, row.edits.is_empty()) {
        let replacements: Vec<Value> = row.edits.iter().map(replacement).collect();
        result["fixes"] = json!([{
            "description": { "text": format!("use {to}") },
            "artifactChanges": [{ "artifactLocation": artifact(&row.file), "replacements": replacements }],
        }]);
    }
    result
}

fn replacement(edit: &PlacedEdit) -> Value {
    let PlacedEdit { start, end, text } = edit;
    json!({
        "deletedRegion": {
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        },
        "insertedContent": { "text": text },
    })
}

/// What could not be read or judged, and what was left out.
fn notifications(scan: &Scan, findings: usize) -> Vec<Value> {
    let failed = scan.failed.iter().map(|row| notification("error", &format!("{}: {}", row.file, row.error)));
    let unresolved = scan.unresolved.iter().map(|row| {
        notification("note", &format!("{}:{}: {} is not resolved: {}", row.file, row.line, row.text, row.why))
    });
    failed.chain(left_out(findings)).chain(unresolved).take(SHOWN).collect()
}
