//! `diff`: who signed and what is known to be vulnerable, as text, as Markdown and as JSON.

use serde_json::{Value, json};

use super::diff::{app, diff_in, of, put};
use super::explain::valid;
use crate::support::images::Image;
use crate::support::osv::TestOsv;
use crate::support::registry::TestRegistry;
use crate::support::signing::Key;

/// Two versions in a registry, and a directory with two keys and a manifest that has OSV asked.
struct World {
    registry: TestRegistry,
    osv: TestOsv,
    keys: [Key; 2],
    directory: tempfile::TempDir,
    images: [Image; 2],
}

/// An image whose SBOM lists one package.
fn image(version: &str) -> Image {
    let purl = format!("pkg:npm/left-pad@{version}");
    let package = json!({"SPDXID": "SPDXRef-left-pad", "name": "left-pad", "versionInfo": version,
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]});
    let sbom = json!({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "sbom", "packages": [package]});
    of(&[app(version)]).with_sbom(sbom).build()
}

impl World {
    fn start() -> Self {
        let (registry, osv) = (TestRegistry::start(), TestOsv::start());
        let (keys, images) = ([Key::generate(), Key::generate()], [image("1.0.0"), image("1.1.0")]);
        put(&registry, &images[0], &images[1]);
        let directory = tempfile::tempdir().unwrap();
        for (name, key) in ["a.pub", "b.pub"].iter().zip(&keys) {
            std::fs::write(directory.path().join(name), key.pem()).unwrap();
        }
        Self { registry, osv, keys, directory, images }
    }

    fn sign(&self, image: usize, key: usize) {
        self.registry.put_untagged("acme/tool", &self.keys[key].signature_of(self.images[image].root()));
    }

    /// Has OSV asked.
    fn look_up(&self) {
        let manifest = "organization: acme\nevidence: { vulnerabilities: osv }\nimages: []\n";
        std::fs::write(self.directory.path().join("approved-images.yml"), manifest).unwrap();
    }

    /// Text, Markdown and JSON, without what differs from run to run.
    fn shown(&self, arguments: &[&str]) -> (String, String, Value) {
        let run = |format: &str| {
            let run = diff_in(self.directory.path(), &self.registry.url(), &["--format", format]);
            run.env("WHARFINGER_HOSTS", format!("api.osv.dev={}", self.osv.url())).args(arguments).output()
        };
        let cleaned = |text: String| {
            let text = text.replace(&self.registry.host(), "REGISTRY");
            let digests = regex::Regex::new("[0-9a-f]{64}").unwrap();
            digests.replace_all(&text, "DIGEST").into_owned()
        };
        let document = run("json").expect_status(0).json();
        valid(&document);
        let [text, markdown] = ["human", "markdown"].map(|format| cleaned(run(format).expect_status(0).stdout));
        (text, markdown, document)
    }
}

/// The lines that say something about signatures and risks.
fn of_makers(text: &str) -> String {
    let told = |line: &&str| line.contains("Risk") || line.contains("Signature");
    text.lines().filter(told).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_lost_signature_is_marked_whether_or_not_a_key_is_named() {
    let world = World::start();
    world.sign(0, 0);
    for arguments in [&[][..], &["--key", "a.pub"]] {
        let (text, markdown, document) = world.shown(arguments);
        assert_eq!(document["marks"], json!(["signature-lost"]), "{arguments:?}: {document}");
        assert!(text.contains("Risk: signature lost"), "{text}");
        assert!(markdown.contains("- Risk: **signature lost**\n"), "{markdown}");
    }
    world.sign(1, 0);
    assert_eq!(world.shown(&[]).2["marks"], json!([]));
}

#[test]
fn a_changed_signer_is_marked_if_a_key_tells_who_it_was() {
    let world = World::start();
    world.sign(0, 0);
    world.sign(1, 1);
    let (_, _, document) = world.shown(&[]);
    assert_eq!(document["marks"], json!([]), "without a key nobody is verified");
    let (text, markdown, document) = world.shown(&["--key", "a.pub"]);
    assert_eq!(document["marks"], json!(["signer-changed"]), "{document}");
    assert_eq!(document["signatures"][0]["state"], "failed");
    insta::assert_snapshot!("changed_signer", format!("{}\n{}", of_makers(&text), of_makers(&markdown)));
    let (_, _, document) = world.shown(&["--key", "b.pub"]);
    let marks = json!(["unexplained", "not-looked-at"]);
    assert_eq!(document["marks"], marks, "nobody is lost, but nobody that is asked for signed the former's SBOM");
    assert_eq!(document["signatures"][0]["state"], "verified");
    world.sign(1, 0);
    let (text, markdown, document) = world.shown(&["--key", "a.pub"]);
    assert_eq!(document["marks"], json!([]), "one of its signers is the same: {document}");
    insta::assert_snapshot!("same_signer", format!("{}\n{}", of_makers(&text), of_makers(&markdown)));
}

#[test]
fn a_new_critical_vulnerability_is_marked_and_named() {
    let world = World::start();
    world.look_up();
    let severity = |word: &str| json!({"database_specific": {"severity": word}});
    world.osv.add("CVE-2027-1", &["pkg:npm/left-pad@1.1.0"], &severity("CRITICAL"));
    world.osv.add("CVE-2027-2", &["pkg:npm/left-pad@1.0.0"], &severity("HIGH"));
    world.osv.add("CVE-2027-3", &["pkg:npm/left-pad@1.0.0", "pkg:npm/left-pad@1.1.0"], &severity("LOW"));
    let (text, markdown, document) = world.shown(&[]);
    assert_eq!(document["marks"], json!(["new-critical"]), "{document}");
    let new = &document["vulnerabilities"]["new"];
    assert_eq!(
        new,
        &json!([{"id": "CVE-2027-1", "severity": "critical", "package": "left-pad", "known-exploited": false}])
    );
    assert_eq!(document["vulnerabilities"]["same"], 1);
    insta::assert_snapshot!("new_critical_text", text);
    insta::assert_snapshot!("new_critical_markdown", markdown);
}
