//! Edits of the manifest that keep every byte outside the touched lines.

use std::collections::BTreeMap;

use crate::yaml::Node;

mod change;
mod error;
mod images;
mod lines;
mod lists;
mod merge;
mod nodes;
mod record;
mod scalar;
mod tree;

use change::Operation;
pub use change::{Change, Edit};
pub(crate) use error::EditError;
pub(crate) use images::add_image;
use lines::Splice;
pub(crate) use merge::merge;
use nodes::{image, root};
pub(crate) use scalar::scalar;
use tree::Tree;

/// Applies edits to one file's text. Bytes outside the touched lines stay; the result, parsed again, differs from the
/// text in exactly these changes, else this is an error.
///
/// # Errors
/// Where an edit names an image or a tag that is not there, or the file is written in a way that cannot be edited safely.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    if text.replace("\r\n", "").contains('\r') {
        let message = "a carriage return ends a line of this file: save it with ordinary line breaks";
        return Err(EditError(message.to_owned()));
    }
    let mut wanted = Tree::read(text)?;
    for edit in edits {
        wanted.change(edit.image, &edit.change.operation()?)?;
    }
    let mut current = text.to_owned();
    for round in rounds(edits) {
        current = one_round(&current, &round)?;
    }
    if Tree::read(&current)? == wanted {
        Ok(current)
    } else {
        Err(EditError("the file is written in a way that cannot be edited safely: make this change by hand".to_owned()))
    }
}

/// Edits that can be made at once: the first of every image, then the second of every image, and so on.
fn rounds(edits: &[Edit]) -> Vec<Vec<&Edit>> {
    let mut rounds: Vec<Vec<&Edit>> = Vec::new();
    let mut made = BTreeMap::new();
    for edit in edits {
        let round = made.entry(edit.image).or_insert(0_usize);
        if rounds.len() == *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(edit);
        *round += 1;
    }
    rounds.iter_mut().for_each(|round| round.sort_by_key(|e| e.image));
    rounds
}

/// Makes one edit of each of several images.
fn one_round(text: &str, edits: &[&Edit]) -> Result<String, EditError> {
    let root = root(text)?;
    let mut splices = Vec::new();
    for edit in edits {
        let image = image(&root, edit.image)?;
        splices.extend(splices_of(text, &root, image, &edit.change.operation()?)?);
    }
    lines::splice(text, splices)
}

fn splices_of(text: &str, root: &Node, image: &Node, operation: &Operation<'_>) -> Result<Vec<Splice>, EditError> {
    match operation {
        Operation::Append { list, fields, .. } => lists::append(text, root, image, list, fields),
        Operation::Remove { list, tag } => lists::remove(text, image, list, tag),
        Operation::Set { tag, fields } => record::set(text, image, tag, fields),
    }
}
