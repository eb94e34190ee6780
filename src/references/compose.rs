//! Compose files, and stacks of Docker Swarm.

use std::collections::BTreeMap;

use super::collector::{Collector, EMPTY, Scalar};
use super::documents::{self, Merging};
use super::found::{Findings, Site};
use super::inline::Block;
use super::interpolation;
use super::named::NO_REFERENCE;
use crate::diag::Span;
use crate::yaml::Node;

const FIELDS: Merging = Merging::OwnFirst;
/// How many services may extend each other in a row.
const MAX_EXTENDS: usize = 32;
const CONTEXT: &str = "docker-image://";

pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    let is_wanted = |document: &str| document.contains("image") || document.contains("dockerfile_inline");
    for root in documents::read_templated(&mut collector, is_wanted) {
        project(&mut collector, &root);
    }
    collector.finish()
}

fn project(collector: &mut Collector<'_>, root: &Node) {
    let is_first_version = ["services", "version", "include", "name", "volumes", "networks"]
        .iter()
        .all(|key| FIELDS.get(root, key).is_none());
    let services = if is_first_version { Some(root) } else { FIELDS.value(root, "services") };
    let services = services.map(|services| FIELDS.entries(services)).unwrap_or_default();
    let services = services.into_iter().map(|entry| (entry.name, entry.value)).collect();
    let project = Project { services };
    for service in project.services.values() {
        project.service(collector, service);
    }
}

struct Project<'n> {
    services: BTreeMap<&'n str, &'n Node>,
}

impl<'n> Project<'n> {
    fn service(&self, collector: &mut Collector<'_>, service: &'n Node) {
        match self.inherited(service, "build") {
            // `image` then names what is built.
            Some(_) => FIELDS.value(service, "build").into_iter().for_each(|build| self::build(collector, build)),
            None => FIELDS.value(service, "image").into_iter().for_each(|image| interpolated(collector, image)),
        }
        let list = |key: &str| FIELDS.value(service, key).and_then(Node::items).unwrap_or_default();
        for image in list("pre_start").iter().filter_map(|hook| FIELDS.value(hook, "image")) {
            interpolated(collector, image);
        }
        let is_image = |volume: &&Node| FIELDS.value(volume, "type").and_then(Node::text) == Some("image");
        for source in list("volumes").iter().filter(is_image).filter_map(|volume| FIELDS.value(volume, "source")) {
            interpolated(collector, source);
        }
    }

    /// A field of a service, or of the service in this file that it extends.
    fn inherited(&self, service: &'n Node, key: &str) -> Option<&'n Node> {
        let mut service = service;
        for _ in 0..MAX_EXTENDS {
            if let Some(value) = FIELDS.value(service, key) {
                return Some(value);
            }
            let extends = FIELDS.value(service, "extends")?;
            let name = match FIELDS.value(extends, "file") {
                Some(_) => return None,
                None => extends.text().or_else(|| FIELDS.value(extends, "service")?.text())?,
            };
            service = self.services.get(name)?;
        }
        None
    }
}

/// The images that a build begins with: its contexts, and a Dockerfile that stands in the compose file.
fn build(collector: &mut Collector<'_>, build: &Node) {
    let contexts = FIELDS.value(build, "additional_contexts");
    for context in contexts.and_then(Node::items).unwrap_or_default() {
        let scalar = Scalar::of(collector.text, context);
        let named = scalar.and_then(|scalar| Some(scalar.after(scalar.value.find('=')? + 1)));
        named.into_iter().for_each(|scalar| context_image(collector, scalar));
    }
    for entry in contexts.map(|contexts| FIELDS.entries(contexts)).unwrap_or_default() {
        let scalar = Scalar::of(collector.text, entry.value);
        scalar.into_iter().for_each(|scalar| context_image(collector, scalar));
    }
    FIELDS.value(build, "dockerfile_inline").into_iter().for_each(|inline| dockerfile(collector, inline));
}

/// A Dockerfile in a block. Compose fills in its variables first: if one stands where an image is named, nothing is known.
fn dockerfile(collector: &mut Collector<'_>, inline: &Node) {
    let names_image = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        ["FROM", "ARG", "COPY", "ONBUILD"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
            || line.contains("--mount")
    };
    let is_filled_in = |text: &str| text.lines().any(|line| line.contains('$') && names_image(line));
    match Block::of(collector.text, inline) {
        Some(block) if is_filled_in(&block.text) => {
            collector.unresolved(first_line(collector.text, inline), "a Dockerfile with variables of Compose in it");
        }
        // Every other `$` stands in what a build runs, where it names no image.
        Some(block) => collector.add(block.placed(super::dockerfile::find(&block.text.replace('$', "_")))),
        None => collector.unresolved(first_line(collector.text, inline), "a Dockerfile that is not written as a block"),
    }
}

fn first_line(text: &str, node: &Node) -> Span {
    let there = &text[node.span.start..node.span.end];
    Span { start: node.span.start, end: node.span.start + there.find(['\r', '\n']).unwrap_or(there.len()) }
}

fn context_image(collector: &mut Collector<'_>, context: Scalar<'_>) {
    context.after_prefix(CONTEXT).into_iter().for_each(|image| expanded(collector, image));
}

fn interpolated(collector: &mut Collector<'_>, field: &Node) {
    match Scalar::of(collector.text, field) {
        Some(scalar) => expanded(collector, scalar),
        None => collector.field(field, true),
    }
}

fn expanded(collector: &mut Collector<'_>, scalar: Scalar<'_>) {
    if !scalar.value.contains('$') || scalar.value.contains("{{") {
        return collector.scalar(scalar, true);
    }
    match interpolation::expand(scalar.value, scalar.written.map(|written| written.start)) {
        Ok(image) if image.value.is_empty() => collector.unresolved(scalar.at, EMPTY),
        Ok(image) if image.value.contains('$') => collector.unresolved(scalar.at, NO_REFERENCE),
        Ok(image) => {
            let site = image.literal.map_or(Site::Composed, Site::Literal);
            collector.image(scalar.at, &image.value, site, true);
        }
        Err(why) => collector.unresolved(scalar.at, why),
    }
}
