//! A preset for Renovate: the mirror instead of the source, and no version that is not approved.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::model::{Catalog, CatalogImage, CatalogTag, TagState};
use crate::image::Tag;

/// How the preset describes itself, before the organization's name.
pub(crate) const TITLE: &str = "Approved container images of ";
/// What matches no tag.
const NOTHING: &str = "/^$/";

/// The preset. Renovate applies the last rule that says something: the rules of one name stand together and do not
/// contradict each other.
///
/// For every name of a source and of a mirror, `allowedVersions` admits exactly the approved tags that promotion copied or will;
/// what a file pulls from the source in such a version is replaced by the mirror in the same version, if it can be pulled there.
pub(crate) fn preset(catalog: &Catalog) -> Value {
    let (mut sources, mut mirrors) = (Named::new(), Named::new());
    for image in &catalog.images {
        let [of_source, of_mirror] = &image.spellings;
        for (names, named) in [(of_source, &mut sources), (of_mirror, &mut mirrors)] {
            if !names.is_empty() {
                named.entry(names).or_default().push(image);
            }
        }
    }
    let mut rules = Vec::new();
    for (names, images) in sources {
        rules.push(allowed(names, &images));
        rules.extend(images.iter().filter_map(|image| replaced(names, image)));
    }
    rules.extend(mirrors.into_iter().map(|(names, images)| allowed(names, &images)));
    json!({
        "$schema": "https://docs.renovatebot.com/renovate-schema.json",
        "description": [format!("{TITLE}{}", catalog.organization)],
        "packageRules": rules,
    })
}

/// Images by the names that files may give them.
type Named<'a> = BTreeMap<&'a [String], Vec<&'a CatalogImage>>;

fn allowed(names: &[String], images: &[&CatalogImage]) -> Value {
    let is_allowed =
        |tag: &CatalogTag| matches!(tag.state, TagState::Available | TagState::NotPromoted | TagState::Unread);
    let tags = tags(images, is_allowed);
    json!({ "matchDatasources": ["docker"], "matchPackageNames": names, "allowedVersions": exactly(tags) })
}

fn replaced(names: &[String], image: &CatalogImage) -> Option<Value> {
    let tags = tags(&[image], |tag| tag.pinned.is_some());
    (!tags.is_empty() && !image.spellings[1].is_empty()).then(|| {
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
    let mut known = BTreeSet::new();
    let tags = images.iter().flat_map(|image| &image.approved).filter(|tag| which(tag)).map(|tag| &tag.tag);
    tags.filter(|tag| known.insert(*tag)).collect()
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
