//! Writes what the mirror holds into the manifest: one commit on the default branch, or the one recording pull request.
//!
//! A record says only what was read back. It is applied to the manifest as it is at the moment of the commit, and only to
//! approvals that still have the digest that was promoted.

use std::time::Duration;

use crate::forge::{self, Commit, Forge};
use crate::observe::manifest as load;
use crate::proposal::record::{Record, pending};

mod proposal;
mod work;

pub(crate) use proposal::{Done, Recording};
pub(crate) use work::RecordError;
use work::{TRIES, Work};

/// How digests are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A commit, or where the branch refuses it, or a recording proposal is open, that proposal.
    Auto,
    /// A commit and nothing else.
    Commit,
    /// The recording proposal and nothing else.
    Proposal,
}

/// What became of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// They stand in the manifest already, or their approvals are gone: nothing was written.
    Already,
    /// By a commit on the default branch.
    Committed(Commit),
    /// In the recording proposal, or it was closed because nothing is left to record.
    Proposed(Recording),
}

/// Records what was promoted in the manifest at `path`. Without records it only looks after the recording proposal, whose
/// branch starts with `prefix`: it is closed where nothing is left to record.
pub(crate) async fn record(
    forge: &dyn Forge,
    path: &str,
    prefix: &str,
    way: Way,
    records: &[Record],
) -> Result<Recorded, RecordError> {
    let mut last = String::new();
    for attempt in 0..TRIES {
        let done = match records {
            [] => settle(forge, path, prefix, way).await,
            records => once(forge, path, way, records).await,
        };
        match done {
            Err(RecordError::Forge(forge::Error::Moved { branch })) => last = branch,
            Err(RecordError::Forge(error)) => return Err(forge::with_rules(forge, error).await.into()),
            done => return done,
        }
        tokio::time::sleep(Duration::from_millis(50) * attempt).await;
    }
    Err(RecordError::Busy(last))
}

async fn once(forge: &dyn Forge, path: &str, way: Way, records: &[Record]) -> Result<Recorded, RecordError> {
    let head = forge.head().await?;
    let manifest = load::from_forge(forge, &head.commit, path).await?;
    let pending = pending(&manifest, records);
    if pending.is_empty() {
        return settle(forge, path, &manifest.proposals.branch_prefix, way).await;
    }
    let work = Work { forge, path, head, manifest, pending };
    let open = match way {
        Way::Commit => return work.commit().await.map(Recorded::Committed),
        Way::Auto | Way::Proposal => proposal::open(forge, &work.manifest.proposals.branch_prefix).await?,
    };
    if way == Way::Auto && open.is_none() {
        match work.commit().await {
            Err(RecordError::Forge(forge::Error::Protected { .. })) => {}
            done => return done.map(Recorded::Committed),
        }
    }
    work.propose(open).await.map(Recorded::Proposed)
}

/// Nothing is to be recorded: the manifest is looked at only where a recording proposal is open, and then as it is now.
async fn settle(forge: &dyn Forge, path: &str, prefix: &str, way: Way) -> Result<Recorded, RecordError> {
    if way == Way::Commit {
        return Ok(Recorded::Already);
    }
    let Some(open) = proposal::open(forge, prefix).await? else { return Ok(Recorded::Already) };
    let head = forge.head().await?;
    let manifest = load::from_forge(forge, &head.commit, path).await?;
    let work = Work { forge, path, head, manifest, pending: Vec::new() };
    work.settle(open).await.map(Recorded::Proposed)
}
