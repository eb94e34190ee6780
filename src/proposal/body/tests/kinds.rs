//! Bodies of one change, of every kind.

use super::*;

#[test]
fn a_first_approval() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
    snapshot("first_approval", &manifest, &wanted, &[Evidence { size_before: None, ..evidence() }]);
}

#[test]
fn a_patch_that_retires() {
    let manifest = promoted("redis", &["7.1.0", "7.2.0"]);
    let mut update = line("latest", Some("7.2.0"), Some("7.2.1"));
    update.retired = vec![("7.1.0".parse().unwrap(), Digest::sha256(b"7.1.0"))];
    let wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
    let official = Evidence { standing: Standing::Category(Category::Official, Told::Name), ..evidence() };
    snapshot("patch", &manifest, &wanted, &[official, Evidence::default()]);
}

#[test]
fn a_major_that_loses_a_platform() {
    let mut manifest = promoted("grafana/loki", &["2.9.4"]);
    manifest.policy.image_access = Some(crate::manifest::ImageAccess {
        enabled: Some(true),
        verified_publisher: Some(false),
        ..Default::default()
    });
    let major = line("latest", Some("2.9.4"), Some("v3.0.0"));
    let mut wanted = wanted(&manifest, &[selected(0, vec![major])]).remove(0);
    wanted.items[0].prefix_changed = true;
    let evidence = Evidence { lost: vec!["linux/s390x".to_owned()], ..evidence() };
    snapshot("major", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_new_line_that_loses_a_platform() {
    let manifest = lines_of(crate::rules::Follow::EachMajor, &["2.9.4", "3.1.0", "3.0.2"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("4", None, Some("4.0.0"))])]).remove(0);
    let evidence = Evidence { lost: vec!["linux/s390x".to_owned()], ..evidence() };
    snapshot("new_line", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_downgrade() {
    let manifest = promoted("grafana/loki", &["3.1.0"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.0.0"))])]).remove(0);
    snapshot("downgrade", &manifest, &wanted, &[evidence()]);
}

#[test]
fn a_rebuild_of_a_subset_elsewhere() {
    let mut manifest = promoted("quay.io/prom/node", &["1.8.0"]);
    manifest.images[0].approved[0].digest = Digest::sha256(b"1.8.0 before");
    manifest.registry = crate::manifest::Destination::Registry("ghcr.io".parse().unwrap());
    manifest.images[0].platforms = Some(vec!["linux/amd64".parse().unwrap()]);
    let mut rebuild = line("latest", Some("1.8.0"), Some("1.8.0"));
    let chosen = rebuild.chosen.as_mut().unwrap();
    chosen.rebuild = true;
    chosen.public_since = chosen.public_since.map(|since| crate::rules::Since::first_seen(since.at));
    let wanted = wanted(&manifest, &[selected(0, vec![rebuild])]).remove(0);
    let evidence = Evidence {
        platforms: vec![platform("linux/amd64", 20_500_000, Some(20_500_000))],
        left_out: 2,
        attestations: 1,
        size_before: None,
        standing: Standing::Elsewhere("quay.io".parse().unwrap()),
        unknown: vec!["the approved image: quay.io: no answer: connection refused".to_owned()],
        ..evidence()
    };
    snapshot("rebuild", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_rebuild_says_what_left_and_what_came() {
    let manifest = promoted("quay.io/prom/node", &["1.8.0"]);
    let mut rebuild = line("latest", Some("1.8.0"), Some("1.8.0"));
    rebuild.chosen.as_mut().unwrap().rebuild = true;
    let wanted = wanted(&manifest, &[selected(0, vec![rebuild])]).remove(0);
    let exchanged = |left, came| Some(Exchanged { left, came });
    let mut same_size = platform("linux/amd64", 20_500_000, Some(20_499_999));
    same_size.exchanged = exchanged(4_200_000, 4_200_001);
    let platforms = vec![same_size, platform("linux/arm64", 19_000_000, Some(19_000_000))];
    let evidence = Evidence {
        platforms,
        size: Some(39_500_000),
        size_before: Some(39_500_000),
        exchanged: exchanged(4_200_000, 4_200_001),
        ..evidence()
    };
    let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
    assert!(body.contains("- Bytes: of 40 MB, 4.2 MB removed, 4.2 MB added\n"), "{body}");
    assert!(body.contains("| `linux/amd64` | 21 MB | 4.2 MB removed, 4.2 MB added |"), "{body}");
    assert!(body.contains("| `linux/arm64` | 19 MB | unchanged |"), "{body}");
}

#[test]
fn release_notes_and_source_are_linked_where_labels_name_a_known_forge() {
    let manifest = promoted("grafana/loki", &["3.0.0"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some("3.0.0"), Some("3.1.0"))])]).remove(0);
    let labels = |source: &str, digit: &str| crate::content::labels::Labels {
        source: Some(source.to_owned()),
        revision: Some(digit.repeat(40)),
    };
    let line_of = |source: &str, before: &str| {
        let evidence = Evidence { labels: labels(source, "b"), labels_before: labels(before, "a"), ..evidence() };
        let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
        body.lines().find(|line| line.starts_with("- Upstream: ")).unwrap_or("nothing").to_owned()
    };
    let loki = "https://github.com/grafana/loki";
    insta::assert_snapshot!(
        [line_of(loki, loki), line_of(loki, "https://evil.example/x/y"), line_of("https://evil.example/a/b", loki)]
            .join("\n")
    );
}

#[test]
fn a_retirement() {
    let manifest = promoted("redis", &["6.2.0", "7.2.0"]);
    let mut wanted = one(&manifest, "6.2.0", Kind::Retire);
    wanted.items[0].cause = Some(Cause::OutOfRange("the range ^7.2 does not admit it".to_owned()));
    snapshot("retirement", &manifest, &wanted, &[Evidence::default()]);
}

#[test]
fn a_revocation() {
    let mut manifest = promoted("redis", &["7.1.0", "7.2.0"]);
    manifest.images[0].revoked = vec![crate::manifest::Revocation {
        tag: "7.1.0".parse().unwrap(),
        digest: Digest::sha256(b"7.1.0"),
        reason: "CVE-2027-1234".to_owned(),
        delete: true,
        span: crate::diag::Span::default(),
    }];
    snapshot("revocation", &manifest, &one(&manifest, "7.1.0", Kind::Retire), &[Evidence::default()]);
}

#[test]
fn an_urgent_one() {
    let manifest = promoted("redis", &["7.2.0"]);
    let update = line("latest", Some("7.2.0"), Some("7.2.1"));
    let mut wanted = wanted(&manifest, &[selected(0, vec![update])]).remove(0);
    wanted.items[0].entry.urgent = Some("CVE-2027-1234 is exploited, see #77".to_owned());
    wanted.items[0].public_since = Some(crate::rules::Since::published("2026-11-21T06:20:00Z".parse().unwrap()));
    let standing = Standing::Category(Category::Official, Told::Name);
    let served = Served::Not(Some(Digest::sha256(b"later")));
    snapshot("urgent", &manifest, &wanted, &[Evidence { standing, served, ..evidence() }]);
}

#[test]
fn a_rejection() {
    let manifest = promoted("redis", &["7.2.0"]);
    let mut wanted = one(&manifest, "7.2.1", Kind::Reject);
    let reason = "breaks <b>retention</b>, see #41".to_owned();
    wanted.items[0].entry.rejection = Some(crate::proposal::Rejection { reason, until: "2027-03-01".parse().ok() });
    snapshot("rejection", &manifest, &wanted, &[Evidence::default()]);
}
