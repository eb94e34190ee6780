//! What the base contains without a review, and what a review of this pull request would therefore also cover.

use crate::markdown::code;

/// How many things are listed.
const NAMED: usize = 20;
/// The longest name of one, in characters.
const LONGEST: usize = 300;

/// Empty if there is nothing. This text was written by anyone who could push.
pub(super) fn uncovered(things: &[String]) -> String {
    if things.is_empty() {
        return String::new();
    }
    let mut text =
        "**Nobody has reviewed this in the manifest yet, and a review of this pull request would cover it:**\n\n"
            .to_owned();
    for thing in things.iter().take(NAMED) {
        text.push_str(&format!("- **{}, never reviewed**\n", code(&thing.replace('`', ""), LONGEST)));
    }
    if things.len() > NAMED {
        text.push_str(&format!("- **and {} more: `wharfinger plan` names them all**\n", things.len() - NAMED));
    }
    text + "\n"
}
