//! What a member of the organization can pull, against what they should.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::human::{aligned, serde_name, wrapped};
use super::rows::Finding;
use super::summary;
use crate::policy::access::{Row, State};
use crate::text::counted;

/// What `verify-access` found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Access {
    /// The organization.
    pub organization: String,
    /// Whose token was used; null where pulls in Docker Desktop are judged.
    pub username: Option<String>,
    /// The file of results that is judged; null where a registry was asked.
    pub results: Option<String>,
    /// The organization's own images: with a token every promoted approval, in Docker Desktop each image's newest.
    pub mirrors: Vec<Row>,
    /// Where images come from: a sample of the manifest's sources, and what was named beside them.
    pub upstreams: Vec<Row>,
    /// What is wrong with the results, line by line.
    pub problems: Vec<String>,
    /// What to know of this.
    pub notes: Vec<String>,
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

/// For people.
///
/// # Errors
/// Where the sink fails.
pub fn human(out: &mut dyn Write, access: &Access) -> io::Result<()> {
    let whose = match (&access.username, &access.results) {
        (Some(name), _) => format!("What the registry answers {name}, a member of {}", access.organization),
        (None, Some(file)) => format!("What Docker Desktop let a member of {} pull, by {file}", access.organization),
        (None, None) => format!("What a member of {} can pull", access.organization),
    };
    writeln!(out, "{}\n", crate::text::clean(&whose))?;
    section(out, "Mirrors", &access.mirrors)?;
    section(out, "Upstreams", &access.upstreams)?;
    list(out, "Results", &access.problems)?;
    list(out, "Note", &access.notes)?;
    writeln!(out, "{}", verdict(access))
}

fn section(out: &mut dyn Write, heading: &str, rows: &[Row]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{heading}")?;
    let cells = |row: &Row| {
        let mark = if row.ok { "ok" } else { "!!" };
        vec![mark.to_owned(), serde_name(&row.state), row.image.clone(), told(row)]
    };
    aligned(out, "  ", &rows.iter().map(cells).collect::<Vec<_>>())?;
    writeln!(out)
}

/// What there is to say of an image beside its state.
fn told(row: &Row) -> String {
    match (row.ok, row.state, row.detail.is_empty()) {
        (true, State::Allowed, true) => String::new(),
        (_, _, true) => row.why.clone(),
        (true, ..) => format!("{}: {}", row.why, row.detail),
        (false, ..) => row.detail.clone(),
    }
}

fn list(out: &mut dyn Write, heading: &str, texts: &[String]) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    writeln!(out, "{heading}")?;
    texts.iter().try_for_each(|text| wrapped(out, "  ", &crate::text::clean(text)))?;
    writeln!(out)
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
        return "as it should be, as far as a registry can tell: --script tells the rest".to_owned();
    }
    "as it should be".to_owned()
}

/// Markdown for the job summary.
#[must_use]
pub fn markdown(access: &Access) -> String {
    let cells = |row: &Row| {
        vec![
            summary::code(&row.image),
            serde_name(&row.expected),
            serde_name(&row.state),
            if row.ok { "yes".to_owned() } else { "no".to_owned() },
            crate::markdown::escaped(&told(row)),
        ]
    };
    let table = |heading: &str, rows: &[Row]| {
        let columns = ["image", "expected", "found", "as it should be", "detail"];
        crate::markdown::table(heading, &columns, &rows.iter().map(cells).collect::<Vec<_>>())
    };
    let problems: Vec<_> = access.problems.iter().map(|problem| vec![crate::markdown::escaped(problem)]).collect();
    table("Mirrors", &access.mirrors)
        + &table("Upstreams", &access.upstreams)
        + &crate::markdown::table("Results", &["problem"], &problems)
}
