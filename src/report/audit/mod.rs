//! What `audit` found: rows for programs, a table for people, the job summary, annotations; [`sarif`] for code scanning and
//! [`dashboard`] for the issue.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::annotations::{self, Annotation, Place};
use super::page::Page;
use super::rows::{Failed, Finding};
use super::sections;
use super::table::Place::{First, Prose};
use super::table::{Cell, Column, Section, column, labelled};
use super::terminal::wrapped;
use crate::image::Digest;
use crate::plan::FailedStep;
use crate::plan::drift::NO_GRANT;
use crate::policy::audit::{self, Code, Counted, Level, Unseen};
use crate::text::{counted, serde_name};

pub(crate) mod dashboard;
pub(crate) mod sarif;

/// What `audit` found. Serialised it is the body of `--format json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Audit {
    /// The organization.
    pub organization: String,
    /// The manifest that it was compared with.
    pub manifest: String,
    /// Whether the organization differs from the manifest.
    pub drift: bool,
    /// What differs from the manifest, and what is worth knowing.
    pub findings: Vec<Row>,
    /// What could not be checked.
    pub failed: Vec<Failed>,
    /// How much was checked.
    pub counted: Counted,
    /// The dashboard issue; null if there is none.
    pub issue: Option<Issue>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// What every finding has.
    #[serde(flatten)]
    pub finding: Finding,
    /// Whether it is drift; findings that are not drift do not change the exit status.
    pub drift: bool,
    /// How serious it is.
    pub level: Level,
    /// What distinguishes it from others with its code about the same tag or repository, such as a team; null if
    /// nothing has to.
    pub subject: Option<String>,
    /// What fixes it.
    pub help: &'static str,
    /// The manifest's file that says so.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// Its kind.
    #[serde(skip)]
    pub code: Code,
}

/// The dashboard issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Issue {
    /// Its number; null if a dry run would open it.
    pub number: Option<u64>,
    /// Its page; empty if a dry run would open it.
    pub url: String,
    /// What was done.
    pub action: IssueAction,
}

/// What was done about the dashboard, or in a dry run would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IssueAction {
    /// It is new.
    Opened,
    /// It was closed and has been reopened.
    Reopened,
    /// Its text changed.
    Updated,
    /// It was already up to date.
    Unchanged,
    /// Nothing differs any longer.
    Closed,
}

impl Audit {
    /// What was found in an organization.
    #[must_use]
    pub fn new(
        organization: &str,
        manifest: &str,
        findings: Vec<audit::Finding>,
        unseen: Vec<Unseen>,
        counted: Counted,
    ) -> Self {
        Self {
            organization: organization.to_owned(),
            manifest: manifest.to_owned(),
            drift: findings.iter().any(|finding| finding.code.is_drift()),
            findings: findings.into_iter().map(Row::from).collect(),
            failed: unseen.into_iter().map(failed).collect(),
            counted,
            issue: None,
        }
    }

    /// The findings that are drift, in the form that every command uses.
    #[must_use]
    pub fn drifting(&self) -> Vec<Finding> {
        self.findings.iter().filter(|row| row.drift).map(|row| row.finding.clone()).collect()
    }

    #[must_use]
    pub fn changed(&self) -> bool {
        self.issue.as_ref().is_some_and(|issue| issue.action != IssueAction::Unchanged)
    }

    /// The findings by their codes, the most serious first.
    fn by_code(&self) -> Vec<(Code, Vec<&Row>)> {
        let of = |code: Code| self.findings.iter().filter(|row| row.code == code).collect::<Vec<_>>();
        let mut codes = Code::ALL;
        codes.sort_by_key(|code| code.level());
        codes.into_iter().map(|code| (code, of(code))).filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

impl From<audit::Finding> for Row {
    fn from(finding: audit::Finding) -> Self {
        let audit::Finding { code, repository, tag, subject, expected, found, help, place } = finding;
        Self {
            finding: Finding { code: code.as_str(), repository, tag, expected, found },
            drift: code.is_drift(),
            level: code.level(),
            subject,
            help,
            file: place.file,
            line: place.line,
            column: place.column,
            code,
        }
    }
}

impl Row {
    /// The mirror's tag, the mirror, or what else it is about.
    pub(super) fn name(&self) -> String {
        match (&self.finding.repository, &self.finding.tag) {
            (Some(repository), Some(tag)) => format!("{repository}:{tag}"),
            (Some(repository), None) => repository.to_string(),
            (None, _) => self.subject.clone().unwrap_or_default(),
        }
    }

    fn sentence(&self) -> String {
        let missing = if self.is_missing_grant() { "a grant is missing: " } else { "" };
        format!("{missing}expected {}, found {}", self.finding.expected, self.finding.found)
    }

    /// Whether a team has no grant at all, although the manifest gives it one.
    fn is_missing_grant(&self) -> bool {
        self.code == Code::Team && self.finding.found.ends_with(NO_GRANT)
    }

    /// What the finding is about, and nothing that changes while it lasts: hexadecimal digits.
    fn identity(&self) -> String {
        let name = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let parts = [
            self.code.as_str().to_owned(),
            name(self.finding.repository.as_ref().map(crate::image::RepositoryName::as_str)),
            name(self.finding.tag.as_ref().map(crate::image::Tag::as_str)),
            name(self.subject.as_deref()),
        ];
        Digest::sha256(parts.join("\n").as_bytes()).hex()[..16].to_owned()
    }
}

/// What a code means and how to fix it, in sentences.
fn explained(code: Code) -> String {
    sentences(code.meaning(), code.help())
}

/// The same for these findings of one code.
fn explained_of(code: Code, rows: &[&Row]) -> String {
    match rows.iter().filter(|row| row.is_missing_grant()).count() {
        0 => explained(code),
        all if all == rows.len() => sentences("a grant is missing", code.help()),
        _ => sentences("a grant is missing, or allows more or less than the manifest says", code.help()),
    }
}

fn sentences(meaning: &str, help: &str) -> String {
    let (first, rest) = meaning.split_at(meaning.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}. To fix it: {help}.", first.to_uppercase())
}

fn failed(unseen: Unseen) -> Failed {
    let Unseen { source, repository, tag, error } = unseen;
    let step = if repository.is_some() { FailedStep::Resolve } else { FailedStep::Read };
    Failed { source, repository, tag, step, error }
}

pub(super) fn human(out: &mut Page, audit: &Audit) -> io::Result<()> {
    for (code, rows) in audit.by_code() {
        let kind = if code.is_drift() { "" } else { ", no drift" };
        out.heading(&format!("{} ({}{kind})", code.as_str(), rows.len()))?;
        wrapped(out, "  ", &explained_of(code, &rows))?;
        section(code, &rows).human_rows(out, "    ")?;
        writeln!(out)?;
    }
    sections::failed(&audit.failed).human(out)?;
    wrapped(out, "", &looked_at(audit))?;
    if let Some(issue) = &audit.issue {
        writeln!(out, "dashboard {}: {}", serde_name(&issue.action), issue.url)?;
    }
    writeln!(out, "{}", verdict(audit))
}

fn looked_at(audit: &Audit) -> String {
    let Counted { repositories, mirrors, tags, approvals, sources, unmanaged } = &audit.counted;
    let others = match repositories {
        Some(_) => format!("; {} of {} not in the manifest", repositories_of(unmanaged.len()), audit.organization),
        None => String::new(),
    };
    format!(
        "checked {} with {}, {} of {}{others}",
        counted(*mirrors, "mirror"),
        counted(*tags, "tag"),
        counted(*approvals, "approval"),
        counted(*sources, "source"),
    )
}

fn repositories_of(count: usize) -> String {
    if count == 1 { "1 repository".to_owned() } else { format!("{count} repositories") }
}

fn verdict(audit: &Audit) -> String {
    let drifting = audit.findings.iter().filter(|row| row.drift).count();
    match (drifting, audit.failed.len()) {
        (0, 0) => format!("{} matches {}", audit.organization, audit.manifest),
        (0, failed) => format!("nothing differs, but {} could not be checked", counted(failed, "thing")),
        (drifting, failed) => {
            let unseen = match failed {
                0 => String::new(),
                failed => format!("; {} could not be checked", counted(failed, "thing")),
            };
            let findings = counted(drifting, "finding");
            format!("{} differs from {}: {findings}{unseen}", audit.organization, audit.manifest)
        }
    }
}

pub(super) fn markdown(audit: &Audit) -> String {
    let mut text = format!(
        "**{}**\n\n{}.\n\n",
        crate::markdown::escaped(&verdict(audit)),
        crate::markdown::escaped(&looked_at(audit))
    );
    for (code, rows) in audit.by_code() {
        text.push_str(&section(code, &rows).markdown());
        text.push_str(&format!("{}\n\n", explained_of(code, &rows)));
    }
    text + &sections::failed(&audit.failed).markdown()
}

const FINDINGS: &[Column] =
    &[column("of", First), labelled("expected", Prose, "expected"), labelled("found", Prose, "found")];

/// The findings of one code.
fn section(code: Code, rows: &[&Row]) -> Section {
    Section::new(format!("`{}` ({})", code.as_str(), rows.len()), FINDINGS, rows, |row| {
        let finding = &row.finding;
        vec![Cell::Code(row.name()), Cell::Digests(finding.expected.clone()), Cell::Digests(finding.found.clone())]
    })
}

/// The annotations: each finding at the place where the manifest says otherwise.
pub(crate) fn annotations(audit: &Audit) -> Vec<Annotation> {
    let level = |level: Level| match level {
        Level::Error => annotations::Level::Error,
        Level::Warning => annotations::Level::Warning,
        Level::Note => annotations::Level::Notice,
    };
    let annotation = |row: &Row| Annotation {
        level: level(row.level),
        place: Some(Place { file: row.file.clone(), line: row.line, column: row.column }),
        title: format!("{} {}", row.finding.code, row.name()),
        message: format!("{}\n{}", row.sentence(), row.help),
    };
    audit.findings.iter().map(annotation).collect()
}
