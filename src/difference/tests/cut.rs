//! The bound on the lists of several differences.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::difference::cut::fit_into;
use crate::difference::fixtures::{config, file, on_two, package, patch, version, vulnerability, worst};
use crate::difference::words::{self, Line, Style, Told};
use crate::difference::{Difference, Field, Mark, Why};
use crate::layers::FileKind;
use crate::packages::{LicenceNames, PackageChanges};
use crate::vulnerabilities::{Excepted, Severity, VulnerabilityChanges, VulnerabilitySource};

/// A difference whose lists have about so many entries each, the same packages on both platforms.
fn long(seed: usize, entries: usize) -> Difference {
    let names: Vec<String> = (0..entries).map(|n| format!("package-{seed}-{n:05}")).collect();
    let packages = PackageChanges {
        added: names.iter().skip(1).step_by(3).map(|name| package(name, "1.0")).collect(),
        removed: names.iter().step_by(3).map(|name| package(name, "1.0")).collect(),
        upgraded: names.iter().skip(2).step_by(3).map(|name| version(name, "1.0", "1.1")).collect(),
        licences_added: LicenceNames { names: names.iter().take(entries / 9).cloned().collect(), further: 0 },
        ..PackageChanges::default()
    };
    let mut difference = on_two(Why::Base, &[Mark::NewCritical], |platform| {
        platform.packages = packages.clone();
        platform.config = names.iter().take(entries / 9).map(|name| config(Field::Env, None, Some(name))).collect();
        platform.config.push(config(Field::User, Some("app"), Some("root")));
        platform.config.push(config(Field::Entrypoint, Some("app"), Some(&"x".repeat(1_000))));
        let kinds = [FileKind::Cron, FileKind::NewExecutable, FileKind::Setuid];
        platform.files = names.iter().zip(kinds.iter().cycle()).map(|(name, kind)| file(name, *kind)).collect();
    });
    let list = |severity, first: usize| {
        let names = names.iter().skip(first).step_by(3);
        names.map(move |name| vulnerability(severity, &format!("CVE-2027-{name}"), name)).collect::<Vec<_>>()
    };
    let excepted = |name: &String| Excepted {
        id: format!("CVE-2026-{name}"),
        package: name.clone(),
        reason: "not affected".to_owned(),
    };
    difference.vulnerabilities = VulnerabilityChanges {
        source: VulnerabilitySource::Osv,
        new: [list(Severity::Critical, 1), list(Severity::Low, 2)].concat().into(),
        fixed: list(Severity::High, 0).into(),
        excepted: names.iter().map(excepted).collect(),
        ..VulnerabilityChanges::default()
    };
    difference
}

/// Adds differences one after the other, as they become known, and returns them by their position.
fn added(all: &[Difference], order: impl Iterator<Item = usize>, room: usize) -> Vec<Option<Difference>> {
    let mut held: Vec<Option<Difference>> = vec![None; all.len()];
    for at in order {
        held[at] = Some(all[at].clone());
        fit_into(room, held.iter_mut().flatten());
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is kept depends on the differences alone, and fits. What is decided and counted stays.
    #[test]
    fn any_order_of_additions_has_the_same_result(
        entries in prop::collection::vec(0..300_usize, 1..7),
        room in 2_000..200_000_usize,
        order in Just((0..7_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let all: Vec<Difference> = entries.iter().enumerate().map(|(at, entries)| long(at, *entries)).collect();
        let straight = added(&all, 0..all.len(), room);
        let shuffled = added(&all, order.into_iter().filter(|at| *at < all.len()), room);
        prop_assert_eq!(&straight, &shuffled);
        let mut taken = 0;
        for (whole, kept) in all.iter().zip(straight.iter().flatten()) {
            prop_assert_eq!(numbers(whole), numbers(kept));
            let packages = kept.platforms[0].packages.sizes().iter().sum::<usize>();
            let named = kept.vulnerabilities.new.named().len() + kept.vulnerabilities.fixed.named().len();
            taken += packages + named * 64;
            prop_assert!(kept.platforms[0].packages.is_shared_with(&kept.platforms[1].packages));
        }
        prop_assert!(taken <= room, "{taken} of {room}");
    }
}

/// What must not depend on whether lists are complete.
fn numbers(difference: &Difference) -> String {
    let VulnerabilityChanges { fixed, new, excepted, same, .. } = &difference.vulnerabilities;
    let platforms = difference.platforms.iter().map(|platform| {
        let packages = &platform.packages;
        let files = [FileKind::Setuid, FileKind::Cron, FileKind::Init, FileKind::NewExecutable];
        format!(
            "{:?} {} {} {:?}",
            packages.counts(),
            packages.licences_added.count(),
            platform.config_count(),
            files.map(|kind| platform.file_count(kind))
        )
    });
    format!(
        "{} {:?} {:?} {} {:?} {:?} {}",
        platforms.collect::<Vec<_>>().join("; "),
        fixed.severities(),
        new.severities(),
        excepted.count(),
        same,
        difference.marks,
        words::verdict(difference)
    )
}

#[test]
fn one_that_is_long_leaves_the_others_complete() {
    let mut all = [patch(), long(1, 20_000), worst(), patch()];
    fit_into(200_000, &mut all);
    let [first, second, third, fourth] = all;
    assert_eq!([first, third, fourth], [patch(), worst(), patch()]);
    let omitted = second.omitted().unwrap();
    assert!((120_000..130_000).contains(&omitted), "{omitted}");
}

#[test]
fn what_takes_no_more_than_there_is_room_stays_as_it_is() {
    let mut all = [patch(), long(1, 1_000)];
    fit_into(10 << 20, &mut all);
    assert_eq!(all, [patch(), long(1, 1_000)]);
    assert_eq!(all.each_ref().map(Difference::omitted), [None, None]);
}

fn told(difference: &Difference) -> String {
    let Told { why, better, changes, lists } = words::tell(difference, None, Style::PLAIN);
    let first = [why, better].into_iter().flatten();
    let lines = changes.into_iter().map(|Line { depth, text }| format!("{}{text}", "  ".repeat(depth)));
    let lists = lists.into_iter().map(|list| format!("[{}: {} lines]", list.heading, list.lines.len()));
    first.chain(lines).chain(lists).map(|line| line + "\n").collect()
}

/// Sentences and numbers are those of the complete lists, and name what is most important.
#[test]
fn what_is_left_out_is_counted_and_said() {
    let whole = long(1, 3_000);
    let mut cut = [whole.clone(), long(2, 3_000)];
    fit_into(12_000, &mut cut);
    let [cut, _] = cut;
    let (before, after) = (told(&whole), told(&cut));
    let new: Vec<&str> = after.lines().filter(|line| !before.lines().any(|other| other == *line)).collect();
    insta::assert_snapshot!(new.join("\n"), @r"
    Lists: 19243 entries are left out, because the lists of all changes of this run are too long; the numbers include them
      new, critical: CVE-2027-package-1-00001 in package-1-00001, CVE-2027-package-1-00004 in package-1-00004, CVE-2027-package-1-00007 in package-1-00007, CVE-2027-package-1-00010 in package-1-00010 and 996 more
      fixed, high: CVE-2027-package-1-00000 in package-1-00000 (package removed), CVE-2027-package-1-00003 in package-1-00003 (package removed), CVE-2027-package-1-00006 in package-1-00006 (package removed), CVE-2027-package-1-00009 in package-1-00009 (package removed) and 996 more
    Files on both platforms: 1000 new programs with setuid, setgid or file capabilities: package-1-00002, package-1-00005 and 998 more
    Files on both platforms: 1000 new or changed scheduled jobs (cron or timer): 1000 that are not listed
    Files on both platforms: 1000 new executables that no package owns: 1000 that are not listed
    Configuration on both platforms: user: app → root; entrypoint: app → xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…; environment variable: 333 more changes
    Licences on both platforms: new: package-1-00000, package-1-00001 and 331 more
    [3000 vulnerabilities that VEX documents rule out: 4 lines]
    [1000 packages added: 16 lines]
    [1000 packages removed: 16 lines]
    [1000 packages upgraded: 9 lines]
    ");
}

/// Characters that do not show are found in what is left out.
#[test]
fn hidden_characters_are_known_of_what_is_left_out() {
    let mut all = [long(1, 2_000), long(2, 2_000)];
    let names: Vec<String> = (0..2_000).map(|n| format!("z-{n}")).chain(["zz\u{202e}z".to_owned()]).collect();
    for platform in &mut all[0].platforms {
        platform.packages.added = names.iter().map(|name| package(name, "1")).collect();
    }
    fit_into(10_000, &mut all);
    assert!(all[0].platforms[0].packages.added.iter().all(|one| !one.name.contains('\u{202e}')));
    assert_eq!(words::hidden(&all[0]), BTreeSet::from(["package names"]));
    assert_eq!(words::hidden(&all[1]), BTreeSet::new());
}
