//! VEX in CycloneDX (1.4 and later): `vulnerabilities` with an `analysis`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::product::Product;
use super::statement::{Says, Statement, excepted, names, time};
use crate::vulnerabilities::json::{nullable, parse};

#[derive(Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "nullable")]
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    components: Vec<Component>,
    #[serde(default, deserialize_with = "nullable")]
    vulnerabilities: Vec<Written>,
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

pub(super) fn read(document: &[u8]) -> Result<Vec<Statement>, String> {
    let document: Document = parse(document, "a CycloneDX document")?;
    let described = document.metadata.component.iter().chain(&document.components);
    let purls: BTreeMap<&str, &str> =
        described.filter_map(|one| Some((one.reference.as_str(), one.purl.as_deref()?))).collect();
    let whole = time(document.metadata.timestamp.as_deref());
    let statement = |written: &Written| {
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
        let products = written.affects.iter().map(|affected| product(&affected.reference, &purls)).collect();
        Some(Statement { names: names(named), products, says, at, only: None })
    };
    Ok(document.vulnerabilities.iter().filter_map(statement).collect())
}

/// What a reference stands for: a component of this document, one of another (`urn:cdx:SERIAL/VERSION#REF`), whose
/// reference is often its package URL, or a package URL.
fn product(reference: &str, purls: &BTreeMap<&str, &str>) -> Product {
    let local = reference.strip_prefix("urn:cdx:").and_then(|link| Some(link.split_once('#')?.1)).unwrap_or(reference);
    let decoded = percent_encoding::percent_decode_str(local).decode_utf8_lossy();
    let id = [local, &decoded].into_iter().find_map(|name| purls.get(name).copied());
    Product::of(id.unwrap_or(if local == reference { local } else { &decoded }).to_owned())
}
