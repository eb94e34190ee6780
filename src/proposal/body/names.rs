//! Names of images and platforms in a line.

use crate::markdown::code;

/// How many are named.
const NAMED: usize = 3;

/// The first of them, and how many more there are.
pub(super) fn names(names: &[impl AsRef<str>], limit: usize) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| code(name.as_ref(), limit)).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
