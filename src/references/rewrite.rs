//! From a replacement to edits of the text.

use std::fmt;

use super::found::{Parts, Site, Slot};
use crate::diag::Span;
use crate::image::{Digest, Repository, Tag};
use crate::yaml::is_plain_text;

/// What a reference is replaced with: approved bytes at the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub(crate) mirror: Repository,
    pub(crate) tag: Tag,
    /// What the mirror's tag held when it was promoted.
    pub(crate) digest: Digest,
}

/// `[HOST/]ORG/REPO:TAG@DIGEST`, as people write it: the host where it is not Docker Hub.
impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.mirror.registry.is_docker_hub() {
            write!(f, "{}/", self.mirror.registry)?;
        }
        write!(f, "{}:{}@{}", self.mirror.name, self.tag, self.digest)
    }
}

/// New text for some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextEdit {
    /// The bytes that are replaced; empty for an insertion.
    pub(crate) at: Span,
    pub(crate) text: String,
}

/// The edits that make a reference name its replacement, in the order of the text; none where it is put together from
/// several places.
pub(crate) fn rewrite(text: &str, site: &Site, to: &Replacement) -> Vec<TextEdit> {
    match site {
        Site::Literal(at) => vec![TextEdit { at: *at, text: to.to_string() }],
        Site::Parts(parts) => rewrite_parts(text, parts, to),
        Site::Composed | Site::Shared => Vec::new(),
    }
}

fn rewrite_parts(text: &str, parts: &Parts, to: &Replacement) -> Vec<TextEdit> {
    let host = to.mirror.registry.as_str();
    let name = match &parts.registry {
        None if !to.mirror.registry.is_docker_hub() => format!("{host}/{}", to.mirror.name),
        _ => to.mirror.name.to_string(),
    };
    let registry = parts.registry.as_ref().and_then(|slot| write(text, slot, host));
    let others = [
        write(text, &parts.repository, &name),
        write(text, &parts.tag, to.tag.as_str()),
        write(text, &parts.digest, &to.digest.to_string()),
    ];
    let mut edits: Vec<TextEdit> = registry.into_iter().chain(others.into_iter().flatten()).collect();
    edits.sort_by_key(|edit| edit.at.start);
    edits.dedup_by(|next, edit| {
        let is_same_place = next.at == edit.at;
        if is_same_place {
            edit.text.push_str(&next.text);
        }
        is_same_place
    });
    edits
}

/// Writes a value into its place, if it is not there already: with the quotes that are there, or with those it needs.
fn write(text: &str, slot: &Slot, value: &str) -> Option<TextEdit> {
    let needed = || if is_plain_text(value) { value.to_owned() } else { format!("\"{value}\"") };
    match slot {
        Slot::Nowhere => None,
        Slot::Missing { at, before } => {
            let at = Span { start: *at, end: *at };
            Some(TextEdit { at, text: format!("{before}{}", needed()) })
        }
        Slot::Value(at) => {
            let there = &text[at.start..at.end];
            let quote = there.chars().next().filter(|first| matches!(first, '"' | '\''));
            let written = quote.map_or_else(needed, |quote| format!("{quote}{value}{quote}"));
            (there != written).then_some(TextEdit { at: *at, text: written })
        }
    }
}
