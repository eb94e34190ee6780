//! Why an approval could not be observed.

use std::collections::BTreeMap;
use std::fmt;

use crate::hub;
use crate::plan::{FailedStep, Key};
use crate::registry::{Error, ErrorKind};

/// Why an approval could not be observed.
#[derive(Debug)]
pub(super) enum MirrorError {
    /// The destination failed; nothing is known of any image's source.
    Destination(Error),
    Hub(hub::Error),
    /// This approval alone failed.
    Approval(FailedStep, String),
}

impl fmt::Display for MirrorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(error) => error.fmt(f),
            Self::Hub(error) => error.fmt(f),
            Self::Approval(_, text) => f.write_str(text),
        }
    }
}

impl MirrorError {
    pub(super) const fn step(&self) -> FailedStep {
        match self {
            Self::Destination(_) | Self::Hub(_) => FailedStep::Resolve,
            Self::Approval(step, _) => *step,
        }
    }

    const fn is_refusal(&self) -> bool {
        match self {
            Self::Destination(error) => matches!(error.kind, ErrorKind::Refused { .. }),
            Self::Hub(error) => matches!(error, hub::Error::Refused { .. }),
            Self::Approval(..) => false,
        }
    }
}

/// Why no work is possible: a credential that is refused, or a destination that answered for nothing.
pub(super) fn stopped(errors: &BTreeMap<Key, MirrorError>, nothing_observed: bool) -> Option<String> {
    if let Some(refusal) = errors.values().find(|error| error.is_refusal()) {
        return Some(refusal.to_string());
    }
    let silent = errors.values().all(|error| !matches!(error, MirrorError::Approval(..)));
    errors.values().next().filter(|_| nothing_observed && silent).map(ToString::to_string)
}
