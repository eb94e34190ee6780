//! The meaning of a text: the model that edits are judged by. Only the intended changes may make a difference in it.

use std::collections::BTreeMap;

use super::change::{Field, Operation};
use super::error::EditError;
use super::nodes::root;
use crate::yaml::{Kind, Node, Special};

/// A document without places and style, with aliases and merge keys expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// Text or a number, as written; or neither.
    Scalar(String, Option<SpecialValue>),
    List(Vec<Tree>),
    /// A mapping: its own keys, then the merged ones.
    Map(BTreeMap<String, Tree>),
}

/// `null`, `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecialValue {
    Null,
    Bool(bool),
}

impl Tree {
    pub(super) fn read(text: &str) -> Result<Self, EditError> {
        Self::of(&root(text)?)
    }

    pub(super) fn of(node: &Node) -> Result<Self, EditError> {
        Ok(match &*node.resolved().kind {
            Kind::List { items, .. } => Self::List(items.iter().map(Self::of).collect::<Result<_, _>>()?),
            Kind::Map { entries, .. } => Self::Map(mapping(entries)?),
            Kind::Scalar { .. } | Kind::Alias(_) => match node.special() {
                Some(Special::Null) => Self::Scalar(String::new(), Some(SpecialValue::Null)),
                Some(Special::Bool(value)) => Self::Scalar(String::new(), Some(SpecialValue::Bool(value))),
                None => Self::text(node.text().unwrap_or_default()),
            },
        })
    }

    fn text(text: &str) -> Self {
        Self::Scalar(text.to_owned(), None)
    }

    /// Adds an image at the end of the list.
    pub(super) fn add_image(&mut self, image: Self) -> Result<(), EditError> {
        let no_list = || EditError::whole("`images` is not a list");
        let Self::Map(root) = self else { return Err(no_list()) };
        let images = root.entry("images".to_owned()).or_insert_with(|| Self::List(Vec::new()));
        if matches!(images, Self::Scalar(_, Some(SpecialValue::Null))) {
            *images = Self::List(Vec::new());
        }
        let Self::List(images) = images else { return Err(no_list()) };
        images.push(image);
        Ok(())
    }

    /// Empties a list in every image that has nothing in it here but has something in another tree; returns those
    /// images.
    pub(super) fn empty_where_reached(&mut self, list: &str, found: &Self) -> Vec<usize> {
        let Self::Map(root) = self else { return Vec::new() };
        let Some(Self::List(wanted)) = root.get_mut("images") else { return Vec::new() };
        let mut reached = Vec::new();
        for (at, (image, found)) in wanted.iter_mut().zip(found.images()).enumerate() {
            let (Self::Map(image), Self::Map(found)) = (image, found) else { continue };
            let has_nothing = image.get(list).is_none_or(Self::is_nothing);
            if has_nothing && image.get(list) != found.get(list) {
                image.insert(list.to_owned(), Self::List(Vec::new()));
                reached.push(at);
            }
        }
        reached
    }

    fn images(&self) -> &[Self] {
        let Self::Map(root) = self else { return &[] };
        let Some(Self::List(images)) = root.get("images") else { return &[] };
        images
    }

    /// Whether a list has no items.
    fn is_nothing(&self) -> bool {
        match self {
            Self::Scalar(_, special) => *special == Some(SpecialValue::Null),
            Self::List(items) => items.is_empty(),
            Self::Map(_) => false,
        }
    }

    /// Changes the tree as an edit of this image demands.
    pub(super) fn change(&mut self, image: usize, operation: &Operation<'_>) -> Result<(), EditError> {
        let missing = || EditError::whole(format!("there is no image {} in this file", image + 1));
        let Self::Map(root) = self else { return Err(missing()) };
        let Some(Self::List(images)) = root.get_mut("images") else { return Err(missing()) };
        let Some(Self::Map(image)) = images.get_mut(image) else { return Err(missing()) };
        match operation {
            Operation::Append { list, tag, fields } => {
                let item = fields.iter().map(|(key, value)| ((*key).to_owned(), Self::text(value))).collect();
                append(image, list, tag.as_str(), Self::Map(item))
            }
            Operation::Remove { list, tag } => {
                let (items, index) = find(image, list, tag.as_str())?;
                items.remove(index);
                Ok(())
            }
            Operation::Set { tag, fields, without } => set(image, tag.as_str(), fields, without),
        }
    }
}

type Map = BTreeMap<String, Tree>;

/// A mapping's own keys, and those that it lacks from what it merges, the first of several.
fn mapping(entries: &[(Node, Node)]) -> Result<Map, EditError> {
    let mut map = Map::new();
    for (key, value) in entries.iter().filter(|(key, _)| !key.is_merge()) {
        let name = key.text().ok_or_else(|| EditError::at(key.span.start, "this key is not text"))?;
        if map.insert(name.to_owned(), Tree::of(value)?).is_some() {
            return Err(EditError::at(key.span.start, format!("duplicate key `{name}`")));
        }
    }
    for (_, value) in entries.iter().filter(|(key, _)| key.is_merge()) {
        for source in value.items().unwrap_or(std::slice::from_ref(value)) {
            for (name, value) in mapping(source.entries().unwrap_or_default())? {
                map.entry(name).or_insert(value);
            }
        }
    }
    Ok(map)
}

fn has_tag(item: &Tree, tag: &str) -> bool {
    matches!(item, Tree::Map(map) if matches!(map.get("tag"), Some(Tree::Scalar(text, _)) if text == tag))
}

fn digest(item: &Tree) -> Option<&Tree> {
    match item {
        Tree::Map(map) => map.get("digest"),
        Tree::Scalar(..) | Tree::List(_) => None,
    }
}

fn append(image: &mut Map, list: &str, tag: &str, item: Tree) -> Result<(), EditError> {
    let items = image.entry(list.to_owned()).or_insert_with(|| Tree::List(Vec::new()));
    if matches!(items, Tree::Scalar(_, Some(SpecialValue::Null))) {
        *items = Tree::List(Vec::new());
    }
    let Tree::List(items) = items else { return Err(EditError::whole(format!("`{list}` is not a list"))) };
    // Of a revoked tag, other bytes may be revoked, too.
    let is_there = |i: &Tree| has_tag(i, tag) && (list != "revoked" || digest(i) == digest(&item));
    if items.iter().any(is_there) {
        return Err(EditError::whole(format!("`{list}` already has an entry for tag {tag}")));
    }
    items.push(item);
    Ok(())
}

fn find<'t>(image: &'t mut Map, list: &str, tag: &str) -> Result<(&'t mut Vec<Tree>, usize), EditError> {
    let missing = || EditError::whole(format!("`{list}` has no entry for tag {tag}"));
    let Some(Tree::List(items)) = image.get_mut(list) else { return Err(missing()) };
    let index = items.iter().position(|i| has_tag(i, tag)).ok_or_else(missing)?;
    Ok((items, index))
}

fn set(image: &mut Map, tag: &str, fields: &[Field], without: &[&str]) -> Result<(), EditError> {
    let (items, index) = find(image, "approved", tag)?;
    let Tree::Map(item) = &mut items[index] else { return Err(EditError::whole("an approval is not a mapping")) };
    item.retain(|key, _| !without.contains(&key.as_str()));
    item.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), Tree::text(value))));
    Ok(())
}
