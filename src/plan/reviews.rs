//! Reviews: whether enough people approved what is still to be promoted. Pure; the facts are observed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

/// The current verdict of a review that is more than a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Approved,
    ChangesRequested,
    /// It was withdrawn or dismissed, by anyone.
    Dismissed,
}

/// A person's review of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub login: String,
    /// Whether the account is a person's, and not an App's.
    pub person: bool,
    pub verdict: Verdict,
    /// The commit that was checked; `None` if the forge no longer says.
    pub commit: Option<String>,
    /// When it was given; `None` if the forge does not say.
    pub at: Option<DateTime<Utc>>,
}

/// A person's latest review, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) review: Review,
    /// Why it does not count; `None` if it does.
    pub(crate) objection: Option<Objection>,
}

impl Opinion {
    /// Objections that a review alone gives rise to.
    fn at_sight(review: Review) -> Self {
        let objection = match review.verdict {
            _ if !review.person => Some(Objection::NoPerson),
            Verdict::Approved => None,
            Verdict::ChangesRequested => Some(Objection::ChangesRequested),
            Verdict::Dismissed => Some(Objection::Dismissed),
        };
        Self { review, objection }
    }
}

/// Each person's latest review, given reviews oldest first, with the objections that it alone gives rise to. Like
/// GitHub, compares logins regardless of case.
pub(crate) fn latest(reviews: impl IntoIterator<Item = Review>) -> Vec<Opinion> {
    let by_login: BTreeMap<String, Review> =
        reviews.into_iter().map(|review| (review.login.to_lowercase(), review)).collect();
    by_login.into_values().map(Opinion::at_sight).collect()
}

/// Who wrote a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Writers {
    /// Accounts, in lower case.
    pub(crate) known: BTreeSet<String>,
    /// The first thing that could not be determined.
    pub(crate) unknown: Option<UnknownWriter>,
}

/// A commit whose author is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownWriter {
    /// The commit; `None` if the commits are unknown.
    pub(crate) commit: Option<String>,
    /// Why, and how to make it known.
    pub(crate) why: String,
}

impl std::fmt::Display for UnknownWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let commit = self.commit.as_deref().map_or("all its commits", |commit| commit.get(..12).unwrap_or(commit));
        write!(f, "it is unknown who wrote {commit}: {}", self.why)
    }
}

impl Writers {
    /// The objection to a review by this account.
    pub(crate) fn objection(&self, login: &str) -> Option<Objection> {
        let wrote = self.known.contains(&login.to_lowercase()).then_some(Objection::Wrote);
        wrote.or_else(|| self.unknown.clone().map(Objection::WritersUnknown))
    }
}

/// Why a review does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Objection {
    /// The account is an App's.
    NoPerson,
    /// The person's latest review asks for changes.
    ChangesRequested,
    Dismissed,
    /// The person wrote a commit of the pull request.
    Wrote,
    /// It is unknown who wrote every commit of the pull request.
    WritersUnknown(UnknownWriter),
    /// The account may not write to the repository.
    MayNotWrite,
    /// The manifest at the reviewed commit had another value.
    Other,
}

impl Objection {
    /// What is said about the reviewer; `None` if the reviewer is not at fault.
    const fn as_str(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoPerson => "is not a person",
            Self::ChangesRequested => "requested changes",
            Self::Dismissed => "was dismissed",
            Self::Wrote => "wrote a commit of it",
            Self::WritersUnknown(_) => return None,
            Self::MayNotWrite => "has no write access here",
            Self::Other => "reviewed a commit that did not say exactly this",
        })
    }
}

/// How an approval came to the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// By a merged pull request, with each person's latest review and any objection to it.
    Pull(u64, Vec<Opinion>),
    /// By a commit that did not come from a merged pull request.
    Pushed(String),
    /// It is unknown, for this reason.
    Unknown(&'static str),
}

/// Why an approval that requires `asked` reviews may not be promoted, in words; `None` if it may.
pub(crate) fn unreviewed(asked: u32, origin: &Origin) -> Option<String> {
    if asked == 0 {
        return None;
    }
    let asks = format!("{asked} approving {} required", if asked == 1 { "review is" } else { "reviews are" });
    let (number, opinions) = match origin {
        Origin::Pull(number, opinions) => (number, opinions),
        Origin::Pushed(commit) => {
            let commit = commit.get(..12).unwrap_or(commit);
            return Some(format!(
                "{asks}, and it came in with {commit}, not by a merged pull request; the next reviewed pull request \
                 covers everything in the manifest at that point"
            ));
        }
        Origin::Unknown(why) => return Some(format!("{asks}, and {why}")),
    };
    let counts = |opinion: &&Opinion| opinion.objection.is_none();
    let counted: Vec<&str> = opinions.iter().filter(counts).map(|opinion| opinion.review.login.as_str()).collect();
    let missing = usize::try_from(asked).unwrap_or(usize::MAX).saturating_sub(counted.len());
    if missing == 0 {
        return None;
    }
    let who =
        if counted.is_empty() { "no review counts".to_owned() } else { format!("only {} counted", counted.join(", ")) };
    let against: Vec<String> = opinions
        .iter()
        .filter_map(|o| Some(format!("{} {}", o.review.login, o.objection.as_ref()?.as_str()?)))
        .collect();
    let not = if against.is_empty() { String::new() } else { format!(" ({})", against.join("; ")) };
    let untold = opinions.iter().find_map(|opinion| match &opinion.objection {
        Some(Objection::WritersUnknown(unknown)) => Some(unknown),
        _ => None,
    });
    if let Some(untold) = untold {
        return Some(format!("{asks}, and for #{number} {who}{not}: {untold}"));
    }
    Some(format!(
        "{asks}, and for #{number} {who}{not}: {missing} more needed from people with write access who wrote none of its commits"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn review(login: &str, verdict: Verdict) -> Review {
        Review { login: login.to_owned(), person: !login.ends_with("[bot]"), verdict, commit: None, at: None }
    }

    #[test]
    fn the_latest_review_of_each_person_is_the_one() {
        let all = vec![
            review("Mona", Verdict::Approved),
            review("hubot", Verdict::ChangesRequested),
            review("mona", Verdict::ChangesRequested),
            review("hubot", Verdict::Approved),
        ];
        let latest: Vec<_> = latest(all).into_iter().map(|o| (o.review.login, o.review.verdict)).collect();
        assert_eq!(latest, [("hubot".to_owned(), Verdict::Approved), ("mona".to_owned(), Verdict::ChangesRequested)]);
    }

    #[test]
    fn what_speaks_against_a_review_at_sight() {
        let sight = |login, say| Opinion::at_sight(review(login, say)).objection;
        assert_eq!(sight("mona", Verdict::Approved), None);
        assert_eq!(sight("mona", Verdict::Dismissed), Some(Objection::Dismissed));
        assert_eq!(sight("mona", Verdict::ChangesRequested), Some(Objection::ChangesRequested));
        assert_eq!(sight("robot[bot]", Verdict::Approved), Some(Objection::NoPerson));
    }

    #[test]
    fn what_is_missing_is_said() {
        let pull = |opinions: &[(&str, Option<Objection>)]| {
            let opinion = |(login, objection): &(&str, Option<Objection>)| Opinion {
                review: review(login, Verdict::Approved),
                objection: objection.clone(),
            };
            Origin::Pull(41, opinions.iter().map(opinion).collect())
        };
        assert_eq!(unreviewed(0, &Origin::Pushed("c0ffee".to_owned())), None);
        assert_eq!(unreviewed(1, &pull(&[("mona", None)])), None);
        let mixed =
            pull(&[("mona", None), ("hubot", Some(Objection::Wrote)), ("reader", Some(Objection::MayNotWrite))]);
        assert_eq!(unreviewed(1, &mixed), None);
        insta::assert_snapshot!(unreviewed(2, &mixed).unwrap(), @"2 approving reviews are required, and for #41 only mona counted (hubot wrote a commit of it; reader has no write access here): 1 more needed from people with write access who wrote none of its commits");
        let why = "GitHub does not say who pushed it: have it pushed anew".to_owned();
        let unknown = UnknownWriter { commit: Some("0123456789abcdef".to_owned()), why };
        let untold = Writers { known: ["hubot".to_owned()].into(), unknown: Some(unknown) };
        let all = pull(&[("mona", untold.objection("Mona")), ("Hubot", untold.objection("Hubot"))]);
        insta::assert_snapshot!(unreviewed(1, &all).unwrap(), @"1 approving review is required, and for #41 no review counts (Hubot wrote a commit of it): it is unknown who wrote 0123456789ab: GitHub does not say who pushed it: have it pushed anew");
        insta::assert_snapshot!(unreviewed(1, &pull(&[])).unwrap(), @"1 approving review is required, and for #41 no review counts: 1 more needed from people with write access who wrote none of its commits");
        insta::assert_snapshot!(unreviewed(1, &Origin::Pushed("0123456789abcdef".to_owned())).unwrap(), @"1 approving review is required, and it came in with 0123456789ab, not by a merged pull request; the next reviewed pull request covers everything in the manifest at that point");
        insta::assert_snapshot!(unreviewed(1, &Origin::Unknown("this forge has none")).unwrap(), @"1 approving review is required, and this forge has none");
    }
}
