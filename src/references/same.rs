//! The safety net below edits: another reader of YAML sees what changed.

use std::collections::BTreeSet;

use serde_yaml::{Mapping, Value};

use super::rewrite::TextEdit;
use super::templates::has_template;
use crate::yaml::{Kind, Node, document_spans, read_stream};

/// Whether the edits changed the values that they name and nothing else, in each document of a YAML file.
pub(super) fn same_but(before: &str, after: &str, edits: &[TextEdit]) -> bool {
    let (old, new) = (document_spans(before), document_spans(after));
    let mut changes = Changes::new(before, edits);
    let is_same = old.len() == new.len()
        && old.iter().zip(&new).all(|(old, new)| {
            let (old, new) = (&before[old.start..old.end], &after[new.start..new.end]);
            old == new || changes.document(old, new)
        });
    is_same && changes.are_all_seen()
}

/// How many comparisons of a value with a change may be made where nothing is equal as a whole.
const BUDGET: usize = 4_000_000;

/// What an edit does, wherever it does it: a file with many edits has few of these.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change<'e> {
    /// Without quotes; of an alias, the asterisk alone.
    from: &'e str,
    to: &'e str,
    is_insertion: bool,
}

struct Changes<'e> {
    changes: Vec<Change<'e>>,
    /// The changes whose effect was seen, by their number.
    seen: BTreeSet<usize>,
    /// How many values are different, or new: at least one for each edit that changes something.
    count: usize,
    wanted: usize,
    budget: usize,
}

impl<'e> Changes<'e> {
    fn new(before: &'e str, edits: &'e [TextEdit]) -> Self {
        let effective = edits.iter().filter(|edit| before[edit.at.start..edit.at.end] != edit.text);
        let change = |edit: &'e TextEdit| {
            let from = unquoted(&before[edit.at.start..edit.at.end]);
            let from = if from.starts_with('*') { "*" } else { from };
            let is_insertion = edit.at.start == edit.at.end;
            Change { from, to: if is_insertion { &edit.text } else { unquoted(&edit.text) }, is_insertion }
        };
        let wanted = effective.clone().count();
        let changes: BTreeSet<Change<'e>> = effective.map(change).collect();
        Self { changes: changes.into_iter().collect(), seen: BTreeSet::new(), count: 0, wanted, budget: BUDGET }
    }

    fn are_all_seen(&self) -> bool {
        self.seen.len() == self.changes.len() && self.count >= self.wanted
    }
}

impl Changes<'_> {
    fn document(&mut self, old: &str, new: &str) -> bool {
        match (read(old), read(new)) {
            (Some(old), Some(new)) => self.value(&old, &new),
            (None, None) if has_template(old) => self.lines(old, new),
            _ => false,
        }
    }

    /// A document with templates, which is no YAML yet: each line that changed is.
    fn lines(&mut self, old: &str, new: &str) -> bool {
        let read = |line: &str| read(line.trim_start().trim_start_matches("- "));
        old.lines().count() == new.lines().count()
            && old
                .lines()
                .zip(new.lines())
                .filter(|(old, new)| old != new)
                .all(|(old, new)| read(old).zip(read(new)).is_some_and(|(old, new)| self.value(&old, &new)))
    }

    fn value(&mut self, old: &Value, new: &Value) -> bool {
        match (old, new) {
            (Value::Sequence(old), Value::Sequence(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.value(old, new))
            }
            (Value::Mapping(old), Value::Mapping(new)) => self.mapping(old, new),
            (Value::Tagged(old), Value::Tagged(new)) => old.tag == new.tag && self.value(&old.value, &new.value),
            (Value::String(old), Value::String(new)) => old == new || self.is_edited(old, new),
            (Value::Number(_) | Value::Bool(_) | Value::Null, Value::String(new)) => self.is_written(new),
            _ => old == new,
        }
    }

    fn mapping(&mut self, old: &Mapping, new: &Mapping) -> bool {
        let kept = old.iter().all(|(key, old)| new.get(key).is_some_and(|new| self.value(old, new)));
        kept && new.iter().filter(|(key, _)| old.get(*key).is_none()).all(|(key, value)| match (key, value) {
            (Value::String(key), Value::String(value)) => self.is_inserted(key, value),
            _ => false,
        })
    }

    /// Whether an edit made this text of the old one, or of a part of it.
    fn is_edited(&mut self, old: &str, new: &str) -> bool {
        let whole =
            [old, "*"].map(|from| self.changes.binary_search(&Change { from, to: new, is_insertion: false }).ok());
        if whole != [None, None] {
            self.seen.extend(whole.into_iter().flatten());
            self.count += 1;
            return true;
        }
        self.see(|change| {
            !change.from.is_empty()
                && old.match_indices(change.from).any(|(at, _)| {
                    let (begin, end) = (&old[..at], &old[at + change.from.len()..]);
                    new.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)) == Some(change.to)
                })
        })
    }

    /// Whether an edit wrote this text where there was none.
    fn is_written(&mut self, new: &str) -> bool {
        self.see(|change| unquoted(change.to.trim()) == new)
    }

    fn is_inserted(&mut self, key: &str, value: &str) -> bool {
        self.see(|change| change.is_insertion && change.to.contains(key) && change.to.contains(value))
    }

    /// Whether one of the changes did it; notes all that did.
    fn see(&mut self, did: impl Fn(&Change<'_>) -> bool) -> bool {
        let Some(budget) = self.budget.checked_sub(self.changes.len()) else { return false };
        self.budget = budget;
        let by: Vec<usize> = (0..self.changes.len()).filter(|at| did(&self.changes[*at])).collect();
        self.seen.extend(&by);
        self.count += 1;
        !by.is_empty()
    }
}

/// What the other reader makes of a document. It refuses a second merge key in a mapping, which GitLab's files often have: it
/// sees a key of another name.
fn read(document: &str) -> Option<Value> {
    let apart = |_| serde_yaml::from_str(&merges_apart(document)?).ok();
    serde_yaml::from_str(document).map_or_else(apart, Some)
}

/// A document in which no mapping has two merge keys.
fn merges_apart(document: &str) -> Option<String> {
    let mut apart = document.to_owned();
    let mut waiting: Vec<Node> =
        read_stream(document, |_| true).into_iter().filter_map(|document| document.root.ok()?).collect();
    while let Some(node) = waiting.pop() {
        if let Kind::Alias(_) = &*node.kind {
            continue;
        }
        let entries = node.entries().unwrap_or_default();
        for (count, (key, _)) in entries.iter().filter(|(key, _)| key.is_merge()).enumerate().skip(1) {
            let name = u8::try_from(count).ok().filter(|count| *count < 26)?;
            apart.replace_range(key.span.start..key.span.end, &format!("<{}", char::from(b'a' + name)));
        }
        waiting.extend(entries.iter().map(|(_, value)| value.clone()));
        waiting.extend(node.items().unwrap_or_default().iter().cloned());
    }
    Some(apart)
}

/// A scalar without the quotes around it.
fn unquoted(text: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text)
}
