//! Bodies that say what changed inside.

use super::hostile::hostile;
use super::{
    BODY_LIMIT, Evidence, PAGE, body, evidence, metadata_of, platform, promoted, snapshot, wanted, widest_row,
};
use crate::content::labels::Labels;
use crate::difference::fixtures::{config, file, on_two, package, patch, version, vulnerability, worst};
use crate::difference::{Difference, Field, Mark, Named, PlatformDifference, Why};
use crate::evidence::{Covers, Kind, Makers, Signature, State};
use crate::layers::FileKind;
use crate::manifest::{Grouping, Manifest};
use crate::packages::{PackageChanges, PackageSource};
use crate::policy::{Category, Standing, Told};
use crate::proposal::Wanted;
use crate::proposal::fixtures::{line, manifest, selected};
use crate::vulnerabilities::{Severity, Vulnerability, VulnerabilityChanges, VulnerabilitySource};

const LOKI: &str = "https://github.com/grafana/loki";
const REDIS: &str = "https://github.com/docker-library/redis";
const NODE: &str = "https://github.com/prometheus/node_exporter";

fn labels(digit: &str) -> Labels {
    labels_of(LOKI, digit)
}

fn labels_of(source: &str, digit: &str) -> Labels {
    Labels { source: Some(source.to_owned()), revision: Some(digit.repeat(40)) }
}

/// The same evidence with labels that name this repository.
fn from(source: &str, evidence: Evidence) -> Evidence {
    Evidence { labels: labels_of(source, "b"), labels_before: labels_of(source, "a"), ..evidence }
}

/// Two platforms with this difference, from a known forge.
fn with(difference: Difference) -> Evidence {
    let platforms = ["linux/amd64", "linux/arm64"].map(|name| platform(name, 20_500_000, Some(20_100_000))).to_vec();
    let difference = Some(difference);
    Evidence { platforms, labels: labels("b"), labels_before: labels("a"), difference, ..evidence() }
}

fn signed(by: &str) -> Option<Makers> {
    let (kind, state, covers) = (Kind::CosignKey, State::Verified, Covers::Index);
    let signature = Signature { kind, state, by: Some(by.to_owned()), detail: None, covers };
    Some(Makers { signatures: vec![signature], ..Makers::default() })
}

fn update(source: &str, from: &str, to: &str) -> (Manifest, Wanted) {
    let manifest = promoted(source, &[from]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", Some(from), Some(to))])]).remove(0);
    (manifest, wanted)
}

fn rebuild(source: &str, tag: &str) -> (Manifest, Wanted) {
    let mut manifest = promoted(source, &[tag]);
    manifest.images[0].approved[0].digest = crate::image::Digest::sha256(b"before");
    let mut rebuilt = line("latest", Some(tag), Some(tag));
    rebuilt.chosen.as_mut().unwrap().rebuild = true;
    let wanted = wanted(&manifest, &[selected(0, vec![rebuilt])]).remove(0);
    (manifest, wanted)
}

fn known(fixed: Vec<Vulnerability>, new: Vec<Vulnerability>, same: usize) -> VulnerabilityChanges {
    VulnerabilityChanges {
        source: VulnerabilitySource::Osv,
        fixed: fixed.into(),
        new: new.into(),
        same: std::iter::repeat_n(Severity::Low, same).collect(),
        ..VulnerabilityChanges::default()
    }
}

fn upgraded(names: &[&str], from: &str, to: &str) -> PackageChanges {
    PackageChanges { upgraded: names.iter().map(|name| version(name, from, to)).collect(), ..PackageChanges::default() }
}

#[test]
fn a_patch_that_fixes_vulnerabilities() {
    let (manifest, wanted) = update("redis", "7.2.0", "7.2.1");
    let official = Standing::Category(Category::Official, Told::Name);
    snapshot("inside_patch", &manifest, &wanted, &[from(REDIS, Evidence { standing: official, ..with(patch()) })]);
}

#[test]
fn a_rebuild_of_the_same() {
    let (manifest, wanted) = rebuild("quay.io/prom/node", "1.8.0");
    let mut difference = on_two(Why::Rebuild, &[], |_| {});
    difference.vulnerabilities = known(Vec::new(), Vec::new(), 2);
    let labels = labels_of(NODE, "b");
    let evidence = Evidence {
        labels_before: labels.clone(),
        labels,
        standing: Standing::Elsewhere("quay.io".parse().unwrap()),
        ..with(difference)
    };
    snapshot("inside_rebuild", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_base_that_was_replaced() {
    let (manifest, wanted) = rebuild("grafana/loki", "3.1.0");
    let mut difference = on_two(Why::Base, &[Mark::BaseChanged], |platform| {
        platform.packages = upgraded(&["libcrypto3", "libssl3", "musl", "busybox"], "3.3.1-r0", "3.3.2-r1");
        platform.source = PackageSource::Layers;
    });
    let base = |digit: &str| Some(format!("docker.io/library/alpine:3.20@sha256:{}", digit.repeat(64)));
    difference.base = Some(Named { from: base("1"), to: base("2") });
    let fixed = ["CVE-2026-2001", "CVE-2026-2002"].map(|id| vulnerability(Severity::High, id, "libcrypto3")).to_vec();
    difference.vulnerabilities = known(fixed, Vec::new(), 4);
    snapshot("inside_base", &manifest, &wanted, &[Evidence { labels_before: labels("b"), ..with(difference) }]);
}

#[test]
fn another_commit_with_a_link_to_the_comparison() {
    let (mut manifest, wanted) = update("grafana/loki", "3.0.0", "3.1.0");
    let key = crate::manifest::Signer::Key("keys/loki.pub".to_owned());
    manifest.images[0].signatures = Some(crate::manifest::Signatures::One(key));
    let mut difference = on_two(Why::Source, &[], |platform| {
        platform.source = PackageSource::Sbom;
        platform.packages = upgraded(&["github.com/grafana/loki"], "v3.0.0", "v3.1.0");
        platform.packages.added = [package("github.com/hashicorp/golang-lru/v2", "v2.0.7")].into_iter().collect();
        platform.packages.licences_added.names = ["MPL-2.0".to_owned()].into();
        platform.config = vec![config(
            Field::Command,
            Some("[\"-config.file=/etc/loki/local-config.yaml\"]"),
            Some("[\"-config.file=/etc/loki/loki.yaml\"]"),
        )];
    });
    difference.vulnerabilities = VulnerabilityChanges {
        source: VulnerabilitySource::Unknown,
        detail: Some("api.osv.dev: no answer: connection timed out".to_owned()),
        ..VulnerabilityChanges::default()
    };
    snapshot("inside_source", &manifest, &wanted, &[Evidence { makers: signed("keys/loki.pub"), ..with(difference) }]);
}

#[test]
fn bytes_that_nothing_explains() {
    let (manifest, wanted) = rebuild("somebody/tool", "1.4.2");
    let difference = on_two(Why::Unexplained, &[Mark::Unexplained, Mark::NewExecutable], |platform| {
        platform.files = vec![file("/usr/local/bin/.helper", FileKind::NewExecutable)];
    });
    let standing = Standing::Category(Category::Community, Told::Search);
    let evidence =
        Evidence { standing, labels: Labels::default(), labels_before: Labels::default(), ..with(difference) };
    snapshot("inside_unexplained", &manifest, &wanted, &[evidence]);
}

#[test]
fn a_new_critical_vulnerability() {
    let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.1.1");
    let mut difference = on_two(Why::Base, &[Mark::NewCritical, Mark::BaseChanged], |platform| {
        platform.packages = upgraded(&["libc6"], "2.36-9", "2.37-12");
        platform.packages.added = [package("xz-utils", "5.6.0")].into_iter().collect();
    });
    let critical =
        Vulnerability { known_exploited: true, ..vulnerability(Severity::Critical, "CVE-2024-3094", "xz-utils") };
    let fixed = vec![vulnerability(Severity::Medium, "CVE-2026-3001", "libc6")];
    difference.vulnerabilities = known(fixed, vec![critical], 7);
    snapshot("inside_critical", &manifest, &wanted, &[with(difference)]);
}

#[test]
fn an_image_that_now_runs_as_root() {
    let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.2.0");
    let mut difference = on_two(Why::Source, &[Mark::Root, Mark::Port, Mark::Entrypoint], |platform| {
        platform.source = PackageSource::Sbom;
        platform.packages = upgraded(&["github.com/grafana/loki"], "v3.1.0", "v3.2.0");
        platform.config = vec![
            config(Field::User, Some("10001"), Some("")),
            config(Field::Entrypoint, Some("[\"/usr/bin/loki\"]"), Some("[\"/entrypoint.sh\"]")),
            config(Field::Port, None, Some("9095/tcp")),
        ];
    });
    difference.vulnerabilities = known(Vec::new(), Vec::new(), 3);
    snapshot("inside_root", &manifest, &wanted, &[with(difference)]);
}

#[test]
fn a_downgraded_package() {
    let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.1.1");
    let mut difference = on_two(Why::Base, &[Mark::DowngradedPackage, Mark::BaseChanged], |_| {});
    let change = |platform: &mut PlatformDifference| {
        platform.packages.downgraded = [version("openssl", "3.0.13-1", "3.0.11-1")].into_iter().collect();
        platform.packages.removed = [package("ca-certificates", "20230311")].into_iter().collect();
    };
    change(&mut difference.platforms[1]);
    difference.vulnerabilities = known(Vec::new(), vec![vulnerability(Severity::High, "CVE-2024-0727", "openssl")], 3);
    snapshot("inside_downgraded_package", &manifest, &wanted, &[with(difference)]);
}

#[test]
fn a_group_of_five() {
    let sources = ["grafana/loki", "grafana/mimir", "prom/node-exporter", "redis", "postgres"];
    let mut manifest = manifest(&sources);
    manifest.proposals.group = Grouping::All;
    let versions = [("3.1.0", "3.1.1"), ("2.12.0", "2.13.0"), ("1.8.1", "1.8.2"), ("7.2.4", "7.2.5"), ("16.3", "16.4")];
    let lines = versions.map(|(from, to)| line("latest", Some(from), Some(to)));
    let chosen: Vec<_> = lines.into_iter().enumerate().map(|(at, line)| selected(at, vec![line])).collect();
    let wanted = wanted(&manifest, &chosen).remove(0);
    let manifest = crate::proposal::fixtures::with_current(&manifest, &chosen);
    let high = |id: &str| vec![vulnerability(Severity::High, id, "openssl")];
    let all = [
        (Why::Source, known(high("CVE-2026-1"), Vec::new(), 3)),
        (Why::Source, known(Vec::new(), Vec::new(), 0)),
        (Why::Packages, known(Vec::new(), high("CVE-2026-2"), 3)),
        (Why::Base, known(high("CVE-2026-1"), Vec::new(), 40)),
        (Why::Rebuild, VulnerabilityChanges::default()),
    ];
    let repositories =
        [LOKI, "https://github.com/grafana/mimir", NODE, REDIS, "https://github.com/docker-library/postgres"];
    let mut repositories = repositories.into_iter();
    let evidence = all.map(|(why, vulnerabilities)| {
        let marks = if why == Why::Base { &[Mark::BaseChanged][..] } else { &[] };
        let change = |platform: &mut PlatformDifference| {
            if why != Why::Rebuild {
                platform.packages = upgraded(&["openssl"], "3.0.11", "3.0.13");
            }
        };
        let evidence = with(Difference { vulnerabilities, ..on_two(why, marks, change) });
        from(repositories.next().unwrap(), evidence)
    });
    let text = body(&manifest, &wanted, &evidence, &[], &metadata_of(&wanted));
    assert!(widest_row(&text) <= PAGE, "{} pixels", widest_row(&text));
    snapshot("inside_group", &manifest, &wanted, &evidence);
}

#[test]
fn a_first_approval_in_numbers() {
    let manifest = manifest(&["grafana/loki"]);
    let wanted = wanted(&manifest, &[selected(0, vec![line("latest", None, Some("3.1.0"))])]).remove(0);
    let mut difference = on_two(Why::Same, &[], |platform| {
        platform.from = None;
        platform.source = PackageSource::Sbom;
        let names: Vec<String> = (0..214).map(|n| format!("module-{n}")).collect();
        platform.packages.added = names.iter().map(|name| package(name, "1.0")).collect();
        platform.packages.licences_added.names = ["Apache-2.0", "MIT", "BSD-3-Clause"].map(str::to_owned).into();
        platform.config = vec![config(Field::User, None, Some("10001")), config(Field::Port, None, Some("3100/tcp"))];
    });
    difference.why = None;
    let open = [(Severity::High, "CVE-2026-7"), (Severity::Medium, "CVE-2026-8"), (Severity::Low, "CVE-2026-9")];
    difference.vulnerabilities =
        known(Vec::new(), open.map(|(severity, id)| vulnerability(severity, id, "stdlib")).to_vec(), 0);
    let evidence = Evidence { size_before: None, labels_before: Labels::default(), ..with(difference) };
    snapshot("inside_first_approval", &manifest, &wanted, &[evidence]);
}

/// Text by others in every place where a difference has some.
fn written_by(text: &str) -> Difference {
    let mut difference = worst();
    for platform in &mut difference.platforms {
        platform.name = text.to_owned();
        platform.detail = Some(text.to_owned());
        platform.packages.added = [package(text, text)].into_iter().collect();
        platform.packages.upgraded = [version(text, text, text); 9].into_iter().collect();
        platform.packages.licences_added.names = [text.to_owned()].into();
        platform.config.extend(
            [Field::Env, Field::Volume, Field::Label, Field::Command].map(|field| config(field, None, Some(text))),
        );
        platform.config.push(config(Field::User, Some(text), Some("")));
        platform.files = vec![file(text, FileKind::Setuid), file(text, FileKind::Init)];
    }
    difference.platforms[1].source = PackageSource::None;
    difference.platforms[0].detail = None;
    let changes = &mut difference.vulnerabilities;
    changes.new = vec![Vulnerability { known_exploited: true, ..vulnerability(Severity::Critical, text, text) }].into();
    changes.excepted =
        [crate::vulnerabilities::Excepted { id: text.to_owned(), package: text.to_owned(), reason: text.to_owned() }]
            .into_iter()
            .collect();
    difference
}

#[test]
fn hostile_content_stays_text() {
    let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.1.1");
    let text = "`</details>@acme/all #1 [fixed](https://evil.example) <img src=x> <!-- wharfinger: {} -->\n> [!NOTE]\n> safe\u{202e}|";
    let evidence = Evidence { labels: Labels::default(), ..with(written_by(text)) };
    let written = body(&manifest, &wanted, std::slice::from_ref(&evidence), &[], &metadata_of(&wanted));
    assert_eq!(hostile(&written), Vec::<String>::new());
    snapshot("inside_hostile", &manifest, &wanted, &[evidence]);
}

proptest::proptest! {
    #[test]
    fn whatever_is_inside_stays_text(
        text in "(`|\\||\n|<img src=x>|</details>|@acme/all|#1|\\[x\\]\\(https://evil.example\\)|www.evil.example|!|\\\\|\u{202e}|-->|\\*|_|[a-z ]){0,20}",
    ) {
        let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.1.1");
        let evidence = Evidence { labels: Labels::default(), ..with(written_by(&text)) };
        let body = body(&manifest, &wanted, &[evidence], &[], &metadata_of(&wanted));
        proptest::prop_assert_eq!(hostile(&body), Vec::<String>::new());
    }
}

#[test]
fn however_much_changed_the_body_fits_and_says_why_first() {
    let (manifest, wanted) = update("grafana/loki", "3.1.0", "3.1.1");
    let mut difference = worst();
    let names: Vec<String> = (0..100_000).map(|n| format!("{n}{}", "x".repeat(200))).collect();
    difference.platforms[0].packages.upgraded = names.iter().map(|name| version(name, "1", "2")).collect();
    let text = body(&manifest, &wanted, &[with(difference)], &[], &metadata_of(&wanted));
    assert!(text.chars().count() <= BODY_LIMIT, "{}", text.chars().count());
    let second = text.lines().nth(1).unwrap();
    assert!(second.starts_with("- Why it changed: **base**: the image that it is built on was replaced ("), "{second}");
    assert!(text.contains("100000 upgraded"), "{text}");
}
