//! The documents of a YAML file, and the values of their mappings as the programs that read them see them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::collector::Collector;
use super::templates;
use crate::diag::Span;
use crate::text::excerpt;
use crate::yaml::{Broken, Node, read_stream};

/// A text without the placeholders of bytes that are not UTF-8, which no reader of YAML accepts even in a comment: in their
/// places stand characters that are text to YAML and that no reference has.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    if text.contains(PLACEHOLDER) { Cow::Owned(text.replace(PLACEHOLDER, "^")) } else { Cow::Borrowed(text) }
}

const PLACEHOLDER: char = '\u{1a}';

/// The documents of a file that are wanted by their text and valid YAML. Each of the others is unresolved as a whole.
pub(super) fn read(collector: &mut Collector<'_>, is_wanted: impl Fn(&str) -> bool) -> Vec<Node> {
    read_or(collector, is_wanted, invalid)
}

/// [`read`] for formats that people also write as templates: documents that hold some and become YAML only when they are
/// filled in are read line by line.
pub(super) fn read_templated(collector: &mut Collector<'_>, is_wanted: impl Fn(&str) -> bool) -> Vec<Node> {
    read_or(collector, is_wanted, |collector, span, broken| {
        match templates::has_template(&collector.text[span.start..span.end]) {
            true => templates::find(collector, span),
            false => invalid(collector, span, broken),
        }
    })
}

fn invalid(collector: &mut Collector<'_>, _: Span, broken: &Broken) {
    collector.unresolved(broken.at, format!("not valid YAML: {}", excerpt(&broken.why, 120)));
}

fn read_or(
    collector: &mut Collector<'_>,
    is_wanted: impl Fn(&str) -> bool,
    otherwise: impl Fn(&mut Collector<'_>, Span, &Broken),
) -> Vec<Node> {
    let mut roots = Vec::new();
    for document in read_stream(collector.text, is_wanted) {
        match document.root {
            Ok(root) => {
                root.iter().for_each(|root| collector.document(root));
                roots.extend(root);
            }
            Err(broken) => otherwise(collector, document.span, &broken),
        }
    }
    roots
}

/// Which of two values of one key a program takes, if one of them comes through a merge key `<<`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merging {
    /// The mapping's own, as the merge key's definition says: compose, Helm, kustomize, GitHub.
    OwnFirst,
    /// The one that stands further down: Ruby's Psych for GitLab, go-yaml 2 for Kubernetes.
    InOrder,
}

impl Merging {
    /// The value of a key. Of equal keys the last counts, of merged mappings the first.
    pub(super) fn get<'n>(self, map: &'n Node, key: &str) -> Option<&'n Node> {
        let entries = map.entries()?;
        let is_key = |node: &Node| node.text() == Some(key) && !node.is_merge();
        let merged = |value: &'n Node| match value.items() {
            Some(items) => items.iter().find_map(|item| self.get(item, key)),
            None => self.get(value, key),
        };
        match self {
            Self::OwnFirst => {
                let own = entries.iter().rev().find(|(name, _)| is_key(name));
                own.map(|(_, value)| value)
                    .or_else(|| entries.iter().filter(|(name, _)| name.is_merge()).find_map(|(_, value)| merged(value)))
            }
            Self::InOrder => entries.iter().rev().find_map(|(name, value)| match name.is_merge() {
                true => merged(value),
                false => is_key(name).then_some(value),
            }),
        }
    }

    /// The value of a key that has one: neither `null` nor nothing.
    pub(crate) fn value<'n>(self, map: &'n Node, key: &str) -> Option<&'n Node> {
        self.get(map, key).filter(|value| !value.is_null())
    }

    /// The value at the end of a path of keys.
    pub(super) fn path<'n>(self, map: &'n Node, keys: &[&str]) -> Option<&'n Node> {
        keys.iter().try_fold(map, |map, key| self.value(map, key))
    }

    /// All entries of a mapping, each key once, in the order of the keys.
    pub(crate) fn entries<'n>(self, map: &'n Node) -> Vec<Entry<'n>> {
        let mut values = BTreeMap::new();
        self.fill(map, &mut values);
        values.into_iter().map(|(name, value)| Entry { name, value }).collect()
    }

    /// Puts a mapping's entries over those that are there.
    fn fill<'n>(self, map: &'n Node, values: &mut BTreeMap<&'n str, &'n Node>) {
        let entries = map.entries().unwrap_or_default();
        if self == Self::OwnFirst {
            entries
                .iter()
                .rev()
                .filter(|(key, _)| key.is_merge())
                .for_each(|(_, value)| self.fill_merged(value, values));
        }
        for (key, value) in entries {
            match (key.is_merge(), key.text()) {
                (true, _) if self == Self::InOrder => self.fill_merged(value, values),
                (false, Some(name)) => {
                    values.insert(name, value);
                }
                _ => {}
            }
        }
    }

    fn fill_merged<'n>(self, merged: &'n Node, values: &mut BTreeMap<&'n str, &'n Node>) {
        match merged.items() {
            Some(items) => items.iter().rev().for_each(|item| self.fill(item, values)),
            None => self.fill(merged, values),
        }
    }
}

/// One key of a mapping and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'n> {
    pub(crate) name: &'n str,
    pub(crate) value: &'n Node,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_yaml::Value;

    use super::*;

    /// What another reader makes of a mapping's merge keys.
    fn merged(text: &str) -> Vec<(String, String)> {
        let mut value: Value = serde_yaml::from_str(text).unwrap();
        value.apply_merge().unwrap();
        let map = value.get("z").unwrap().as_mapping().unwrap().clone();
        let text = |value: Value| value.as_str().unwrap().to_owned();
        let mut entries: Vec<_> = map.into_iter().map(|(key, value)| (text(key), text(value))).collect();
        entries.sort();
        entries
    }

    proptest! {
        #[test]
        fn merge_keys_mean_what_another_reader_says(
            a in "[a-d]{0,4}", b in "[a-d]{0,4}", own in "[a-d]{0,4}", before: bool, list: bool
        ) {
            let unique = |keys: &str, value: &str| {
                let keys: std::collections::BTreeSet<char> = keys.chars().collect();
                keys.into_iter().map(|key| format!("{key}: {value}, ")).collect::<String>()
            };
            let merge = if list { "<<: [*a, *b], " } else { "<<: *b, " };
            let own = unique(&own, "own");
            let z = if before { format!("{merge}{own}") } else { format!("{own}{merge}") };
            let text = format!("x: &a {{ {} }}\ny: &b {{ {} }}\nz: {{ {z} }}\n", unique(&a, "first"), unique(&b, "second"));
            let root = read(&mut Collector::new(&text), |_| true).remove(0);
            let map = root.get("z").unwrap();
            let entries = Merging::OwnFirst.entries(map);
            let found: Vec<_> = entries.iter().map(|entry| (entry.name.to_owned(), entry.value.text().unwrap().to_owned())).collect();
            prop_assert_eq!(&found, &merged(&text), "{}", text);
            for entry in &entries {
                prop_assert_eq!(Merging::OwnFirst.get(map, entry.name).unwrap().text(), entry.value.text());
            }
            for entry in Merging::InOrder.entries(map) {
                prop_assert_eq!(Merging::InOrder.get(map, entry.name).unwrap().text(), entry.value.text());
            }
        }
    }
}
