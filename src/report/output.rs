//! Where a command's results go: to people as they come, to programs as one document at the end, and in Actions into
//! the job summary, annotations and outputs as well.

use std::io::{self, Write};

use serde::Serialize;

use super::annotations::{Annotation, Annotations, Level};
use super::json::Document;
use super::rows::{Check, Diagnostics, Failed, Finding, Outcome, Plan};
use super::{Format, human, markdown, workflow_command};
use crate::diag::Diagnostic;
use crate::manifest::File;

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// For people or for programs.
    pub format: Format,
    /// Whether the Actions runner reads along.
    pub actions: bool,
}

/// The streams that results are written to.
pub struct Sinks {
    /// Standard output: results.
    pub out: Box<dyn Write + Send>,
    /// Standard error: everything else.
    pub err: Box<dyn Write + Send>,
}

/// What is left to do when a run ends: files that the Actions runner reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ending {
    /// The job summary, not yet bounded.
    pub summary: String,
    /// The action's outputs, by name.
    pub outputs: Vec<(&'static str, String)>,
}

/// The results of one run.
pub struct Output {
    style: Style,
    sinks: Sinks,
    document: Document,
    outcome: Outcome,
    summary: String,
    annotations: Annotations,
    matrix: Option<String>,
    fault: Option<io::Error>,
}

impl Output {
    /// Results in `style` into `sinks`.
    #[must_use]
    pub fn new(style: Style, sinks: Sinks) -> Self {
        Self {
            style,
            sinks,
            document: Document::Nothing {},
            outcome: Outcome::default(),
            summary: String::new(),
            annotations: Annotations::default(),
            matrix: None,
            fault: None,
        }
    }

    /// What would be done, or is about to be: shown at once. It is the run's document unless an outcome follows.
    pub fn plan(&mut self, plan: &Plan) {
        self.section("Plan", |out| human::plan(out, plan));
        self.summary.push_str(&markdown::plan(plan));
        self.matrix = plan.matrix.as_ref().and_then(|matrix| serde_json::to_string(matrix).ok());
        if !matches!(self.document, Document::Outcome(_)) {
            self.failures(&plan.failed);
            self.outcome.failed.extend(plan.failed.iter().cloned());
            self.document = Document::Plan(plan.clone());
        }
    }

    /// What was done. Of two in one run the document holds both.
    pub fn outcome(&mut self, outcome: Outcome) {
        self.section("Result", |out| human::outcome(out, &outcome));
        self.summary.push_str(&markdown::outcome(&outcome));
        self.failures(&outcome.failed);
        self.findings(&outcome.drift);
        if !matches!(self.document, Document::Outcome(_)) {
            self.outcome = Outcome::default();
        }
        self.outcome.extend(outcome);
        self.document = Document::Outcome(self.outcome.clone());
    }

    /// What `check` found. `files` are what its diagnostics quote. Where a finding stands is for [`Output::annotate`].
    pub fn check(&mut self, check: Check, files: &[File]) {
        self.show_diagnostics(&check.diagnostics, files);
        self.section("Check", |out| human::check(out, &check));
        self.summary.push_str(&markdown::check(&check));
        self.failures(&check.failed);
        self.outcome.failed.extend(check.failed.iter().cloned());
        self.outcome.drift.extend(check.findings.iter().cloned());
        self.document = Document::Check(check);
    }

    /// The faults of an unusable manifest, with the files they quote.
    pub fn diagnostics(&mut self, diagnostics: Vec<Diagnostic>, files: &[File]) {
        self.show_diagnostics(&diagnostics, files);
        self.summary.push_str(&markdown::diagnostics(&diagnostics));
        self.document = Document::Diagnostics(Diagnostics { diagnostics });
    }

    /// Markdown for the job summary alone, such as the evidence of a proposal. Everything in it is escaped already.
    pub fn evidence(&mut self, markdown: &str) {
        self.summary.push_str(markdown);
        self.summary.push_str("\n\n");
    }

    /// An annotation; shown in Actions only.
    pub fn annotate(&mut self, annotation: Annotation) {
        self.annotations.push(annotation);
    }

    /// A result that is a text of its own, such as a schema: written as it is, whatever the format.
    pub fn text(&mut self, text: &str) {
        let written = self.sinks.out.write_all(text.as_bytes());
        self.keep(written);
        self.style.format = Format::Human;
    }

    /// Ends the run: prints the document, the error and the annotations.
    ///
    /// # Errors
    /// Where standard output could not be written, other than because nobody reads it any more.
    pub fn finish(mut self, error: Option<&str>) -> io::Result<Ending> {
        if let Some(error) = error {
            self.failure(error);
        }
        let written = self.write_end(error);
        self.keep(written);
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => Ok(Ending { outputs: self.outputs(), summary: self.summary }),
        }
    }

    fn write_end(&mut self, error: Option<&str>) -> io::Result<()> {
        if self.style.format == Format::Json {
            super::json::write(&mut self.sinks.out, &self.document, error)?;
        }
        if self.style.actions {
            self.annotations.write(commands(&mut self.sinks, self.style))?;
        }
        self.sinks.out.flush()?;
        self.sinks.err.flush()
    }

    fn failure(&mut self, error: &str) {
        let text = format!("error: {}\n", super::text::clean_lines(error));
        self.explain(&text);
        self.summary.push_str(&markdown::error(error));
        let message = super::text::clean_lines(error);
        self.annotations.push(Annotation { level: Level::Error, place: None, title: "wharfinger".to_owned(), message });
    }

    fn outputs(&self) -> Vec<(&'static str, String)> {
        let mut outputs = vec![
            ("proposals", json(&self.outcome.proposals)),
            ("promoted", json(&self.outcome.promoted)),
            ("failed", json(&self.outcome.failed)),
            ("drift", json(&self.outcome.drift)),
            ("changed", self.outcome.changed.to_string()),
        ];
        outputs.extend(self.matrix.clone().map(|matrix| ("matrix", matrix)));
        outputs
    }

    /// Renders for people, at once, in Actions inside a group in which the runner obeys nothing.
    fn section(&mut self, title: &str, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.style.format == Format::Json {
            return;
        }
        let written = self.write_section(title, render);
        self.keep(written);
    }

    fn write_section(&mut self, title: &str, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut text = Vec::new();
        render(&mut text)?;
        if text.is_empty() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&text);
        let out = &mut self.sinks.out;
        if self.style.actions {
            workflow_command::write(out, "group", &[], title)?;
            workflow_command::write_inert(out, &text)?;
            workflow_command::write(out, "endgroup", &[], "")?;
        } else {
            write!(out, "{text}")?;
        }
        out.flush()
    }

    fn show_diagnostics(&mut self, diagnostics: &[Diagnostic], files: &[File]) {
        if self.style.format == Format::Human {
            let text = super::diagnostics::text(diagnostics, files);
            self.explain(&text);
        }
        for diagnostic in diagnostics {
            self.annotations.push(Annotation {
                level: Level::Error,
                place: Some((diagnostic.file.clone(), diagnostic.line, diagnostic.column)),
                title: diagnostic.code.to_owned(),
                message: format!("{}\n{}", diagnostic.message, diagnostic.help),
            });
        }
    }

    /// Prose on standard error, of which the runner obeys no line.
    fn explain(&mut self, text: &str) {
        let err = &mut self.sinks.err;
        let written = if self.style.actions {
            text.lines().try_for_each(|line| writeln!(err, "{}", workflow_command::inert_line(line)))
        } else {
            write!(err, "{text}")
        };
        self.keep(written);
    }

    fn failures(&mut self, failed: &[Failed]) {
        for row in failed {
            let name: Vec<String> =
                [row.repository.as_ref().map(ToString::to_string), row.tag.as_ref().map(ToString::to_string)]
                    .into_iter()
                    .flatten()
                    .collect();
            let subject = if name.is_empty() { row.source.clone().unwrap_or_default() } else { name.join(":") };
            let title = format!("{} {subject}", human::serde_name(&row.step)).trim().to_owned();
            self.annotations.push(Annotation { level: Level::Error, place: None, title, message: row.error.clone() });
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            let message = format!("expected {}, found {}", finding.expected, finding.found);
            let title = finding.code.to_owned();
            self.annotations.push(Annotation { level: Level::Warning, place: None, title, message });
        }
    }

    /// A reader that went away is no fault: the work goes on. Any other fault is told at the end.
    fn keep(&mut self, written: io::Result<()>) {
        match written {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => self.fault = self.fault.take().or(Some(e)),
            _ => {}
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Where workflow commands go: the runner reads both streams, and a document on standard output stands alone there.
fn commands(sinks: &mut Sinks, style: Style) -> &mut (dyn Write + Send) {
    if style.format == Format::Json { &mut sinks.err } else { &mut sinks.out }
}
