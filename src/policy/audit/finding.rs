//! One finding, and the place in the manifest that it refers to.

use super::code::Code;
use crate::diag::{Span, position};
use crate::image::{RepositoryName, Tag};
use crate::manifest::{Image, Manifest};

/// Something that differs from the manifest, or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// The mirror's name without the organization; `None` if it is not about one.
    pub repository: Option<RepositoryName>,
    /// The tag; `None` if it is not about one.
    pub tag: Option<Tag>,
    /// Distinguishes it from others of its kind for the same tag or repository: a team, a setting.
    pub subject: Option<String>,
    pub expected: String,
    pub found: String,
    pub help: &'static str,
    /// The place in the manifest that it refers to.
    pub place: Place,
}

/// A place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// What is expected and what was found.
pub(super) struct Mismatch {
    pub code: Code,
    pub tag: Option<Tag>,
    pub expected: String,
    pub found: String,
}

/// A finding about an image's mirror, which refers to the image's entry.
pub(super) fn about(manifest: &Manifest, image: &Image, mismatch: Mismatch) -> Finding {
    at(manifest, image, image.span, mismatch)
}

/// The same, but refers to the part of the entry at `span`.
pub(super) fn at(manifest: &Manifest, image: &Image, span: Span, mismatch: Mismatch) -> Finding {
    let Mismatch { code, tag, expected, found } = mismatch;
    let (repository, place) = (Some(image.repository.clone()), place(manifest, image, span));
    Finding { code, repository, tag, subject: None, expected, found, help: code.help(), place }
}

pub(super) fn about_organization(manifest: &Manifest, mismatch: Mismatch) -> Finding {
    let Mismatch { code, tag, expected, found } = mismatch;
    let file = manifest.files.first().map(|file| file.path.clone()).unwrap_or_default();
    let place = Place { file, line: 1, column: 1 };
    Finding { code, repository: None, tag, subject: None, expected, found, help: code.help(), place }
}

fn place(manifest: &Manifest, image: &Image, span: Span) -> Place {
    let Some(file) = manifest.files.get(image.file) else { return Place { file: String::new(), line: 1, column: 1 } };
    let (line, column) = position(&file.text, span.start);
    Place { file: file.path.clone(), line, column }
}
