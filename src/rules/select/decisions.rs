//! One table of decisions: for each way of writing tags, what follows what and what does not. Read it as a user of that
//! image would.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fmt::Write as _;

use super::tests::{case, settle, tags};
use crate::rules::{Facts, Verdict, notices};

/// The rule, then for each line what it has and gets, then each other tag with its reason code.
fn decision(words: &str, list: &str) -> String {
    let selection = settle(&case(words), &tags(list), &mut Facts::default());
    let mut text = format!("\n{}\n", if words.is_empty() { "(no rule)" } else { words });
    for line in &selection.lines {
        let current = line.current.as_ref().map_or("-", |(tag, _)| tag.as_str());
        let chosen = line.chosen.as_ref().map_or("-", |chosen| chosen.tag.as_str());
        write!(text, "  {:8} {current} -> {chosen}", line.name).unwrap();
        for (retired, _) in &line.retired {
            write!(text, ", retires {retired}").unwrap();
        }
        text.push('\n');
    }
    for t in selection.tags.iter().filter(|t| t.verdict == Verdict::Skipped) {
        writeln!(
            text,
            "             {:34} {}",
            t.tag.as_str(),
            serde_json::to_string(&t.reason).unwrap().trim_matches('"')
        )
        .unwrap();
    }
    text
}

fn table(cases: &[(&str, &str)]) -> String {
    cases.iter().map(|(words, list)| decision(words, list)).collect()
}

#[test]
fn what_follows_what() {
    insta::assert_snapshot!(table(&[
        (
            "approved=1.27.3-alpine3.20",
            "1.27.3-alpine3.20 1.27.4-alpine3.20 1.28.0-alpine3.21 1.28.0-alpine 1.28.0 1.28-alpine3.20"
        ),
        (
            "approved=3.12-slim-bookworm",
            "3.12-slim-bookworm 3.13-slim-bookworm 3.13-slim-trixie 3.13-slim 3.13.1-slim-bookworm 3.14-rc-slim-bookworm 3.14.0rc2-slim-bookworm 3.9-slim-bookworm 3-slim-bookworm"
        ),
        ("approved=16.4", "16.4 16.10 17.0 17rc1 17 16 9.6.24 17.0-alpine"),
        (
            "approved=v1.29.3-k3s1",
            "v1.29.3-k3s1 v1.29.3-k3s2 v1.29.10-k3s1 v1.30.0-rc1-k3s1 v1.30.0-k3s1-arm64 v1.30.0-rke2r1 v1.30.0"
        ),
        ("approved=1.2.3-rancher2", "1.2.3-rancher2 1.2.3-rancher10 1.2.3-rancher9 1.2.4"),
        ("approved=v1.9.0-flannel1", "v1.9.0-flannel1 v1.9.1-flannel1 v1.10.0 v1.9.1-flannel1-amd64"),
        ("approved=v4.10.0-20251226", "v4.10.0-20251226 v4.10.0-20260101 v4.11.0 v4.11.0-3 v4.9.0-20270101"),
        (
            "approved=1.26.2-distroless",
            "1.26.2-distroless 1.27.0-distroless 1.28.0 1.28.0-rc.0-distroless 1.28.0-debug"
        ),
        ("approved=3.1.8", "3.1.8 3.1.9 3.1.9-debug windows-2022-3.1.9 3.2.0-debug windows-2022-3.2.0"),
        ("approved=windows-2022-3.1.8", "windows-2022-3.1.8 windows-2022-3.1.10 windows-2025-3.2.0 3.2.0"),
        ("approved=8.0.3-2.1", "8.0.3-2.1 8.0.3-2.10 8.0.3-2.9 8.0.4 8.0.4-alpine"),
        (
            "approved=v1.35.9-1768828720-0123456789abcdef0123456789abcdef01234567",
            "v1.35.9-1768828720-0123456789abcdef0123456789abcdef01234567 v1.35.9-1768900000-1123456789abcdef0123456789abcdef01234567 v1.36.0 1123456789abcdef0123456789abcdef01234567"
        ),
        ("approved=v1.16-4.11-full", "v1.16-4.11-full v1.16-4.12-full v1.17-1.0-full v1.17-1.0 v1.17.1-1.0-full"),
        (
            r"pattern=RELEASE\.(?<version>.+)Z approved=RELEASE.2025-06-13T11-33-47Z",
            "RELEASE.2025-06-13T11-33-47Z RELEASE.2025-10-15T17-29-55Z RELEASE.2025-09-07T16-13-09Z-cpuv1 latest"
        ),
        ("approved=2024.06.1", "2024.06.1 2024.6.1 2024.6.2 2024.10.1 2024.10 2025.1.0.dev20250101"),
        ("approved=20240601", "20240601 20240701 3.20.1 0a1b2c3d edge"),
        ("approved=18.09", "18.09 18.9 18.10 19.03 19.03.1 20.10-rc1"),
        ("approved=5.2.4-s1", "5.2.4-s1 5.2.4-s10 5.2.4-s9 5.2.4 5.2.5-b1"),
        ("prereleases approved=5.0.0-b2", "5.0.0-b2 5.0.0-b9 5.0.0-b10 5.0.0-a11"),
        ("prereleases approved=1.0.0-rc.10", "1.0.0-rc.10 1.0.0-rc.9 1.0.0 1.0.1-alpha.1"),
        ("approved=jdk-21.0.4_7", "jdk-21.0.4_7 jdk-21.0.5_11 jdk-21.0.5_9 jdk-22_36 21.0.6_1"),
        (
            "prereleases approved=9.0.0-preview.3",
            "9.0.0-preview.3 9.0.0-preview.10 9.0.0-preview.7.24405.7 9.0.0-alpha.11"
        ),
        ("approved=v20231011-8b53cabe0", "v20231011-8b53cabe0 v20231226-1a7112e06 v1.4.4"),
        (
            "approved=1.2.3",
            "1.2.3 1.2.4-amd64 1.2.4-linux-arm-v7 amd64-1.2.4 1.2.4-arm64v8 1.2.4-x86_64 sha-1a2b3c4 0a1b2c3 edge nightly-2024-06-01"
        ),
        ("approved=10.4.1-security-01", "10.4.1-security-01 10.4.1-security-02 10.4.2 10.4.1 10.4.1-ubuntu"),
        ("approved=10.4.1", "10.4.1 10.4.1-security-01"),
        ("approved=v1.29.3-eks-1-29-7", "v1.29.3-eks-1-29-7 v1.29.3-eks-1-29-10 v1.29.4"),
        (
            "variant=ubuntu-22.04",
            "2022-CU9-ubuntu-22.04 2022-CU13-ubuntu-22.04 2022-CU14-GDR1-ubuntu-22.04 2022-latest 2022-preview-ubuntu-22.04"
        ),
    ]));
}

#[test]
fn where_to_begin() {
    insta::assert_snapshot!(table(&[
        (
            "variant=jre-alpine",
            "8-jre-alpine 8u412-b08-jre-alpine 17-jre-alpine 17.0.12_7-jre-alpine 21-jre-alpine 21.0.4_7-jre-alpine 21.0.3_9-jre-alpine 22-jre-alpine 22_36-jre-alpine"
        ),
        ("", "9.4 9.4-1123 9.4-1123.1719560047 9.5 9.5-1736404036 9.5-1736404036-source"),
        ("", "1.2.3 1.4.2 2024-06-01 2024.06.01 20240601"),
        ("", "v5.8.1 2024.06.0 2024.07.0"),
        ("", "2024-06-01 2024-07-01 0123456789ab python-3.11.6"),
        ("", "0a1b2c3 1234567 89abcde 7654321 9876543-alpine"),
        ("", "12345 12346 0a1b2c3"),
        ("follow=each-major", "1.1.0 1.2.0 2.0.0 3 20240601 v20231011-8b53cabe0 1234567 0a1b2c3"),
        ("follow=each-minor range=>=3", "3.1.0 3.1.1 3.1 3.2 3.2.0-rc.1"),
        (
            "follow=each-major variant=*",
            "1.27.3-alpine3.20 1.28.1-alpine3.21 2.0.0-bookworm 2-bookworm 3-bookworm 20240601"
        ),
        (
            "variant=cudnn-devel-ubuntu22.04",
            "12.4.1-cudnn-devel-ubuntu22.04 12.5.0-devel-ubuntu22.04 12.5.0-cudnn-devel-ubuntu24.04"
        ),
        (
            "approved=12.4.1-devel-ubuntu22.04",
            "12.4.1-devel-ubuntu22.04 12.5.0-devel-ubuntu22.04 12.5.0-runtime-ubuntu22.04"
        ),
        ("", "1.2.3-amd64 1.2.3-arm64 1.2.3-amd64v3"),
        ("variant=*", "1.2.3-amd64v3 1.2.3-armv7hf 1.2.2-alpine"),
        ("", "99999999999999999999.0.0 1.2.3"),
        ("range=^1", "99999999999999999999.0.0 1.2.3"),
        ("range=>=3.22", "3.21-x 3.22-x 3.23-x"),
        ("variant=x range=>=3.22", "3.21-x 3.22-x 3.23-x"),
        ("", "v1.2.3 1.2.3 v1.2.2"),
        ("", "3.2 3.3 3.4.1 3.5 3.9 3.10"),
        ("approved=3.4.1", "3.2 3.3 3.4.1 3.5 3.9 3.10"),
        ("", "3.4.1 3.5 3.6"),
        ("", "1.25 1.26 1.27 1.28 1.28.3 1.29"),
        ("", "2.555.1 2.556 2.557 2.568.2 2.569 2.570 2.571"),
        ("", "1.2.3 1.2.4 20481 20482 20483"),
        ("", "v3.2.0 v3.3.0-1 v3.4.0-0 v4.0.0-0 v4.1.0-beta.1-0"),
        ("", "v3.1.0 v3.2.0 v3.2.1 v3.3.0-1 v3.4.0-0 v4.0.0-0"),
        ("", "1.4.2 1.5.0-101 1.5.0-102 1.5.0-103 1.5.0-104"),
        ("", "1.4.2 1.4.3-0a1b2c3 1.4.4-1a1b2c3 1.5.0-2a1b2c3 1.6.0-3a1b2c3"),
        ("", "1.4.2 2024.6.1-1 2024.7.1-1 2024.8.1-1 2024.9.1-1"),
        ("", "v20230527 v20230623-427f3d2fb v20231011-8b53cabe0 v20231215-ca91adaad"),
        ("", "1.2.3 1.2.4-alpine 1.2.5-alpine 1.2.6-alpine 1.2.7-alpine"),
        ("", "v2.8.0 v2.8.0__linux_amd64 v2.9.0__linux_amd64"),
    ]));
}

#[test]
fn where_others_go_wrong() {
    insta::assert_snapshot!(table(&[
        ("approved=12.14", "12.14 12.15 12.15.0 12.16.0"),
        ("approved=v1.2", "v1.2 v1.3 1.3 1.4"),
        ("approved=1.2.3", "1.2.3 1.3.0 latest stable 2.0.0"),
        ("approved=1.4.2", "1.4.2 1.4.3 2024-06-01 2023.01.15 20240601 20240601.1.0"),
        ("approved=5.26.0-community", "5.26.0-community 2025.01.0-community 2025.01.0-enterprise"),
        ("approved=2024.9.1", "2024.9.1 2024.10.10 2025.1.2"),
        ("approved=2.452.3", "2.452.3 2.462.1 2.470 2.471"),
        (
            "approved=1.2.3",
            "1.2.3 sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef 1.2.4_build.5 1.2.4-source 1.2.4-5-g0a1b2c3"
        ),
        ("approved=17.0.1-ce.0", "17.0.1-ce.0 17.1.0-ce.0 17.2.0-rc42.ce.0 17.2.0-ee.0"),
        ("approved=1.2.3-debian-12-r9", "1.2.3-debian-12-r9 1.2.3-debian-12-r10 1.2.4-debian-13-r0 1.2.4"),
    ]));
}

#[test]
fn what_the_rule_says() {
    insta::assert_snapshot!(table(&[
        ("follow=all keep=1 approved=1.0.0,1.1.0", "1.0.0 1.1.0 1.2.0 1.3.0"),
        ("follow=each-minor keep=1 approved=1.0.0,1.0.1,1.1.0", "1.0.0 1.0.1 1.0.2 1.1.0 1.2.0"),
        ("keep=2 approved=1.0.0,1.2.0,1.1.0", "1.0.0 1.1.0 1.2.0 1.3.0"),
        ("keep=2 approved=1.0.0,1.2.0,1.1.0", "1.0.0 1.1.0 1.2.0"),
        ("approved=1.0.0 rejected-until=1.1.0:2026-11-20", "1.0.0 1.1.0"),
        ("approved=1.0.0 rejected-until=1.1.0:2026-11-21", "1.0.0 1.1.0"),
        ("approved=1.0.0 rejected-until=1.1.0:2026-11-22", "1.0.0 1.1.0"),
        ("approved=1.0.0 revoked=1.1.0", "1.0.0 1.1.0 1.2.0"),
        ("range=<2", "1.9.0 2.0.0-rc.1 2.0.0"),
        ("range=<2 prereleases", "1.9.0 2.0.0-rc.1 2.0.0"),
        ("range=>=2.0.0-0", "1.9.0 2.0.0-rc.1 2.1.0-rc.1"),
        (
            r"pattern=(?<version>\d+\.\d+)-b(?<build>\d+)(?:-(?<again>\d+))? approved=1.2-b9",
            "1.2-b9 1.2-b10 1.2-b10-9 1.2-b10-10 1.2-b010 1.1-b99"
        ),
        (
            r"pattern=v(?<version>.+) approved=v20231011-8b53cabe0",
            "v20231011-8b53cabe0 v20231226-1a7112e06 v20231226-9f9999999"
        ),
    ]));
}

/// The same, with what a person is told about the rule.
fn told(cases: &[(&str, &str)]) -> String {
    let told = |(words, list): &(&str, &str)| {
        let (subject, tags) = (case(words), tags(list));
        let selection = settle(&subject, &tags, &mut Facts::default());
        let mut text = decision(words, list);
        for notice in notices(&subject, &tags, &selection) {
            writeln!(text, "  told: {}", notice.text()).unwrap();
        }
        text
    };
    cases.iter().map(told).collect()
}

#[test]
fn what_floats() {
    insta::assert_snapshot!(told(&[
        ("range=21", "21 21-jdk 21-jre 21.0.11_10-jdk 21.0.11_10-jre 21.0.12_8-jdk 21.0.12_8-jre latest"),
        ("", "1.27 1.27.3-alpine 1.28 1.28.0-alpine"),
        ("", "9.2 9.3 9.3-1612 9.4 9.4-1227"),
        ("", "16.4 16.5 16.5-1 16.6 16.7 16.8"),
        ("", "1.4.2 1.5.0-101 1.5.0-102 1.5.0"),
        (
            "range=21 variant=jre-alpine",
            "21.0.11-jre-alpine 21.0.12-jre-alpine 21.0.12.1-jre-alpine 21.0.13-jre-alpine 21-jre-alpine"
        ),
        ("", "2.0.4.1 2.0.5.1 2.0.6 2.0.7.1"),
        ("range=26 prereleases approved=26-ea-8-slim", "26-ea-8-slim 26-ea-12-slim 26-ea-slim 26-slim"),
        ("range=26 variant=slim", "26-ea-8-slim 26-ea-12-slim 26-ea-slim 26-slim"),
        ("prereleases approved=v5-rc.1", "v3 v4 v5-rc.1 v5-rc.2 v5"),
        ("", "v3 v4 v5-rc.1 v5"),
    ]));
}

#[test]
fn what_counts() {
    insta::assert_snapshot!(told(&[
        ("approved=v4", "v3 v4 v5 20190331160914 201903311609 1718000000 1718000000000"),
        ("", "20240601101112 20240602101112 20240602"),
        ("approved=4.0.13-22-trixie", "4.0.13-22-trixie 4.0.13-24-trixie 4.0.14-22-trixie 4.0.14-24-trixie"),
        ("approved=4.0.13-22-trixie", "4.0.13-22-trixie 4.0.13-24-trixie 4.0.14-24-trixie"),
        ("variant=bookworm approved=17.5-3-bookworm", "17.5-3-bookworm 17.5-22-bookworm 17.6-1-trixie"),
        ("approved=3.4.1-3.11-slim", "3.4.1-3.11-slim 3.4.1-3.12-slim 3.4.2-3.11-slim"),
        ("approved=v1.1.0-gs.1", "v1.1.0-gs.1 v1.1.0-gs.2 v1.2.0-gs.1 v1.2.0-gs.2 v1.3.0"),
        ("approved=1.27.0-0ubuntu1", "1.27.0-0ubuntu1 1.28.0-0ubuntu1 1.28.0-0ubuntu3 1.28.0-1ubuntu1"),
        ("approved=1.0.0-test.98", "1.0.0-test.98 1.0.0-test.99 1.0.0-test.100"),
        ("approved=1.0.0-php82", "1.0.0-php82 1.0.0-php83 1.0.1-php82 1.0.1-php83 1.0.2-php.84"),
        ("approved=1.0.0-cuda12.1", "1.0.0-cuda12.1 1.0.0-cuda12.4 1.0.1-cuda12.4"),
        ("approved=1.0.0-alpine.3", "1.0.0-alpine.3 1.0.0-alpine.4"),
        ("approved=1.0.0-1rc2", "1.0.0-1rc2 1.0.0-1rc3"),
        ("", "v1.1.0-gs.1 v1.2.0-gs.1 v1.2.0-gs.2"),
        ("", "1.0.0-pr.98 1.0.0-pr.99"),
        ("", "1.4.2 1.5.0-feature.1 1.6.0-feature.1 1.7.0-feature.2"),
    ]));
}

#[test]
fn what_is_not_read_or_published_beside() {
    insta::assert_snapshot!(told(&[
        ("approved=1.1.1v", "1.1.1u 1.1.1v 1.1.1w 1.1.1"),
        ("approved=1.1.1,1.1.1v", "1.1.1u 1.1.1v 1.1.1w 1.1.1 1.1.2"),
        ("approved=1.1.1v,1.1.1", "1.1.1v 1.1.1 1.1.2"),
        ("follow=each-minor approved=1.1.0,1.1.1v", "1.1.1v 1.1.0 1.1.2 1.2.0"),
        ("approved=testing-20240513", "testing-20240513 testing-20240612 12.5 12.6"),
        ("approved=stable-2.14.9", "stable-2.14.9 stable-2.14.10 edge-24.10.4 edge-26.9.3"),
        ("approved=edge", "edge edge-1.2.3 1.2.3"),
        ("approved=0a1b2c3", "0a1b2c3 1a1b2c3 1.2.3"),
        (r"pattern=r(?<version>.+) approved=1.2.3", "1.2.3 1.2.4 r1.2.3 r1.2.5"),
        ("approved=gone-1", "1.2.3"),
        (
            "approved=21.0.12.1-jre-alpine",
            "21.0.11-jre-alpine 21.0.12-jre-alpine 21.0.12.1-jre-alpine 21.0.13-jre-alpine 21-jre-alpine"
        ),
        ("approved=21.0.12-jre-alpine", "21.0.11-jre-alpine 21.0.12-jre-alpine 21.0.12.1-jre-alpine"),
        (
            "range=25 variant=jre-alpine approved=25_36-jre-alpine",
            "25_36-jre-alpine 25.0.1_8-jre-alpine 25.0.4_7-jre-alpine 25-jre-alpine 21.0.12_8-jre-alpine"
        ),
        ("approved=2022-CU13-ubuntu-22.04", "2022-CU13-ubuntu-22.04 2022-CU14-GDR1-ubuntu-22.04"),
        ("approved=3.12.1-slim-bookworm", "3.12.1-slim-bookworm 3.13.0-slim-trixie 3.13-slim-trixie 3.13.0-alpine3.22"),
        ("variant=alpine3.20 approved=1.2.3-alpine3.20", "1.2.3-alpine3.20 1.2.4-alpine3.21 1.2.5"),
        ("approved=10.4.1", "10.4.1 10.4.1-security-01"),
        ("approved=1.28-alpine", "1.28-alpine 1.28.1-alpine 1.28.2-alpine"),
        ("approved=1.2.3", "1.2.3 1.2.4-amd64 1.3.0-rc.1 1.3.0-0a1b2c3 20240601 windows-1.3.0 1.3 1.3.0-pr.4"),
        ("follow=each-minor approved=1.2.3,1.3.1", "1.2.3 1.2.4.1 1.3.1 1.3.2-alpine"),
    ]));
}

#[test]
fn what_a_doubtful_list_comes_to() {
    insta::assert_snapshot!(told(&[
        ("", "18.4 18.4-202608130737-bookworm 17.2"),
        ("", "3.5.0 3.6.0 3.6.1 3.6.1.1-rhel"),
        ("", "1.27 1.27.3-alpine 1.28 1.28.3-alpine 0.1.0"),
        ("", "2.0 2.1 2.1-1 2.2 2.2-1 2.3 2.4 2.5 2.6"),
        ("", "0.9 1.0 1.0-2 1.1 1.1-2 1.2"),
        ("", "1-rc1 1 2-rc1 2 3-rc1 3"),
        ("prereleases approved=3-rc1", "3-rc1 3"),
        ("approved=17.5-3-bookworm", "17.4-12-bookworm 17.5-3-bookworm 17.5-22-bookworm"),
        ("approved=4.0.13-22-trixie", "4.0.12-22-trixie 4.0.13-22-trixie 4.0.12-24-trixie 4.0.13-24-trixie"),
        ("approved=3.11-7.3.22-slim-trixie", "3.11-7.3.22-slim-trixie 3.11-7.3.23-slim-trixie"),
        ("", "1.0.0-feat.1 1.0.0-feat.2"),
        ("approved=1.0-3ubuntu20.04", "1.0-3ubuntu20.04 1.0-3ubuntu24.04"),
        ("approved=1.18.0-0ubuntu1.4", "1.18.0-0ubuntu1.4 1.18.0-0ubuntu1.6"),
        ("approved=1.0-2node18", "1.0-2node18 1.0-2node22"),
        ("approved=v0.4.1-cu121", "v0.4.1-cu121 v0.4.1-cu124"),
        ("approved=1.1.1v,1.1.0", "1.1.0 1.1.1 1.1.1v 1.1.2"),
        ("approved=1.1.1v,1.1.2", "1.1.0 1.1.1 1.1.1v 1.1.2 1.1.3"),
        ("", "main 0a1b2c3 1234567"),
        ("", "latest nonroot latest-amd64 debug-s390x"),
        ("approved=beta-7.1-RC2-apache", "beta-7.1-RC2-apache beta-7.1-RC3-apache beta-7.1-apache"),
        (
            "approved=beta-7.1-RC2-php8.2-apache prereleases",
            "beta-7.1-RC2-php8.2-apache beta-7.1-RC3-php8.2-apache beta-7.1-RC3-php8.3-apache"
        ),
        ("approved=v0.107.48", "v0.107.48 v0.108.0-b.55"),
        ("approved=v0.108.0-b.54 prereleases", "v0.108.0-b.54 v0.108.0-b.55"),
        ("approved=11.1.0", "11.1.0 11.2.0-72345 11.2.0-pr123 11.2.0-debug 11.2.0-wip.3 11.2.0-20240602"),
        ("approved=11.1.0", "11.1.0 11.2.0-1 11.3.0-1 11.4.0-1"),
        ("approved=jdk-21.0.1", "jdk-21.0.1 21.0.2"),
        ("approved=1.32.8-fb6452ebf", "1.32.8-fb6452ebf 1.40.0"),
        ("approved=9.3-1", "9.3-1 9.4"),
        ("approved=1.0.0 variant=x", "1.0.0 1.0.1 1.0.2-null"),
        ("follow=each-minor approved=1.26.1,1.27.3", "1.26.1 1.27.3 1.28.0.1 1.25.0.1 1.29.0-rc.1"),
        ("follow=each-major approved=1.27.3", "1.27.3 2.0.0-alpine 2"),
        ("follow=each-major approved=1.27.3", "1.27.3 2.0.0 3.0.0-alpine"),
    ]));
}

#[test]
fn what_helps_a_rule_that_picks_nothing() {
    insta::assert_snapshot!(told(&[
        ("variant=enterprise", "7.6.8 8.0.2 community-8.0.2 enterprise-7.6.8 enterprise-8.0.2"),
        ("variant=alpine", "2.3.0 2.3.1 alpine alpine-2.3.0 alpine-2.3.1 bin-2.3.1 debian-2.3.1 distroless-2.3.1"),
        ("variant=distroless", "v1.31.2 v1.32.1 distroless-v1.31.2 distroless-v1.32.1"),
        (
            "variant=base",
            "base-20260809.0.1 base-20260816.0.2 base-devel-20260816.0.2 multilib-devel-20260816.0.2 base latest"
        ),
        ("", "base-20260809.0.1 base-20260816.0.2 base-devel-20260816.0.2 multilib-devel-20260816.0.2 base latest"),
        ("", "sha-def456 sha-abc123 sha-def457 latest"),
        ("variant=trixie", "1.2.3-22 1.2.3-slim-trixie 1.2.3-bookworm"),
        ("variant=alpine3.18", "1.2.3 1.2.3-alpine3.20 1.2.3-alpine3.21 1.2.3-slim"),
        ("variant=alpne", "1.2.3 1.2.3-alpine"),
        ("range=^31", "3.0.0 3.1.0"),
        ("range=^31 approved=3.0.0", "3.0.0 3.1.0"),
        ("", "open-21.0.4_7-jdk-jammy open-21.0.5_11-jdk-jammy open-21-jdk-jammy open-21.0.5_11-jre-jammy"),
        ("", "only-words and-more"),
    ]));
}
