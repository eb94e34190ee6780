//! Open proposals that can no longer be merged because something else was merged instead: found like git would, without
//! waiting for the forge to say so.

use super::manifest::part_from_forge;
use super::own::own_proposals;
use super::reviews::approver;
use super::untouched::find_touched;
use crate::forge::{Accounts, Error, Forge, Head, OpenProposal};
use crate::manifest::Manifest;
use crate::proposal::anew::{conflicts, stands_on};
use crate::proposal::branch;
use crate::proposal::metadata::{self, Metadata};

/// An open proposal that conflicts with the default branch.
pub(crate) struct Conflicting {
    pub(crate) open: OpenProposal,
    pub(crate) made: Metadata,
    /// The manifest on the proposal's branch.
    pub(crate) held: Manifest,
}

/// What is open, and which of it conflicts.
#[derive(Default)]
pub(crate) struct Siblings {
    pub(crate) conflicting: Vec<Conflicting>,
    /// Open proposals that are left as they are.
    pub(crate) others: Vec<OpenProposal>,
}

/// Reads what conflicts with the manifest at a head of the default branch. A proposal with unchanged text around its
/// changes costs no request; one that a person took over is not checked.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn read_siblings(forge: &dyn Forge, head: &Head, manifest: &Manifest) -> Result<Siblings, Error> {
    let mut siblings = Siblings::default();
    let Some(accounts) = forge.accounts() else { return Ok(siblings) };
    let prefix = &manifest.prefix();
    for open in own_proposals(forge, manifest).await?.own {
        let made = metadata::read(&open.body).filter(|made| !stands_on(manifest, made));
        let ours = branch::is_proposal(prefix, &open.branch) && open.elsewhere.is_none();
        match made.filter(|_| ours) {
            Some(made) => match read_conflict(forge, accounts, head, manifest, open).await? {
                Ok((open, held)) => siblings.conflicting.push(Conflicting { open, made, held }),
                Err(open) => siblings.others.push(open),
            },
            None => siblings.others.push(open),
        }
    }
    Ok(siblings)
}

/// A proposal with its branch's manifest if that conflicts and is ours; else the proposal alone.
async fn read_conflict(
    forge: &dyn Forge,
    accounts: &dyn Accounts,
    head: &Head,
    manifest: &Manifest,
    open: OpenProposal,
) -> Result<Result<(OpenProposal, Manifest), OpenProposal>, Error> {
    let path = manifest.path();
    let base = accounts.merge_base(&head.commit, &open.head).await?;
    let base = part_from_forge(forge, &base, path).await?;
    let held = part_from_forge(forge, &open.head, path).await?;
    let (Some(base), Some(held)) = (base, held) else { return Ok(Err(open)) };
    if !conflicts(&base.files, &manifest.files, &held.files) {
        return Ok(Err(open));
    }
    let judged = find_touched(forge, path, vec![open.clone()]).await?.pop().unwrap_or(open);
    Ok(if judged.touched || judged.stale { Err(judged) } else { Ok((judged, held)) })
}

/// Who approved what a proposal holds, if a ruleset dismisses the approval with the next push to its branch.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn read_dismissed(
    forge: &dyn Forge,
    path: &str,
    base: &str,
    open: &OpenProposal,
) -> Result<Option<String>, Error> {
    match (approver(forge, Some(path), open).await?, forge.accounts()) {
        (Some(who), Some(accounts)) if accounts.dismisses(base).await? => Ok(Some(who)),
        _ => Ok(None),
    }
}
