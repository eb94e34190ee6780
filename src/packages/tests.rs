#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::{Strategy, prop, proptest};

use super::{Package, Packages, VersionChanges, changes, complete};

/// A package with the type of its purl, if it has one.
type Written<'a> = (&'a str, &'a str, &'a str);

fn packed(packages: &[Written<'_>]) -> Packages {
    let list = |(kind, name, version): &Written<'_>| {
        let purl = (!kind.is_empty()).then(|| format!("pkg:{kind}/{name}@{version}"));
        let licences = format!("{name}-licence");
        [Package { name, version, purl: purl.as_deref(), licences: &licences }].into_iter().collect::<Packages>()
    };
    let lists: Vec<Packages> = packages.iter().map(list).collect();
    lists.iter().flat_map(Packages::iter).collect()
}

fn package<'a>(kind: &'a str, name: &'a str, version: &'a str) -> Written<'a> {
    (kind, name, version)
}

/// Everything that changed, a line each.
fn told(from: &[Written<'_>], to: &[Written<'_>]) -> Vec<String> {
    told_of(&packed(from), &packed(to))
}

fn told_of(from: &Packages, to: &Packages) -> Vec<String> {
    let changes = changes(from, to);
    let named = |sign: &str, all: &Packages| {
        all.iter().map(|one| format!("{sign} {} {}", one.name, one.version)).collect::<Vec<_>>()
    };
    let moved = |sign: &str, all: &VersionChanges| {
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
    let changes = changes(&packed(&from), &packed(&to));
    assert_eq!(changes.upgraded.iter().next().unwrap().purl, Some("pkg:deb/a@1.0"));
    assert_eq!(changes.licences_added.names.iter().collect::<Vec<_>>(), ["e-licence"]);
    assert_eq!(changes.licences_removed.names.iter().collect::<Vec<_>>(), ["d-licence"]);
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
    let npm =
        |versions: &[&'static str]| versions.iter().map(|version| package("npm", "a", version)).collect::<Vec<_>>();
    let told = |from: &[&'static str], to: &[&'static str]| told(&npm(from), &npm(to));
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

fn list() -> impl Strategy<Value = Vec<Written<'static>>> {
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
        let (was, is) = (packed(&from), packed(&to));
        let changes = changes(&was, &is);
        let moved = || changes.upgraded.iter().chain(changes.downgraded.iter());
        let mut gone: Vec<(&str, &str)> = changes.removed.iter().map(|one| (one.name, one.version)).collect();
        gone.extend(moved().map(|one| (one.name, one.from)));
        let mut come: Vec<(&str, &str)> = changes.added.iter().map(|one| (one.name, one.version)).collect();
        come.extend(moved().map(|one| (one.name, one.to)));
        let only = |these: &[Written<'static>], those: &[Written<'static>]| {
            let mut only: Vec<Written<'static>> = these.iter().filter(|one| !those.contains(one)).copied().collect();
            only.sort();
            only.dedup();
            let mut only: Vec<_> = only.into_iter().map(|(_, name, version)| (name, version)).collect();
            only.sort();
            only
        };
        gone.sort();
        come.sort();
        assert_eq!(gone, only(&from, &to));
        assert_eq!(come, only(&to, &from));
        assert!(super::changes(&was, &was).is_empty());
    }
}

#[test]
fn what_databases_show_and_lists_leave_out_is_added() {
    let list = |texts: &[&'static str]| {
        let one =
            |text: &&'static str| text.split_once(' ').map(|(name, version)| package("deb", name, version)).unwrap();
        packed(&texts.iter().map(one).collect::<Vec<_>>())
    };
    let (mut from, mut to) = (list(&["a 1", "b 1", "npm 1"]), list(&["a 1", "b 2", "npm 2"]));
    let (was, is) = (list(&["a 2", "b 1:1", "c 1"]), list(&["a 1", "b 1:2", "d 1"]));
    assert_eq!(complete([&mut from, &mut to], [&was, &is]), Ok(3));
    assert_eq!(told_of(&from, &to), ["+ d 1", "- c 1", "up b 1 2", "up npm 1 2", "down a 2 1"]);
    assert_eq!(complete([&mut from, &mut to], [&was, &is]), Ok(0));
}

#[test]
fn with_the_databases_a_list_has_no_more_packages_than_one_alone() {
    let list = |names: std::ops::Range<usize>, version: &'static str| -> Packages {
        let names: Vec<String> = names.map(|n| format!("package-{n:06}")).collect();
        names.iter().map(|name| Package { name, version, purl: None, licences: "" }).collect()
    };
    let (mut from, mut to) = (list(0..70_000, "1"), list(0..70_000, "2"));
    let why = complete([&mut from, &mut to], [&list(60_000..110_000, "1"), &list(60_000..110_000, "2")]).unwrap_err();
    assert_eq!(why, "with the databases in layers, it lists more than 100,000 packages");
}

/// What differs in long lists is not copied, and a few packages do not keep a long list.
#[test]
fn changes_share_long_lists() {
    let list = |version: &'static str| -> Packages {
        let names: Vec<String> = (0..1_000).map(|n| format!("package-{n:06}")).collect();
        names.iter().map(|name| Package { name, version, purl: Some("pkg:npm/x"), licences: "MIT" }).collect()
    };
    let (from, to) = (list("1"), list("2"));
    let all: Vec<u32> = (0..1_000).rev().collect();
    assert!(to.select(&all).memory() - to.memory() <= 4_000, "positions alone");
    assert_eq!(to.select(&all).at(0), to.at(999));
    assert_eq!(
        to.select(&all).select(&[1, 0]).iter().map(|package| package.name).collect::<Vec<_>>(),
        ["package-000998", "package-000999"]
    );
    assert!(to.select(&[7]).memory() < 100);
    let changes = changes(&from, &to);
    assert_eq!(changes.upgraded.iter().len(), 1_000);
    assert!(changes.upgraded.iter().all(|one| (one.from, one.to, one.purl) == ("1", "2", Some("pkg:npm/x"))));
}

#[test]
fn of_very_many_licences_the_rest_is_counted() {
    let licences: Vec<String> = (0..1_200).map(|n| format!("Licence-{n:04}")).collect();
    let one = |at: usize| Package { name: "x", version: "1", purl: None, licences: &licences[at] };
    let list = |to: usize| (0..to).map(one).collect::<Packages>();
    let (few, many) = (list(1), list(1_200));
    let changes = changes(&few, &many);
    assert_eq!((changes.licences_added.names.len(), changes.licences_added.further), (1_000, 199));
    assert!(changes.licences_removed.is_empty());
}
