#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufReader, Cursor, Read, repeat};

use super::{Distribution, DpkgFile, Installed, each_line, packages, read_apk, read_dpkg};

fn dpkg(text: &str, file: DpkgFile) -> Installed {
    read_dpkg(&mut text.as_bytes(), file).unwrap().unwrap()
}

fn told(installed: &Installed, release: Option<&Distribution>) -> Vec<String> {
    let all = packages(&[installed], release).unwrap();
    all.iter().map(|one| format!("{} {} {}", one.name, one.version, one.purl.unwrap())).collect()
}

const STATUS: &str = "\
Package: base-files
Essential: yes
Status: install ok installed
Priority: required
Maintainer: Santiago Vila <sanvila@debian.org>
Architecture: amd64
Version: 12.4+deb12u5
Conffiles:
 /etc/debian_version 1a2b
 /etc/issue 3c4d
Description: Debian base system miscellaneous files
 Package: not-a-package
 Version: 99

Package: libssl3
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: openssl
Version: 3.0.11-1~deb12u2
Maintainer: Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>

Package: libssl3
Status: install ok installed
Architecture: i386
Source: openssl
Version: 3.0.11-1~deb12u2

Package: binutils
Status: install ok triggers-pending
Source: binutils (2.40-1)
Version: 2.40-2

Package: removed
Status: deinstall ok config-files
Version: 1.0

Package: broken
Status: install reinstreq half-installed
Version: 1.0

Package: epoch
Status: hold ok installed
Version: 1:2.3-4";

#[test]
fn dpkg_lists_what_is_installed() {
    let installed = dpkg(STATUS, DpkgFile::Status);
    let expected = [
        "base-files 12.4+deb12u5 pkg:deb/debian/base-files@12.4%2Bdeb12u5?distro=debian-12",
        "binutils 2.40-2 pkg:deb/debian/binutils@2.40-2?distro=debian-12&upstream=binutils%402.40-1",
        "epoch 1:2.3-4 pkg:deb/debian/epoch@1:2.3-4?distro=debian-12",
        "libssl3 3.0.11-1~deb12u2 pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl",
    ];
    assert_eq!(told(&installed, None), expected);
    let windows = STATUS.replace('\n', "\r\n");
    assert_eq!(told(&dpkg(&windows, DpkgFile::Status), None), expected);
    let without_status = "Package: tzdata\nVersion: 2024a-0+deb12u1\n";
    assert_eq!(
        told(&dpkg(without_status, DpkgFile::Part), None),
        ["tzdata 2024a-0+deb12u1 pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1"]
    );
    assert!(dpkg(without_status, DpkgFile::Status).is_empty());
}

#[test]
fn the_distribution_is_that_of_the_image() {
    let read = |text: &str| Distribution::read(&mut text.as_bytes()).unwrap();
    let ubuntu = read("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"\n");
    let status = "Package: bash\nStatus: install ok installed\nVersion: 5.2\nMaintainer: Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>\n";
    let installed = dpkg(status, DpkgFile::Status);
    assert_eq!(told(&installed, ubuntu.as_ref()), ["bash 5.2 pkg:deb/ubuntu/bash@5.2?distro=ubuntu-24.04"]);
    assert_eq!(told(&installed, None), ["bash 5.2 pkg:deb/ubuntu/bash@5.2"]);
    // Alpine may hold dpkg too.
    let alpine = read("ID=alpine\nVERSION_ID=3.20.3");
    assert_eq!(told(&installed, alpine.as_ref()), ["bash 5.2 pkg:deb/ubuntu/bash@5.2"]);
    assert_eq!(read("ID=\"../x y\"\n"), None);
    assert_eq!(read("PRETTY_NAME=x\n"), None);
}

const APK: &str = "\
C:Q1abc=
P:alpine-release
V:3.20.3-r0
A:x86_64
L:MIT
o:alpine-base
F:etc
R:alpine-release
a:0:0:644

P:musl
V:1.2.5-r0
L:MIT AND BSD-2-Clause
o:musl
F:
R:x
F:lib
R:ld-musl-x86_64.so.1
";

#[test]
fn apk_lists_packages_and_their_files() {
    let mut owned = Vec::new();
    let installed = read_apk(&mut APK.as_bytes(), &mut |path| owned.push(String::from_utf8(path.to_vec()).unwrap()))
        .unwrap()
        .unwrap();
    assert_eq!(
        told(&installed, None),
        [
            "alpine-release 3.20.3-r0 pkg:apk/alpine/alpine-release@3.20.3-r0?distro=alpine-3.20.3&upstream=alpine-base",
            "musl 1.2.5-r0 pkg:apk/alpine/musl@1.2.5-r0?distro=alpine-3.20.3",
        ]
    );
    assert_eq!(packages(&[&installed], None).unwrap().iter().nth(1).unwrap().licences, "BSD-2-Clause\nMIT");
    assert_eq!(owned, ["etc/alpine-release", "/x", "lib/ld-musl-x86_64.so.1"]);
    let wolfi = APK.replace("alpine-release", "wolfi-baselayout");
    let installed = read_apk(&mut wolfi.as_bytes(), &mut |_| {}).unwrap().unwrap();
    assert!(told(&installed, None)[0].starts_with("musl 1.2.5-r0 pkg:apk/wolfi/musl@1.2.5-r0"));
}

#[test]
fn hostile_databases_stay_within_bounds() {
    // A line without end, control characters, bytes that are no text.
    let mut endless = BufReader::new(Cursor::new(b"P:".to_vec()).chain(repeat(b'x').take(50 << 20)));
    let installed = read_apk(&mut endless, &mut |_| {}).unwrap().unwrap();
    assert!(installed.is_empty());
    let odd = b"P:a\x1fb\x00c\xff\nV:1\x1b[31m\n\n";
    let installed = read_apk(&mut &odd[..], &mut |_| {}).unwrap().unwrap();
    assert_eq!(packages(&[&installed], None).unwrap().iter().next().unwrap().name, "a b c\u{fffd}");
    let many = (0..100_001).map(|n| format!("P:p{n}\nV:1\n\n")).collect::<String>();
    let read = |text: &str| read_apk(&mut text.as_bytes(), &mut |_| {}).unwrap();
    assert_eq!(read(&many).unwrap_err(), "it lists more than 100,000 packages");
    let long = (0..20_000).map(|n| format!("P:{n}{}\nV:1\n\n", "x".repeat(250))).collect::<String>();
    assert_eq!(read(&long).unwrap_err(), "its names and versions are larger than 3 MiB");
}

#[test]
fn long_lines_are_cut_and_the_next_one_is_whole() {
    for length in [4_094, 4_095, 4_096, 4_097, 10_000] {
        let text = format!("{}\nnext\n\nlast", "x".repeat(length));
        let mut lines = Vec::new();
        each_line(&mut text.as_bytes(), &mut |line| lines.push(line.len())).unwrap();
        assert_eq!(lines, [length.min(4_096), 4, 0, 4], "{length}");
    }
}
