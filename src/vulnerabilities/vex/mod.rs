//! VEX: statements that a vulnerability does not affect a product, or is fixed in it.
//!
//! Three formats are read: OpenVEX (0.2), CycloneDX (1.4 and later) and CSAF (2.0). A statement counts for a finding if it
//! names the vulnerability and, if it names products, the image or the package.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::parse;
use bounds::{DOCUMENT, TOO_LONG};

mod bounds;
mod csaf;
mod cyclonedx;
mod openvex;
mod product;
mod statement;
mod widened;

pub(super) use statement::{Named, exception};
pub(crate) use statement::{Statement, Statements};
pub(crate) use widened::{Exceptions, newly_excepted, no_longer_affected};

/// What tells the formats apart.
#[derive(Deserialize)]
struct Form<'a> {
    #[serde(default, rename = "@context", borrow)]
    context: Option<&'a RawValue>,
    #[serde(default, rename = "bomFormat", borrow)]
    bom_format: Option<&'a RawValue>,
    #[serde(default)]
    document: Option<serde::de::IgnoredAny>,
}

/// Reads a VEX document.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn read_vex(document: &[u8]) -> Result<Statements, String> {
    let form: Form<'_> = parse(document, "a VEX document in JSON")?;
    let is = |member: Option<&RawValue>, begins: &str| {
        let text = member.and_then(|member| serde_json::from_str::<String>(member.get()).ok());
        text.is_some_and(|text| text.starts_with(begins))
    };
    if is(form.bom_format, "CycloneDX") {
        return cyclonedx::read(document);
    }
    let read = match (is(form.context, "https://openvex.dev/ns"), form.document.is_some()) {
        (true, _) => openvex::read,
        (false, true) => csaf::read,
        (false, false) => return Err("not OpenVEX, CycloneDX or CSAF".to_owned()),
    };
    if document.len() > DOCUMENT { Err(TOO_LONG.to_owned()) } else { read(document) }
}
