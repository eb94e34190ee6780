//! Who wrote what a pull request makes of the manifest and the files that it names: commits that nobody wrote are
//! recognised by their content.

use std::collections::{BTreeMap, BTreeSet};

use crate::edit::merge;
use crate::forge::{Accounts, Actor, Authored, Authorship, Commit, Contents, Error, JOB_LOGIN, Source};
use crate::plan::reviews::{UnknownWriter, Writers};

/// How many commits of a pull request are checked for having been written by nobody.
const LOOKED_AT: usize = 5;

const MERGE: &str =
    "it merged a pull request, for which GitHub names the person who opened it, not the one who merged it";
const ANY_WORKFLOW: &str =
    "it was made by github-actions[bot], which all workflows share, and the repository's activity no longer says more";
const MADE_FOR_APP: &str = "it was made by an App, and the repository's activity no longer says more";
const GONE: &str =
    "GitHub made it for an account that no longer has write access, and the repository's activity no longer says more";

/// Where writers are read.
pub(super) struct WriterReader<'a> {
    pub(super) contents: &'a dyn Contents,
    pub(super) accounts: &'a dyn Accounts,
    /// The manifest's files, and those that it names.
    pub(super) paths: &'a [String],
}

impl WriterReader<'_> {
    /// The writers. A commit whose files are what a line-based merge makes of others has none; that is checked last,
    /// and only if it makes a difference.
    pub(super) async fn writers(&self, authorship: &Authorship) -> Result<Writers, Error> {
        let mut writers = Writers::default();
        let unknown = |commit: Option<&Commit>, why: &str| {
            Some(UnknownWriter { commit: commit.map(|commit| commit.0.clone()), why: why.to_owned() })
        };
        match &authorship.more {
            Some(why) => writers.unknown = unknown(None, why),
            None if authorship.commits.is_empty() => writers.unknown = unknown(None, "GitHub lists none"),
            None => {}
        }
        let mut left = LOOKED_AT;
        let (maybe_nobodys, others): (Vec<_>, Vec<_>) =
            authorship.commits.iter().partition(|authored| origin(authored).is_some());
        for authored in others.into_iter().chain(maybe_nobodys) {
            let said = self.say(authored).await?;
            let is_news = match &said {
                Said::Nobody => false,
                Said::Unknown(_) => writers.unknown.is_none(),
                Said::People(people) => !people.is_subset(&writers.known),
            };
            if !is_news {
                continue;
            }
            if left > 0 && (origin(authored).is_some() || matches!(authored.source, Source::Machine(_))) {
                left -= 1;
                if self.is_nobodys(authored).await? {
                    continue;
                }
            }
            match said {
                Said::Nobody => {}
                Said::Unknown(why) => writers.unknown = unknown(Some(&authored.commit), &why),
                Said::People(people) => writers.known.extend(people),
            }
        }
        Ok(writers)
    }

    /// Who wrote a commit, unless nobody did.
    async fn say(&self, authored: &Authored) -> Result<Said, Error> {
        let named = || authored.named.clone();
        Ok(match &authored.source {
            Source::Us => Said::Nobody,
            Source::People(people) => Said::People(people.union(&authored.named).cloned().collect()),
            Source::Machine(login) => Said::Unknown(format!(
                "it was pushed by {login}, which is not the account of this run, so anyone who can make that account \
                 push may be behind it: run with that App's token if it is your own, otherwise have a person push it"
            )),
            Source::Untold(why) => Said::Unknown(why.clone()),
            Source::MadeFor(login) => match self.doubt(&authored.commit, login).await? {
                Some(doubt) => Said::Unknown(format!("{doubt}: propose the change again")),
                None => Said::People(named()),
            },
        })
    }

    /// Why GitHub's signature on a commit made for this account does not tell who wrote it.
    async fn doubt(&self, commit: &Commit, login: &str) -> Result<Option<&'static str>, Error> {
        let actor = Actor::named(login);
        Ok(match () {
            () if login == JOB_LOGIN => Some(ANY_WORKFLOW),
            () if !actor.person && !self.accounts.is_us(&actor).await? => Some(MADE_FOR_APP),
            () if self.accounts.is_merge(commit).await? => Some(MERGE),
            () if actor.person && !self.accounts.may_write(login).await? => Some(GONE),
            () => None,
        })
    }

    /// Whether the files at a commit are what a line-based merge makes of others or, if another App pushed it, what
    /// they were before.
    async fn is_nobodys(&self, authored: &Authored) -> Result<bool, Error> {
        match (origin(authored), authored.parents.as_slice()) {
            (Some(Origin::Merge { former, base }), _) => {
                let parted = self.accounts.merge_base(former, base).await?;
                self.is_merged([&parted, former, base, &authored.commit]).await
            }
            (Some(Origin::Rebase { former, base }), _) => match self.accounts.parents(former).await?.as_slice() {
                [parted] => self.is_merged([parted, former, base, &authored.commit]).await,
                _ => Ok(false),
            },
            (None, [parent]) => {
                self.is_merged([&parent.commit, &parent.commit, &parent.commit, &authored.commit]).await
            }
            (None, _) => Ok(false),
        }
    }

    /// Whether merging the files at the second and third commit, which diverged at the first, gives those at the
    /// fourth.
    async fn is_merged(&self, commits: [&Commit; 4]) -> Result<bool, Error> {
        let commits_there: BTreeSet<&Commit> = commits.into_iter().collect();
        let place =
            |commit: &&Commit| self.paths.iter().map(|path| ((*commit).clone(), path.clone())).collect::<Vec<_>>();
        let places: Vec<(Commit, String)> = commits_there.iter().flat_map(place).collect();
        let texts: BTreeMap<&(Commit, String), Option<String>> =
            places.iter().zip(self.contents.read_all(&places).await?).collect();
        Ok(self.paths.iter().all(|path| {
            let at = |commit: &Commit| texts.get(&(commit.clone(), path.clone())).and_then(Option::as_deref);
            let [parted, former, base, now] = commits.map(at);
            merged(parted, former, base) == Some(now.map(str::to_owned))
        }))
    }
}

/// What is known about a commit's writers.
enum Said {
    Nobody,
    People(BTreeSet<String>),
    /// It is unknown, for this reason.
    Unknown(String),
}

/// How a commit that perhaps nobody wrote was made.
enum Origin<'a> {
    /// A merge of the base into the branch.
    Merge { former: &'a Commit, base: &'a Commit },
    /// Our own commit recreated on another commit of the base.
    Rebase { former: &'a Commit, base: &'a Commit },
}

fn origin(authored: &Authored) -> Option<Origin<'_>> {
    match (authored.parents.as_slice(), &authored.replaced) {
        ([former, base], _) if former.brought && !base.brought => {
            Some(Origin::Merge { former: &former.commit, base: &base.commit })
        }
        ([base, former], _) if former.brought && !base.brought => {
            Some(Origin::Merge { former: &former.commit, base: &base.commit })
        }
        ([base], Some(former)) if !base.brought => Some(Origin::Rebase { former, base: &base.commit }),
        _ => None,
    }
}

/// The result of merging a file, which may be absent; `None` if it takes a person.
fn merged(parted: Option<&str>, former: Option<&str>, base: Option<&str>) -> Option<Option<String>> {
    let own = |text: Option<&str>| Some(text.map(str::to_owned));
    match (parted, former, base) {
        (_, one, other) if one == other => own(one),
        (parted, one, other) if parted == one => own(other),
        (parted, one, other) if parted == other => own(one),
        (Some(parted), Some(one), Some(other)) => merge(parted, one, other).map(Some),
        _ => None,
    }
}
