//! Kustomize: the images that replace others.

use super::collector::{Collector, Scalar, outside};
use super::documents::{self, Merging};
use super::found::{Findings, FoundReference, Parts, Site, Slot};
use super::inline::Block;
use super::named::{image_named, not_an_image};
use super::parts::{Place, insertion};
use super::{helm, kubernetes};
use crate::yaml::Node;

const FIELDS: Merging = Merging::OwnFirst;
const KEPT_TAG: &str = "the tag stands in the resources";

pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    let is_wanted = |document: &str| document.contains("image") || document.contains("valuesInline");
    for root in documents::read(&mut collector, is_wanted) {
        kustomization(&mut collector, &root);
    }
    collector.finish()
}

fn kustomization(collector: &mut Collector<'_>, root: &Node) {
    let list = |key: &str| FIELDS.value(root, key).and_then(Node::items).unwrap_or_default();
    list("images").iter().for_each(|item| image(collector, item));
    for values in list("helmCharts").iter().filter_map(|chart| FIELDS.value(chart, "valuesInline")) {
        helm::values(collector, values, true);
    }
    let patches =
        ["patches", "patchesJson6902"].into_iter().flat_map(list).filter_map(|patch| FIELDS.value(patch, "patch"));
    patches.chain(list("patchesStrategicMerge")).for_each(|text| patch(collector, text));
}

/// A patch that stands in a block: a part of a resource, or a list of operations on one.
fn patch(collector: &mut Collector<'_>, text: &Node) {
    let names_image = |text: &str| text.contains("image");
    let Some(block) = Block::of(collector.text, text) else {
        let is_patch = text.text().is_some_and(|text| names_image(text) && text.contains(':'));
        if let Some(patch) = Scalar::of(collector.text, text).filter(|_| is_patch) {
            collector.unresolved(patch.at, "a patch that is not written as a block");
        }
        return;
    };
    if !names_image(&block.text) {
        return;
    }
    let mut inside = Collector::new(&block.text);
    for root in documents::read(&mut inside, |_| true) {
        match root.items() {
            Some(operations) => operations.iter().for_each(|operation| self::operation(&mut inside, operation)),
            None => kubernetes::resource(&mut inside, &root),
        }
    }
    collector.add(block.placed(inside.finish()));
}

/// A file that is a JSON patch (RFC 6902), to which the `path` of a kustomization's patches leads.
pub(super) fn find_in_patch(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    for root in documents::read(&mut collector, |document| document.contains("mage")) {
        let operations = root.items().unwrap_or_default();
        operations.iter().for_each(|operation| self::operation(&mut collector, operation));
    }
    collector.finish()
}

/// One operation of a JSON patch that sets the image of a container, or a container with its image.
fn operation(collector: &mut Collector<'_>, operation: &Node) {
    let field = |key: &str| FIELDS.value(operation, key);
    let is_set = matches!(field("op").and_then(Node::text), Some("add" | "replace"));
    let path = field("path").and_then(Node::text).unwrap_or_default();
    let Some(value) = field("value").filter(|_| is_set) else { return };
    let mut parts = path.rsplit('/');
    let (last, before) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_in = |part: &str| matches!(part, "containers" | "initContainers" | "ephemeralContainers");
    let mut container = |container: &Node| {
        FIELDS.get(container, "image").into_iter().for_each(|image| collector.field(image, true));
    };
    if is_in(last) {
        value.items().unwrap_or_default().iter().for_each(container);
    } else if is_in(before) {
        container(value);
    } else if last == "image" && parts.next().is_some_and(is_in) {
        collector.field(value, true);
    } else if last == "image" && !path.starts_with("/metadata/") && !path.starts_with("/data/") {
        // Of a resource that nobody here knows.
        kubernetes::image(collector, value);
    }
}

/// One entry: images named `name` become `newName`, with `newTag` and `digest`.
fn image(collector: &mut Collector<'_>, map: &Node) {
    let part = |key: &str| FIELDS.value(map, key).and_then(|value| Scalar::of(collector.text, value));
    let Some(repository) = part("newName").or_else(|| part("name")) else { return };
    let (tag, digest) = (part("newTag"), part("digest"));
    if tag.is_none() && digest.is_none() {
        let is_new = part("newName").is_some();
        if is_new && is_whole(repository.value) {
            return collector.scalar(repository, true);
        }
        return collector.unresolved(repository.at, outside(repository.value).unwrap_or_else(|| KEPT_TAG.to_owned()));
    }
    let mut name = repository.value.to_owned();
    tag.iter().for_each(|tag| name.extend([":", tag.value]));
    digest.iter().for_each(|digest| name.extend(["@", digest.value]));
    let site = site(collector.text, map).unwrap_or(Site::Composed);
    match (outside(&name), image_named(&name)) {
        (Some(why), _) => collector.unresolved(repository.at, why),
        (None, Some(image)) => collector.reference(FoundReference { at: repository.at, image, site, known: true }),
        (None, None) => collector.unresolved(repository.at, not_an_image(&name)),
    }
}

/// Whether a name has a tag or a digest in it, as people also write `newName`.
fn is_whole(name: &str) -> bool {
    image_named(name).is_some_and(|image| image.tag.is_some() || image.digest.is_some())
}

/// Where the new name, tag and digest are written, or would be; `None` if that would change more than this entry.
fn site(text: &str, map: &Node) -> Option<Site> {
    let mut last = "name";
    let mut slot = |key: &'static str| match Place::of(text, map, key) {
        Place::Here(slot) => {
            last = key;
            Some(slot)
        }
        Place::Absent => insertion(text, map, last, key),
        Place::Shared => None,
    };
    let (repository, tag, digest): (Slot, Slot, Slot) = (slot("newName")?, slot("newTag")?, slot("digest")?);
    Some(Site::Parts(Parts { registry: None, repository, tag, digest }))
}
