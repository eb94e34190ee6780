//! Who approved what an open proposal holds.

use crate::forge::{Error, OpenProposal, Reviews};
use crate::plan::reviews::{Objection, Opinion, Review, latest};

/// Who approved exactly the head of an open proposal: a person who may write, whose latest review says so.
pub(in crate::observe) async fn approver(reviews: &dyn Reviews, open: &OpenProposal) -> Result<Option<String>, Error> {
    let Some(number) = open.number else { return Ok(None) };
    for Opinion { review, objection } in latest(reviews.reviews(number).await?) {
        let approves = objection.is_none() && review.commit.as_ref() == Some(&open.head.0);
        if approves && may_not_write(reviews, &review).await?.is_none() {
            return Ok(Some(review.login));
        }
    }
    Ok(None)
}

pub(super) async fn may_not_write(reviews: &dyn Reviews, review: &Review) -> Result<Option<Objection>, Error> {
    Ok((!reviews.may_write(&review.login).await?).then_some(Objection::MayNotWrite))
}
