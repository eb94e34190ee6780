//! What registries, Docker Hub and the forge say now. Reads only.

pub mod access;
mod availability;
pub mod candidates;
pub mod category;
pub mod companions;
pub mod doctor;
pub mod documents;
pub(crate) mod ecr;
pub mod evidence;
mod facts;
mod first_parents;
pub mod ledger;
pub mod manifest;
pub mod mirror;
pub mod organization;
pub mod proposals;
pub mod repositories;
pub mod retired;
pub mod reviews;
pub mod sources;
pub mod upstream;
