//! Why an image was not copied.

use std::fmt;

use crate::plan::FailedStep;
use crate::registry::{Error, ErrorKind};

/// Why an image was not copied.
#[derive(Debug, Clone)]
pub(crate) struct CopyError {
    pub step: FailedStep,
    /// What happened, for messages.
    pub text: String,
    /// The destination refused the credential: no other image of this repository will fare better.
    pub refused: bool,
    /// Whether the destination lacks something that it was assumed to have.
    pub(super) lack: Lack,
}

/// Whether the destination lacks something that a manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lack {
    None,
    /// It rejects what it was sent, and does not say why.
    Possible,
    /// It says so.
    Said,
}

impl CopyError {
    /// A fault of this image only.
    pub(in crate::apply) fn new(step: FailedStep, text: impl fmt::Display) -> Self {
        Self { step, text: text.to_string(), refused: false, lack: Lack::None }
    }

    /// A manifest could not be read from upstream.
    pub(super) fn reading(error: impl fmt::Display) -> Self {
        Self::new(FailedStep::Read, error)
    }

    /// A document could not be read from upstream, or is refused.
    pub(super) fn at_source(error: &Error) -> Self {
        Self::new(if error.is_ambiguous() { FailedStep::Refused } else { FailedStep::Read }, error)
    }

    /// A fault of the destination. If different bytes were read back, verification failed.
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
