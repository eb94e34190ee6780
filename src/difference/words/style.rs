//! How sentences are written: as Markdown, or for a terminal.

use crate::markdown::code;
use crate::text::{Quote, excerpt};

/// The most characters of a name by others.
const NAME: usize = 120;

/// How many names follow a count.
pub(super) const NAMED: usize = 6;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    quote: Quote,
    is_markdown: bool,
}

impl Style {
    pub(crate) const MARKDOWN: Self = Self { quote: code, is_markdown: true };
    /// For a terminal.
    pub(crate) const PLAIN: Self = Self { quote: excerpt, is_markdown: false };

    /// A name or another party's text.
    pub(super) fn name(self, text: &str) -> String {
        (self.quote)(text, NAME)
    }

    /// A sentence by another party.
    pub(super) fn text(self, text: &str) -> String {
        (self.quote)(text, 300)
    }

    /// What must not be overlooked.
    pub(super) fn strong(self, text: &str) -> String {
        if self.is_markdown { format!("**{text}**") } else { text.to_owned() }
    }

    /// An address that this program made.
    pub(super) fn link(self, text: &str, address: &str) -> String {
        if self.is_markdown { format!("[{text}]({address})") } else { format!("{text}: {address}") }
    }

    /// A word of the manifest's.
    pub(super) fn key(self, text: &str) -> String {
        if self.is_markdown { format!("`{text}`") } else { text.to_owned() }
    }
}

/// The first of some names, and how many more there are.
pub(super) fn named(names: &[String], most: usize) -> String {
    named_of(names, names.len(), most)
}

/// The same where not all of `count` are among `names`.
pub(super) fn named_of(names: &[String], count: usize, most: usize) -> String {
    let shown = &names[..names.len().min(most)];
    match (shown, count.saturating_sub(shown.len())) {
        (_, 0) => shown.join(", "),
        ([], more) => format!("{more} that are not listed"),
        (_, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
