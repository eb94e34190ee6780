//! Annotations: problems at a place in a file, as the runner shows them on a pull request.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::rows::{Failed, Finding, Unmatched, Unread};
use super::workflow_command::{self, MESSAGE_LIMIT};
use crate::image::Tag;
use crate::text::{counted, cut, serde_name};

/// The most annotations of one kind that the runner keeps for a step.
pub(crate) const LIMIT: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something needs attention.
    Warning,
    /// Something is worth knowing.
    Notice,
}

impl Level {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    pub level: Level,
    pub place: Option<Place>,
    /// The heading above the message.
    pub title: String,
    /// The message; cut at what the runner keeps.
    pub message: String,
}

/// A place in a file; line and column count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

impl From<&Failed> for Annotation {
    fn from(row: &Failed) -> Self {
        let names: Vec<&str> = row.subject().into_iter().chain(row.tag.as_ref().map(Tag::as_str)).collect();
        let title = format!("{} {}", serde_name(&row.step), names.join(":")).trim().to_owned();
        Self { level: Level::Error, place: None, title, message: row.error.clone() }
    }
}

impl From<&Finding> for Annotation {
    fn from(row: &Finding) -> Self {
        let message = format!("expected {}, found {}", row.expected, row.found);
        Self { level: Level::Warning, place: None, title: row.code.to_owned(), message }
    }
}

impl From<&Unmatched> for Annotation {
    fn from(row: &Unmatched) -> Self {
        let (title, message) = (format!("unmatched {}", row.repository), row.notice().text());
        Self { level: Level::Warning, place: None, title, message }
    }
}

impl From<&Unread> for Annotation {
    fn from(row: &Unread) -> Self {
        let (title, message) = (format!("unread {}:{}", row.repository, row.tag), row.notice().text());
        Self { level: Level::Warning, place: None, title, message }
    }
}

/// The annotations of a run, written at its end so that they can be counted.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    all: BTreeMap<Level, Vec<Annotation>>,
    /// How many more of each kind there are than were pushed.
    more: BTreeMap<Level, usize>,
}

impl Annotations {
    pub(crate) fn push(&mut self, annotation: Annotation) {
        self.all.entry(annotation.level).or_default().push(annotation);
    }

    /// Counts this many more of a kind, which are not listed individually.
    pub(crate) fn more(&mut self, level: Level, count: usize) {
        *self.more.entry(level).or_default() += count;
    }

    /// Writes at most [`LIMIT`] of each kind; if there are more, the last of them counts the rest.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (level, all) in &self.all {
            let count = all.len() + self.more.get(level).copied().unwrap_or_default();
            let shown = if count > LIMIT { all.len().min(LIMIT - 1) } else { all.len() };
            all[..shown].iter().try_for_each(|annotation| write_one(out, annotation))?;
            if count > shown {
                let rest = counted(count - shown, &format!("more {}", level.as_str()));
                workflow_command::write(out, level.as_str(), &[], &format!("{rest}: see the job summary and the log"))?;
            }
        }
        Ok(())
    }
}

fn write_one(out: &mut dyn Write, annotation: &Annotation) -> io::Result<()> {
    let (file, line, column) = match &annotation.place {
        Some(Place { file, line, column }) => (file.as_str(), line.to_string(), column.to_string()),
        None => ("", String::new(), String::new()),
    };
    let properties = [("file", file), ("line", &line), ("col", &column), ("title", &annotation.title)];
    workflow_command::write(out, annotation.level.as_str(), &properties, &cut(&annotation.message, MESSAGE_LIMIT))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn written(count: usize, message: &str) -> Vec<String> {
        let mut annotations = Annotations::default();
        for line in 1..=count {
            let place = Some(Place { file: "approved-images.yml".to_owned(), line, column: 1 });
            let (title, message) = ("unknown-key".to_owned(), message.to_owned());
            annotations.push(Annotation { level: Level::Error, place, title, message });
        }
        let mut out = Vec::new();
        annotations.write(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn ten_of_a_kind_are_written_and_an_eleventh_is_counted() {
        assert_eq!(written(10, "x").len(), 10);
        let lines = written(12, "x");
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[0], "::error file=approved-images.yml,line=1,col=1,title=unknown-key::x");
        assert_eq!(lines[9], "::error::3 more errors: see the job summary and the log");
    }

    #[test]
    fn a_message_is_cut_at_what_the_runner_keeps() {
        let line = &written(1, &"ä".repeat(5000))[0];
        let message = line.rsplit("::").next().unwrap();
        assert_eq!(message.chars().count(), 4096);
        assert!(message.ends_with('…'));
    }
}
