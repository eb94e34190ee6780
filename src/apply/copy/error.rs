//! Why an image was not copied.

use std::fmt;

use crate::plan::FailedStep;
use crate::registry::{Error, ErrorKind};

/// Why an image was not copied.
#[derive(Debug, Clone)]
pub(crate) struct CopyError {
    pub step: FailedStep,
    /// What happened, for people.
    pub text: String,
    /// The destination refused the credential: no other image will fare better.
    pub refused: bool,
    /// The destination does not take what it was sent: it may lack what that names.
    pub(super) lacking: bool,
}

impl CopyError {
    /// A fault of this image alone.
    pub(in crate::apply) fn new(step: FailedStep, text: impl fmt::Display) -> Self {
        Self { step, text: text.to_string(), refused: false, lacking: false }
    }

    /// Upstream did not let a manifest be read.
    pub(super) fn reading(error: impl fmt::Display) -> Self {
        Self::new(FailedStep::Read, error)
    }

    /// Upstream did not let a document be read, or it is one that is refused.
    pub(super) fn at_source(error: &Error) -> Self {
        Self::new(if error.is_ambiguous() { FailedStep::Refused } else { FailedStep::Read }, error)
    }

    /// A fault of the destination. Bytes that were read back as others are a fault of verifying.
    pub(super) fn at_destination(step: FailedStep, error: &Error) -> Self {
        let refused = matches!(error.kind, ErrorKind::Refused { .. });
        let step = if matches!(error.kind, ErrorKind::Mismatch(_)) { FailedStep::Verify } else { step };
        Self { step, text: error.to_string(), refused, lacking: matches!(error.kind, ErrorKind::Protocol(_)) }
    }
}
