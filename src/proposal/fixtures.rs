//! Selections for the tests in this module.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::Selected;
use super::signers::Signers;
use crate::diag::Span;
use crate::image::Digest;
pub(crate) use crate::manifest::fixtures::manifest;
use crate::manifest::{Approval, Manifest};
use crate::rules::{Chosen, Line, Selection, Since};

/// A line with a current and a chosen version; each tag's digest is that of its text.
pub(crate) fn line(name: &str, current: Option<&str>, chosen: Option<&str>) -> Line {
    Line {
        name: name.to_owned(),
        current: current.map(|t| (t.parse().unwrap(), Digest::sha256(t.as_bytes()))),
        chosen: chosen.map(|t| Chosen {
            tag: t.parse().unwrap(),
            digest: Digest::sha256(t.as_bytes()),
            rebuild: false,
            public_since: Some(Since::published("2026-11-02T10:00:00Z".parse().unwrap())),
            fixes: None,
            prefix_changed: false,
            instead_of: None,
        }),
        approved: current.iter().map(|tag| tag.parse().unwrap()).collect(),
        retired: Vec::new(),
        waiting: Vec::new(),
        beside: None,
    }
}

/// The selection of an image.
pub(crate) fn selected(image: usize, lines: Vec<Line>) -> Selected {
    Selected { image, selection: Selection { lines, ..Selection::default() }, signers: Signers::new() }
}

/// An approval that is not promoted; the digest is that of the tag's text.
pub(crate) fn approval(tag: &str) -> Approval {
    let (digest, span) = (Digest::sha256(tag.as_bytes()), Span::default());
    Approval {
        tag: tag.parse().unwrap(),
        digest,
        mirrored: None,
        pull: None,
        approved_on: None,
        signed_by: None,
        reason: None,
        span,
    }
}

/// The manifest with approvals added, also in its text, for everything approved on the lines or removed that it lacks.
pub(crate) fn with_current(manifest: &Manifest, selected: &[Selected]) -> Manifest {
    let mut manifest = manifest.clone();
    for Selected { image, selection, .. } in selected {
        let held = selection.lines.iter().flat_map(|line| line.current.iter().chain(&line.retired));
        let mut tags: Vec<&str> = held.map(|(tag, _)| tag.as_str()).collect();
        tags.retain(|tag| manifest.images[*image].approved.iter().all(|approval| approval.tag.as_str() != *tag));
        manifest.images[*image].approved.extend(tags.iter().map(|tag| approval(tag)));
        write(&mut manifest, *image, &tags);
    }
    manifest
}

/// Writes approvals at the end of an image that has none in its text.
fn write(manifest: &mut Manifest, image: usize, tags: &[&str]) {
    if tags.is_empty() {
        return;
    }
    let entry = |tag: &&str| format!("      - tag: \"{tag}\"\n        digest: {}\n", Digest::sha256(tag.as_bytes()));
    let text = format!("    approved:\n{}", tags.iter().map(entry).collect::<String>());
    let end = manifest.images[image].span.end;
    manifest.files[0].text.insert_str(end, &text);
    manifest.images[image].span.end += text.len();
    for later in &mut manifest.images[image + 1..] {
        later.span.start += text.len();
        later.span.end += text.len();
    }
}
