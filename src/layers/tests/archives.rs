//! Single layers: forms, faults and bounds.

use std::io::{Cursor, Read, Result, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tar::{EntryType, Header};

use super::super::facts::read_files;
use super::super::{FileKind, read};
use super::support::{GZIP, Tar, built, facts, fault, gzip};

fn executables(layer: &[u8]) -> Vec<String> {
    facts(layer).executables().map(str::to_owned).collect()
}

#[test]
fn a_layer_is_read_plain_in_gzip_and_in_zstd_whatever_its_type_says() {
    let tar = Tar::default().program("usr/bin/x", 0o755).finish();
    let halves = [gzip(&tar[..700]), gzip(&tar[700..])].concat();
    let zstd = compress_to_vec(&tar[..], CompressionLevel::Fastest);
    let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], &zstd[..]].concat();
    let frames: Vec<Vec<u8>> = tar.chunks(700).map(|part| compress_to_vec(part, CompressionLevel::Fastest)).collect();
    for layer in [tar.clone(), gzip(&tar), halves, zstd, skippable, frames.concat()] {
        for media_type in
            [GZIP, "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+zstd"]
        {
            let read = read(media_type, &layer[..]).unwrap();
            assert_eq!(read.executables().collect::<Vec<_>>(), ["usr/bin/x"]);
        }
    }
    assert_eq!(executables(&[]), [""; 0]);
}

#[test]
fn paths_are_those_that_an_extractor_writes() {
    let layer = Tar::default()
        .program("/absolute", 0o755)
        .program("./dot", 0o755)
        .program("../../up", 0o755)
        .program("a/../../b//c/./d", 0o755)
        .program("a\\b", 0o755)
        .finish();
    assert_eq!(executables(&layer), ["absolute", "dot", "up", "b/c/d", "a\\b"]);
}

#[test]
fn long_names_are_read_in_both_forms() {
    let long = format!("opt/{}/x", "y".repeat(200));
    let gnu = built(|builder| {
        let mut header = Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(0);
        builder.append_data(&mut header, &long, &b""[..]).unwrap();
    });
    let pax = built(|builder| {
        let hidden = b"z\n20 path=harmless\n".as_slice();
        let records = [("SCHILY.xattr.user.x", hidden), ("path", long.as_bytes())];
        builder.append_pax_extensions(records).unwrap();
        let mut header = Header::new_ustar();
        header.set_path("short").unwrap();
        header.set_mode(0o755);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, &b""[..]).unwrap();
    });
    for layer in [gnu, pax] {
        assert_eq!(executables(&layer), std::slice::from_ref(&long));
    }
}

#[test]
fn a_size_in_a_pax_header_counts() {
    // Whoever believes the size in the entry itself takes the second entry for content of the first.
    let layer = Tar::default()
        .entry("pax", EntryType::XHeader, 0o644, "", b"10 size=0\n")
        .entry("first", EntryType::Regular, 0o644, "", b"")
        .program("second", 0o4755)
        .finish();
    let mut lying = layer;
    let mut header = Header::from_byte_slice(&lying[1024..1536]).clone();
    header.set_size(1024);
    header.set_cksum();
    lying[1024..1536].copy_from_slice(header.as_bytes());
    assert_eq!(executables(&lying), ["second"]);
}

#[test]
fn names_that_are_not_utf8_are_replaced() {
    let mut layer = Tar::default().program("usr/bin/xx", 0o755).finish();
    let mut header = Header::from_byte_slice(&layer[..512]).clone();
    header.as_old_mut().name[8] = 0xff;
    header.set_cksum();
    layer[..512].copy_from_slice(header.as_bytes());
    assert_eq!(executables(&layer), ["usr/bin/\u{fffd}x"]);
}

#[test]
fn programs_with_others_rights_and_places_that_run_files_are_found() {
    let layer = Tar::default()
        .program("usr/bin/su", 0o4755)
        .program("usr/bin/wall", 0o2755)
        .program("usr/share/marked", 0o4644)
        .entry("usr/bin/su-link", EntryType::Link, 0o000, "usr/bin/su", b"")
        .entry("dev/null", EntryType::Char, 0o4777, "", b"")
        .file("etc/cron.d/job", "")
        .file("etc/cron.d/.placeholder", "")
        .file("usr/lib/systemd/system/x.timer", "")
        .file("usr/lib/systemd/system/x.service", "")
        .link("etc/rc3.d/S01x", "../init.d/x")
        .file("etc/ld.so.preload", "")
        .program("replaced", 0o4755)
        .program("replaced", 0o755)
        .finish();
    let facts = facts(&layer);
    let found: Vec<String> = facts.special.iter().map(|(path, kinds)| format!("{path} {kinds:?}")).collect();
    assert_eq!(
        found,
        [
            "etc/cron.d/job {Cron}",
            "etc/ld.so.preload {Init}",
            "etc/rc3.d/S01x {Init}",
            "usr/bin/su {Setuid}",
            "usr/bin/su-link {Setuid}",
            "usr/bin/wall {Setuid}",
            "usr/lib/systemd/system/x.service {Init}",
            "usr/lib/systemd/system/x.timer {Cron}",
        ]
    );
    let programs = ["usr/bin/su", "usr/bin/wall", "replaced", "replaced", "usr/bin/su-link"];
    assert_eq!(facts.executables().collect::<Vec<_>>(), programs);
    assert!(facts.special["usr/bin/su"].contains(&FileKind::Setuid));
}

/// A program that runs with some of root's rights: pax headers hold its capabilities.
#[test]
fn file_capabilities_are_others_rights() {
    let with = |records: &str, mode| {
        let pax = Tar::default().entry("pax", EntryType::XHeader, 0o644, "", records.as_bytes());
        let facts = facts(&pax.program("usr/bin/tool", mode).program("usr/bin/next", 0o755).finish());
        facts.special.iter().map(|(path, kinds)| format!("{path} {kinds:?}")).collect::<Vec<_>>()
    };
    let capability = "39 SCHILY.xattr.security.capability=\x01\x02\n";
    assert_eq!(with(capability, 0o755), ["usr/bin/tool {Setuid}"]);
    assert_eq!(with(capability, 0o644), [""; 0], "nobody may run it");
    assert_eq!(with("37 SCHILY.xattr.security.capability=\n", 0o755), [""; 0]);
    assert_eq!(with("31 SCHILY.xattr.user.comment=x\n", 0o755), [""; 0]);
}

#[test]
fn devices_sparse_files_and_unknown_entries_do_no_harm() {
    let mut sparse = Header::new_gnu();
    sparse.set_entry_type(EntryType::GNUSparse);
    sparse.set_path("var/log/lastlog").unwrap();
    sparse.set_mode(0o644);
    sparse.set_size(512);
    sparse.as_gnu_mut().unwrap().isextended[0] = 1;
    sparse.set_cksum();
    let map = [0; 512];
    let start = [sparse.as_bytes().as_slice(), &map, &[b'x'; 512]].concat();
    let rest = Tar::default()
        .entry("pipe", EntryType::Fifo, 0o644, "", b"")
        .entry("sized-link", EntryType::Symlink, 0o777, "x", b"")
        .entry("odd", EntryType::new(b'Q'), 0o644, "", b"content")
        .entry("global", EntryType::XGlobalHeader, 0o644, "", b"13 path=evil\n")
        .program("usr/bin/x", 0o755)
        .finish();
    assert_eq!(executables(&[start, rest].concat()), ["usr/bin/x"]);
}

#[test]
fn fields_that_are_left_out_are_zero() {
    let mut layer = Tar::default().folder("usr").program("usr/bin/x", 0o755).finish();
    let mut header = Header::from_byte_slice(&layer[..512]).clone();
    header.as_old_mut().mode = [0; 8];
    header.as_old_mut().size = [b' '; 12];
    header.set_cksum();
    layer[..512].copy_from_slice(header.as_bytes());
    assert_eq!(executables(&layer), ["usr/bin/x"]);
}

#[test]
fn what_follows_the_end_does_not_count() {
    let tar = Tar::default().program("usr/bin/x", 0o755).finish();
    let hidden = Tar::default().program("hidden", 0o755).finish();
    assert_eq!(executables(&[&tar[..], &hidden].concat()), ["usr/bin/x"]);
    assert_eq!(executables(&[&gzip(&tar)[..], b"garbage"].concat()), ["usr/bin/x"]);
    assert_eq!(executables(&Tar::default().program("usr/bin/x", 0o755).unfinished()), ["usr/bin/x"]);
}

#[test]
fn faults_are_told_in_words() {
    let tar = Tar::default().file("a", &"x".repeat(5_000)).finish();
    let zipped = gzip(&tar);
    let mut damaged = tar.clone();
    damaged[3] ^= 1;
    let stray = [&[0; 512][..], &tar].concat();
    let nul = [b"18 path=a\0b/c/def\n".as_slice()].concat();
    let pax = Tar::default().entry("p", EntryType::XHeader, 0, "", &nul).file("a", "").finish();
    let broken_pax = Tar::default().entry("p", EntryType::XHeader, 0, "", b"99 path=a\n").file("a", "").finish();
    let deep = Tar::default().entry("p", EntryType::GNULongName, 0, "", &[b'x'; 5_000]).file("a", "").finish();
    let large = Tar::default().entry("p", EntryType::GNULongName, 0, "", &vec![b'x'; 1 << 21]).file("a", "").finish();
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0, 0xb0, 1, 0, 0];
    let no_archive = "it is no tar archive, or a damaged one";
    let table: [(&[u8], &str); 12] = [
        (&tar[..2_000], "it ends too early"),
        (&tar[..100], "it ends too early"),
        (&zipped[..zipped.len() / 2], "it ends too early"),
        (&damaged, no_archive),
        (&stray, no_archive),
        (b"<html>this is no layer, but it is long enough for nothing</html>", "it ends too early"),
        (&pax, "it holds a path that no system accepts"),
        (&broken_pax, no_archive),
        (&deep, "it holds a path that no system accepts"),
        (&large, "one of its headers is larger than 1 MiB"),
        (&zstd, "its zstd window is larger than 8 MiB"),
        (b"\xfd7zXZ\0", "layers compressed with xz are not read"),
    ];
    for (at, (layer, words)) in table.iter().enumerate() {
        assert_eq!(fault(*layer), *words, "row {at}");
    }
    assert_eq!(
        read("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", &tar[..]).unwrap_err(),
        "encrypted layers are not read"
    );
    let mut flipped = zipped;
    let middle = flipped.len() / 2;
    flipped[middle..].fill(0xff);
    assert!(["its gzip data is damaged", no_archive].contains(&fault(&flipped[..]).as_str()));
}

#[test]
fn a_bomb_is_left_at_its_bound() {
    let mut header = Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_mode(0o644);
    header.set_size(100 << 30);
    header.set_cksum();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 4 << 20]).unwrap();
    let bomb = [gzip(header.as_bytes()), encoder.finish().unwrap().repeat(40)].concat();
    assert_eq!(fault(&bomb[..]), "it expands to more than 200 times its compressed size");
}

/// An archive of many empty files, made while it is read.
struct ManyFiles {
    header: Header,
    next: usize,
    count: usize,
    block: Cursor<Vec<u8>>,
}

impl ManyFiles {
    fn new(count: usize) -> Self {
        let mut header = Header::new_gnu();
        header.set_mode(0o755);
        header.set_size(0);
        Self { header, next: 0, count, block: Cursor::new(Vec::new()) }
    }
}

impl Read for ManyFiles {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.block.position() == self.block.get_ref().len() as u64 && self.next < self.count {
            let path = format!("usr/lib/a/rather/long/path/of/a/folder/with/many/files/{}/program", self.next);
            self.header.set_path(path).unwrap();
            self.header.set_cksum();
            self.block = Cursor::new(self.header.as_bytes().to_vec());
            self.next += 1;
        }
        self.block.read(buffer)
    }
}

#[test]
fn many_files_take_little_memory_and_one_too_many_is_told() {
    const COUNT: usize = 20_000;
    let facts = read_files(GZIP, ManyFiles::new(COUNT), COUNT).unwrap();
    assert_eq!(facts.cut, Some("it holds too many executables"));
    // 8 bytes each, and at most 1 MiB of paths.
    assert!((COUNT * 8..COUNT * 8 + (1 << 20)).contains(&facts.memory()), "{}", facts.memory());
    assert_eq!(read_files(GZIP, ManyFiles::new(COUNT + 1), COUNT).unwrap_err(), "it holds more than 1,000,000 files");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Damage anywhere ends in facts or in words.
    #[test]
    fn no_damage_makes_it_fail(form in 0..3, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let status = super::support::deb("a", "1").repeat(20);
        let tar = Tar::default()
            .entry("pax", EntryType::XHeader, 0o644, "", b"18 path=usr/bin/y\n")
            .program("x", 0o4755)
            .file("var/lib/dpkg/status", &status)
            .link("bin", "usr/bin")
            .file("etc/.wh.x", "")
            .finish();
        let mut layer = match form {
            0 => tar,
            1 => gzip(&tar),
            _ => compress_to_vec(&tar[..], CompressionLevel::Fastest),
        };
        for (at, byte) in damage {
            let at = at.index(layer.len());
            layer[at] = byte;
        }
        if let Err(words) = read(GZIP, &layer[..]) {
            assert!(!words.is_empty() && words.len() < 200);
        }
    }
}
