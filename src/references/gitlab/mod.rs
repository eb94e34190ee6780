//! GitLab's pipelines.

mod pipeline;
mod variables;

use std::collections::BTreeSet;

use super::collector::{Collector, EMPTY, Scalar};
use super::documents;
use super::found::{Findings, Site};
use super::named::NO_REFERENCE;
use crate::diag::Span;
use crate::yaml::{Kind, Node};
use pipeline::{FIELDS, Job, Pipeline};

pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    let is_wanted = |document: &str| document.contains("image") || document.contains("services");
    for root in documents::read(&mut collector, is_wanted) {
        let pipeline = Pipeline::of(text, &root);
        Search { collector: &mut collector, pipeline: &pipeline, seen: BTreeSet::new() }.run();
    }
    collector.finish()
}

struct Search<'c, 't, 'n> {
    collector: &'c mut Collector<'t>,
    pipeline: &'c Pipeline<'n>,
    /// Where the values start that some job uses.
    seen: BTreeSet<usize>,
}

impl<'n> Search<'_, '_, 'n> {
    /// Jobs first: they say what the variables in templates and defaults are. What no job uses is read as it stands.
    fn run(&mut self) {
        let pipeline = self.pipeline;
        for job in pipeline.jobs.values().filter(|job| !job.is_hidden) {
            let ancestors = pipeline.ancestors(job);
            let image = ancestors.iter().find_map(|job| job.image).or(pipeline.defaults.image);
            let services = ancestors.iter().find_map(|job| job.services).or(pipeline.defaults.services);
            self.uses(image, services, &ancestors);
        }
        let used = self.seen.clone();
        let is_new = |node: &&Node| !used.contains(&node.span.start);
        for job in pipeline.jobs.values().chain([&pipeline.defaults]) {
            let ancestors = pipeline.ancestors(job);
            self.uses(job.image.filter(is_new), job.services.filter(is_new), &ancestors);
        }
    }

    fn uses(&mut self, image: Option<&'n Node>, services: Option<&'n Node>, scope: &[&Job<'n>]) {
        self.seen.extend(image.iter().chain(&services).map(|node| node.span.start));
        image.into_iter().for_each(|image| self.image(image, scope));
        for service in services.map(|services| self.pipeline.flattened(services)).unwrap_or_default() {
            self.image(service, scope);
        }
    }

    /// An image, by its name alone or with options.
    fn image(&mut self, node: &'n Node, scope: &[&Job<'n>]) {
        let target = self.pipeline.dereferenced(node);
        let Some(target) = target else { return self.collector.unresolved(place(node), "a reference to another file") };
        match target.entries() {
            Some(_) => FIELDS.value(target, "name").into_iter().for_each(|name| self.name(name, scope)),
            None => self.name(node, scope),
        }
    }

    fn name(&mut self, node: &'n Node, scope: &[&Job<'n>]) {
        let Some(target) = self.pipeline.dereferenced(node) else {
            return self.collector.unresolved(place(node), "a reference to another file");
        };
        let Some(scalar) = Scalar::of(self.collector.text, target) else { return self.collector.field(target, true) };
        let at = if std::ptr::eq(target, node) { scalar.at } else { place(node) };
        if scalar.value.contains("$[[") {
            return self.collector.unresolved(at, "an input");
        }
        if !scalar.value.contains('$') {
            return self.collector.image(at, scalar.value, scalar.site(), true);
        }
        match variables::expand(self.pipeline, scope, self.collector.text, scalar) {
            Ok(image) if image.value.trim().is_empty() => self.collector.unresolved(at, EMPTY),
            Ok(image) if image.value.contains('$') => self.collector.unresolved(at, NO_REFERENCE),
            Ok(image) => {
                let site = image.literal.map_or(Site::Composed, Site::Literal);
                self.collector.image(at, image.value.trim(), site, true);
            }
            Err(why) => self.collector.unresolved(at, why),
        }
    }
}

/// Where a value that refers to another one stands, with its tag.
fn place(node: &Node) -> Span {
    match &*node.kind {
        Kind::Alias(_) => node.span,
        _ => Span { start: node.outer_start(), end: node.span.end },
    }
}
