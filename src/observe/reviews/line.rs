//! The states in the default branch's first-parent history: from the head back to the beginning, or to a commit up to
//! which a record of ours says that everything was reviewed.

use std::collections::{BTreeMap, BTreeSet};

use super::ours::{Detour, End, Ours, Way};
use super::reader::ReviewReader;
use super::states::{Files, States};
use crate::forge::{Accounts, Commit, Contents, Error, Forge, Head, Version};
use crate::manifest::{self, Manifest};
use crate::observe::first_parents::FirstParents;
use crate::plan::binding::{Base, By, Line, Step};
use crate::plan::{Key, binding};
use crate::proposal::own::former;
use crate::proposal::{branch, record};

/// How many pieces of the history are read if the head requires no reviews; a piece is at most a hundred commits on
/// GitHub.
const UNASKED: usize = 2;
/// How many of the branch's former heads are checked if the history is longer.
const HEADS: usize = 40;
/// How many states are read.
const STATES: usize = 400;
/// How often the history may bypass what the branch pointed to before.
const DETOURS: usize = 20;

/// The history as it was read.
pub(super) struct ReadLine {
    pub(super) line: Line,
    /// Steps before it, to find what brought approvals.
    pub(super) older: Vec<Step>,
    /// The commits that our own account pushed as heads of recording pull requests, by pull request number.
    pub(super) records: BTreeMap<u64, Commit>,
}

/// Reads the history that leads to the head.
pub(super) async fn read_line(
    forge: &dyn Forge,
    reader: &ReviewReader<'_>,
    manifest: &Manifest,
    files: &Files,
    head: &Head,
) -> Result<ReadLine, Error> {
    let asks = reader.floor > 0 || manifest.policy.approvals > 0;
    let own = branch::record(&manifest.prefix());
    let record_branches: Vec<String> = former(manifest, &own).into_iter().chain([own]).collect();
    let pending: BTreeSet<Key> = manifest
        .approvals()
        .filter(|(_, approval)| approval.mirrored.is_none())
        .map(|(image, approval)| Key::of(image, approval))
        .collect();
    let (mut from, mut before, mut records) = (head.commit.clone(), Vec::new(), BTreeMap::new());
    for detours in 0.. {
        let mut walk = Walk {
            contents: forge,
            line: FirstParents::new(forge, &from, reader.path, files.paths().map(String::as_str))
                .with_keys(files.keys()),
            ours: Ours::read(forge.accounts(), &head.branch, reader.made).await?,
            accounts: forge.accounts(),
            record_branches: &record_branches,
            floor: reader.floor,
            files,
            records: BTreeMap::new(),
            asked_before: None,
        };
        let end = match walk.reach(asks).await {
            // What the branch pointed to before is gone: nothing is known about it.
            Err(Error::Unusable(_)) if detours > 0 => {
                let line = Line { steps: before, base: Base::Cut, asked_before: 0 };
                return Ok(ReadLine { line, older: Vec::new(), records });
            }
            end => end?,
        };
        let (mut end, detour) = walk.checked(end, &head.branch, asks, detours == 0).await?;
        if detours == DETOURS {
            end.base = Base::Cut;
        }
        let detour = detour.filter(|_| detours < DETOURS);
        let asks = asks || detours > 0 || detour.is_some();
        let mut read = walk.states(end, asks, &pending).await?;
        if let (Some(_), Some(last)) = (&detour, read.line.steps.last_mut()) {
            // Everything that it put in place of what was there is one step, and no pull request's.
            last.by = By::Detour;
        }
        before.append(&mut read.line.steps);
        records.append(&mut read.records);
        let Some(detour) = detour else {
            return Ok(ReadLine { line: Line { steps: before, ..read.line }, records, ..read });
        };
        from = detour.before;
    }
    Err(Error::Unusable("the default branch has no history".to_owned()))
}

struct Walk<'a> {
    contents: &'a dyn Contents,
    line: FirstParents<'a>,
    ours: Ours,
    accounts: Option<&'a dyn Accounts>,
    record_branches: &'a [String],
    floor: u32,
    files: &'a Files,
    records: BTreeMap<u64, Commit>,
    /// What [`Self::asked_before`] found.
    asked_before: Option<u32>,
}

impl Walk<'_> {
    /// The end of the history, checked against how the branch moved: it may bypass something the branch went through.
    /// If movements do not reach back far enough, older commits are not known to have been there.
    async fn checked(
        &mut self,
        end: End,
        branch: &str,
        asks: bool,
        reads_on: bool,
    ) -> Result<(End, Option<Detour>), Error> {
        let Some(accounts) = self.accounts else { return Ok((end, None)) };
        let mut way = self.ours.way(self.line.versions(), &end);
        // If reviews were never required, there was nothing to bypass.
        if !asks && !matches!(way, Way::Line) && self.asked_before().await? == 0 {
            return Ok((end, None));
        }
        if matches!(way, Way::Untold) && reads_on {
            self.ours.read_on(accounts, branch).await?;
            way = self.ours.way(self.line.versions(), &end);
        }
        Ok(match way {
            Way::Line => (end, None),
            // A record of ours is in the history: nobody else could have put it there.
            Way::Untold if end.base == Base::Settled => (end, None),
            Way::Untold => (End { base: Base::Cut, ..end }, None),
            Way::Left(detour) => (End { at: detour.at, base: Base::Cut, kept: true }, Some(detour)),
        })
    }

    /// Reads the history to its end: a commit that a record of ours names, the very first one, or the reading limit.
    async fn reach(&mut self, asks: bool) -> Result<End, Error> {
        let (mut looked, mut pieces, mut named): (usize, usize, Option<Commit>) = (0, 0, None);
        while (asks || pieces < UNASKED) && self.line.extend().await? {
            pieces += 1;
            if let Some(accounts) = self.accounts {
                self.ours.learn(accounts, self.line.versions()).await?;
            }
            while named.is_none() && looked < self.line.versions().len() {
                named = self.settled_by(looked).await?;
                looked += 1;
            }
            let place = |commit: &Commit| self.line.versions().iter().position(|version| version.commit == *commit);
            match named.as_ref().map(place) {
                Some(Some(at)) => return Ok(End { at, base: Base::Settled, kept: true }),
                // It is not in the history, or further back.
                Some(None) if self.line.is_whole() => named = None,
                _ => {}
            }
        }
        let at = self.line.versions().len().saturating_sub(1);
        let base = if self.line.is_whole() { Base::Beginning } else { Base::Cut };
        Ok(End { at, base, kept: false })
    }

    /// The commit named by a record of ours, if this version is one.
    async fn settled_by(&mut self, at: usize) -> Result<Option<Commit>, Error> {
        let version = &self.line.versions()[at];
        if self.ours.made(version) {
            return Ok(named(version, self.floor));
        }
        // For a recording pull request, its head counts, never the message of its merge.
        let heads = version.merges.iter().filter_map(|merge| Some((merge.number, merge.head.clone()?)));
        let record = heads.into_iter().find(|(_, head)| self.record_branches.contains(&head.branch));
        let (Some((number, head)), Some(accounts)) = (record, self.accounts) else { return Ok(None) };
        if self.records.contains_key(&number) || !self.ours.pushed(accounts, &head).await? {
            return Ok(None);
        }
        self.records.insert(number, head.commit.clone());
        let pushed = self.contents.line(&head.commit, self.line.paths()).await?;
        Ok(pushed.versions.first().and_then(|pushed| named(pushed, self.floor)))
    }

    /// The states of the history. If reviews were never required, only those are read that tell what brought the
    /// pending approvals.
    async fn states(mut self, end: End, asks: bool, pending: &BTreeSet<Key>) -> Result<ReadLine, Error> {
        let asked_before = if asks || end.base != Base::Cut { 0 } else { self.asked_before().await? };
        let asked = asks || asked_before > 0 || self.ever_asked(&end).await?;
        let mut states = States::default();
        let mut open = pending.clone();
        let (mut steps, mut older): (Vec<Step>, Vec<Step>) = (Vec::new(), Vec::new());
        let mut base = end.base;
        for at in 0..self.line.versions().len() {
            let changes =
                self.line.versions().get(at + 1).is_none_or(|next| next.contents != self.line.versions()[at].contents);
            let within = at <= end.at && asked;
            if !within && open.is_empty() && !steps.is_empty() {
                break;
            }
            if steps.len() + older.len() == STATES {
                base = if within { Base::Cut } else { base };
                break;
            }
            // Of commits that left the files unchanged, only the one that a record names counts.
            let is_step = changes || at == 0 || (at == end.at && end.kept);
            if !is_step {
                continue;
            }
            let step = self.step(at, &mut states).await?;
            let last = older.last().or(steps.last());
            if let Some(last) = last {
                open.retain(|key| !binding::brought(last, &step, key));
            }
            if at <= end.at { steps.push(step) } else { older.push(step) }
        }
        if !asked {
            base = Base::Cut;
        }
        let asked_before = if asked && base == Base::Cut { self.asked_before().await? } else { asked_before };
        Ok(ReadLine { line: Line { steps, base, asked_before }, older, records: self.records })
    }

    /// How many reviews any of the branch's former heads required, however many commits were put on top since.
    async fn asked_before(&mut self) -> Result<u32, Error> {
        if let Some(known) = self.asked_before {
            return Ok(known);
        }
        let heads: Vec<(Commit, String)> =
            self.ours.former_heads().take(HEADS).map(|head| (head.clone(), self.line.path(0).to_owned())).collect();
        let texts = self.contents.read_all(&heads).await?;
        let asked = texts.iter().flatten().map(|text| manifest::approvals_asked(text)).max().unwrap_or_default();
        self.asked_before = Some(asked);
        Ok(asked)
    }

    /// Whether any state up to the end requires reviews.
    async fn ever_asked(&mut self, end: &End) -> Result<bool, Error> {
        for at in 0..=end.at {
            if at > 0 && self.line.versions()[at].contents.first() == self.line.versions()[at - 1].contents.first() {
                continue;
            }
            let places = (at..=end.at).map(|version| (version, [0]));
            self.line.read(places, 1).await?;
            let text = self.line.text(at, 0).unwrap_or_default();
            if text.contains("approvals") && manifest::approvals_asked(text) > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn step(&mut self, at: usize, states: &mut States) -> Result<Step, Error> {
        let all: Vec<usize> = (0..self.line.paths().len()).collect();
        let places = (at..self.line.versions().len()).map(|version| (version, &all));
        self.line.read(places, 1).await?;
        let line = &self.line;
        let file = |path: &str| line.paths().iter().position(|known| known == path);
        let text = |path: &str| line.text(at, file(path)?).map(str::to_owned);
        let state = states.state(self.files, &text);
        let version = &line.versions()[at];
        let by = match pull(line.versions(), at) {
            Some(number) => By::Pull(number),
            None if self.ours.made(version) => By::Ours,
            None => By::Pushed,
        };
        Ok(Step { commit: version.commit.0.clone(), at: version.date, by, state })
    }
}

/// The commit that a record names.
fn named(version: &Version, floor: u32) -> Option<Commit> {
    let trailer = version.trailers.iter().find(|trailer| trailer.name == record::SETTLED)?;
    record::read_settled(&trailer.value, floor).map(|commit| Commit(commit.to_owned()))
}

/// The pull request that brought the version at this index: the one whose merge it is, or, if its commits were put on
/// the branch one by one, the one whose merge follows on nothing but other commits of it.
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
        let merge =
            |(number, by): &(u64, &str)| Merge { number: *number, commit: Some(Commit((*by).to_owned())), head: None };
        Version {
            commit: Commit(commit.to_owned()),
            date: chrono::DateTime::UNIX_EPOCH,
            contents: Vec::new(),
            merges: merges.iter().map(merge).collect(),
            trailers: Vec::new(),
            made_for: None,
        }
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
