//! Image references in the files of those who consume the mirror: what names an image, where it stands, and how it can be
//! rewritten without touching any other byte.

mod aliases;
mod bake;
mod collector;
mod compose;
mod devcontainer;
mod dockerfile;
mod documents;
mod expanded;
mod format;
mod found;
mod gitlab;
mod hcl;
mod helm;
mod inline;
mod interpolation;
mod json;
mod kinds;
mod kubernetes;
mod kustomize;
mod named;
mod numbers;
mod parts;
mod rewrite;
mod same;
mod templates;
mod workflow;

pub(crate) use documents::{Entry, Merging};
pub(crate) use format::Format;
pub(crate) use found::{Findings, FoundReference, Site};
pub(crate) use rewrite::{Replacement, TextEdit, rewrite};

/// All references of a file.
pub(crate) fn find(format: Format, text: &str) -> Findings {
    let readable = documents::readable(text);
    match format {
        Format::Dockerfile => dockerfile::find(text),
        Format::BakeHcl => bake::hcl(text),
        Format::BakeJson => bake::json(text),
        Format::Devcontainer => devcontainer::find(text),
        Format::Compose => compose::find(&readable),
        Format::Kubernetes => kubernetes::find(&readable),
        Format::HelmValues => helm::find(&readable),
        Format::Kustomize => kustomize::find(&readable),
        Format::JsonPatch => kustomize::find_in_patch(&readable),
        Format::Workflow => workflow::find(&readable),
        Format::Action => workflow::find_in_action(&readable),
        Format::GitLab => gitlab::find(&readable),
    }
}

/// Whether edits changed the values that they name and nothing else, as another reader sees the file.
pub(crate) fn changes_only(format: Format, before: &str, after: &str, edits: &[TextEdit]) -> bool {
    match format {
        Format::Dockerfile | Format::BakeHcl | Format::BakeJson | Format::Devcontainer => true,
        Format::Compose
        | Format::Kubernetes
        | Format::HelmValues
        | Format::Kustomize
        | Format::JsonPatch
        | Format::Workflow
        | Format::Action
        | Format::GitLab => same::same_but(&documents::readable(before), &documents::readable(after), edits),
    }
}

#[cfg(test)]
mod tests;
