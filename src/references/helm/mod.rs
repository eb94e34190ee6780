//! Helm's values: maps with `repository` and `tag`, `imageRepository` beside `imageTag`, and texts named `image`.

mod keys;
mod words;

use super::collector::{Collector, Scalar, TEMPLATE, is_switch, is_template, outside};
use super::documents;
use super::found::{Findings, FoundReference, Parts, Site, Slot};
use super::named::{image_named, not_an_image};
use super::numbers::Reader;
use super::parts::{Place, insertion};
use crate::text::excerpt;
use crate::yaml::Node;
use keys::Keys;
use words::{FIELDS, is_image_name, is_picture, is_pinned};

const DEFAULT_TAG: &str = "the chart sets the tag";
/// What may stand below `images` and is no image by itself.
const PARTS: [&str; 8] = ["registry", "repository", "name", "tag", "digest", "version", "host", "url"];

pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    let is_wanted = |document: &str| document.contains("mage") || document.contains("repository");
    for root in documents::read_templated(&mut collector, is_wanted) {
        values(&mut collector, &root, true);
    }
    collector.finish()
}

/// Everything in the values of a chart.
pub(super) fn values(collector: &mut Collector<'_>, root: &Node, known: bool) {
    let global = FIELDS.path(root, &["global", "imageRegistry"]).and_then(Node::text).filter(|text| !text.is_empty());
    Walk { global, known, named: false }.value(collector, "", root);
}

/// Every image in a value with that name.
pub(super) fn named(collector: &mut Collector<'_>, name: &str, value: &Node, known: bool) {
    Walk { global: None, known, named: false }.value(collector, name, value);
}

#[derive(Debug, Clone, Copy)]
struct Walk<'n> {
    /// The registry that goes before those of all images.
    global: Option<&'n str>,
    known: bool,
    /// Whether what is here is below a key that holds images by their names.
    named: bool,
}

impl Walk<'_> {
    fn value(self, collector: &mut Collector<'_>, name: &str, value: &Node) {
        if let Some(items) = value.items() {
            return items.iter().for_each(|item| self.value(collector, name, item));
        }
        if value.entries().is_none() {
            return self.text(collector, name, value);
        }
        if is_template(collector.text, value) {
            if is_image_name(name) || name == "repository" {
                collector.unresolved(value.span, TEMPLATE);
            }
            return;
        }
        let images = Keys::of(name, value);
        images.iter().for_each(|keys| self.map(collector, value, keys));
        if images.is_empty() {
            keys::ambiguous(collector, value);
        }
        let inside = Self { named: self.named || names_images(name), ..self };
        let is_read = |name: &str, value: &Node| {
            value.text().is_some() && images.iter().any(|keys| keys.repository == name || keys.parent == Some(name))
        };
        for entry in FIELDS.entries(value) {
            if !is_read(entry.name, entry.value) {
                inside.value(collector, entry.name, entry.value);
            }
        }
    }

    /// A text: named `image` it is one; with a longer name, or below `images`, only if it has a tag or a digest.
    fn text(self, collector: &mut Collector<'_>, name: &str, value: &Node) {
        let Some(text) = value.text().filter(|text| !is_picture(text) && !is_switch(value)) else { return };
        let may_be = is_image_name(name.strip_suffix("Name").unwrap_or(name))
            || names_images(name)
            || self.named && !PARTS.contains(&name);
        if name == "image" || may_be && image_named(text).is_some_and(|image| is_pinned(&image)) {
            collector.field(value, self.known);
        }
    }

    fn map(self, collector: &mut Collector<'_>, map: &Node, keys: &Keys) {
        let part = |key: &str| FIELDS.value(map, key).and_then(|value| Scalar::of(collector.text, value));
        let Some(repository) = part(&keys.repository) else { return };
        let parent = keys.parent.and_then(part);
        let (tag, digest, sha) = (part(&keys.tag), part(&keys.digest), part(&keys.sha));
        let value = |part: Option<Scalar<'_>>| part.map(|part| part.value.to_owned());
        let own_registry = value(part(&keys.registry)).unwrap_or_default();
        let registry = self.global.filter(|_| FIELDS.get(map, &keys.registry).is_some()).unwrap_or(&own_registry);
        let before = [registry, parent.map_or("", |parent| parent.value)];
        let before: String = before.iter().filter(|part| !part.is_empty()).map(|part| format!("{part}/")).collect();
        let mut name = format!("{before}{}", repository.value);
        if image_named(&name).is_some_and(|image| is_pinned(&image)) && tag.is_none() && digest.is_none() {
            let site = if before.is_empty() { repository.site() } else { Site::Composed };
            return collector.image(repository.at, &name, site, self.known);
        }
        value(tag).into_iter().for_each(|tag| name.extend([":", &tag]));
        value(digest).into_iter().for_each(|digest| name.extend(["@", &digest]));
        value(sha).filter(|_| digest.is_none()).into_iter().for_each(|sha| name.extend(["@sha256:", &sha]));
        let is_plain = sha.is_none() && parent.is_none() && registry == own_registry;
        let site = is_plain.then(|| site(collector.text, map, keys)).flatten().unwrap_or(Site::Composed);
        let misread = FIELDS.value(map, &keys.tag).filter(|tag| Reader::Go.changes(tag)).and_then(Node::text);
        if let Some(number) = misread {
            let why = format!("`{}` is a number to Helm: put the tag in quotes", excerpt(number, 40));
            return collector.unresolved(repository.at, why);
        }
        match (outside(&name), image_named(&name)) {
            (Some(why), _) => collector.unresolved(repository.at, why),
            (None, _) if tag.is_none() && digest.is_none() && sha.is_none() => {
                collector.unresolved(repository.at, DEFAULT_TAG);
            }
            (None, Some(image)) => {
                collector.reference(FoundReference { at: repository.at, image, site, known: self.known });
            }
            (None, None) => collector.unresolved(repository.at, not_an_image(&name)),
        }
    }
}

/// Whether what a key holds are images by their names: `images`, `sidecarImages`.
fn names_images(name: &str) -> bool {
    name == "images" || name.ends_with("Images")
}

/// Where the parts are written; `None` if rewriting them would change more than this image.
fn site(text: &str, map: &Node, keys: &Keys) -> Option<Site> {
    let slot = |key: &str| match Place::of(text, map, key) {
        Place::Absent => Some(None),
        Place::Here(slot) => Some(Some(slot)),
        Place::Shared => None,
    };
    Some(Site::Parts(Parts {
        registry: slot(&keys.registry)?,
        repository: slot(&keys.repository)??,
        tag: slot(&keys.tag)?.or_else(|| insertion(text, map, &keys.repository, &keys.tag))?,
        digest: slot(&keys.digest)?.unwrap_or(Slot::Nowhere),
    }))
}
