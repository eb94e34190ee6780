//! How merged pull requests were reviewed, and which part of the manifest was checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::opinions::may_not_write;
use super::states::{Files, States};
use super::writers::WriterReader;
use crate::forge::{Accounts, Commit, Contents, Error, Reviewed};
use crate::plan::binding::{Pull, Pulls, State};
use crate::plan::reviews::{Opinion, Writers, latest};

/// Reads how pull requests were reviewed.
pub(super) struct PullReader<'a> {
    pub(super) contents: &'a dyn Contents,
    /// `None` on a forge without reviews.
    pub(super) accounts: Option<&'a dyn Accounts>,
    /// The commits that our own account pushed as heads of recording pull requests, by pull request number.
    pub(super) records: &'a BTreeMap<u64, Commit>,
    pub(super) files: &'a Files,
}

impl PullReader<'_> {
    /// What needs no request is checked first; whether an account may write is asked last and once.
    pub(super) async fn read(&self, numbers: &BTreeSet<u64>) -> Result<Pulls, Error> {
        let Some(accounts) = self.accounts else { return Ok(Pulls::new()) };
        let known = accounts.reviewed(numbers).await?;
        let paths: Vec<String> = self.files.paths().cloned().collect();
        let writers = WriterReader { contents: self.contents, accounts, paths: &paths };
        let mut opinions: BTreeMap<u64, Vec<Opinion>> = BTreeMap::new();
        for number in numbers {
            let given = match known.get(number) {
                Some(reviewed) => with_writers(reviewed, &writers.writers(&reviewed.authorship).await?),
                None => Vec::new(),
            };
            opinions.insert(*number, given);
        }
        let commits: BTreeSet<Commit> = opinions.values().flatten().filter_map(looked_at).collect();
        let records = numbers.iter().filter_map(|number| self.records.get(number).cloned());
        let states = self.states(commits.into_iter().chain(records).collect()).await?;
        let mut pulls = Pulls::new();
        for (number, opinions) in opinions {
            let mut given = Vec::new();
            for mut opinion in opinions {
                let state = looked_at(&opinion).and_then(|commit| states.get(&commit).cloned());
                if opinion.objection.is_none() {
                    opinion.objection = may_not_write(accounts, &opinion.review).await?;
                }
                given.push((opinion, state));
            }
            let record = self.records.get(&number).and_then(|commit| states.get(commit).cloned());
            pulls.insert(number, Pull { reviews: given, record });
        }
        Ok(pulls)
    }

    /// The states of the manifest at these commits.
    async fn states(&self, commits: BTreeSet<Commit>) -> Result<BTreeMap<Commit, Arc<State>>, Error> {
        let place = |commit: &Commit| self.files.paths().map(|path| (commit.clone(), path.clone())).collect::<Vec<_>>();
        let places: Vec<(Commit, String)> = commits.iter().flat_map(place).collect();
        let texts: BTreeMap<&(Commit, String), Option<String>> =
            places.iter().zip(self.contents.read_all(&places).await?).collect();
        let mut states = States::default();
        let state = |commit: Commit| {
            let text = |path: &str| texts.get(&(commit.clone(), path.to_owned()))?.clone();
            let state = states.state(self.files, &text);
            (commit, state)
        };
        Ok(commits.into_iter().map(state).collect())
    }
}

/// Each person's latest review, with the objections to it so far.
fn with_writers(reviewed: &Reviewed, writers: &Writers) -> Vec<Opinion> {
    let mut opinions = latest(reviewed.reviews.iter().cloned());
    for opinion in &mut opinions {
        opinion.objection = opinion.objection.take().or_else(|| writers.objection(&opinion.review.login));
    }
    opinions
}

/// The commit of a review that may count.
fn looked_at(opinion: &Opinion) -> Option<Commit> {
    opinion.review.commit.clone().filter(|_| opinion.objection.is_none()).map(Commit)
}
