//! Differences for tests.

use std::collections::BTreeMap;

use super::{ConfigChange, Difference, Field, LayerCounts, Mark, PlatformDifference, Why};
use crate::image::Digest;
use crate::layers::{FileChange, FileKind};
use crate::packages::{LicenceNames, Package, PackageChanges, PackageSource, VersionChange};
use crate::vulnerabilities::{Severity, Vulnerability, VulnerabilityChanges, VulnerabilitySource};

pub(crate) const fn package<'a>(name: &'a str, version: &'a str) -> Package<'a> {
    Package { name, version, purl: None, licences: "" }
}

pub(crate) const fn version<'a>(name: &'a str, from: &'a str, to: &'a str) -> VersionChange<'a> {
    VersionChange { name, from, to, purl: None }
}

pub(crate) fn vulnerability(severity: Severity, id: &str, package: &str) -> Vulnerability {
    Vulnerability { severity, id: id.to_owned(), package: package.to_owned(), known_exploited: false }
}

pub(crate) fn config(field: Field, from: Option<&str>, to: Option<&str>) -> ConfigChange {
    ConfigChange { field, from: from.map(str::to_owned), to: to.map(str::to_owned) }
}

pub(crate) fn file(path: &str, what: FileKind) -> FileChange {
    FileChange { path: path.to_owned(), what }
}

/// One platform whose packages are known and equal, with two layers replaced.
pub(crate) fn platform(name: &str) -> PlatformDifference {
    let side = |what: &str, size| Some((Digest::sha256(format!("{name} {what}").as_bytes()), size));
    PlatformDifference {
        name: name.to_owned(),
        from: side("before", 20_100_000),
        to: side("after", 20_500_000),
        layers: LayerCounts { kept: 3, added: 2, dropped: 2 },
        added_bytes: 8_400_000,
        dropped_bytes: 8_000_000,
        config: Vec::new(),
        config_omitted: BTreeMap::new(),
        source: PackageSource::Layers,
        detail: None,
        packages: PackageChanges::default(),
        files: Vec::new(),
        files_omitted: BTreeMap::new(),
    }
}

/// The same difference on each of two platforms, with nothing known of vulnerabilities.
pub(crate) fn on_two(why: Why, marks: &[Mark], change: impl Fn(&mut PlatformDifference)) -> Difference {
    let platforms = ["linux/amd64", "linux/arm64"].map(|name| {
        let mut platform = platform(name);
        change(&mut platform);
        platform
    });
    Difference {
        why: Some(why),
        base: None,
        commits: None,
        platforms: platforms.to_vec(),
        vulnerabilities: VulnerabilityChanges::default(),
        marks: marks.iter().copied().collect(),
        whole: None,
    }
}

/// A patch: packages upgraded, vulnerabilities fixed.
pub(crate) fn patch() -> Difference {
    let mut difference = on_two(Why::Source, &[], |platform| {
        platform.source = PackageSource::Sbom;
        platform.packages = PackageChanges {
            added: [package("libcap2", "1:2.66-4")].into_iter().collect(),
            upgraded: ["libssl3", "openssl", "zlib1g", "libc6", "libc-bin", "tzdata", "redis-server", "base-files"]
                .map(|name| version(name, "3.0.11-1", "3.0.13-1"))
                .into_iter()
                .collect(),
            licences_added: LicenceNames { names: ["BSD-3-Clause-Clear".to_owned()].into(), further: 0 },
            ..PackageChanges::default()
        };
        platform.config = vec![
            config(Field::Env, Some("REDIS_VERSION=7.2.0"), Some("REDIS_VERSION=7.2.1")),
            config(
                Field::Label,
                Some("org.opencontainers.image.version=7.2.0"),
                Some("org.opencontainers.image.version=7.2.1"),
            ),
        ];
    });
    difference.vulnerabilities = VulnerabilityChanges {
        source: VulnerabilitySource::Osv,
        fixed: vec![
            vulnerability(Severity::Critical, "CVE-2026-1001", "openssl"),
            vulnerability(Severity::High, "CVE-2026-1002", "libssl3"),
            vulnerability(Severity::Low, "CVE-2026-1003", "tzdata"),
        ]
        .into(),
        same: [[Severity::High; 2].as_slice(), &[Severity::Low; 10]].concat().into_iter().collect(),
        ..VulnerabilityChanges::default()
    };
    difference
}

/// Everything that makes a change risky.
pub(crate) fn worst() -> Difference {
    let marks = [Mark::NewCritical, Mark::Root, Mark::Setuid, Mark::Entrypoint, Mark::Port, Mark::DowngradedPackage];
    let mut difference = on_two(Why::Base, &marks, |platform| {
        platform.packages = PackageChanges {
            removed: [package("libpam", "1.5")].into_iter().collect(),
            downgraded: [version("zlib", "1.3.1", "1.2.13")].into_iter().collect(),
            ..PackageChanges::default()
        };
        platform.config = vec![
            config(Field::User, Some("app"), Some("")),
            config(Field::Entrypoint, Some("[\"/app\"]"), Some("[\"/bin/sh\",\"-c\",\"/app\"]")),
            config(Field::Port, None, Some("22/tcp")),
        ];
        platform.files = vec![file("/usr/bin/su", FileKind::Setuid), file("/etc/cron.d/update", FileKind::Cron)];
    });
    difference.marks.insert(Mark::BaseChanged);
    difference.platforms[1].source = PackageSource::None;
    difference.platforms[1].detail = Some("the layer is larger than evidence.layers".to_owned());
    difference.vulnerabilities = VulnerabilityChanges {
        source: VulnerabilitySource::Reports,
        fixed: vec![vulnerability(Severity::Medium, "CVE-2026-1", "libpam")].into(),
        new: vec![Vulnerability {
            known_exploited: true,
            ..vulnerability(Severity::Critical, "CVE-2023-45853", "zlib")
        }]
        .into(),
        same: [Severity::Medium; 3].into_iter().collect(),
        ..VulnerabilityChanges::default()
    };
    difference
}
