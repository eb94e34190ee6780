//! Edits that reach further than they should: an alias or a merge key repeats what they change.

use super::error::EditError;
use super::tree::Tree;
use crate::yaml::{Kind, Node};

/// Why the result differs from the wanted one, placed at what has to be changed first in the text before the edit.
pub(super) fn explain(root: &Node, found: &Tree, wanted: &Tree) -> EditError {
    shared(root, found, wanted).unwrap_or_else(|| {
        EditError::whole("the file is written in a way that cannot be edited safely: make the change by hand")
    })
}

fn shared(node: &Node, found: &Tree, wanted: &Tree) -> Option<EditError> {
    if found == wanted {
        return None;
    }
    if let Kind::Alias(_) = &*node.kind {
        let message = "the edit would change what this alias stands for: write the value out here first";
        return Some(EditError::at(node.span.start, message));
    }
    match (found, wanted) {
        (Tree::List(found), Tree::List(wanted)) => {
            let items = node.items().unwrap_or_default().iter().zip(found.iter().zip(wanted));
            items.into_iter().find_map(|(item, (found, wanted))| shared(item, found, wanted))
        }
        (Tree::Map(found), Tree::Map(wanted)) => {
            let differs = |key: &&String| found.get(*key) != wanted.get(*key);
            let keys = found.keys().chain(wanted.keys()).filter(differs);
            keys.into_iter().find_map(|key| match (node.get(key), found.get(key), wanted.get(key)) {
                (Some(own), Some(found), Some(wanted)) => shared(own, found, wanted),
                (Some(_), ..) => None,
                (None, ..) => merged(node, key),
            })
        }
        _ => None,
    }
}

/// The merge key from which a mapping has a key.
fn merged(node: &Node, key: &str) -> Option<EditError> {
    let (merge, _) = node.entries()?.iter().find(|(key, _)| key.is_merge())?;
    let message = format!(
        "an edit of another image would reach this one through `<<`: add `{key}: []` to this one first, so that it \
         has its own list"
    );
    Some(EditError::at(merge.span.start, message))
}
