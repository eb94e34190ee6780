//! `plan`: what propose and promote would do.

use super::{Context, Exit, Stop};
use crate::report::Output;

/// Runs it for `images`, or for all where none is named; with `shards` the plan has the matrix of so many parts.
///
/// # Errors
/// Why it could not work.
pub async fn run(context: &Context, images: &[String], shards: Option<u32>, output: &mut Output) -> Result<Exit, Stop> {
    let _ = (context, images, shards, output);
    Err(Stop::CannotWork(anyhow::anyhow!("plan is not built yet")))
}
