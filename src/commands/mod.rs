//! One short function a command. A command observes, plans, applies and reports; what it decides, pure rooms decide.

use std::sync::Arc;

use crate::forge::Forge;
use crate::registry::Registries;
use crate::settings::Settings;

/// The exit status of a command that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, nothing wrong.
    Done,
    /// 1: findings, or some items failed.
    Findings,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// 2: unusable arguments or event; the text says how to mend it.
    #[error("{0}")]
    Unusable(String),
    /// 2: an unusable manifest.
    #[error("the manifest has {} fault(s)", .0.len())]
    Manifest(Vec<crate::diag::Diagnostic>, Vec<crate::manifest::File>),
    /// 3: could not work at all: credentials, network.
    #[error("{0:#}")]
    CannotWork(anyhow::Error),
}

/// What every command works with; built once from [`Settings`].
pub struct Context {
    /// What the run was told.
    pub settings: Settings,
    /// The registries.
    pub registries: Registries,
    /// The forge, where there is one.
    pub forge: Option<Arc<dyn Forge>>,
    /// Now, once for the whole run.
    pub now: chrono::DateTime<chrono::Utc>,
}
