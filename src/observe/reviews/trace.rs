//! What brought approvals: the default branch's own line, followed back until everything that is asked about was not there yet.

use std::collections::{BTreeMap, BTreeSet};

use super::holdings::{FileText, Holdings};
use super::pending::{Introduction, PendingApproval};
use crate::forge::{Accounts, Commit, Error, Version};
use crate::manifest;
use crate::observe::first_parents::FirstParents;
use crate::plan::Key;

/// One following of the line.
pub(super) struct Trace<'a> {
    line: FirstParents<'a>,
    accounts: Option<&'a dyn Accounts>,
    /// The least number of reviews, whatever the manifest says.
    floor: u32,
    open: Vec<Sought<'a>>,
    /// What the version that is looked at next holds.
    holdings: Holdings,
    found: BTreeMap<Key, Introduction>,
}

/// An approval whose introduction is still sought.
struct Sought<'a> {
    approval: &'a PendingApproval,
    /// The place of its file on the line.
    file: usize,
}

impl<'a> Trace<'a> {
    pub(super) fn new(
        line: FirstParents<'a>,
        accounts: Option<&'a dyn Accounts>,
        floor: u32,
        pending: &'a [PendingApproval],
    ) -> Self {
        let file = |path: &String| line.paths().iter().position(|known| known == path).unwrap_or_default();
        let open = pending.iter().map(|approval| Sought { approval, file: file(&approval.path) }).collect();
        Self { line, accounts, floor, open, holdings: Holdings::default(), found: BTreeMap::new() }
    }

    /// What brought each, as far as it is found.
    pub(super) async fn follow(mut self) -> Result<BTreeMap<Key, Introduction>, Error> {
        let mut at = 0;
        while !self.open.is_empty() {
            if at < self.line.comparable() {
                self.step(at).await?;
                at += 1;
            } else if !self.line.extend().await? {
                break;
            }
        }
        Ok(self.found)
    }

    /// Finds what the version at this place brought.
    async fn step(&mut self, at: usize) -> Result<(), Error> {
        let versions = self.line.versions();
        if versions.get(at + 1).is_some_and(|before| before.contents == versions[at].contents) {
            return Ok(());
        }
        let files: BTreeSet<usize> = self.open.iter().map(|sought| sought.file).chain([0]).collect();
        let files: Vec<usize> = files.into_iter().collect();
        let places = (at..versions.len()).map(|version| (version, &files));
        self.line.read(places, 2).await?;
        let (mut now, mut then) = (std::mem::take(&mut self.holdings), Holdings::default());
        let mut brought = Vec::new();
        for (place, sought) in self.open.iter().enumerate() {
            if self.holds(&mut now, at, sought) && !self.holds(&mut then, at + 1, sought) {
                brought.push(place);
            }
        }
        self.holdings = then;
        if brought.is_empty() {
            return Ok(());
        }
        let introduction = self.introduction(at).await?;
        for place in brought.into_iter().rev() {
            let Sought { approval, .. } = self.open.remove(place);
            self.found.insert(approval.key.clone(), introduction.clone());
        }
        Ok(())
    }

    async fn introduction(&self, at: usize) -> Result<Introduction, Error> {
        let asks = |version| self.line.text(version, 0).map_or(0, manifest::approvals_asked);
        let required = self.floor.max(asks(at)).max(asks(at + 1));
        let mut pull = pull(self.line.versions(), at);
        if pull.is_none() && required > 0 {
            pull = self.pull_of_commit(at).await?;
        }
        let Version { commit, date, .. } = &self.line.versions()[at];
        Ok(Introduction { commit: commit.clone(), at: *date, pull, required })
    }

    fn holds(&self, holdings: &mut Holdings, version: usize, sought: &Sought<'_>) -> bool {
        let file = |file| FileText { path: self.line.path(file), text: self.line.text(version, file) };
        let other = (sought.file > 0).then(|| file(sought.file));
        holdings.hold(&sought.approval.subject, file(0), other)
    }

    /// Asks of one commit alone which pull request brought it, where the listing named none: an approval is not refused for what a
    /// listing left out.
    async fn pull_of_commit(&self, at: usize) -> Result<Option<u64>, Error> {
        let Some(accounts) = self.accounts else { return Ok(None) };
        let newer = &self.line.versions()[..=at];
        let merge = accounts.merged_by(&newer[at].commit).await?;
        let on_the_line = |commit: &Commit| newer.iter().any(|version| version.commit == *commit);
        Ok(merge.filter(|merge| merge.commit.as_ref().is_some_and(on_the_line)).map(|merge| merge.number))
    }
}

/// The pull request that brought the version at this place: the one whose merge it is, or, where its commits were put on the
/// branch one by one, whose merge follows on nothing but other commits of it.
fn pull(versions: &[Version], at: usize) -> Option<u64> {
    versions[at].merges.iter().find_map(|merge| {
        let by = merge.commit.as_ref()?;
        let top = versions[..=at].iter().rposition(|version| version.commit == *by)?;
        let of_it = |version: &Version| version.merges.iter().any(|other| other.number == merge.number);
        versions[top..=at].iter().all(of_it).then_some(merge.number)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::forge::Merge;

    fn version(commit: &str, merges: &[(u64, &str)]) -> Version {
        let merge = |(number, by): &(u64, &str)| Merge { number: *number, commit: Some(Commit((*by).to_owned())) };
        let (commit, merges) = (Commit(commit.to_owned()), merges.iter().map(merge).collect());
        Version { commit, date: chrono::DateTime::UNIX_EPOCH, contents: Vec::new(), merges }
    }

    #[test]
    fn a_pull_request_brought_its_merge_and_what_it_rebased_and_nothing_else() {
        let line = [
            version("f", &[(3, "f")]),
            version("e", &[(3, "f"), (1, "old")]),
            version("d", &[]),
            version("c", &[(3, "f")]),
            version("b", &[(2, "b"), (3, "f")]),
            version("a", &[(1, "gone")]),
        ];
        let pulls: Vec<_> = (0..line.len()).map(|at| pull(&line, at)).collect();
        assert_eq!(pulls, [Some(3), Some(3), None, None, Some(2), None]);
    }
}
