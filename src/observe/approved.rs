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
            match kept(manifest, image, approval, &merged) {
                Ok(then) => brought.then = Some(then),
                Err(why) => brought.unknown.push(format!("what was known when it was proposed: #{number} {why}")),
            }
            brought.merged = Some(merged);
        }
        Ok(None) => brought.unknown.push(format!("when #{number} was merged: GitHub does not say that it was")),
        Err(e) => brought.unknown.push(format!("#{number}: {e}")),
    }
    brought
}

/// What the body of our proposal kept of this approval. A body counts only on a branch of ours.
///
/// # Errors
/// Why it kept nothing.
fn kept(manifest: &Manifest, image: &Image, approval: &Approval, merged: &MergedPull) -> Result<Kept, &'static str> {
    let ours = merged.branch.as_ref().is_some_and(|branch| branch.starts_with(&manifest.prefix()));
    let made = Some(&merged.body).filter(|_| ours).and_then(|body| metadata::read(body)).ok_or("does not say")?;
    let is_it = |entry: &crate::proposal::Entry| {
        entry.repository == image.repository
            && entry.to.as_ref() == Some(&approval.tag)
            && entry.digest == approval.digest
    };
    let at = made.entries.iter().position(is_it).ok_or("does not say")?;
    let why = if made.kept.is_empty() { "does not say" } else { "had no room for it beside so many changes" };
    made.kept.into_iter().find(|kept| kept.entry == at).ok_or(why)
}
