//! Selections for the tests of this room.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::Selected;
use crate::image::Digest;
pub(crate) use crate::manifest::fixtures::manifest;
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
            prefix_changed: false,
        }),
        retired: Vec::new(),
        waiting: Vec::new(),
    }
}

/// The selection of an image.
pub(crate) fn selected(image: usize, lines: Vec<Line>) -> Selected {
    Selected { image, selection: Selection { lines, ..Selection::default() } }
}
