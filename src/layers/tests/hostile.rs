//! Layers that try to show something else than what an extractor writes.

use tar::{EntryType, Header};

use super::super::{Contents, FileKind};
use super::support::{Images, Tar, deb, facts, fault, files, names, reason};
use crate::packages::Listed;

const STATUS: &str = "var/lib/dpkg/status";
const EVIL: &str = "etc/cron.d/evil";

fn contents(from: &[&[u8]], to: &[&[u8]]) -> Contents {
    Images::new(from, to).contents()
}

fn special(layer: &[u8]) -> Vec<String> {
    facts(layer).special.keys().cloned().collect()
}

/// An entry whose header is changed before its checksum is.
fn changed(path: &str, change: fn(&mut [u8; 512])) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_path(path).unwrap();
    header.set_mode(0o644);
    header.set_size(0);
    change(header.as_mut_bytes());
    header.set_cksum();
    [header.as_bytes().as_slice(), &[0; 1024]].concat()
}

#[test]
fn headers_before_an_entry_count_as_extractors_count_them() {
    let pax = |records: &'static [u8]| Tar::default().entry("p", EntryType::XHeader, 0o644, "", records);
    let harmless = b"17 path=harmless\n";
    let layers = [
        pax(b"9 path=x\n").entry("p", EntryType::XHeader, 0o644, "", b"11 uid=100\n").file(EVIL, ""),
        pax(harmless).entry("g", EntryType::XGlobalHeader, 0o644, "", b"11 uid=100\n").file(EVIL, ""),
        pax(b"8 path=\n").file(EVIL, ""),
        Tar::default().entry("l", EntryType::GNULongName, 0o644, "", b"\0").file(EVIL, ""),
        pax(b"28 GNU.sparse.name=harmless\n").file(EVIL, ""),
        pax(b"28 GNU.sparse.name=harmless\n24 path=etc/cron.d/evil\n").file("x", ""),
    ];
    for (row, layer) in layers.into_iter().enumerate() {
        assert_eq!(special(&layer.finish()), [EVIL], "row {row}");
    }
    let sparse = pax(b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n35 GNU.sparse.name=etc/cron.d/evil\n");
    assert_eq!(special(&sparse.file("GNUSparseFile.1/x", "").finish()), [EVIL]);
}

#[test]
fn the_folder_in_a_posix_header_counts_whatever_its_version() {
    let split = changed("evil", |bytes| {
        bytes[263..265].copy_from_slice(b"99");
        bytes[345..355].copy_from_slice(b"etc/cron.d");
    });
    assert_eq!(special(&split), [EVIL]);
    let of_gnu = changed("evil", |bytes| {
        bytes[257..265].copy_from_slice(b"ustar  \0");
        bytes[345..355].copy_from_slice(b"etc/cron.d");
    });
    assert_eq!(fault(&of_gnu[..]), "extractors disagree about one of its paths");
}

#[test]
fn a_hard_link_gives_its_mode_to_the_file() {
    let layer = Tar::default()
        .program("usr/bin/bash", 0o755)
        .entry("tmp/x", EntryType::Link, 0o4755, "/usr/bin/bash", b"")
        .file("opt/data", "")
        .entry("tmp/y", EntryType::Link, 0o755, "opt/data", b"")
        .file("tmp/x", "")
        .file("tmp/y", "")
        .finish();
    let facts = facts(&layer);
    assert_eq!(facts.special.keys().collect::<Vec<_>>(), ["usr/bin/bash"]);
    assert!(facts.executables().any(|path| path == "opt/data"));
}

#[test]
fn files_below_a_symbolic_link_are_where_it_points_to() {
    let layer = Tar::default()
        .link("opt/here", "../etc")
        .file("opt/here/cron.d/evil", "")
        .link("a", "/b")
        .link("b", "usr/bin")
        .program("a/su", 0o4755)
        .link("data", "/var/lib/dpkg")
        .file("data/status", &deb("openssl", "1"))
        .link("gone", "etc/cron.d")
        .folder("gone")
        .file("gone/x", "")
        .finish();
    let facts = facts(&layer);
    assert_eq!(facts.special.keys().collect::<Vec<_>>(), [EVIL, "usr/bin/su"]);
    assert!(facts.databases.contains_key(STATUS) && facts.touches_databases);
    let circle = Tar::default().link("a", "b").link("b", "a").file("a/x", "").finish();
    assert_eq!(fault(&circle[..]), "its symbolic links are a circle");
}

#[test]
fn shared_libraries_are_no_programs() {
    let layer = ["lib/libz.so", "lib/libz.so.1.3", "lib/x.so.cfg", "lib/.so", "opt/miner.so.1x"]
        .into_iter()
        .fold(Tar::default(), |tar, path| tar.program(path, 0o755))
        .finish();
    let facts = facts(&layer);
    assert_eq!(facts.executables().collect::<Vec<_>>(), ["lib/x.so.cfg", "lib/.so", "opt/miner.so.1x"]);
    let setuid = Tar::default().program("lib/libz.so", 0o4755).finish();
    assert_eq!(special(&setuid), ["lib/libz.so"]);
}

#[test]
fn a_small_layer_that_is_damaged_may_hold_anything() {
    let base = Tar::default().file(STATUS, &deb("openssl", "1").repeat(50)).gzip();
    let touching = Tar::default().file("var/lib/dpkg/info/x.list", "/x\n").file("app", "1").gzip();
    let contents = contents(&[&base, &touching], &[&base, b"\x1f\x8bdirty"]);
    assert_eq!(reason(&contents.listed), "0 of 1 layers that differ were read: it ends too early");
    assert!(contents.unread.is_some());
}

#[test]
fn a_database_beside_another_does_not_hide_it() {
    let apk = |version: &str| format!("P:musl\nV:{version}\n\n");
    let layer = |tar: Tar| tar.file("usr/lib/apk/db/installed", "P:decoy\nV:1\n\n").gzip();
    let old = layer(Tar::default().file("lib/apk/db/installed", &apk("1")));
    let new = layer(Tar::default().file("lib/apk/db/installed", &apk("2")));
    assert_eq!(names(&contents(&[&old], &[&new]).listed), [["decoy 1", "musl 1"], ["decoy 1", "musl 2"]]);
    // Also where the decoy is in a layer above.
    let [old, new] = ["1", "2"].map(|version| Tar::default().file("lib/apk/db/installed", &apk(version)).gzip());
    let contents = contents(&[&old, &layer(Tar::default())], &[&new, &layer(Tar::default().file("x", ""))]);
    assert_eq!(names(&contents.listed), [["decoy 1", "musl 1"], ["decoy 1", "musl 2"]]);
}

#[test]
fn what_a_layer_of_both_images_has_is_not_new() {
    let bottom = Tar::default().program("usr/bin/tool", 0o755).program("usr/bin/su", 0o4755).gzip();
    let top = Tar::default().file("etc/x", "").gzip();
    let over = Tar::default().program("usr/bin/tool", 0o755).program("usr/bin/su", 0o4755).file("n", "2").gzip();
    let former = Tar::default().file("n", "1").gzip();
    let mut images = Images::new(&[&bottom, &top, &former], &[&bottom, &top, &over]);
    let contents = images.contents();
    assert_eq!((contents.files.len(), contents.unread, contents.listed), (0, None, Listed::Untouched));
    assert!(images.asked_for(&bottom) && images.asked_for(&top));
    // Beyond the bound, it is named with a word about that.
    images.pair.each = 2;
    let contents = images.contents();
    assert_eq!(files(&contents), ["Setuid /usr/bin/su", "NewExecutable /usr/bin/su", "NewExecutable /usr/bin/tool"]);
    let words =
        "3 files may not be new: not all layers of both images were read: at most 2 layers of each image are read";
    assert_eq!(contents.unread.as_deref(), Some(words));
    // Where nothing seems new, no more is read.
    let mut images = Images::new(&[&bottom, &former], &[&bottom, &top]);
    images.contents();
    assert!(!images.asked_for(&bottom));
}

#[test]
fn many_programs_do_not_hide_one_with_others_rights() {
    let many = (0..1_100).fold(Tar::default(), |tar, n| tar.program(&format!("a/{n:04}"), 0o755));
    let layer = many.program("z/su", 0o4755).gzip();
    let contents = contents(&[&Tar::default().file("x", "").gzip()], &[&layer]);
    assert_eq!(contents.files.len(), 1_000);
    assert!(contents.files.iter().any(|file| file.what == FileKind::Setuid && file.path == "/z/su"));
}
