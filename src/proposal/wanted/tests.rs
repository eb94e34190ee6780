#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use super::*;
use crate::manifest::{Grouping, Rejection, Revocation};
use crate::plan::Key;
use crate::proposal::fixtures::{approval, line, manifest, selected, with_current};
use crate::rules::Rule;

fn wanted(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<Wanted> {
    super::wanted(&with_current(manifest, selected), selected, conditions)
}

fn table(manifest: &Manifest, selected: &[Selected]) -> String {
    let mut text = String::new();
    for proposal in wanted(manifest, selected, &Conditions::default()) {
        writeln!(text, "{}", proposal.branch).unwrap();
        for Item { entry, line, .. } in &proposal.items {
            let name = |tag: &Option<Tag>| tag.as_ref().map_or("-".to_owned(), ToString::to_string);
            let (from, to) = (name(&entry.from), name(&entry.to));
            writeln!(text, "  {} {line}: {:?} {from} -> {to}", entry.repository, entry.kind).unwrap();
        }
    }
    text
}

/// Three images: one with a first version, one with an update that retires two, one with a rebuild and a quiet line.
fn three() -> (Manifest, Vec<Selected>) {
    let manifest = manifest(&["grafana/loki", "redis", "quay.io/prom/node"]);
    let mut update = line("latest", Some("7.2.0"), Some("7.2.1"));
    update.retired = ["7.1.0", "7.0.0"].map(|t| (t.parse().unwrap(), Digest::sha256(t.as_bytes()))).to_vec();
    let mut rebuild = line("1.8", Some("1.8.0"), Some("1.8.0"));
    rebuild.chosen.as_mut().unwrap().rebuild = true;
    let selected = vec![
        selected(0, vec![line("latest", None, Some("3.1.0"))]),
        selected(1, vec![update]),
        selected(2, vec![line("1.9", Some("1.9.0"), None), rebuild]),
    ];
    (manifest, selected)
}

#[test]
fn one_proposal_an_image_and_line() {
    let (manifest, selected) = three();
    insta::assert_snapshot!(table(&manifest, &selected), @r"
    wharfinger/image/redis/latest
      redis latest: Update 7.2.0 -> 7.2.1
      redis latest: Retire - -> 7.1.0
      redis latest: Retire - -> 7.0.0
    wharfinger/image/loki/latest
      loki latest: New - -> 3.1.0
    wharfinger/image/node/1.8
      node 1.8: Rebuild 1.8.0 -> 1.8.0
    ");
}

#[test]
fn named_groups_take_by_source_or_repository_and_leave_the_rest() {
    let (mut manifest, selected) = three();
    manifest.proposals.group = Grouping::Named(vec![
        ("monitoring".to_owned(), vec!["grafana/*".to_owned(), "node".to_owned()]),
        ("none".to_owned(), vec!["*".to_owned()]),
    ]);
    insta::assert_snapshot!(table(&manifest, &selected), @r"
    wharfinger/group/none
      redis latest: Update 7.2.0 -> 7.2.1
      redis latest: Retire - -> 7.1.0
      redis latest: Retire - -> 7.0.0
    wharfinger/group/monitoring
      loki latest: New - -> 3.1.0
      node 1.8: Rebuild 1.8.0 -> 1.8.0
    ");
    manifest.proposals.group = Grouping::All;
    let all = wanted(&manifest, &selected, &Conditions::default());
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].branch, "wharfinger/group/all");
}

#[test]
fn the_context_is_the_text_around_the_edit_and_the_settings() {
    let (mut manifest, selected) = three();
    let of = |manifest: &Manifest, at: usize| {
        let all = wanted(manifest, &selected, &Conditions::default());
        all.into_iter().find(|w| w.items[0].image == at).unwrap().context
    };
    let before = [of(&manifest, 0), of(&manifest, 1), of(&manifest, 2)];
    manifest.files[0].text = manifest.files[0].text.replacen("description: one", "description: two", 1);
    assert_ne!(of(&manifest, 0), before[0], "its own text");
    assert_ne!(of(&manifest, 1), before[1], "the line before it");
    assert_eq!(of(&manifest, 2), before[2], "text elsewhere");
    manifest.images[2].visibility = crate::manifest::Visibility::Public;
    assert_ne!(of(&manifest, 2), before[2], "a default that it inherits");
}

#[test]
fn the_context_reaches_one_line_beyond_the_entry() {
    let sources: Vec<String> = (0..20).map(|n| format!("a/image{n}")).collect();
    let manifest = manifest(&sources.iter().map(String::as_str).collect::<Vec<_>>());
    let selected = [selected(10, vec![line("latest", None, Some("1.0"))])];
    let context = |changed_line: Option<usize>| {
        let mut manifest = manifest.clone();
        let lines = manifest.files[0].text.lines().enumerate();
        let changed =
            lines.map(|(at, line)| if Some(at) == changed_line { line.to_uppercase() } else { line.to_owned() });
        manifest.files[0].text = changed.map(|line| line + "\n").collect();
        wanted(&manifest, &selected, &Conditions::default()).remove(0).context
    };
    // two lines of head, and two per image
    let before = context(None);
    assert_eq!(before, context(Some(20)));
    for near in 21..=24 {
        assert_ne!(before, context(Some(near)), "line {near}");
    }
    assert_eq!(before, context(Some(25)));
}

fn branches(manifest: &Manifest, selected: &[Selected], conditions: &Conditions) -> Vec<String> {
    let entries = |w: &Wanted| -> Vec<String> {
        let one = |i: &Item| {
            let why = i.cause.as_ref().map(|c| format!(" ({c})")).unwrap_or_default();
            format!("{:?} {}{why}", i.entry.kind, i.entry.to.as_ref().unwrap())
        };
        w.items.iter().map(one).collect()
    };
    wanted(manifest, selected, conditions).iter().map(|w| format!("{}: {}", w.branch, entries(w).join(", "))).collect()
}

/// One image with an approval for every reason to leave, and an update.
fn leaving_ones() -> (Manifest, Conditions) {
    let mut manifest = manifest(&["redis"]);
    let image = &mut manifest.images[0];
    let Rule::Versions(rule) = &mut image.rule else { unreachable!() };
    rule.range = Some("^7".parse().unwrap());
    image.approved = ["6.2.0", "7.0.0", "7.0.1", "7.0.2", "7.0.3", "7.2.0"].map(approval).to_vec();
    let span = crate::diag::Span::default();
    let rejection = |tag: &str, until: Option<&str>| Rejection {
        tag: tag.parse().unwrap(),
        reason: "slow".to_owned(),
        until: until.map(|u| u.parse().unwrap()),
        span,
    };
    image.rejected = vec![rejection("7.0.1", None), rejection("7.3.0", Some("2026-11-20"))];
    image.revoked = vec![Revocation {
        tag: "7.0.2".parse().unwrap(),
        digest: Digest::sha256(b"7.0.2"),
        reason: "CVE-2027-1".to_owned(),
        delete: false,
        span,
    }];
    let key = |tag: &str| Key { repository: "redis".parse().unwrap(), tag: tag.parse().unwrap() };
    let conditions = Conditions {
        today: "2026-11-21".parse().unwrap(),
        gone: [key("7.0.0")].into(),
        unreviewed: [(key("7.0.3"), "0 of 1 reviews".to_owned())].into(),
        ..Conditions::default()
    };
    (manifest, conditions)
}

#[test]
fn what_leaves_joins_its_line_but_for_what_stands_for_itself() {
    let (manifest, conditions) = leaving_ones();
    let update = [selected(0, vec![line("latest", Some("7.2.0"), Some("7.2.1"))])];
    insta::assert_snapshot!(branches(&manifest, &update, &conditions).join("\n"), @r"
    wharfinger/image/redis/revoked/7.0.2: Retire 7.0.2 (revoked: CVE-2027-1)
    wharfinger/image/redis/unreviewed/7.0.3: Retire 7.0.3 (0 of 1 reviews)
    wharfinger/image/redis/latest: Update 7.2.1, Retire 6.2.0 (not in `^7`), Retire 7.0.0 (upstream no longer has this tag or this digest), Retire 7.0.1 (rejected: slow), Expire 7.3.0 (its rejection ended on 2026-11-20)
    ");
    let alone = branches(&manifest, &[selected(0, vec![])], &conditions);
    assert_eq!(alone.len(), 3, "{alone:?}");
    assert!(alone[2].starts_with("wharfinger/image/redis/latest: Retire 6.2.0"), "{alone:?}");
    let not_looked_at = Conditions { without_selection: [0].into(), ..conditions.clone() };
    let safe = branches(&manifest, &[], &not_looked_at);
    assert_eq!(safe.len(), 2, "without upstream only what needs none: {safe:?}");
    assert_eq!(branches(&manifest, &[], &conditions), Vec::<String>::new(), "an image that the run is not about");
}

#[test]
fn the_last_day_of_a_rejection_is_one_of_its_days() {
    let (manifest, mut conditions) = leaving_ones();
    conditions.today = "2026-11-20".parse().unwrap();
    let all = branches(&manifest, &[selected(0, vec![])], &conditions).join("\n");
    assert!(!all.contains("Expire"), "{all}");
}

#[test]
fn whose_leaving_was_declined_stays() {
    let (manifest, mut conditions) = leaving_ones();
    let all = wanted(&manifest, &[selected(0, vec![])], &conditions);
    conditions.declined = all.iter().flat_map(Wanted::entries).collect();
    assert_eq!(branches(&manifest, &[selected(0, vec![])], &conditions), Vec::<String>::new());
}

#[test]
fn patches_come_first_then_what_waits_longest() {
    let mut manifest = manifest(&["a/new", "a/minor", "a/major", "a/patch", "a/late-patch", "a/unasked"]);
    manifest.images.push(leaving_ones().0.images.remove(0));
    manifest.images[6].file = 0;
    let public = |mut line: Line, since: Option<&str>| {
        line.chosen.as_mut().unwrap().public_since =
            since.map(|s| crate::rules::Since::published(format!("{s}T00:00:00Z").parse().unwrap()));
        vec![line]
    };
    let all = [
        selected(0, public(line("latest", None, Some("1.0.0")), Some("2026-11-03"))),
        selected(1, public(line("latest", Some("1.1.0"), Some("1.2.0")), Some("2026-11-02"))),
        selected(2, public(line("latest", Some("1.1.0"), Some("2.0.0")), Some("2026-11-02"))),
        selected(3, public(line("latest", Some("1.1.0"), Some("1.1.1")), Some("2026-11-20"))),
        selected(4, public(line("latest", Some("1.1.0"), Some("1.1.2")), Some("2026-11-21"))),
        selected(5, public(line("latest", Some("1.1.0"), Some("1.2.0")), None)),
        selected(6, vec![]),
    ];
    let names: Vec<String> = wanted(&manifest, &all, &leaving_ones().1).into_iter().map(|w| w.branch).collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    wharfinger/image/redis/revoked/7.0.2
    wharfinger/image/redis/unreviewed/7.0.3
    wharfinger/image/patch/latest
    wharfinger/image/late-patch/latest
    wharfinger/image/minor/latest
    wharfinger/image/major/latest
    wharfinger/image/new/latest
    wharfinger/image/unasked/latest
    wharfinger/image/redis/latest
    ");
}

#[test]
fn a_new_line_stays_in_its_group_unless_it_is_a_major_and_retires_nothing() {
    let mut manifest = manifest(&["redis", "loki"]);
    manifest.proposals.group = Grouping::All;
    for image in &mut manifest.images {
        let Rule::Versions(rule) = &mut image.rule else { unreachable!() };
        (rule.follow, image.keep.newest) = (crate::rules::Follow::EachMinor, Some(1));
        image.approved = ["3.1.3", "3.1.4"].map(approval).to_vec();
    }
    let all = [
        selected(0, vec![line("4.0", None, Some("4.0.0")), line("3.2", None, Some("3.2.0"))]),
        selected(1, vec![line("3.2", None, Some("3.2.0")), line("3.0", None, Some("3.0.9"))]),
    ];
    insta::assert_snapshot!(table(&manifest, &all), @r"
    wharfinger/image/redis/4.0
      redis 4.0: Update 3.1.4 -> 4.0.0
    wharfinger/group/all
      redis 3.2: Update 3.1.4 -> 3.2.0
      loki 3.2: Update 3.1.4 -> 3.2.0
      loki 3.0: New - -> 3.0.9
    ");
}

#[test]
fn an_urgent_downgrade_stands_alone_and_retires_nothing() {
    let mut manifest = manifest(&["redis", "loki"]);
    manifest.proposals.group = Grouping::All;
    manifest.images[0].keep.newest = Some(1);
    manifest.images[0].approved = ["7.2.0", "7.2.1"].map(approval).to_vec();
    let (tag, digest) = ("7.1.0".parse().unwrap(), Digest::sha256(b"7.1.0"));
    let asked = Entry {
        urgent: Some("7.2 breaks".to_owned()),
        ..Entry::of(&manifest.images[0], Kind::New, None, &tag, &digest)
    };
    let urgent = vec![("wharfinger/image/redis/latest".to_owned(), asked)];
    let conditions = Conditions { urgent, ..Conditions::default() };
    let nothing_newer = [selected(0, vec![line("latest", Some("7.2.1"), None)])];
    let all = super::wanted(&manifest, &nothing_newer, &conditions);
    let [Wanted { group: None, items, .. }] = all.as_slice() else { panic!("{all:?}") };
    let [Item { entry, .. }] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((entry.kind, &entry.from), (Kind::Update, &"7.2.1".parse().ok()), "compared anew");
}

#[test]
fn a_major_leaves_its_group_and_a_rejection_stands_alone() {
    let mut manifest = manifest(&["redis", "loki", "node"]);
    manifest.proposals.group = Grouping::All;
    let all = [
        selected(0, vec![line("latest", Some("7.2.0"), Some("8.0.0"))]),
        selected(1, vec![line("latest", Some("3.0.0"), Some("3.1.0"))]),
        selected(2, vec![line("latest", Some("1.8.0"), Some("1.9.0"))]),
    ];
    insta::assert_snapshot!(branches(&manifest, &all, &Conditions::default()).join("\n"), @r"
    wharfinger/image/redis/latest: Update 8.0.0
    wharfinger/group/all: Update 3.1.0, Update 1.9.0
    ");
    let own = "wharfinger/image/node/latest".to_owned();
    let rejection = Some(crate::proposal::Rejection { reason: "slow".to_owned(), until: None });
    let entry = wanted(&manifest, &all, &Conditions::default())[1].items[1].entry.clone();
    let entry = Entry { kind: Kind::Reject, rejection, ..entry };
    let mut conditions = Conditions { rejecting: vec![(own, entry)], ..Conditions::default() };
    insta::assert_snapshot!(branches(&manifest, &all, &conditions).join("\n"), @r"
    wharfinger/image/redis/latest: Update 8.0.0
    wharfinger/group/all: Update 3.1.0
    wharfinger/image/node/latest: Reject 1.9.0
    ");
    manifest.images[2].rejected = vec![Rejection {
        tag: "1.9.0".parse().unwrap(),
        reason: "slow".to_owned(),
        until: None,
        span: crate::diag::Span::default(),
    }];
    let merged = branches(&manifest, &all[..2], &conditions).join("\n");
    assert!(!merged.contains("node"), "{merged}");
    manifest.images[2].rejected.clear();
    conditions.rejecting[0].1.rejection.as_mut().unwrap().until = Some("2020-01-01".parse().unwrap());
    conditions.today = "2026-11-21".parse().unwrap();
    assert!(!branches(&manifest, &all, &conditions).join("\n").contains("Reject"), "its day is over");
}
