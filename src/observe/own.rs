//! The open proposals of one manifest, in a repository that may have several.

use tokio::sync::OnceCell;

use super::manifest::part_from_forge;
use crate::forge::{Error, Forge, OpenProposal};
use crate::manifest::{DEFAULT_PATH, Manifest};
use crate::proposal::own::{Belongs, belongs, former};
use crate::proposal::{branch, metadata};

/// What is open on our branches.
#[derive(Default)]
pub(crate) struct Own {
    /// The manifest's own. One whose branch has a former name gets the name it would have now.
    pub(crate) own: Vec<OpenProposal>,
    /// Those of other manifests.
    pub(crate) others: Vec<OpenProposal>,
}

/// Lists the open proposals and separates the manifest's own from others'.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn own_proposals(forge: &dyn Forge, manifest: &Manifest) -> Result<Own, Error> {
    let listed = forge.proposals(&manifest.proposals.branch_prefix).await?;
    let (mut sorted, mut unclear) = (Own::default(), Vec::new());
    for mut open in listed {
        // A body edited by somebody else does not tell whose the proposal is.
        let made = metadata::read(&open.body).map(|mut made| {
            made.manifest = made.manifest.filter(|_| open.edited_by.is_none());
            made
        });
        match belongs(manifest, &open.branch, made.as_ref()) {
            Belongs::Here => sorted.own.push(open),
            Belongs::Formerly(now) => {
                open.former = Some(std::mem::replace(&mut open.branch, now));
                sorted.own.push(open);
            }
            Belongs::FormerlyIfAlone(now) => unclear.push((open, now)),
            Belongs::Elsewhere => sorted.others.push(open),
        }
    }
    let alone = !unclear.is_empty() && sorted.others.is_empty() && is_alone(forge, manifest.path()).await?;
    for (mut open, now) in unclear {
        // A recording proposal names no manifest: it belongs to the one that it records something in.
        let is_record = open.branch == branch::record(&manifest.proposals.branch_prefix);
        let ours = alone && sorted.own.iter().all(|own| own.branch != now);
        if ours && (!is_record || records_here(forge, manifest, &open).await) {
            open.former = Some(std::mem::replace(&mut open.branch, now));
            sorted.own.push(open);
        } else {
            sorted.others.push(open);
        }
    }
    Ok(sorted)
}

/// Whether a recording proposal changes the manifest's files. If that cannot be determined, it is left to others.
pub(crate) async fn records_here(forge: &dyn Forge, manifest: &Manifest, open: &OpenProposal) -> bool {
    // A local clone accepts commits: nothing was left there.
    let Some(accounts) = forge.accounts() else { return false };
    let changes = async {
        let base = accounts.merge_base(&forge.head().await?.commit, &open.head).await?;
        let before = part_from_forge(forge, &base, manifest.path()).await?;
        let after = part_from_forge(forge, &open.head, manifest.path()).await?;
        Ok::<bool, Error>(before.zip(after).is_some_and(|(before, after)| before.files != after.files))
    };
    changes.await.unwrap_or(false)
}

/// The open proposal for a branch of the manifest, if there is one.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn on_branch(
    forge: &dyn Forge,
    manifest: &Manifest,
    branch: &str,
) -> Result<Vec<OpenProposal>, Error> {
    let mut open = match former(manifest, branch) {
        None => forge.proposals_of(branch).await?,
        Some(_) => own_proposals(forge, manifest).await?.own,
    };
    open.retain(|open| open.branch == branch);
    Ok(open)
}

/// Whether the manifest at `path`, if that is not the default, is the only one of its repository, as far as its default
/// branch tells.
///
/// # Errors
/// If the forge does not answer.
pub(crate) async fn is_alone(forge: &dyn Forge, path: &str) -> Result<bool, Error> {
    if path == DEFAULT_PATH {
        return Ok(true);
    }
    let head = forge.head().await?;
    Ok(forge.read(&head.commit, DEFAULT_PATH).await?.is_none())
}

/// The same, asked once.
#[derive(Debug, Default)]
pub(crate) struct Alone(OnceCell<bool>);

impl Alone {
    /// # Errors
    /// If the forge does not answer.
    pub(crate) async fn ask(&self, forge: &dyn Forge, manifest: &Manifest) -> Result<bool, Error> {
        self.0.get_or_try_init(|| is_alone(forge, manifest.path())).await.copied()
    }
}
