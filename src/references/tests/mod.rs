//! What is found in files of every format, in the shapes that projects and bug reports have.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod aliases;
mod compose;
mod gitlab;
mod helm;
mod kubernetes;
mod kustomize;
mod properties;
mod same;
mod workflow;

use std::fmt::Write as _;

use super::found::{Parts, Slot};
use super::*;
use crate::diag::Span;

/// One file and what is found in it, a line for each place: see [`shown`].
struct Case {
    text: &'static str,
    found: &'static [&'static str],
}

/// Finds what each file says, and rewrites every reference in it.
fn check(format: Format, cases: &[Case]) {
    assert!(cases.len() >= 25, "{} cases", cases.len());
    for Case { text, found } in cases {
        assert_eq!(&shown(format, text), found, "{text}");
        rewritten(format, text);
        rewritten(format, &text.replace('\n', "\r\n"));
        rewritten(format, &format!("\u{feff}{text}"));
    }
}

/// `TEXT = IMAGE`, with `<- TEXT` where it is written elsewhere, the parts, `composed`, and `unknown`; `TEXT: why` for what
/// is unresolved.
fn shown(format: Format, text: &str) -> Vec<String> {
    let findings = find(format, text);
    let slice = |span: Span| &text[span.start..span.end];
    let mut lines = Vec::new();
    for found in &findings.references {
        let mut line = format!("{} = {}", slice(found.at), found.image.name);
        found.image.tag.iter().for_each(|tag| write!(line, ":{tag}").unwrap());
        found.image.digest.iter().for_each(|digest| write!(line, "@{}", &digest.to_string()[..10]).unwrap());
        match &found.site {
            Site::Literal(at) if *at == found.at => {}
            Site::Literal(at) => write!(line, " <- {}", slice(*at)).unwrap(),
            Site::Composed => line.push_str(" composed"),
            Site::Shared => line.push_str(" shared"),
            Site::Parts(parts) => {
                let slots = parts.registry.iter().chain([&parts.repository, &parts.tag, &parts.digest]);
                let shown = slots.map(|slot| match slot {
                    Slot::Value(at) => slice(*at).to_owned(),
                    Slot::Missing { before, .. } => format!("+{before:?}"),
                    Slot::Nowhere => "-".to_owned(),
                });
                write!(line, " [{}]", shown.collect::<Vec<_>>().join(" ")).unwrap();
            }
        }
        line.push_str(if found.known { "" } else { " unknown" });
        lines.push((found.at.start, line));
    }
    lines.extend(findings.unresolved.iter().map(|missing| {
        let place = slice(missing.at).lines().next().unwrap_or_default();
        (missing.at.start, format!("{place}: {}", missing.why))
    }));
    lines.sort_by_key(|(start, _)| *start);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn replacement() -> Replacement {
    Replacement {
        mirror: "ghcr.io/mirror/image".parse().unwrap(),
        tag: "7.20".parse().unwrap(),
        digest: format!("sha256:{}", "a1".repeat(32)).parse().unwrap(),
    }
}

fn applied(text: &str, edits: &[TextEdit]) -> String {
    let mut out = text.to_owned();
    for edit in edits.iter().rev() {
        out.replace_range(edit.at.start..edit.at.end, &edit.text);
    }
    out
}

/// Rewrites each reference on its own: it is then found at the same place with the replacement, no other byte is changed, and
/// another reader sees no other change.
fn rewritten(format: Format, text: &str) {
    let findings = find(format, text);
    for found in &findings.references {
        let edits = rewrite(text, &found.site, &replacement());
        assert_eq!(edits.is_empty(), matches!(found.site, Site::Composed | Site::Shared), "{found:?}\n{text}");
        let after = applied(text, &edits);
        assert!(edits.is_empty() || changes_only(format, text, &after, &edits), "{edits:?}\n{after}");
        let again = find(format, &after);
        let wanted = &replacement();
        let is_replaced = |found: &FoundReference| {
            let image = &found.image;
            let has_digest = match &found.site {
                Site::Parts(Parts { digest: Slot::Nowhere, .. }) => image.digest.is_none(),
                _ => image.digest.as_ref() == Some(&wanted.digest),
            };
            image.name == wanted.mirror && image.tag.as_ref() == Some(&wanted.tag) && has_digest
        };
        let shift = edits
            .iter()
            .filter(|edit| edit.at.end <= found.at.start)
            .map(|edit| edit.text.len().cast_signed() - (edit.at.end - edit.at.start).cast_signed());
        let start = found.at.start.cast_signed() + shift.sum::<isize>();
        let there = again.references.iter().find(|again| again.at.start.cast_signed() == start);
        if !edits.is_empty() {
            let is_kept = matches!(&found.site, Site::Parts(Parts { repository: Slot::Missing { .. }, .. }));
            assert!(is_kept || there.is_some_and(is_replaced), "{found:?}\n{after}\n{again:?}");
            assert!(!is_kept || again.references.iter().any(is_replaced), "{after}\n{again:?}");
        }
        assert_eq!(again.references.len(), findings.references.len(), "{after}");
        assert_eq!(again.unresolved.len(), findings.unresolved.len(), "{after}");
        assert!(rewrite(text, &Site::Composed, wanted).is_empty());
    }
}
