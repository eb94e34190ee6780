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
    /// The destination refused the credential: no other image of this repository will fare better.
    pub refused: bool,
    /// Whether the destination lacks something that it was taken to have.
    pub(super) lack: Lack,
}

/// Whether the destination lacks what a manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    None,
    /// It does not take what it was sent, and does not say why.
    Possible,
    /// It says so.
    Said,
}

impl CopyError {
    /// A fault of this image alone.
    pub(in crate::apply) fn new(step: FailedStep, text: impl fmt::Display) -> Self {
        Self { step, text: text.to_string(), refused: false, lack: Lack::None }
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
    pub(in crate::apply) fn at_destination(step: FailedStep, error: &Error) -> Self {
        let refused = matches!(error.kind, ErrorKind::Refused { .. });
        let step = if matches!(error.kind, ErrorKind::Mismatch(_)) { FailedStep::Verify } else { step };
        let lack = match error.kind {
            ErrorKind::Lacking(_) => Lack::Said,
            ErrorKind::Protocol(_) => Lack::Possible,
            _ => Lack::None,
        };
        Self { step, text: error.to_string(), refused, lack }
    }
}
