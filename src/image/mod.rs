//! The names of images: registries, repositories, tags, digests, platforms, descriptors.
//!
//! Everything here is parsed once and valid from then on: no tag, digest or repository is passed around as a `String`,
//! so none can bring a path traversal into a URL. Pure: no input, no output, no clock.

mod descriptor;
mod digest;
mod ecr;
mod mention;
mod name;
mod platform;
mod reference;
mod registry;
mod repository;

pub use descriptor::Descriptor;
pub use digest::Digest;
pub(crate) use digest::Hasher;
pub(crate) use ecr::EcrHost;
pub(crate) use mention::{Mention, Named};
pub(crate) use name::NameError;
pub use platform::Platform;
pub use reference::{Reference, Tag};
pub(crate) use registry::RegistryHost;
pub use repository::{Location, Repository, RepositoryName};
