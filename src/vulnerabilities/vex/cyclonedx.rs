//! VEX in CycloneDX (1.4 and later): `vulnerabilities` with an `analysis`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::bounds::{DOCUMENT, TOO_LONG};
use super::product::Product;
use super::statement::{Says, Statement, Statements, excepted, names, time};
use crate::vulnerabilities::json::{each, nullable, parse};

/// An SBOM of many megabytes may hold some VEX: nothing of the rest is held.
#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default, deserialize_with = "nullable")]
    metadata: Metadata,
    #[serde(default, borrow)]
    components: Option<&'a RawValue>,
    #[serde(default, borrow)]
    vulnerabilities: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default, rename = "bom-ref")]
    reference: String,
    #[serde(default)]
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    id: String,
    #[serde(default)]
    updated: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<Reference>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default, deserialize_with = "nullable")]
    affects: Vec<Affected>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default, rename = "lastUpdated")]
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default, rename = "ref")]
    reference: String,
}

const WHAT: &str = "a CycloneDX document";

pub(super) fn read(document: &[u8]) -> Result<Statements, String> {
    let document: Document<'_> = parse(document, WHAT)?;
    let Some(vulnerabilities) = document.vulnerabilities else { return Ok(Statements::default()) };
    if vulnerabilities.get().len() > DOCUMENT {
        return Err(TOO_LONG.to_owned());
    }
    let mut named = BTreeSet::new();
    each(vulnerabilities, WHAT, &mut |written: Written| {
        let references = written.affects.iter().map(|affected| affected.reference.as_str());
        named.extend(references.flat_map(|reference| [linked(reference).to_owned(), decoded(reference)]));
        Ok(())
    })?;
    let mut purls = BTreeMap::new();
    let mut describe = |one: Component| {
        if let Some(purl) = one.purl.filter(|_| named.contains(&one.reference)) {
            purls.entry(one.reference).or_insert(purl);
        }
        Ok(())
    };
    document.metadata.component.into_iter().try_for_each(&mut describe)?;
    if let Some(components) = document.components {
        each(components, WHAT, &mut describe)?;
    }
    let whole = time(document.metadata.timestamp.as_deref());
    let mut statements = Statements::default();
    each(vulnerabilities, WHAT, &mut |written: Written| {
        statement(&written, &purls, whole).map_or(Ok(()), |one| statements.add(one))
    })?;
    Ok(statements)
}

fn statement(written: &Written, purls: &BTreeMap<String, String>, whole: Option<DateTime<Utc>>) -> Option<Statement> {
    let analysis = written.analysis.as_ref()?;
    let says = match analysis.state.as_str() {
        state @ ("not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree") => {
            excepted(state, [analysis.justification.as_deref(), analysis.detail.as_deref()])
        }
        "" => return None,
        _ => Says::Affected,
    };
    let named = written.references.iter().map(|reference| reference.id.clone()).chain([written.id.clone()]);
    let at = time(analysis.last_updated.as_deref()).or_else(|| time(written.updated.as_deref())).or(whole);
    let products = written.affects.iter().map(|affected| product(&affected.reference, purls)).collect();
    Some(Statement { names: names(named), products, says, at, only: None })
}

/// What a reference stands for: a component of this document, one of another (`urn:cdx:SERIAL/VERSION#REF`), whose
/// reference is often its package URL, or a package URL.
fn product(reference: &str, purls: &BTreeMap<String, String>) -> Product {
    let (plain, decoded) = (linked(reference), decoded(reference));
    let id = [plain, &decoded].into_iter().find_map(|name| purls.get(name)).map(String::as_str);
    Product::of(id.unwrap_or(if plain == reference { plain } else { &decoded }).to_owned())
}

/// The reference in a link to another document.
fn linked(reference: &str) -> &str {
    reference.strip_prefix("urn:cdx:").and_then(|link| Some(link.split_once('#')?.1)).unwrap_or(reference)
}

fn decoded(reference: &str) -> String {
    percent_encoding::percent_decode_str(linked(reference)).decode_utf8_lossy().into_owned()
}
