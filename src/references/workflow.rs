//! Workflows and actions of GitHub; Forgejo and Gitea have the same.

use super::collector::{Collector, Scalar};
use super::documents::{self, Merging};
use super::found::Findings;
use crate::yaml::Node;

const FIELDS: Merging = Merging::OwnFirst;
const IMAGE: &str = "docker://";

/// A workflow.
pub(super) fn find(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    let is_wanted =
        |document: &str| ["container", "image"].iter().any(|word| document.contains(word)) || has_prefix(document);
    for root in documents::read(&mut collector, is_wanted) {
        for job in FIELDS.value(&root, "jobs").map(|jobs| FIELDS.entries(jobs)).unwrap_or_default() {
            self::job(&mut collector, job.value);
        }
    }
    collector.finish()
}

/// The metadata of an action.
pub(super) fn find_in_action(text: &str) -> Findings {
    let mut collector = Collector::new(text);
    for runs in documents::read(&mut collector, has_prefix).iter().filter_map(|root| FIELDS.value(root, "runs")) {
        // Without the prefix it is a Dockerfile.
        FIELDS.value(runs, "image").into_iter().for_each(|image| prefixed(&mut collector, image));
        steps(&mut collector, runs);
    }
    collector.finish()
}

fn has_prefix(document: &str) -> bool {
    document.to_ascii_lowercase().contains(IMAGE)
}

fn job(collector: &mut Collector<'_>, job: &Node) {
    FIELDS.value(job, "container").into_iter().for_each(|container| self::container(collector, container));
    let services = FIELDS.value(job, "services").map(|services| FIELDS.entries(services)).unwrap_or_default();
    services.iter().for_each(|service| container(collector, service.value));
    steps(collector, job);
}

/// A container, by its image alone or with options.
fn container(collector: &mut Collector<'_>, container: &Node) {
    let image = if container.entries().is_some() { FIELDS.value(container, "image") } else { Some(container) };
    let Some(scalar) = image.and_then(|image| Scalar::of(collector.text, image)) else { return };
    named(collector, scalar.after_prefix(IMAGE).unwrap_or(scalar));
}

fn steps(collector: &mut Collector<'_>, parent: &Node) {
    let steps = FIELDS.value(parent, "steps").and_then(Node::items).unwrap_or_default();
    for uses in steps.iter().filter_map(|step| FIELDS.value(step, "uses")) {
        prefixed(collector, uses);
    }
}

fn prefixed(collector: &mut Collector<'_>, field: &Node) {
    let image = Scalar::of(collector.text, field).and_then(|scalar| scalar.after_prefix(IMAGE));
    image.into_iter().for_each(|image| named(collector, image));
}

/// An image; with an expression in it, it is known only when the workflow runs.
fn named(collector: &mut Collector<'_>, scalar: Scalar<'_>) {
    let Some((_, after)) = scalar.value.split_once("${{") else { return collector.scalar(scalar, true) };
    let context = after.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let why = match context {
        "matrix" => "a value of the matrix",
        "inputs" => "an input",
        "needs" | "steps" => "an output of another job or step",
        "env" | "vars" => "a variable from outside this file",
        "secrets" => "a secret",
        _ => "an expression",
    };
    collector.unresolved(scalar.at, why);
}
