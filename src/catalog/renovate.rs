//! A preset for Renovate: the mirror instead of the source, and no version that is not approved.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::{Catalog, CatalogImage, CatalogTag};
use crate::image::Tag;

/// How the preset describes itself, before the organization's name.
pub(crate) const TITLE: &str = "Approved container images of ";
/// What matches no tag.
const NOTHING: &str = "/^$/";

/// The preset. Renovate applies the last rule that says something: the rules of one name stand together and do not
/// contradict each other.
///
/// For every name of a source and for every mirror, `allowedVersions` admits exactly the approved tags; what a file pulls
/// from the source in an approved version is replaced by the mirror in the same version, if that can be pulled there.
pub(crate) fn preset(catalog: &Catalog) -> Value {
    let mut sources: BTreeMap<&[String], Vec<&CatalogImage>> = BTreeMap::new();
    let mut mirrors: BTreeMap<&str, Vec<&CatalogImage>> = BTreeMap::new();
    for image in &catalog.images {
        mirrors.entry(&image.mirror).or_default().push(image);
        if !image.spellings.is_empty() {
            sources.entry(&image.spellings).or_default().push(image);
        }
    }
    let mut rules = Vec::new();
    for (names, images) in sources {
        rules.push(allowed(names, tags(&images, |_| true)));
        rules.extend(images.iter().filter_map(|image| replaced(names, image)));
    }
    rules.extend(mirrors.iter().map(|(mirror, images)| allowed(&[(*mirror).to_owned()], tags(images, |_| true))));
    json!({
        "$schema": "https://docs.renovatebot.com/renovate-schema.json",
        "description": [format!("{TITLE}{}", catalog.organization)],
        "packageRules": rules,
    })
}

fn allowed(names: &[String], tags: Vec<&Tag>) -> Value {
    json!({ "matchDatasources": ["docker"], "matchPackageNames": names, "allowedVersions": exactly(tags) })
}

fn replaced(names: &[String], image: &CatalogImage) -> Option<Value> {
    let tags = tags(&[image], |tag| tag.pinned.is_some());
    (!tags.is_empty()).then(|| {
        json!({
            "matchDatasources": ["docker"],
            "matchPackageNames": names,
            "matchCurrentValue": exactly(tags),
            "replacementName": image.mirror,
        })
    })
}

/// The approved tags of some images, each once, in their order.
fn tags<'a>(images: &[&'a CatalogImage], which: impl Fn(&CatalogTag) -> bool) -> Vec<&'a Tag> {
    let mut tags: Vec<&Tag> = Vec::new();
    for tag in images.iter().flat_map(|image| &image.approved).filter(|tag| which(tag)) {
        if !tags.contains(&&tag.tag) {
            tags.push(&tag.tag);
        }
    }
    tags
}

/// A regular expression, as Renovate writes one, for these tags and no others.
fn exactly(tags: Vec<&Tag>) -> String {
    if tags.is_empty() {
        return NOTHING.to_owned();
    }
    // Of all that a tag may contain, only the dot means something else.
    let tags: Vec<String> = tags.into_iter().map(|tag| tag.as_str().replace('.', "\\.")).collect();
    format!("/^(?:{})$/", tags.join("|"))
}
