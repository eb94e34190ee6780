//! How a run ends: what a command could do, and why it could not.

use crate::diag::Diagnostic;
use crate::manifest::File;

/// The exit status of a command that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, nothing wrong.
    Done,
    /// 1: findings, or some items failed.
    Findings,
}

impl Exit {
    /// The worse of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// 1: the forge does not show yet what the run is for.
    #[error("{0}")]
    Behind(String),
    /// 2: unusable arguments or event; the text says how to fix it.
    #[error("{0}")]
    Unusable(String),
    /// 2: an unusable manifest.
    #[error("the manifest has {} fault(s)", .0.len())]
    Manifest(Vec<Diagnostic>, Vec<File>),
    /// 3: could not work at all: credentials, network.
    #[error("{0:#}")]
    CannotWork(anyhow::Error),
}

impl Stop {
    /// What prevented two commands of a run from working, said once if it is the same.
    #[must_use]
    pub fn both(first: &anyhow::Error, second: &anyhow::Error) -> Self {
        let (first, second) = (format!("{first:#}"), format!("{second:#}"));
        let text = if first == second { first } else { format!("{first}; {second}") };
        Self::CannotWork(anyhow::Error::msg(text))
    }
}
