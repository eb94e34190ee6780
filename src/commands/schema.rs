//! `schema`: the JSON Schema of the manifest, or of what `--format json` prints.

use super::{Exit, Stop};
use crate::report::{Output, json};

/// Prints the schema of `of`: `manifest` or `output`.
///
/// # Errors
/// None now.
pub fn run(of: &str, output: &mut Output) -> Result<Exit, Stop> {
    let schema = if of == "output" { json::schema() } else { serde_json::Value::Null };
    output.text(&format!("{schema:#}\n"));
    Ok(Exit::Done)
}
