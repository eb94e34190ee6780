//! Writes what the mirror holds into the manifest: one commit on the default branch, or the one recording pull request.
//!
//! A record says only what was read back. It is applied to the manifest as it is at the moment of the commit, and only
//! to approvals that still have the digest that was promoted.

use std::time::Duration;

use super::anew::{Patience, WriteError, anew};
use crate::forge::{self, Commit, Forge};
use crate::manifest::Manifest;
use crate::proposal::record::{Record, pending};
use crate::report::rows;

mod proposal;
mod work;

pub(crate) use work::Unwritten;
use work::Work;

/// How digests are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A commit; or the recording proposal, if the branch refuses commits or the proposal is open.
    Auto,
    /// A commit and nothing else.
    Commit,
    /// The recording proposal and nothing else.
    Proposal,
}

/// What happened to the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// They are already in the manifest, or their approvals are gone: nothing was written.
    Already,
    /// By a commit on the default branch.
    Committed(Commit),
    /// In the recording proposal, or it was closed because nothing is left to record.
    Proposed(rows::Proposed),
}

/// What happened to the records that could be written, and the others.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) recorded: Recorded,
    pub(crate) unwritten: Vec<Unwritten>,
}

/// Records what was promoted in the manifest as it is now; a record that cannot be written there does not prevent
/// others. Without records it only takes care of the manifest's recording proposal: it is closed if nothing is left to
/// record. The commit names the one up to which everything is known to be reviewed.
pub(crate) async fn record(
    forge: &dyn Forge,
    manifest: &Manifest,
    way: Way,
    records: &[Record],
    settled: Option<&str>,
) -> Result<Outcome, WriteError> {
    let path = manifest.path();
    let (tries, pause) = (20, Duration::from_millis(50));
    let patience = Patience { tries, pause, subject: |branch| format!("the branch {branch}") };
    let attempt = async || match records {
        [] => settle(forge, path, manifest, way).await.map(|recorded| Outcome { recorded, unwritten: Vec::new() }),
        records => once(forge, path, way, records, settled).await,
    };
    anew(forge, patience, attempt).await
}

async fn once(
    forge: &dyn Forge,
    path: &str,
    way: Way,
    records: &[Record],
    settled: Option<&str>,
) -> Result<Outcome, WriteError> {
    let mut work = Work::at_head(forge, path, settled).await?;
    let unwritten;
    (work.pending, unwritten) = work.writable(pending(&work.manifest, records));
    let recorded = match (work.pending.is_empty(), unwritten.is_empty()) {
        (true, true) => settle(forge, path, &work.manifest, way).await?,
        (true, false) => Recorded::Already,
        (false, _) => write(&work, way).await?,
    };
    Ok(Outcome { recorded, unwritten })
}

async fn write(work: &Work<'_>, way: Way) -> Result<Recorded, WriteError> {
    let open = match way {
        Way::Commit => return work.commit().await.map(Recorded::Committed),
        Way::Auto | Way::Proposal => proposal::open(work.forge, &work.manifest).await?,
    };
    if way == Way::Auto && open.is_none() {
        match work.commit().await {
            Err(WriteError::Forge(forge::Error::Protected { .. })) => {}
            done => return done.map(Recorded::Committed),
        }
    }
    work.propose(open).await.map(Recorded::Proposed)
}

/// Nothing is to be recorded: the manifest is only read if a recording proposal is open, and then as it is now.
async fn settle(forge: &dyn Forge, path: &str, manifest: &Manifest, way: Way) -> Result<Recorded, WriteError> {
    if way == Way::Commit {
        return Ok(Recorded::Already);
    }
    let Some(open) = proposal::open(forge, manifest).await? else { return Ok(Recorded::Already) };
    Work::at_head(forge, path, None).await?.settle(open).await.map(Recorded::Proposed)
}
