//! Gives images that merge another's keys their own lists, so that a list begun there does not reach them.

use super::lines;
use super::lists::{self, LISTS};
use super::nodes::{image, root};
use super::tree::Tree;

/// The text with an empty list in every image that has none but would inherit what an edit wrote into another. `None`
/// if the result is not the wanted one: lists may differ only in being empty instead of absent.
pub(super) fn with_own_lists(text: &str, found: &Tree, wanted: &Tree) -> Option<String> {
    let (mut text, mut wanted) = (text.to_owned(), wanted.clone());
    for list in LISTS {
        let reached = wanted.empty_where_reached(list, found);
        let root = root(&text).ok()?;
        let begun = reached.into_iter().map(|at| lists::begin(&text, image(&root, at).ok()?, list));
        text = lines::splice(&text, begun.collect::<Option<_>>()?).ok()?;
    }
    (Tree::read(&text).ok()? == wanted).then_some(text)
}
