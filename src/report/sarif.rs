//! SARIF 2.1.0 as GitHub's code scanning accepts it: what every run of the program has in common.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::text::clean;

/// The most results of a run that code scanning shows.
pub(super) const SHOWN: usize = 5_000;

/// One run of the program.
pub(super) struct Run {
    /// The category, which keeps the alerts of different runs apart.
    pub(super) category: String,
    pub(super) rules: Vec<Value>,
    /// Whether nothing failed.
    pub(super) successful: bool,
    pub(super) notifications: Vec<Value>,
    pub(super) results: Vec<Value>,
}

/// The whole file.
pub(super) fn document(run: Run) -> Value {
    let Run { category, rules, successful, notifications, results } = run;
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wharfinger",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            } },
            // The part before the last slash is the category.
            "automationDetails": { "id": format!("{category}/") },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": successful, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    })
}

/// One kind of finding.
pub(super) struct Rule<'a> {
    pub(super) id: &'a str,
    /// What it means, in a sentence.
    pub(super) meaning: &'a str,
    /// What to do about it.
    pub(super) help: &'a str,
    /// The part of the README about it.
    pub(super) section: &'a str,
    pub(super) level: &'a str,
    /// How code scanning ranks it: from 9.0 critical, from 7.0 high, from 4.0 medium, below that low.
    pub(super) severity: &'a str,
}

pub(super) fn rule(rule: &Rule<'_>) -> Value {
    let Rule { id, meaning, help, section, level, severity } = rule;
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": meaning },
        "fullDescription": { "text": help },
        "help": { "text": help, "markdown": help },
        "helpUri": format!("{}#{section}", env!("CARGO_PKG_REPOSITORY")),
        "defaultConfiguration": { "level": level },
        "properties": { "tags": ["security", "supply-chain"], "precision": "very-high", "security-severity": severity },
    })
}

/// What there is to say about the run itself.
pub(super) fn notification(level: &str, text: &str) -> Value {
    json!({ "level": level, "message": { "text": clean(text) } })
}

/// How many of the findings are left out, if any.
pub(super) fn left_out(findings: usize) -> Option<Value> {
    let more = findings.checked_sub(SHOWN).filter(|more| *more > 0)?;
    Some(notification("warning", &format!("{more} more findings are not in this file: code scanning shows {SHOWN}")))
}

/// A file of the repository.
pub(super) fn artifact(path: &str) -> Value {
    json!({ "uri": utf8_percent_encode(path, PATH).to_string(), "uriBaseId": "%SRCROOT%" })
}

/// The characters of a path that a relative reference keeps: unreserved characters (RFC 3986, section 2.3) and slashes.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
