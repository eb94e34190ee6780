//! From text to the model, or to diagnostics.

use super::{File, Manifest};
use crate::diag::Diagnostic;

/// The globs of `include` in the main file's text, so that the caller can read those files; empty where the text cannot be
/// read that far: [`parse`] then says why.
#[must_use]
pub fn includes(text: &str) -> Vec<String> {
    let _ = text;
    Vec::new()
}

/// Reads the manifest: the main file first, then the included ones.
///
/// # Errors
/// All diagnostics of all files, in the order of file and place.
pub fn parse(files: Vec<File>) -> Result<Manifest, Vec<Diagnostic>> {
    let _ = files;
    Err(Vec::new())
}
