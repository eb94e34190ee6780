//! Files that stand as a block of text inside another file.

use super::found::{Findings, FoundReference, Site, Unresolved};
use crate::diag::Span;
use crate::yaml::{Kind, Node, ScalarStyle};

/// A literal block, `|`, without its indentation, and where each of its lines stands.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) text: String,
    lines: Vec<Line>,
}

/// Where a line begins in the block and in the file.
#[derive(Debug, Clone, Copy)]
struct Line {
    inner: usize,
    outer: usize,
}

impl Block {
    /// `None` if it is written in another way, and so has no places.
    pub(super) fn of(text: &str, node: &Node) -> Option<Self> {
        let node = node.resolved();
        let Kind::Scalar { text: inside, style: ScalarStyle::Literal, .. } = &*node.kind else { return None };
        let (mut lines, mut inner, mut outer) = (Vec::new(), 0, text[..node.span.start].rfind('\n')? + 1);
        for line in inside.split_inclusive('\n') {
            let content = line.trim_end_matches('\n');
            let there = text.get(outer..)?.split_inclusive('\n').next()?;
            let indent = there.trim_end_matches(['\r', '\n']).len().checked_sub(content.len());
            match indent {
                Some(indent) if there.get(indent..).is_some_and(|rest| rest.starts_with(content)) => {
                    lines.push(Line { inner, outer: outer + indent });
                }
                _ if content.is_empty() => lines.push(Line { inner, outer }),
                _ => return None,
            }
            (inner, outer) = (inner + line.len(), outer + there.len());
        }
        Some(Self { text: inside.clone(), lines })
    }

    /// What was found in the block, with places in the file.
    pub(super) fn placed(&self, found: Findings) -> Findings {
        let references = found.references.into_iter().filter_map(|found| {
            let site = match found.site {
                Site::Literal(at) => self.span(at).map_or(Site::Composed, Site::Literal),
                Site::Shared => Site::Shared,
                Site::Parts(_) | Site::Composed => Site::Composed,
            };
            Some(FoundReference { at: self.span(found.at)?, site, ..found })
        });
        let unresolved = found
            .unresolved
            .into_iter()
            .filter_map(|missing| Some(Unresolved { at: self.span(missing.at)?, ..missing }));
        Findings { references: references.collect(), unresolved: unresolved.collect() }
    }

    /// The place in the file; what spans lines is cut off at the end of its first one.
    fn span(&self, at: Span) -> Option<Span> {
        let index = self.lines.partition_point(|line| line.inner <= at.start).checked_sub(1)?;
        let line = self.lines[index];
        let end = self.lines.get(index + 1).map_or(at.end, |next| at.end.min(next.inner - 1));
        let outer = |inner: usize| line.outer + inner - line.inner;
        Some(Span { start: outer(at.start), end: outer(end.max(at.start)) })
    }
}
