//! A pipeline's jobs, and what they inherit.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::super::documents::Merging;
use crate::yaml::Node;

/// GitLab's reader is Ruby's Psych.
pub(super) const FIELDS: Merging = Merging::InOrder;
/// How many jobs a job may inherit from, and how many references to values a file may have; what is beyond counts as absent.
const MAX_ANCESTORS: usize = 64;
const MAX_REFERENCES: usize = 2_000;
/// How many references may lead to each other: as many as GitLab allows.
const MAX_NESTED: usize = 10;
/// What is no job.
const GLOBAL: [&str; 11] = [
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "spec",
    "cache",
    "image",
    "services",
    "before_script",
    "after_script",
];

pub(super) struct Pipeline<'n> {
    root: BTreeMap<&'n str, &'n Node>,
    text: &'n str,
    pub(super) jobs: BTreeMap<&'n str, Job<'n>>,
    /// What jobs without an image of their own have, and all variables of the pipeline.
    pub(super) defaults: Job<'n>,
    references: Cell<usize>,
}

/// What counts of a job.
#[derive(Debug, Default)]
pub(super) struct Job<'n> {
    pub(super) is_hidden: bool,
    pub(super) image: Option<&'n Node>,
    pub(super) services: Option<&'n Node>,
    pub(super) variables: BTreeMap<&'n str, &'n Node>,
    /// Variables that its rules set.
    pub(super) ruled: BTreeSet<&'n str>,
    /// Variables that its matrix sets.
    pub(super) matrix: BTreeSet<&'n str>,
    extends: Vec<&'n str>,
    inherits: Inherits<'n>,
}

/// Which of the pipeline's variables a job has.
#[derive(Debug, Default)]
enum Inherits<'n> {
    #[default]
    All,
    None,
    Some(Vec<&'n str>),
}

impl<'n> Pipeline<'n> {
    pub(super) fn of(text: &'n str, root: &'n Node) -> Self {
        let values: BTreeMap<_, _> = FIELDS.entries(root).into_iter().map(|entry| (entry.name, entry.value)).collect();
        let mut pipeline =
            Self { root: values, text, jobs: BTreeMap::new(), defaults: Job::default(), references: Cell::new(0) };
        let is_job = |name: &str, value: &Node| value.entries().is_some() && !GLOBAL.contains(&name);
        let jobs = pipeline.root.iter().filter(|(name, value)| is_job(name, value));
        pipeline.jobs = jobs.map(|(name, value)| (*name, pipeline.job(name, value))).collect();
        pipeline.defaults = pipeline.defaults();
        pipeline
    }

    fn job(&self, name: &str, node: &'n Node) -> Job<'n> {
        let field = |key: &str| FIELDS.value(node, key);
        let texts = |node: &'n Node| match node.items() {
            Some(items) => items.iter().take(MAX_ANCESTORS).filter_map(Node::text).collect(),
            None => node.text().into_iter().collect::<Vec<_>>(),
        };
        let inherits = field("inherit").and_then(|inherit| FIELDS.value(inherit, "variables"));
        Job {
            is_hidden: name.starts_with('.'),
            image: field("image"),
            services: field("services"),
            variables: self.variables(node),
            ruled: field("rules").map(|rules| self.set_in(rules)).unwrap_or_default(),
            matrix: FIELDS.path(node, &["parallel", "matrix"]).map(|matrix| self.names(matrix)).unwrap_or_default(),
            extends: field("extends").map(texts).unwrap_or_default(),
            inherits: match inherits {
                None => Inherits::All,
                Some(names) if names.items().is_some() => Inherits::Some(texts(names)),
                Some(all) if all.text() == Some("false") => Inherits::None,
                Some(_) => Inherits::All,
            },
        }
    }

    fn defaults(&self) -> Job<'n> {
        let field = |key: &str| {
            let default = self.root.get("default").and_then(|default| FIELDS.value(default, key));
            default.or_else(|| self.root.get(key).copied().filter(|value| !value.is_null()))
        };
        let rules = self.root.get("workflow").and_then(|workflow| FIELDS.value(workflow, "rules"));
        let variables = self.root.get("variables").map(|variables| self.entries(variables));
        Job {
            image: field("image"),
            services: field("services"),
            variables: variables.unwrap_or_default(),
            ruled: rules.map(|rules| self.set_in(rules)).unwrap_or_default(),
            ..Job::default()
        }
    }

    fn variables(&self, node: &'n Node) -> BTreeMap<&'n str, &'n Node> {
        FIELDS.value(node, "variables").map(|variables| self.entries(variables)).unwrap_or_default()
    }

    fn entries(&self, map: &'n Node) -> BTreeMap<&'n str, &'n Node> {
        let entries = self.dereferenced(map).map(|map| FIELDS.entries(map)).unwrap_or_default();
        entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    /// The variables that rules set.
    fn set_in(&self, rules: &'n Node) -> BTreeSet<&'n str> {
        self.flattened(rules).into_iter().flat_map(|rule| self.variables(rule).into_keys()).collect()
    }

    /// The keys of all mappings in a list.
    fn names(&self, list: &'n Node) -> BTreeSet<&'n str> {
        self.flattened(list).into_iter().flat_map(|map| self.entries(map).into_keys()).collect()
    }

    /// A job and those that it extends: what comes first goes before the others.
    pub(super) fn ancestors<'s>(&'s self, job: &'s Job<'n>) -> Vec<&'s Job<'n>> {
        let (mut found, mut names, mut waiting) = (vec![job], BTreeSet::new(), job.extends.clone());
        while let Some(name) = waiting.pop().filter(|_| found.len() < MAX_ANCESTORS) {
            if let Some(parent) = self.jobs.get(name).filter(|_| names.insert(name)) {
                found.push(parent);
                waiting.extend(&parent.extends);
            }
        }
        found
    }

    /// The variable of that name that a job with these ancestors has.
    pub(super) fn variable(&self, scope: &[&Job<'n>], name: &str) -> Option<&'n Node> {
        let own = scope.iter().find_map(|job| job.variables.get(name));
        let is_inherited = scope.iter().all(|job| match &job.inherits {
            Inherits::All => true,
            Inherits::None => false,
            Inherits::Some(names) => names.contains(&name),
        });
        own.or_else(|| self.defaults.variables.get(name).filter(|_| is_inherited)).copied()
    }

    /// The items of a list, with those of the lists that it refers to.
    pub(super) fn flattened(&self, list: &'n Node) -> Vec<&'n Node> {
        let mut found = Vec::new();
        self.flatten(list, 0, &mut found);
        found
    }

    fn flatten(&self, list: &'n Node, depth: usize, found: &mut Vec<&'n Node>) {
        for item in self.dereferenced(list).and_then(Node::items).unwrap_or_default() {
            let is_list = self.dereferenced(item).is_some_and(|target| target.items().is_some());
            match is_list && depth < MAX_NESTED && found.len() < MAX_REFERENCES {
                true => self.flatten(item, depth + 1, found),
                false => found.push(item),
            }
        }
    }

    /// What `!reference [job, key, ...]` stands for, or the node itself; `None` if this file does not have it.
    pub(super) fn dereferenced(&self, node: &'n Node) -> Option<&'n Node> {
        let mut node = node;
        for _ in 0..MAX_NESTED {
            let Some(keys) = self.reference(node) else { return Some(node) };
            self.references.set(self.references.get() + 1);
            if self.references.get() > MAX_REFERENCES {
                return None;
            }
            let mut keys = keys.iter().map(|key| key.text());
            let root = self.root.get(keys.next()??)?;
            node = keys.try_fold(*root, |node, key| FIELDS.value(node, key?))?;
        }
        None
    }

    fn reference(&self, node: &'n Node) -> Option<&'n [Node]> {
        let properties = node.resolved().properties?;
        let is_reference = self.text.get(properties.start..properties.end)?.contains("!reference");
        node.items().filter(|_| is_reference)
    }
}
