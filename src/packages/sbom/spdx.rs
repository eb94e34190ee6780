//! SPDX 2 as JSON, and the packages of SPDX 3's graph.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::list::{List, Told, licences};
use super::json::{Member, each, elements, object, text};

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

/// The most root elements that an SPDX 3 document may name.
const MOST_ROOTS: usize = 1_000;

/// Adds the packages of an SPDX 2 document.
///
/// # Errors
/// What cannot be used, in words.
pub(super) fn read(document: &str, list: &mut List) -> Result<(), String> {
    let document: Document<'_> =
        serde_json::from_str(document).map_err(|_| "its SPDX document is malformed".to_owned())?;
    let root = root(&document)?;
    each(document.packages, &mut |package| {
        let Some(package) = object::<Package<'_>>(package) else { return Ok(()) };
        let id = text(package.id);
        match (id.is_none() || id != root) && !is_other(&package) {
            true => list.add(told(&package)),
            false => Ok(()),
        }
    })
}

/// What the document describes, if that is one thing: the image itself.
fn root(document: &Document<'_>) -> Result<Option<String>, String> {
    let mut root = Only::default();
    each(document.document_describes, &mut |id| {
        root.add(text(Some(id)));
        Ok(())
    })?;
    each(document.relationships, &mut |relationship| {
        let describes = object::<Relationship<'_>>(relationship).filter(|one| {
            text(one.relationship_type).as_deref() == Some("DESCRIBES")
                && text(one.spdx_element_id).as_deref() == Some("SPDXRef-DOCUMENT")
        });
        root.add(describes.and_then(|one| text(one.related_spdx_element)));
        Ok(())
    })?;
    Ok(root.id.filter(|_| !root.is_one_of_several))
}

/// The only one of some identifiers.
#[derive(Default)]
struct Only {
    id: Option<String>,
    is_one_of_several: bool,
}

impl Only {
    fn add(&mut self, id: Option<String>) {
        let Some(id) = id else { return };
        self.is_one_of_several |= self.id.as_ref().is_some_and(|known| *known != id);
        self.id.get_or_insert(id);
    }
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
    let (mut roots, mut root) = (BTreeSet::new(), Only::default());
    each_of(graph, &["SpdxDocument", "software_Sbom"], &mut |element| {
        roots.extend(elements(element.roots).into_iter().filter_map(|id| text(Some(id))).take(MOST_ROOTS));
        match roots.len() > MOST_ROOTS {
            true => Err(format!("it names more than {MOST_ROOTS} root elements")),
            false => Ok(()),
        }
    })?;
    each_of(graph, &["software_Package"], &mut |package| {
        root.add(text(package.id).filter(|id| roots.contains(id)));
        Ok(())
    })?;
    let root = root.id.filter(|_| !root.is_one_of_several);
    each_of(graph, &["software_Package"], &mut |package| {
        let id = text(package.id);
        if id.is_some() && id == root || is_other_purpose(text(package.purpose)) {
            return Ok(());
        }
        let (name, version, purl) = (text(package.name), text(package.version), text(package.purl));
        list.add(Told { name, version, purl, licences: BTreeSet::new() })
    })
}

/// Calls `act` with the elements of these types.
fn each_of<'a>(
    graph: Option<&'a RawValue>,
    types: &[&str],
    act: &mut dyn FnMut(Element<'a>) -> Result<(), String>,
) -> Result<(), String> {
    each(graph, &mut |raw| match object::<Element<'_>>(raw) {
        Some(element) if text(element.kind).is_some_and(|kind| types.contains(&kind.as_str())) => act(element),
        _ => Ok(()),
    })
}
