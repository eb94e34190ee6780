//! `promote`.

use super::{Context, Exit, Stop};
use crate::report::Output;

/// Runs it for `images`, or for all where none is named.
///
/// # Errors
/// Why it could not work.
pub async fn run(context: &Context, images: &[String], output: &mut Output) -> Result<Exit, Stop> {
    let _ = (context, images, output);
    Err(Stop::CannotWork(anyhow::anyhow!("promote is not built yet")))
}
