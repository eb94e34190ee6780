//! Tests of which facts a selection asks for, and what it decides with them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::time::Duration;

use super::super::*;
use super::Readings;
use super::tests::{case, digest, now, render, settle, tag, tags};

/// What a selection asks for, round by round, when every tag resolves to its own digest, public for nine days and ready.
pub(super) fn asked(subject: &Subject, list: &str, facts: &mut Facts) -> String {
    let mut rounds = String::from("\n");
    let tags = tags(list);
    let readings = Readings::of(&subject.rule, &tags);
    let inquiry = readings.inquire(subject, now());
    loop {
        let missing = inquiry.missing(facts);
        if missing.is_empty() {
            return rounds + &render(&inquiry.answer(facts));
        }
        for fact in missing {
            match fact {
                Fact::Digest(tag) => {
                    writeln!(rounds, "asks what {tag} answers").unwrap();
                    facts.digests.insert(tag.clone(), Some(digest(tag.as_str())));
                }
                Fact::PublicSince(tag, digest) => {
                    writeln!(rounds, "asks the age of {tag}").unwrap();
                    facts
                        .public_since
                        .insert((tag, digest), Some(Since::published(now() - chrono::TimeDelta::days(9))));
                }
                Fact::History(tag) => {
                    writeln!(rounds, "asks what {tag} answered before").unwrap();
                    facts.history.insert(tag, Vec::new());
                }
                Fact::Fixes(tag, digest) => {
                    writeln!(rounds, "asks what {tag} fixes").unwrap();
                    facts.fixes.insert((tag, digest), Ok("fixes CVE-2027-1 (critical)".to_owned()));
                }
                Fact::Readiness(tag, digest) => {
                    writeln!(rounds, "asks whether {tag} is ready").unwrap();
                    facts.readiness.insert(digest, Readiness::Ready);
                }
                Fact::Signatures(tag, digest) => {
                    writeln!(rounds, "asks who signed {tag}").unwrap();
                    facts.signed.insert(digest);
                }
            }
        }
    }
}

pub(super) fn wary(words: &str) -> Subject {
    Subject { ask_readiness: true, ..case(words) }
}

#[test]
fn asks_for_no_more_than_it_needs() {
    let list = "1.0.0 1.1.0 1.2.0 1.3.0";
    let nothing_new = asked(&wary("approved=1.3.0 cooldown=3"), list, &mut Facts::default());
    insta::assert_snapshot!("nothing_new", nothing_new);
    let rebuilds = asked(&wary("approved=1.2.0,1.3.0 cooldown=3 rebuilds"), list, &mut Facts::default());
    insta::assert_snapshot!("nothing_new_with_rebuilds", rebuilds);
    insta::assert_snapshot!(
        "one_update",
        asked(&wary("approved=1.0.0 cooldown=3 rebuilds"), list, &mut Facts::default())
    );
    insta::assert_snapshot!("no_cooldown", asked(&wary("approved=1.0.0"), list, &mut Facts::default()));
    let mut facts = Facts::default();
    facts
        .public_since
        .insert((tag("1.3.0"), digest("1.3.0")), Some(Since::published(now() - chrono::TimeDelta::days(2))));
    facts.readiness.insert(digest("1.2.0"), Readiness::NotReady("linux/arm64 is missing".to_owned()));
    insta::assert_snapshot!("the_next_older", asked(&wary("approved=1.0.0 cooldown=3"), list, &mut facts));
}

#[test]
fn bytes_that_may_not_come() {
    let subject = wary("approved=1.0.0 cooldown=3 revoked=0.9.0");
    let mut facts = Facts::default();
    facts.digests.insert(tag("1.6.0"), None);
    facts.digests.insert(tag("1.5.0"), Some(digest("0.9.0")));
    facts.declined.insert(digest("1.4.0"));
    facts.unsigned.insert(digest("1.3.0"), "no signature".to_owned());
    facts.public_since.insert((tag("1.2.0"), digest("1.2.0")), None);
    insta::assert_snapshot!(asked(&subject, "1.0.0 1.1.0 1.2.0 1.3.0 1.4.0 1.5.0 1.6.0", &mut facts));
}

#[test]
fn a_rebuild_is_as_old_as_its_digest() {
    let subject = wary("approved=1.0.0 cooldown=3 rebuilds");
    let mut facts = Facts::default();
    facts.digests.insert(tag("1.0.0"), Some(digest("other")));
    insta::assert_snapshot!("rebuilt", asked(&subject, "1.0.0", &mut facts.clone()));
    facts.public_since.insert((tag("1.0.0"), digest("other")), Some(Since::first_seen(now())));
    insta::assert_snapshot!("rebuilt_just_now", asked(&subject, "1.0.0", &mut facts.clone()));
    facts.digests.insert(tag("1.0.0"), None);
    insta::assert_snapshot!("gone", asked(&subject, "1.0.0", &mut facts));
}

#[test]
fn clocks_begin_with_the_newest() {
    let list: Vec<String> = (0..200).map(|n| format!("1.{n}.0")).collect();
    let subject = wary("cooldown=3");
    let mut facts = Facts::default();
    for name in &list {
        facts.public_since.insert((tag(name), digest(name)), None);
    }
    let selection = settle(&subject, &tags(&list.join(" ")), &mut facts);
    assert_eq!(facts.digests.keys().map(Tag::as_str).collect::<Vec<_>>(), ["1.197.0", "1.198.0", "1.199.0"]);
    assert_eq!(selection.lines[0].waiting.len(), 3);
    assert!(selection.tags.iter().all(|t| t.reason == Reason::Waiting));
    // The clocks of the newest have run for a day: then older ones are checked, and the first old enough is chosen.
    for (at, name) in list.iter().enumerate() {
        let age = chrono::TimeDelta::days(i64::try_from(200 - at).unwrap() / 10);
        facts
            .public_since
            .insert((tag(name), digest(name)), Some(Since::published(now() - age - chrono::TimeDelta::hours(1))));
    }
    let selection = settle(&subject, &tags(&list.join(" ")), &mut facts);
    assert_eq!(selection.lines[0].chosen.as_ref().unwrap().tag, tag("1.170.0"));
}

#[test]
fn floating_tags_are_followed_by_digest() {
    let mut subject = wary("approved=stable cooldown=3");
    subject.rule = Rule::Tags(vec![tag("stable"), tag("edge")]);
    let list = "stable edge 1.2.3 latest";
    insta::assert_snapshot!("floating", asked(&subject, list, &mut Facts::default()));
    let day = |n| now() - chrono::TimeDelta::days(n);
    let mut facts = Facts::default();
    facts.digests.insert(tag("stable"), Some(digest("new")));
    facts.public_since.insert((tag("stable"), digest("new")), Some(Since::first_seen(day(1))));
    insta::assert_snapshot!("floating_waits", asked(&subject, list, &mut facts.clone()));
    // The ledger knows older digests: the newest that is old enough and newer than the approved one is chosen.
    let history = vec![
        (digest("older"), day(6)),
        (digest("old-enough"), day(4)),
        (digest("young"), day(2)),
        (digest("new"), day(1)),
    ];
    facts.history.insert(tag("stable"), history.clone());
    insta::assert_snapshot!(
        "floating_with_a_history_that_lacks_the_approved_digest",
        asked(&subject, list, &mut facts.clone())
    );
    facts.history.insert(tag("stable"), [vec![(digest("stable"), day(8))], history].concat());
    insta::assert_snapshot!("floating_with_a_history", asked(&subject, list, &mut facts.clone()));
    facts.readiness.insert(digest("old-enough"), Readiness::NotReady("no longer answers".to_owned()));
    insta::assert_snapshot!("floating_with_a_history_that_no_longer_answers", asked(&subject, list, &mut facts));
}

/// Ages here are nine days: less than the cooldown, and more than what fixes wait.
#[test]
fn a_version_that_fixes_something_waits_less() {
    let days = |days: u64| Some(Duration::from_secs(days * 86_400));
    let list = "1.0.0 1.1.0 1.2.0";
    let of = |words: &str, fixes: Option<Duration>| Subject {
        fixes,
        ask_signatures: true,
        ask_readiness: true,
        ..case(words)
    };
    let round = |subject: &Subject| asked(subject, list, &mut Facts::default());
    insta::assert_snapshot!("fixes", round(&of("approved=1.0.0 cooldown=30", days(7))));
    let mut facts = Facts::default();
    facts.digests.insert(tag("1.2.0"), Some(digest("other")));
    let rebuilt = of("approved=1.2.0 cooldown=30 rebuilds", days(0));
    insta::assert_snapshot!("fixes_of_a_rebuild", asked(&rebuilt, list, &mut facts));
    for (name, subject) in [
        ("no shorter cooldown", of("approved=1.0.0 cooldown=30", None)),
        ("younger than that, too", of("approved=1.0.0 cooldown=30", days(10))),
        ("old enough anyway", of("approved=1.0.0 cooldown=3", days(0))),
        ("nothing to compare with", of("cooldown=30", days(0))),
    ] {
        let rounds = round(&subject);
        assert!(!rounds.contains("fixes"), "{name}: {rounds}");
    }
    let unknown = |fixes| {
        let mut facts = Facts::default();
        let age = |name: &str| ((tag(name), digest(name)), None);
        facts.public_since = ["1.1.0", "1.2.0"].map(age).into();
        asked(&of("approved=1.0.0 cooldown=30", fixes), list, &mut facts)
    };
    assert!(!unknown(days(1)).contains("fixes"), "an unknown age is never old enough");
    assert!(unknown(days(0)).contains("asks what 1.2.0 fixes"), "no age is asked for");
    let subject = of("approved=1.0.0 cooldown=30", days(0));
    let mut facts = Facts::default();
    let decided = settle(&subject, &tags("1.0.0 1.1.0 1.2.0 1.3.0 1.4.0"), &mut facts);
    assert_eq!(facts.fixes.len(), super::candidate::FIXES, "so many are compared");
    assert!(decided.lines[0].chosen.is_none());
    assert!(decided.tags[0].detail.ends_with("; no shorter cooldown: nothing"), "{}", decided.tags[0].detail);
    let mut facts = Facts::default();
    facts.readiness.insert(digest("1.2.0"), Readiness::NotReady("arm64 is missing".to_owned()));
    let rounds = asked(&subject, list, &mut facts);
    assert!(!rounds.contains("asks what 1.2.0 fixes"), "what could not be proposed is not compared: {rounds}");
    assert!(rounds.contains("asks what 1.1.0 fixes"), "{rounds}");
}
