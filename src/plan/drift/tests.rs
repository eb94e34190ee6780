#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::image::Tag;
use crate::manifest::{File, parse};

fn wanted(images: &str) -> WantedSettings {
    let text = format!("organization: acme\ndefaults: {{ cooldown: 0s }}\nimages:\n{images}");
    let manifest = parse(vec![File { path: "approved-images.yml".to_owned(), text }]).unwrap();
    WantedSettings::of(&manifest, &"loki".parse().unwrap()).unwrap()
}

const DIGEST: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn approved(tags: &[&str]) -> String {
    tags.iter().map(|tag| format!("      - {{ tag: \"{tag}\", digest: \"{DIGEST}\" }}\n")).collect()
}

fn fixed(tags: &[&str], more: &str) -> WantedSettings {
    let approved = approved(tags);
    wanted(&format!(
        "  - source: grafana/loki\n    immutable-tags: true\n    rebuilds: ignore\n    approved:\n{approved}{more}"
    ))
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn rules(rules: &[&str]) -> ImmutableTags {
    ImmutableTags { enabled: true, rules: rules.iter().map(|rule| (*rule).to_owned()).collect() }
}

fn shown(differences: &[Difference]) -> String {
    let line = |d: &Difference| {
        format!("{}: expected {}, found {}; {}\n", d.aspect.code(), d.expected, d.found, d.remedy.advice())
    };
    differences.iter().map(line).collect()
}

#[test]
fn every_difference_says_what_should_be_what_is_and_what_fixes_it() {
    let wanted = wanted(
        "  - source: grafana/loki\n    description: Log aggregation\n    teams: { developers: read, ops: { permission: write, create: true }, web: read }\n",
    );
    let teams = [("developers", Permission::Admin), ("interns", Permission::Write), ("web", Permission::Read)];
    let found = ObservedSettings {
        visibility: Some(Visibility::Public),
        description: Some("Something\u{202e} else".to_owned()),
        immutable_tags: Some(ImmutableTags::default()),
        teams: Some(teams.into_iter().map(|(name, permission)| (name.to_owned(), permission)).collect()),
    };
    insta::assert_snapshot!(shown(&drift(&wanted, &found)), @r#"
    visibility: expected private, found public; `promote` fixes it
    team: expected developers: read, found developers: admin; `promote` fixes it
    team: expected ops: write, found ops: no grant; `promote` fixes it
    extra-team: expected interns: no grant, found interns: write; remove the grant on Docker Hub, or list the team under `teams`; no run removes it
    description: expected "Log aggregation", found "Something else"; `promote` fixes it
    "#);
    assert_eq!(unknown(&wanted, &found), []);
}

#[test]
fn what_is_not_shown_is_neither_a_difference_nor_agreement() {
    let nothing = wanted("  - source: grafana/loki\n");
    assert_eq!(drift(&nothing, &ObservedSettings::default()), []);
    assert_eq!(unknown(&nothing, &ObservedSettings::default()), [Aspect::Visibility]);
    let all = fixed(&["3.1.0"], "    description: Logs\n    teams: { developers: read }\n");
    let every = [Aspect::Visibility, Aspect::Team, Aspect::ImmutableTags, Aspect::Description];
    assert_eq!(unknown(&all, &ObservedSettings::default()), every);
}

#[test]
fn publishing_waits_for_a_person_and_a_description_only_for_one_that_is_given() {
    let wanted = wanted("  - source: grafana/loki\n    visibility: public\n");
    let found = ObservedSettings {
        visibility: Some(Visibility::Private),
        description: Some("whatever".to_owned()),
        ..ObservedSettings::default()
    };
    let differences = drift(&wanted, &found);
    assert_eq!(differences.iter().map(|d| &d.remedy).collect::<Vec<_>>(), [&Remedy::Publish]);
    assert!(!differences[0].remedy.is_ours(false) && differences[0].remedy.is_ours(true));
}

#[test]
fn images_that_share_a_repository_are_taken_together() {
    let versions = approved(&["3.1.0"]);
    let floating = approved(&["edge"]);
    let wanted = wanted(&format!(
        "  - source: grafana/loki\n    immutable-tags: true\n    rebuilds: ignore\n    approved:\n{versions}  - source: \
         other/loki\n    tags: [edge, next]\n    immutable-tags: true\n    description: Second\n    approved:\n{floating}"
    ));
    assert_eq!(wanted.description.as_deref(), Some("Second"));
    assert_eq!(wanted.tags.fixed, [tag("3.1.0")].into());
    assert_eq!(wanted.tags.movable, [tag("edge"), tag("next")].into());
}

#[test]
fn rules_say_the_form_of_promoted_tags_and_leave_floating_ones_out() {
    let corrected = |tags: &Tags| tags.corrected(&ImmutableTags::default()).rules;
    let plain = fixed(&["3.1.0", "3.10.2", "v4.0-alpine"], "").tags;
    assert_eq!(corrected(&plain), [r"^[0-9]+\.[0-9]+\.[0-9]+$", r"^v[0-9]+\.[0-9]+\-alpine$"]);
    let names = fixed(&["RELEASE.2025-06-13T11Z"], "    pattern: 'RELEASE\\.(?<version>.+)Z'\n").tags;
    assert_eq!(corrected(&names), [r"^RELEASE\.[0-9]+\-[0-9]+\-[0-9]+T[0-9]+Z$"]);
    let shared = Tags { movable: [tag("3.2"), tag("stable")].into(), ..fixed(&["3.1", "3.10.0"], "").tags };
    assert_eq!(corrected(&shared), [r"^(?:3\.1)$", r"^[0-9]+\.[0-9]+\.[0-9]+$"]);
    for tags in [plain, names, shared] {
        let set = tags.corrected(&ImmutableTags::default());
        assert_eq!(immutable_tags(&tags, &set), None, "what is written is what is wanted");
        assert_eq!(tags.corrected(&set), set, "and written once");
    }
}

#[test]
fn rules_are_compared_by_what_they_do_and_those_of_others_are_kept() {
    let tags = Tags { movable: [tag("stable")].into(), ..fixed(&["3.1.0"], "").tags };
    for same in [&[r"^3\."][..], &["nothing", r"[0-9.]+"], &[r"3\.1\.0"]] {
        let covered = rules(same);
        let whole = same.iter().any(|rule| matches!(*rule, "[0-9.]+" | r"3\.1\.0"));
        assert_eq!(immutable_tags(&tags, &covered).is_none(), whole, "{same:?}");
    }
    let everything = immutable_tags(&tags, &rules(&[])).unwrap();
    assert_eq!((everything.expected.as_str(), everything.found.as_str()), ("movable: stable", "immutable: stable"));
    assert_eq!(everything.remedy, Remedy::FixTags(rules(&[r"^[0-9]+\.[0-9]+\.[0-9]+$"])));
    let others = tags.corrected(&rules(&["-RELEASE$", "s.*", "(unreadable"]));
    assert_eq!(others.rules, ["-RELEASE$", "(unreadable", r"^[0-9]+\.[0-9]+\.[0-9]+$"]);
    let off = ImmutableTags { enabled: false, ..rules(&["3.*"]) };
    assert_eq!(tags.corrected(&off).rules, [r"^[0-9]+\.[0-9]+\.[0-9]+$"], "rules that are not in force are nobody's");
}

#[test]
fn what_somebody_fixed_is_told_of_but_not_undone_where_the_manifest_fixes_nothing() {
    let versions = approved(&["3.1.0"]);
    let rebuilt = wanted(&format!("  - source: grafana/loki\n    approved:\n{versions}"));
    let found = ObservedSettings { immutable_tags: Some(rules(&[])), ..ObservedSettings::default() };
    insta::assert_snapshot!(shown(&drift(&rebuilt, &found)), @"immutable-tags: expected movable: 3.1.0, found immutable: 3.1.0; make them mutable on Docker Hub, or write `rebuilds: ignore`: an update of such a tag will be refused");
    let ignored = wanted(&format!("  - source: grafana/loki\n    rebuilds: ignore\n    approved:\n{versions}"));
    assert_eq!(drift(&ignored, &found), []);
}

#[test]
fn a_tag_that_has_to_go_is_left_out_of_the_rules() {
    let tags = fixed(&["3.1.0", "3.2.0"], "").tags;
    let held = rules(&[r"^[0-9]+\.[0-9]+\.[0-9]+$"]);
    let released = tags.clone().without(&tag("3.0.9")).corrected(&held);
    assert_eq!(released.rules, [r"^(?:3\.1\.0|3\.2\.0)$"]);
    assert!(!released.may_hold(&tag("3.0.9")));
    let last = Tags::default().without(&tag("3.0.9")).corrected(&held);
    assert_eq!(last, ImmutableTags::default());
    assert_eq!(immutable_tags(&tags, &released), None);
}
