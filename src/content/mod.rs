//! Documents in a registry: manifests and indexes, read for what they refer to and kept byte for byte.

pub(crate) mod artifact;
pub(crate) mod companion;
mod document;
pub(crate) mod labels;
pub mod media_type;
mod raw;
mod read;
pub(crate) mod sboms;
pub(crate) mod statements;
mod strict;
mod subset;
#[cfg(test)]
mod tests;

pub use document::{Content, Document};
pub(crate) use document::{ContentError, MANIFEST_LIMIT};
pub(crate) use read::{descriptor_json, referrers};
pub(crate) use subset::attested;
