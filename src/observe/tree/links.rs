//! Links: none is followed. What one inside the tree points to is looked at where it is.

use std::path::Path;

use super::{Root, Told};

/// What is said of a link: that something behind it is not looked at. Of one that points to nothing, or to what is looked at
/// anyway, nothing is said.
pub(super) fn unfollowed(link: &Path, root: &Root, roots: &[Root], possible: fn(&str) -> bool) -> Option<Told> {
    let target = link.canonicalize().ok()?;
    let shown = root.show(link);
    let is_file = target.is_file();
    if is_file && !possible(&root.inside(link)) {
        return None;
    }
    let home = roots.iter().find(|root| target.starts_with(&root.real));
    let why = match home {
        None => "a link that leads out of the paths that are looked at, which is not followed".to_owned(),
        Some(home) if is_file && !possible(&home.inside(&target)) => {
            format!("a link to {}, whose name tells no format: scan that file by its path", home.show(&target))
        }
        Some(_) => return None,
    };
    Some(Told { path: shown, why })
}
