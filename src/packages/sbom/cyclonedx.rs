//! CycloneDX as JSON.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::list::{List, MOST_LICENCES, Told, licence_named, licences};
use super::json::{Member, each, elements, object, text};

/// How deep components may be nested.
const DEEPEST: usize = 16;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    components: Member<'a>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(rename = "type", borrow)]
    kind: Member<'a>,
    group: Member<'a>,
    name: Member<'a>,
    version: Member<'a>,
    purl: Member<'a>,
    licenses: Member<'a>,
    properties: Member<'a>,
    components: Member<'a>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    license: Member<'a>,
    expression: Member<'a>,
}

#[derive(Deserialize)]
struct Licence<'a> {
    #[serde(borrow)]
    id: Member<'a>,
    name: Member<'a>,
}

#[derive(Deserialize)]
struct Property<'a> {
    #[serde(borrow)]
    name: Member<'a>,
    value: Member<'a>,
}

/// Adds the components of a document, also nested ones; what its metadata describes is the image itself.
///
/// # Errors
/// What cannot be used, in words.
pub(super) fn read(document: &str, list: &mut List) -> Result<(), String> {
    let document: Document<'_> =
        serde_json::from_str(document).map_err(|_| "its CycloneDX document is malformed".to_owned())?;
    add(document.components, 0, list)
}

fn add(components: Member<'_>, depth: usize, list: &mut List) -> Result<(), String> {
    each(components, &mut |component| {
        if depth == DEEPEST {
            return Err(format!("its components are nested more than {DEEPEST} deep"));
        }
        let Some(component) = object::<Component<'_>>(component) else { return Ok(()) };
        let kind = text(component.kind).unwrap_or_default();
        if matches!(kind.as_str(), "library" | "application" | "framework") {
            list.add(told(&component))?;
        }
        add(component.components, depth + 1, list)
    })
}

fn told(component: &Component<'_>) -> Told {
    let name = text(component.name);
    let name = match text(component.group) {
        Some(group) => name.map(|name| format!("{group}/{name}")),
        None => name,
    };
    let purl = text(component.purl).map(|purl| with_source(purl, component.properties));
    Told { name, version: text(component.version), purl, licences: declared(component.licenses) }
}

fn declared(member: Member<'_>) -> BTreeSet<String> {
    let choices = elements(member).into_iter().filter_map(object::<Choice<'_>>).take(MOST_LICENCES);
    let named = choices.flat_map(|choice| {
        let licence = choice.license.and_then(object::<Licence<'_>>);
        let name = licence.and_then(|licence| text(licence.id).or_else(|| text(licence.name)));
        match name {
            Some(name) => licence_named(&name).into_iter().collect(),
            None => text(choice.expression).map(|expression| licences(&expression)).unwrap_or_default(),
        }
    });
    named.collect()
}

/// The purl of a distribution's package with its source package, which Trivy names in properties beside it.
fn with_source(purl: String, properties: Member<'_>) -> String {
    if !(purl.starts_with("pkg:deb/") || purl.starts_with("pkg:apk/")) || purl.contains("upstream=") {
        return purl;
    }
    let source = elements(properties).into_iter().filter_map(object::<Property<'_>>).find_map(|property| {
        text(property.name).filter(|name| name == "aquasecurity:trivy:SrcName").and_then(|_| text(property.value))
    });
    let is_plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
    match source.filter(|source| is_plain(source)) {
        Some(source) => {
            let sign = if purl.contains('?') { '&' } else { '?' };
            format!("{purl}{sign}upstream={}", source.replace('+', "%2B"))
        }
        None => purl,
    }
}
