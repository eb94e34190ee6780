//! Writes the ledger: one commit on its branch, on top of the commit that was read, and only if something changed.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::anew::{Patience, WriteError, anew};
use crate::forge::{Commit, FileChange, Message, NewCommit};
use crate::ledger;
use crate::manifest::Manifest;
use crate::observe::ledger::{Foreign, Noted, Place, Reading, read};
use crate::proposal::form::{self, Places};

/// What happened to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Whether a commit was made.
    pub written: bool,
    /// What others had written there, each reported once.
    pub foreign: Vec<Foreign>,
}

/// Writes down what a run saw. If another run was faster, its ledger is read and this run's observations are added.
/// What others wrote stops counting with the new commit, and is reported.
///
/// # Errors
/// If the forge fails or refuses the commit; what others wrote is then reported by the next run.
pub(crate) async fn record(
    place: Place<'_>,
    head: &Commit,
    manifest: &Manifest,
    noted: &Noted,
    now: DateTime<Utc>,
) -> Result<Recorded, WriteError> {
    let mut recorded = Recorded::default();
    let Some(first) = &noted.reading else { return Ok(recorded) };
    let mut first = Some(first.clone()?);
    let patience = Patience { tries: 8, pause: Duration::from_millis(100), subject: |_| "it".to_owned() };
    recorded.written = anew(place.forge, patience, async || {
        let reading = match first.take() {
            Some(first) => first,
            None => read(place).await?,
        };
        if let Some(foreign) = reading.foreign.clone().filter(|foreign| !recorded.foreign.contains(foreign)) {
            recorded.foreign.push(foreign);
        }
        write(place, head, manifest, noted, &reading, now).await
    })
    .await?;
    Ok(recorded)
}

async fn write(
    place: Place<'_>,
    head: &Commit,
    manifest: &Manifest,
    noted: &Noted,
    reading: &Reading,
    now: DateTime<Utc>,
) -> Result<bool, WriteError> {
    let mut ledger = reading.ledger.clone();
    ledger.update(&noted.survey, &noted.asked, now);
    if let Some(Foreign { by: Some((commit, _)), .. }) = &reading.foreign {
        ledger.judge(&commit.0);
    }
    if ledger == reading.ledger && reading.foreign.is_none() {
        return Ok(false);
    }
    let branch = ledger::branch(place.prefix);
    let files = vec![FileChange { path: ledger::PATH.to_owned(), text: ledger.write()? }];
    let places = Places {
        title: "Note when tags were first seen".to_owned(),
        // not an image, but forms that name one get a true word
        source: "ledger".to_owned(),
        repository: "ledger".to_owned(),
        kind: "ledger".to_owned(),
        ..Places::default()
    };
    let (headline, body) = form::message(&manifest.proposals, &places, "", None);
    let new = NewCommit { message: Message { headline, body }, files };
    match &reading.tip {
        Some(tip) => place.forge.append(&branch, tip, &new).await?,
        None => place.forge.rewrite(&branch, None, head, &new).await?,
    };
    Ok(true)
}
