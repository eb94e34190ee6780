//! The files that enforce signing in, with where each goes.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::Page;
use super::terminal::wrapped;
use crate::policy::sign_in::{self, File, Organizations};
use crate::text::serde_name;

/// What `sign-in` prints or writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignIn {
    /// The organizations, lower case.
    pub organizations: Organizations,
    /// The files; if one system has several, the first one counts.
    pub files: Vec<SignInFile>,
    /// What people do next, and what to know.
    pub then: Vec<String>,
}

/// One of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SignInFile {
    /// Its content and where it goes.
    #[serde(flatten)]
    pub file: File,
    /// Where and how it was written; null if it was only printed.
    pub written: Option<Written>,
}

/// Where a file was written, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Written {
    /// The file.
    pub path: String,
    /// What became of it.
    pub action: WrittenAction,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenAction {
    /// It did not exist.
    Written,
    /// It had different content.
    Replaced,
    /// It already had the right content.
    Unchanged,
}

impl SignIn {
    /// The files for these organizations, none of them written yet.
    #[must_use]
    pub fn new(organizations: Organizations) -> Self {
        let files = sign_in::files(&organizations);
        let files = files.into_iter().map(|file| SignInFile { file, written: None }).collect();
        Self { then: sign_in::then(&organizations), files, organizations }
    }
}

/// For people: each file and where it goes, printed unless it was written; then what users do.
pub(super) fn human(out: &mut Page, sign_in: &SignIn) -> io::Result<()> {
    for SignInFile { file, written } in &sign_in.files {
        match written {
            Some(written) => writeln!(out, "{}: {}", serde_name(&written.action), written.path)?,
            None => writeln!(out, "== {}\n{}", file.name, file.content.replace('\r', "").trim_end())?,
        }
        if written.is_none() && file.encoding == sign_in::Encoding::Utf16le {
            writeln!(out, "(the file itself is UTF-16 with CRLF: --output DIR writes it)")?;
        }
        for place in &file.places {
            writeln!(out, "\n  {}: {}", place.system, place.path)?;
            wrapped(out, "    ", place.note)?;
            place.install.iter().try_for_each(|line| writeln!(out, "      {line}"))?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Then")?;
    sign_in.then.iter().try_for_each(|text| wrapped(out, "  ", text))
}
