//! What registries, Docker Hub and the forge say now. Reads only.

pub(crate) mod access;
mod availability;
mod budget;
pub(crate) mod candidates;
pub(crate) mod category;
pub(crate) mod companions;
pub(crate) mod destination;
pub(crate) mod doctor;
pub(crate) mod documents;
pub(crate) mod ecr;
pub(crate) mod evidence;
mod facts;
mod first_parents;
pub(crate) mod ledger;
pub mod manifest;
pub(crate) mod mirror;
pub(crate) mod organization;
pub(crate) mod ownership;
pub(crate) mod proposals;
pub(crate) mod records;
pub(crate) mod repositories;
pub(crate) mod retired;
pub(crate) mod reviews;
pub(crate) mod siblings;
pub(crate) mod sources;
pub(crate) mod untouched;
pub(crate) mod upstream;
