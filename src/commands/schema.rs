//! `schema`: the JSON Schema of the manifest, or of what `--format json` prints.

use super::{Exit, Stop};
use crate::manifest::schema;
use crate::report::{Output, json};

/// Prints the schema of `of`: `manifest` or `output`.
pub(crate) fn run(of: &str, output: &mut Output) -> Result<Exit, Stop> {
    let schema = if of == "output" { format!("{:#}\n", json::schema()) } else { schema::json_schema() };
    output.text(&schema);
    Ok(Exit::Done)
}
