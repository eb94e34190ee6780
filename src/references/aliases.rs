//! Scalars that are written once and used in several places, through anchors and aliases.

use std::collections::{BTreeMap, BTreeSet};

use super::found::{Findings, Site};
use crate::diag::Span;
use crate::yaml::{Kind, Node, ScalarStyle};

/// Who uses which scalars of a file.
#[derive(Debug, Default)]
pub(super) struct Uses {
    aliases: Vec<Use>,
    /// Where the anchored scalars start that mean something where they are written, too.
    definitions: BTreeSet<usize>,
}

/// An alias, and the scalar that it stands for.
#[derive(Debug, Clone, Copy)]
struct Use {
    at: Span,
    target: Span,
}

impl Uses {
    /// Adds those of a document.
    pub(super) fn add(&mut self, root: &Node) {
        self.walk(root, false);
    }

    /// `idle`: below a key that only holds what others refer to.
    fn walk(&mut self, node: &Node, idle: bool) {
        // What an anchored collection holds is used wherever the collection is.
        let idle = idle && (node.properties.is_none() || node.text().is_some());
        match &*node.kind {
            Kind::Alias(target) => {
                let target = target.resolved();
                // A block is a file of its own: what it names is found in it, not where it is used.
                let is_block = |style| matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if matches!(&*target.kind, Kind::Scalar { style, .. } if !is_block(*style)) {
                    self.aliases.push(Use { at: node.span, target: target.span });
                }
            }
            Kind::Scalar { .. } => {
                if node.properties.is_some() && !idle {
                    self.definitions.insert(node.span.start);
                }
            }
            Kind::List { items, .. } => items.iter().for_each(|item| self.walk(item, idle)),
            Kind::Map { entries, .. } => {
                for (key, value) in entries {
                    self.walk(key, idle);
                    self.walk(value, idle || key.text().is_some_and(only_holds));
                }
            }
        }
    }

    /// Marks the references whose text something uses that is no image: rewriting it would change that, too.
    pub(super) fn mark(self, findings: &mut Findings) {
        if self.aliases.is_empty() {
            return;
        }
        let places = findings.references.iter().map(|found| found.at);
        let places = places.chain(findings.unresolved.iter().map(|missing| missing.at));
        let places: BTreeSet<(usize, usize)> = places.map(|at| (at.start, at.end)).collect();
        let names_image = |at: Span| places.range((at.start, 0)..=(at.end, at.end)).any(|(_, end)| *end <= at.end);
        // Of each scalar with aliases, where it ends and whether all of its uses name images.
        let mut targets: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
        for Use { at, target } in self.aliases {
            let (_, only_images) = targets.entry(target.start).or_insert_with(|| {
                let means_more = self.definitions.contains(&target.start) && !names_image(target);
                (target.end, !means_more)
            });
            *only_images &= names_image(at);
        }
        for found in &mut findings.references {
            let Site::Literal(site) = found.site else { continue };
            let target = targets.range(..=site.start).next_back();
            if target.is_some_and(|(_, (end, only_images))| site.end <= *end && !only_images) {
                found.site = Site::Shared;
            }
        }
    }
}

/// Whether the value of a key only holds what others refer to: Compose's extensions, GitLab's hidden jobs.
fn only_holds(key: &str) -> bool {
    key.starts_with("x-") || key.starts_with('.')
}
