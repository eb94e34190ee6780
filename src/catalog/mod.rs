//! The catalogue of what an organization approved, for the people who pull it: one value that every form of it shows.

mod build;
mod facts;
mod model;
mod names;
mod renovate;

pub(crate) use build::catalog;
pub(crate) use facts::{Facts, Held, Merged};
pub use model::{
    Catalog, CatalogImage, CatalogPlatform, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting,
    SignatureState, TagState, WaitingState,
};
pub(crate) use renovate::{TITLE as PRESET, preset};
