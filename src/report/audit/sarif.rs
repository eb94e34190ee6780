//! SARIF 2.1.0 as GitHub's code scanning accepts it.
//!
//! An alert's identity is its rule, its file and `primaryLocationLineHash`: that is derived from what the finding is
//! about, so an alert stays the same when the manifest's lines move or its numbers change.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Audit, Row, explained};
use crate::policy::audit::{Code, Level};

/// The most results of a run that code scanning shows.
pub(crate) const SHOWN: usize = 5_000;

pub(crate) fn document(audit: &Audit) -> Value {
    let mut rows: Vec<&Row> = audit.findings.iter().collect();
    // The most serious findings are kept if not all are shown.
    rows.sort_by_key(|row| row.level);
    let results: Vec<Value> = rows.iter().take(SHOWN).map(|row| result(row)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wharfinger",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": Code::ALL.map(rule),
            } },
            // The part before the last slash is the category: each organization has its own alerts.
            "automationDetails": { "id": format!("wharfinger-audit/{}/", audit.organization) },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": audit.failed.is_empty(),
                "toolExecutionNotifications": notifications(audit),
            }],
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    let help = explained(code);
    json!({
        "id": code.as_str(),
        "name": code.as_str(),
        "shortDescription": { "text": code.meaning() },
        "fullDescription": { "text": help },
        "help": { "text": help, "markdown": help },
        "helpUri": concat!(env!("CARGO_PKG_REPOSITORY"), "#what-audit-finds"),
        "defaultConfiguration": { "level": code.level() },
        "properties": { "tags": ["security", "supply-chain"], "precision": "very-high", "security-severity": severity(code.level()) },
    })
}

/// How code scanning ranks it: from 7.0 high, from 4.0 medium, below that low.
const fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "8.0",
        Level::Warning => "5.0",
        Level::Note => "1.0",
    }
}

fn result(row: &Row) -> Value {
    let index = Code::ALL.iter().position(|code| *code == row.code);
    let message = format!("{}: {}. To fix it: {}.", row.name(), row.sentence(), row.help);
    json!({
        "ruleId": row.code.as_str(),
        "ruleIndex": index,
        "level": row.level,
        "message": { "text": crate::text::clean(&message) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&row.file), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": row.line, "startColumn": row.column },
        } }],
        "partialFingerprints": { "primaryLocationLineHash": format!("{}:1", row.identity()) },
    })
}

/// A path as a relative reference.
pub(in crate::report) fn uri(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// The characters of a path that a relative reference keeps: unreserved characters (RFC 3986, section 2.3) and slashes.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// What could not be checked, and what was left out.
fn notifications(audit: &Audit) -> Vec<Value> {
    let say = |level: &str, text: String| json!({ "level": level, "message": { "text": crate::text::clean(&text) } });
    let failed = audit.failed.iter().map(|failed| {
        let name = failed.subject().map_or_else(String::new, |name| format!("{name}: "));
        say("error", format!("{name}{}", failed.error))
    });
    let more = audit.findings.len().saturating_sub(SHOWN);
    let cut = (more > 0)
        .then(|| say("warning", format!("{more} more findings are not in this file: code scanning shows {SHOWN}")));
    failed.take(SHOWN).chain(cut).collect()
}
