//! VEX: statements that a vulnerability does not affect a product, or is fixed in it.
//!
//! Three formats are read: OpenVEX (0.2), CycloneDX (1.4 and later) and CSAF (2.0). A statement counts for a finding if it
//! names the vulnerability and, if it names products, the image or the package.

use serde::Deserialize;

use super::json::parse;

mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod statement;
mod widened;

pub(super) use statement::exception;
pub(crate) use statement::{MOST, Statement};
pub(crate) use widened::{Exceptions, newly_excepted, no_longer_affected};

/// What tells the formats apart.
#[derive(Deserialize)]
struct Form {
    #[serde(default, rename = "@context")]
    context: Option<serde_json::Value>,
    #[serde(default, rename = "bomFormat")]
    bom_format: Option<String>,
    #[serde(default)]
    document: Option<serde::de::IgnoredAny>,
}

/// Reads a VEX document.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn read_vex(document: &[u8]) -> Result<Vec<Statement>, String> {
    let form: Form = parse(document, "a VEX document in JSON")?;
    let context = form.context.as_ref().and_then(|context| context.as_str()).unwrap_or_default();
    let statements = if context.starts_with("https://openvex.dev/ns") {
        openvex::read(document)
    } else if form.bom_format.as_deref() == Some("CycloneDX") {
        cyclonedx::read(document)
    } else if form.document.is_some() {
        csaf::read(document)
    } else {
        Err("not OpenVEX, CycloneDX or CSAF".to_owned())
    }?;
    if statements.len() > MOST {
        return Err(format!("it has more than {MOST} statements, which are the most"));
    }
    Ok(statements)
}
