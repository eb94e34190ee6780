//! Where a command's results go: to people as they come, to programs as one document at the end, and in Actions into
//! the job summary, annotations and outputs as well.

use std::io::{self, Write};

use super::access::{Access, Script};
use super::annotations::{Annotation, Annotations, Level, Place};
use super::approval::{self, Approval};
use super::approved::{self, ApprovalRecord};
use super::audit::{self, Audit};
use super::catalog::Cataloged;
use super::comparison::{self, Compared};
use super::doctor::Doctor;
use super::explain::Explanation;
use super::filed::{self, Content, Filed};
use super::import::Import;
use super::init::{Init, Ran};
use super::page::{Look, Page, Tone};
use super::results::Results;
use super::rows::{Check, Diagnostics, Outcome, Plan, ProposedAction};
use super::scan::{self, Scan};
use super::settings::Settings;
use super::sign_in::SignIn;
use super::style::{Runner, Sinks, Style};
use super::usage::Usage;
use super::{Format, diagnostics, human, markdown, run, workflow_command};
use crate::diag::Diagnostic;
use crate::manifest::File;
use crate::text::Hidden;

/// What is left to do when a run ends: files that the Actions runner reads.
pub struct Ending {
    /// The job summary, not yet bounded.
    pub summary: String,
    /// The action's outputs, by name.
    pub outputs: Vec<(&'static str, String)>,
    /// A file to write.
    pub(crate) document: Option<Filed>,
}

pub struct Output {
    style: Style,
    sinks: Sinks,
    results: Results,
    /// The file that the document goes into instead of standard output, and its format.
    file: Option<(String, Format)>,
    summary: String,
    annotations: Annotations,
    hidden: Hidden,
    /// How standard output and standard error look.
    looks: [Look; 2],
    fault: Option<io::Error>,
}

impl Output {
    #[must_use]
    pub fn new(style: Style, sinks: Sinks) -> Self {
        Self {
            style,
            sinks,
            results: Results::default(),
            file: None,
            summary: String::new(),
            annotations: Annotations::default(),
            hidden: Hidden::default(),
            looks: [Look::default(); 2],
            fault: None,
        }
    }

    /// Hides these secrets, whichever response or error they come back in.
    #[must_use]
    pub fn hiding(self, hidden: Hidden) -> Self {
        Self { hidden, ..self }
    }

    /// Sets how standard output and standard error look.
    #[must_use]
    pub(crate) fn looking(self, out: Look, err: Look) -> Self {
        Self { looks: [out, err], ..self }
    }

    /// What would be done, or is about to be: shown immediately. It is the run's document unless an outcome follows;
    /// the document combines two in one run.
    pub fn plan(&mut self, plan: &Plan) {
        self.section("Plan", |out| human::plan(out, plan));
        self.results.plan.get_or_insert_default().extend(plan.clone());
    }

    /// What was done: shown immediately. The document combines two in one run.
    pub fn outcome(&mut self, outcome: Outcome) {
        self.section("Result", |out| human::outcome(out, &outcome));
        self.results.outcome.get_or_insert_default().extend(outcome);
    }

    /// Whether an open proposal was left as it is.
    pub(crate) fn left_a_proposal(&self) -> bool {
        let rows = self.results.outcome.iter().flat_map(|outcome| &outcome.proposals);
        rows.into_iter().any(|row| row.action == ProposedAction::Left)
    }

    /// What a person asked to have approved, with its evidence, and what was done.
    pub fn approval(&mut self, approval: Approval) {
        self.section("Evidence", |out| human::plan(out, &approval::plan(&approval)));
        self.section("Result", |out| approval::done(out, &approval));
        self.summary.push_str(&approval::summary(&approval));
        self.results.approval = Some(approval);
    }

    /// What is known of one approval.
    pub(crate) fn approved(&mut self, record: ApprovalRecord) {
        self.section("Approval", |out| approved::human(out, &record));
        self.results.approved = Some(record);
    }

    /// What `check` found. `files` are quoted by its diagnostics. [`Output::annotate`] shows findings at their places.
    pub fn check(&mut self, check: Check, files: &[File]) {
        self.show_diagnostics(&check.diagnostics, files);
        self.section("Check", |out| human::check(out, &check));
        self.summary.push_str(&markdown::check(&check));
        self.results.check = Some(check);
    }

    pub fn explanation(&mut self, explanation: Explanation) {
        self.section("Explanation", |out| human::explanation(out, &explanation));
        self.results.explanation = Some(explanation);
    }

    /// Sends the document into a file, in the requested format, and what people read to standard output.
    pub fn into_file(&mut self, path: &str) {
        self.file = Some((path.to_owned(), std::mem::take(&mut self.style.format)));
    }

    pub fn audit(&mut self, audit: Audit) {
        self.section("Audit", |out| audit::human(out, &audit));
        self.summary.push_str(&audit::markdown(&audit));
        audit::annotations(&audit).into_iter().for_each(|annotation| self.annotate(annotation));
        self.results.audit = Some(audit);
    }

    /// What the organization's settings are and should be.
    pub fn settings(&mut self, settings: Settings) {
        self.section("Organization settings", |out| super::settings::human(out, &settings));
        self.summary.push_str(&super::settings::markdown(&settings));
        self.results.settings = Some(settings);
    }

    pub fn sign_in(&mut self, sign_in: SignIn) {
        self.section("Sign-in", |out| super::sign_in::human(out, &sign_in));
        self.results.sign_in = Some(sign_in);
    }

    pub fn access(&mut self, access: Access) {
        self.section("Access", |out| super::access::human(out, &access));
        self.summary.push_str(&super::access::markdown(&access));
        self.results.access = Some(access);
    }

    /// When the mirror's tags were last pulled.
    pub(crate) fn usage(&mut self, usage: Usage) {
        self.section("Usage", |out| super::usage::human(out, &usage));
        self.summary.push_str(&super::usage::markdown(&usage));
        self.results.usage = Some(usage);
    }

    /// A manifest that was made of something else: printed alone, or inside the document if a format for programs was
    /// requested.
    pub(crate) fn import(&mut self, import: Import) {
        if self.style.format != Format::Human {
            self.results.import = Some(import);
            return;
        }
        self.explain(&super::import::left(&import));
        match import.file {
            Some(_) => self.section("Import", |out| super::import::human(out, &import)),
            None => self.text(&import.manifest),
        }
    }

    /// What `init` wrote, before the commands that it ends with.
    pub(crate) fn init(&mut self, init: Init) {
        self.section("Init", |out| super::init::human(out, &init));
        self.results.init = Some(init);
    }

    /// A text without this run's secrets.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.hidden.redact(text)
    }

    /// The catalogue that was written.
    pub(crate) fn catalog(&mut self, cataloged: Cataloged) {
        self.section("Catalogue", |out| super::catalog::human(out, &cataloged));
        self.results.catalog = Some(cataloged);
    }

    /// How these commands ended.
    pub(crate) fn after_init(&mut self, ran: Vec<Ran>) {
        self.section("Init", |out| super::init::ran(out, &ran));
        self.results.init.get_or_insert_default().ran = ran;
    }

    /// What differs between two images.
    pub(crate) fn comparison(&mut self, compared: Compared) {
        self.section("Difference", |out| comparison::human(out, &compared));
        self.summary.push_str(&comparison::markdown(&compared));
        self.results.compared = Some(compared);
    }

    /// Which images files name.
    pub(crate) fn scan(&mut self, scan: Scan) {
        self.section("Scan", |out| scan::human(out, &scan));
        self.summary.push_str(&scan::markdown(&scan));
        scan::annotations(&scan).into_iter().for_each(|annotation| self.annotate(annotation));
        self.results.scan = Some(scan);
    }

    /// What each credential is and may do, or the hosts to open.
    pub fn doctor(&mut self, doctor: Doctor) {
        self.section("Doctor", |out| super::doctor::human(out, &doctor));
        self.summary.push_str(&super::doctor::markdown(&doctor));
        self.results.doctor = Some(doctor);
    }

    /// The errors in an unusable manifest, with the files that they quote.
    pub fn diagnostics(&mut self, mut diagnostics: Vec<Diagnostic>, files: &[File]) {
        let omitted = diagnostics.len().saturating_sub(diagnostics::LIMIT);
        diagnostics.truncate(diagnostics::LIMIT);
        self.show_diagnostics(&diagnostics, files);
        self.annotations.more(Level::Error, omitted);
        let count = diagnostics::count(diagnostics.len(), omitted);
        if self.style.format != Format::Json {
            self.explain(&count);
        }
        self.summary.push_str(&markdown::diagnostics(&diagnostics));
        self.summary.push_str(&count);
        self.results.diagnostics = Some(Diagnostics { diagnostics, omitted });
    }

    /// Markdown for the job summary only, such as the evidence of a proposal. Everything in it is already escaped.
    pub fn evidence(&mut self, markdown: &str) {
        self.summary.push_str(markdown);
        self.summary.push_str("\n\n");
    }

    /// An annotation; shown in Actions only.
    pub fn annotate(&mut self, annotation: Annotation) {
        let (title, message) = (self.hidden.redact(&annotation.title), self.hidden.redact(&annotation.message));
        self.annotations.push(Annotation { title, message, ..annotation });
    }

    /// A text for a shell: printed alone, or inside the document if a format for programs was requested.
    pub fn script(&mut self, script: Script) {
        match self.style.format {
            Format::Human => self.text(&script.script),
            _ => self.results.script = Some(script),
        }
    }

    /// A result that is a complete text, such as a schema: written as it is, whatever the format.
    pub fn text(&mut self, text: &str) {
        let written = self.sinks.out.write_all(text.as_bytes());
        self.keep(written);
        self.style.format = Format::Human;
    }

    /// Ends the run: prints the document, the error and the annotations.
    ///
    /// # Errors
    /// If standard output could not be written, unless that is because its reader is gone.
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
                let redacted = |(name, value): (_, String)| (name, self.hidden.redact(&value));
                let outputs = self.results.outputs().into_iter().map(redacted).collect();
                let summary = self.hidden.redact_laid_out(&self.whole_summary(error));
                Ok(Ending { outputs, summary, document: self.into_document(error)? })
            }
        }
    }

    /// The document for a file, if one was asked for and there is a document.
    fn into_document(mut self, error: Option<&str>) -> io::Result<Option<Filed>> {
        let Some((path, format)) = self.file.take() else { return Ok(None) };
        let content = match format {
            Format::Json => {
                let (results, hidden) = (Box::new(self.results), self.hidden);
                Some(Content::Json { results, hidden, error: error.map(str::to_owned) })
            }
            format => self.rendered(format, error)?.map(Content::Text),
        };
        Ok(content.map(|content| Filed { path, content }))
    }

    /// The job summary: what ended the run, then what it did.
    fn whole_summary(&self, error: Option<&str>) -> String {
        let error = error.map(markdown::error).unwrap_or_default();
        error + &run::markdown(self.results.plan.as_ref(), self.results.outcome.as_ref()) + &self.summary
    }

    /// Says once, for the whole run, that there was nothing to write, or that nothing would be written.
    fn nothing_done(&mut self) {
        let text = match (&self.results.outcome, &self.results.plan) {
            (Some(outcome), _) => outcome.nothing_done(),
            (None, Some(plan)) if self.results.approval.is_none() => plan.nothing_planned(),
            (None, _) => None,
        };
        if let Some(text) = text {
            self.section("Result", |out| writeln!(out, "{text}"));
        }
    }

    fn write_end(&mut self, error: Option<&str>) -> io::Result<()> {
        if self.style.format == Format::Json {
            let (out, results, hidden) = (&mut *self.sinks.out, &self.results, &self.hidden);
            match self.style.runner {
                Runner::Absent => filed::json(out, results, hidden, error, str::to_owned)?,
                Runner::Step => filed::json(out, results, hidden, error, workflow_command::inert_json)?,
                Runner::Action => {
                    let digest = filed::digest_of_json(results, hidden, error)?;
                    workflow_command::write_inert(out, &digest, |out| {
                        filed::json(out, results, hidden, error, str::to_owned)
                    })?;
                }
            }
        } else if let Some(text) = self.rendered(self.style.format, error)? {
            match self.style.runner {
                Runner::Absent => self.sinks.out.write_all(text.as_bytes())?,
                Runner::Step => self.sinks.out.write_all(workflow_command::inert_json(&text).as_bytes())?,
                Runner::Action => self.sinks.out.write_all(workflow_command::inert(&text).as_bytes())?,
            }
        }
        if self.style.runner != Runner::Absent {
            self.annotate_rows();
            self.annotations.write(&mut self.sinks.err)?;
        }
        self.sinks.out.flush()?;
        self.sinks.err.flush()
    }

    /// The document in a format for programs; `None` for people. What did not finish has no SARIF: one without findings
    /// would close the open alerts.
    fn rendered(&self, format: Format, error: Option<&str>) -> io::Result<Option<String>> {
        let mut text = Vec::new();
        match (format, error) {
            (Format::Sarif, None) => match self.results.sarif() {
                Some(document) => writeln!(text, "{document}")?,
                None => return Ok(None),
            },
            (Format::Markdown, _) => {
                let compared = self.results.compared.as_ref();
                text.extend(compared.map(comparison::markdown).unwrap_or_default().into_bytes());
                return Ok(Some(self.hidden.redact_laid_out(&String::from_utf8_lossy(&text))));
            }
            _ => return Ok(None),
        }
        Ok(Some(self.hidden.redact(&String::from_utf8_lossy(&text))))
    }

    /// Annotates what failed, what was found and what rules leave out; the findings of a check or an audit are already
    /// annotated at their places. Newer versions in another family can exist for months, so they get no annotation.
    fn annotate_rows(&mut self) {
        let (failed, findings) = self.results.rows();
        failed.iter().for_each(|row| self.annotate(row.into()));
        if self.results.check.is_none() && self.results.audit.is_none() {
            findings.iter().for_each(|row| self.annotate(row.into()));
            let notices = self.results.notices();
            notices.unmatched.iter().for_each(|row| self.annotate(row.into()));
            notices.unread.iter().for_each(|row| self.annotate(row.into()));
        }
    }

    fn failure(&mut self, error: &str) {
        let message = crate::text::clean_lines(error);
        self.explain(&format!("{}: {message}\n", self.looks[1].toned("error", Tone::Bad)));
        self.annotate(Annotation { level: Level::Error, place: None, title: "wharfinger".to_owned(), message });
    }

    /// Renders for people, immediately. The runner interprets none of it; as the action it is a group that is written
    /// in one piece, so that whatever else is written in the meantime, such as a mask, comes before or after it.
    fn section(&mut self, title: &str, render: impl FnOnce(&mut Page) -> io::Result<()>) {
        if self.style.format != Format::Human {
            return;
        }
        let written = self.write_section(title, render);
        self.keep(written);
    }

    fn write_section(&mut self, title: &str, render: impl FnOnce(&mut Page) -> io::Result<()>) -> io::Result<()> {
        let mut page = Page::new(self.looks[0]);
        render(&mut page)?;
        let text = self.hidden.redact_laid_out(&page.into_text());
        if text.is_empty() {
            return Ok(());
        }
        let text = match self.style.runner {
            Runner::Absent => text,
            Runner::Step => workflow_command::inert_lines(&text),
            Runner::Action => {
                format!("::group::{}\n{}::endgroup::\n", workflow_command::data(title), workflow_command::inert(&text))
            }
        };
        self.sinks.out.write_all(text.as_bytes())?;
        self.sinks.out.flush()
    }

    fn show_diagnostics(&mut self, diagnostics: &[Diagnostic], files: &[File]) {
        if self.style.format != Format::Json {
            let text = diagnostics::looking(diagnostics, files, self.looks[1]);
            self.explain(&text);
        }
        for diagnostic in diagnostics {
            self.annotations.push(Annotation {
                level: Level::Error,
                place: Some(Place { file: diagnostic.file.clone(), line: diagnostic.line, column: diagnostic.column }),
                title: diagnostic.code.to_owned(),
                message: format!("{}\n{}", diagnostic.message, diagnostic.help),
            });
        }
    }

    /// Writes prose to standard error without any line that the runner interprets.
    fn explain(&mut self, text: &str) {
        let text = self.hidden.redact(text);
        let text = if self.style.runner == Runner::Absent { text } else { workflow_command::inert_lines(&text) };
        let written = self.sinks.err.write_all(text.as_bytes());
        self.keep(written);
    }

    /// A reader that is gone is not an error: the work goes on. Any other error is reported at the end.
    fn keep(&mut self, written: io::Result<()>) {
        match written {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => self.fault = self.fault.take().or(Some(e)),
            _ => {}
        }
    }
}
