//! SBOMs: SPDX and CycloneDX as JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::error::Category;

use self::json::{Member, elements, object, text};
use super::Sbom;
use super::list::List;
use crate::image::Digest;

mod cyclonedx;
mod json;
mod spdx;
#[cfg(test)]
mod tests;

/// The largest document that is read, in bytes.
const LARGEST: usize = 10_000_000;

/// What tells the forms apart, and what is around an SBOM.
#[derive(Deserialize)]
struct Form<'a> {
    #[serde(rename = "spdxVersion", borrow)]
    spdx: Member<'a>,
    #[serde(rename = "bomFormat")]
    cyclonedx: Member<'a>,
    #[serde(rename = "@graph")]
    graph: Member<'a>,
    #[serde(rename = "_type")]
    statement: Member<'a>,
    subject: Member<'a>,
    predicate: Member<'a>,
    /// Around the predicate in statements by cosign before 2.0.
    #[serde(rename = "Data")]
    data: Member<'a>,
}

/// Reads an SBOM: SPDX or CycloneDX, as JSON, bare or as the predicate of an in-toto statement. Relationships are not
/// followed, so that cycles among them do no harm.
///
/// # Errors
/// Why it cannot be used, in words: a form that is not read, a bound that it exceeds, no packages at all.
pub(crate) fn read_sbom(document: &[u8]) -> Result<Sbom, String> {
    if document.len() > LARGEST {
        return Err("it is larger than 10 MB".to_owned());
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let document = std::str::from_utf8(document).map_err(|_| "it is not JSON: it is not UTF-8".to_owned())?;
    let form = form(document)?;
    if form.statement.is_none() {
        return Ok(Sbom { subjects: Vec::new(), packages: packages(document, &form)? });
    }
    let subjects = subjects(form.subject);
    let predicate = form.predicate.ok_or("its statement has no predicate")?.get();
    let inner = self::form(predicate)?;
    match inner.data {
        None => Ok(Sbom { subjects, packages: packages(predicate, &inner)? }),
        Some(data) => {
            let data = text(Some(data)).unwrap_or_else(|| data.get().to_owned());
            Ok(Sbom { subjects, packages: packages(&data, &self::form(&data)?)? })
        }
    }
}

fn form(document: &str) -> Result<Form<'_>, String> {
    serde_json::from_str(document).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            Category::Eof => format!("its JSON ends too early ({place})"),
            Category::Data => "this form is not read: SPDX and CycloneDX are read as JSON".to_owned(),
            _ if error.to_string().starts_with("recursion limit") => "its JSON is nested too deeply".to_owned(),
            _ => format!("it is not JSON ({place}): SPDX and CycloneDX are read as JSON"),
        }
    })
}

fn packages(document: &str, form: &Form<'_>) -> Result<super::Packages, String> {
    let mut list = List::default();
    match (text(form.spdx), text(form.cyclonedx)) {
        (Some(version), _) if version.starts_with("SPDX-2.") => spdx::read(document, &mut list)?,
        (Some(_), _) => return Err("this version of SPDX is not read".to_owned()),
        (None, Some(_)) => cyclonedx::read(document, &mut list)?,
        (None, None) if form.graph.is_some() => spdx::read_graph(form.graph, &mut list)?,
        (None, None) => return Err("this form is not read: SPDX and CycloneDX are read as JSON".to_owned()),
    }
    let packages = list.finish();
    if packages.is_empty() { Err("it lists no packages".to_owned()) } else { Ok(packages) }
}

/// The digests that a statement is about, if their algorithm is one that images use.
fn subjects(member: Member<'_>) -> Vec<Digest> {
    #[derive(Deserialize)]
    struct Subject<'a> {
        #[serde(borrow)]
        digest: Member<'a>,
    }
    let digests = elements(member).into_iter().filter_map(object::<Subject<'_>>).filter_map(|subject| subject.digest);
    let named = digests.filter_map(object::<BTreeMap<String, String>>).flatten();
    named.filter_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok()).collect()
}
