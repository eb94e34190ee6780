//! Every reason and every mark, each beside the nearest pair of images that does not have it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    ConfigChange, Difference, Field, Former, ImagePair, Mark, PlatformInside, PlatformPair, SignerChange, Why,
};
use super::{Named, difference};
use crate::image::{Descriptor, Digest};
use crate::layers::{FileChange, FileKind};
use crate::packages::{Listed, Package, PackageSource, Packages};
use crate::vulnerabilities::{Severity, Vulnerability, VulnerabilityChanges, VulnerabilitySource};

mod config;
mod cut;

/// One platform with these layers and this `config`.
fn inside(layers: &[&str], config: &Value) -> PlatformInside {
    let document = json!({"config": config, "layers": layers}).to_string();
    let layer = |name: &&str| {
        let digest = Digest::sha256(name.as_bytes());
        Descriptor::new("application/vnd.oci.image.layer.v1.tar+gzip".to_owned(), digest, 100)
    };
    PlatformInside {
        digest: Digest::sha256(document.as_bytes()),
        size: 1_000,
        layers: layers.iter().map(layer).collect(),
        annotations: BTreeMap::new(),
        config: Ok(Bytes::from(document)),
    }
}

fn packages(versions: &[(&str, &str)]) -> Packages {
    let purls: Vec<String> =
        versions.iter().map(|(name, version)| format!("pkg:deb/debian/{name}@{version}")).collect();
    let package = |(&(name, version), purl)| Package { name, version, purl: Some(purl), licences: "" };
    versions.iter().zip(purls.iter().map(String::as_str)).map(package).collect()
}

/// Both images list these packages.
fn listed(from: &[(&str, &str)], to: &[(&str, &str)]) -> Listed {
    Listed::Known { source: PackageSource::Layers, from: packages(from), to: packages(to) }
}

fn unknown() -> Listed {
    Listed::Unknown("its layers have 300 MB, and 200 MB are read".to_owned())
}

fn pair(from: PlatformInside, to: PlatformInside, listed: Listed) -> PlatformPair {
    PlatformPair {
        name: "linux/amd64".to_owned(),
        from: Some(from),
        to: Some(to),
        listed,
        files: Vec::new(),
        unread: None,
    }
}

fn images(platforms: Vec<PlatformPair>) -> ImagePair {
    ImagePair {
        former: Former::Read,
        platforms,
        signer: None,
        commits: [None, None],
        vulnerabilities: VulnerabilityChanges::default(),
    }
}

/// The reason and the marks of one platform that changes from one configuration and stack of layers to another.
struct Case {
    from: (Vec<&'static str>, Value),
    to: (Vec<&'static str>, Value),
    listed: Listed,
    files: Vec<FileKind>,
    change: fn(&mut ImagePair),
}

/// Two builds of the same image on the same base.
fn rebuilt() -> Case {
    Case {
        from: (vec!["base", "app 1"], json!({"User": "app"})),
        to: (vec!["base", "app 2"], json!({"User": "app"})),
        listed: listed(&[("curl", "8.1")], &[("curl", "8.1")]),
        files: Vec::new(),
        change: |_| {},
    }
}

impl Case {
    fn images(&self) -> ImagePair {
        let (from, to) = (inside(&self.from.0, &self.from.1), inside(&self.to.0, &self.to.1));
        let mut one = pair(from, to, self.listed.clone());
        one.files = self.files.iter().map(|what| FileChange { path: "/x".to_owned(), what: *what }).collect();
        let mut images = images(vec![one]);
        (self.change)(&mut images);
        images
    }

    /// The reason, and the marks in JSON.
    fn told(&self) -> String {
        said(&difference(self.images()))
    }
}

fn said(difference: &Difference) -> String {
    let word = |value: Value| value.as_str().unwrap_or("-").to_owned();
    let marks: Vec<String> = difference.marks.iter().map(|mark| word(serde_json::to_value(mark).unwrap())).collect();
    let why = word(serde_json::to_value(difference.why).unwrap());
    format!("{why}: {}", marks.join(" ")).trim_end_matches([' ', ':']).to_owned()
}

fn labelled(labels: &Value) -> Value {
    json!({"User": "app", "Labels": labels})
}

const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";
const REVISION: &str = "org.opencontainers.image.revision";

#[test]
fn packages_configuration_and_rebuilds() {
    assert_eq!(rebuilt().told(), "rebuild");
    assert_eq!(Case { listed: Listed::Untouched, ..rebuilt() }.told(), "rebuild", "no layer of their own has any");
    let upgraded = || listed(&[("curl", "8.1")], &[("curl", "8.2")]);
    assert_eq!(Case { listed: upgraded(), ..rebuilt() }.told(), "packages");
    let command = || (vec!["base", "app 2"], json!({"User": "app", "Cmd": ["serve"]}));
    assert_eq!(Case { to: command(), ..rebuilt() }.told(), "config");
    assert_eq!(Case { to: command(), listed: upgraded(), ..rebuilt() }.told(), "packages", "the more serious");
    let built = |version: &str| {
        labelled(&json!({"org.opencontainers.image.created": version, "org.opencontainers.image.version": version}))
    };
    let only_built =
        || Case { from: (vec!["base", "app 1"], built("1")), to: (vec!["base", "app 2"], built("2")), ..rebuilt() };
    assert_eq!(only_built().told(), "rebuild", "every build writes these labels anew");
    let other = || (vec!["base", "app 2"], labelled(&json!({"maintainer": "somebody else"})));
    assert_eq!(Case { to: other(), ..rebuilt() }.told(), "config");
    assert_eq!(said(&Difference::same()), "same");
    let same = || pair(inside(&["a"], &json!({})), inside(&["a"], &json!({})), Listed::Untouched);
    assert_eq!(said(&difference(images(vec![same()]))), "same", "only the index differs");
    let one_rebuilt = vec![same(), rebuilt().images().platforms.remove(0)];
    assert_eq!(said(&difference(images(one_rebuilt))), "rebuild", "of all platforms the most serious");
}

#[test]
fn sources() {
    let built_from = |revision: &str| labelled(&json!({REVISION: revision}));
    let from = |from: Value, to: Value| Case {
        from: (vec!["base", "app 1"], from),
        to: (vec!["base", "app 2"], to),
        ..rebuilt()
    };
    assert_eq!(from(built_from("a"), built_from("b")).told(), "source");
    assert_eq!(from(built_from("a"), built_from("a")).told(), "rebuild");
    assert_eq!(from(json!({"User": "app"}), built_from("b")).told(), "rebuild", "nothing to compare it with");
    let upgraded = listed(&[("curl", "8.1")], &[("curl", "8.2")]);
    assert_eq!(Case { listed: upgraded, ..from(built_from("a"), built_from("b")) }.told(), "source");
    let commits: fn(&mut ImagePair) = |images| images.commits = ["a", "b"].map(|commit| Some(commit.to_owned()));
    assert_eq!(Case { change: commits, ..rebuilt() }.told(), "source", "provenance says so");
    let one: fn(&mut ImagePair) = |images| images.commits = [None, Some("b".to_owned())];
    assert_eq!(Case { change: one, ..rebuilt() }.told(), "rebuild");
    let annotated: fn(&mut ImagePair) = |images| {
        let platform = &mut images.platforms[0];
        for (inside, commit) in [(&mut platform.from, "a"), (&mut platform.to, "b")] {
            inside.as_mut().unwrap().annotations = BTreeMap::from([(REVISION.to_owned(), commit.to_owned())]);
        }
    };
    let annotated = Case { change: annotated, ..rebuilt() };
    assert_eq!(annotated.told(), "source", "annotations say the same as labels");
    let found = difference(annotated.images()).commits.unwrap();
    assert_eq!(found, Named { from: Some("a".to_owned()), to: Some("b".to_owned()) });
}

#[test]
fn bases() {
    let on = |name: &str, digest: &str| labelled(&json!({BASE_NAME: name, BASE_DIGEST: digest}));
    let of = |from: (Vec<&'static str>, Value), to: (Vec<&'static str>, Value)| Case { from, to, ..rebuilt() };
    let (old, new) = (vec!["base", "app 1"], vec!["base", "app 2"]);
    let labels = of((old.clone(), on("debian:12", "sha256:a")), (new.clone(), on("debian:12", "sha256:b")));
    assert_eq!(labels.told(), "base: base-changed");
    let base = difference(labels.images()).base.unwrap();
    assert_eq!(base.to.as_deref(), Some("debian:12@sha256:b"));
    let same = || on("debian:12", "sha256:a");
    assert_eq!(of((old.clone(), same()), (new.clone(), same())).told(), "rebuild");
    let other_bottom = vec!["base 2", "app 2"];
    assert_eq!(of((old.clone(), same()), (other_bottom.clone(), same())).told(), "base: base-changed", "layers tell");
    let plain = || json!({"User": "app"});
    assert_eq!(of((old.clone(), plain()), (other_bottom, plain())).told(), "base: base-changed");
    assert_eq!(of((vec!["app 1"], plain()), (vec!["app 2"], plain())).told(), "rebuild", "nothing is below");
    let grown = vec!["below", "base", "app 2"];
    assert_eq!(of((old.clone(), plain()), (grown, plain())).told(), "rebuild", "the former base is still there");
    let revised = |revision: &str, digest: &str| labelled(&json!({REVISION: revision, BASE_DIGEST: digest}));
    let both = of((old, revised("a", "sha256:a")), (new, revised("b", "sha256:b")));
    assert_eq!(both.told(), "base: base-changed", "the more serious");
}

#[test]
fn what_nothing_explains() {
    let unknown_packages = || Case { listed: unknown(), ..rebuilt() };
    assert_eq!(unknown_packages().told(), "unexplained: unexplained not-looked-at");
    let revision = |of: &str| labelled(&json!({REVISION: of}));
    let explained = Case {
        from: (vec!["base", "app 1"], revision("a")),
        to: (vec!["base", "app 2"], revision("b")),
        ..unknown_packages()
    };
    assert_eq!(explained.told(), "source: not-looked-at");
    let replaced = Case { to: (vec!["base 2", "app 2"], json!({"User": "app"})), ..unknown_packages() };
    assert_eq!(replaced.told(), "unexplained: unexplained not-looked-at base-changed", "layers explain nothing");
    let executable = || vec![FileKind::NewExecutable];
    assert_eq!(Case { files: executable(), ..rebuilt() }.told(), "unexplained: unexplained new-executable");
    let upgraded = listed(&[("curl", "8.1")], &[("curl", "8.2")]);
    assert_eq!(Case { files: executable(), listed: upgraded, ..rebuilt() }.told(), "packages: new-executable");
    let explained = Case {
        from: (vec!["base", "app 1"], revision("a")),
        to: (vec!["base", "app 2"], revision("b")),
        files: executable(),
        ..rebuilt()
    };
    assert_eq!(explained.told(), "source: new-executable");
    let unread: fn(&mut ImagePair) = |images| {
        images.former = Former::Unread;
        images.platforms[0].from = None;
        images.platforms[0].listed = unknown();
    };
    assert_eq!(Case { change: unread, ..rebuilt() }.told(), "unexplained: unexplained not-looked-at");
}

#[test]
fn platforms() {
    let lost: fn(&mut ImagePair) = |images| {
        let mut lost = images.platforms[0].clone();
        (lost.name, lost.to, lost.listed) = ("linux/arm64".to_owned(), None, unknown());
        images.platforms.push(lost);
    };
    assert_eq!(Case { change: lost, ..rebuilt() }.told(), "platforms: platform-lost");
    let added: fn(&mut ImagePair) = |images| {
        let mut added = images.platforms[0].clone();
        (added.name, added.from) = ("linux/arm64".to_owned(), None);
        added.files = vec![FileChange { path: "/bin/su".to_owned(), what: FileKind::Setuid }];
        images.platforms.push(added);
    };
    assert_eq!(Case { change: added, ..rebuilt() }.told(), "platforms", "nothing in it is new compared with anything");
    let unexplained = Case { change: lost, listed: unknown(), ..rebuilt() };
    assert_eq!(unexplained.told(), "unexplained: platform-lost unexplained not-looked-at", "the more serious");
}

#[test]
fn users_ports_and_entrypoints() {
    let config = |from: Value, to: Value| Case {
        from: (vec!["base", "app 1"], from),
        to: (vec!["base", "app 2"], to),
        ..rebuilt()
    };
    let user = |from: &str, to: &str| config(json!({"User": from}), json!({"User": to})).told();
    for root in ["root", "0", "0:0", "", "root:root", "0:1000", "00"] {
        assert_eq!(user("app", root), "config: root", "{root}");
        assert_eq!(user(root, "app"), "config", "{root}");
    }
    for same in ["root", "0", "0:0", "root:0"] {
        assert_eq!(user("", same), "rebuild", "{same}");
    }
    assert_eq!(user("0:0", "0:1000"), "config", "root of another group");
    assert_eq!(config(json!({}), json!({"User": "toor"})).told(), "config");
    assert_eq!(config(json!({"User": "app"}), json!({})).told(), "config: root");
    let start = |from: Value, to: Value| {
        config(json!({"User": "a", "Entrypoint": from}), json!({"User": "a", "Entrypoint": to})).told()
    };
    assert_eq!(start(json!(["/app"]), json!(["/other"])), "config: entrypoint");
    assert_eq!(start(json!(["/app"]), Value::Null), "config: entrypoint");
    assert_eq!(start(json!(["/app", "-v"]), json!(["/app", "-v"])), "rebuild");
    assert_eq!(start(json!(["/app -v"]), json!(["/app", "-v"])), "config: entrypoint", "another program");
    let ports = |from: Value, to: Value| {
        config(json!({"User": "a", "ExposedPorts": from}), json!({"User": "a", "ExposedPorts": to})).told()
    };
    assert_eq!(ports(json!({"80/tcp": {}}), json!({"80/tcp": {}, "22/tcp": {}})), "config: port");
    assert_eq!(ports(json!({"80/tcp": {}, "22/tcp": {}}), json!({"80": {}})), "config", "one port less");
}

#[test]
fn other_marks() {
    let setuid = || Case { files: vec![FileKind::Setuid], ..rebuilt() };
    assert_eq!(setuid().told(), "rebuild: setuid");
    assert_eq!(Case { files: vec![FileKind::Cron, FileKind::Init], ..rebuilt() }.told(), "rebuild");
    let downgraded = listed(&[("curl", "8.2")], &[("curl", "8.1")]);
    assert_eq!(Case { listed: downgraded, ..rebuilt() }.told(), "packages: downgraded-package");
    let lost: fn(&mut ImagePair) = |images| images.signer = Some(SignerChange::Lost);
    assert_eq!(Case { change: lost, ..rebuilt() }.told(), "rebuild: signature-lost");
    let changed: fn(&mut ImagePair) = |images| images.signer = Some(SignerChange::Changed);
    assert_eq!(Case { change: changed, ..rebuilt() }.told(), "rebuild: signer-changed");
    assert_eq!(
        Case { change: |images| images.vulnerabilities = found(Severity::Critical), ..rebuilt() }.told(),
        "rebuild: new-critical"
    );
    assert_eq!(Case { change: |images| images.vulnerabilities = found(Severity::High), ..rebuilt() }.told(), "rebuild");
    let fixed: fn(&mut ImagePair) = |images| {
        images.vulnerabilities = found(Severity::Critical);
        images.vulnerabilities.fixed = std::mem::take(&mut images.vulnerabilities.new);
    };
    assert_eq!(Case { change: fixed, ..rebuilt() }.told(), "rebuild");
}

fn found(severity: Severity) -> VulnerabilityChanges {
    let new = vec![Vulnerability {
        severity,
        id: "CVE-2026-1".to_owned(),
        package: "curl".to_owned(),
        known_exploited: false,
    }]
    .into();
    VulnerabilityChanges { source: VulnerabilitySource::Reports, new, ..VulnerabilityChanges::default() }
}

/// What a first approval brings is new compared with nothing; only what is true of the image by itself is marked.
#[test]
fn first_approvals() {
    let first = |user: &str, listed: Listed| {
        let mut only = pair(inside(&[], &json!({})), inside(&["base", "app"], &json!({"User": user})), listed);
        only.from = None;
        only.files = vec![FileChange { path: "/bin/su".to_owned(), what: FileKind::Setuid }];
        ImagePair { former: Former::None, ..images(vec![only]) }
    };
    let known = || listed(&[], &[("curl", "8.1")]);
    assert_eq!(said(&difference(first("app", known()))), "-");
    assert_eq!(said(&difference(first("", known()))), "-: root");
    assert_eq!(said(&difference(first("app", unknown()))), "-: not-looked-at");
    let all = difference(first("", known()));
    assert_eq!(all.why, None::<Why>);
    let platform = &all.platforms[0];
    assert_eq!(platform.packages.added.len(), 1);
    assert_eq!((platform.layers.kept, platform.layers.added, platform.added_bytes), (0, 2, 200));
    let user = ConfigChange { field: Field::User, from: None, to: Some("root".to_owned()) };
    assert_eq!(platform.config, [user]);
    assert!(all.marks.contains(&Mark::Root));
}

#[test]
fn equal_packages_are_no_rebuild_where_files_were_not_all_read() {
    let config = json!({});
    let mut pair = pair(inside(&["a"], &config), inside(&["b"], &config), listed(&[("a", "1")], &[("a", "1")]));
    let why = |pair: &PlatformPair| {
        let platforms = vec![pair.clone()];
        let commits = [None, None];
        let vulnerabilities = VulnerabilityChanges::default();
        difference(ImagePair { former: Former::Read, platforms, signer: None, commits, vulnerabilities }).why
    };
    assert_eq!(why(&pair), Some(Why::Rebuild));
    pair.unread = Some("4 of 5 layers that differ were read".to_owned());
    assert_eq!(why(&pair), Some(Why::Unexplained));
    pair.listed = listed(&[("a", "1")], &[("a", "2")]);
    assert_eq!(why(&pair), Some(Why::Packages));
}

#[test]
fn all_marks_are_listed_in_their_order() {
    let schema = schemars::schema_for!(Mark).to_value();
    assert_eq!(schema["oneOf"].as_array().unwrap().len(), Mark::ALL.len());
    assert!(Mark::ALL.is_sorted());
}
