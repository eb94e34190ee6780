//! Lists of their own for images that merge the keys of another, so that a list which an edit begins there does not reach them.

use super::lines;
use super::lists::{self, LISTS};
use super::nodes::{image, root};
use super::tree::Tree;

/// The text with an empty list in every image that has nothing in it, but would have what an edit wrote into another. `None` where
/// that does not come to what is wanted: no list may differ but as absent and empty do.
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
