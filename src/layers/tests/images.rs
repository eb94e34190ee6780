//! Pairs of images: which layers are needed, and what they say together.

use super::super::Contents;
use super::support::{Images, Tar, deb, files, names, reason};
use crate::image::Digest;
use crate::packages::Listed;
use crate::text;

const STATUS: &str = "var/lib/dpkg/status";

fn status(packages: &[(&str, &str)]) -> String {
    packages.iter().map(|(name, version)| deb(name, version)).collect()
}

fn app(content: &str) -> Vec<u8> {
    Tar::default().program("app/server", 0o755).file("app/data", content).gzip()
}

fn base(version: &str) -> Vec<u8> {
    Tar::default()
        .file(STATUS, &status(&[("openssl", version), ("zlib", "1")]))
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .gzip()
}

fn contents(from: &[&[u8]], to: &[&[u8]]) -> Contents {
    Images::new(from, to).contents()
}

#[test]
fn a_database_in_layers_of_one_image_alone_is_read() {
    let (old, new) = (base("3.0.1"), base("3.0.2"));
    let contents = contents(&[&old, &app("1")], &[&new, &app("2")]);
    assert_eq!(names(&contents.listed), [["openssl 3.0.1", "zlib 1"], ["openssl 3.0.2", "zlib 1"]]);
    let Listed::Known { to, .. } = &contents.listed else { unreachable!() };
    assert_eq!(to.iter().next().unwrap().purl, Some("pkg:deb/debian/openssl@3.0.2?distro=debian-12"));
    assert_eq!((files(&contents), contents.unread), (vec![], None));
}

#[test]
fn where_no_layer_touches_the_database_packages_are_equal_and_it_is_not_read() {
    let base = base("3.0.1");
    let mut images = Images::new(&[&base, &app("1")], &[&base, &app("2")]);
    assert_eq!(images.contents().listed, Listed::Untouched);
    assert!(!images.asked_for(&base));
    assert_eq!(images.asked.len(), 2);
}

#[test]
fn the_topmost_shared_database_is_read_only_where_the_other_image_needs_it() {
    let (bottom, shared) = (base("1"), base("2"));
    let above = Tar::default().file("srv/x", "").gzip();
    let update = Tar::default().file(STATUS, &status(&[("openssl", "3"), ("zlib", "1")])).gzip();
    let mut images = Images::new(&[&bottom, &shared, &above, &app("1")], &[&bottom, &shared, &above, &update]);
    let contents = images.contents();
    assert_eq!(names(&contents.listed), [["openssl 2", "zlib 1"], ["openssl 3", "zlib 1"]]);
    assert!(images.asked_for(&above) && images.asked_for(&shared) && !images.asked_for(&bottom));
    assert_eq!(images.asked.len(), 4);
}

#[test]
fn a_shared_layer_above_counts() {
    let top = Tar::default().file(STATUS, &status(&[("openssl", "9")])).gzip();
    let contents = contents(&[&base("1"), &top], &[&base("2"), &top]);
    assert_eq!(names(&contents.listed), [["openssl 9"], ["openssl 9"]]);
}

#[test]
fn what_is_removed_or_hidden_above_does_not_count() {
    let shared = Tar::default().program("usr/bin/su", 0o4755).file("etc/passwd", "").gzip();
    let lower = Tar::default()
        .file(STATUS, &status(&[("a", "1")]))
        .program("usr/bin/x", 0o4755)
        .program("opt/tool", 0o4755)
        .program("srv/run", 0o4755)
        .program("usr/bin/kept", 0o4755)
        .gzip();
    let upper = Tar::default()
        .file("usr/bin/.wh.x", "")
        .file("opt/.wh..wh..opq", "")
        .file("srv", "no folder any more")
        .file(".wh..wh.plnk", "")
        .gzip();
    let contents = contents(&[&shared], &[&shared, &lower, &upper]);
    assert_eq!(files(&contents), ["Setuid /usr/bin/kept"]);
    for remover in ["var/lib/dpkg/.wh.status", "var/.wh.lib", "var/lib/.wh..wh..opq", ".wh..wh..opq", "var/lib/dpkg"] {
        let upper = Tar::default().file(remover, "").gzip();
        let removed = self::contents(&[&lower], &[&lower, &upper]);
        assert_eq!(reason(&removed.listed), "the layers of the new image hold no package database", "{remover}");
    }
}

#[test]
fn parts_of_a_database_add_up_over_layers() {
    let part = |name: &str, version: &str| {
        let stanza = format!("Package: {name}\nVersion: {version}\nSource: src-{name}\n");
        Tar::default()
            .file(&format!("var/lib/dpkg/status.d/{name}"), &stanza)
            .file(
                &format!("var/lib/dpkg/status.d/{name}.md5sums"),
                &format!("0cc175b9c0f1b6a831c399e269772661  usr/bin/{name}\n"),
            )
            .program(&format!("usr/bin/{name}"), 0o755)
            .gzip()
    };
    let (libc, tz) = (part("libc6", "2.36"), part("tzdata", "2024a"));
    let contents = contents(&[&libc, &tz, &app("1")], &[&libc, &part("tzdata", "2024b"), &part("new", "1"), &app("2")]);
    assert_eq!(names(&contents.listed)[0], ["libc6 2.36", "tzdata 2024a"]);
    assert_eq!(names(&contents.listed)[1], ["libc6 2.36", "new 1", "tzdata 2024b"]);
    assert_eq!((files(&contents), contents.unread), (vec![], None));
    let removed = Tar::default().file("var/lib/dpkg/status.d/.wh.tzdata", "").gzip();
    let contents = self::contents(&[&libc, &tz], &[&libc, &tz, &removed]);
    assert_eq!(names(&contents.listed)[1], ["libc6 2.36"]);
}

#[test]
fn apk_lists_packages_and_the_files_that_they_own() {
    let apk = |version: &str, more: &str| {
        format!("C:Q1\nP:busybox\nV:{version}\nA:x86_64\nL:GPL-2.0-only\no:busybox\nF:bin\nR:busybox\n\n{more}")
    };
    let old = Tar::default().file("lib/apk/db/installed", &apk("1.36.1-r0", "")).program("bin/busybox", 0o755).gzip();
    let curl = "P:libcurl\nV:8.5.0-r0\nL:curl\no:curl\nF:usr/bin\nR:curl\n\n";
    let new = Tar::default()
        .file("lib/apk/db/installed", &apk("1.36.1-r1", curl))
        .file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")
        .program("bin/busybox", 0o755)
        .program("usr/bin/curl", 0o755)
        .program("usr/bin/miner", 0o755)
        .gzip();
    let contents = contents(&[&old], &[&new]);
    assert_eq!(names(&contents.listed)[1], ["busybox 1.36.1-r1", "libcurl 8.5.0-r0"]);
    let Listed::Known { to, .. } = &contents.listed else { unreachable!() };
    assert_eq!(
        to.iter().nth(1).unwrap().purl,
        Some("pkg:apk/alpine/libcurl@8.5.0-r0?distro=alpine-3.20.3&upstream=curl")
    );
    assert_eq!(to.iter().nth(1).unwrap().licences, "curl");
    assert_eq!(files(&contents), ["NewExecutable /usr/bin/miner"]);
}

#[test]
fn an_executable_is_new_if_the_former_image_lacks_it_and_no_package_owns_it() {
    let lists = Tar::default()
        .file(STATUS, &status(&[("bash", "1"), ("usr-is-merged", "1")]))
        .file("var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n")
        .program("usr/bin/bash", 0o755)
        .program("usr/bin/bash-copy", 0o755)
        .gzip();
    let contents = contents(&[&base("1"), &app("1")], &[&lists, &app("2")]);
    assert_eq!(files(&contents), ["NewExecutable /usr/bin/bash-copy"]);
}

#[test]
fn without_any_database_every_new_executable_is_named() {
    let scratch = Tar::default().program("app", 0o755).gzip();
    let more = Tar::default().program("app", 0o755).program("bin/sh", 0o755).gzip();
    let contents = contents(&[&scratch], &[&more]);
    assert_eq!(names(&contents.listed), [vec![""; 0], vec![]]);
    assert_eq!(files(&contents), ["NewExecutable /bin/sh"]);
}

#[test]
fn a_first_approval_lists_packages_but_no_new_executables() {
    let layer =
        Tar::default().file(STATUS, &status(&[("a", "1")])).program("x", 0o4755).file("etc/init.d/y", "").gzip();
    let contents = contents(&[], &[&layer]);
    assert_eq!(names(&contents.listed), [vec![], vec!["a 1".to_owned()]]);
    assert_eq!(files(&contents), ["Init /etc/init.d/y", "Setuid /x"]);
    let nothing = self::contents(&[], &[&app("1")]);
    assert_eq!(names(&nothing.listed), [vec![""; 0], vec![]]);
    assert_eq!(nothing.unread, None);
}

#[test]
fn rpm_is_named_as_missing() {
    let rpm = |content: &str| Tar::default().file("var/lib/rpm/rpmdb.sqlite", content).program(content, 0o755).gzip();
    let contents = contents(&[&rpm("1")], &[&rpm("2")]);
    assert_eq!(reason(&contents.listed), "rpm databases are not read");
    assert_eq!(contents.unread.as_deref(), Some("new executables cannot be told: rpm databases are not read"));
    assert_eq!(files(&contents), [""; 0]);
}

/// A layer of incompressible text, larger than the databases here.
fn noise(seed: u64) -> Vec<u8> {
    let words = (0..200u64).map(|n| Digest::sha256(format!("{seed} {n}").as_bytes()).to_string());
    Tar::default().file(&format!("srv/{seed}"), &words.collect::<String>()).gzip()
}

#[test]
fn bounds_are_told_unless_the_database_was_found_above_them() {
    let from: Vec<Vec<u8>> = [base("1")].into_iter().chain((0..5).map(noise)).collect();
    let to: Vec<Vec<u8>> = (5..10).map(noise).chain([base("2")]).collect();
    let mut images = Images::new(&from, &to);
    images.pair.each = 2;
    let contents = images.contents();
    let bound = "2 of 6 layers that differ were read: at most 2 layers of each image are read";
    assert_eq!(reason(&contents.listed), bound);
    let unread = format!("{bound}; new executables cannot be told: some layers of the former image were not read");
    assert_eq!(contents.unread.as_deref(), Some(unread.as_str()));
    assert_eq!(images.asked.len(), 4);

    images.pair.each = 6;
    images.pair.bytes = from[1..].iter().map(|layer| layer.len() as u64).sum();
    let contents = images.contents();
    let bound = format!("5 of 6 layers that differ were read: `evidence.layers` is {}", text::size(images.pair.bytes));
    assert_eq!(reason(&contents.listed), bound);

    // Above all that is not read, a database decides; what a small layer above it cannot hold does not matter.
    let small = Tar::default().file("etc/small", "").gzip();
    let large = status(&(0..2_000).map(|_| ("openssl", "1")).collect::<Vec<_>>());
    let top = |n: &str| Tar::default().file(STATUS, &large).file("n", n).gzip();
    let [from, to] = ["1", "2"].map(|n| vec![noise(1), noise(2), noise(3), top(n), small.clone(), app(n)]);
    let mut images = Images::new(&from, &to);
    images.pair.each = 1;
    let contents = images.contents();
    assert_eq!(names(&contents.listed), [["openssl 1"], ["openssl 1"]]);
    assert!(contents.unread.unwrap().starts_with("1 of 2 layers that differ were read"));
}

#[test]
fn a_layer_that_could_not_be_read_is_named_with_its_reason() {
    let (old, new) = (base("1"), base("2"));
    let (app_1, app_2) = (app("1"), app("2"));
    let mut images = Images::new(&[&old, &app_1], &[&new, &app_2]);
    images.failing.insert(Digest::sha256(&new), "it ends too early".to_owned());
    let contents = images.contents();
    assert_eq!(reason(&contents.listed), "1 of 2 layers that differ were read: it ends too early");
    assert_eq!(files(&contents), [""; 0]);
    // A database that was read already does not change because of what is below it.
    let mut images = Images::new(&[&app_1, &old], &[&app_2, &new]);
    images.failing.insert(Digest::sha256(&app_2), "it ends too early".to_owned());
    assert_eq!(names(&images.contents().listed)[1], ["openssl 2", "zlib 1"]);
}

#[test]
fn empty_layers_and_layers_that_may_not_be_distributed_are_not_asked_for() {
    let empty = [
        0x1f, 0x8b, 8, 0, 0, 9, 0x6e, 0x88, 0, 0xff, 0x62, 0x18, 5, 0xa3, 0x60, 0x14, 0x8c, 0x58, 0, 8, 0, 0, 0xff,
        0xff, 0x2e, 0xaf, 0xb5, 0xef, 0, 4, 0, 0,
    ];
    let mut images = Images::new(&[base("1")], &[base("2"), empty.to_vec()]);
    images.contents();
    assert_eq!(images.asked.len(), 2);
    let foreign = base("3");
    let mut images = Images::new(&[base("1")], std::slice::from_ref(&foreign));
    images.pair.to[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned();
    let contents = images.contents();
    assert!(!images.asked_for(&foreign));
    assert_eq!(reason(&contents.listed), "0 of 1 layers that differ were read: its bytes may not be distributed");
}

#[test]
fn what_was_there_before_is_not_new() {
    let old =
        Tar::default().program("usr/bin/su", 0o4755).program("usr/bin/at", 0o755).file("etc/cron.d/a", "1").gzip();
    let new = Tar::default()
        .program("usr/bin/su", 0o4755)
        .program("usr/bin/at", 0o4755)
        .file("etc/cron.d/a", "1")
        .file("etc/cron.d/b", "")
        .gzip();
    assert_eq!(files(&contents(&[&old], &[&new])), ["Cron /etc/cron.d/b", "Setuid /usr/bin/at"]);
}

#[test]
fn so_many_files_are_named_and_the_others_counted() {
    let programs = |count: usize| {
        let tar = (0..count).fold(Tar::default(), |tar, n| tar.program(&format!("opt/{n:04}"), 0o755));
        tar.gzip()
    };
    let contents = contents(&[&app("1")], &[&app("1"), &programs(1_001)]);
    assert_eq!((contents.files.len(), contents.files[999].path.as_str()), (1_000, "/opt/0999"));
    assert_eq!(contents.unread.as_deref(), Some("only 1000 of 1001 files that matter are named"));
}

#[test]
fn new_contents_of_files_that_run_by_themselves_are_told_unless_a_package_brought_them() {
    let before = || Tar::default().file("etc/cron.d/a", "1").file("etc/init.d/b", "1").link("etc/rc3.d/S01b", "../b");
    let files_of = |from: &[&[u8]], to: &[&[u8]]| files(&contents(from, to));
    let base = before().gzip();
    let changed = Tar::default().file("etc/cron.d/a", "2").file("etc/init.d/b", "1").link("etc/rc3.d/S01b", "../c");
    let changed = changed.gzip();
    assert_eq!(files_of(&[&base, &app("1")], &[&base, &changed]), ["Cron /etc/cron.d/a", "Init /etc/rc3.d/S01b"]);
    let again = before().file("srv/x", "").gzip();
    assert_eq!(files_of(&[&base, &app("1")], &[&base, &again]), [""; 0], "the same contents");
    // A changed package's list of files stands in the same layer.
    let owned = |version: &str, content: &str| {
        let database = Tar::default().file(STATUS, &status(&[("cron", version)])).file("etc/cron.d/a", content);
        database.file("var/lib/dpkg/info/cron.list", "/etc/cron.d/a\n").gzip()
    };
    assert_eq!(files_of(&[&owned("1", "1")], &[&owned("2", "2")]), [""; 0]);
    assert_eq!(files_of(&[&owned("1", "1")], &[&owned("1", "2")]), ["Cron /etc/cron.d/a"], "no package changed");
}

#[test]
fn layers_below_are_not_read_for_files_whose_change_is_certain() {
    let file = |content: &str| Tar::default().file("etc/cron.d/a", content).gzip();
    let (bottom, base) = (base("1"), file("1"));
    let mut images = Images::new(&[&bottom, &base, &app("1")], &[&bottom, &base, &file("2")]);
    assert_eq!(files(&images.contents()), ["Cron /etc/cron.d/a"]);
    assert!(images.asked_for(&base) && !images.asked_for(&bottom));
}

#[test]
fn an_rpm_database_is_named_wherever_it_is_and_whatever_its_format() {
    for place in ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"] {
        for name in ["rpmdb.sqlite", "Packages.db", "Packages"] {
            let image = |content: &str| Tar::default().file(&format!("{place}/{name}"), content).gzip();
            let contents = contents(&[&image("1")], &[&image("2")]);
            assert_eq!(reason(&contents.listed), "rpm databases are not read", "{place}/{name}");
        }
    }
}
