//! Registries: one interface, two implementations. `remote` speaks the OCI distribution protocol, `layout` keeps OCI
//! image layouts on disk. Both pass the contract suite in `tests/it/registry_contract.rs`.

mod auth;
pub(crate) mod aws;
mod checked;
pub mod credentials;
mod error;
mod layout;
mod registries;
pub mod remote;
mod store;
mod wire;

pub use error::{Error, ErrorKind};
pub use registries::Registries;
pub use remote::Reach;
pub(crate) use remote::TokenServices;
pub use store::{BlobSource, ByteStream, Deleted, Put, Store};
pub(crate) use wire::seconds;
