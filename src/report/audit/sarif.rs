//! SARIF 2.1.0 as GitHub's code scanning accepts it.
//!
//! An alert's identity is its rule, its file and `primaryLocationLineHash`: that is derived from what the finding is
//! about, so an alert stays the same when the manifest's lines move or its numbers change.

use serde_json::{Value, json};

use super::super::sarif::{self, Rule, Run, SHOWN, artifact, left_out, notification};
use super::{Audit, Row, explained};
use crate::policy::audit::{Code, Level};
use crate::text::serde_name;

pub(crate) fn document(audit: &Audit) -> Value {
    let mut rows: Vec<&Row> = audit.findings.iter().collect();
    // The most serious findings are kept if not all are shown.
    rows.sort_by_key(|row| row.level);
    sarif::document(Run {
        // Each organization has its own alerts.
        category: format!("wharfinger-audit/{}", audit.organization),
        rules: Code::ALL.map(rule).to_vec(),
        successful: audit.failed.is_empty(),
        notifications: notifications(audit),
        results: rows.iter().take(SHOWN).map(|row| result(row)).collect(),
    })
}

fn rule(code: Code) -> Value {
    sarif::rule(&Rule {
        id: code.as_str(),
        meaning: code.meaning(),
        help: &explained(code),
        section: "what-audit-finds",
        level: &serde_name(&code.level()),
        severity: severity(code.level()),
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
            "artifactLocation": artifact(&row.file),
            "region": { "startLine": row.line, "startColumn": row.column },
        } }],
        "partialFingerprints": { "primaryLocationLineHash": format!("{}:1", row.identity()) },
    })
}

/// What could not be checked, and what was left out.
fn notifications(audit: &Audit) -> Vec<Value> {
    let failed = audit.failed.iter().map(|failed| {
        let name = failed.subject().map_or_else(String::new, |name| format!("{name}: "));
        notification("error", &format!("{name}{}", failed.error))
    });
    failed.take(SHOWN).chain(left_out(audit.findings.len())).collect()
}
