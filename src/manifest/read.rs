//! Strict reading of a node tree into values, and the JSON Schema of the very same types.

use schemars::{Schema, SchemaGenerator, json_schema};

use super::faults::{Faults, Place};
use crate::diag::{Code, Span};
use crate::text::nearest;
use crate::yaml::{Node, Special};

/// What values are read with.
pub(crate) struct Reader<'a> {
    pub(crate) file: usize,
    pub(crate) faults: &'a mut Faults,
    /// The merge key's value or the alias that the current value came through.
    pub(crate) through: Option<Span>,
}

impl Reader<'_> {
    /// The place of a span in the current file.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    pub(crate) fn fault(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place(span);
        self.faults.report(code, place, message, help);
    }

    /// Reports that a value has the wrong type; returns `None`, as there is no value.
    pub(crate) fn wrong_type<T>(&mut self, node: &Node, wanted: &str, help: impl Into<String>) -> Option<T> {
        let code = if node.is_null() { Code::MissingValue } else { Code::WrongType };
        let message = format!("expected {wanted} here, found {}", node.describe());
        self.fault(code, node.resolved().span, message, help);
        None
    }

    /// A scalar's text: a plain number counts as written, `true`, `false` and `null` must be quoted to be text.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n str> {
        match (node.text(), node.special()) {
            (Some(text), None) => Some(text),
            (Some(text), Some(Special::Bool(_))) => {
                let message = format!("expected {wanted} here, found `{text}`, which is a boolean");
                self.fault(Code::WrongType, node.resolved().span, message, format!("quote it: \"{text}\""));
                None
            }
            _ => self.wrong_type(node, wanted, format!("write {wanted}")),
        }
    }

    /// Reports that a text is not what is wanted; returns `None`, as there is no value.
    pub(crate) fn refuse<T>(&mut self, node: &Node, code: Code, wanted: &str, why: &str, help: &str) -> Option<T> {
        let written = first_characters(node.text().unwrap_or_default(), 80);
        // The errors of regular expressions draw the place on several lines; here it gets underlined anyway.
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
        self.fault(code, node.resolved().span, format!("`{written}` is not {wanted}: {why}"), help);
        None
    }

    /// Reports that a word is not among the possible ones; returns `None`, as there is no value.
    pub(crate) fn bad_choice<T>(&mut self, node: &Node, word: &str, wanted: &str, words: &[&str]) -> Option<T> {
        let message = format!("`{}` is not {wanted}: expected one of {}", first_characters(word, 60), words.join(", "));
        let help = nearest(word, words.iter().copied())
            .map_or_else(|| format!("write {}", words.join(" or ")), |near| format!("did you mean `{near}`?"));
        self.fault(Code::BadChoice, node.resolved().span, message, help);
        None
    }
}

/// The beginning of what somebody wrote, for a message.
pub(super) fn first_characters(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// A value that the manifest can hold.
pub(crate) trait Value: Sized {
    /// Whether null stands for the absence of the value: for lists and mappings whose content is commented out.
    const NULLABLE: bool = false;

    /// Reads the value; `None` after reporting an error.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// The schema of what is read.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) place: Place,
}

impl<T: Value> Value for At<T> {
    const NULLABLE: bool = T::NULLABLE;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let place = reader.place(node.resolved().span);
        T::read(node, reader).map(|value| Self { value, place })
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

impl<T: Value> Value for Vec<T> {
    const NULLABLE: bool = true;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(items) = node.items() else {
            let help = match node.entries().and_then(|entries| entries.first()?.0.text()) {
                Some(key) => format!("begin each item with `- `, as in `- {}: ...`", first_characters(key, 60)),
                None => "write it in brackets, as [one, two], or one item per line after `- `".to_owned(),
            };
            return reader.wrong_type(node, "a list", help);
        };
        Some(items.iter().filter_map(|item| T::read(item, reader)).collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

/// A value that must be written out: aliases and merge keys could change it from elsewhere, unnoticed in a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written<T>(pub(crate) T);

impl<T: Value> Value for Written<T> {
    const NULLABLE: bool = T::NULLABLE;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let help = "write the value out: what reviewers approve must be in one place";
        if let Some(alias) = node.first_alias() {
            reader.fault(Code::AliasNotAllowed, alias.span, "aliases are not allowed here", help);
            return None;
        }
        if let Some(through) = reader.through {
            let message = "this alias would bring in an approval, a rejection, a revocation or the policy";
            let help = "write the value out here, even if it is `[]`: what reviewers approve must be in one place";
            reader.fault(Code::AliasNotAllowed, through, message, help);
            return None;
        }
        T::read(node, reader).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// Reads the value of a key.
pub(super) fn value<T: Value>(node: &Node, reader: &mut Reader<'_>) -> Option<At<T>> {
    if T::NULLABLE && node.is_null() { None } else { At::read(node, reader) }
}
