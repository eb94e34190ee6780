//! What is to be done about each branch so that the forge has what is wanted. Pure: doing it and asking again finds
//! nothing to do.

use std::collections::BTreeSet;

use super::{Entry, Wanted};
use crate::image::Digest;

/// What the forge has open on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The branch.
    pub branch: String,
    /// What its metadata says; `None` where that is missing or broken.
    pub made_of: Option<MadeOf>,
    /// Whether a person committed to the branch.
    pub touched: bool,
}

/// What a proposal was made of, as its metadata says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeOf {
    /// The changes.
    pub entries: Vec<Entry>,
    /// [`Wanted::context`] at that time.
    pub context: Digest,
}

/// What should be on a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<'a> {
    /// This proposal.
    Proposal(&'a Wanted),
    /// No proposal, and why.
    Nothing(&'a str),
    /// It is not known, because the image could not be looked at or was not asked about.
    Unknown(&'a str),
}

/// What else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// A person closed a proposal of exactly this without a merge.
    pub declined: bool,
    /// One more proposal may be open.
    pub room: bool,
}

/// What is to be done about one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Commit and open.
    Open,
    /// Commit anew on the base and edit title and body.
    Update,
    /// Nothing: it is as it should be.
    Unchanged,
    /// Leave it alone, and say why.
    Leave(String),
    /// Close it, with the reason.
    Close(String),
    /// Not opened now.
    Wait(Wait),
}

/// Why a proposal is not opened now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wait {
    /// A person does not want it.
    #[error("a person closed its proposal without a merge")]
    Declined,
    /// Others come first.
    #[error("as many proposals are open as proposals.limit allows")]
    NoRoom,
}

/// Decides about one branch.
#[must_use]
pub fn decide(wish: Wish<'_>, existing: Option<&Existing>, circumstances: Circumstances) -> Action {
    match (wish, existing) {
        (_, Some(existing)) if existing.touched => Action::Leave("a person committed to its branch".to_owned()),
        (Wish::Unknown(why), Some(_)) => Action::Leave(why.to_owned()),
        (Wish::Nothing(why), Some(_)) => Action::Close(why.to_owned()),
        (Wish::Nothing(_) | Wish::Unknown(_), None) => Action::Unchanged,
        (Wish::Proposal(wanted), Some(existing)) => match &existing.made_of {
            Some(made) if made.entries == wanted.entries() && made.context == wanted.context => Action::Unchanged,
            _ => Action::Update,
        },
        (Wish::Proposal(_), None) if circumstances.declined => Action::Wait(Wait::Declined),
        (Wish::Proposal(_), None) if !circumstances.room => Action::Wait(Wait::NoRoom),
        (Wish::Proposal(_), None) => Action::Open,
    }
}

/// A decision about one branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The branch.
    pub branch: String,
    /// The proposal that should be open: index into what was wanted.
    pub wanted: Option<usize>,
    /// What is to be done.
    pub action: Action,
}

/// What all decisions of a run are made from.
pub struct Question<'a> {
    /// The proposals that should be open, in the order in which they are opened while there is room.
    pub wanted: &'a [Wanted],
    /// What the forge has.
    pub existing: &'a [Existing],
    /// The branches of which a person declined exactly what is wanted.
    pub declined: &'a BTreeSet<String>,
    /// Why it is not known what should become of an open proposal; `None` where it is known.
    pub unknown: &'a dyn Fn(&Existing) -> Option<String>,
    /// Why nothing should be on a branch any more.
    pub moot: &'a dyn Fn(&Existing) -> String,
    /// How many proposals may be open.
    pub limit: usize,
}

/// Decides about every branch: first those that are open, then those to be opened.
#[must_use]
pub fn decisions(question: &Question<'_>) -> Vec<Decision> {
    let Question { wanted, existing, declined, unknown, moot, limit } = question;
    let mut decisions = Vec::new();
    for open in *existing {
        let at = wanted.iter().position(|w| w.branch == open.branch);
        let (why_unknown, why_moot) = (unknown(open), moot(open));
        let wish = match (at, &why_unknown) {
            (_, Some(why)) => Wish::Unknown(why),
            (Some(at), None) => Wish::Proposal(&wanted[at]),
            (None, None) => Wish::Nothing(&why_moot),
        };
        let action = decide(wish, Some(open), Circumstances { declined: false, room: true });
        decisions.push(Decision { branch: open.branch.clone(), wanted: at, action });
    }
    let mut open = decisions.iter().filter(|d| !matches!(d.action, Action::Close(_))).count();
    // what is opened is known: an image that could not be looked at wants nothing
    for (at, wish) in wanted.iter().enumerate().filter(|(_, w)| existing.iter().all(|e| e.branch != w.branch)) {
        let circumstances = Circumstances { declined: declined.contains(&wish.branch), room: open < *limit };
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
    use crate::proposal::{Item, Kind};

    fn wanted(branch: &str, tag: &str) -> Wanted {
        let entry = Entry {
            source: "grafana/loki".to_owned(),
            repository: "loki".parse().unwrap(),
            from: Some("3.0.0".parse().unwrap()),
            to: Some(tag.parse().unwrap()),
            digest: Digest::sha256(tag.as_bytes()),
            kind: Kind::Update,
            rejection: None,
        };
        let item = Item { entry, image: 0, line: "latest".to_owned(), public_since: None, prefix_changed: false };
        Wanted { branch: branch.to_owned(), group: None, items: vec![item], context: Digest::sha256(b"context") }
    }

    fn made_of(wanted: &Wanted) -> Existing {
        let made_of = Some(MadeOf { entries: wanted.entries(), context: wanted.context.clone() });
        Existing { branch: wanted.branch.clone(), made_of, touched: false }
    }

    /// What the forge can have on the branch of `wanted`, without a person's commits.
    fn states(wanted: &Wanted) -> Vec<(&'static str, Existing)> {
        let same = made_of(wanted);
        let other_entries = made_of(&super::tests::wanted(&wanted.branch, "3.0.9"));
        let moved = Wanted { context: Digest::sha256(b"elsewhere"), ..wanted.clone() };
        vec![
            ("as wanted", same.clone()),
            ("other version", other_entries),
            ("other base text", made_of(&moved)),
            ("unreadable metadata", Existing { made_of: None, ..same }),
        ]
    }

    const CIRCUMSTANCES: [(&str, Circumstances); 4] = [
        ("", Circumstances { declined: false, room: true }),
        ("limit reached", Circumstances { declined: false, room: false }),
        ("declined", Circumstances { declined: true, room: true }),
        ("declined, limit reached", Circumstances { declined: true, room: false }),
    ];

    #[test]
    fn every_combination() {
        let wanted = wanted("wharfinger/image/loki/latest", "3.1.0");
        let mut open = vec![("none open", None)];
        for (name, existing) in states(&wanted) {
            open.push((name, Some(existing.clone())));
            open.push((name, Some(Existing { touched: true, ..existing })));
        }
        let mut table = String::new();
        for (wish_name, wish) in [
            ("wanted", Wish::Proposal(&wanted)),
            ("nothing wanted", Wish::Nothing("3.1.0 is approved")),
            ("not known", Wish::Unknown("its tags could not be read")),
        ] {
            for (name, existing) in &open {
                let by = if existing.as_ref().is_some_and(|e| e.touched) { " + a person's commits" } else { "" };
                let actions =
                    CIRCUMSTANCES.map(|(c, circumstances)| (c, decide(wish, existing.as_ref(), circumstances)));
                if actions.iter().all(|(_, action)| *action == actions[0].1) {
                    writeln!(table, "{wish_name:<15} {:<41} {:?}", format!("{name}{by}"), actions[0].1).unwrap();
                    continue;
                }
                for (circumstance, action) in actions {
                    let state =
                        if circumstance.is_empty() { (*name).to_owned() } else { format!("{name}, {circumstance}") };
                    writeln!(table, "{wish_name:<15} {state:<41} {action:?}").unwrap();
                }
            }
        }
        insta::assert_snapshot!(table);
    }

    fn ask(wanted: &[Wanted], existing: &[Existing], declined: &BTreeSet<String>, limit: usize) -> Vec<Decision> {
        let unknown = |_: &Existing| None;
        let moot = |_: &Existing| "moot".to_owned();
        decisions(&Question { wanted, existing, declined, unknown: &unknown, moot: &moot, limit })
    }

    #[test]
    fn the_limit_counts_what_stays_open() {
        let (a, b, c) = (wanted("a", "1"), wanted("b", "1"), wanted("c", "1"));
        let stale = made_of(&wanted("stale", "1"));
        let touched = Existing { touched: true, ..made_of(&wanted("touched", "1")) };
        let all = ask(&[a.clone(), b, c], &[made_of(&a), stale, touched], &BTreeSet::from(["b".to_owned()]), 3);
        let lines: Vec<String> = all.iter().map(|d| format!("{}: {:?}", d.branch, d.action)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        a: Unchanged
        stale: Close("moot")
        touched: Leave("a person committed to its branch")
        b: Wait(Declined)
        c: Open
        "#);
    }

    /// A forge that does what it is told.
    fn apply(wanted: &[Wanted], existing: &[Existing], decisions: &[Decision]) -> Vec<Existing> {
        let kept = |branch: &str| existing.iter().find(|e| e.branch == branch).cloned();
        decisions
            .iter()
            .filter_map(|d| match &d.action {
                Action::Open | Action::Update => d.wanted.map(|at| made_of(&wanted[at])),
                Action::Unchanged | Action::Leave(_) => kept(&d.branch),
                Action::Close(_) | Action::Wait(_) => None,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn what_was_done_leaves_nothing_to_do(
            wants in proptest::collection::btree_map(0..6u8, 0..3u8, 0..6),
            has in proptest::collection::btree_map(0..6u8, (0..3u8, any::<bool>(), 0..4usize), 0..6),
            declined in proptest::collection::btree_set(0..6u8, 0..3),
            limit in 0..6usize,
        ) {
            let wanted: Vec<Wanted> = wants.iter().map(|(b, v)| wanted(&format!("w/{b}"), &format!("1.{v}"))).collect();
            let existing: Vec<Existing> = has.iter().map(|(b, (v, touched, state))| {
                let (_, existing) = states(&super::tests::wanted(&format!("w/{b}"), &format!("1.{v}"))).swap_remove(*state);
                Existing { touched: *touched, ..existing }
            }).collect();
            let declined = declined.iter().map(|b| format!("w/{b}")).collect();
            let first = ask(&wanted, &existing, &declined, limit);
            let after = apply(&wanted, &existing, &first);
            let before = existing.len();
            prop_assert!(after.len() <= limit.max(before), "the limit is kept");
            for second in ask(&wanted, &after, &declined, limit) {
                let quiet = matches!(second.action, Action::Unchanged | Action::Leave(_) | Action::Wait(_));
                prop_assert!(quiet, "{} would be {:?} again", second.branch, second.action);
            }
        }
    }
}
