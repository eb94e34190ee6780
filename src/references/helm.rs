//! Helm's values: maps with `repository` and `tag`, and texts named `image`.

use super::collector::{Collector, NO_REFERENCE, Scalar, TEMPLATE, is_template, outside};
use super::documents::{self, Merging};
use super::found::{Findings, FoundReference, Parts, Site, Slot};
use super::named::image_named;
use super::numbers::Reader;
use super::parts::{Place, insertion};
use crate::image::{Named, Repository};
use crate::text::excerpt;
use crate::yaml::Node;

const FIELDS: Merging = Merging::OwnFirst;
const DEFAULT_TAG: &str = "the chart sets the tag";

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
    Walk { global, known }.value(collector, "", root);
}

/// Every image in a value with that name.
pub(super) fn named(collector: &mut Collector<'_>, name: &str, value: &Node, known: bool) {
    Walk { global: None, known }.value(collector, name, value);
}

#[derive(Debug, Clone, Copy)]
struct Walk<'n> {
    /// The registry that goes before those of all images.
    global: Option<&'n str>,
    known: bool,
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
            let is_image = is_image_name(name) || name == "repository";
            if is_image {
                collector.unresolved(value.span, TEMPLATE);
            }
            return;
        }
        let tagged = tagged_text(value);
        if let Some(keys) = tagged.or_else(|| keys(name, value)) {
            self.map(collector, value, keys);
        }
        for entry in FIELDS.entries(value).iter().filter(|entry| tagged.is_none() || entry.name != "image") {
            self.value(collector, entry.name, entry.value);
        }
    }

    /// A text: named `image` it is one, with a longer name only if it has a tag or a digest.
    fn text(self, collector: &mut Collector<'_>, name: &str, value: &Node) {
        let Some(text) = value.text().filter(|text| is_image_name(name) && !is_picture(text)) else { return };
        let is_pinned = |image: Named<Repository>| image.tag.is_some() || image.digest.is_some();
        if name == "image" || image_named(text).is_some_and(is_pinned) {
            collector.field(value, self.known);
        }
    }

    fn map(self, collector: &mut Collector<'_>, map: &Node, keys: Keys) {
        let part = |key: &str| FIELDS.value(map, key).and_then(|value| Scalar::of(collector.text, value));
        let Some(repository) = part(keys.repository) else { return };
        let parent = keys.parent.and_then(part);
        let (tag, digest, sha) = (part(keys.tag), part("digest"), part("sha"));
        let value = |part: Option<Scalar<'_>>| part.map(|part| part.value.to_owned());
        let own_registry = value(part("registry")).unwrap_or_default();
        let registry = self.global.filter(|_| FIELDS.get(map, "registry").is_some()).unwrap_or(&own_registry);
        let before = [registry, parent.map_or("", |parent| parent.value)];
        let before: String = before.iter().filter(|part| !part.is_empty()).map(|part| format!("{part}/")).collect();
        let mut name = format!("{before}{}", repository.value);
        let is_whole = image_named(&name).is_some_and(|image| image.tag.is_some() || image.digest.is_some());
        if is_whole && tag.is_none() && digest.is_none() {
            let site = if before.is_empty() { repository.site() } else { Site::Composed };
            return collector.image(repository.at, &name, site, self.known);
        }
        value(tag).into_iter().for_each(|tag| name.extend([":", &tag]));
        value(digest).into_iter().for_each(|digest| name.extend(["@", &digest]));
        value(sha).filter(|_| digest.is_none()).into_iter().for_each(|sha| name.extend(["@sha256:", &sha]));
        let is_plain = sha.is_none() && parent.is_none() && registry == own_registry;
        let site = is_plain.then(|| site(collector.text, map, keys)).flatten().unwrap_or(Site::Composed);
        let misread = FIELDS.value(map, keys.tag).filter(|tag| Reader::Go.changes(tag)).and_then(Node::text);
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
            (None, None) => collector.unresolved(repository.at, NO_REFERENCE),
        }
    }
}

/// The keys of an image's repository and tag.
#[derive(Debug, Clone, Copy)]
struct Keys {
    repository: &'static str,
    tag: &'static str,
    /// What the repository is in.
    parent: Option<&'static str>,
}

/// `image: redis` beside `tag: "7"` or `imageTag: "7"`, or beside `repository: quay.io/a` and `version: "7"`.
fn tagged_text(map: &Node) -> Option<Keys> {
    let text = |key: &str| FIELDS.value(map, key).and_then(Node::text);
    let parent = text("repository").filter(|parent| !parent.is_empty() && !is_address(parent)).map(|_| "repository");
    let tag = ["imageTag", "tag", "version"].into_iter().find(|key| text(key).is_some());
    let tag = tag.filter(|tag| parent.is_some() || *tag != "version").or(parent.map(|_| "tag"))?;
    let image = image_named(text("image")?)?;
    (image.tag.is_none() && image.digest.is_none()).then_some(Keys { repository: "image", tag, parent })
}

/// The keys of a map that is an image: with a repository that is no address, and with a name or other keys that say so.
fn keys(name: &str, map: &Node) -> Option<Keys> {
    let has = |key: &str| FIELDS.get(map, key).is_some();
    let text = |key: &str| FIELDS.value(map, key).and_then(Node::text).filter(|text| !text.is_empty());
    let tag = if !has("tag") && has("version") && is_image_name(name) { "version" } else { "tag" };
    let says_so = has("tag") || has("digest") || has("registry");
    if let Some(repository) = text("repository") {
        return ((says_so || is_image_name(name)) && !is_address(repository)).then_some(Keys {
            repository: "repository",
            tag,
            parent: None,
        });
    }
    let repository = ["name", "image"].into_iter().find(|key| text(key).is_some())?;
    (is_image_name(name) && (has("tag") || has("digest"))).then_some(Keys { repository, tag, parent: None })
}

/// Whether a repository is one of sources or charts.
fn is_address(repository: &str) -> bool {
    repository.contains("://") || repository.starts_with("git@") || repository.ends_with(".git")
}

fn is_image_name(name: &str) -> bool {
    name.len() >= 5 && name.get(name.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case("image"))
}

fn is_picture(text: &str) -> bool {
    let end = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && ["png", "svg", "jpg", "jpeg", "gif", "ico", "webp"].iter().any(|picture| end.eq_ignore_ascii_case(picture))
}

/// Where the parts are written; `None` if rewriting them would change more than this image.
fn site(text: &str, map: &Node, keys: Keys) -> Option<Site> {
    let slot = |key: &str| match Place::of(text, map, key) {
        Place::Absent => Some(None),
        Place::Here(slot) => Some(Some(slot)),
        Place::Shared => None,
    };
    Some(Site::Parts(Parts {
        registry: slot("registry")?,
        repository: slot(keys.repository)??,
        tag: slot(keys.tag)?.or_else(|| insertion(text, map, keys.repository, keys.tag))?,
        digest: slot("digest")?.unwrap_or(Slot::Nowhere),
    }))
}
