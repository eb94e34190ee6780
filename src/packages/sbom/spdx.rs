//! SPDX 2 as JSON, and the packages of SPDX 3's graph.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::list::{List, Told, licences};
use super::json::{Member, elements, object, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    packages: Member<'a>,
    relationships: Member<'a>,
    document_describes: Member<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID", borrow)]
    id: Member<'a>,
    name: Member<'a>,
    version_info: Member<'a>,
    license_declared: Member<'a>,
    license_concluded: Member<'a>,
    external_refs: Member<'a>,
    primary_package_purpose: Member<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(borrow)]
    reference_type: Member<'a>,
    reference_locator: Member<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(borrow)]
    spdx_element_id: Member<'a>,
    relationship_type: Member<'a>,
    related_spdx_element: Member<'a>,
}

/// Adds the packages of an SPDX 2 document.
///
/// # Errors
/// What cannot be used, in words.
pub(super) fn read(document: &str, list: &mut List) -> Result<(), String> {
    let document: Document<'_> =
        serde_json::from_str(document).map_err(|_| "its SPDX document is malformed".to_owned())?;
    let root = root(&document);
    for package in elements(document.packages).into_iter().filter_map(object::<Package<'_>>) {
        let id = text(package.id);
        if (id.is_none() || id != root) && !is_other(&package) {
            list.add(told(&package))?;
        }
    }
    Ok(())
}

/// What the document describes, if that is one thing: the image itself.
fn root(document: &Document<'_>) -> Option<String> {
    let named = elements(document.document_describes).into_iter().filter_map(|id| text(Some(id)));
    let related = elements(document.relationships).into_iter().filter_map(object::<Relationship<'_>>).filter(|one| {
        text(one.relationship_type).as_deref() == Some("DESCRIBES")
            && text(one.spdx_element_id).as_deref() == Some("SPDXRef-DOCUMENT")
    });
    only(named.chain(related.filter_map(|one| text(one.related_spdx_element))))
}

/// The only one of these identifiers.
fn only(ids: impl Iterator<Item = String>) -> Option<String> {
    let mut ids: BTreeSet<String> = ids.collect();
    ids.pop_first().filter(|_| ids.is_empty())
}

/// Whether it is an image, an operating system as a whole, or a file.
fn is_other(package: &Package<'_>) -> bool {
    is_other_purpose(text(package.primary_package_purpose))
}

fn is_other_purpose(purpose: Option<String>) -> bool {
    let purpose = purpose.unwrap_or_default().to_ascii_uppercase().replace('-', "");
    matches!(purpose.as_str(), "CONTAINER" | "OPERATINGSYSTEM" | "FILE")
}

fn told(package: &Package<'_>) -> Told {
    let purl = elements(package.external_refs).into_iter().filter_map(object::<Reference<'_>>).find_map(|reference| {
        text(reference.reference_type).filter(|kind| kind == "purl").and_then(|_| text(reference.reference_locator))
    });
    let declared = text(package.license_declared).map(|expression| licences(&expression)).unwrap_or_default();
    let concluded = || text(package.license_concluded).map(|expression| licences(&expression)).unwrap_or_default();
    Told {
        name: text(package.name),
        version: text(package.version_info).filter(|version| version != "NOASSERTION"),
        purl,
        licences: if declared.is_empty() { concluded() } else { declared },
    }
}

/// An element of SPDX 3's graph, of which packages and what they are the root of matter.
#[derive(Deserialize)]
struct Element<'a> {
    #[serde(rename = "type", borrow)]
    kind: Member<'a>,
    #[serde(rename = "spdxId")]
    id: Member<'a>,
    name: Member<'a>,
    #[serde(rename = "rootElement")]
    roots: Member<'a>,
    #[serde(rename = "software_packageVersion")]
    version: Member<'a>,
    #[serde(rename = "software_packageUrl")]
    purl: Member<'a>,
    #[serde(rename = "software_primaryPurpose")]
    purpose: Member<'a>,
}

/// Adds the packages of an SPDX 3 document; its licences are relationships, which are not followed.
///
/// # Errors
/// What cannot be used, in words.
pub(super) fn read_graph(graph: Option<&RawValue>, list: &mut List) -> Result<(), String> {
    let all: Vec<Element<'_>> = elements(graph).into_iter().filter_map(object::<Element<'_>>).collect();
    let of_kind = |kind: &'static str| all.iter().filter(move |one| text(one.kind).as_deref() == Some(kind));
    let roots = of_kind("SpdxDocument").chain(of_kind("software_Sbom")).flat_map(|one| elements(one.roots));
    let packages: Vec<&Element<'_>> = of_kind("software_Package").collect();
    let ids: BTreeSet<String> = packages.iter().filter_map(|one| text(one.id)).collect();
    let root = only(roots.filter_map(|id| text(Some(id))).filter(|id| ids.contains(id)));
    for package in packages {
        let id = text(package.id);
        if (id.is_none() || id != root) && !is_other_purpose(text(package.purpose)) {
            let (name, version, purl) = (text(package.name), text(package.version), text(package.purl));
            list.add(Told { name, version, purl, licences: BTreeSet::new() })?;
        }
    }
    Ok(())
}
