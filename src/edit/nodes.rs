//! The nodes that an edit touches.

use super::error::EditError;
use crate::image::Tag;
use crate::yaml::{self, Kind, Node};

pub(super) fn root(text: &str) -> Result<Node, EditError> {
    let (root, faults) = yaml::read(text);
    match (root, faults.first()) {
        (Some(root), None) => Ok(root),
        (_, Some(fault)) => Err(EditError::at(fault.span.start, format!("the file cannot be read: {}", fault.message))),
        (None, None) => Err(EditError::whole("the file is empty")),
    }
}

/// The entry of an image, provided that it is written out in place.
pub(super) fn image(root: &Node, index: usize) -> Result<&Node, EditError> {
    let images = root.get("images");
    let image = images.and_then(|images| images.items()).and_then(|items| items.get(index));
    let image = image.ok_or_else(|| EditError::whole(format!("there is no image {} in this file", index + 1)))?;
    match images.into_iter().chain([image]).find(|node| matches!(&*node.kind, Kind::Alias(_))) {
        Some(alias) => {
            Err(EditError::at(alias.span.start, "this is an alias: write the image out here so that it can be edited"))
        }
        None => Ok(image),
    }
}

/// The item with this tag in an image's list, and its position.
pub(super) fn item<'n>(image: &'n Node, list: &str, tag: &Tag) -> Result<(usize, &'n Node), EditError> {
    let items = image.get(list).and_then(Node::items).unwrap_or_default();
    items
        .iter()
        .enumerate()
        .find(|(_, item)| item.get("tag").and_then(Node::text) == Some(tag.as_str()))
        .ok_or_else(|| EditError::whole(format!("`{list}` has no entry for tag {tag}")))
}
