#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use super::*;
use crate::image::Digest;
use crate::proposal::fixtures::{approval, line, manifest, selected};
use crate::proposal::kept::Kept;
use crate::proposal::known::ImageCandidates;
use crate::proposal::metadata::Metadata;

const BRANCH: &str = "wharfinger/image/loki/latest";
const VERSIONS: [&str; 12] =
    ["3.12.0", "3.11.0", "3.10.0", "3.9.0", "3.8.0", "3.7.0", "3.6.0", "3.5.0", "3.4.0", "3.3.0", "3.2.0", "3.1.0"];

/// What upstream and the forge would say: 3.0.0 is approved.
#[derive(Clone, Copy)]
struct World<'a> {
    /// What the open proposal contains.
    open: Option<&'a str>,
    touched: bool,
    /// The versions whose proposals a person closed; `None`: they cannot be read.
    closed: Option<&'a [&'a str]>,
    approver: Option<&'a str>,
    refresh: bool,
    limit: u32,
    /// Whether the image can be read.
    readable: bool,
}

const PLAIN: World<'_> =
    World { open: None, touched: false, closed: Some(&[]), approver: None, refresh: false, limit: 10, readable: true };

fn digest(tag: &str) -> Digest {
    Digest::sha256(tag.as_bytes())
}

/// What the rule picks without these digests.
fn candidates(without: &BTreeSet<Digest>) -> ImageCandidates {
    let chosen = VERSIONS.into_iter().find(|tag| !without.contains(&digest(tag)));
    let selection = selected(0, vec![line("latest", Some("3.0.0"), chosen)]).selection;
    ImageCandidates { selection, ..ImageCandidates::default() }
}

fn loki() -> Manifest {
    let mut manifest = manifest(&["grafana/loki"]);
    manifest.images[0].approved = vec![approval("3.0.0")];
    manifest
}

fn proposal_of(manifest: &Manifest, tag: &str) -> Wanted {
    let selected = selected(0, vec![line("latest", Some("3.0.0"), Some(tag))]);
    wanted(manifest, &[selected], &Conditions::default()).remove(0)
}

fn existing(manifest: &Manifest, world: &World<'_>) -> Vec<Existing> {
    let existing = |tag| {
        let Wanted { branch, context, items, .. } = proposal_of(manifest, tag);
        let entries = items.into_iter().map(|item| item.entry).collect();
        Existing {
            branch,
            made_of: Some(Metadata { manifest: None, head: None, entries, context, kept: Vec::new() }),
            touched: world.touched,
            elsewhere: None,
        }
    };
    world.open.map(existing).into_iter().collect()
}

fn find_out(fact: Fact, world: &World<'_>, manifest: &Manifest, known: &mut Known) -> &'static str {
    match fact {
        Fact::Upstream(..) => "upstream",
        Fact::Declined(branch) => {
            let entries = |tags: &[&str]| tags.iter().flat_map(|tag| proposal_of(manifest, tag).entries()).collect();
            let declined = world.closed.map(entries).ok_or_else(|| "no answer".to_owned());
            known.declined.push((branch, declined));
            "declined"
        }
        Fact::Choices(exclusion) => {
            known.excluded.push(exclusion);
            let without = known.excluded.iter().flat_map(|e| &e.digests[&0]).cloned().collect();
            known.candidates.images.insert(0, candidates(&without));
            "choices"
        }
        Fact::Approver(branch) => {
            known.approvers.insert(branch, world.approver.map(str::to_owned));
            "approver"
        }
        Fact::Evidence(item) => {
            let checked = crate::proposal::known::Checked::new(manifest, &item, Default::default());
            known.checked.insert(item.entry, checked);
            "evidence"
        }
    }
}

/// What is asked, in order, and what is decided afterwards.
fn play(world: &World<'_>) -> String {
    let mut manifest = loki();
    manifest.proposals.limit = world.limit;
    let (existing, scope) = (existing(&manifest, world), Scope::of(0));
    let mut known = Known::default();
    if world.readable {
        known.candidates.images.insert(0, candidates(&BTreeSet::new()));
    } else {
        let (source, repository) = ("grafana/loki".to_owned(), "loki".parse().unwrap());
        let step = crate::plan::FailedStep::Resolve;
        let failure = crate::plan::Failure { source, repository, tag: None, step, error: "no answer".to_owned() };
        known.candidates.failed.insert(0, failure);
    }
    let (unreviewed, today) = (Unreviewed::default(), NaiveDate::default());
    let mut agenda = Agenda::new(&manifest, &scope, &existing, &known.candidates, &unreviewed, today);
    agenda.refresh = world.refresh.then_some(BRANCH);
    let mut asked = Vec::new();
    loop {
        match agenda.decide(&known) {
            Ok(Decided { wanted, decisions }) => {
                let wanted = wanted.iter().flat_map(Wanted::entries).filter_map(|entry| entry.to);
                let wanted: Vec<String> = wanted.map(|tag| tag.to_string()).collect();
                let actions: Vec<String> = decisions.iter().map(|d| format!("{:?}", d.action)).collect();
                let asked = asked.join(", ");
                return format!("asks [{asked}] wants [{}] {}", wanted.join(", "), actions.join(", "));
            }
            Err(facts) => {
                assert!(!facts.is_empty());
                asked.extend(facts.into_iter().map(|fact| find_out(fact, world, &manifest, &mut known)));
            }
        }
    }
}

#[test]
fn only_what_matters_is_asked_before_it_is_decided() {
    let all = VERSIONS;
    let cases: [(&str, World<'_>); 17] = [
        ("nothing open", PLAIN),
        ("no room", World { limit: 0, ..PLAIN }),
        ("the newest closed", World { closed: Some(&["3.12.0"]), ..PLAIN }),
        ("the two newest closed", World { closed: Some(&["3.12.0", "3.11.0"]), ..PLAIN }),
        ("ten closed", World { closed: Some(&all[..10]), ..PLAIN }),
        ("eleven closed", World { closed: Some(&all[..11]), ..PLAIN }),
        ("what was closed unknown", World { closed: None, ..PLAIN }),
        ("the newest open", World { open: Some("3.12.0"), approver: Some("octocat"), ..PLAIN }),
        ("an older one open", World { open: Some("3.11.0"), ..PLAIN }),
        ("an older one open, approved", World { open: Some("3.11.0"), approver: Some("octocat"), ..PLAIN }),
        (
            "an older one open, approved, refreshed",
            World { open: Some("3.11.0"), approver: Some("octocat"), refresh: true, ..PLAIN },
        ),
        ("an older one open, touched", World { open: Some("3.11.0"), touched: true, ..PLAIN }),
        ("an older one open, the newest closed", World { open: Some("3.11.0"), closed: Some(&["3.12.0"]), ..PLAIN }),
        ("an older one open, what was closed unknown", World { open: Some("3.11.0"), closed: None, ..PLAIN }),
        ("an older one open, no room", World { open: Some("3.11.0"), limit: 0, ..PLAIN }),
        ("an older one open, not readable", World { open: Some("3.11.0"), readable: false, ..PLAIN }),
        ("nothing open, not readable", World { readable: false, ..PLAIN }),
    ];
    let mut table = String::new();
    for (name, world) in cases {
        writeln!(table, "{name}\n    {}", play(&world)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_person_who_asks_is_stopped_by_an_approval_alone() {
    let manifest = loki();
    let open = existing(&manifest, &World { open: Some("3.11.0"), ..PLAIN }).remove(0);
    let (same, newer) = (proposal_of(&manifest, "3.11.0"), proposal_of(&manifest, "3.12.0"));
    let nothing = Known::default();
    let approved = |by: Option<&str>| Known {
        approvers: BTreeMap::from([(BRANCH.to_owned(), by.map(str::to_owned))]),
        ..Known::default()
    };
    let decided = |action| Ok(action);
    assert_eq!(asked(&open, &same, Reviewed::Stays, &nothing), decided(Action::Unchanged));
    assert_eq!(asked(&open, &newer, Reviewed::Moves, &nothing), decided(Action::Update));
    let lacks = Err(vec![Fact::Approver(BRANCH.to_owned())]);
    assert_eq!(asked(&open, &newer, Reviewed::Stays, &nothing), lacks);
    assert_eq!(asked(&open, &newer, Reviewed::Stays, &approved(None)), decided(Action::Update));
    let stays = asked(&open, &newer, Reviewed::Stays, &approved(Some("octocat")));
    assert!(matches!(stays, Ok(Action::Leave(why)) if why.starts_with("octocat has approved")));
}

/// Decides about a group of one image whose bytes turn out to be marked or not: what was asked, and what is wanted.
fn of_group(existing: &[Existing], is_marked: bool) -> (Vec<String>, Vec<String>) {
    let mut manifest = loki();
    manifest.proposals.group = crate::manifest::Grouping::All;
    let scope = Scope::of(0);
    let (mut known, mut asked) = (Known::default(), Vec::new());
    known.candidates.images.insert(0, candidates(&BTreeSet::new()));
    let today = "2026-11-21".parse().unwrap();
    let agenda = Agenda::new(&manifest, &scope, existing, &known.candidates, &Unreviewed::default(), today);
    loop {
        let facts = match agenda.decide(&known) {
            Ok(decided) => return (asked, decided.wanted.into_iter().map(|wanted| wanted.branch).collect()),
            Err(facts) => facts,
        };
        for fact in facts {
            match fact {
                Fact::Declined(branch) => {
                    asked.push(format!("declined on {branch}"));
                    known.declined.push((branch, Ok(BTreeSet::new())));
                }
                Fact::Evidence(item) => {
                    asked.push("evidence".to_owned());
                    let lost = if is_marked { vec!["linux/arm64".to_owned()] } else { Vec::new() };
                    let evidence = crate::proposal::body::Evidence { lost, ..Default::default() };
                    let checked = crate::proposal::known::Checked::new(&manifest, &item, evidence);
                    known.checked.insert(item.entry, checked);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn what_the_bytes_of_a_change_mark_leaves_its_group_and_is_looked_at_once() {
    let group = "wharfinger/group/all";
    let once = ["declined on wharfinger/group/all", "declined on wharfinger/image/loki/latest", "evidence"];
    assert_eq!(of_group(&[], true), (once.map(str::to_owned).to_vec(), vec![BRANCH.to_owned()]));
    assert_eq!(of_group(&[], false), (once.map(str::to_owned).to_vec(), vec![group.to_owned()]));
    let Wanted { context, items, .. } = proposal_of(&loki(), VERSIONS[0]);
    let open = |branch: &str, marks: Vec<crate::proposal::body::Mark>| {
        let (packages, vulnerabilities) = Default::default();
        let kept = Kept { entry: 0, why: None, marks, signatures: Vec::new(), packages, vulnerabilities };
        let entries = items.iter().map(|item| item.entry.clone()).collect();
        let made_of = Metadata { manifest: None, head: None, context: context.clone(), entries, kept: vec![kept] };
        Existing { branch: branch.to_owned(), made_of: Some(made_of), touched: false, elsewhere: None }
    };
    let marked = [open(BRANCH, vec![crate::proposal::body::Mark::Root])];
    assert_eq!(of_group(&marked, false), (Vec::new(), vec![BRANCH.to_owned()]), "as its body says");
    let grouped = [open(group, Vec::new())];
    assert_eq!(of_group(&grouped, true), (Vec::new(), vec![group.to_owned()]), "nothing new, nothing asked");
}
