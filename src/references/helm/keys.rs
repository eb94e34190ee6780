//! Which keys of a map in a chart's values make an image.

use super::super::collector::{Collector, Scalar, outside};
use super::super::named::image_named;
use super::words::{FIELDS, is_image_name, is_picture, is_pinned};
use crate::yaml::Node;

/// The keys of an image's parts: those that the map has, and where they would stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) registry: String,
    pub(super) repository: String,
    pub(super) tag: String,
    pub(super) digest: String,
    /// A digest without its algorithm.
    pub(super) sha: String,
    /// What the repository is in.
    pub(super) parent: Option<&'static str>,
}

impl Keys {
    /// The images of a map of that name.
    pub(super) fn of(name: &str, map: &Node) -> Vec<Self> {
        let whole = within_parent(map).or_else(|| by_repository(name, map));
        let entries = FIELDS.entries(map);
        let beside = entries.iter().filter_map(|entry| beside(map, entry.name, entry.value.text()?));
        let is_other = |keys: &Self| whole.as_ref().is_none_or(|whole| whole.repository != keys.repository);
        let beside: Vec<Self> = beside.filter(is_other).collect();
        whole.into_iter().chain(beside).collect()
    }

    fn plain(repository: &str, tag: &str) -> Self {
        Self {
            registry: "registry".to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: "digest".to_owned(),
            sha: "sha".to_owned(),
            parent: None,
        }
    }
}

/// Says that an image would be named here if it were known what a key beside it means.
pub(super) fn ambiguous(collector: &mut Collector<'_>, map: &Node) {
    let Some(version) = text(map, "version") else { return };
    let scalar = |key: &str| FIELDS.value(map, key).and_then(|value| Scalar::of(collector.text, value));
    let is_unpinned = |scalar: &Scalar<'_>| image_named(scalar.value).is_some_and(|image| !is_pinned(&image));
    let is_of_a_chart = FIELDS.get(map, "chart").is_some() || version.starts_with(['>', '<', '^', '~', '*']);
    let place = match scalar("image").filter(is_unpinned) {
        Some(image) => Some((image.at, "whether `version` is its tag is up to the chart")),
        None => {
            let repository = scalar("repository").filter(is_unpinned).filter(|one| one.value.contains('/'));
            repository.filter(|_| !is_of_a_chart).map(|one| (one.at, "nothing here says whether this is an image"))
        }
    };
    place.into_iter().for_each(|(at, why)| collector.unresolved(at, why));
}

/// A text that is not empty.
fn text<'n>(map: &'n Node, key: &str) -> Option<&'n str> {
    FIELDS.value(map, key).and_then(Node::text).filter(|text| !text.is_empty())
}

/// `image: api` in `repository: quay.io/acme`, beside `version: "7"` or `tag: "7"`.
fn within_parent(map: &Node) -> Option<Keys> {
    let parent = text(map, "repository").filter(|parent| !is_address(parent))?;
    let image = image_named(text(map, "image")?).filter(|_| image_named(parent).is_some())?;
    let has = |key: &&str| FIELDS.value(map, key).is_some();
    let tag = ["imageTag", "tag", "version"].into_iter().find(has).unwrap_or("tag");
    (!is_pinned(&image)).then(|| Keys { parent: Some("repository"), ..Keys::plain("image", tag) })
}

/// A map that is an image: with a repository that is no address, and with a name or other keys that say so.
fn by_repository(name: &str, map: &Node) -> Option<Keys> {
    let has = |key: &str| FIELDS.get(map, key).is_some();
    let tag = if !has("tag") && has("version") && is_image_name(name) { "version" } else { "tag" };
    if let Some(repository) = text(map, "repository") {
        let says_so = has("tag") || has("digest") || has("registry") || is_image_name(name);
        return (says_so && !is_address(repository)).then(|| Keys::plain("repository", tag));
    }
    let repository = ["image", "name"].into_iter().find(|key| text(map, key).is_some())?;
    (is_image_name(name) && (has(tag) || has("digest"))).then(|| Keys::plain(repository, tag))
}

/// `imageRepository`, `imageName` or `image` beside `imageTag`, `imageVersion` or `imageDigest`, also as `webImageRepository`
/// beside `webImageTag`; `image` beside `tag` or `digest`.
fn beside(map: &Node, key: &str, value: &str) -> Option<Keys> {
    let end = ["Repository", "Name", ""].into_iter().find(|end| key.strip_suffix(end).is_some_and(is_image_name))?;
    let stem = key.strip_suffix(end)?;
    let is_name =
        !is_picture(value) && image_named(value).is_some_and(|image| end == "Repository" || !is_pinned(&image));
    if !is_name && (end.is_empty() || outside(value).is_none()) {
        return None;
    }
    let own = |part: &str| Some(format!("{stem}{part}")).filter(|key| FIELDS.value(map, key).is_some());
    let plain = |part: &str| Some(part.to_owned()).filter(|part| key == "image" && FIELDS.value(map, part).is_some());
    let tag = own("Tag").or_else(|| own("Version")).or_else(|| plain("tag"));
    let digest = own("Digest").or_else(|| plain("digest"));
    let says_so = tag.is_some() || digest.is_some() || end == "Repository" || end == "Name" && value.contains('/');
    says_so.then(|| Keys {
        registry: own("Registry").unwrap_or_else(|| "registry".to_owned()),
        repository: key.to_owned(),
        tag: tag.unwrap_or_else(|| format!("{stem}Tag")),
        digest: digest.unwrap_or_else(|| format!("{stem}Digest")),
        sha: format!("{stem}Sha"),
        parent: None,
    })
}

/// Whether a repository is one of sources or charts.
fn is_address(repository: &str) -> bool {
    repository.contains("://") || repository.starts_with("git@") || repository.ends_with(".git")
}
