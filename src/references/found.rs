//! What is found in a file.

use crate::diag::Span;
use crate::image::{Named, Repository};

/// What a file says about images, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) references: Vec<FoundReference>,
    pub(crate) unresolved: Vec<Unresolved>,
}

/// A place that names an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundReference {
    /// Where it is named, without quotes and `docker://`: what is shown is the text that stands there, never expanded.
    pub(crate) at: Span,
    /// The image, with the defaults and variables of the same file expanded.
    pub(crate) image: Named<Repository>,
    pub(crate) site: Site,
    /// Whether the format says that this is an image. `false` for a field `image` of a resource that nobody here knows.
    pub(crate) known: bool,
}

/// A place that would name an image if something from outside the file were known, and why it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unresolved {
    pub(crate) at: Span,
    /// What is missing, in a clause without a full stop.
    pub(crate) why: String,
}

/// Where a reference can be rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Site {
    /// It stands here as one literal, inside quotes if there are any: maybe elsewhere than where it is used, as the default
    /// of an argument or the target of an alias.
    Literal(Span),
    /// Repository, tag and digest have keys of their own.
    Parts(Parts),
    /// It is put together from several places, and nothing is rewritten.
    Composed,
    /// It stands somewhere as one literal, but something uses that which is no image: nothing is rewritten.
    Shared,
}

/// The keys of a reference in parts, as in Helm's values and kustomize's images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The registry, if it stands apart from the repository.
    pub(crate) registry: Option<Slot>,
    pub(crate) repository: Slot,
    pub(crate) tag: Slot,
    pub(crate) digest: Slot,
}

/// Where one part is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The value stands here, with its quotes.
    Value(Span),
    /// The key is missing, or its value: both are inserted at this byte, the value behind `before`.
    Missing { at: usize, before: String },
    /// The format has no place for it.
    Nowhere,
}
