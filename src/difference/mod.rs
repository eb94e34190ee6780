//! What changed between two images, and why: layers, configuration, packages, files, vulnerabilities, marks.
//!
//! Pure: what was read of both comes in, one account comes out, and every place shows that.

mod account;
mod base;
mod config;
mod cut;
mod decide;
#[cfg(test)]
pub(crate) mod fixtures;
mod images;
mod labels;
mod marks;
mod platform;
#[cfg(test)]
mod tests;
mod why;
pub(crate) mod words;

pub(crate) use account::{Difference, LayerCounts, Mark, Named, PlatformDifference, Why};
pub(crate) use config::{ConfigChange, Field};
pub(crate) use cut::fit;
pub(crate) use decide::difference;
pub(crate) use images::{Former, ImagePair, PlatformInside, PlatformPair, SignerChange};
