#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fmt::Write as _;

use super::*;
use crate::rules::version::join;

const HEADS: [&str; 8] = ["tag", "prefix", "v", "numbers", "prerelease", "build", "variant", "commit, architecture"];

/// A reading as the cells of a table row.
fn cells(tag: &str, variant: Option<&str>) -> Vec<String> {
    let version = match read(tag, variant) {
        Reading::Other(why) => return vec![tag.to_owned(), format!("no version: {}", why.as_str())],
        Reading::Version(version) => version,
    };
    let build = |b: &crate::rules::version::Build| {
        format!("{}[{}]{}", b.word, join(&b.numbers), if b.dated { "dated" } else { "" })
    };
    vec![
        tag.to_owned(),
        version.prefix.clone(),
        if version.v { "v".to_owned() } else { String::new() },
        format!("{}{}", join(&version.numbers), if version.dated { " (a day)" } else { "" }),
        version.prerelease.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        version.build.iter().map(build).collect::<Vec<_>>().join(" "),
        version.variant.0.clone(),
        [version.commit.clone(), version.architecture.clone()].into_iter().flatten().collect::<Vec<_>>().join(" "),
    ]
}

/// A reading as one line; absent parts are left out.
fn reading(tag: &str, variant: Option<&str>) -> String {
    let cells = cells(tag, variant);
    if let [_, why] = cells.as_slice() {
        return why.clone();
    }
    let said = cells.iter().zip(HEADS).skip(1).filter(|(cell, _)| !cell.is_empty());
    said.map(|(cell, head)| format!("{head}={cell}")).collect::<Vec<_>>().join(" ")
}

fn table(tags: &str) -> String {
    const WIDTHS: [usize; 8] = [38, 14, 1, 24, 20, 24, 24, 0];
    let heads = vec![HEADS.map(str::to_owned).to_vec()];
    let rows = heads.into_iter().chain(tags.split_whitespace().map(|tag| cells(tag, None)));
    rows.fold("\n".to_owned(), |mut text, row| {
        let cells = row.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(text, "{}", cells.collect::<Vec<_>>().join(" | ").trim_end_matches([' ', '|'])).unwrap();
        text
    })
}

#[test]
fn families_of_well_known_projects() {
    insta::assert_snapshot!(table(
        "1.27.3-alpine3.20 3.12-slim-bookworm 16.4 v1.29.3-k3s1 v1.30.1-rc1-k3s1 1.2.3-rancher2 v1.9.0-flannel1
        v4.10.0-20251226 1.26.2-distroless 3.1.8-debug windows-2022-3.1.8 8.0.3-2.1
        v1.35.9-1768828720-0123456789abcdef0123456789abcdef01234567 v1.16-4.11-full
        RELEASE.2025-06-13T11-33-47Z 2024.06.1 20240601 18.09 5.0.0-b2 5.2.4-s1 1.0.0-rc.10 jdk-21.0.4_7
        9.0.0-preview.3 9.0.0-preview.3.24172.13-alpine3.19 v20231011-8b53cabe0 sha-1a2b3c4 0a1b2c3 edge
        nightly-2024-06-01 1.2.3-amd64"
    ));
}

#[test]
fn more_families() {
    insta::assert_snapshot!(table(
        "latest stable main-5b1dc2d pr-123 alpine alpine3.20 bookworm bookworm-20240612-slim jammy-20240530 12.5-slim 2024-06-01
        3.13.0rc2-slim 3.13.0a6 17beta3-alpine3.20 8.4.0RC1-cli 1.23rc1 8.0-M01-alpine 3.4.0-preview2 3.1-dev1-alpine
        1.2.3-dev 1.2.3-SNAPSHOT 1.2.3-alpha-2 1.0.0-beta.20240601 22-ea-12-jdk-bookworm 1.2.3-ubi9-rc1 v3.28.0-0.dev-112-g1234567
        1.2.3_alpha1 26.1.3.Final 26.0.0.Beta1 26.1.3.Final-jdk17 1.0.2u 9.7p1 10.8.13ubu2204-ls30 10.8.13-ls30
        8u412-b08-jre-jammy 21.0.4_7-jre-ubi9-minimal 22_36-jdk 3.9.7-eclipse-temurin-21-alpine 1.2.3-debian-12-r3
        9.4-1123.1719560047 9.5-1736404036 3.5.12-0 v1.11.1-eksbuild.4 17.0.1-ce.0 17.0.1-ce v1.29.3-rke2r1-build20240315
        v1.29.3-gke.1234000 10.4.1-security-01 4.1.0-v0.1.45 1.2.3-20240601t123456z 1.2.3-build-5 1.2.3-patch1
        v2.8.0__linux_amd64 1.2.3__alpine 1.2.3__ 1.2.3___x v1.2.3 V1.2.3 release-1.2.3 release-v1.2.3 ubuntu-22.04-1.2.3 amd64-1.2.3 arm64v8-1.2.3
        1.2.3-arm64v8 1.2.3-linux-amd64 1.2.3-linux-arm-v7 1.2.3-alpine-linux-386 1.2.3-x86_64 1.2.3-alpine_x86_64 v1.29.3-k3s1-arm64
        sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig 1234567 deadbeef 1.2.3-0a1b2c3 1.2.3-gdeadbee
        6.5.4-php8.3-fpm-alpine beta-6.6-beta2 2.452.2-lts-jdk17 8.0.3-nanoserver-ltsc2022 1.2.3.4.5.6 007.08
        12.4.1-cudnn-devel-ubuntu22.04 2022-CU13-ubuntu-22.04 v1.29.3-eks-1-29-7 1.2.3-amd64v3 1.2.3-x86_64-v3 1.2.3-armv7hf
        20240601.1 2024.06.01 2024.6.1 2025.01.0 1.2.3_build.5 17.2.0-rc42.ce.0 0.0.0-20240101120000-abcdef123456 v1.2.3-5-g0a1b2c3
        99999999999999999999999.1 1. 1..2 1.2.3- 1.2.3--alpine _1.2 v v1 1.2.3-v1 1.2.x"
    ));
}

#[test]
fn a_declared_variant_is_a_variant_whatever_its_words_mean() {
    insta::assert_snapshot!(reading("1.2.3-dev", Some("dev")), @"numbers=1.2.3 variant=dev");
    insta::assert_snapshot!(reading("1.2.3-rc1-dev", Some("dev")), @"numbers=1.2.3 prerelease=rc 1 variant=dev");
    insta::assert_snapshot!(reading("1.2.3-slim-dev", Some("dev")), @"numbers=1.2.3 prerelease=dev variant=slim");
    insta::assert_snapshot!(reading("1.2.3-amd64", Some("amd64")), @"numbers=1.2.3 variant=amd64");
    insta::assert_snapshot!(reading("3.9.7-eclipse-temurin-21", Some("eclipse-temurin-21")), @"numbers=3.9.7 variant=eclipse-temurin-21");
    insta::assert_snapshot!(reading("1.2.3-debian-12-r3", Some("debian-12")), @"numbers=1.2.3 build=r[3] variant=debian-12");
    insta::assert_snapshot!(reading("alpine", Some("alpine")), @"no version: contains no recognizable version");
}

#[test]
fn newest_last() {
    let ladder = [
        "1.0.0-0.dev",
        "1.0.0-dev",
        "1.0.0-dev.2",
        "1.0.0-snapshot",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.9",
        "1.0.0-alpha.10",
        "1.0.0-m1",
        "1.0.0-ea.3",
        "1.0.0-b2",
        "1.0.0-b9",
        "1.0.0-b10",
        "1.0.0-beta.1",
        "1.0.0-preview.3",
        "1.0.0-rc.1",
        "1.0.0-rc.9",
        "1.0.0-rc.10",
        "1.0.0",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-2.1",
        "1.0.0-10",
        "1.0.0.1",
        "1.0.1-rc.1",
        "1.0.1",
        "1.0.9",
        "1.0.10",
        "1.9",
        "1.10",
        "2024.06.1",
        "99999999999999999999.0",
    ];
    let versions: Vec<Box<Version>> = ladder
        .iter()
        .map(|tag| match read(tag, None) {
            Reading::Version(version) => version,
            Reading::Other(why) => panic!("{tag}: {why:?}"),
        })
        .collect();
    for pair in versions.windows(2) {
        assert!(pair[0].precedence(&pair[1]).is_lt(), "{} before {}", pair[0].text, pair[1].text);
    }
}
