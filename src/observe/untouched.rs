//! Whether a proposal's branch is exactly what this program writes, if its body does not vouch for it.

use super::manifest::part_from_forge;
use crate::forge::{Accounts, Error, Forge, OpenProposal};
use crate::manifest::Manifest;
use crate::proposal::metadata;
use crate::proposal::written::{as_written, entries_between};

/// What a branch that nobody vouches for holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// What its body names, and nothing else.
    Named,
    /// Something else that this program writes: a run ended before it wrote the body.
    Unnamed,
    /// Something that this program does not write.
    Other,
}

/// Finds out whether the branches of proposals hold anything written by somebody else, for those that nobody else is
/// shown to have moved.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn find_touched(
    forge: &dyn Forge,
    path: &str,
    mut proposals: Vec<OpenProposal>,
) -> Result<Vec<OpenProposal>, Error> {
    let Some(accounts) = forge.accounts() else { return Ok(proposals) };
    for proposal in proposals.iter_mut().filter(|proposal| !proposal.vouched && !proposal.touched) {
        let held = held(forge, accounts, path, proposal).await?;
        proposal.touched = held == Held::Other;
        proposal.stale = held == Held::Unnamed;
    }
    Ok(proposals)
}

async fn held(forge: &dyn Forge, accounts: &dyn Accounts, path: &str, proposal: &OpenProposal) -> Result<Held, Error> {
    let brought = accounts.brings(&proposal.head).await?;
    let mut states: Vec<Manifest> = Vec::new();
    for at in [&brought.base, &proposal.head] {
        match part_from_forge(forge, at, path).await? {
            Some(manifest) => states.push(manifest),
            None => return Ok(Held::Other),
        }
    }
    let [base, head] = states.as_slice() else { return Ok(Held::Other) };
    let named = metadata::read(&proposal.body).map(|metadata| metadata.entries);
    if named.is_some_and(|entries| as_written(base, head, &entries).as_ref() == Some(&brought.files)) {
        return Ok(Held::Named);
    }
    // This program writes a single commit on the default branch: on top of it a person may have written something
    // similar.
    let alone = brought.commits.len() == 1;
    let made = entries_between(base, head);
    match alone && as_written(base, head, &made).as_ref() == Some(&brought.files) {
        true => Ok(Held::Unnamed),
        false => Ok(Held::Other),
    }
}
