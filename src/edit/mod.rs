//! Edits of the manifest that keep every byte outside the touched lines.

use std::collections::BTreeMap;

use crate::yaml::Node;

mod apart;
mod change;
mod error;
mod images;
mod lines;
mod lists;
mod merge;
mod nodes;
mod reach;
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
/// text in exactly these changes, or this fails. An image that would get another's new list through a merge key gets
/// its own empty one.
///
/// # Errors
/// If an edit names an image or a tag that does not exist, or the file is written in a way that cannot be edited
/// safely.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    if let Some(at) = bare_return(text) {
        let message = "this line ends in a bare carriage return: save the file with ordinary line breaks";
        return Err(EditError::at(at, message));
    }
    let root = root(text)?;
    let mut wanted = Tree::of(&root)?;
    for edit in edits {
        let changed = edit.change.operation().and_then(|operation| wanted.change(edit.image, &operation));
        changed.map_err(|error| at_image(error, &root, edit.image))?;
    }
    let mut current = text.to_owned();
    for (at, round) in rounds(edits).iter().enumerate() {
        current = one_round(&current, round).map_err(|fault| match at {
            0 => fault.error,
            // The place is in a text that is already edited.
            _ => at_image(EditError { at: None, ..fault.error }, &root, fault.image),
        })?;
    }
    let found = Tree::read(&current)?;
    if found == wanted {
        return Ok(current);
    }
    apart::with_own_lists(&current, &found, &wanted).ok_or_else(|| reach::explain(&root, &found, &wanted))
}

/// The first carriage return without a line feed after it.
fn bare_return(text: &str) -> Option<usize> {
    text.match_indices('\r').map(|(at, _)| at).find(|at| !text[at + 1..].starts_with('\n'))
}

/// An error about an image, placed at the image if it has no other place.
fn at_image(error: EditError, root: &Node, index: usize) -> EditError {
    match image(root, index) {
        Ok(image) => error.or_at(image.outer_start()),
        Err(_) => error,
    }
}

/// The error of one image's edit.
struct Fault {
    image: usize,
    error: EditError,
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

/// Makes one edit to each of several images.
fn one_round(text: &str, edits: &[&Edit]) -> Result<String, Fault> {
    let whole = |error| Fault { image: edits.first().map_or(0, |edit| edit.image), error };
    let root = root(text).map_err(whole)?;
    let mut splices = Vec::new();
    for edit in edits {
        let made = splices_of(text, &root, edit);
        splices.extend(made.map_err(|error| Fault { image: edit.image, error: at_image(error, &root, edit.image) })?);
    }
    lines::splice(text, splices).map_err(whole)
}

fn splices_of(text: &str, root: &Node, edit: &Edit) -> Result<Vec<Splice>, EditError> {
    let image = image(root, edit.image)?;
    match &edit.change.operation()? {
        Operation::Append { list, fields, .. } => lists::append(text, root, image, list, fields),
        Operation::Remove { list, tag } => lists::remove(text, image, list, tag),
        Operation::Set { tag, fields, without } => record::set(text, image, tag, fields, without),
    }
}
