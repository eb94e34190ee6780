//! Writes to branches that other runs and people also write to.

use std::time::Duration;

use crate::forge::{self, Branches};
use crate::ledger::Broken;
use crate::observe::manifest::LoadError;
use crate::proposal::not_edited::NotEdited;

/// Why nothing was written. The next run does it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("{0}")]
    Forge(#[from] forge::Error),
    #[error("{0}")]
    Manifest(#[from] LoadError),
    #[error("{0}")]
    Edit(#[from] NotEdited),
    #[error("the ledger cannot be written: {0}")]
    Ledger(#[from] Broken),
    #[error("{subject} moved {tries} times in the meantime: run again")]
    Busy { subject: String, tries: u32 },
}

/// How often a write is tried again, and after which pause: that pause times the number of tries.
pub(super) struct Patience {
    pub(super) tries: u32,
    pub(super) pause: Duration,
    /// The name to use for the branch in messages.
    pub(super) subject: fn(&str) -> String,
}

/// Reads and writes until nobody else was faster. If rules reject the write, the error names them.
pub(super) async fn anew<T>(
    forge: &dyn Branches,
    patience: Patience,
    mut write: impl AsyncFnMut() -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    let Patience { tries, pause, subject } = patience;
    let mut last = String::new();
    for attempt in 0..tries {
        match write().await {
            Err(WriteError::Forge(forge::Error::Moved { branch })) => last = branch,
            Err(WriteError::Forge(error)) => return Err(forge::with_rules(forge, error).await.into()),
            done => return done,
        }
        tokio::time::sleep(pause * attempt).await;
    }
    Err(WriteError::Busy { subject: subject(&last), tries })
}
