#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::{Strategy, prop, proptest};

use super::{Package, changes, complete};

fn package(kind: &str, name: &str, version: &str) -> Package {
    let purl = (!kind.is_empty()).then(|| format!("pkg:{kind}/{name}@{version}"));
    Package { name: name.to_owned(), version: version.to_owned(), purl, licences: vec![format!("{name}-licence")] }
}

/// Everything that changed, a line each.
fn told(from: &[Package], to: &[Package]) -> Vec<String> {
    let changes = changes(from, to);
    let named = |sign: &str, all: &[Package]| {
        all.iter().map(|one| format!("{sign} {} {}", one.name, one.version)).collect::<Vec<_>>()
    };
    let moved = |sign: &str, all: &[super::VersionChange]| {
        all.iter().map(|one| format!("{sign} {} {} {}", one.name, one.from, one.to)).collect::<Vec<_>>()
    };
    [
        named("+", &changes.added),
        named("-", &changes.removed),
        moved("up", &changes.upgraded),
        moved("down", &changes.downgraded),
    ]
    .concat()
}

#[test]
fn the_ecosystem_decides_which_version_is_newer() {
    let from = [
        package("deb", "a", "1.0~rc1"),
        package("deb", "b", "1:1"),
        package("deb", "c", "1"),
        package("deb", "d", "1"),
    ];
    let to = [package("deb", "a", "1.0"), package("deb", "b", "2"), package("deb", "c", "1"), package("deb", "e", "1")];
    assert_eq!(told(&from, &to), ["+ e 1", "- d 1", "up a 1.0~rc1 1.0", "down b 1:1 2"]);
    let changes = changes(&from, &to);
    assert_eq!(changes.upgraded[0].purl.as_deref(), Some("pkg:deb/a@1.0"));
    assert_eq!(changes.licences_added.iter().collect::<Vec<_>>(), ["e-licence"]);
    assert_eq!(changes.licences_removed.iter().collect::<Vec<_>>(), ["d-licence"]);
}

#[test]
fn what_cannot_be_compared_is_removed_and_added() {
    let told = |kind, from, to| told(&[package(kind, "a", from)], &[package(kind, "a", to)]);
    assert_eq!(told("golang", "(devel)", "v1.0.0"), ["+ a v1.0.0", "- a (devel)"]);
    assert_eq!(told("npm", "1.0.0+x", "1.0.0+y"), ["+ a 1.0.0+y", "- a 1.0.0+x"]);
    assert_eq!(told("", "abc", "abd"), ["+ a abd", "- a abc"]);
    assert_eq!(told("", "1.9", "1.10"), ["up a 1.9 1.10"]);
}

#[test]
fn of_several_versions_the_newest_are_compared() {
    let npm = |versions: &[&str]| versions.iter().map(|version| package("npm", "a", version)).collect::<Vec<_>>();
    let told = |from: &[&str], to: &[&str]| told(&npm(from), &npm(to));
    assert_eq!(told(&["1.0.0", "2.0.0"], &["1.0.0", "2.0.0"]), [""; 0]);
    assert_eq!(told(&["1.0.0", "2.0.0"], &["1.0.0", "2.0.1"]), ["up a 2.0.0 2.0.1"]);
    assert_eq!(told(&["9.0.0", "10.0.0"], &["10.1.0"]), ["- a 9.0.0", "up a 10.0.0 10.1.0"]);
    assert_eq!(told(&["1.0.0"], &["1.0.0", "2.0.0"]), ["+ a 2.0.0"]);
    assert_eq!(told(&["3.0.0"], &["1.0.0", "2.0.0"]), ["+ a 1.0.0", "down a 3.0.0 2.0.0"]);
}

#[test]
fn the_same_name_in_two_ecosystems_is_two_packages() {
    let from = [package("npm", "a", "1.0.0"), package("pypi", "a", "3.0")];
    let to = [package("npm", "a", "2.0.0"), package("pypi", "a", "3.0")];
    assert_eq!(told(&from, &to), ["up a 1.0.0 2.0.0"]);
}

fn list() -> impl Strategy<Value = Vec<Package>> {
    let one = (
        prop::sample::select(vec!["deb", "npm", ""]),
        prop::sample::select(vec!["a", "b"]),
        prop::sample::select(vec!["1.0.0", "1.1.0", "2.0.0", "x", "1.0.0+b"]),
    );
    prop::collection::vec(one.prop_map(|(kind, name, version)| package(kind, name, version)), 0..8)
}

proptest! {
    /// Every version that only one of the lists has is named exactly once, and nothing else is.
    #[test]
    fn nothing_is_lost_and_nothing_is_told_twice(from in list(), to in list()) {
        let changes = changes(&from, &to);
        let moved = || changes.upgraded.iter().chain(&changes.downgraded);
        let mut gone: Vec<(String, String)> = changes.removed.iter().map(|one| (one.name.clone(), one.version.clone())).collect();
        gone.extend(moved().map(|one| (one.name.clone(), one.from.clone())));
        let mut come: Vec<(String, String)> = changes.added.iter().map(|one| (one.name.clone(), one.version.clone())).collect();
        come.extend(moved().map(|one| (one.name.clone(), one.to.clone())));
        let only = |these: &[Package], those: &[Package]| {
            let is_same = |a: &Package, b: &Package| (&a.name, &a.version, super::purl::ecosystem(a)) == (&b.name, &b.version, super::purl::ecosystem(b));
            let mut only: Vec<Package> = these.iter().filter(|one| !those.iter().any(|other| is_same(one, other))).cloned().collect();
            only.sort();
            only.dedup();
            only.into_iter().map(|one| (one.name, one.version)).collect::<Vec<_>>()
        };
        gone.sort();
        come.sort();
        assert_eq!(gone, only(&from, &to));
        assert_eq!(come, only(&to, &from));
        assert!(super::changes(&from, &from).is_empty());
    }
}

#[test]
fn what_databases_show_and_lists_leave_out_is_added() {
    let list = |texts: &[&str]| -> Vec<Package> {
        texts
            .iter()
            .map(|text| text.split_once(' ').map(|(name, version)| package("deb", name, version)).unwrap())
            .collect()
    };
    let (mut from, mut to) = (list(&["a 1", "b 1", "npm 1"]), list(&["a 1", "b 2", "npm 2"]));
    let (was, is) = (list(&["a 2", "b 1:1", "c 1"]), list(&["a 1", "b 1:2", "d 1"]));
    assert_eq!(complete([&mut from, &mut to], [&was, &is]), 3);
    assert_eq!(told(&from, &to), ["+ d 1", "- c 1", "up b 1 2", "up npm 1 2", "down a 2 1"]);
    assert_eq!(complete([&mut from, &mut to], [&was, &is]), 0);
}
