//! What to do about each branch so that the forge has what is wanted. Pure: once it is done, asking again finds nothing
//! to do.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::metadata::Metadata;
use super::{Entry, Kind, Wanted};

/// The open proposal on a branch of the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Existing {
    pub branch: String,
    /// What its metadata says; `None` if that is missing or broken.
    pub made_of: Option<Metadata>,
    /// Whether a person committed to the branch.
    pub touched: bool,
    /// The base branch that a person set instead of the default branch.
    pub elsewhere: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish<'a> {
    Proposal(&'a Wanted),
    Nothing(&'a str),
    /// It is unknown, because the image could not be checked or was not in scope.
    Unknown(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circumstances<'a> {
    /// A person closed a proposal of exactly this without merging it.
    pub declined: bool,
    /// One more proposal may be open.
    pub room: bool,
    /// Who has approved exactly the branch's current content, and has write access; `None` if nobody has, if it was not
    /// checked, or if it should be moved anyway.
    pub approved: Option<&'a str>,
}

/// What to do about one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Commit and open.
    Open,
    /// Commit again on the base and edit title and body.
    Update,
    /// Nothing: it is up to date.
    Unchanged,
    Leave(String),
    /// Leave it alone although something else is wanted now, and tell its readers once.
    Tell(String),
    Close(String),
    /// Not opened now.
    Wait(Wait),
}

/// Why a proposal is not opened now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wait {
    /// A person does not want it.
    #[error("a person closed its proposal without merging it")]
    Declined,
    /// Others come first.
    #[error("the limit of open proposals (proposals.limit) is reached")]
    NoRoom,
}

impl Existing {
    /// Why it is left alone, whatever is wanted: a person took it over.
    pub(crate) fn taken(&self) -> Option<String> {
        match &self.elsewhere {
            _ if self.touched => Some("a person committed to its branch".to_owned()),
            Some(base) => Some(format!("a person changed its base branch to {base}")),
            None => None,
        }
    }
}

/// Decides about one branch.
///
/// What a person took over is never changed. What is unknown changes nothing. What was approved never moves to other
/// bytes under the reviewer, but follows changes to the base's text, which do not affect what was approved; what became
/// moot is closed.
pub(crate) fn decide(wish: Wish<'_>, existing: Option<&Existing>, circumstances: Circumstances<'_>) -> Action {
    let Some(existing) = existing else {
        return match wish {
            Wish::Nothing(_) | Wish::Unknown(_) => Action::Unchanged,
            Wish::Proposal(_) if circumstances.declined => Action::Wait(Wait::Declined),
            Wish::Proposal(_) if !circumstances.room => Action::Wait(Wait::NoRoom),
            Wish::Proposal(_) => Action::Open,
        };
    };
    let taken = existing.taken();
    let action = match wish {
        Wish::Unknown(why) => return Action::Leave(taken.unwrap_or_else(|| why.to_owned())),
        Wish::Nothing(why) => Action::Close(why.to_owned()),
        Wish::Proposal(wanted) => match (existing.difference(wanted), circumstances.approved) {
            (Difference::None, _) => Action::Unchanged,
            (Difference::Entries, Some(who)) if taken.is_none() => return Action::Leave(approved_by(who)),
            _ => Action::Update,
        },
    };
    match (action, taken) {
        (Action::Unchanged, Some(why)) => Action::Leave(why),
        (_, Some(why)) => Action::Tell(why),
        (action, None) => action,
    }
}

fn approved_by(who: &str) -> String {
    format!("{who} has approved its current content: a newer version waits for the merge, or for `/wharfinger refresh`")
}

/// How an open proposal differs from what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    None,
    /// The text around it at the base, the image's settings, or what it is compared with.
    Context,
    /// What it changes; also if its metadata cannot be read.
    Entries,
}

impl Existing {
    /// How it differs from what is wanted on its branch.
    pub(crate) fn difference(&self, wanted: &Wanted) -> Difference {
        match &self.made_of {
            Some(made) if changes(made.entries.clone()) != changes(wanted.entries()) => Difference::Entries,
            Some(made) if made.entries != wanted.entries() || made.context != wanted.context => Difference::Context,
            Some(_) => Difference::None,
            None => Difference::Entries,
        }
    }
}

/// The entries without what they are compared with: other approvals, which do not change what these approve.
fn changes(entries: Vec<Entry>) -> Vec<Entry> {
    let change = |entry: Entry| match entry.kind {
        Kind::New | Kind::Update => Entry { from: None, kind: Kind::Update, ..entry },
        _ => entry,
    };
    entries.into_iter().map(change).collect()
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub branch: String,
    /// The proposal that should be open: index into what was wanted.
    pub wanted: Option<usize>,
    pub action: Action,
}

/// The input for all decisions of a run.
pub(crate) struct Question<'a> {
    /// The proposals that should be open, in the order in which they are opened while there is room.
    pub wanted: &'a [Wanted],
    pub existing: &'a [Existing],
    /// The branches for which a person declined exactly what is wanted.
    pub declined: &'a BTreeSet<String>,
    /// Who has approved a branch's current content, as far as that was checked, by branch.
    pub approved: &'a BTreeMap<String, String>,
    /// Why it is unknown what should become of an open proposal; `None` if it is known.
    pub unknown: &'a dyn Fn(&Existing) -> Option<String>,
    /// Why there should no longer be anything on a branch.
    pub moot: &'a dyn Fn(&Existing) -> String,
    pub limit: usize,
}

/// Decides about every branch: first those that are open, then those to be opened.
pub(crate) fn decisions(question: &Question<'_>) -> Vec<Decision> {
    let Question { wanted, existing, declined, approved, unknown, moot, limit } = question;
    let mut decisions = Vec::new();
    for open in *existing {
        let at = wanted.iter().position(|w| w.branch == open.branch);
        let (why_unknown, why_moot) = (unknown(open), moot(open));
        let wish = match (at, &why_unknown) {
            (_, Some(why)) => Wish::Unknown(why),
            (Some(at), None) => Wish::Proposal(&wanted[at]),
            (None, None) => Wish::Nothing(&why_moot),
        };
        let action = decide(
            wish,
            Some(open),
            Circumstances { declined: false, room: true, approved: approved.get(&open.branch).map(String::as_str) },
        );
        decisions.push(Decision { branch: open.branch.clone(), wanted: at, action });
    }
    let mut open = decisions.iter().filter(|d| !matches!(d.action, Action::Close(_))).count();
    for (at, wish) in wanted.iter().enumerate().filter(|(_, w)| existing.iter().all(|e| e.branch != w.branch)) {
        let declined = declined.contains(&wish.branch);
        let circumstances = Circumstances { declined, room: open < *limit, approved: None };
        let action = decide(Wish::Proposal(wish), None, circumstances);
        open += usize::from(action == Action::Open);
        decisions.push(Decision { branch: wish.branch.clone(), wanted: Some(at), action });
    }
    decisions
}
