//! What the forge knows of one approval: the pull request that brought it, its reviews, what its body kept.

use crate::forge::{Forge, MergedPull};
use crate::manifest::{Approval, Image, Manifest};
use crate::plan::reviews::{Opinion, latest};
use crate::proposal::kept::Kept;
use crate::proposal::metadata;

/// What was found out, and what could not be.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub(crate) merged: Option<MergedPull>,
    /// Each person's latest review.
    pub(crate) reviews: Vec<Opinion>,
    pub(crate) then: Option<Kept>,
    pub(crate) unknown: Vec<String>,
}

/// Reads about the pull request that brought an approval.
pub(crate) async fn read_brought(
    forge: Option<&dyn Forge>,
    manifest: &Manifest,
    image: &Image,
    approval: &Approval,
    pull: Option<u64>,
) -> Brought {
    let mut brought = Brought::default();
    let Some(accounts) = forge.and_then(Forge::accounts) else {
        let why = "how it was reviewed, and what was known then: no forge with pull requests was asked".to_owned();
        brought.unknown.push(why);
        return brought;
    };
    let Some(number) = pull else {
        brought.unknown.push("which pull request brought it".to_owned());
        return brought;
    };
    match accounts.reviews(number).await {
        Ok(reviews) => brought.reviews = latest(reviews),
        Err(e) => brought.unknown.push(format!("the reviews of #{number}: {e}")),
    }
    match accounts.merged(number).await {
        Ok(Some(merged)) => {
            brought.then = kept(manifest, image, approval, &merged);
            if brought.then.is_none() {
                brought.unknown.push(format!("what was known when it was proposed: #{number} does not say"));
            }
            brought.merged = Some(merged);
        }
        Ok(None) => brought.unknown.push(format!("when #{number} was merged: GitHub does not say that it was")),
        Err(e) => brought.unknown.push(format!("#{number}: {e}")),
    }
    brought
}

/// What the body of our proposal kept of this approval. A body counts only on a branch of ours.
fn kept(manifest: &Manifest, image: &Image, approval: &Approval, merged: &MergedPull) -> Option<Kept> {
    merged.branch.as_ref().filter(|branch| branch.starts_with(&manifest.prefix()))?;
    let made = metadata::read(&merged.body)?;
    let is_it = |entry: &crate::proposal::Entry| {
        entry.repository == image.repository
            && entry.to.as_ref() == Some(&approval.tag)
            && entry.digest == approval.digest
    };
    let at = made.entries.iter().position(is_it)?;
    made.kept.into_iter().find(|kept| kept.entry == at)
}
