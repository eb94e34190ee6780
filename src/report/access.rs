//! What a member of the organization can pull, compared with what they should.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::rows::Finding;
use super::table::Place::{First, Prose, Second, Third};
use super::table::{Cell, Column, Section, column, in_table, on_terminal};
use super::terminal::list;
use crate::policy::access::{Row, State};
use crate::text::{counted, serde_name};

/// What `verify-access` found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Access {
    /// The organization.
    pub organization: String,
    /// Whose token was used; null if pulls in Docker Desktop are judged.
    pub username: Option<String>,
    /// The file of results that is judged; null if a registry was asked.
    pub results: Option<String>,
    /// The organization's own images: with a token, every promoted approval; in Docker Desktop, each image's newest.
    pub mirrors: Vec<Row>,
    /// Where images come from: a sample of the manifest's sources, and the images that were named in addition.
    pub upstreams: Vec<Row>,
    /// What is wrong with the results, line by line.
    pub problems: Vec<String>,
    /// What to know about this.
    pub notes: Vec<String>,
}

/// A text for a shell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Script {
    /// The shell that it is for.
    pub shell: String,
    /// The text.
    pub script: String,
}

impl Access {
    /// Whether everything is as it should be, as far as that can be told here.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.problems.is_empty() && self.rows().all(|row| row.ok)
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.mirrors.iter().chain(&self.upstreams)
    }

    /// What is not as it should be, as findings.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let rows = self.rows().filter(|row| !row.ok).map(|row| Finding {
            code: code(row.state),
            repository: None,
            tag: None,
            expected: format!("{}: {}", row.image, serde_name(&row.expected)),
            found: if row.detail.is_empty() { serde_name(&row.state) } else { row.detail.clone() },
        });
        let problems = self.problems.iter().map(|problem| Finding {
            code: "access-results",
            repository: None,
            tag: None,
            expected: "lines of the script, one for each image".to_owned(),
            found: problem.clone(),
        });
        rows.chain(problems).collect()
    }
}

const fn code(state: State) -> &'static str {
    match state {
        State::Allowed => "access-allowed",
        State::Refused => "access-refused",
        State::Missing => "access-missing",
        State::Differs => "access-differs",
        State::NotEnforcedHere => "access-not-enforced-here",
        State::Failed => "access-failed",
        State::Unclear => "access-unclear",
        State::NotRun => "access-not-run",
    }
}

pub(super) fn human(out: &mut Page, access: &Access) -> io::Result<()> {
    let whose = match (&access.username, &access.results) {
        (Some(name), _) => format!("What the registry returns to {name}, a member of {}", access.organization),
        (None, Some(file)) => {
            format!("What Docker Desktop let a member of {} pull, according to {file}", access.organization)
        }
        (None, None) => format!("What a member of {} can pull", access.organization),
    };
    writeln!(out, "{}\n", crate::text::clean(&whose))?;
    section("Mirrors", &access.mirrors).human(out)?;
    section("Upstreams", &access.upstreams).human(out)?;
    list(out, "Results", &access.problems)?;
    list(out, "Note", &access.notes)?;
    writeln!(out, "{}", verdict(access))
}

const IMAGES: &[Column] = &[
    on_terminal(First),
    column("image", Third),
    in_table("expected"),
    column("found", Second),
    in_table("as it should be"),
    column("detail", Prose),
];

fn section(heading: &str, rows: &[Row]) -> Section {
    Section::new(heading, IMAGES, rows, |row| {
        let (mark, yes) = if row.ok { ("ok", "yes") } else { ("!!", "no") };
        vec![
            Cell::Word(mark.to_owned()),
            Cell::code(&row.image),
            Cell::name(&row.expected),
            Cell::name(&row.state),
            Cell::Word(yes.to_owned()),
            Cell::Text(detail(row)),
        ]
    })
}

/// What there is to say about an image besides its state.
fn detail(row: &Row) -> String {
    match (row.ok, row.state, row.detail.is_empty()) {
        (true, State::Allowed, true) => String::new(),
        (_, _, true) => row.why.clone(),
        (true, ..) => format!("{}: {}", row.why, row.detail),
        (false, ..) => row.detail.clone(),
    }
}

fn verdict(access: &Access) -> String {
    if access.rows().next().is_none() {
        return "nothing is promoted yet, and there is no upstream to ask".to_owned();
    }
    let wrong = access.rows().filter(|row| !row.ok).count() + access.problems.len();
    if wrong > 0 {
        let all = access.rows().count();
        return format!("{} in {}", counted(wrong, "finding"), counted(all, "image"));
    }
    if access.rows().any(|row| row.state == State::NotEnforcedHere) {
        return "as it should be, as far as a registry can tell: --script checks the rest".to_owned();
    }
    "as it should be".to_owned()
}

pub(super) fn markdown(access: &Access) -> String {
    let problems: Vec<_> = access.problems.iter().map(|problem| vec![crate::markdown::escaped(problem)]).collect();
    section("Mirrors", &access.mirrors).markdown()
        + &section("Upstreams", &access.upstreams).markdown()
        + &crate::markdown::table("Results", &["problem"], &problems)
}
