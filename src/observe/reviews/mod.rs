//! Which parts of the manifest at the default branch's head are in effect after review, and who approved what an open
//! proposal holds.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{included_files, matching};
use crate::forge::{Commit, Error, Forge};
use crate::image::RepositoryName;
use crate::manifest::Manifest;
use crate::plan::binding::{self, Binding, By, Introduction, Judgement, Line, Pulls, Step, judge};
use crate::plan::removal::Removal;
use crate::plan::reviews::{Origin, unreviewed};
use crate::plan::{FailedStep, Failure, Key};
use crate::proposal::record::settled;

mod line;
mod opinions;
mod ours;
mod pulls;
mod reader;
mod states;
mod writers;

use line::{ReadLine, read_line};
pub(super) use opinions::approver;
use pulls::PullReader;
pub(crate) use reader::ReviewReader;
use states::Files;

const NO_FORGE: &str = "there is no forge to ask: set GITHUB_TOKEN and GITHUB_REPOSITORY";

/// How many commits are looked up individually.
const ALONE: usize = 10;
/// How often a judgement is repeated; every round reads pull requests that no earlier round read.
const ROUNDS: usize = 1_000;

/// What is in effect after review, and what was found out on the way.
#[derive(Debug, Clone)]
pub struct Reviews {
    pub(crate) binding: Binding,
    /// How approvals came about, as far as known.
    pub(crate) came: BTreeMap<Key, Introduction>,
    /// The newest commit up to which everything is known to be reviewed, as a record names it.
    pub(crate) settled: Option<String>,
    /// Why it could not be determined: then only what needs no review is done.
    pub(crate) untold: Option<String>,
}

impl Reviews {
    /// If nothing is required and nothing is known.
    pub(crate) fn none(manifest: &Manifest) -> Self {
        let (binding, came) = (Binding::whole(manifest), BTreeMap::new());
        Self { binding, came, settled: None, untold: None }
    }

    /// Why an approval must not be promoted; `None` if it may.
    pub(crate) fn why_not(&self, key: &Key) -> Option<String> {
        let withheld = || "its repository, or the registry that holds it, was never reviewed".to_owned();
        let why = self.binding.approvals.get(key).cloned();
        why.or_else(|| self.binding.withheld.contains(&key.repository).then(withheld))
    }

    /// Whether anything in a repository may be created, changed or removed.
    pub(crate) fn touches(&self, repository: &RepositoryName) -> bool {
        self.untold.is_none() && !self.binding.withheld.contains(repository)
    }
}

impl Reviews {
    /// The removals that reviews cover, and the others as failures.
    pub(crate) fn reviewed_removals(&self, removals: Vec<Removal>) -> (Vec<Removal>, Vec<Failure>) {
        let (mut covered, mut kept) = (Vec::new(), Vec::new());
        for removal in removals {
            let key = Key { repository: removal.repository.clone(), tag: removal.tag.clone() };
            let why = self.untold.clone().or_else(|| self.binding.keeps(&key, &removal.digest));
            match why {
                Some(why) => kept.push(removal.failed(FailedStep::Unreviewed, why)),
                None if self.touches(&removal.repository) => covered.push(removal),
                None => {}
            }
        }
        (covered, kept)
    }
}

/// Reads which parts of a manifest are in effect after review.
pub(crate) async fn read_reviews(reader: &ReviewReader<'_>, manifest: &Manifest) -> Reviews {
    let Some(forge) = reader.forge else { return without_forge(reader.floor, manifest) };
    read(forge, reader, manifest).await.unwrap_or_else(|error| {
        let untold = Some(format!("it is unknown how it was reviewed: {error}"));
        Reviews { untold, ..Reviews::none(manifest) }
    })
}

async fn read(forge: &dyn Forge, reader: &ReviewReader<'_>, manifest: &Manifest) -> Result<Reviews, Error> {
    let head = match reader.at {
        Some(at) => at.clone(),
        None => forge.head().await?,
    };
    let mut files = Files::of(manifest);
    files.add_matching(matching(forge, &head.commit, reader.path, &manifest.inspection.vex).await?);
    let mut read = read_line(forge, reader, manifest, &files, &head).await?;
    // What the head no longer includes or names was still required.
    let included = files.add(&included_before(forge, reader, &read.line).await?);
    let states = read.line.steps.iter().map(|step| &*step.state);
    if files.add_named(states.filter(|_| asks_ever(reader.floor, &read.line))) || included {
        read = read_line(forge, reader, manifest, &files, &head).await?;
    }
    let ReadLine { mut line, older, records } = read;
    let pulls = PullReader { contents: forge, accounts: forge.accounts(), records: &records, files: &files };
    let (mut known, mut asked) = (Pulls::new(), BTreeSet::new());
    let judged = loop {
        let judged = judgement(&line, reader.floor, &pulls, &mut known).await?;
        if !find_merges(forge, &mut line, &judged, &mut asked).await? {
            break judged;
        }
    };
    let steps: Vec<&Step> = line.steps.iter().chain(&older).collect();
    Ok(Reviews {
        binding: Binding::of(manifest, &line, &judged),
        came: binding::introductions(manifest, &steps),
        settled: judged.settled.map(|commit| settled(&commit, judged.asked)),
        untold: None,
    })
}

/// Whether reviews were required anywhere in a history.
fn asks_ever(floor: u32, line: &Line) -> bool {
    floor.max(line.asked_before) > 0 || line.steps.iter().any(|step| step.state.approvals() > 0)
}

/// The files that the oldest state of a history includes.
async fn included_before(forge: &dyn Forge, reader: &ReviewReader<'_>, line: &Line) -> Result<Vec<String>, Error> {
    let Some(oldest) = line.steps.last() else { return Ok(Vec::new()) };
    let main = oldest.state.manifest().and_then(|manifest| manifest.files.first());
    let Some(main) = main else { return Ok(Vec::new()) };
    included_files(forge, &Commit(oldest.commit.clone()), reader.path, &main.text).await
}

/// Looks up commits individually to find the pull requests that brought what is not covered, if the listing named none:
/// nothing is refused because a listing omitted something. Returns whether one was found.
async fn find_merges(
    forge: &dyn Forge,
    line: &mut Line,
    judged: &Judgement,
    asked: &mut BTreeSet<usize>,
) -> Result<bool, Error> {
    let Some(accounts) = forge.accounts() else { return Ok(false) };
    let brought: BTreeSet<usize> = judged.gaps.values().map(|gap| gap.brought).collect();
    let mut found = false;
    let pushed = brought.into_iter().filter(|at| line.steps[*at].by == By::Pushed && asked.insert(*at));
    for at in pushed.take(ALONE).collect::<Vec<_>>() {
        let merge = accounts.merged_by(&Commit(line.steps[at].commit.clone())).await?;
        let on_the_line = |commit: &Commit| line.steps[..=at].iter().any(|step| step.commit == commit.0);
        let merge = merge.filter(|merge| merge.commit.as_ref().is_some_and(on_the_line));
        found |= merge.is_some();
        if let Some(merge) = merge {
            line.steps[at].by = By::Pull(merge.number);
        }
    }
    Ok(found)
}

async fn judgement(line: &Line, floor: u32, reader: &PullReader<'_>, pulls: &mut Pulls) -> Result<Judgement, Error> {
    for _ in 0..ROUNDS {
        match judge(line, floor, pulls) {
            Ok(judgement) => return Ok(judgement),
            Err(lacking) => pulls.extend(reader.read(&lacking).await?),
        }
    }
    Err(Error::Unusable("how the manifest was reviewed could not be decided".to_owned()))
}

/// Nothing new is promoted.
fn without_forge(floor: u32, manifest: &Manifest) -> Reviews {
    let mut reviews = Reviews::none(manifest);
    let asked = floor.max(manifest.policy.approvals);
    if let Some(why) = unreviewed(asked, &Origin::Unknown(NO_FORGE)) {
        let all = manifest.approvals().map(|(image, approval)| (Key::of(image, approval), why.clone()));
        reviews.binding.approvals = all.collect();
    }
    reviews
}
