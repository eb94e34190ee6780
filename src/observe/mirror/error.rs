//! Why an approval could not be observed.

use std::collections::BTreeMap;
use std::fmt;

use crate::hub;
use crate::plan::{FailedStep, Key};
use crate::registry::{Error, ErrorKind};

/// Why an approval could not be observed.
#[derive(Debug)]
pub(super) enum MirrorError {
    /// The destination failed; nothing is known about any image's source.
    Destination(Error),
    Hub(hub::Error),
    /// Only this approval failed.
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

    /// Whether the credential itself is refused. A refusal by one repository affects only its images.
    const fn is_sign_in(&self) -> bool {
        matches!(self, Self::Hub(hub::Error::SignIn { .. }))
    }

    const fn is_refusal(&self) -> bool {
        match self {
            Self::Destination(error) => matches!(error.kind, ErrorKind::Refused { .. }),
            Self::Hub(error) => matches!(error, hub::Error::SignIn { .. } | hub::Error::Refused { .. }),
            Self::Approval(..) => false,
        }
    }
}

/// Why no work is possible: a credential that is refused as such, or a destination that answered no request.
pub(super) fn stopped(errors: &BTreeMap<Key, MirrorError>, nothing_observed: bool) -> Option<String> {
    if let Some(refusal) = errors.values().find(|error| error.is_sign_in()) {
        return Some(refusal.to_string());
    }
    let silent = errors.values().all(|error| !matches!(error, MirrorError::Approval(..)));
    let first = errors.values().find(|error| error.is_refusal()).or_else(|| errors.values().next());
    first.filter(|_| nothing_observed && silent).map(ToString::to_string)
}
