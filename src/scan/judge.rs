//! The verdict.

use super::{Judgement, Verdict};
use crate::manifest::Manifest;
use crate::references::FoundReference;

/// The verdict on a reference, from the manifest alone.
pub(crate) fn judge(manifest: &Manifest, reference: &FoundReference) -> Judgement {
    let _ = (manifest, reference);
    Judgement { verdict: Verdict::Unknown, replacement: None }
}
