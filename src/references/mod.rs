//! Image references in the files of those who consume the mirror: what names an image, where it stands, and how it can be
//! rewritten without touching any other byte.

mod bake;
mod devcontainer;
mod dockerfile;
mod documents;
mod expanded;
mod format;
mod found;
mod hcl;
mod json;
mod rewrite;

pub(crate) use format::Format;
pub(crate) use found::{Findings, FoundReference, Parts, Site, Slot, Unresolved};
pub(crate) use rewrite::{Replacement, TextEdit, rewrite};

/// All references of a file.
pub(crate) fn find(format: Format, text: &str) -> Findings {
    match format {
        Format::Dockerfile => dockerfile::find(text),
        Format::BakeHcl => bake::hcl(text),
        Format::BakeJson => bake::json(text),
        Format::Devcontainer => devcontainer::find(text),
        _ => Findings::default(),
    }
}
