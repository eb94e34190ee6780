//! SARIF 2.1.0 as Grype, Trivy and Docker Scout write it: a rule for each vulnerability (Grype: of each package), and a
//! result for each package that has it. Names of packages stand in the rule's `purls`, or in texts of the form
//! `Package: NAME`.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use packageurl::PackageUrl;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::report::Report;
use crate::vulnerabilities::json::{each, few, nullable, parse, word};
use crate::vulnerabilities::severity::{by_score, by_word};
use crate::vulnerabilities::{Finding, Findings, Names, Severity};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(deserialize_with = "few", borrow)]
    runs: Vec<Run<'a>>,
}

#[derive(Deserialize)]
struct Run<'a> {
    #[serde(borrow)]
    tool: Tool<'a>,
    results: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow)]
    driver: Driver<'a>,
}

#[derive(Deserialize)]
struct Driver<'a> {
    name: String,
    #[serde(default, deserialize_with = "few", borrow)]
    rules: Vec<&'a RawValue>,
}

/// What a rule is named by.
#[derive(Deserialize)]
struct Identified {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize, Default)]
struct Rule {
    #[serde(default, deserialize_with = "nullable")]
    help: Message,
    #[serde(default, deserialize_with = "nullable")]
    properties: Properties,
}

#[derive(Deserialize, Default)]
struct Properties {
    #[serde(default, rename = "security-severity", deserialize_with = "word")]
    score: Option<String>,
    #[serde(default, deserialize_with = "few")]
    purls: Vec<String>,
    #[serde(default, deserialize_with = "few")]
    tags: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Message {
    #[serde(default, deserialize_with = "word")]
    text: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default, rename = "ruleId", deserialize_with = "nullable")]
    rule: String,
    #[serde(default, deserialize_with = "nullable")]
    message: Message,
}

const VULNERABILITY: &str = "Vulnerability";

pub(super) fn read(document: &[u8]) -> Result<Report, String> {
    let what = "a report as SARIF";
    let document: Document<'_> = parse(document, what)?;
    let [run] = &document.runs[..] else {
        return Err(format!("it has {} runs, not one", document.runs.len()));
    };
    // The texts of rules are long: each is read where a result names it.
    let mut rules: BTreeMap<String, &RawValue> = BTreeMap::new();
    for rule in &run.tool.driver.rules {
        let Identified { id } = parse(rule.get().as_bytes(), what)?;
        rules.insert(id, rule);
    }
    let mut findings = Findings::default();
    if let Some(results) = run.results {
        each(results, what, &mut |outcome: Outcome| {
            let rule = rules.get(&outcome.rule).map(|rule| parse(rule.get().as_bytes(), what)).transpose()?;
            findings.add(found(&outcome, &rule.unwrap_or_default()))
        })?;
    }
    Ok(Report { scanner: run.tool.driver.name.clone(), findings })
}

/// What a result says; nothing if it is about something else, such as a secret in a file.
fn found(outcome: &Outcome, rule: &Rule) -> Vec<Finding> {
    let texts = [outcome.message.text.as_deref(), rule.help.text.as_deref()];
    let line = |key: &str| texts.iter().flatten().find_map(|text| after(text, key));
    let Some(id) = line(VULNERABILITY).or_else(|| identifier(&outcome.rule)) else { return Vec::new() };
    let score = rule.properties.score.as_deref().and_then(|score| score.parse().ok()).and_then(by_score);
    let tagged = || rule.properties.tags.iter().filter_map(|tag| by_word(tag)).min();
    let severity: Severity = line("Severity").and_then(by_word).or_else(tagged).or(score).unwrap_or_default();
    let names = Names::new(id, [], []);
    let purls: Vec<(&String, PackageUrl<'_>)> =
        rule.properties.purls.iter().filter_map(|text| Some((text, PackageUrl::from_str(text).ok()?))).collect();
    match line("Package").map(|package| PackageUrl::from_str(package).map_err(|_| package)) {
        Some(Ok(purl)) => names.findings(severity, purl.name(), Some(&purl.to_string()), false),
        Some(Err(package)) => {
            let purl = purls.iter().find(|(_, purl)| purl.name() == package).map(|(text, _)| text.as_str());
            names.findings(severity, package, purl, false)
        }
        None if purls.is_empty() => names.findings(severity, "unknown package", None, false),
        None => {
            let of =
                |(text, purl): &(&String, PackageUrl<'_>)| names.findings(severity, purl.name(), Some(text), false);
            purls.iter().flat_map(of).collect()
        }
    }
}

/// What follows `key` and its colon at the beginning of a line; Trivy and Grype write none after `Vulnerability`.
fn after<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let value = |line: &'t str| {
        let rest = line.trim().strip_prefix(key)?;
        match rest.trim_start().strip_prefix(':') {
            Some(value) => Some(value),
            None => rest.strip_prefix(' ').filter(|_| key == VULNERABILITY),
        }
    };
    text.lines().find_map(value).map(str::trim).filter(|value| !value.is_empty())
}

/// The CVE or GHSA identifier that a rule's name begins with: Grype adds the package's name.
fn identifier(rule: &str) -> Option<&str> {
    let parts: Vec<&str> = rule.splitn(5, '-').collect();
    let length = match parts[..] {
        ["CVE", year, number, ..] if [year, number].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) => {
            "CVE--".len() + year.len() + number.len()
        }
        ["GHSA", a, b, c, ..] => "GHSA---".len() + a.len() + b.len() + c.len(),
        _ => return None,
    };
    rule.get(..length)
}
