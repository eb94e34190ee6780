//! The nodes that an edit touches.

use super::error::EditError;
use crate::image::Tag;
use crate::yaml::{self, Kind, Node};

pub(super) fn root(text: &str) -> Result<Node, EditError> {
    let (root, faults) = yaml::read(text);
    match (root, faults.first()) {
        (Some(root), None) => Ok(root),
        (_, Some(fault)) => Err(EditError(format!("the file cannot be read: {}", fault.message))),
        (None, None) => Err(EditError("the file is empty".to_owned())),
    }
}

/// The entry of an image that is written where it stands.
pub(super) fn image(root: &Node, index: usize) -> Result<&Node, EditError> {
    let images = root.get("images").filter(|i| !matches!(&*i.kind, Kind::Alias(_)));
    let image = images.and_then(|i| i.items()).and_then(|items| items.get(index));
    let image = image.ok_or_else(|| EditError(format!("there is no image {} in this file", index + 1)))?;
    if image.entries().is_none() || matches!(&*image.kind, Kind::Alias(_)) {
        return Err(EditError(format!("image {} is not written out where it stands", index + 1)));
    }
    Ok(image)
}

/// The item of a list of an image that has this tag, and its position.
pub(super) fn item<'n>(image: &'n Node, list: &str, tag: &Tag) -> Result<(usize, &'n Node), EditError> {
    let items = image.get(list).and_then(Node::items).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .find(|(_, item)| item.get("tag").and_then(Node::text) == Some(tag.as_str()))
        .ok_or_else(|| EditError(format!("`{list}` has no entry for the tag {tag}")))
}
