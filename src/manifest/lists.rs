//! Lists of the manifest.

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator, json_schema};

use super::read::{At, Reader, Value};
use crate::diag::Code;
use crate::image::Platform;
use crate::yaml::Node;

/// A list without duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unique<T>(pub(crate) Vec<At<T>>);

impl<T> Unique<T> {
    pub(crate) fn into_values(self) -> Vec<T> {
        self.0.into_iter().map(|at| at.value).collect()
    }
}

impl<T: Value + Ord + Clone> Value for Unique<T> {
    const NULLABLE: bool = true;

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let (mut result, mut seen) = (Vec::new(), BTreeSet::new());
        for item in Vec::<At<T>>::read(node, reader)? {
            if !seen.insert(item.value.clone()) {
                reader.fault(
                    Code::DuplicateEntry,
                    item.place.span,
                    "this is in the list twice",
                    "remove one of the two",
                );
            } else {
                result.push(item);
            }
        }
        Some(Self(result))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items, "uniqueItems": true })
    }
}

/// `all`, or a list that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platforms(pub(crate) Option<Vec<Platform>>);

impl Value for Platforms {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text() == Some("all") {
            return Some(Self(None));
        }
        let list = Filled::<Platform>::read(node, reader)?;
        Some(Self(Some(list.0.into_values())))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let list = Filled::<Platform>::schema(generator);
        json_schema!({ "anyOf": [{ "const": "all" }, list] })
    }
}

/// A list without duplicates that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filled<T>(pub(crate) Unique<T>);

impl<T: Value + Ord + Clone> Value for Filled<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.items().is_some_and(<[Node]>::is_empty) {
            reader.fault(
                Code::MissingValue,
                node.resolved().span,
                "this list is empty",
                "name at least one, or remove the key",
            );
            return None;
        }
        Unique::read(node, reader).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let items = T::schema(generator);
        json_schema!({ "type": "array", "items": items, "uniqueItems": true, "minItems": 1 })
    }
}
