//! Kubernetes manifests, in YAML or JSON.

use super::collector::{Collector, is_switch};
use super::documents::{self, Merging};
use super::found::Findings;
use super::helm;
use super::kinds::Standing;
use super::named::image_named;
use crate::yaml::Node;

/// kubectl's reader is go-yaml 2.
const FIELDS: Merging = Merging::InOrder;
/// How deep lists of resources may be nested.
const MAX_LISTS: usize = 8;

pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    for root in documents::read_templated(&mut collector, is_wanted) {
        resource(&mut collector, &root);
    }
    collector.finish()
}

/// Whether a document may name an image. Definitions of resources do not, and are often longer than everything else.
fn is_wanted(document: &str) -> bool {
    let is_definition = |line: &str| line.trim_end() == "kind: CustomResourceDefinition";
    (document.contains("image") || document.contains("Image")) && !document.lines().take(40).any(is_definition)
}

/// A resource, or a list of them.
pub(super) fn resource(collector: &mut Collector<'_>, root: &Node) {
    resource_in(collector, root, 0);
}

fn resource_in(collector: &mut Collector<'_>, root: &Node, depth: usize) {
    let name = |key: &str| FIELDS.value(root, key).and_then(Node::text);
    let (api_version, kind) = (name("apiVersion"), name("kind"));
    let items = FIELDS.value(root, "items").and_then(Node::items);
    if let Some(items) = items.filter(|_| kind.is_some_and(|kind| kind.ends_with("List")) && depth < MAX_LISTS) {
        items.iter().for_each(|item| resource_in(collector, item, depth + 1));
    } else {
        match Standing::of(api_version, kind) {
            Standing::Pods(path) => FIELDS.path(root, path).into_iter().for_each(|pod| pod_spec(collector, pod)),
            Standing::Custom | Standing::Unnamed => custom(collector, root),
            Standing::Other => {}
        }
    }
}

/// The specification of a Pod (`PodSpec` of the core API).
fn pod_spec(collector: &mut Collector<'_>, pod: &Node) {
    let list = |key: &str| FIELDS.value(pod, key).and_then(Node::items).unwrap_or_default();
    for container in ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(list) {
        FIELDS.get(container, "image").into_iter().for_each(|image| collector.field(image, true));
    }
    for volume in list("volumes") {
        FIELDS.path(volume, &["image", "reference"]).into_iter().for_each(|image| collector.field(image, true));
    }
}

/// Every field `image` of a resource that nobody here knows, where its value may be a reference.
fn custom(collector: &mut Collector<'_>, node: &Node) {
    if let Some(items) = node.items() {
        return items.iter().for_each(|item| custom(collector, item));
    }
    for entry in FIELDS.entries(node) {
        match entry.name {
            "annotations" | "labels" | "openAPIV3Schema" | "status" => {}
            "image" => image(collector, entry.value),
            "values" | "valuesObject" | "valuesInline" => helm::values(collector, entry.value, false),
            _ => custom(collector, entry.value),
        }
    }
}

/// The value of a field `image` of such a resource.
pub(super) fn image(collector: &mut Collector<'_>, value: &Node) {
    match value.text() {
        Some(text) if !is_readable(text) || is_switch(value) => {}
        _ if value.entries().is_none() => collector.field(value, false),
        _ => helm::named(collector, "image", value, false),
    }
}

/// Whether a value reads as a reference, or would if its variables were known.
fn is_readable(text: &str) -> bool {
    let has_variable = text.contains('$') || text.contains("{{");
    has_variable || image_named(text.trim()).is_some()
}
