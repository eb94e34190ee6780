//! Writes the ledger: one commit on its branch, on the commit that was read, and only where something changed.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::forge::{self, Commit, FileChange, Message};
use crate::ledger::{self, Broken};
use crate::manifest::Manifest;
use crate::observe::ledger::{Foreign, Noted, Place, Reading, read};
use crate::proposal::form::{self, Places};

/// How often the commit is tried anew because the branch moved.
const TRIES: u32 = 8;

/// Why nothing was written. Clocks that should have begun begin with the next run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("{0}")]
    Forge(#[from] forge::Error),
    #[error("the ledger cannot be written: {0}")]
    Text(#[from] Broken),
    #[error("it moved {TRIES} times meanwhile: run again")]
    Busy,
}

/// What became of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Whether a commit was made.
    pub written: bool,
    /// What others had written there, each said once.
    pub foreign: Vec<Foreign>,
}

/// Writes down what a run looked at. Where another run was faster, what it wrote is read and this run's added to it. What
/// others wrote is gone from what counts with the commit that is made, and is told.
///
/// # Errors
/// Where the forge fails or refuses the commit; what others wrote is then told by the next run.
pub(crate) async fn record(
    place: Place<'_>,
    head: &Commit,
    manifest: &Manifest,
    noted: &Noted,
    now: DateTime<Utc>,
) -> Result<Recorded, LedgerError> {
    let mut recorded = Recorded::default();
    let Some(first) = &noted.reading else { return Ok(recorded) };
    let mut reading = first.clone()?;
    for attempt in 0..TRIES {
        if let Some(foreign) = reading.foreign.clone().filter(|foreign| !recorded.foreign.contains(foreign)) {
            recorded.foreign.push(foreign);
        }
        match write(place, head, manifest, noted, &reading, now).await {
            Err(LedgerError::Forge(forge::Error::Moved { .. })) => {}
            Err(LedgerError::Forge(error)) => return Err(forge::with_rules(place.forge, error).await.into()),
            done => {
                recorded.written = done?;
                return Ok(recorded);
            }
        }
        tokio::time::sleep(Duration::from_millis(100) * attempt).await;
        reading = read(place).await?;
    }
    Err(LedgerError::Busy)
}

async fn write(
    place: Place<'_>,
    head: &Commit,
    manifest: &Manifest,
    noted: &Noted,
    reading: &Reading,
    now: DateTime<Utc>,
) -> Result<bool, LedgerError> {
    let mut ledger = reading.ledger.clone();
    ledger.update(&noted.survey, &noted.asked, now);
    if let Some(Foreign { by: Some((commit, _)), .. }) = &reading.foreign {
        ledger.judge(&commit.0);
    }
    if ledger == reading.ledger && reading.foreign.is_none() {
        return Ok(false);
    }
    let branch = ledger::branch(place.prefix);
    let files = [FileChange { path: ledger::PATH.to_owned(), text: ledger.write()? }];
    let places = Places {
        title: "Note when tags were first seen".to_owned(),
        // no image: a form that names one gets a word that is true
        source: "ledger".to_owned(),
        repository: "ledger".to_owned(),
        kind: "ledger".to_owned(),
        ..Places::default()
    };
    let (headline, body) = form::message(&manifest.proposals, &places, "");
    let message = Message { headline, body };
    match &reading.tip {
        Some(tip) => place.forge.append(&branch, tip, &message, &files).await?,
        None => place.forge.rewrite(&branch, None, head, &message, &files).await?,
    };
    Ok(true)
}
