//! Documents in a registry: manifests and indexes, read for what they refer to and kept byte for byte.

pub mod companion;
mod document;
pub mod media_type;
mod read;
mod subset;

pub use document::{Content, ContentError, DESCRIPTOR_LIMIT, Document, MANIFEST_LIMIT};
pub use read::descriptor_json;
