#![allow(clippy::unwrap_used, clippy::expect_used)]
//! Files in the shapes of real projects and of bug reports, and what each of them names.

mod arguments;
mod lines;
mod properties;
mod sources;
mod stages;

use super::find;
use crate::diag::{Span, position};
use crate::references::{Findings, Site};

/// What a file names, one place a line: `LINE TEXT = IMAGE`, then `<- LINE TEXT` where the literal stands elsewhere or
/// `(composed)`; `LINE TEXT ! WHY` for what is unresolved.
fn shown(text: &str) -> Vec<String> {
    let place = |at: Span| format!("{} {}", position(text, at.start).0, &text[at.start..at.end]);
    let Findings { references, unresolved } = find(text);
    let mut lines: Vec<(usize, String)> = Vec::new();
    for reference in &references {
        let image = &reference.image;
        let mut named = image.name.to_string();
        named.extend(image.tag.iter().map(|tag| format!(":{tag}")));
        named.extend(image.digest.iter().map(|digest| format!("@{digest}")));
        let site = match &reference.site {
            Site::Literal(at) if *at == reference.at => String::new(),
            Site::Literal(at) => format!(" <- {}", place(*at)),
            Site::Composed | Site::Shared => " (composed)".to_owned(),
            Site::Parts(_) => " (parts)".to_owned(),
        };
        assert!(reference.known);
        lines.push((reference.at.start, format!("{} = {named}{site}", place(reference.at))));
    }
    lines.extend(unresolved.iter().map(|at| (at.at.start, format!("{} ! {}", place(at.at), at.why))));
    lines.sort_by_key(|(start, _)| *start);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Checks what a file names.
#[track_caller]
fn names(text: &str, expected: &[&str]) {
    assert_eq!(shown(text), expected, "{text}");
}
