//! The default branch's own line, followed back until everything that is asked about was not there yet.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asked, Brought, Holdings};
use crate::forge::{Commit, Error, Forge, Version};
use crate::manifest;
use crate::plan::Key;

/// How many pieces of the line are looked at; on GitHub a piece is at most a hundred commits.
const PIECES: usize = 20;
/// How many texts are read together: few at first, because most that is asked about came with the newest change.
const FIRST: usize = 4;
/// The same from then on.
const THEN: usize = 20;

/// One following of the line, with a main file and a few others.
pub(super) struct Trace<'a> {
    forge: &'a dyn Forge,
    /// The main file first.
    paths: Vec<String>,
    floor: u32,
    /// What is still sought, with the place of its file in `paths`.
    open: Vec<(&'a Asked, usize)>,
    versions: Vec<Version>,
    /// Texts by content.
    texts: BTreeMap<String, String>,
    batch: usize,
    /// What the version that is looked at next holds.
    holdings: Holdings,
    found: BTreeMap<Key, Brought>,
}

impl<'a> Trace<'a> {
    pub(super) fn new(forge: &'a dyn Forge, paths: Vec<String>, floor: u32, asked: &[&'a Asked]) -> Self {
        let place = |asked: &Asked| paths.iter().position(|path| *path == asked.path).unwrap_or_default();
        let open = asked.iter().map(|asked| (*asked, place(asked))).collect();
        let (versions, texts, found) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { forge, paths, floor, open, versions, texts, batch: FIRST, holdings: Holdings::default(), found }
    }

    /// What brought each, as far as it is found.
    pub(super) async fn follow(mut self, head: &Commit) -> Result<BTreeMap<Key, Brought>, Error> {
        let (mut next, mut at) = (Some(head.clone()), 0);
        for _ in 0..PIECES {
            let Some(from) = next else { break };
            let line = self.forge.line(&from, &self.paths).await?;
            self.versions.extend(line.versions);
            next = line.rest;
            // of the last one it is known what stood before only where nothing did
            while at + usize::from(next.is_some()) < self.versions.len() && !self.open.is_empty() {
                self.step(at).await?;
                at += 1;
            }
            if self.open.is_empty() {
                break;
            }
        }
        Ok(self.found)
    }

    /// Finds what the version at this place brought.
    async fn step(&mut self, at: usize) -> Result<(), Error> {
        let before = self.versions.get(at + 1);
        if before.is_some_and(|before| before.contents == self.versions[at].contents) {
            return Ok(());
        }
        self.read_ahead(at).await?;
        let (mut now, mut then) = (std::mem::take(&mut self.holdings), Holdings::default());
        let (version, before) = (&self.versions[at], self.versions.get(at + 1));
        let mut brought = Vec::new();
        for (place, (asked, file)) in self.open.iter().enumerate() {
            let held = self.holds(&mut now, version, asked, *file);
            if held && !before.is_some_and(|before| self.holds(&mut then, before, asked, *file)) {
                brought.push(place);
            }
        }
        if brought.is_empty() {
            self.holdings = then;
            return Ok(());
        }
        let asks = |version: &Version| self.text(version, 0).map_or(0, manifest::approvals_asked);
        let asked = self.floor.max(asks(version)).max(before.map_or(0, asks));
        let mut brought_by =
            Brought { commit: version.commit.clone(), at: version.date, pull: pull(&self.versions, at), asked };
        if brought_by.pull.is_none() && asked > 0 {
            brought_by.pull = self.asked_again(at).await?;
        }
        self.holdings = then;
        for place in brought.into_iter().rev() {
            let (asked, _) = self.open.remove(place);
            self.found.insert(asked.key.clone(), brought_by.clone());
        }
        Ok(())
    }

    fn holds(&self, holdings: &mut Holdings, version: &Version, asked: &Asked, file: usize) -> bool {
        let text = |file: usize| (self.paths[file].as_str(), self.text(version, file));
        holdings.hold(&asked.subject, text(0), (file > 0).then(|| text(file)))
    }

    fn text(&self, version: &Version, file: usize) -> Option<&str> {
        self.texts.get(version.contents.get(file)?.as_ref()?).map(String::as_str)
    }

    /// Sees to it that the texts of a version and of the one before it are there; with them the next that will be needed.
    async fn read_ahead(&mut self, at: usize) -> Result<(), Error> {
        let files: BTreeSet<usize> = self.open.iter().map(|(_, file)| *file).chain([0]).collect();
        let mut lacking: Vec<(String, (Commit, String))> = Vec::new();
        for (step, version) in self.versions[at..].iter().enumerate() {
            if step > 1 && (lacking.is_empty() || lacking.len() >= self.batch) {
                break;
            }
            for file in &files {
                let Some(content) = version.contents.get(*file).cloned().flatten() else { continue };
                if !self.texts.contains_key(&content) && lacking.iter().all(|(known, _)| *known != content) {
                    lacking.push((content, (version.commit.clone(), self.paths[*file].clone())));
                }
            }
        }
        if lacking.is_empty() {
            return Ok(());
        }
        let near: BTreeSet<&String> =
            self.versions[at..].iter().take(2).flat_map(|version| version.contents.iter().flatten()).collect();
        self.texts.retain(|content, _| near.contains(content));
        let (contents, places): (Vec<String>, Vec<(Commit, String)>) = lacking.into_iter().unzip();
        let texts = self.forge.read_all(&places).await?;
        self.texts.extend(contents.into_iter().zip(texts).filter_map(|(content, text)| Some((content, text?))));
        self.batch = THEN;
        Ok(())
    }

    /// Asks of one commit alone which pull request brought it, where the listing named none: nobody is to be refused for what
    /// a listing left out.
    async fn asked_again(&self, at: usize) -> Result<Option<u64>, Error> {
        let Some(accounts) = self.forge.accounts() else { return Ok(None) };
        let merge = accounts.merged_by(&self.versions[at].commit).await?;
        let on_the_line = |commit: &Commit| self.versions[..=at].iter().any(|version| version.commit == *commit);
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
