//! Strict reading of a node tree into types, with a JSON Schema of the very same types.
//!
//! [`object!`] declares a mapping once: what it reads, which keys it knows and what its schema says cannot differ.

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json};

use super::faults::{Faults, Place};
use crate::diag::Code;
use crate::diag::Span;
use crate::yaml::{Kind, Node, Special};

/// What values are read with.
pub(crate) struct Reader<'a> {
    /// The file that is read.
    pub(crate) file: usize,
    /// Where faults go.
    pub(crate) faults: &'a mut Faults,
    /// The merge key's value or the alias through which the value at hand came.
    pub(crate) through: Option<Span>,
}

impl Reader<'_> {
    /// The place of a span in the file at hand.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place { file: self.file, span }
    }

    /// Notes a fault.
    pub(crate) fn fault(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let place = self.place(span);
        self.faults.report(code, place, message, help);
    }

    /// Notes that a value has another type than it should.
    pub(crate) fn wrong_type(&mut self, node: &Node, wanted: &str, help: impl Into<String>) {
        let code = if node.is_null() { Code::MissingValue } else { Code::WrongType };
        let message = format!("expected {wanted} here, found {}", node.describe());
        self.fault(code, node.resolved().span, message, help);
    }

    /// A scalar's text: a plain number counts as it is written, `true`, `false` and `null` must be quoted to be text.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n str> {
        match (node.text(), node.special()) {
            (Some(text), None) => Some(text),
            (Some(text), Some(Special::Bool(_))) => {
                let message = format!("expected {wanted} here, found `{text}`, which is a truth value");
                self.fault(Code::WrongType, node.resolved().span, message, format!("quote it: \"{text}\""));
                None
            }
            _ => {
                self.wrong_type(node, wanted, format!("write {wanted}"));
                None
            }
        }
    }
}

/// A value that the manifest can hold.
pub(crate) trait Value: Sized {
    /// Whether nothing stands for the absence of the value: so for lists and mappings whose content is commented out.
    const NULLABLE: bool = false;

    /// Reads the value; `None` after a fault was noted.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// The schema of what is read.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it stands.
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
            reader.wrong_type(node, "a list", "write it in brackets, as [one, two], or one item a line after `- `");
            return None;
        };
        Some(items.iter().filter_map(|item| T::read(item, reader)).collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items })
    }
}

/// A value that must be written out: aliases and merge keys could change it from elsewhere, unseen in a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written<T>(pub(crate) T);

impl<T: Value> Value for Written<T> {
    const NULLABLE: bool = T::NULLABLE;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let help = "write the value out: what reviewers approve must stand in one place";
        if let Some(alias) = node.first_alias() {
            reader.fault(Code::AliasNotAllowed, alias.span, "an alias cannot stand here", help);
            return None;
        }
        if let Some(through) = reader.through {
            let message = "an approval, a rejection, a revocation or the policy would come through this alias";
            reader.fault(Code::AliasNotAllowed, through, message, help);
            return None;
        }
        T::read(node, reader).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        T::schema(generator)
    }
}

/// One key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// Whether it must be there.
    pub(crate) required: bool,
}

/// A mapping with known keys; see [`object!`].
pub(crate) trait Object: Default {
    /// What it is, for messages: `an image`.
    const WHAT: &'static str;
    /// What it is, for the schema.
    const ABOUT: &'static [&'static str];
    /// Keys that are read elsewhere but not here, and why not here.
    const MISPLACED: &'static [(&'static str, &'static str)];

    /// Its keys, in their order.
    fn keys() -> Vec<Key>;
    /// Reads the value of one key.
    fn take(&mut self, key: &str, value: &Node, reader: &mut Reader<'_>);
    /// Adds the schemas of its keys.
    fn properties(generator: &mut SchemaGenerator, properties: &mut Map<String, Json>);
    /// Notes where it stands.
    fn stand(&mut self, place: Place);
}

/// Reads a mapping with known keys; every fault of every key is noted.
pub(crate) fn read_object<T: Object>(node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    if node.entries().is_none() {
        let keys = T::keys().iter().map(|k| k.name).collect::<Vec<_>>().join(", ");
        reader.wrong_type(node, T::WHAT, format!("write a mapping with its keys: {keys}"));
        return None;
    }
    let keys = T::keys();
    let mut found = BTreeSet::new();
    let mut result = T::default();
    result.stand(reader.place(node.resolved().span));
    for Field { key, value, through } in fields(node, reader) {
        let Some(name) = key.text() else { continue };
        if let Some(known) = keys.iter().find(|k| k.name == name) {
            found.insert(known.name);
            let outer = reader.through;
            let alias = matches!(&*node.kind, Kind::Alias(_)).then_some(node.span);
            reader.through = outer.or(alias).or(through);
            result.take(known.name, value, reader);
            reader.through = outer;
        } else {
            unknown_key::<T>(key, name, &keys, reader);
        }
    }
    for key in keys.iter().filter(|k| k.required && !found.contains(k.name)) {
        let message = format!("`{}` is missing in {}", key.name, T::WHAT);
        reader.fault(Code::MissingKey, node.resolved().span, message, format!("add `{}:`", key.name));
    }
    Some(result)
}

fn unknown_key<T: Object>(key: &Node, name: &str, keys: &[Key], reader: &mut Reader<'_>) {
    let shown: String = name.chars().take(60).collect();
    if let Some((_, why)) = T::MISPLACED.iter().find(|(k, _)| *k == name) {
        let message = format!("`{shown}` cannot stand in {}", T::WHAT);
        return reader.fault(Code::MisplacedKey, key.resolved().span, message, *why);
    }
    let help = nearest(name, keys.iter().map(|k| k.name)).map_or_else(
        || format!("known are {}", keys.iter().map(|k| k.name).collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    reader.fault(Code::UnknownKey, key.resolved().span, format!("`{shown}` is no key of {}", T::WHAT), help);
}

/// One entry of a mapping after merge keys.
pub(crate) struct Field<'n> {
    /// The key.
    pub(crate) key: &'n Node,
    /// The value.
    pub(crate) value: &'n Node,
    /// The value of the merge key through which it came.
    pub(crate) through: Option<Span>,
}

/// The entries of a mapping: its own first, then what merge keys add. Notes bad and duplicate keys.
pub(crate) fn fields<'n>(node: &'n Node, reader: &mut Reader<'_>) -> Vec<Field<'n>> {
    let mut result: Vec<Field<'n>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut merges = Vec::new();
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(name) = key.text().filter(|_| !key.is_null()) else {
            let message = format!("a key is text, not {}", key.describe());
            reader.fault(Code::BadKey, key.resolved().span, message, "write the key as plain text");
            continue;
        };
        if !seen.insert(name) {
            let shown: String = name.chars().take(60).collect();
            let help = "keep one of the two";
            reader.fault(Code::DuplicateKey, key.resolved().span, format!("`{shown}` stands here twice"), help);
        } else if key.is_merge() {
            merges.push(value);
        } else {
            result.push(Field { key, value, through: None });
        }
    }
    for merge in merges {
        let sources: Vec<&Node> = merge.items().map_or_else(|| vec![merge], |items| items.iter().collect());
        for source in sources {
            if source.entries().is_none() {
                let help = "merge an alias of a mapping, or a list of such aliases";
                reader.fault(Code::BadMerge, source.span, "only mappings can be merged", help);
                continue;
            }
            for Field { key, value, .. } in fields(source, reader) {
                if key.text().is_some_and(|name| seen.insert(name)) {
                    result.push(Field { key, value, through: Some(source.span) });
                }
            }
        }
    }
    result
}

/// The schema of a mapping with known keys.
pub(crate) fn object_schema<T: Object>(generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    T::properties(generator, &mut properties);
    let required: Vec<&str> = T::keys().iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut schema = json_schema!({
        "description": prose(T::ABOUT),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

/// Puts a key's schema into the properties, with what the key means.
pub(crate) fn property<T: Value>(
    properties: &mut Map<String, Json>,
    name: &str,
    about: &[&str],
    generator: &mut SchemaGenerator,
) {
    let mut schema = T::schema(generator);
    if T::NULLABLE {
        schema = match schema.get("type").and_then(Json::as_str).map(str::to_owned) {
            Some(kind) => {
                schema.insert("type".to_owned(), serde_json::json!([kind, "null"]));
                schema
            }
            None => json_schema!({ "anyOf": [schema, { "type": "null" }] }),
        };
    }
    schema.insert("description".to_owned(), prose(about).into());
    properties.insert(name.to_owned(), schema.to_value());
}

/// The lines of a doc comment as one text.
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|l| l.trim()).collect::<Vec<_>>().join(" ")
}

/// The nearest of the known words, where one is near enough to be meant.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let word: String = word.chars().take(60).collect::<String>().to_lowercase().replace('_', "-");
    known
        .map(|k| (distance(&word, k), k))
        .filter(|(d, k)| *d <= (k.len().max(word.len()) / 3).max(1))
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// Damerau and Levenshtein's distance with adjacent transpositions.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

/// Declares a mapping with known keys: the struct, its reading, its key list and its schema.
///
/// `..field: Type` at the end takes over all keys of another such mapping.
macro_rules! object {
    (
        $(#[doc = $about:literal])+
        $name:ident, $what:literal $(, misplaced $misplaced:expr)?;
        $($(#[doc = $doc:literal])+ $need:ident $field:ident $key:literal: $type:ty,)*
        $(..$rest:ident: $settings:ty,)?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Default)]
        pub(crate) struct $name {
            /// Where the mapping stands.
            #[allow(dead_code)]
            pub(crate) place: $crate::manifest::faults::Place,
            $($(#[doc = $doc])+ pub(crate) $field: Option<$crate::manifest::read::At<$type>>,)*
            $(#[doc = "The keys that it has in common with others."] pub(crate) $rest: $settings,)?
        }

        impl $crate::manifest::read::Object for $name {
            const WHAT: &'static str = $what;
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const MISPLACED: &'static [(&'static str, &'static str)] = $crate::manifest::read::or_none!($($misplaced)?);

            fn keys() -> Vec<$crate::manifest::read::Key> {
                #[allow(unused_mut)]
                let mut keys = vec![$($crate::manifest::read::Key {
                    name: $key,
                    required: $crate::manifest::read::need!($need),
                },)*];
                $(keys.extend(<$settings as $crate::manifest::read::Object>::keys());)?
                keys
            }

            fn take(
                &mut self,
                key: &str,
                value: &$crate::yaml::Node,
                reader: &mut $crate::manifest::read::Reader<'_>,
            ) {
                match key {
                    $($key => self.$field = $crate::manifest::read::value(value, reader),)*
                    #[allow(unused_variables)]
                    other => { $(<$settings as $crate::manifest::read::Object>::take(&mut self.$rest, other, value, reader);)? }
                }
            }

            fn properties(
                generator: &mut schemars::SchemaGenerator,
                properties: &mut serde_json::Map<String, serde_json::Value>,
            ) {
                $($crate::manifest::read::property::<$type>(properties, $key, &[$($doc),+], generator);)*
                $(<$settings as $crate::manifest::read::Object>::properties(generator, properties);)?
            }

            fn stand(&mut self, place: $crate::manifest::faults::Place) {
                self.place = place;
                $(self.$rest.stand(place);)?
            }
        }

        impl $name {
            /// These keys, and of another mapping those that are not here.
            #[allow(dead_code)]
            pub(crate) fn over(self, other: &Self) -> Self {
                Self {
                    place: self.place,
                    $($field: self.$field.or_else(|| other.$field.clone()),)*
                    $($rest: self.$rest.over(&other.$rest),)?
                }
            }
        }

        impl $crate::manifest::read::Value for $name {
            const NULLABLE: bool = true;

            fn read(
                node: &$crate::yaml::Node,
                reader: &mut $crate::manifest::read::Reader<'_>,
            ) -> Option<Self> {
                $crate::manifest::read::read_object(node, reader)
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::manifest::read::object_schema::<Self>(generator)
            }
        }
    };
}

/// Whether a key must be there.
macro_rules! need {
    (required) => {
        true
    };
    (optional) => {
        false
    };
}

/// An optional list.
macro_rules! or_none {
    () => {
        &[]
    };
    ($list:expr) => {
        $list
    };
}

pub(crate) use {need, object, or_none};

/// Reads the value of a key.
pub(crate) fn value<T: Value>(node: &Node, reader: &mut Reader<'_>) -> Option<At<T>> {
    if T::NULLABLE && node.is_null() { None } else { At::read(node, reader) }
}
