//! Who approved what pull requests brought: of all of them together.

use std::collections::{BTreeMap, BTreeSet};

use super::holdings::{FileText, Holdings};
use super::pending::{Introduced, PendingApproval};
use super::writers::WriterReader;
use crate::forge::{Accounts, Commit, Contents, Error, OpenProposal, Reviews};
use crate::plan::Key;
use crate::plan::reviews::{Objection, Opinion, Review, latest};

/// A review of the pull request that brought an approval.
struct Given<'a> {
    approval: &'a PendingApproval,
    opinion: Opinion,
}

/// Of each approval that a pull request brought, each person's latest review of that and what speaks against it. What needs no
/// question is looked at first; whether an account may write is asked last and once.
pub(super) async fn opinions(
    contents: &dyn Contents,
    reviews: &dyn Accounts,
    main: &str,
    to_review: &[Introduced<'_>],
) -> Result<BTreeMap<Key, Vec<Opinion>>, Error> {
    let numbers: BTreeSet<u64> = to_review.iter().filter_map(|introduced| introduced.by.pull).collect();
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = reviews.reviewed(&numbers).await?;
    let mut given = Vec::new();
    for Introduced { approval, by } in to_review {
        let Some(reviewed) = by.pull.and_then(|number| known.get(&number)) else { continue };
        let files: BTreeSet<&str> = [main, approval.path.as_str()].into();
        let paths: Vec<String> = files.into_iter().map(str::to_owned).collect();
        let reader = WriterReader { contents, accounts: reviews, paths: &paths };
        let writers = reader.writers(&reviewed.authorship).await?;
        for mut opinion in latest(reviewed.reviews.iter().cloned()) {
            opinion.objection = opinion.objection.or_else(|| writers.objection(&opinion.review.login));
            given.push(Given { approval, opinion });
        }
    }
    let held = held(contents, main, &given).await?;
    let mut opinions: BTreeMap<Key, Vec<Opinion>> = BTreeMap::new();
    for (Given { approval, mut opinion }, held) in given.into_iter().zip(held) {
        opinion.objection = match opinion.objection {
            Some(objection) => Some(objection),
            None if !held => Some(Objection::OtherBytes),
            None => may_not_write(reviews, &opinion.review).await?,
        };
        opinions.entry(approval.key.clone()).or_default().push(opinion);
    }
    Ok(opinions)
}

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

async fn may_not_write(reviews: &dyn Reviews, review: &Review) -> Result<Option<Objection>, Error> {
    Ok((!reviews.may_write(&review.login).await?).then_some(Objection::MayNotWrite))
}

/// Whether the commit of each review held what was approved with it; not asked where something speaks against it already.
async fn held(contents: &dyn Contents, main: &str, given: &[Given<'_>]) -> Result<Vec<bool>, Error> {
    let counts = given.iter().filter(|given| given.opinion.objection.is_none());
    let files: BTreeSet<(Commit, String)> = counts
        .filter_map(|given| Some((given.approval, Commit(given.opinion.review.commit.clone()?))))
        .flat_map(|(approval, at)| [(at.clone(), main.to_owned()), (at, approval.path.clone())])
        .collect();
    let files: Vec<(Commit, String)> = files.into_iter().collect();
    let texts: BTreeMap<&(Commit, String), Option<String>> =
        files.iter().zip(contents.read_all(&files).await?).collect();
    let mut holdings = Holdings::default();
    let mut held = |approval: &PendingApproval, at: &Commit| {
        let file = |path| {
            let text = texts.get(&(at.clone(), String::from(path))).and_then(Option::as_deref);
            FileText { path, text }
        };
        let other = (approval.path != main).then(|| file(&approval.path));
        holdings.hold(&approval.subject, file(main), other)
    };
    let is_held = |Given { approval, opinion }: &Given<'_>| {
        opinion.review.commit.as_ref().is_some_and(|commit| held(approval, &Commit(commit.clone())))
    };
    Ok(given.iter().map(is_held).collect())
}
