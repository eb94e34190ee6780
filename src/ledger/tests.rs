#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{Key, Ledger, Sighting, Survey, trusted};
use crate::image::Digest;
use crate::manifest::fixtures::manifest;
use crate::rules::{Reason, Selection, TagVerdict, Verdict};

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::hours(hour)
}

fn key(tag: &str) -> Key {
    Key { source: "quay.io/grafana/loki".parse().unwrap(), tag: tag.parse().unwrap() }
}

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn answers(name: &str) -> Sighting {
    Sighting { digest: digest(name), approved: BTreeSet::new(), cooldown: Duration::ZERO }
}

fn seen(sightings: &[(&str, &str, i64)]) -> Ledger {
    let mut ledger = Ledger::default();
    for (tag, name, hour) in sightings {
        ledger.see(&key(tag), &answers(name), at(*hour));
    }
    ledger
}

fn since(ledger: &Ledger, tag: &str, name: &str) -> Option<i64> {
    ledger.since(&key(tag), &digest(name), at(1_000)).map(|since| (since - at(0)).num_hours())
}

#[test]
fn the_text_has_a_line_an_entry_and_is_read_again() {
    let mut ledger = seen(&[("3.1.0", "a", 0), ("stable", "a", 1), ("stable", "b", 2)]);
    let oci = Key { source: "oci:some directory".parse().unwrap(), tag: "1.0".parse().unwrap() };
    ledger.see(&oci, &answers("c"), at(3));
    ledger.judge("0123abcd");
    let text = ledger.write().unwrap();
    insta::assert_snapshot!(text.replace(digest("a").as_str(), "A").replace(digest("b").as_str(), "B").replace(digest("c").as_str(), "C"), @r"
    # Wharfinger's ledger, version 1: source, tag, digest, and since when the tag was seen to answer it.
    # Written by `wharfinger propose` alone: what anybody else writes here is reported, and its clocks begin anew.
    # Judged up to the commit of another identity 0123abcd
    quay.io/grafana/loki 3.1.0 A 2027-01-15T08:00:00Z
    quay.io/grafana/loki stable A 2027-01-15T09:00:00Z
    quay.io/grafana/loki stable B 2027-01-15T10:00:00Z
    oci:some directory 1.0 C 2027-01-15T11:00:00Z
    ");
    assert_eq!(Ledger::read(&text), Ok(ledger));
}

#[test]
fn whatever_else_is_written_is_broken() {
    let good = seen(&[("3.1.0", "a", 0), ("3.2.0", "b", 1)]).write().unwrap();
    assert!(Ledger::read(&good).is_ok());
    let entries: Vec<&str> = good.lines().skip(2).collect();
    let head = good.lines().take(2).collect::<Vec<_>>().join("\n");
    let swapped = format!("{head}\n{}\n{}\n", entries[1], entries[0]);
    let long = format!("{good}{}", "x".repeat(5 * 1024 * 1024));
    for bad in [
        "",
        "hello\n",
        &swapped,
        &long,
        &good.replace('\n', "\r\n"),
        good.trim_end(),
        &format!("{good}{}\n", entries[1]),
        &good.replace("version 1", "version 2"),
        &good.replace("Z\n", "+00:00\n"),
        &good.replace("quay.io", "quay io"),
        &good.replace("sha256:", "sha256:0"),
        &format!("{good}# a comment\n"),
    ] {
        let broken = Ledger::read(bad);
        assert!(broken.is_err(), "{:?}", bad.chars().take(400).collect::<String>());
    }
}

#[test]
fn only_what_a_tag_answers_without_a_break_has_a_clock() {
    let mut ledger = seen(&[("1", "a", 0), ("1", "a", 5)]);
    assert_eq!(since(&ledger, "1", "a"), Some(0), "the same digest again");
    assert_eq!(since(&ledger, "1", "b"), None);
    assert_eq!(since(&ledger, "2", "a"), None);
    ledger.see(&key("1"), &answers("b"), at(6));
    assert_eq!((since(&ledger, "1", "a"), since(&ledger, "1", "b")), (None, Some(6)));
    ledger.see(&key("1"), &answers("a"), at(7));
    assert_eq!((since(&ledger, "1", "a"), since(&ledger, "1", "b")), (Some(7), None), "back again");
    assert!(ledger.saw(&key("1"), &digest("b")) && !ledger.saw(&key("1"), &digest("c")));
    assert_eq!(ledger.history(&key("1")).len(), 2, "each digest once");
}

#[test]
fn a_time_that_lies_ahead_makes_nothing_older() {
    let ledger = seen(&[("1", "a", 50)]);
    assert_eq!(ledger.since(&key("1"), &digest("a"), at(10)), Some(at(10)));
    let mut fixed = ledger;
    fixed.see(&key("1"), &answers("a"), at(10));
    assert_eq!(since(&fixed, "1", "a"), Some(10));
}

#[test]
fn what_is_approved_stands_before_what_is_new_and_stays_in_a_long_history() {
    let mut ledger = Ledger::default();
    let approved: BTreeSet<Digest> = [digest("approved")].into();
    for n in 0..40 {
        ledger.see(&key("stable"), &Sighting { approved: approved.clone(), ..answers(&n.to_string()) }, at(n));
    }
    let history = ledger.history(&key("stable"));
    assert_eq!(history.len(), super::HISTORY);
    assert_eq!(history[0].digest, digest("approved"));
    assert_eq!(history.last().unwrap().digest, digest("39"));
    assert_eq!(Ledger::read(&ledger.write().unwrap()), Ok(ledger));
}

/// A tag that is rebuilt before every run, for longer than the history is: when its first cooldown is over there is a
/// digest that is old enough and not much older, and when that is approved there is soon another.
#[test]
fn however_often_a_tag_is_rebuilt_something_of_it_gets_old_enough() {
    for (cooldown, every) in [(72, 24), (14 * 24, 24), (72, 1), (90 * 24, 6), (1_i64, 24_u16)] {
        let longest = Duration::from_secs(cooldown.unsigned_abs() * 3600);
        let slack = cooldown / 3 + 2 * i64::from(every);
        let (mut approved, mut due) = (digest("approved"), cooldown + i64::from(every));
        let mut ledger = Ledger::default();
        for hour in (0..6 * cooldown.max(24)).step_by(every.into()) {
            let approvals = [approved.clone()].into();
            let sighting = Sighting { approved: approvals, cooldown: longest, ..answers(&hour.to_string()) };
            ledger.see(&key("1.2.3"), &sighting, at(hour));
            let history = ledger.history(&key("1.2.3"));
            let newer = history.iter().skip_while(|entry| entry.digest != approved).skip(1);
            let ages = newer.map(|entry| ((at(hour) - entry.first_seen).num_hours(), entry));
            match ages.filter(|(age, _)| *age >= cooldown).min_by_key(|(age, _)| *age) {
                None => assert!(hour < due, "nothing after {hour} of {cooldown} hours"),
                Some((age, newest)) => {
                    assert!(age <= cooldown + slack, "{age} hours old after {hour}, of {cooldown}");
                    // now and then the proposal is merged
                    if hour % 5 == 0 {
                        (approved, due) = (newest.digest.clone(), hour + slack);
                    }
                }
            }
        }
    }
}

#[test]
fn only_what_our_own_text_says_too_counts() {
    let own = seen(&[("1", "a", 5), ("2", "b", 5), ("3", "c", 5)]);
    let mut tip = seen(&[("1", "a", 0), ("3", "c", 5), ("4", "d", 0)]);
    tip.judge("abc");
    let text = |ledger: &Ledger| ledger.write().unwrap();
    let judged = trusted("", Some(&text(&own)), Some(&text(&tip)));
    assert_eq!((judged.touched, judged.broken.clone()), (3, None), "older, taken away, added");
    assert_eq!(judged.ledger, seen(&[("3", "c", 5)]));
    assert_eq!(trusted("", Some(&text(&own)), Some(&text(&own))).ledger, own);
    assert_eq!(trusted("", Some(&text(&own)), None).touched, 3);
    assert_eq!(trusted("", None, Some(&text(&tip))).ledger, Ledger::default());
    let broken = trusted("", Some(&text(&own)), Some("hello"));
    assert!(broken.broken.is_some() && broken.ledger == Ledger::default());
    let fixed = trusted("", Some("hello"), Some(&text(&tip)));
    assert!(fixed.broken.is_some() && fixed.ledger == Ledger::default());
}

/// A survey of `quay.io/grafana/loki` with these verdicts and answers.
fn survey(tags: &[(&str, Reason, Option<&str>)], approved: &[(&str, &str)]) -> Survey {
    let mut manifest = manifest(&["quay.io/grafana/loki"]);
    let image = &mut manifest.images[0];
    image.cooldown = std::time::Duration::from_secs(3600);
    for (tag, name) in approved {
        image.approved.push(crate::manifest::Approval {
            tag: tag.parse().unwrap(),
            digest: digest(name),
            mirrored: None,
            pull: None,
            approved_on: None,
            signed_by: None,
            reason: None,
            span: crate::diag::Span::default(),
        });
    }
    let verdict = |(tag, reason, _): &(&str, Reason, Option<&str>)| TagVerdict {
        tag: tag.parse().unwrap(),
        verdict: Verdict::Skipped,
        reason: *reason,
        detail: String::new(),
    };
    let selection = Selection { tags: tags.iter().map(verdict).collect(), ..Selection::default() };
    let answers: BTreeMap<_, _> =
        tags.iter().filter_map(|(tag, _, answer)| Some((tag.parse().unwrap(), Some(digest((*answer)?))))).collect();
    let mut survey = Survey::default();
    survey.add(image, &selection, &answers);
    survey
}

#[test]
fn what_is_no_candidate_any_more_is_dropped() {
    let mut ledger = seen(&[("1", "a", 0), ("2", "b", 0), ("3", "c", 0), ("4", "d", 0)]);
    let waiting =
        survey(&[("1", Reason::Waiting, Some("a")), ("2", Reason::Older, None), ("3", Reason::Superseded, None)], &[]);
    ledger.update(&waiting, &BTreeSet::new(), at(9));
    assert_eq!(ledger, seen(&[("1", "a", 0), ("3", "c", 0)]), "4 is not even listed");
    assert!(waiting.has_looked());

    let approved =
        survey(&[("1", Reason::Approved, Some("a")), ("3", Reason::Approved, Some("new"))], &[("1", "a"), ("3", "c")]);
    assert!(approved.has_looked());
    assert!(!survey(&[("1", Reason::Approved, None), ("2", Reason::Older, Some("b"))], &[]).has_looked());
    ledger.update(&approved, &BTreeSet::new(), at(9));
    let entries: Vec<_> = ledger.history(&key("3")).iter().map(|e| e.digest.clone()).collect();
    assert_eq!(entries, [digest("c"), digest("new")]);
    assert!(ledger.history(&key("1")).is_empty(), "what answers its approval has no clock");

    let mut elsewhere = manifest(&["quay.io/grafana/loki"]);
    let mut partly = Survey::default();
    partly.add_unknown(&elsewhere.images.remove(0));
    let before = ledger.clone();
    ledger.update(&partly, &BTreeSet::new(), at(10));
    assert_eq!(ledger, before, "nobody looked");
    ledger.update(&Survey::default(), &BTreeSet::new(), at(10));
    assert_eq!(ledger, Ledger::default(), "no image has that source");
}

#[test]
fn nothing_begins_that_no_rule_asked_for() {
    let mut ledger = Ledger::default();
    let looked = survey(&[("1", Reason::Waiting, Some("a")), ("2", Reason::Newest, Some("b"))], &[]);
    ledger.update(&looked, &[key("1")].into(), at(0));
    assert_eq!(ledger, seen(&[("1", "a", 0)]));
}

/// Sightings of three tags and four digests.
fn sightings() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((0_u8..3, 0_u8..4), 0..40)
}

proptest! {
    #[test]
    fn a_clock_runs_since_the_last_time_the_digest_moved(sightings in sightings()) {
        let mut ledger = Ledger::default();
        let mut expected: BTreeMap<u8, (u8, i64)> = BTreeMap::new();
        for (hour, (tag, name)) in (0..).zip(&sightings) {
            ledger.see(&key(&tag.to_string()), &answers(&name.to_string()), at(hour));
            match expected.get(tag) {
                Some((last, _)) if last == name => {}
                _ => drop(expected.insert(*tag, (*name, hour))),
            }
            for tag in 0..3 {
                for name in 0..4 {
                    let clock = expected.get(&tag).filter(|(last, _)| *last == name).map(|(_, hour)| *hour);
                    prop_assert_eq!(since(&ledger, &tag.to_string(), &name.to_string()), clock);
                }
            }
        }
        prop_assert_eq!(Ledger::read(&ledger.write().unwrap()), Ok(ledger));
    }

    #[test]
    fn of_two_runs_at_once_that_saw_the_same_it_does_not_matter_which_was_first(
        before in sightings(), now in prop::collection::btree_map(0_u8..3, 0_u8..4, 0..3), one in 100_i64..200, other in 100_i64..200,
    ) {
        let mut ledger = Ledger::default();
        for (hour, (tag, name)) in (0..).zip(&before) {
            ledger.see(&key(&tag.to_string()), &answers(&name.to_string()), at(hour));
        }
        let run = |mut ledger: Ledger, hours: [i64; 2]| {
            for hour in hours {
                for (tag, name) in &now {
                    ledger.see(&key(&tag.to_string()), &answers(&name.to_string()), at(hour));
                }
            }
            ledger
        };
        prop_assert_eq!(run(ledger.clone(), [one, other]), run(ledger, [other, one]));
    }

    #[test]
    fn any_text_is_read_or_broken(text in "(?s).{0,200}") {
        if let Ok(ledger) = Ledger::read(&text) {
            prop_assert_eq!(ledger.write(), Ok(text));
        }
    }
}
