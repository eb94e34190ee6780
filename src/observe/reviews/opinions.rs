//! Who approved what an open proposal holds.

use crate::forge::{Commit, Error, Forge, OpenProposal, Reviews};
use crate::observe::manifest::part_from_forge;
use crate::plan::reviews::{Objection, Opinion, Review, latest};
use crate::proposal::anew::hold_the_same;
use crate::proposal::metadata;

/// Who approved what an open proposal holds: a person who may write, and whose latest review approves and was about
/// this head, or about a former one with the same changes, as when the branch was recreated. `path` is the manifest's;
/// without it only this head counts.
pub(in crate::observe) async fn approver(
    forge: &dyn Forge,
    path: Option<&str>,
    open: &OpenProposal,
) -> Result<Option<String>, Error> {
    let (Some(reviews), Some(number)) = (forge.accounts(), open.number) else { return Ok(None) };
    for Opinion { review, objection } in latest(reviews.reviews(number).await?) {
        let Some(commit) = review.commit.clone().filter(|_| objection.is_none()).map(Commit) else { continue };
        let approves = commit == open.head || held_at(forge, path, open, &commit).await?;
        if approves && may_not_write(reviews, &review).await?.is_none() {
            return Ok(Some(review.login));
        }
    }
    Ok(None)
}

/// Whether a former head of a proposal held the same changes.
async fn held_at(forge: &dyn Forge, path: Option<&str>, open: &OpenProposal, at: &Commit) -> Result<bool, Error> {
    let (Some(path), Some(made)) = (path, metadata::read(&open.body)) else { return Ok(false) };
    let now = part_from_forge(forge, &open.head, path).await?;
    let then = part_from_forge(forge, at, path).await?;
    Ok(now.zip(then).is_some_and(|(now, then)| hold_the_same(&made, &now, &then)))
}

pub(super) async fn may_not_write(reviews: &dyn Reviews, review: &Review) -> Result<Option<Objection>, Error> {
    Ok((!reviews.may_write(&review.login).await?).then_some(Objection::MayNotWrite))
}
