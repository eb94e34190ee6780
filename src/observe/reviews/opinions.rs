//! Who approved what pull requests brought: of all of them together.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Brought, Holdings};
use crate::forge::{Commit, Error, Forge, Review, Reviewed, Social, Verdict};
use crate::plan::Key;
use crate::plan::reviews::{self, Objection, Say};

/// Of each approval that a pull request brought, each person's latest review of that and what speaks against it. What needs no
/// question is looked at first; whether an account may write is asked last and once.
pub(super) async fn opinions(
    forge: &dyn Forge,
    social: &dyn Social,
    main: &str,
    to_ask: &[(&Asked, &Brought)],
) -> Result<BTreeMap<Key, Vec<(String, Option<Objection>)>>, Error> {
    let numbers: BTreeSet<u64> = to_ask.iter().filter_map(|(_, brought)| brought.pull).collect();
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = social.reviewed(&numbers).await?;
    let mut given: Vec<(&Asked, reviews::Review, Option<Objection>)> = Vec::new();
    for (asked, brought) in to_ask {
        let Some(Reviewed { reviews, writers }) = brought.pull.and_then(|number| known.get(&number)) else { continue };
        for review in reviews::latest(reviews.iter().cloned().filter_map(review).collect()) {
            let objection = Objection::at_sight(&review).or_else(|| wrote(&review, writers.as_ref()));
            given.push((asked, review, objection));
        }
    }
    let held = held(forge, main, &given).await?;
    let mut opinions: BTreeMap<Key, Vec<(String, Option<Objection>)>> = BTreeMap::new();
    for ((asked, review, objection), held) in given.into_iter().zip(held) {
        let objection = match objection {
            Some(objection) => Some(objection),
            None if !held => Some(Objection::OtherBytes),
            None if social.may_write(&review.login).await? => None,
            None => Some(Objection::MayNotWrite),
        };
        opinions.entry(asked.key.clone()).or_default().push((review.login, objection));
    }
    Ok(opinions)
}

fn wrote(review: &reviews::Review, writers: Option<&BTreeSet<String>>) -> Option<Objection> {
    match writers {
        None => Some(Objection::WritersUnknown),
        Some(writers) => writers.contains(&review.login.to_lowercase()).then_some(Objection::Wrote),
    }
}

/// Whether the commit of each review held what was approved with it; not asked where something speaks against it already.
async fn held(
    forge: &dyn Forge,
    main: &str,
    given: &[(&Asked, reviews::Review, Option<Objection>)],
) -> Result<Vec<bool>, Error> {
    let counts = given.iter().filter(|(_, _, objection)| objection.is_none());
    let files: BTreeSet<(Commit, String)> = counts
        .filter_map(|(asked, review, _)| Some((asked, Commit(review.commit.clone()?))))
        .flat_map(|(asked, at)| [(at.clone(), main.to_owned()), (at, asked.path.clone())])
        .collect();
    let files: Vec<(Commit, String)> = files.into_iter().collect();
    let texts: BTreeMap<&(Commit, String), Option<String>> = files.iter().zip(forge.read_all(&files).await?).collect();
    let mut holdings = Holdings::default();
    let mut held = |asked: &Asked, at: &Commit| {
        let text = |path: &str| texts.get(&(at.clone(), path.to_owned())).and_then(Option::as_deref);
        let other = (asked.path != main).then(|| (asked.path.as_str(), text(&asked.path)));
        holdings.hold(&asked.subject, (main, text(main)), other)
    };
    let is_held = |(asked, review, _): &(&Asked, reviews::Review, Option<Objection>)| {
        review.commit.as_ref().is_some_and(|commit| held(asked, &Commit(commit.clone())))
    };
    Ok(given.iter().map(is_held).collect())
}

/// A remark is no review here.
fn review(review: Review) -> Option<reviews::Review> {
    let Review { login, person, verdict, commit } = review;
    let say = match verdict {
        Verdict::Approved => Say::Approved,
        Verdict::ChangesRequested => Say::ChangesRequested,
        Verdict::Dismissed => Say::Dismissed,
        Verdict::Commented => return None,
    };
    Some(reviews::Review { login, person, say, commit: commit.map(|commit| commit.0) })
}
