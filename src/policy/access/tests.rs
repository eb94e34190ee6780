#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::results::{Pulled, Results, decoded, read};
use super::script::{Shell, script};
use super::*;
use crate::policy::Badge;

fn manifest(policy: &str, images: &str) -> Manifest {
    let text = format!("organization: acme\n{policy}images:{images}\n");
    let file = crate::manifest::file("approved-images.yml", text.into_bytes()).unwrap();
    crate::manifest::parse(vec![file]).unwrap()
}

/// What is expected of an image under a policy, given its name and the badge that Docker Hub shows.
fn of(policy: &str, image: &str, badge: Option<Badge>) -> (Expected, String) {
    let policy = manifest(&format!("policy:\n{policy}"), " []").policy;
    let repository: Repository = image.parse().unwrap();
    let by_name = Standing::of_name(&Location::Remote(repository.clone()), "acme");
    let standing = by_name.or(badge.map(Standing::of_badge)).unwrap_or_default();
    expected(&policy, &repository, &standing)
}

#[test]
fn what_a_policy_makes_of_an_image() {
    use Expected::{ImageRefused, Pulled, RegistryRefused, Unknown};
    let images = |rest: &str| format!("  image-access: {{ {rest} }}\n");
    let registries = |rest: &str| format!("  registry-access: {{ {rest} }}\n");
    let on = images("enabled: true, official: allowed, verified-publisher: restricted");
    let verified = images("enabled: true, verified-publisher: allowed");
    let listed = images("enabled: true, verified-publisher: restricted, allowlist: [grafana/loki]");
    let quay = registries("enabled: true, docker-hub: allowed, registries: [{ address: quay.io, name: Quay }]");
    for (policy, image, badge, outcome) in [
        (on.as_str(), "acme/loki", None, Pulled),
        (&on, "acmes/loki", None, ImageRefused),
        (&on, "redis", None, Pulled),
        (&on, "grafana/loki", None, ImageRefused),
        (&on, "grafana/loki", Some(Badge::VerifiedPublisher), ImageRefused),
        (&on, "grafana/loki", Some(Badge::None), ImageRefused),
        (&images("enabled: true, official: restricted"), "redis", None, ImageRefused),
        (&images("enabled: true"), "redis", None, Unknown),
        // Whether it is a Verified Publisher's, only Docker Hub knows.
        (&verified, "grafana/loki", None, Unknown),
        (&verified, "grafana/loki", Some(Badge::VerifiedPublisher), Pulled),
        (&verified, "grafana/loki", Some(Badge::None), ImageRefused),
        (&verified, "grafana/loki", Some(Badge::OpenSource), ImageRefused),
        (&images("enabled: true"), "grafana/loki", Some(Badge::VerifiedPublisher), Unknown),
        (&images("enabled: true, verified-publisher: allowed, community: allowed"), "grafana/loki", None, Pulled),
        (&images("enabled: false, official: restricted"), "redis", None, Pulled),
        (&images("enabled: false, official: restricted"), "grafana/loki", None, Pulled),
        (&images("official: restricted"), "redis", None, Unknown),
        (&listed, "grafana/loki", None, Pulled),
        (&listed, "grafana/tempo", None, ImageRefused),
        (&on, "ghcr.io/a/b", None, Unknown),
        (&quay, "quay.io/a/b", None, Pulled),
        (&quay, "cdn.quay.io:443/a/b", None, Pulled),
        (&quay, "notquay.io/a/b", None, RegistryRefused),
        (&quay, "ghcr.io/a/b", None, RegistryRefused),
        (&quay, "redis", None, Unknown),
        (&quay, "acme/loki", None, Pulled),
        (&registries("enabled: false"), "ghcr.io/a/b", None, Pulled),
        (&registries("enabled: true"), "ghcr.io/a/b", None, Unknown),
        (&registries("enabled: true, docker-hub: restricted"), "redis", None, RegistryRefused),
        ("  approvals: 1\n", "redis", None, Unknown),
    ] {
        let (found, why) = of(policy, image, badge);
        assert_eq!(found, outcome, "{image} {badge:?} under {policy}: {why}");
        assert!(!why.is_empty());
    }
}

fn digest(of: &str) -> Digest {
    Digest::sha256(of.as_bytes())
}

fn image(source: &str, repository: &str, approved: &[(&str, bool)]) -> String {
    let entry = |(tag, promoted): &(&str, bool)| {
        let line = format!("\n      - tag: \"{tag}\"\n        digest: {}", digest(tag));
        if *promoted { format!("{line}\n        mirrored: {}", digest(tag)) } else { line }
    };
    let approved: String = approved.iter().map(entry).collect();
    format!("\n  - source: {source}\n    repository: {repository}\n    approved:{approved}")
}

#[test]
fn mirrors_are_all_that_is_promoted_and_a_sample_is_the_first_of_each_registry() {
    let images = [
        image("grafana/loki", "loki", &[("3.0.0", true), ("3.1.0", true), ("3.2.0", false)]),
        image("redis", "redis", &[("7.2.4", false)]),
        image("ghcr.io/a/one", "one", &[("1.0.0", true)]),
        image("acme/base", "own", &[("1.0.0", true)]),
        image("grafana/tempo", "tempo", &[("2.6.0", true)]),
    ];
    let manifest = manifest("", &images.concat());
    let all = Scope::new(&manifest, &[], None).unwrap();
    let shown = |subjects: Vec<Subject>| subjects.iter().map(Subject::name).collect::<Vec<_>>();
    assert_eq!(
        shown(mirrors(&manifest, &all)),
        [
            "docker.io/acme/loki:3.0.0",
            "docker.io/acme/loki:3.1.0",
            "docker.io/acme/one:1.0.0",
            "docker.io/acme/own:1.0.0",
            "docker.io/acme/tempo:2.6.0"
        ]
    );
    assert_eq!(
        shown(newest_mirrors(&manifest, &all)),
        [
            "docker.io/acme/loki:3.1.0",
            "docker.io/acme/one:1.0.0",
            "docker.io/acme/own:1.0.0",
            "docker.io/acme/tempo:2.6.0"
        ]
    );
    let two = ["docker.io/grafana/loki:3.2.0", "docker.io/library/redis:7.2.4", "ghcr.io/a/one:1.0.0"];
    assert_eq!(shown(sample(&manifest, &all, 2)), two);
    assert_eq!(sample(&manifest, &all, 0), []);
    let one = Scope::new(&manifest, &["tempo".to_owned()], None).unwrap();
    assert_eq!(shown(sample(&manifest, &one, 2)), ["docker.io/grafana/tempo:2.6.0"]);
}

#[test]
fn an_image_is_named_with_or_without_tag_and_digest() {
    let pull = |text: &str| must_be_refused(text).map(|subject| (subject.pull(), subject.expected));
    let digest = digest("x");
    let hub = Expected::ImageRefused;
    assert_eq!(pull("bitnami/redis"), Ok(("docker.io/bitnami/redis:latest".to_owned(), hub)));
    assert_eq!(pull("bitnami/redis:7"), Ok(("docker.io/bitnami/redis:7".to_owned(), hub)));
    assert_eq!(pull(&format!("redis:7@{digest}")), Ok((format!("docker.io/library/redis@{digest}"), hub)));
    assert_eq!(pull("localhost:5000/a"), Ok(("localhost:5000/a:latest".to_owned(), Expected::RegistryRefused)));
    for bad in ["", "a b", "x';rm -rf /;'", "a@b", "a:$(id)", "A/b"] {
        assert!(must_be_refused(bad).is_err(), "{bad}");
    }
}

fn subject(image: &str, expected: Expected) -> Subject {
    Subject { expected, why: "a reason".to_owned(), ..must_be_refused(image).unwrap() }
}

fn pulled(line: usize, image: &str, status: i32, said: &str) -> Pulled {
    Pulled { line, image: subject(image, Expected::Unknown).pull(), status, said: said.to_owned() }
}

#[test]
fn what_a_pull_came_to() {
    use Expected::{ImageRefused, Pulled, RegistryRefused, Unknown};
    const COMMUNITY: &str = "Error response from daemon: image access denied: community images not allowed";
    const GHCR: &str = "Error response from daemon: registry access to ghcr.io is not allowed";
    const DENIED: &str = "Error response from daemon: pull access denied for a/b, repository does not exist or may require 'docker login'";
    const PLATFORM: &str = "no matching manifest for linux/arm64/v8 in the manifest list entries";
    const SLOW: &str = "Error response from daemon: Get \"https://ghcr.io/v2/\": context deadline exceeded";
    for (image, expected, status, said, state, ok) in [
        ("acme/a", Pulled, 0, "", State::Allowed, true),
        ("acme/a", Pulled, 1, PLATFORM, State::Allowed, true),
        ("acme/a", Pulled, 1, COMMUNITY, State::Refused, false),
        ("acme/a", Pulled, 1, GHCR, State::Refused, false),
        ("acme/a", Pulled, 1, DENIED, State::Refused, false),
        ("acme/a", Pulled, 1, "manifest for acme/a not found: manifest unknown", State::Missing, false),
        ("acme/a", Pulled, 1, SLOW, State::Unclear, false),
        ("a/b", ImageRefused, 1, COMMUNITY, State::Refused, true),
        ("a/b", ImageRefused, 0, "", State::Allowed, false),
        ("a/b", ImageRefused, 1, PLATFORM, State::Allowed, false),
        ("a/b", ImageRefused, 1, DENIED, State::Unclear, false),
        ("a/b", ImageRefused, 1, GHCR, State::Refused, false),
        ("a/b", ImageRefused, 1, SLOW, State::Unclear, false),
        ("a/b", RegistryRefused, 1, "registry access to registry-1.docker.io is not allowed", State::Refused, true),
        ("ghcr.io/a/b", RegistryRefused, 1, GHCR, State::Refused, true),
        ("ghcr.io/a/b", RegistryRefused, 0, "", State::Allowed, false),
        ("quay.io/a/b", RegistryRefused, 1, GHCR, State::Refused, false),
        ("quay.io/a/b", RegistryRefused, 1, COMMUNITY, State::Refused, false),
        ("a/b", Unknown, 0, "", State::Allowed, true),
        ("a/b", Unknown, 1, COMMUNITY, State::Refused, true),
        ("a/b", Unknown, 1, DENIED, State::Refused, true),
        ("a/b", Unknown, 1, SLOW, State::Unclear, false),
    ] {
        let results = Results { pulls: vec![pulled(1, image, status, said)], ..Results::default() };
        let (rows, problems) = judge_pulls(&[subject(image, expected)], &results);
        assert_eq!(
            (rows[0].state, rows[0].ok),
            (state, ok),
            "{image} {expected:?} {status} {said}: {}",
            rows[0].detail
        );
        assert_eq!(problems, Vec::<String>::new());
    }
}

#[test]
fn lines_that_are_missing_unknown_or_contradict_each_other_are_said() {
    let subjects =
        [subject("acme/a", Expected::Pulled), subject("acme/b", Expected::Pulled), subject("acme/c", Expected::Pulled)];
    let results = Results {
        system: Some("Docker Desktop".to_owned()),
        pulls: vec![
            pulled(2, "acme/a", 1, "image access denied: community images not allowed"),
            pulled(3, "acme/b", 1, "net/http: TLS handshake timeout"),
            pulled(4, "acme/z", 0, ""),
            pulled(5, "acme/b", 0, ""),
            pulled(6, "acme/a", 0, ""),
        ],
        strange: vec![(7, "Using default tag: latest".to_owned())],
    };
    let (rows, problems) = judge_pulls(&subjects, &results);
    let states: Vec<_> = rows.iter().map(|row| (row.state, row.ok)).collect();
    assert_eq!(states, [(State::Unclear, false), (State::Allowed, true), (State::NotRun, false)]);
    assert!(rows[0].detail.contains("lines 2 and 6 contradict each other"), "{}", rows[0].detail);
    insta::assert_snapshot!(problems.join("\n"), @r"
    line 4 is about docker.io/acme/z:latest, which was not in the script: is it from another manifest's script, or from an older one?
    line 7 was not printed by the script: Using default tag: latest
    ");
}

#[test]
fn where_docker_is_no_docker_desktop_nothing_is_enforced() {
    let results = Results {
        system: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
        pulls: vec![pulled(2, "a/b", 0, "")],
        ..Results::default()
    };
    let (rows, problems) = judge_pulls(&[subject("a/b", Expected::ImageRefused)], &results);
    assert_eq!((rows[0].state, rows[0].ok), (State::NotEnforcedHere, true));
    assert_eq!(
        problems,
        [
            "the pulls were made on Debian GNU/Linux 12 (bookworm), which is not Docker Desktop: nothing is refused there"
        ]
    );
}

#[test]
fn results_are_read_however_a_terminal_wrote_them() {
    let text = "# said\r\nsystem\tDocker Desktop\r\n\r\npull\tacme/a@x\t0\tok\r\npull\tacme/b@x\t1\r\npull\tacme/c@x\tno\tnumber\r\n";
    let results = read(text);
    assert_eq!(results.system.as_deref(), Some("Docker Desktop"));
    let pulls: Vec<_> = results.pulls.iter().map(|p| (p.line, p.image.as_str(), p.status, p.said.as_str())).collect();
    assert_eq!(pulls, [(4, "acme/a@x", 0, "ok"), (5, "acme/b@x", 1, "")]);
    assert_eq!(results.strange, [(6, "pull\tacme/c@x\tno\tnumber".to_owned())]);
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
    for bytes in [text.as_bytes().to_vec(), utf16, marked] {
        assert_eq!(read(&decoded(&bytes)), results);
    }
    assert_eq!(read(&decoded(&[0xff, 0xfe, 0x41])).pulls, []);
}

#[test]
fn what_is_printed_names_each_image_once_and_quoted() {
    let subjects = [subject("acme/a", Expected::Pulled), subject("ghcr.io/a/b:1", Expected::RegistryRefused)];
    let posix = script(Shell::Posix, "acme", &subjects);
    assert!(posix.starts_with("#!/bin/sh\n# Which images"), "{posix}");
    assert!(posix.ends_with(
        "\ntry 'docker.io/acme/a:latest' 'docker.io/acme/a:latest: should work'\ntry 'ghcr.io/a/b:1' 'ghcr.io/a/b:1: should be refused'\n"
    ));
    let power = script(Shell::PowerShell, "acme", &subjects);
    assert!(power.ends_with("\nTest-Pull 'ghcr.io/a/b:1' 'ghcr.io/a/b:1: should be refused'\n"), "{power}");
    assert!(!posix.contains('@') && !power.replace("= @(", "").contains("@KEPT@"));
}
