//! The files that the runner reads when the step is over: outputs and the job summary.

use std::io::{self, Write};
use std::path::Path;

use super::Environment;
use crate::image::Digest;
use crate::report::{Ending, summary};

/// Writes outputs and summary, if the runner provides files for them.
///
/// # Errors
/// If a file cannot be written, with its name.
pub(crate) fn write(environment: &Environment, ending: &Ending) -> Result<(), String> {
    if let Some(path) = &environment.output {
        let text: String = ending.outputs.iter().map(|(name, value)| output(name, value)).collect();
        append(path, &text).map_err(|e| format!("GITHUB_OUTPUT, {}, cannot be written: {e}", path.display()))?;
    }
    match &environment.summary {
        Some(path) if !ending.summary.is_empty() => append(path, &summary::bounded(&ending.summary))
            .map_err(|e| format!("GITHUB_STEP_SUMMARY, {}, cannot be written: {e}", path.display())),
        _ => Ok(()),
    }
}

/// One output. Its delimiter is the value's own digest, which cannot occur in the value.
fn output(name: &str, value: &str) -> String {
    let delimiter = format!("wharfinger-{}", Digest::sha256(value.as_bytes()).hex());
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    std::fs::OpenOptions::new().append(true).create(true).open(path)?.write_all(text.as_bytes())
}
