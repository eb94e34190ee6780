//! `diff`: pairs of images whose difference is known, at real registries and at one that counts requests.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::images::{Image, ImageSpec};
use crate::support::layers::{Files, Layer};
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;
use crate::support::servers::RealRegistry;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

const REVISION: &str = "org.opencontainers.image.revision";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// `diff` of two tags of one repository, in a directory without a manifest.
pub(crate) fn diff(address: &str, arguments: &[&str]) -> Outcome {
    diff_in(tempfile::tempdir().unwrap().path(), address, arguments).output()
}

/// The same in this directory.
pub(crate) fn diff_in(directory: &Path, address: &str, arguments: &[&str]) -> Run {
    let name = |tag: &str| format!("{}/acme/tool:{tag}", address.trim_start_matches("http://"));
    Run::new(PROGRAM).args(["diff", &name("from"), &name("to")]).args(arguments).dir(directory)
}

/// The packages of a Debian base.
pub(crate) fn base() -> Layer {
    Files::new().dpkg(&[("curl", "8.1"), ("zlib", "1.3")]).program("usr/bin/curl").gzip()
}

pub(crate) fn app(content: &str) -> Layer {
    Files::new().text("srv/app", content).gzip()
}

/// An image for one platform with these layers.
pub(crate) fn of(layers: &[Layer]) -> ImageSpec {
    ImageSpec::new(1).platforms(&["linux/amd64"]).of_files(layers)
}

/// The former of most pairs.
pub(crate) fn former() -> ImageSpec {
    of(&[base(), app("1")])
}

/// Two images, and what is true of them.
struct Pair {
    name: &'static str,
    from: ImageSpec,
    to: ImageSpec,
    /// The reason, then the marks.
    truth: &'static str,
}

fn pair(name: &'static str, to: ImageSpec, truth: &'static str) -> Pair {
    Pair { name, from: former(), to, truth }
}

fn pairs() -> Vec<Pair> {
    let above = |files: Files| of(&[base(), app("2"), files.gzip()]);
    let change = |change: fn(&mut ImageSpec)| {
        let mut spec = former();
        change(&mut spec);
        spec
    };
    let labelled = |name: &str, value: &str, content: &str| of(&[base(), app(content)]).label(name, value);
    let no_database = |content: &str| of(&[app(content)]);
    let rpm = |content: &str| of(&[Files::new().text("var/lib/rpm/rpmdb.sqlite", content).gzip()]);
    let platforms = |names: &[&str]| former().platforms(names);
    let newer = || Files::new().dpkg(&[("curl", "8.2"), ("zlib", "1.3")]);
    let apk = |version: &str| of(&[Files::new().apk(&[("musl", version)]).gzip(), app(version)]);
    vec![
        pair("same", former(), "same"),
        pair("rebuild", of(&[base(), app("2")]), "rebuild"),
        pair("base replaced", of(&[newer().gzip(), app("1")]), "base: base-changed"),
        Pair {
            name: "base by labels",
            from: labelled(BASE_DIGEST, "sha256:a", "1"),
            to: labelled(BASE_DIGEST, "sha256:b", "2"),
            truth: "base: base-changed",
        },
        pair("package upgraded", above(newer()), "packages"),
        pair("package upgraded, zstd", of(&[base(), app("2"), newer().zstd()]), "packages"),
        pair("package upgraded, plain", of(&[base(), app("2"), newer().plain()]), "packages"),
        pair("package removed", above(Files::new().dpkg(&[("zlib", "1.3")])), "packages"),
        pair(
            "package downgraded",
            above(Files::new().dpkg(&[("curl", "8.0"), ("zlib", "1.3")])),
            "packages: downgraded-package",
        ),
        Pair { name: "package of Alpine", from: apk("1.2.4-r0"), to: apk("1.2.5-r1"), truth: "base: base-changed" },
        Pair {
            name: "source",
            from: labelled(REVISION, &"a".repeat(40), "1"),
            to: labelled(REVISION, &"b".repeat(40), "2"),
            truth: "source",
        },
        pair("command", change(|spec| spec.cmd = vec!["serve".to_owned()]), "config"),
        pair("entrypoint", change(|spec| spec.entrypoint = vec!["/other".to_owned()]), "config: entrypoint"),
        pair("port", change(|spec| spec.ports = vec!["22/tcp".to_owned()]), "config: port"),
        pair("root", change(|spec| spec.user = None), "config: root"),
        Pair { name: "no longer root", from: change(|spec| spec.user = None), to: former(), truth: "config" },
        Pair {
            name: "platform lost",
            from: platforms(&["linux/amd64", "linux/arm64"]),
            to: platforms(&["linux/amd64"]),
            truth: "platforms: platform-lost",
        },
        Pair {
            name: "platform added",
            from: platforms(&["linux/amd64"]),
            to: platforms(&["linux/amd64", "linux/arm64"]),
            truth: "platforms",
        },
        Pair { name: "no packages at all", from: no_database("1"), to: no_database("2"), truth: "rebuild" },
        Pair {
            name: "packages of a kind that is not read",
            from: rpm("1"),
            to: rpm("2"),
            truth: "unexplained: unexplained not-looked-at",
        },
        pair(
            "executable of nobody",
            above(Files::new().program("usr/bin/miner")),
            "unexplained: unexplained new-executable",
        ),
        pair("file removed", above(Files::new().without("srv/app")), "rebuild"),
        pair("cron", above(Files::new().text("etc/cron.d/job", "* * * * * root job")), "rebuild"),
    ]
}

/// The reason and the marks.
pub(crate) fn told(found: &Value) -> String {
    let marks: Vec<&str> = found["marks"].as_array().unwrap().iter().map(|mark| mark.as_str().unwrap()).collect();
    format!("{}: {}", found["why"].as_str().unwrap_or("-"), marks.join(" ")).trim_end_matches([' ', ':']).to_owned()
}

#[test]
fn what_is_known_of_pairs_of_images_is_found() {
    let servers = [RealRegistry::debian(), RealRegistry::distribution()];
    for server in servers.into_iter().flatten() {
        let mut table = String::new();
        for Pair { name, from, to, truth } in pairs() {
            from.build().push_blocking(&server.url(), "acme/tool", "from");
            to.build().push_blocking(&server.url(), "acme/tool", "to");
            let found = diff(&server.url(), &["--format", "json"]).expect_status(0).json();
            assert_eq!(found["version"], 1);
            let found = told(&found);
            let verdict = if found == truth { "" } else { "   <-- wrong" };
            table.push_str(&format!("{name:<26} {truth:<45} {found}{verdict}\n"));
        }
        assert!(!table.contains("wrong"), "what must be found, and what was found:\n{table}");
    }
}

pub(crate) fn put(registry: &TestRegistry, from: &Image, to: &Image) {
    from.put(registry, "acme/tool", "from");
    to.put(registry, "acme/tool", "to");
}

fn sbom(version: &str) -> Value {
    let package = |name: &str, version: &str| {
        json!({"SPDXID": format!("SPDXRef-{name}"), "name": name, "versionInfo": version, "licenseDeclared": "MIT",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": format!("pkg:deb/debian/{name}@{version}")}]})
    };
    json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom",
        "packages": [package("curl", version), package("zlib", "1.3")]})
}

/// The packages of the only platform: where they come from, and which were upgraded.
fn packages(found: &Value) -> String {
    let packages = &found["platforms"][0]["packages"];
    let upgraded = packages["upgraded"].as_array().unwrap().iter();
    let upgraded: Vec<String> = upgraded.map(|one| format!("{} {} {}", one["name"], one["from"], one["to"])).collect();
    format!("{} {}", packages["source"].as_str().unwrap(), upgraded.join(", ").replace('"', "")).trim().to_owned()
}

#[test]
fn an_sbom_in_the_index_or_beside_it_is_read_if_both_have_one() {
    let registry = TestRegistry::start();
    let found = || packages(&diff(&registry.url(), &["--format", "json"]).expect_status(0).json());
    let bare = |content: &str| of(&[app(content)]);
    let with = |content: &str, version: &str| bare(content).with_sbom(sbom(version)).build();
    put(&registry, &with("1", "8.1"), &with("2", "8.2"));
    assert_eq!(found(), "sbom curl 8.1 8.2");
    put(&registry, &bare("1").build(), &with("2", "8.2"));
    assert_eq!(found(), "none", "one side alone compares nothing");
    put(&registry, &bare("3").build(), &bare("4").build());
    assert_eq!(found(), "layers", "no layer has a package database");
    let refer = |image: &Image, version: &str| {
        let manifest = &image.manifests[0];
        Image::artifact(manifest, "application/spdx+json", sbom(version).to_string().as_bytes())
    };
    let (from, to) = (bare("5").build(), bare("6").build());
    put(&registry, &from, &to);
    for (image, version) in [(&from, "8.1"), (&to, "8.2")] {
        let artifact = refer(image, version);
        artifact.put(&registry, "acme/tool", artifact.digest().as_str());
    }
    assert_eq!(found(), "sbom curl 8.1 8.2", "by referrers");
}

#[test]
fn hostile_sboms_are_bounded_and_unknown() {
    let registry = TestRegistry::start();
    let deep = (0..300).fold(json!(1), |inner, _| json!({"a": inner}));
    let cyclic = json!({"spdxVersion": "SPDX-2.3", "packages": sbom("8.2")["packages"], "relationships": [
        {"spdxElementId": "SPDXRef-curl", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-zlib"},
        {"spdxElementId": "SPDXRef-zlib", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-curl"}]});
    let large = json!({"spdxVersion": "SPDX-2.3", "packages": [], "comment": "x".repeat(11_000_000)});
    let of = |sbom: Value| {
        let with = |content: &str, sbom: Value| of(&[app(content)]).with_sbom(sbom).build();
        put(&registry, &with("1", sbom_of_former()), &with("2", sbom));
        diff(&registry.url(), &["--format", "json"]).expect_status(0).json()
    };
    let found = of(large);
    let detail = found["platforms"][0]["packages"]["detail"].as_str().unwrap();
    assert!(detail.contains("the SBOM cannot be used: it has 11 MB, and 10 MB are read"), "{detail}");
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at");
    let found = of(deep);
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at", "{found}");
    assert_eq!(packages(&of(cyclic)), "sbom curl 8.1 8.2");
}

fn sbom_of_former() -> Value {
    sbom("8.1")
}

/// Kinds of requests with their number.
fn requests(registry: &TestRegistry) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for exchange in registry.log() {
        let path = &exchange.request.path;
        let short = path.split_once("sha256:").map_or(path.as_str(), |(before, _)| before);
        *counts.entry(format!("{} {short}", exchange.request.method)).or_default() += 1;
    }
    counts
}

#[test]
fn what_both_images_share_is_not_read_and_nothing_of_equal_ones() {
    let registry = TestRegistry::start();
    let layers: Vec<Layer> = (0..8).map(|number| app(&format!("shared {number}"))).collect();
    let with = |top: &str| of(&[&[base()], &layers[..], &[app(top)]].concat()).build();
    put(&registry, &with("1"), &with("2"));
    registry.server().clear_log();
    diff(&registry.url(), &["--format", "json"]).expect_status(0);
    let counts = requests(&registry);
    let blobs = counts["GET /v2/acme/tool/blobs/"];
    assert_eq!(blobs, 2 + 2, "a configuration and a layer of each: {counts:?}");
    put(&registry, &with("1"), &with("1"));
    registry.server().clear_log();
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!(told(&found), "same");
    assert_eq!(requests(&registry).keys().filter(|kind| kind.starts_with("GET")).count(), 0);
}

#[test]
fn at_most_four_layers_of_each_side_are_read() {
    let registry = TestRegistry::start();
    let with = |seed: &str| {
        let layers: Vec<Layer> = (0..9).map(|number| app(&format!("{seed} {number}"))).collect();
        of(&layers).build()
    };
    put(&registry, &with("old"), &with("new"));
    registry.server().clear_log();
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    let counts = requests(&registry);
    assert!(counts["GET /v2/acme/tool/blobs/"] <= 2 * (1 + 4), "{counts:?}");
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at base-changed");
}

#[test]
fn of_an_index_with_many_platforms_some_are_read() {
    let registry = TestRegistry::start();
    let names: Vec<String> = (0..60).map(|number| format!("linux/arm/v{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let with = |content: &str| of(&[base(), app(content)]).platforms(&names).build();
    put(&registry, &with("1"), &with("2"));
    registry.server().clear_log();
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at");
    let details: Vec<&str> =
        found["platforms"].as_array().unwrap().iter().filter_map(|one| one["packages"]["detail"].as_str()).collect();
    assert_eq!(details.len(), 60 - 24);
    assert!(details[0].starts_with("at most 24 platforms are read"), "{}", details[0]);
    let counts = requests(&registry);
    assert!(counts["GET /v2/acme/tool/blobs/"] <= 24 * 2 * 5, "{counts:?}");
}

#[test]
fn an_sbom_that_leaves_out_a_change_of_the_database_is_completed() {
    let registry = TestRegistry::start();
    let with = |version: &str| of(&[Files::new().dpkg(&[("curl", version), ("zlib", "1.3")]).gzip()]);
    put(&registry, &with("8.1").with_sbom(sbom("8.1")).build(), &with("8.0").with_sbom(sbom("8.1")).build());
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!(told(&found), "packages: downgraded-package", "{found}");
    let packages = &found["platforms"][0]["packages"];
    assert_eq!((&packages["source"], packages["downgraded"][0]["to"].as_str()), (&json!("sbom"), Some("8.0")));
    assert_eq!(packages["detail"], "the SBOM does not show 1 change of the databases in layers");
}

#[test]
fn a_registry_with_too_few_pulls_left_is_spared() {
    let registry = TestRegistry::start();
    put(&registry, &former().build(), &of(&[base(), app("2")]).build());
    let remaining = |count: &str| vec![("ratelimit-remaining".to_owned(), format!("{count};w=21600"))];
    registry.set(|switches| switches.headers = remaining("1"));
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    let detail = found["platforms"][0]["packages"]["detail"].as_str().unwrap();
    assert!(detail.contains("allows 1 more pulls now, and promotion needs 2"), "{detail}");
    assert_eq!(told(&found), "unexplained: unexplained not-looked-at");
    registry.set(|switches| switches.headers = remaining("2"));
    let found = diff(&registry.url(), &["--format", "json"]).expect_status(0).json();
    assert_eq!(told(&found), "rebuild");
}

#[test]
fn text_and_markdown_say_the_same() {
    let registry = TestRegistry::start();
    let newer = Files::new().dpkg(&[("curl", "8.2"), ("openssl", "3.0"), ("zlib", "1.3")]).gzip();
    let mut to = of(&[base(), app("2"), newer]);
    to.user = None;
    put(&registry, &former().build(), &to.build());
    let clean = |text: String| {
        let address = registry.url().trim_start_matches("http://").to_owned();
        text.replace(&address, "REGISTRY")
    };
    insta::assert_snapshot!("text", clean(diff(&registry.url(), &[]).expect_status(0).stdout));
    let markdown = diff(&registry.url(), &["--format", "markdown"]).expect_status(0).stdout;
    insta::assert_snapshot!("markdown", clean(markdown));
}
