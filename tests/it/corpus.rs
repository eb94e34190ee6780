//! The corpus: tag lists of well-known repositories, each with rules that a user would write and the results the user
//! expects. The files are in `tests/corpus`, one per repository; the snapshot shows every decision in one table.
//!
//! Expectations were written down before running the program. Facts that a list of tags does not contain are left out:
//! digests are derived from the tags' names, and neither age nor readiness is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate};
use serde::Deserialize;
use wharfinger::internals::image::{Digest, Tag};
use wharfinger::internals::manifest::{File, parse};
use wharfinger::internals::proposal;
use wharfinger::internals::rules::{Fact, Facts, ROUNDS, Readings, Selection, Subject, Verdict};

use crate::picking::{List, Rule, broken_promises};

/// One repository.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    repository: String,
    /// Where the tags were read; absent where the list is made up.
    read: Option<Read>,
    /// Why the list is made up.
    constructed: Option<String>,
    cases: Vec<Case>,
    /// One tag a line.
    tags: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    /// A public repository and path, or a page.
    r#where: String,
    when: NaiveDate,
}

/// One rule, and what it should make of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: RuleText,
    #[serde(default)]
    approved: Vec<String>,
    /// Every line with its choice.
    chosen: BTreeMap<String, Option<String>>,
    /// Some tags that are not chosen, each with the code of its reason.
    #[serde(default)]
    skipped: BTreeMap<String, String>,
    /// What a reader would ask about this case.
    #[serde(rename = "why")]
    _why: Option<String>,
}

/// The rule as the manifest writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    versions: Option<String>,
    variant: Option<String>,
    pattern: Option<String>,
    follow: Option<String>,
    prereleases: Option<bool>,
    tags: Option<Vec<String>>,
}

impl RuleText {
    /// Key and value of what is given, in the order in which a person writes them.
    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        let text = |value: &Option<String>| value.clone().map(serde_json::Value::from);
        let fields = [
            ("versions", text(&self.versions)),
            ("variant", text(&self.variant)),
            ("pattern", text(&self.pattern)),
            ("follow", text(&self.follow)),
            ("prereleases", self.prereleases.map(serde_json::Value::from)),
            ("tags", self.tags.clone().map(serde_json::Value::from)),
        ];
        fields.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
    }

    /// For the table: short, and the same whatever the other rows hold.
    fn shown(&self) -> String {
        let shown = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let fields: Vec<String> =
            self.fields().into_iter().map(|(key, value)| format!("{key}: {}", shown(value))).collect();
        if fields.is_empty() { "(none)".to_owned() } else { fields.join(", ") }
    }
}

fn digest(tag: &str) -> Digest {
    Digest::sha256(tag.as_bytes())
}

/// What the manifest makes of a case: its own parser reads the rule.
fn subject(repository: &str, case: &Case) -> Result<Subject, String> {
    let mut image = serde_json::Map::from_iter([("source".to_owned(), repository.into())]);
    image.extend(case.rule.fields().into_iter().map(|(key, value)| (key.to_owned(), value)));
    let approval = |tag: &String| serde_json::json!({ "tag": tag, "digest": digest(tag).to_string() });
    let approved: Vec<_> = case.approved.iter().map(approval).collect();
    image.insert("approved".to_owned(), approved.into());
    image.insert("cooldown".to_owned(), "0s".into());
    let manifest = serde_json::json!({ "organization": "acme", "images": [image] });
    let file = File { path: "approved-images.yml".to_owned(), text: manifest.to_string() };
    let manifest = parse(vec![file]).map_err(|diagnostics| format!("{diagnostics:?}"))?;
    Ok(Subject { ask_readiness: false, rebuilds: false, ..proposal::subject(&manifest.images[0]) })
}

/// Asks until nothing is missing; every tag answers the digest that is made up for it.
fn settle(subject: &Subject, tags: &[Tag]) -> Result<Selection, String> {
    let (readings, mut facts) = (Readings::of(&subject.rule, tags), Facts::default());
    let inquiry = readings.inquire(subject, DateTime::UNIX_EPOCH);
    for _ in 0..ROUNDS {
        let missing = inquiry.missing(&facts);
        if missing.is_empty() {
            return Ok(inquiry.answer(&facts));
        }
        for fact in missing {
            let Fact::Digest(tag) = fact else { return Err(format!("asks for {fact:?}")) };
            let answer = digest(tag.as_str());
            facts.digests.insert(tag, Some(answer));
        }
    }
    Err("asks without end".to_owned())
}

fn code(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// What differs from what is expected.
fn differences(case: &Case, tags: &[Tag], selection: &Selection) -> Vec<String> {
    let mut wrong = Vec::new();
    let chosen: BTreeMap<String, Option<String>> = selection
        .lines
        .iter()
        .map(|line| (line.name.clone(), line.chosen.as_ref().map(|c| c.tag.to_string())))
        .collect();
    if chosen != case.chosen {
        wrong.push(format!("chosen is {chosen:?}, expected {:?}", case.chosen));
    }
    let listed: BTreeSet<&str> = tags.iter().map(Tag::as_str).collect();
    for tag in chosen.values().flatten().chain(case.chosen.values().flatten()) {
        if !listed.contains(tag.as_str()) {
            wrong.push(format!("{tag} is chosen and not in the list"));
        }
    }
    if selection.tags.len() != tags.len() {
        wrong.push(format!("{} verdicts for {} tags", selection.tags.len(), tags.len()));
    }
    for (tag, expected) in &case.skipped {
        let verdict = selection.tags.iter().find(|verdict| verdict.tag.as_str() == tag);
        match verdict {
            Some(v) if v.verdict == Verdict::Skipped && code(v.reason) == *expected => {}
            Some(v) => wrong.push(format!("{tag} is {} ({}), expected {expected}", code(v.reason), v.detail)),
            None => wrong.push(format!("{tag} is expected to be skipped and not in the list")),
        }
    }
    wrong
}

/// A row a line; its width depends on nothing but itself, so that a new file adds rows and changes none.
fn rows(entry: &Entry, case: &Case, selection: &Selection, table: &mut String) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for verdict in selection.tags.iter().filter(|v| v.verdict == Verdict::Skipped) {
        *counts.entry(code(verdict.reason)).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let skips = if counts.is_empty() { "-".to_owned() } else { counts.join(", ") };
    let mark = if entry.constructed.is_some() { " (constructed)" } else { "" };
    let name = format!("{}{mark}", entry.repository);
    let rule = case.rule.shown();
    let mut skips = Some(skips);
    let mut row = |line: &str, approved: &str, chosen: &str| {
        let skips = skips.take().unwrap_or_else(|| "as above".to_owned());
        writeln!(table, "{name:<36} | {rule:<42} | {line:<10} | {approved:<24} | {chosen:<24} | {skips}").unwrap();
    };
    for line in &selection.lines {
        let current = line.current.as_ref().map_or("-", |(tag, _)| tag.as_str());
        let chosen = line.chosen.as_ref().map_or("-", |chosen| chosen.tag.as_str());
        row(&line.name, current, chosen);
    }
    if selection.lines.is_empty() {
        row("-", &case.approved.join(", "), "-");
    }
}

/// The list, each tag once.
fn tags(entry: &Entry) -> Result<Vec<Tag>, String> {
    let mut seen = BTreeSet::new();
    let lines = entry.tags.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let tag: Tag = line.parse().map_err(|e| format!("{line}: {e}"))?;
            if seen.insert(tag.clone()) { Ok(tag) } else { Err(format!("{line} stands in the list twice")) }
        })
        .collect()
}

fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn entry(path: &Path) -> Result<Entry, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let entry: Entry = serde_yaml::from_str(&text).map_err(|e| e.to_string())?;
    let name = format!("{}.yml", entry.repository.replace('/', "_"));
    if !path.ends_with(&name) {
        return Err(format!("the file should be called {name}"));
    }
    match (&entry.read, &entry.constructed) {
        (Some(read), None) if !read.r#where.is_empty() && read.when.to_string().starts_with("20") => {}
        (None, Some(why)) if !why.is_empty() => {}
        _ => return Err("either `read` or `constructed`".to_owned()),
    }
    if entry.cases.is_empty() {
        return Err("no cases".to_owned());
    }
    Ok(entry)
}

#[test]
fn every_list_is_decided_as_its_user_expects() {
    let (mut wrong, mut table) = (Vec::new(), String::new());
    writeln!(table, "repository | rule | line | approved | chosen | skipped").unwrap();
    for path in files() {
        let mut fault = |case: &str, fault: String| {
            wrong.push(format!("{}{case}: {fault}", path.file_name().unwrap().to_string_lossy()));
        };
        let read = entry(&path).and_then(|entry| tags(&entry).map(|tags| (entry, tags)));
        let (entry, tags) = match read {
            Ok(read) => read,
            Err(e) => {
                fault("", e);
                continue;
            }
        };
        for case in &entry.cases {
            let selection = subject(&entry.repository, case).and_then(|subject| settle(&subject, &tags));
            match selection {
                Ok(selection) => {
                    let shown = format!(" ({}; approved {:?})", case.rule.shown(), case.approved);
                    differences(case, &tags, &selection).into_iter().for_each(|difference| fault(&shown, difference));
                    rows(&entry, case, &selection, &mut table);
                }
                Err(e) => fault(&format!(" ({})", case.rule.shown()), e),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!("table", table);
}

/// Where nothing is picked, with nothing approved, a person is told a rule that picks something.
#[test]
fn a_rule_that_picks_nothing_is_told_one_that_does() {
    let mut wrong = Vec::new();
    for path in files() {
        let entry = entry(&path).unwrap();
        for case in
            entry.cases.iter().filter(|case| case.chosen.values().all(Option::is_none) && case.rule.tags.is_none())
        {
            let approved: Vec<&str> = case.approved.iter().map(String::as_str).collect();
            let rule = Rule {
                versions: case.rule.versions.as_deref(),
                variant: case.rule.variant.as_deref(),
                pattern: case.rule.pattern.as_deref(),
                follow: case.rule.follow.as_deref(),
                prereleases: case.rule.prereleases == Some(true),
            };
            let broken = broken_promises(List { tags: &entry.tags, approved: &approved }, rule);
            let missing = broken.is_none() && approved.is_empty();
            let faults = broken.into_iter().flatten().chain(missing.then(|| "nothing is told".to_owned()));
            wrong.extend(faults.map(|fault| format!("{} ({}): {fault}", entry.repository, case.rule.shown())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn most_lists_are_real_and_from_many_registries() {
    let entries = files().into_iter().map(|path| entry(&path).unwrap());
    let mut real: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries.filter(|entry| entry.constructed.is_none()) {
        *real.entry(entry.repository.split('/').next().unwrap().to_owned()).or_default() += 1;
    }
    for registry in ["docker.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io", "registry.k8s.io"] {
        assert!(real.contains_key(registry), "{registry} is absent: {real:?}");
    }
    assert!(real.values().sum::<usize>() >= 250, "{real:?}");
}
