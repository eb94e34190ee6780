//! Answers of OSV's API: which vulnerabilities packages have, and what those are.

use serde::Deserialize;

use super::json::{few, nullable, parse, word};
use super::severity::{by_vector, by_word};
use super::{Finding, Names, Severity};

/// What is known of one of the packages that were asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct Answer {
    #[serde(default, deserialize_with = "few")]
    vulns: Vec<Listed>,
    /// How to ask for more of them.
    #[serde(default, deserialize_with = "nullable")]
    next_page_token: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Listed {
    id: String,
}

impl Answer {
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.vulns.iter().map(|listed| listed.id.as_str())
    }

    /// The token for the next page.
    pub(crate) fn next(&self) -> Option<&str> {
        Some(self.next_page_token.as_str()).filter(|token| !token.is_empty())
    }
}

/// Reads the answer to a batch of `asked` queries, in their order.
///
/// # Errors
/// Why it is not one.
pub(crate) fn read_answers(document: &[u8], asked: usize) -> Result<Vec<Answer>, String> {
    #[derive(Deserialize)]
    struct Answers {
        #[serde(default, deserialize_with = "nullable")]
        results: Vec<Option<Answer>>,
    }
    let answers: Answers = parse(document, "an answer of OSV")?;
    if answers.results.len() != asked {
        return Err(format!("OSV answered {} of {asked} queries", answers.results.len()));
    }
    Ok(answers.results.into_iter().map(Option::unwrap_or_default).collect())
}

/// A vulnerability in OSV's format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    names: Names,
    severity: Severity,
    withdrawn: bool,
}

impl Record {
    /// One about which nothing but its identifier is known.
    pub(crate) fn unknown(id: &str) -> Self {
        Self { names: Names::new(id, [], []), severity: Severity::Unknown, withdrawn: false }
    }

    /// What it says of a package that has it: nothing if it was withdrawn.
    pub(crate) fn findings(&self, package: &str, purl: &str) -> Vec<Finding> {
        match self.withdrawn {
            true => Vec::new(),
            false => self.names.findings(self.severity, package, Some(purl), false),
        }
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    id: String,
    #[serde(default)]
    withdrawn: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "few")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "few")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "few")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "nullable")]
    database_specific: Specific,
    #[serde(default, deserialize_with = "few")]
    affected: Vec<Affected>,
}

#[derive(Deserialize)]
struct Score {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "word")]
    score: Option<String>,
}

/// What databases add in words of their own.
#[derive(Deserialize, Default)]
struct Specific {
    #[serde(default, deserialize_with = "word")]
    severity: Option<String>,
    #[serde(default, deserialize_with = "word")]
    urgency: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default, deserialize_with = "few")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "nullable")]
    database_specific: Specific,
    #[serde(default, deserialize_with = "nullable")]
    ecosystem_specific: Specific,
}

/// Reads a vulnerability in OSV's format (schema 1.7).
///
/// # Errors
/// Why it is not one.
pub(crate) fn read_record(document: &[u8]) -> Result<Record, String> {
    let document: Document = parse(document, "a vulnerability of OSV")?;
    if document.id.is_empty() {
        return Err("not a vulnerability of OSV: it has no `id`".to_owned());
    }
    let severity = severity(&document);
    let withdrawn = document.withdrawn.is_some_and(|withdrawn| !withdrawn.is_null());
    Ok(Record { names: Names::new(&document.id, document.aliases, document.upstream), severity, withdrawn })
}

/// By the newest version of CVSS that can be scored, else by the database's word; of several, the most serious.
fn severity(document: &Document) -> Severity {
    let scores = || document.severity.iter().chain(document.affected.iter().flat_map(|affected| &affected.severity));
    let of_kind = |kind: &str| {
        let scored = scores().filter(|score| score.kind == kind);
        scored.filter_map(|score| by_vector(score.score.as_deref()?)).min()
    };
    let vectors = ["CVSS_V4", "CVSS_V3", "CVSS_V2"].into_iter().find_map(of_kind);
    let words = || {
        let scores = scores().filter_map(|score| by_word(score.score.as_deref()?));
        let own = [&document.database_specific].into_iter();
        let theirs = document.affected.iter().flat_map(|one| [&one.database_specific, &one.ecosystem_specific]);
        let words = own.chain(theirs).flat_map(|specific| [&specific.severity, &specific.urgency]);
        words.filter_map(|word| by_word(word.as_deref()?)).chain(scores).min()
    };
    vectors.or_else(words).unwrap_or_default()
}
