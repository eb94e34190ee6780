//! What to do about each branch so that the forge has what is wanted. Pure: once it is done, asking again finds nothing
//! to do.

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::image::Digest;
    use crate::proposal::Item;

    fn wanted(branch: &str, tag: &str) -> Wanted {
        let entry = Entry {
            source: "grafana/loki".to_owned(),
            repository: "loki".parse().unwrap(),
            from: Some("3.0.0".parse().unwrap()),
            to: Some(tag.parse().unwrap()),
            digest: Digest::sha256(tag.as_bytes()),
            kind: Kind::Update,
            rejection: None,
            urgent: None,
            reason: None,
        };
        let item = Item::new(entry, 0, "latest".to_owned());
        Wanted {
            branch: branch.to_owned(),
            group: None,
            items: vec![item],
            later: 0,
            context: Digest::sha256(b"context"),
        }
    }

    fn made_of(wanted: &Wanted) -> Existing {
        let made_of = Some(Metadata {
            manifest: None,
            head: None,
            entries: wanted.entries(),
            context: wanted.context.clone(),
            kept: Vec::new(),
        });
        Existing { branch: wanted.branch.clone(), made_of, touched: false, elsewhere: None }
    }

    /// The possible states of the branch of `wanted`, without a person's commits.
    fn states(wanted: &Wanted) -> Vec<(&'static str, Existing)> {
        let same = made_of(wanted);
        let other_entries = made_of(&super::tests::wanted(&wanted.branch, "3.0.9"));
        let moved = Wanted { context: Digest::sha256(b"elsewhere"), ..wanted.clone() };
        let mut compared = wanted.clone();
        (compared.items[0].entry.from, compared.items[0].entry.kind) = (None, Kind::New);
        vec![
            ("as wanted", same.clone()),
            ("other version", other_entries),
            ("other base text", made_of(&moved)),
            ("compared with nothing", made_of(&compared)),
            ("unreadable metadata", Existing { made_of: None, ..same }),
        ]
    }

    /// Everything that affects the decision besides what is wanted and what exists.
    fn circumstances() -> Vec<(&'static str, Circumstances<'static>)> {
        let with = |declined, room, approved| Circumstances { declined, room, approved };
        vec![
            ("", with(false, true, None)),
            ("limit reached", with(false, false, None)),
            ("declined", with(true, true, None)),
            ("declined, limit reached", with(true, false, None)),
            ("approved", with(false, true, Some("octocat"))),
            ("approved, limit reached", with(false, false, Some("octocat"))),
            ("approved, declined", with(true, true, Some("octocat"))),
            ("approved, declined, limit reached", with(true, false, Some("octocat"))),
        ]
    }

    /// The circumstances in which one state of a branch leads to each action; those that change nothing are not listed.
    fn by_action(wish: Wish<'_>, existing: Option<&Existing>) -> Vec<(Action, String)> {
        let mut actions: Vec<(Action, Vec<&str>)> = Vec::new();
        for (name, circumstances) in circumstances() {
            let action = decide(wish, existing, circumstances);
            match actions.iter_mut().find(|(known, _)| *known == action) {
                Some((_, names)) => names.push(name),
                None => actions.push((action, vec![name])),
            }
        }
        let everywhere = actions.len() == 1;
        let named = |(action, names): (Action, Vec<&str>)| {
            let first = names.iter().min_by_key(|name| name.len()).copied().unwrap_or_default();
            (action, if everywhere { String::new() } else { first.to_owned() })
        };
        actions.into_iter().map(named).collect()
    }

    #[test]
    fn every_combination() {
        let wanted = wanted("wharfinger/image/loki/latest", "3.1.0");
        let mut open = vec![("none open", None)];
        for (name, existing) in states(&wanted) {
            open.push((name, Some(existing.clone())));
            open.push((name, Some(Existing { touched: true, ..existing.clone() })));
            open.push((name, Some(Existing { elsewhere: Some("release".to_owned()), ..existing })));
        }
        let mut table = String::new();
        for (wish_name, wish) in [
            ("wanted", Wish::Proposal(&wanted)),
            ("nothing wanted", Wish::Nothing("3.1.0 is approved")),
            ("not known", Wish::Unknown("its tags could not be read")),
        ] {
            for (name, existing) in &open {
                let by = match existing {
                    Some(existing) if existing.touched => " + a person's commits",
                    Some(existing) if existing.elsewhere.is_some() => " + another base",
                    _ => "",
                };
                for (action, circumstance) in by_action(wish, existing.as_ref()) {
                    let comma = if circumstance.is_empty() { "" } else { ", " };
                    let state = format!("{name}{by}{comma}{circumstance}");
                    writeln!(table, "{wish_name:<15} {state:<41} {action:?}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    fn ask(
        wanted: &[Wanted],
        existing: &[Existing],
        declined: &BTreeSet<String>,
        approved: &BTreeMap<String, String>,
        limit: usize,
    ) -> Vec<Decision> {
        let unknown = |e: &Existing| e.branch.ends_with("/unknown").then(|| "no answer".to_owned());
        let moot = |_: &Existing| "moot".to_owned();
        decisions(&Question { wanted, existing, declined, approved, unknown: &unknown, moot: &moot, limit })
    }

    #[test]
    fn the_limit_counts_what_stays_open() {
        let (a, b, c) = (wanted("a", "1"), wanted("b", "1"), wanted("c", "1"));
        let stale = made_of(&wanted("stale", "1"));
        let touched = Existing { touched: true, ..made_of(&wanted("touched", "1")) };
        let all = ask(
            &[a.clone(), b, c],
            &[made_of(&a), stale, touched],
            &BTreeSet::from(["b".to_owned()]),
            &BTreeMap::new(),
            3,
        );
        let lines: Vec<String> = all.iter().map(|d| format!("{}: {:?}", d.branch, d.action)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        a: Unchanged
        stale: Close("moot")
        touched: Tell("a person committed to its branch")
        b: Wait(Declined)
        c: Open
        "#);
    }

    /// A model of GitHub: what is open, who was told, who approved which heads, and how often anything was written.
    #[derive(Debug, Clone, Default)]
    struct Model {
        open: Vec<Existing>,
        told: BTreeSet<String>,
        approved: BTreeMap<String, String>,
        writes: usize,
    }

    impl Model {
        fn put(&mut self, proposal: Existing) {
            self.open.retain(|e| e.branch != proposal.branch);
            self.approved.remove(&proposal.branch);
            self.open.push(proposal);
            self.writes += 1;
        }

        fn apply(&mut self, wanted: &[Wanted], decisions: &[Decision]) {
            for Decision { branch, wanted: at, action } in decisions {
                match action {
                    Action::Open | Action::Update => self.put(made_of(&wanted[at.unwrap()])),
                    Action::Unchanged | Action::Leave(_) | Action::Wait(_) => {}
                    Action::Tell(_) => self.writes += usize::from(self.told.insert(branch.clone())),
                    Action::Close(_) => {
                        self.open.retain(|e| e.branch != *branch);
                        self.writes += 1;
                    }
                }
            }
        }
    }

    fn name(branch: u8) -> String {
        if branch == 5 { "w/unknown".to_owned() } else { format!("w/{branch}") }
    }

    proptest! {
        #[test]
        fn what_was_done_leaves_nothing_to_do(
            wants in proptest::collection::btree_map(0..5u8, 0..3u8, 0..6),
            has in proptest::collection::btree_map(0..6u8, (0..3u8, 0..3u8, any::<bool>(), 0..5usize), 0..6),
            declined in proptest::collection::btree_set(0..6u8, 0..3),
            limit in 0..6usize,
        ) {
            let wanted: Vec<Wanted> = wants.iter().map(|(b, v)| wanted(&name(*b), &format!("1.{v}"))).collect();
            let mut github = Model::default();
            for (b, (v, taken, approved, state)) in &has {
                let (_, existing) = states(&super::tests::wanted(&name(*b), &format!("1.{v}"))).swap_remove(*state);
                let elsewhere = (*taken == 2).then(|| "release".to_owned());
                github.open.push(Existing { touched: *taken == 1, elsewhere, ..existing });
                github.approved.extend(approved.then(|| (name(*b), "octocat".to_owned())));
            }
            let before = github.clone();
            let declined: BTreeSet<String> = declined.iter().map(|b| name(*b)).collect();
            let first = ask(&wanted, &github.open, &declined, &github.approved, limit);
            github.apply(&wanted, &first);
            prop_assert!(github.open.len() <= limit.max(before.open.len()), "the limit is kept");
            for old in before.open.iter().filter(|e| e.taken().is_some() || e.branch.ends_with("unknown")) {
                prop_assert!(github.open.contains(old), "what a person took over, and what is not known, stays");
            }
            for approved in before.open.iter().filter(|e| before.approved.contains_key(&e.branch)) {
                let now = github.open.iter().find(|e| e.branch == approved.branch);
                let of = |existing: &Existing| existing.made_of.as_ref().map(|made| changes(made.entries.clone()));
                let same = now.is_none_or(|now| of(now) == of(approved));
                prop_assert!(same, "nothing else comes under an approving review");
            }
            let writes = github.writes;
            let second = ask(&wanted, &github.open, &declined, &github.approved, limit);
            github.apply(&wanted, &second);
            prop_assert_eq!(github.writes, writes, "{:?}", second);
        }
    }
}
