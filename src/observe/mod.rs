//! What registries, Docker Hub and the forge say now. Reads only.

pub mod documents;
pub mod manifest;
pub mod mirror;
pub mod sources;
