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
    Wanted { branch: branch.to_owned(), group: None, items: vec![item], later: 0, context: Digest::sha256(b"context") }
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
    let all =
        ask(&[a.clone(), b, c], &[made_of(&a), stale, touched], &BTreeSet::from(["b".to_owned()]), &BTreeMap::new(), 3);
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
