#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::DateTime;

use super::*;
use crate::image::Digest;
use crate::manifest::{File, Manifest};
use crate::plan::Key;
use crate::plan::reviews::{Objection, Opinion, Review, Verdict};

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A manifest that requires this many approvals, with one image and these lines in it.
pub(super) fn text(approvals: u32, image: &str) -> String {
    let policy = if approvals == 0 { String::new() } else { format!("policy: {{ approvals: {approvals} }}\n") };
    format!("organization: acme\n{policy}images:\n  - source: team/app\n{image}")
}

pub(super) fn approved(tags: &[&str]) -> String {
    let entry = |tag: &&str| format!("      - {{ tag: \"{tag}\", digest: {DIGEST} }}\n");
    format!("    approved:\n{}", tags.iter().map(entry).collect::<String>())
}

pub(super) fn state(text: &str) -> Arc<State> {
    state_with(text, &[])
}

/// The state in which the files that the manifest may name have these contents.
pub(super) fn state_with(text: &str, named: &[(&str, &str)]) -> Arc<State> {
    let file = File { path: "approved-images.yml".to_owned(), text: text.to_owned() };
    let held = |(path, text): &(&str, &str)| ((*path).to_owned(), Digest::sha256(text.as_bytes()));
    Arc::new(State::read(Some(file), Vec::new(), &named.iter().map(held).collect()))
}

pub(super) fn head(line: &Line) -> Manifest {
    line.steps[0].state.manifest().expect("a manifest").clone()
}

/// A line of these states, oldest first.
pub(super) fn line(base: Base, states: &[(By, &str)]) -> Line {
    let step = |(at, (by, text)): (usize, &(By, &str))| Step {
        commit: format!("{at:040}"),
        at: DateTime::UNIX_EPOCH,
        by: *by,
        state: if text.is_empty() { Arc::new(State::Absent) } else { state(text) },
    };
    Line { steps: states.iter().enumerate().map(step).rev().collect(), base, asked_before: 0 }
}

pub(super) fn opinion(login: &str, objection: Option<Objection>) -> Opinion {
    let review = Review { login: login.to_owned(), person: true, verdict: Verdict::Approved, commit: None, at: None };
    Opinion { review, objection }
}

/// A pull request that these people approved when the manifest was this text.
fn pull(people: &[&str], said: &str) -> Pull {
    Pull { reviews: people.iter().map(|who| (opinion(who, None), Some(state(said)))).collect(), record: None }
}

/// The judgement, with pull requests supplied as asked for; and those, in the order in which they were asked for.
pub(super) fn judged(line: &Line, floor: u32, pulls: &[(u64, Pull)]) -> (Judgement, Vec<BTreeSet<u64>>) {
    let (mut known, mut asked) = (Pulls::new(), Vec::new());
    loop {
        match judge(line, floor, &known) {
            Ok(judgement) => return (judgement, asked),
            Err(lacking) => {
                assert!(lacking.iter().all(|number| !known.contains_key(number)) && !lacking.is_empty(), "{lacking:?}");
                for number in &lacking {
                    let given = pulls.iter().find(|(of, _)| of == number);
                    known.insert(*number, given.map_or_else(|| pull(&[], ""), |(_, pull)| pull.clone()));
                }
                asked.push(lacking);
            }
        }
    }
}

/// What is not covered, in words.
fn gaps(line: &Line, floor: u32, pulls: &[(u64, Pull)]) -> Vec<String> {
    let (judgement, _) = judged(line, floor, pulls);
    let gap = |(bound, gap): (&bound::Bound, &judge::Gap)| {
        let was = gap.reviewed.as_ref().map_or("nothing", |reviewed| reviewed.value.as_str());
        format!("{} (was {was})", bound.describe("acme", gap.now.as_deref()))
    };
    judgement.gaps.iter().map(gap).collect()
}

fn is_approved(line: &Line, floor: u32, pulls: &[(u64, Pull)], tag: &str) -> bool {
    let (judgement, _) = judged(line, floor, pulls);
    let binding = Binding::of(&head(line), line, &judgement);
    let key = Key { repository: "app".parse().unwrap(), tag: tag.parse().unwrap() };
    !binding.approvals.contains_key(&key)
}

#[test]
fn the_beginning_counts_as_reviewed_and_what_is_pushed_then_does_not() {
    let (one, two) = (text(1, &approved(&["1"])), text(1, &approved(&["1", "2"])));
    let pushed = line(Base::Beginning, &[(By::Pushed, &one), (By::Pushed, &two)]);
    assert!(is_approved(&pushed, 0, &[], "1"));
    assert!(!is_approved(&pushed, 0, &[], "2"));
    // Without a floor the first state that requires reviews is the beginning, whatever it holds.
    let none = text(0, "");
    let begun = line(Base::Beginning, &[(By::Pushed, &none), (By::Pushed, &two)]);
    assert!(is_approved(&begun, 0, &[], "2"));
    assert!(!is_approved(&begun, 1, &[], "2"), "under a floor it is the oldest state");
}

#[test]
fn a_review_covers_what_its_commit_held_and_a_later_one_what_came_before() {
    let (one, two, three) =
        (text(1, ""), text(1, &approved(&["1"])), text(1, &format!("    cooldown: 1d\n{}", approved(&["1"]))));
    let steps = [(By::Pushed, one.as_str()), (By::Pull(1), &two), (By::Pull(2), &three)];
    let line = line(Base::Beginning, &steps);
    assert!(is_approved(&line, 0, &[(1, pull(&["mona"], &two))], "1"));
    assert!(!is_approved(&line, 0, &[(1, pull(&["mona"], &one))], "1"), "it looked at something else");
    assert!(is_approved(&line, 0, &[(2, pull(&["mona"], &three))], "1"), "a later review found it there");
    assert!(!is_approved(&line, 2, &[(1, pull(&["mona"], &two)), (2, pull(&["hubot"], &three))], "1"));
    assert!(is_approved(&line, 2, &[(2, pull(&["mona", "hubot"], &three))], "1"));
}

#[test]
fn lowering_the_policy_takes_the_reviews_that_it_asked_for() {
    let (one, none) = (text(1, ""), text(0, ""));
    let (sneaked, back) = (text(0, &approved(&["1"])), text(1, &approved(&["1"])));
    // Three pushes: down, an approval, and up again.
    let pushes = [(By::Pushed, one.as_str()), (By::Pushed, &none), (By::Pushed, &sneaked), (By::Pushed, &back)];
    assert!(!is_approved(&line(Base::Beginning, &pushes), 0, &[], "1"));
    let reviewed = [(By::Pushed, one.as_str()), (By::Pull(1), &none), (By::Pushed, &sneaked)];
    assert!(is_approved(&line(Base::Beginning, &reviewed), 0, &[(1, pull(&["mona"], &none))], "1"));
    assert!(!is_approved(&line(Base::Beginning, &reviewed), 0, &[], "1"));
    // A deleted manifest asks for nothing, and recreating it begins nothing.
    let deleted = [(By::Pushed, one.as_str()), (By::Pushed, ""), (By::Pushed, &back)];
    assert!(!is_approved(&line(Base::Beginning, &deleted), 0, &[], "1"));
    // An unreviewed raise applies until a reviewed lowering, which takes what the last reviewed value asks for.
    let raised = text(9, "");
    let steps = [(By::Pushed, one.as_str()), (By::Pushed, &raised), (By::Pull(1), &one), (By::Pull(2), &back)];
    let by_mona = [(1, pull(&["mona"], &one)), (2, pull(&["mona"], &back))];
    assert!(is_approved(&line(Base::Beginning, &steps), 0, &by_mona, "1"));
    assert!(!is_approved(&line(Base::Beginning, &steps), 0, &by_mona[1..], "1"));
}

#[test]
fn everything_that_is_asked_for_is_bound() {
    let before = text(2, &approved(&["1"]));
    let after = format!(
        "organization: evil\nregistry: ghcr.io\nsources: [quay.io, docker.io]\nrepositories: report\n\
         policy: {{ approvals: 2, image-access: {{ enabled: false }}, registry-access: {{ enabled: true }} }}\n\
         evidence: {{ layers: 1GB, vulnerabilities: osv, vex: [\"vex/*.json\"] }}\nimages:\n  \
         - source: team/app\n    visibility: public\n    teams: {{ developers: admin }}\n    description: Mine\n    \
         platforms: [linux/amd64]\n    cooldown: {{ default: 1d, fixes: 0s, severity: low }}\n    rebuilds: ignore\n    immutable-tags: true\n    aliases: [latest]\n    adopt: true\n    \
         signatures: {{ key: evil.pub }}\n    provenance: {{ source: evil }}\n    approved:\n      \
         - {{ tag: \"1\", digest: {DIGEST}, mirrored: {OTHER} }}\n    rejected:\n      - {{ tag: \"3\", reason: no }}\n    \
         revoked:\n      - {{ tag: \"2\", digest: {OTHER}, reason: no, delete: true }}\n"
    );
    let line = line(Base::Beginning, &[(By::Pushed, &before), (By::Pushed, &after)]);
    insta::assert_snapshot!(gaps(&line, 0, &[]).join("\n"));
    let (judgement, _) = judged(&line, 0, &[]);
    let binding = Binding::of(&head(&line), &line, &judgement);
    let was = state(&before).manifest().unwrap().clone();
    let (now, image) = (&binding.manifest, &binding.manifest.images[0]);
    assert_eq!((&now.organization, &now.registry, &now.policy.image_access), (&was.organization, &was.registry, &None));
    assert_eq!(
        (now.sources.as_ref().map(Vec::len), now.repositories),
        (Some(2), was.repositories),
        "hosts are shut out at once"
    );
    assert_eq!(
        (&image.teams, image.visibility, &image.description),
        (&was.images[0].teams, was.images[0].visibility, &None)
    );
    assert_eq!(
        (&image.platforms, image.cooldown, image.fixes, image.immutable_tags || image.adopt),
        (&None, was.images[0].cooldown, None, false)
    );
    assert_eq!((&now.inspection, &image.aliases), (&was.inspection, &Vec::new()));
    assert_eq!((&image.signatures, &image.provenance, &image.approved[0].mirrored), (&None, &None, &None));
    assert!(!image.revoked[0].delete, "what is newly revoked is stopped, not taken down");
    assert_eq!(image.rejected.len(), 1, "what is newly rejected is not proposed");
    assert!(binding.approvals.is_empty(), "{:?}", binding.approvals);
}

#[test]
fn guards_that_are_taken_away_hold() {
    let guarded = text(
        1,
        &format!(
            "    rejected: [{{ tag: \"3\", reason: no, until: 2027-01-01 }}]\n    \
             revoked: [{{ tag: \"2\", digest: {OTHER}, reason: no, delete: true }}]\n"
        ),
    );
    let line = line(Base::Beginning, &[(By::Pushed, &guarded), (By::Pushed, &text(1, ""))]);
    let (judgement, _) = judged(&line, 0, &[]);
    let image = Binding::of(&head(&line), &line, &judgement).manifest.images[0].clone();
    assert!(image.revoked[0].delete);
    assert_eq!(image.rejected[0].until, None, "it holds until its end is reviewed");
}

#[test]
fn our_own_record_needs_no_review_and_a_record_of_anybody_else_does() {
    let plain = text(1, &approved(&["1"]));
    let recorded = plain.replace(&format!("{DIGEST} }}"), &format!("{DIGEST}, mirrored: {DIGEST} }}"));
    let more = recorded.replace("team/app\n", "team/app\n    cooldown: 0s\n");
    let of = |by, text: &str| gaps(&line(Base::Beginning, &[(By::Pushed, &plain), (by, text)]), 0, &[]);
    assert_eq!(of(By::Ours, &recorded), [""; 0]);
    let signed =
        recorded.replace(&format!("mirrored: {DIGEST} }}"), &format!("mirrored: {DIGEST}, signed-by: key a.pub }}"));
    assert_eq!(of(By::Ours, &signed), [""; 0], "who signed is for people");
    assert_eq!(of(By::Pushed, &recorded).len(), 1);
    assert_eq!(of(By::Ours, &more).len(), 2, "a commit that does more is no record");
    let merged = Pull { record: Some(state(&recorded)), ..pull(&[], "") };
    let steps = [(By::Pushed, plain.as_str()), (By::Pull(4), &recorded)];
    assert_eq!(gaps(&line(Base::Beginning, &steps), 0, &[(4, merged)]), [""; 0]);
}

#[test]
fn what_is_asked_about_is_the_newest_then_what_brought_it_then_the_rest() {
    let texts: Vec<String> =
        (0..4).map(|n| text(1, &approved(&["1", "2", "3"][..n]).replace("    approved:\n\n", ""))).collect();
    let mut steps = vec![(By::Pushed, texts[0].as_str())];
    steps.extend((1..4).map(|n| (By::Pull(n as u64), texts[n].as_str())));
    let line = line(Base::Beginning, &steps);
    let (judgement, asked) = judged(&line, 0, &[(3, pull(&["mona"], &texts[3]))]);
    assert_eq!((judgement.gaps.len(), asked), (0, vec![BTreeSet::from([3])]));
    assert_eq!(judgement.settled, Some(line.steps[0].commit.clone()));
    let (judgement, asked) =
        judged(&line, 0, &[(1, pull(&["mona"], &texts[1])), (3, pull(&["mona"], "organization: x\n"))]);
    assert_eq!(asked, [BTreeSet::from([3]), BTreeSet::from([1, 2])]);
    assert_eq!(judgement.gaps.keys().filter(|bound| matches!(bound, bound::Bound::Approval(_))).count(), 2);
    assert_eq!(judgement.settled, None);
}

#[test]
fn a_state_that_cannot_be_read_neither_covers_nor_loses_anything() {
    let (one, broken) = (text(1, &approved(&["1"])), "policy: { approvals: 1 }\nimages: [".to_owned());
    let line = line(Base::Beginning, &[(By::Pushed, &one), (By::Pushed, &broken), (By::Pushed, &one)]);
    assert_eq!(gaps(&line, 0, &[]), [""; 0]);
}

#[test]
fn where_the_line_was_cut_nothing_counts_before_a_review_found_it() {
    let one = text(1, &approved(&["1"]));
    let more = text(1, &format!("    cooldown: 1d\n{}", approved(&["1"])));
    let cut = line(Base::Cut, &[(By::Pushed, &one), (By::Pull(1), &more)]);
    assert!(!is_approved(&cut, 0, &[], "1"));
    assert!(is_approved(&cut, 0, &[(1, pull(&["mona"], &more))], "1"));
    let settled = line(Base::Settled, &[(By::Pushed, &one), (By::Pull(1), &more)]);
    assert!(is_approved(&settled, 0, &[], "1"));
    let raised =
        line(Base::Cut, &[(By::Pushed, &text(0, "")), (By::Pushed, &text(0, &approved(&["1"]))), (By::Pushed, &one)]);
    assert!(!is_approved(&raised, 0, &[], "1"), "its oldest step is no beginning");
    let unasked = line(Base::Cut, &[(By::Pushed, &text(0, "")), (By::Pushed, &text(0, &approved(&["1"])))]);
    assert!(is_approved(&unasked, 0, &[], "1"), "nothing was ever asked, as far as the line was read");
    assert!(
        !is_approved(&Line { asked_before: 1, ..unasked }, 0, &[], "1"),
        "it is known that something was asked before"
    );
}

#[test]
fn an_approval_that_was_taken_out_and_came_back_came_anew() {
    let (with, without) = (text(1, &approved(&["1"])), text(1, ""));
    let line = line(Base::Beginning, &[(By::Pushed, &with), (By::Pushed, &without), (By::Pushed, &with)]);
    assert!(!is_approved(&line, 0, &[], "1"));
}

/// What excepts vulnerabilities is bound like what finds them, document by document.
#[test]
fn a_vex_document_counts_as_it_was_reviewed() {
    let text = format!("evidence: {{ vex: [\"vex/*.json\"] }}\n{}", text(1, &approved(&["1"])));
    let step = |at: usize, by: By, named: &[(&str, &str)]| Step {
        commit: format!("{at:040}"),
        at: DateTime::UNIX_EPOCH,
        by,
        state: state_with(&text, named),
    };
    let changed = [("vex/a.json", "changed"), ("vex/b.json", "new"), ("other.json", "not named")];
    let steps = vec![step(1, By::Pushed, &changed), step(0, By::Pushed, &[("vex/a.json", "reviewed")])];
    let line = Line { steps, base: Base::Beginning, asked_before: 0 };
    let (judgement, _) = judged(&line, 0, &[]);
    let binding = Binding::of(&head(&line), &line, &judgement);
    let held = [("vex/a.json".to_owned(), Some(format!("{:040}", 0))), ("vex/b.json".to_owned(), None)];
    assert_eq!(binding.held, held.into());
    assert_eq!(binding.unreviewed.len(), 2);
}
