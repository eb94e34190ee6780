//! Who wrote the commits of a pull request: who put each on its branch, and whom each names. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Actor, Commit, Movement, MovementKind};

/// What is known about who wrote a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authorship {
    /// The commits it brings.
    pub commits: Vec<Authored>,
    /// Why those are not all of them.
    pub more: Option<String>,
}

/// A commit of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authored {
    pub commit: Commit,
    /// Its parents, and whether the pull request brings them too.
    pub parents: Vec<Parent>,
    /// The accounts, in lower case, that it names as authors and committer.
    pub named: BTreeSet<String>,
    pub source: Source,
    /// The commit by our own account that it replaced on the branch.
    pub replaced: Option<Commit>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    pub commit: Commit,
    /// Whether the pull request brings it; else it is in the base.
    pub brought: bool,
}

/// Who is behind a commit, whatever names it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Our own account, an App's, pushed it.
    Us,
    /// These accounts, in lower case, pushed or signed it.
    People(BTreeSet<String>),
    /// Another App pushed it.
    Machine(String),
    /// Only GitHub's own signature says that the commit was made for this account.
    MadeFor(String),
    /// It is unknown, for this reason, which says how to change that.
    Untold(String),
}

/// A commit of a pull request, by its own statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PullCommit {
    pub(super) commit: Commit,
    pub(super) parents: Vec<Commit>,
    /// The account of its first author.
    pub(super) author: Option<String>,
    pub(super) named: BTreeSet<String>,
    pub(super) signature: Signature,
}

/// The signature of a commit, as far as the forge verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    None,
    /// GitHub's own.
    GitHub,
    /// With a key of this account, in lower case.
    Person(String),
}

/// Our own account, and the reason why movements may end before the base.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) is_us: &'a dyn Fn(&Actor) -> bool,
    pub(super) untold: &'a str,
}

/// A pull request's head, when it was merged or now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PullHead {
    pub(super) branch: String,
    pub(super) commit: Commit,
    pub(super) merged: Option<DateTime<Utc>>,
}

/// The part of a branch's life that led to the pull request's head: movements, oldest first, each starting where the
/// previous one led. Movements after the merge are ignored if older ones suffice; a branch that was deleted and
/// restored continues. `movements` are newest first.
pub(super) fn life<'m>(movements: &'m [Movement], head: &PullHead) -> Vec<&'m Movement> {
    let movements: Vec<&Movement> = movements.iter().filter(|movement| movement.branch == head.branch).collect();
    let led = |movement: &&Movement| movement.after.as_ref() == Some(&head.commit);
    let in_time = |movement: &&Movement| led(movement) && head.merged.is_none_or(|merged| movement.at <= merged);
    let newest = movements.iter().position(in_time).or_else(|| movements.iter().position(led));
    let mut rest = movements.into_iter().skip(newest.unwrap_or(usize::MAX)).peekable();
    let (mut life, mut expected) = (Vec::new(), Some(&head.commit));
    while let Some(movement) = rest.next_if(|movement| movement.after.as_ref() == expected) {
        expected = movement.before.as_ref();
        if expected.is_some() {
            life.push(movement);
        } else if let Some(gone) = rest.next_if(|gone| gone.after.is_none() && gone.before == movement.after) {
            expected = gone.before.as_ref();
        } else {
            life.push(movement);
            break;
        }
    }
    life.reverse();
    life
}

/// Whether a branch's life accounts for every commit of a pull request.
pub(super) fn reaches_base(life: &[&Movement], commits: &[PullCommit]) -> bool {
    let brought = |commit: &Option<Commit>| commits.iter().any(|c| Some(&c.commit) == commit.as_ref());
    let forward = |kind| matches!(kind, MovementKind::Push | MovementKind::Merged | MovementKind::Queued);
    life.first().is_some_and(|first| {
        // Forward from a commit that the pull request does not bring: that one is in the base.
        first.before.is_none() || forward(first.kind) && !brought(&first.before) && brought(&first.after)
    })
}

/// Who is behind each commit of a pull request, according to the life of its branch.
pub(super) fn authorship(commits: &[PullCommit], life: &[&Movement], view: View<'_>) -> Authorship {
    let by_id: BTreeMap<&Commit, &PullCommit> = commits.iter().map(|commit| (&commit.commit, commit)).collect();
    let mut brought = Brought { by_id: &by_id, seen: BTreeSet::new(), aside: Vec::new(), by: BTreeMap::new() };
    let mut rest = life;
    if !reaches_base(life, commits) {
        rest = brought.begin_at_gap(life);
    }
    for (at, movement) in rest.iter().enumerate() {
        let former = at.checked_sub(1).and_then(|before| rest.get(before)).copied();
        brought.add(movement, former, view);
    }
    let by = brought.by;
    let authored = |commit: &PullCommit| {
        let parent = |id: &Commit| Parent { commit: id.clone(), brought: by_id.contains_key(id) };
        let (source, replaced) = match by.get(&commit.commit) {
            Some((source, replaced)) => (source.clone(), replaced.clone()),
            None => (signed(commit, view.untold), None),
        };
        Authored {
            commit: commit.commit.clone(),
            parents: commit.parents.iter().map(parent).collect(),
            named: commit.named.clone(),
            source,
            replaced,
        }
    };
    Authorship { commits: commits.iter().map(authored).collect(), more: None }
}

/// Who is behind a commit that no movement accounts for: the holder of its verified signature.
fn signed(commit: &PullCommit, untold: &str) -> Source {
    match (&commit.signature, &commit.author) {
        (Signature::Person(login), _) => Source::People([login.clone()].into()),
        (Signature::GitHub, Some(author)) => Source::MadeFor(author.clone()),
        _ => Source::Untold(untold.to_owned()),
    }
}

/// Which movement brought which commits, as far as it was traced.
struct Brought<'a> {
    by_id: &'a BTreeMap<&'a Commit, &'a PullCommit>,
    /// Commits that the branch is known to have had.
    seen: BTreeSet<&'a Commit>,
    /// Movements to commits that are gone: later ones may have been among them.
    aside: Vec<&'a Movement>,
    by: BTreeMap<Commit, (Source, Option<Commit>)>,
}

impl<'a> Brought<'a> {
    /// Starts where the movements start, as nothing tells what the branch had then. Returns the remaining movements.
    fn begin_at_gap<'l>(&mut self, life: &'l [&'a Movement]) -> &'l [&'a Movement] {
        let known = |commit: Option<&Commit>| commit.is_some_and(|commit| self.by_id.contains_key(commit));
        let Some(first) = life.first() else { return life };
        if known(first.before.as_ref()) {
            self.seen = first.before.iter().flat_map(|before| self.reach(before)).collect();
            return life;
        }
        let Some(at) = life.iter().position(|movement| known(movement.after.as_ref())) else { return &[] };
        self.seen = life[at].after.iter().flat_map(|after| self.reach(after)).collect();
        self.aside.extend(&life[..at]);
        &life[at + 1..]
    }

    fn add(&mut self, movement: &'a Movement, former: Option<&Movement>, view: View<'_>) {
        let Some(after) = movement.after.as_ref().filter(|after| self.by_id.contains_key(after)) else {
            self.aside.push(movement);
            return;
        };
        let new: Vec<&Commit> = self.reach(after).difference(&self.seen).copied().collect();
        let source = source(movement, &self.aside, new.len(), view);
        let by_us = |movement: &Movement| movement.actor.as_ref().is_some_and(view.is_us);
        let takes_place = movement.kind == MovementKind::ForcePush && new.len() == 1 && former.is_some_and(by_us);
        let replaced = movement.before.clone().filter(|_| takes_place);
        for commit in new {
            self.by.insert(commit.clone(), (source.clone(), replaced.clone()));
            self.seen.insert(commit);
        }
    }

    /// A commit of the pull request and its ancestors there.
    fn reach(&self, from: &Commit) -> BTreeSet<&'a Commit> {
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some((commit, known)) = open.pop().and_then(|next| self.by_id.get_key_value(next)) {
            if found.insert(*commit) {
                open.extend(known.parents.iter().filter(|parent| self.by_id.contains_key(parent)));
            }
        }
        found
    }
}

/// Who is behind the commits that one movement brought. We push one commit at a time, and never somebody else's.
fn source(movement: &Movement, aside: &[&Movement], new: usize, view: View<'_>) -> Source {
    let Some(actor) = &movement.actor else {
        return Source::Untold("GitHub does not say who pushed it: have it pushed again".to_owned());
    };
    let ours = (view.is_us)(actor);
    if !actor.person {
        return if ours && new == 1 && movement.puts() { Source::Us } else { Source::Machine(actor.login.clone()) };
    }
    let mut people = BTreeSet::from([actor.login.to_lowercase()]);
    for other in aside {
        match &other.actor {
            Some(other) if other.person => drop(people.insert(other.login.to_lowercase())),
            Some(other) if (view.is_us)(other) => {}
            Some(other) => return Source::Machine(other.login.clone()),
            None => {
                return Source::Untold("GitHub does not say who pushed here before: have it pushed again".to_owned());
            }
        }
    }
    Source::People(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROBOT: &str = "wharf[bot]";

    fn id(name: &str) -> Commit {
        Commit(name.to_owned())
    }

    /// A commit and its parents, separated by spaces; unsigned, by an unnamed author.
    fn commit(line: &str) -> PullCommit {
        let mut names = line.split(' ').map(id);
        let commit = names.next().unwrap_or_else(|| id(""));
        let (author, named, signature) = (None, BTreeSet::new(), Signature::None);
        PullCommit { commit, parents: names.collect(), author, named, signature }
    }

    /// `kind before after actor`, where a dash means none.
    fn movement(line: &str) -> Movement {
        let words: Vec<&str> = line.split(' ').collect();
        let some = |word: &str| (word != "-").then(|| word.to_owned());
        let kind = match words[0] {
            "push" => MovementKind::Push,
            "force" => MovementKind::ForcePush,
            "merged" => MovementKind::Merged,
            "created" => MovementKind::Created,
            _ => MovementKind::Deleted,
        };
        let actor = some(words[3]).map(|login| Actor { person: !login.ends_with("[bot]"), login });
        let (before, after) = (some(words[1]).map(Commit), some(words[2]).map(Commit));
        Movement { branch: "topic".to_owned(), before, after, kind, actor, at: DateTime::UNIX_EPOCH }
    }

    /// Who is behind each commit, according to the movements of a branch that ended at `c`, oldest first.
    fn told(commits: &[&str], movements: &[&str]) -> Vec<String> {
        let commits: Vec<PullCommit> = commits.iter().map(|line| commit(line)).collect();
        let movements: Vec<Movement> = movements.iter().rev().map(|line| movement(line)).collect();
        let head = PullHead { branch: "topic".to_owned(), commit: id("c"), merged: None };
        let view = View { is_us: &|actor| actor.login == ROBOT, untold: "a gap" };
        let found = authorship(&commits, &life(&movements, &head), view);
        let source = |authored: Authored| match authored.source {
            Source::Us => "us".to_owned(),
            Source::People(people) => people.into_iter().collect::<Vec<_>>().join("+"),
            Source::Machine(login) => login,
            Source::MadeFor(login) => format!("for {login}"),
            Source::Untold(why) => why,
        };
        found.commits.into_iter().map(source).collect()
    }

    const THREE: [&str; 3] = ["a base", "b a", "c b"];

    #[test]
    fn each_commit_is_of_who_brought_it() {
        let each = ["created - a wharf[bot]", "push a b mona", "push b c hubot"];
        assert_eq!(told(&THREE, &each), ["us", "mona", "hubot"]);
        assert_eq!(told(&THREE, &["created - c mona"]), ["mona", "mona", "mona"]);
        assert_eq!(told(&THREE, &["push base a mona", "push a c hubot"]), ["mona", "hubot", "hubot"], "a fork's main");
    }

    #[test]
    fn what_came_before_a_gap_is_not_told() {
        assert_eq!(told(&THREE, &["created - a mona", "push b c hubot"]), ["a gap", "a gap", "hubot"]);
        assert_eq!(told(&THREE, &["force x b mona", "push b c hubot"]), ["a gap", "a gap", "hubot"], "from nowhere");
        assert_eq!(
            told(&THREE, &["created - a mona", "push a b mona"]),
            ["a gap", "a gap", "a gap"],
            "the last is late"
        );
        assert_eq!(told(&THREE, &[]), ["a gap", "a gap", "a gap"]);
    }

    #[test]
    fn who_pushed_what_was_put_aside_may_have_written_what_came_after() {
        let aside = ["created - x mona", "force x c hubot"];
        assert_eq!(told(&THREE, &aside), ["hubot+mona", "hubot+mona", "hubot+mona"]);
        assert_eq!(told(&["c base"], &["created - x mona", "force x c wharf[bot]"]), ["us"], "ours is our own");
        assert_eq!(told(&THREE, &["created - x robot[bot]", "force x c hubot"])[0], "robot[bot]");
        let back = ["created - c wharf[bot]", "push c x mona", "force x c hubot"];
        assert_eq!(told(&["c base"], &back), ["us"], "what was there before is nobody else's for being put back");
    }

    #[test]
    fn an_earlier_branch_does_not_count_and_a_restored_one_goes_on() {
        let anew = ["created - x mona", "deleted x - mona", "created - c hubot"];
        assert_eq!(told(&["c base"], &anew), ["hubot"]);
        let restored = ["created - c mona", "deleted c - mona", "created - c hubot"];
        assert_eq!(told(&["c base"], &restored), ["mona"]);
    }

    #[test]
    fn our_account_pushes_one_commit_at_a_time_and_merges_nothing() {
        assert_eq!(told(&THREE, &["created - c wharf[bot]"]), [ROBOT; 3]);
        assert_eq!(told(&["a base", "c a"], &["created - a wharf[bot]", "merged a c wharf[bot]"]), ["us", ROBOT]);
    }
}
