//! Tags that are rebuilt before their digest is old enough.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use proptest::prelude::*;

use super::super::*;
use super::Readings;
use super::candidate::FIXES;
use super::line::PASSED;
use super::lookups::{asked, wary};
use super::tests::{digest, now, tag, tags};

fn day(n: i64) -> DateTime<Utc> {
    now() - chrono::TimeDelta::days(n)
}

/// A tag's history in the ledger: digests by name with their ages in days, oldest first. The last is the current one.
fn rebuilt(facts: &mut Facts, name: &str, history: &[(&str, i64)]) {
    let entries: Vec<_> = history.iter().map(|(name, age)| (digest(name), day(*age))).collect();
    let (last, since) = entries.last().unwrap().clone();
    facts.digests.insert(tag(name), Some(last.clone()));
    facts.public_since.insert((tag(name), last), Some(Since::first_seen(since)));
    facts.history.insert(tag(name), entries);
}

const NIGHTLY: [(&str, i64); 5] = [("a", 5), ("b", 4), ("c", 3), ("d", 2), ("e", 1)];

fn nightly(name: &str) -> Facts {
    let mut facts = Facts::default();
    rebuilt(&mut facts, name, &NIGHTLY);
    facts
}

fn gone(facts: &mut Facts, names: &[&str]) {
    let gone = |name: &&str| (digest(name), Readiness::NotReady("upstream does not have it".to_owned()));
    facts.readiness.extend(names.iter().map(gone));
}

/// The tag and the digest's name that are chosen on the first line.
fn chosen(subject: &Subject, list: &str, mut facts: Facts) -> String {
    asked(subject, list, &mut facts);
    let list = tags(list);
    let selection = Readings::of(&subject.rule, &list).inquire(subject, now()).answer(&facts);
    let Some(chosen) = selection.lines[0].chosen.clone() else { return "nothing".to_owned() };
    let names = NIGHTLY.iter().map(|(name, _)| *name).chain([chosen.tag.as_str()]);
    let named = names.into_iter().find(|name| digest(name) == chosen.digest).unwrap().to_owned();
    format!("{} {named}", chosen.tag)
}

const LIST: &str = "1.0.0 1.1.0 1.2.0";

#[test]
fn a_version_that_is_rebuilt_every_night_gets_its_newest_digest_that_is_old_enough() {
    let subject = wary("approved=1.0.0 cooldown=3");
    insta::assert_snapshot!(asked(&subject, LIST, &mut nightly("1.2.0")).trim_start(), @r"
    asks whether 1.2.0 is ready
    latest: 1.0.0 -> 1.2.0 waits 1.2.0 (Waiting)
      1.2.0                    Chosen    Newest          the newest version that the rule admits; resolved to 2e7d2c03a950 before; the current digest is too young
      1.1.0                    Skipped   Superseded      1.2.0 is newer
      1.0.0                    Approved  Approved        in the manifest
    ");
    assert_eq!(chosen(&subject, LIST, nightly("1.2.0")), "1.2.0 c");
    let mut facts = nightly("1.2.0");
    gone(&mut facts, &["c", "b"]);
    assert_eq!(chosen(&subject, LIST, facts.clone()), "1.2.0 a", "upstream deleted the newer ones");
    gone(&mut facts, &["a"]);
    assert_eq!(chosen(&subject, LIST, facts), "1.1.0 1.1.0", "upstream deleted all of them");
}

#[test]
fn while_nothing_is_old_enough_the_first_that_will_be_is_named() {
    let subject = wary("approved=1.1.0 cooldown=3");
    let mut facts = Facts::default();
    rebuilt(&mut facts, "1.2.0", &[("a", 2), ("b", 1), ("c", 0)]);
    gone(&mut facts, &["a"]);
    insta::assert_snapshot!(asked(&subject, LIST, &mut facts).trim_start(), @r"
    latest: 1.1.0 -> - waits 1.2.0 (Waiting)
      1.2.0                    Skipped   Waiting         first seen 2026-11-21 09:00 UTC, due 2026-11-24 09:00 UTC; ca978112ca1b, which it resolved to before, is due 2026-11-22 09:00 UTC
      1.1.0                    Approved  Approved        in the manifest
      1.0.0                    Skipped   Older           1.1.0 is approved
    ");
    let list = tags(LIST);
    let selection = Readings::of(&subject.rule, &list).inquire(&subject, now()).answer(&facts);
    assert_eq!(selection.lines[0].waiting[0].until, Some(day(-1)));
}

#[test]
fn a_rebuild_gets_its_newest_digest_that_is_old_enough_and_newer_than_the_approved_one() {
    let subject = wary("approved=1.2.0 cooldown=3 rebuilds");
    let facts = |approved_at: usize| {
        let mut history = NIGHTLY.to_vec();
        history.insert(approved_at, ("1.2.0", 4));
        let mut facts = Facts::default();
        rebuilt(&mut facts, "1.2.0", &history);
        facts
    };
    insta::assert_snapshot!(asked(&subject, LIST, &mut facts(1)).trim_start(), @r"
    asks whether 1.2.0 is ready
    latest: 1.2.0 -> 1.2.0 (rebuild) waits 1.2.0 (Waiting)
      1.2.0                    Chosen    Newest          rebuilt: resolved to 2e7d2c03a950 before; the current digest is too young
      1.1.0                    Skipped   Older           1.2.0 is approved
      1.0.0                    Skipped   Older           1.2.0 is approved
    ");
    assert_eq!(chosen(&subject, LIST, facts(2)), "1.2.0 c");
    assert_eq!(chosen(&subject, LIST, facts(3)), "nothing", "what is newer than the approved one is too young");
    assert_eq!(chosen(&subject, LIST, nightly("1.2.0")), "nothing", "nothing says what is newer than the approved one");
    let same = |name: &str| {
        let mut facts = facts(0);
        facts.readiness.insert(digest(name), Readiness::Unchanged);
        chosen(&subject, LIST, facts)
    };
    assert_eq!(same("c"), "nothing", "back to what is approved, so what is older is no update");
    assert_eq!(same("b"), "1.2.0 c");
}

#[test]
fn what_is_refused_is_passed_over_and_what_was_declined_ends_it() {
    let subject =
        |revoked: &str| Subject { revoked: vec![(tag("9.9.9"), digest(revoked))], ..wary("approved=1.0.0 cooldown=3") };
    assert_eq!(chosen(&subject("c"), LIST, nightly("1.2.0")), "1.2.0 b");
    let mut unsigned = nightly("1.2.0");
    unsigned.unsigned.extend(["c", "b"].map(|name| (digest(name), "no signature".to_owned())));
    assert_eq!(chosen(&subject("e9"), LIST, unsigned.clone()), "1.2.0 a");
    let signatures = Subject { ask_signatures: true, ..subject("e9") };
    assert_eq!(chosen(&signatures, LIST, unsigned.clone()), "1.2.0 a", "verified, as it is asked about alone");
    unsigned.unsigned.insert(digest("a"), "no signature".to_owned());
    assert_eq!(chosen(&signatures, LIST, unsigned.clone()), "1.1.0 1.1.0", "the next older version");
    asked(&signatures, LIST, &mut unsigned);
    let list = tags(LIST);
    let line = Readings::of(&signatures.rule, &list).inquire(&signatures, now()).answer(&unsigned).lines.remove(0);
    assert_eq!(line.waiting[0].reason, Reason::Unsigned);
    assert!(line.waiting[0].detail.contains("which it answered before: no signature"), "{}", line.waiting[0].detail);
    let mut declined = nightly("1.2.0");
    declined.declined.insert(digest("b"));
    assert_eq!(chosen(&subject("e9"), LIST, declined.clone()), "1.2.0 c", "a newer one than what was declined");
    assert_eq!(chosen(&subject("c"), LIST, declined), "1.1.0 1.1.0");
}

#[test]
fn a_version_that_is_seen_for_the_first_time_costs_no_more_and_one_that_is_rebuilt_hides_no_older_one() {
    let list: Vec<String> = (0..9).map(|n| format!("1.{n}.0")).collect();
    let subject = wary("cooldown=3");
    let looked_at = |history: &[(&str, i64)]| {
        let mut facts = Facts::default();
        for name in &list[1..] {
            rebuilt(&mut facts, name, &[history, &[(name, 0)]].concat());
            if history.is_empty() {
                facts.history.insert(tag(name), Vec::new());
            }
        }
        asked(&subject, &list.join(" "), &mut facts)
    };
    let first = looked_at(&[]);
    assert!(first.starts_with("\nlatest: - -> - waits 1.8.0"), "nothing is asked: {first}");
    assert_eq!(first.matches("not checked yet: the").count(), 6, "{first}");
    let nightly = looked_at(&[("a", 2), ("b", 1)]);
    assert!(nightly.contains("latest: - -> 1.0.0 waits"), "{nightly}");
}

#[test]
fn every_line_asks_one_fact_a_round() {
    let subject = wary("follow=each-minor cooldown=3");
    let mut facts = Facts::default();
    for name in ["1.0.0", "1.1.0"] {
        rebuilt(&mut facts, name, &[(&format!("{name} old"), 4), (name, 1)]);
    }
    let list = tags("1.0.0 1.1.0");
    let readings = Readings::of(&subject.rule, &list);
    let missing = readings.inquire(&subject, now()).missing(&facts);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing.iter().all(|fact| matches!(fact, Fact::Readiness(..))), "{missing:?}");
}

/// As many versions as are checked, each rebuilt every night, a rebuild of the approved one, and nothing available.
#[test]
fn the_rounds_are_enough() {
    let list: Vec<Tag> = (0..300).map(|n| tag(&format!("1.{n}.0"))).collect();
    let subject = Subject { ask_signatures: true, ..wary("approved=1.0.0 cooldown=3 rebuilds") };
    let (readings, mut facts) = (Readings::of(&subject.rule, &list), Facts::default());
    let inquiry = readings.inquire(&subject, now());
    let mut rounds = 1;
    loop {
        let missing = inquiry.missing(&facts);
        assert!(missing.len() <= 1);
        let Some(fact) = missing.into_iter().next() else { break };
        rounds += 1;
        match fact {
            Fact::Digest(tag) => drop(facts.digests.insert(tag.clone(), Some(digest(&format!("{tag} now"))))),
            Fact::PublicSince(tag, digest) => {
                facts.public_since.insert((tag, digest), Some(Since::first_seen(day(1))));
            }
            Fact::History(tag) => {
                let entries = [tag.to_string(), format!("{tag} b"), format!("{tag} c")];
                facts.history.insert(tag, entries.iter().map(|name| (digest(name), day(9))).collect());
            }
            Fact::Readiness(_, digest) => drop(facts.readiness.insert(digest, Readiness::Ready)),
            Fact::Signatures(_, digest) => drop(facts.unsigned.insert(digest, "no signature".to_owned())),
            Fact::Fixes(..) => panic!("the subject asks for no fixes"),
        }
    }
    assert_eq!(facts.readiness.len(), super::EARLIER, "so many requests to upstream about earlier digests");
    assert_eq!(facts.unsigned.len(), super::EARLIER);
    assert_eq!(
        rounds + PASSED + 1 + 3 * FIXES,
        ROUNDS,
        "where what the tags answer is old enough, and unsigned, one more of each"
    );
}

/// The possible states of an earlier digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Gone,
    Unsigned,
    Declined,
    Unchanged,
}

fn states() -> impl Strategy<Value = Vec<(State, i64)>> {
    use State::{Declined, Gone, Ready, Unchanged, Unsigned};
    let state = prop::sample::select(vec![Ready, Ready, Ready, Gone, Gone, Unsigned, Declined, Unchanged]);
    prop::collection::vec((state, 0_i64..8), 1..super::EARLIER)
}

proptest! {
    /// With the same history, a floating tag, a rebuild and, if it has no approval, a new version get the same digest.
    #[test]
    fn every_tag_is_given_the_newest_digest_that_may_come(mut states in states(), approved in prop::option::of(0_usize..super::EARLIER)) {
        states.sort_by_key(|(_, age)| std::cmp::Reverse(*age));
        let names: Vec<String> = (0..states.len()).map(|n| format!("digest {n}")).collect();
        let mut facts = Facts::default();
        let entries: Vec<(&str, i64)> = names.iter().zip(&states).map(|(name, (_, age))| (name.as_str(), *age)).collect();
        rebuilt(&mut facts, "1.2.0", &[&entries[..], &[("now", 0)]].concat());
        for (name, (state, _)) in names.iter().zip(&states) {
            let readiness = match state {
                State::Ready | State::Unsigned | State::Declined => Readiness::Ready,
                State::Gone => Readiness::NotReady("gone".to_owned()),
                State::Unchanged => Readiness::Unchanged,
            };
            facts.readiness.insert(digest(name), readiness);
            match state {
                State::Declined => drop(facts.declined.insert(digest(name))),
                State::Unsigned => drop(facts.unsigned.insert(digest(name), "no signature".to_owned())),
                _ => {}
            }
        }
        let newer = approved.map_or(0, |at| if at < names.len() { at + 1 } else { names.len() });
        let mut may_come = states.iter().enumerate().skip(newer).rev();
        let ends = |state: State, age: i64| state == State::Declined || state == State::Unchanged && age >= 3;
        let found = may_come.find(|(_, (state, age))| ends(*state, *age) || *state == State::Ready && *age >= 3);
        let expected = found.filter(|(_, (state, _))| *state == State::Ready).map(|(at, _)| digest(&names[at]));
        let approved = approved.map(|at| (tag("1.2.0"), names.get(at).map_or_else(|| digest("unknown"), |name| digest(name))));
        let versions = Subject { approved: approved.into_iter().collect(), ..wary("cooldown=3 rebuilds") };
        let floating = Subject { rule: Rule::Tags(vec![tag("1.2.0")]), ..versions.clone() };
        for subject in [versions, floating] {
            let list = [tag("1.2.0")];
            let readings = Readings::of(&subject.rule, &list);
            let inquiry = readings.inquire(&subject, now());
            prop_assert_eq!(inquiry.missing(&facts), Vec::new());
            let line = inquiry.answer(&facts).lines.remove(0);
            prop_assert_eq!(line.chosen.as_ref().map(|chosen| chosen.digest.clone()), expected.clone());
            prop_assert_eq!(line.waiting.len(), 1);
            prop_assert!(line.chosen.iter().all(|chosen| chosen.instead_of.as_ref() == line.waiting.first()));
        }
    }
}
