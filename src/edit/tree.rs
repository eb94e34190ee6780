//! What a text means: the model that an edit is judged by. Nothing of it but the changes may differ afterwards.

use std::collections::BTreeMap;

use super::{Change, Edit, EditError};
use crate::yaml::{Kind, Node, Special};

/// A document without its places and its style, aliases written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// Text or a number, as written; or neither.
    Scalar(String, Option<SpecialValue>),
    /// A list.
    List(Vec<Tree>),
    /// A mapping, merge keys as they are.
    Map(BTreeMap<String, Tree>),
}

/// `null`, `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecialValue {
    Null,
    Bool(bool),
}

impl Tree {
    /// Reads a whole text.
    pub(super) fn read(text: &str) -> Result<Self, EditError> {
        Self::of(&super::root(text)?)
    }

    fn of(node: &Node) -> Result<Self, EditError> {
        Ok(match &*node.resolved().kind {
            Kind::List { items, .. } => Self::List(items.iter().map(Self::of).collect::<Result<_, _>>()?),
            Kind::Map { entries, .. } => {
                let mut map = BTreeMap::new();
                for (key, value) in entries {
                    let name = key.text().ok_or_else(|| EditError("a key of the file is no text".to_owned()))?;
                    if map.insert(name.to_owned(), Self::of(value)?).is_some() {
                        return Err(EditError(format!("the key `{name}` stands twice in one mapping")));
                    }
                }
                Self::Map(map)
            }
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

    fn mapping(fields: &[(&str, Option<String>)]) -> Self {
        let present = fields.iter().filter_map(|(k, v)| v.as_ref().map(|v| ((*k).to_owned(), Self::text(v))));
        Self::Map(present.collect())
    }

    /// Adds an image at the end of the list.
    pub(super) fn add_image(&mut self, image: Self) -> Result<(), EditError> {
        let no_list = || EditError("`images` is no list".to_owned());
        let Self::Map(root) = self else { return Err(no_list()) };
        let images = root.entry("images".to_owned()).or_insert_with(|| Self::List(Vec::new()));
        if matches!(images, Self::Scalar(_, Some(SpecialValue::Null))) {
            *images = Self::List(Vec::new());
        }
        let Self::List(images) = images else { return Err(no_list()) };
        images.push(image);
        Ok(())
    }

    /// Changes the tree as an edit asks.
    pub(super) fn change(&mut self, edit: &Edit) -> Result<(), EditError> {
        let missing = || EditError(format!("there is no image {} in this file", edit.image + 1));
        let Self::Map(root) = self else { return Err(missing()) };
        let Some(Self::List(images)) = root.get_mut("images") else { return Err(missing()) };
        let Some(Self::Map(image)) = images.get_mut(edit.image) else { return Err(missing()) };
        match &edit.change {
            Change::Approve { tag, digest } => {
                let fields = [("tag", Some(tag.to_string())), ("digest", Some(digest.to_string()))];
                append(image, "approved", tag.as_str(), Self::mapping(&fields))
            }
            Change::Reject { tag, reason, until } => {
                let reason = checked_reason(reason)?;
                let until = until.map(|u| u.to_string());
                let fields = [("tag", Some(tag.to_string())), ("reason", Some(reason)), ("until", until)];
                append(image, "rejected", tag.as_str(), Self::mapping(&fields))
            }
            Change::Retire { tag } => remove(image, "approved", tag.as_str()),
            Change::Expire { tag } => remove(image, "rejected", tag.as_str()),
            Change::Rebuild { tag, digest } => set(image, tag.as_str(), &[("digest", Some(digest.to_string()))]),
            Change::Record { tag, mirrored, pull, approved_on } => {
                let pull = pull.map(|p| p.to_string());
                let date = approved_on.map(|d| d.to_string());
                set(
                    image,
                    tag.as_str(),
                    &[("mirrored", Some(mirrored.to_string())), ("pull", pull), ("approved-on", date)],
                )
            }
        }
    }
}

type Map = BTreeMap<String, Tree>;

/// A reason is one line, so that nobody hides entries in it.
fn checked_reason(reason: &str) -> Result<String, EditError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 || reason.contains(char::is_control) {
        return Err(EditError("a reason is one line of 1 to 200 characters".to_owned()));
    }
    Ok(reason.to_owned())
}

fn has_tag(item: &Tree, tag: &str) -> bool {
    matches!(item, Tree::Map(map) if matches!(map.get("tag"), Some(Tree::Scalar(text, _)) if text == tag))
}

fn append(image: &mut Map, list: &str, tag: &str, item: Tree) -> Result<(), EditError> {
    let items = image.entry(list.to_owned()).or_insert_with(|| Tree::List(Vec::new()));
    if matches!(items, Tree::Scalar(_, Some(SpecialValue::Null))) {
        *items = Tree::List(Vec::new());
    }
    let Tree::List(items) = items else { return Err(EditError(format!("`{list}` is no list"))) };
    if items.iter().any(|i| has_tag(i, tag)) {
        return Err(EditError(format!("`{list}` has an entry for the tag {tag} already")));
    }
    items.push(item);
    Ok(())
}

fn find<'t>(image: &'t mut Map, list: &str, tag: &str) -> Result<(&'t mut Vec<Tree>, usize), EditError> {
    let missing = || EditError(format!("`{list}` has no entry for the tag {tag}"));
    let Some(Tree::List(items)) = image.get_mut(list) else { return Err(missing()) };
    let index = items.iter().position(|i| has_tag(i, tag)).ok_or_else(missing)?;
    Ok((items, index))
}

fn remove(image: &mut Map, list: &str, tag: &str) -> Result<(), EditError> {
    let (items, index) = find(image, list, tag)?;
    items.remove(index);
    Ok(())
}

fn set(image: &mut Map, tag: &str, fields: &[(&str, Option<String>)]) -> Result<(), EditError> {
    let (items, index) = find(image, "approved", tag)?;
    let Tree::Map(item) = &mut items[index] else { return Err(EditError("an approval is no mapping".to_owned())) };
    for (key, value) in fields {
        if let Some(value) = value {
            item.insert((*key).to_owned(), Tree::text(value));
        }
    }
    Ok(())
}
