//! Mappings with known keys. [`object!`] declares one once, so that what it reads, its known keys and its schema cannot
//! differ.

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json};

use super::faults::Place;
use super::read::{Reader, Value, first_characters};
use crate::diag::{Code, Span};
use crate::text::nearest;
use crate::yaml::{Kind, Node};

/// One key of a mapping.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
}

/// A mapping with known keys; see [`object!`].
pub(crate) trait Object: Default {
    /// What it is, for messages: `an image`.
    const WHAT: &'static str;
    /// What it is, for the schema.
    const ABOUT: &'static [&'static str];
    /// Keys that belong elsewhere, and why they are not allowed here.
    const MISPLACED: &'static [(&'static str, &'static str)];

    /// Its keys, in their order.
    fn keys() -> Vec<Key>;
    /// Reads the value of one key.
    fn take(&mut self, key: &str, value: &Node, reader: &mut Reader<'_>);
    /// Adds the schemas of its keys.
    fn properties(generator: &mut SchemaGenerator, properties: &mut Map<String, Json>);
    /// Sets its position.
    fn set_place(&mut self, place: Place);
}

/// Reads a mapping with known keys; reports every error in every key.
pub(crate) fn read_object<T: Object>(node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    if node.entries().is_none() {
        return reader.wrong_type(node, T::WHAT, how_to_write::<T>(node));
    }
    let keys = T::keys();
    let mut found = BTreeSet::new();
    let mut result = T::default();
    result.set_place(reader.place(node.resolved().span));
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
        let message = format!("`{}` is missing from {}", key.name, T::WHAT);
        reader.fault(Code::MissingKey, node.resolved().span, message, format!("add `{}:`", key.name));
    }
    Some(result)
}

/// How to write the mapping that something else takes the place of.
fn how_to_write<T: Object>(node: &Node) -> String {
    let keys = T::keys();
    let text = node.text().filter(|_| !node.is_null()).map(|text| first_characters(text, 60));
    let joined = text.as_deref().and_then(|text| text.split_once(':'));
    if let Some((key, value)) = joined.filter(|(key, _)| keys.iter().any(|known| known.name == *key)) {
        return format!("put a space after the colon: `{key}: {value}`");
    }
    match (text, keys.iter().find(|key| key.required)) {
        (Some(text), Some(first)) => format!("write `{}: {text}`, and its other keys below", first.name),
        _ => format!("write a mapping with these keys: {}", names(&keys)),
    }
}

fn names(keys: &[Key]) -> String {
    keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

fn unknown_key<T: Object>(key: &Node, name: &str, keys: &[Key], reader: &mut Reader<'_>) {
    let written = first_characters(name, 60);
    if let Some((_, why)) = T::MISPLACED.iter().find(|(k, _)| *k == name) {
        let message = format!("`{written}` is not allowed in {}", T::WHAT);
        return reader.fault(Code::MisplacedKey, key.resolved().span, message, *why);
    }
    let help = nearest(name, keys.iter().map(|k| k.name))
        .map_or_else(|| format!("the keys are {}", names(keys)), |near| format!("did you mean `{near}`?"));
    reader.fault(Code::UnknownKey, key.resolved().span, format!("unknown key `{written}` in {}", T::WHAT), help);
}

/// One entry of a mapping after merge keys.
pub(crate) struct Field<'n> {
    pub(crate) key: &'n Node,
    pub(crate) value: &'n Node,
    /// The value of the merge key that it came through.
    pub(crate) through: Option<Span>,
}

/// The entries of a mapping: its own first, then what merge keys add. Reports bad and duplicate keys.
pub(crate) fn fields<'n>(node: &'n Node, reader: &mut Reader<'_>) -> Vec<Field<'n>> {
    let mut result: Vec<Field<'n>> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut merges = Vec::new();
    for (key, value) in node.entries().unwrap_or_default() {
        let Some(name) = key.text().filter(|_| !key.is_null()) else {
            let message = format!("a key must be text, not {}", key.describe());
            reader.fault(Code::BadKey, key.resolved().span, message, "write the key as plain text");
            continue;
        };
        if !seen.insert(name) {
            let written = first_characters(name, 60);
            let help = "keep one of the two";
            reader.fault(Code::DuplicateKey, key.resolved().span, format!("duplicate key `{written}`"), help);
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
                let help = "merge an alias to a mapping, or a list of such aliases";
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

/// Adds a key's schema to the properties, with what the key means.
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
            /// The position of the mapping.
            #[allow(dead_code)]
            pub(crate) place: $crate::manifest::faults::Place,
            $($(#[doc = $doc])+ pub(crate) $field: Option<$crate::manifest::read::At<$type>>,)*
            $(#[doc = "The keys that it has in common with others."] pub(crate) $rest: $settings,)?
        }

        impl $crate::manifest::object::Object for $name {
            const WHAT: &'static str = $what;
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const MISPLACED: &'static [(&'static str, &'static str)] = $crate::manifest::object::or_none!($($misplaced)?);

            fn keys() -> Vec<$crate::manifest::object::Key> {
                #[allow(unused_mut)]
                let mut keys = vec![$($crate::manifest::object::Key {
                    name: $key,
                    required: $crate::manifest::object::need!($need),
                },)*];
                $(keys.extend(<$settings as $crate::manifest::object::Object>::keys());)?
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
                    other => { $(<$settings as $crate::manifest::object::Object>::take(&mut self.$rest, other, value, reader);)? }
                }
            }

            fn properties(
                generator: &mut schemars::SchemaGenerator,
                properties: &mut serde_json::Map<String, serde_json::Value>,
            ) {
                $($crate::manifest::object::property::<$type>(properties, $key, &[$($doc),+], generator);)*
                $(<$settings as $crate::manifest::object::Object>::properties(generator, properties);)?
            }

            fn set_place(&mut self, place: $crate::manifest::faults::Place) {
                self.place = place;
                $(self.$rest.set_place(place);)?
            }
        }

        impl $name {
            /// These keys, and those of another mapping that are missing here.
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
                $crate::manifest::object::read_object(node, reader)
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
                $crate::manifest::object::object_schema::<Self>(generator)
            }
        }
    };
}

/// Whether a key is required.
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
