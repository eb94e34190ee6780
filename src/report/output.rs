//! Where a command's results go: to people as they come, to programs as one document at the end, and in Actions into
//! the job summary, annotations and outputs as well.

use std::io::{self, Write};

use serde::Serialize;

use super::access::Access;
use super::annotations::{Annotation, Annotations, Level};
use super::approval::{self, Approval};
use super::audit::{self, Audit};
use super::doctor::Doctor;
use super::explain::Explanation;
use super::json::Document;
use super::rows::{Check, Diagnostics, Failed, Finding, Outcome, Plan};
use super::settings::Settings;
use super::sign_in::SignIn;
use super::{Format, human, markdown, workflow_command};
use crate::diag::Diagnostic;
use crate::manifest::File;
use crate::text::Hidden;

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
    /// A file to write, and its text.
    pub document: Option<(String, String)>,
}

/// The results of one run.
pub struct Output {
    style: Style,
    sinks: Sinks,
    plan: Option<Plan>,
    outcome: Option<Outcome>,
    approval: Option<Approval>,
    check: Option<Check>,
    explanation: Option<Explanation>,
    audit: Option<Audit>,
    settings: Option<Settings>,
    sign_in: Option<SignIn>,
    access: Option<Access>,
    doctor: Option<Doctor>,
    /// The file that the document goes into instead of standard output, and its format.
    file: Option<(String, Format)>,
    diagnostics: Option<Diagnostics>,
    summary: String,
    annotations: Annotations,
    hidden: Hidden,
    fault: Option<io::Error>,
}

impl Output {
    /// Results in `style` into `sinks`.
    #[must_use]
    pub fn new(style: Style, sinks: Sinks) -> Self {
        Self {
            style,
            sinks,
            plan: None,
            outcome: None,
            approval: None,
            check: None,
            explanation: None,
            audit: None,
            settings: None,
            sign_in: None,
            access: None,
            doctor: None,
            file: None,
            diagnostics: None,
            summary: String::new(),
            annotations: Annotations::default(),
            hidden: Hidden::default(),
            fault: None,
        }
    }

    /// Shows none of these, whichever answer or error they come back in.
    #[must_use]
    pub fn hiding(self, hidden: Hidden) -> Self {
        Self { hidden, ..self }
    }

    /// What would be done, or is about to be: shown at once. It is the run's document unless an outcome follows; of two in
    /// one run the document holds both.
    pub fn plan(&mut self, plan: &Plan) {
        self.section("Plan", |out| human::plan(out, plan));
        self.summary.push_str(&markdown::plan(plan));
        self.plan.get_or_insert_default().extend(plan.clone());
    }

    /// What was done: shown at once. Of two in one run the document holds both.
    pub fn outcome(&mut self, outcome: Outcome) {
        self.section("Result", |out| human::outcome(out, &outcome));
        self.summary.push_str(&markdown::outcome(&outcome));
        self.outcome.get_or_insert_default().extend(outcome);
    }

    /// What a person asked to be approved, with its evidence, and what was done.
    pub fn approval(&mut self, approval: Approval) {
        self.section("Evidence", |out| human::plan(out, &approval::plan(&approval)));
        self.section("Result", |out| approval::done(out, &approval));
        self.summary.push_str(&approval::summary(&approval));
        self.approval = Some(approval);
    }

    /// What `check` found. `files` are what its diagnostics quote. Where a finding stands is for [`Output::annotate`].
    pub fn check(&mut self, check: Check, files: &[File]) {
        self.show_diagnostics(&check.diagnostics, files);
        self.section("Check", |out| human::check(out, &check));
        self.summary.push_str(&markdown::check(&check));
        self.check = Some(check);
    }

    /// What rules make of tags.
    pub fn explanation(&mut self, explanation: Explanation) {
        self.section("Explanation", |out| human::explanation(out, &explanation));
        self.explanation = Some(explanation);
    }

    /// The document goes into a file, in the format that was asked for, and what people read to standard output.
    pub fn into_file(&mut self, path: &str) {
        self.file = Some((path.to_owned(), std::mem::take(&mut self.style.format)));
    }

    /// What an audit found.
    pub fn audit(&mut self, audit: Audit) {
        self.section("Audit", |out| audit::human(out, &audit));
        self.summary.push_str(&audit::markdown(&audit));
        audit::annotations(&audit).into_iter().for_each(|annotation| self.annotate(annotation));
        self.audit = Some(audit);
    }

    /// What the organization's settings are and should be.
    pub fn settings(&mut self, settings: Settings) {
        self.section("Organization settings", |out| super::settings::human(out, &settings));
        self.summary.push_str(&super::settings::markdown(&settings));
        self.settings = Some(settings);
    }

    /// The files that enforce signing in.
    pub fn sign_in(&mut self, sign_in: SignIn) {
        self.section("Sign-in", |out| super::sign_in::human(out, &sign_in));
        self.sign_in = Some(sign_in);
    }

    /// What a member can pull.
    pub fn access(&mut self, access: Access) {
        self.section("Access", |out| super::access::human(out, &access));
        self.summary.push_str(&super::access::markdown(&access));
        self.access = Some(access);
    }

    /// What each credential is and may do, or the hosts to open.
    pub fn doctor(&mut self, doctor: Doctor) {
        self.section("Doctor", |out| super::doctor::human(out, &doctor));
        self.summary.push_str(&super::doctor::markdown(&doctor));
        self.doctor = Some(doctor);
    }

    /// The faults of an unusable manifest, with the files they quote.
    pub fn diagnostics(&mut self, diagnostics: Vec<Diagnostic>, files: &[File]) {
        self.show_diagnostics(&diagnostics, files);
        self.summary.push_str(&markdown::diagnostics(&diagnostics));
        self.diagnostics = Some(Diagnostics { diagnostics });
    }

    /// Markdown for the job summary alone, such as the evidence of a proposal. Everything in it is escaped already.
    pub fn evidence(&mut self, markdown: &str) {
        self.summary.push_str(markdown);
        self.summary.push_str("\n\n");
    }

    /// An annotation; shown in Actions only.
    pub fn annotate(&mut self, annotation: Annotation) {
        let (title, message) = (self.hidden.redact(&annotation.title), self.hidden.redact(&annotation.message));
        self.annotations.push(Annotation { title, message, ..annotation });
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
        match error {
            Some(error) => self.failure(error),
            None => self.nothing_done(),
        }
        let written = self.write_end(error);
        self.keep(written);
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => {
                let file = self.file.take();
                let text = file.as_ref().map(|(_, format)| self.rendered(*format, error)).transpose()?.flatten();
                let document = file.zip(text).map(|((path, _), text)| (path, text));
                let summary = self.hidden.redact(&self.summary);
                Ok(Ending { outputs: self.outputs(), summary, document })
            }
        }
    }

    /// Says once, of the run as a whole, that there was nothing to write.
    fn nothing_done(&mut self) {
        if let Some(text) = self.outcome.as_ref().and_then(Outcome::nothing_done) {
            self.section("Result", |out| writeln!(out, "{text}"));
            self.summary.push_str(&format!("_{text}_\n\n"));
        }
    }

    fn write_end(&mut self, error: Option<&str>) -> io::Result<()> {
        if let Some(text) = self.rendered(self.style.format, error)? {
            self.sinks.out.write_all(text.as_bytes())?;
        }
        if self.style.actions {
            self.annotate_rows();
            self.annotations.write(commands(&mut self.sinks, self.style))?;
        }
        self.sinks.out.flush()?;
        self.sinks.err.flush()
    }

    /// The document in a format for programs; `None` for people. An audit that did not come to its end has no SARIF: one
    /// without findings would close the alerts that stand.
    fn rendered(&self, format: Format, error: Option<&str>) -> io::Result<Option<String>> {
        let mut text = Vec::new();
        match (format, &self.audit) {
            (Format::Json, _) => super::json::write(&mut text, &self.document(), error)?,
            (Format::Sarif, Some(audit)) if error.is_none() => {
                writeln!(text, "{}", audit::sarif::document(audit))?;
            }
            _ => return Ok(None),
        }
        Ok(Some(self.hidden.redact(&String::from_utf8_lossy(&text))))
    }

    /// What the run comes to: the strongest of what was handed over.
    fn document(&self) -> Document {
        if let Some(doctor) = &self.doctor {
            let faults = self.diagnostics.as_ref().map(|faults| faults.diagnostics.clone());
            return Document::Doctor(Doctor { diagnostics: faults.unwrap_or_default(), ..doctor.clone() });
        }
        let diagnostics = self.diagnostics.clone().map(Document::Diagnostics);
        let check = self.check.clone().map(Document::Check);
        let outcome = self.outcome.clone().map(Document::Outcome);
        let approval = self.approval.clone().map(Document::Approval);
        let plan = self.plan.clone().map(Document::Plan);
        let explanation = self.explanation.clone().map(Document::Explanation);
        let audit = self.audit.clone().map(Document::Audit);
        let settings = self.settings.clone().map(Document::Settings);
        let sign_in = self.sign_in.clone().map(Document::SignIn);
        let access = self.access.clone().map(Document::Access);
        diagnostics
            .or(check)
            .or(approval)
            .or(outcome)
            .or(plan)
            .or(explanation)
            .or(audit)
            .or(settings)
            .or(sign_in)
            .or(access)
            .unwrap_or(Document::Nothing {})
    }

    /// What failed and what was found, of the check, else of what was done, else of the plan.
    fn rows(&self) -> (Vec<Failed>, Vec<Finding>) {
        if let Some(audit) = &self.audit {
            return (audit.failed.clone(), audit.drifting());
        }
        if let Some(settings) = &self.settings {
            return (settings.failures(), settings.findings());
        }
        if let Some(access) = &self.access {
            return (Vec::new(), access.findings());
        }
        if let Some(doctor) = &self.doctor {
            return (Vec::new(), doctor.findings());
        }
        match (&self.check, &self.outcome, &self.plan) {
            (Some(check), ..) => (check.failed.clone(), check.findings.clone()),
            (None, Some(outcome), _) => (outcome.failed.clone(), outcome.drift.clone()),
            (None, None, Some(plan)) => (plan.failed.clone(), Vec::new()),
            (None, None, None) => (self.explanation.as_ref().map(|e| e.failed.clone()).unwrap_or_default(), Vec::new()),
        }
    }

    /// Annotations of what failed and what was found; those of a check or an audit stand at places already.
    fn annotate_rows(&mut self) {
        let (failed, findings) = self.rows();
        failed.iter().for_each(|row| self.annotate(failure(row)));
        if self.check.is_none() && self.audit.is_none() {
            findings.iter().for_each(|row| self.annotate(finding(row)));
        }
    }

    fn failure(&mut self, error: &str) {
        let message = crate::text::clean_lines(error);
        self.explain(&format!("error: {message}\n"));
        self.summary.push_str(&markdown::error(error));
        self.annotate(Annotation { level: Level::Error, place: None, title: "wharfinger".to_owned(), message });
    }

    fn outputs(&self) -> Vec<(&'static str, String)> {
        let (failed, drift) = self.rows();
        let mut done = self.outcome.clone().unwrap_or_default();
        if let Some(approval) = &self.approval {
            done.proposals.extend(approval.proposals.clone());
            done.changed |= approval.changed;
        }
        let kept = self.audit.as_ref().is_some_and(Audit::changed);
        let changed = done.changed || kept || self.settings.as_ref().is_some_and(|s| s.changed);
        let matrix = self.plan.as_ref().and_then(|plan| plan.matrix.as_ref()).map(json);
        let mut outputs = vec![
            ("proposals", json(&done.proposals)),
            ("promoted", json(&done.promoted)),
            ("failed", json(&failed)),
            ("drift", json(&drift)),
            ("changed", changed.to_string()),
        ];
        outputs.extend(matrix.map(|matrix| ("matrix", matrix)));
        outputs.into_iter().map(|(name, value)| (name, self.hidden.redact(&value))).collect()
    }

    /// Renders for people, at once, in Actions inside a group in which the runner obeys nothing.
    fn section(&mut self, title: &str, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.style.format != Format::Human {
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
        let text = self.hidden.redact(&String::from_utf8_lossy(&text));
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
        if self.style.format != Format::Json {
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
        let text = self.hidden.redact(text);
        let err = &mut self.sinks.err;
        let written = if self.style.actions {
            text.lines().try_for_each(|line| writeln!(err, "{}", workflow_command::inert_line(line)))
        } else {
            write!(err, "{text}")
        };
        self.keep(written);
    }

    /// A reader that went away is no fault: the work goes on. Any other fault is told at the end.
    fn keep(&mut self, written: io::Result<()>) {
        match written {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => self.fault = self.fault.take().or(Some(e)),
            _ => {}
        }
    }
}

fn failure(row: &Failed) -> Annotation {
    let repository = row.repository.as_ref().map(ToString::to_string).or_else(|| row.source.clone());
    let names: Vec<String> = [repository, row.tag.as_ref().map(ToString::to_string)].into_iter().flatten().collect();
    let title = format!("{} {}", human::serde_name(&row.step), names.join(":")).trim().to_owned();
    Annotation { level: Level::Error, place: None, title, message: row.error.clone() }
}

fn finding(row: &Finding) -> Annotation {
    let message = format!("expected {}, found {}", row.expected, row.found);
    Annotation { level: Level::Warning, place: None, title: row.code.to_owned(), message }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Where workflow commands go: the runner reads both streams, and a document on standard output stands alone there.
fn commands(sinks: &mut Sinks, style: Style) -> &mut (dyn Write + Send) {
    if style.format == Format::Human { &mut sinks.out } else { &mut sinks.err }
}
