//! `--format json`: one object with `"version": 1`, documented by `schema/output.schema.json`.

use std::io::{self, Write};

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::Value;

use super::access::{Access, Script};
use super::approval::Approval;
use super::approved::ApprovalRecord;
use super::audit::Audit;
use super::catalog::Cataloged;
use super::doctor::Doctor;
use super::evidence::PlannedEvidence;
use super::explain::Explanation;
use super::import::Import;
use super::init::Init;
use super::rows::{Check, Diagnostics, Outcome, Plan};
use super::scan::Scan;
use super::settings::Settings;
use super::sign_in::SignIn;
use super::usage::Usage;

/// What one run prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Document {
    /// What would be done.
    Plan(Plan),
    /// What was done.
    Outcome(Outcome),
    /// What a person asked to have approved.
    Approval(Approval),
    /// What is known of one approval.
    Approved(Box<ApprovalRecord>),
    /// What `check` found.
    Check(Check),
    /// What `explain` says.
    Explanation(Explanation),
    /// What `audit` found.
    Audit(Audit),
    /// What the organization's settings are and should be.
    Settings(Settings),
    /// What differs between two images.
    Difference(Box<PlannedEvidence>),
    /// The files that enforce signing in to Docker Desktop.
    SignIn(SignIn),
    /// What a member can pull, compared with what they should.
    Access(Access),
    /// When the mirror's tags were last pulled.
    Usage(Usage),
    /// A manifest made of another tool's configuration, and what it does not hold.
    Import(Import),
    /// What the catalogue says; `catalog.json` has the same without `written` and `failed`.
    Catalog(Cataloged),
    /// What `init` wrote, and what is still to set.
    Init(Init),
    /// A text for a shell: the pulls of `verify-access --script`, or completions.
    Script(Script),
    /// What each credential is and may do, and what is missing.
    Doctor(Doctor),
    /// Which images files name, and what the manifest says of them.
    Scan(Scan),
    /// Why the manifest cannot be used.
    Diagnostics(Diagnostics),
    /// Only why nothing was done.
    Nothing {},
}

/// What surrounds every document.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "Output of wharfinger --format json")]
struct Envelope<'a> {
    /// The version of this format: 1. Keys are only ever added.
    #[schemars(range(min = 1, max = 1))]
    version: u8,
    #[serde(flatten)]
    document: &'a Document,
    /// Why the run ended with exit status 2 or 3; the rest of the document says what was done until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// Writes the document on one line.
pub(crate) fn write(out: &mut dyn Write, document: &Document, error: Option<&str>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Envelope { version: 1, document, error })?;
    writeln!(out)
}

/// The JSON Schema of everything that `--format json` prints.
#[must_use]
pub fn schema() -> Value {
    schema_for!(Envelope<'_>).to_value()
}
