//! Signatures by the real cosign, in real registries: the new bundles and the former tags.

use std::path::PathBuf;

use bytes::Bytes;
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::faults::BY_KEY;
use super::{PROGRAM, World, entry, redact, rows, text};
use crate::support::clone::Clone;
use crate::support::http::{block_on, client};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::Run;
use crate::support::servers::{RealRegistry, find, missing};
use crate::support::signing::{SIGN, SIMPLE_SIGNING, bundle_of, fallback, tag_of, tagged};

/// cosign with two key pairs, and nothing of its services: it neither asks for a certificate nor writes to a log.
struct Cosign {
    program: PathBuf,
    directory: tempfile::TempDir,
}

impl Cosign {
    /// `None` (said on the error stream) where it is not installed.
    fn new() -> Option<Self> {
        let Some(program) = find("cosign") else {
            missing("cosign");
            return None;
        };
        let cosign = Self { program, directory: tempfile::tempdir().unwrap() };
        for name in ["tool", "other"] {
            cosign.run(&["generate-key-pair", "--output-key-prefix", name]);
        }
        Some(cosign)
    }

    fn run(&self, arguments: &[&str]) {
        let run = Run::new(&self.program).dir(self.directory.path()).env("COSIGN_PASSWORD", "").args(arguments);
        run.output().expect_status(0);
    }

    /// `more` begins with the command.
    fn sign(&self, key: &str, more: &[&str], image: &str) {
        let key = format!("{key}.key");
        let fixed = ["--yes", "--use-signing-config=false", "--tlog-upload=false", "--key", &key, image];
        self.run(&[more, &fixed].concat());
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.directory.path().join(file)).unwrap()
    }
}

const LEGACY: &str = "--new-bundle-format=false";
const BUILDER: &str = "https://ci.example/builder";
const SOURCE: &str = "https://github.com/acme/tool";

fn predicate() -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"repository": SOURCE}},
            "resolvedDependencies": [{
                "uri": format!("git+{SOURCE}@refs/heads/main"),
                "digest": {"gitCommit": "4d1a5c4f1b8c2e6d9f0a3b7c5e8d1f2a6b9c0d3e"},
            }],
        },
        "runDetails": {"builder": {"id": BUILDER}},
    })
}

/// A registry with images, and the names that they have there.
struct Upstream<'a> {
    registry: &'a RealRegistry,
    cosign: &'a Cosign,
}

impl Upstream<'_> {
    /// Signs an image as `more` says.
    fn sign(&self, name: &str, key: &str, more: &[&str], digest: &Digest) {
        self.cosign.sign(key, more, &format!("{}/team/{name}@{digest}", self.registry.host()));
    }

    fn get(&self, name: &str, path: &str) -> Bytes {
        let url = format!("{}/v2/team/{name}/{path}", self.registry.url());
        let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        block_on(async {
            let answer = client().get(&url).header("accept", accept).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{url}");
            answer.bytes().await.unwrap()
        })
    }

    fn json(&self, name: &str, path: &str) -> Value {
        serde_json::from_slice(&self.get(name, path)).unwrap()
    }

    fn put(&self, name: &str, reference: &str, image: &Image) {
        image.push_blocking(&self.registry.url(), &format!("team/{name}"), reference);
    }

    /// cosign's bundle about an image, by the fallback tag.
    fn bundle(&self, name: &str, digest: &Digest) -> Value {
        let listed = self.json(name, &format!("manifests/{}", tag_of(digest, "")));
        let manifest = self.json(name, &format!("manifests/{}", text(&listed["manifests"][0]["digest"])));
        self.json(name, &format!("blobs/{}", text(&manifest["layers"][0]["digest"])))
    }

    /// Puts another bundle in the place of cosign's.
    fn replace_bundle(&self, name: &str, image: &Image, bundle: &Value) {
        let artifact = bundle_of(image.root(), bundle, SIGN);
        self.put(name, artifact.digest().as_str(), &artifact);
        self.put(name, &tag_of(&image.digest(), ""), &fallback(&[&artifact]));
    }

    /// Changes what cosign signed under the `.sig` tag, and keeps its signature.
    fn change_payload(&self, name: &str, digest: &Digest) {
        let tag = tag_of(digest, ".sig");
        let layer = self.json(name, &format!("manifests/{tag}"))["layers"][0].clone();
        let payload = self.get(name, &format!("blobs/{}", text(&layer["digest"])));
        let changed = String::from_utf8(payload.to_vec()).unwrap().replace("\"optional\":null", "\"optional\":{}");
        self.put(name, &tag, &tagged(&[(SIMPLE_SIGNING, changed.into(), layer["annotations"].clone())]));
    }
}

/// What is done with an image.
type Act = fn(&Upstream<'_>, &str, &Image);

fn cases() -> Vec<(&'static str, Act)> {
    vec![
        ("bundle", |it, name, image| it.sign(name, "tool", &["sign"], &image.digest())),
        ("tag", |it, name, image| it.sign(name, "tool", &["sign", LEGACY], &image.digest())),
        ("bundles-of-everything", |it, name, image| it.sign(name, "tool", &["sign", "--recursive"], &image.digest())),
        ("bundles-of-platforms", |it, name, image| {
            image.manifests[..2].iter().for_each(|manifest| it.sign(name, "tool", &["sign"], &manifest.digest()));
        }),
        ("tag-of-one-platform", |it, name, image| {
            it.sign(name, "tool", &["sign", LEGACY], &image.manifests[0].digest());
        }),
        ("other-key", |it, name, image| it.sign(name, "other", &["sign"], &image.digest())),
        ("other-key-tag", |it, name, image| it.sign(name, "other", &["sign", LEGACY], &image.digest())),
        ("tampered-bundle", |it, name, image| {
            it.sign(name, "tool", &["sign"], &image.digest());
            let mut bundle = it.bundle(name, &image.digest());
            let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap();
            let middle = signature.len() / 2;
            let other = if signature.as_bytes()[middle] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &signature[..middle], &signature[middle + 1..]);
            bundle["dsseEnvelope"]["signatures"][0]["sig"] = json!(changed);
            it.replace_bundle(name, image, &bundle);
        }),
        ("tampered-tag", |it, name, image| {
            it.sign(name, "tool", &["sign", LEGACY], &image.digest());
            it.change_payload(name, &image.digest());
        }),
        ("another-images-bundle", |it, name, image| {
            let another = ImageSpec::new(99).build();
            it.put(name, "0.1.0", &another);
            it.sign(name, "tool", &["sign"], &another.digest());
            let bundle = it.bundle(name, &another.digest());
            it.replace_bundle(name, image, &bundle);
        }),
        ("attested", |it, name, image| {
            it.sign(name, "tool", &["sign"], &image.digest());
            it.sign(name, "tool", &ATTEST, &image.digest());
        }),
        ("attested-tag", |it, name, image| {
            it.sign(name, "tool", &["sign", LEGACY], &image.digest());
            it.sign(name, "tool", &[&ATTEST[..], &[LEGACY]].concat(), &image.digest());
        }),
        ("attested-by-other-key", |it, name, image| {
            it.sign(name, "tool", &["sign"], &image.digest());
            it.sign(name, "other", &ATTEST, &image.digest());
        }),
    ]
}

const ATTEST: [&str; 5] = ["attest", "--type", "slsaprovenance1", "--predicate", "predicate.json"];

/// What the image of a case asks for.
fn asked(name: &str) -> String {
    let provenance = if name.starts_with("attested") {
        format!("\nprovenance: {{ builder: \"{BUILDER}\", source: \"{SOURCE}\" }}")
    } else {
        String::new()
    };
    format!("{BY_KEY}{provenance}")
}

/// What the program says of every case in a registry: what it would propose with which evidence, and what it promotes.
fn told(cosign: &Cosign, registry: &RealRegistry) -> String {
    let (world, upstream) = (World::new(), Upstream { registry, cosign });
    let mut digests = Vec::new();
    for (seed, (name, act)) in (1..).zip(cases()) {
        let image = ImageSpec::new(seed).build();
        upstream.put(name, "1.0.0", &image);
        act(&upstream, name, &image);
        digests.push((name, image.digest()));
    }
    let manifest = |is_approved: bool| {
        let one = |(name, digest): &(&str, Digest)| {
            let approved = [("1.0.0", digest)];
            entry(&registry.host(), name, &asked(name), if is_approved { &approved } else { &[] })
        };
        world.manifest(&digests.iter().map(one).collect::<Vec<_>>())
    };
    let key = cosign.read("tool.pub");
    let clone = Clone::with(&[("approved-images.yml", &manifest(false)), ("keys/tool.pub", &key)]);
    let run = |command: &str, status| clone.run(PROGRAM, "", &[command]).output().expect_status(status).json();
    let (planned, proposed) = (run("plan", 0), run("propose", 0));
    clone.commit(&[("approved-images.yml", &manifest(true))], "Approve them all by hand");
    let (checked, promoted) = (run("check", 0), run("promote", 1));
    assert_eq!(rows(&checked, "findings").len(), 0, "nothing differs from the base");
    let branch = |row: &Value| text(&row["branch"]);
    let branches: Vec<String> = rows(&proposed, "proposals").iter().map(branch).collect();
    let mut table = String::new();
    for (name, digest) in &digests {
        let is_proposed = branches.contains(&format!("wharfinger/image/{name}/latest"));
        let is_promoted = world.mirror.digest(&format!("acme/{name}"), "1.0.0").as_ref() == Some(digest);
        assert_eq!(is_proposed, is_promoted, "{name}");
        let lines = evidence(&planned, name).into_iter().chain(failed(&promoted, name));
        let lines: String = lines.map(|line| format!("    {}\n", redact(&line))).collect();
        table.push_str(&format!("{name}: {}\n{lines}", if is_promoted { "promoted" } else { "not promoted" }));
    }
    table
}

/// The evidence of what would be proposed.
fn evidence(planned: &Value, name: &str) -> Vec<String> {
    let images = rows(planned, "proposals").iter().flat_map(|proposal| rows(proposal, "images"));
    let Some(image) = images.into_iter().find(|image| image["repository"] == name) else { return Vec::new() };
    let words = |row: &Value, keys: &[&str]| {
        keys.iter()
            .filter_map(|key| row[*key].as_str().map(|word| format!("{key} {word}")))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let signatures = rows(&image["evidence"], "signatures").iter();
    let signatures =
        signatures.map(|row| format!("signature: {}", words(row, &["state", "kind", "covers", "by", "detail"])));
    let provenance = Some(&image["evidence"]["provenance"]).filter(|row| !row.is_null());
    let provenance = provenance
        .map(|row| format!("provenance: {}", words(row, &["state", "builder", "source", "commit", "detail"])));
    signatures.chain(provenance).collect()
}

/// Why it is not promoted.
fn failed(promoted: &Value, name: &str) -> Vec<String> {
    let of_image = rows(promoted, "failed").iter().filter(|row| row["repository"] == name);
    of_image.map(|row| format!("{}: {}", text(&row["step"]), text(&row["error"]))).collect()
}

#[test]
fn what_cosign_signs_is_verified_in_real_registries_and_what_is_tampered_with_is_not() {
    let Some(cosign) = Cosign::new() else { return };
    std::fs::write(cosign.directory.path().join("predicate.json"), predicate().to_string()).unwrap();
    let registries = [RealRegistry::debian(), RealRegistry::distribution()];
    let tables: Vec<String> = registries.into_iter().flatten().map(|registry| told(&cosign, &registry)).collect();
    for table in &tables {
        insta::assert_snapshot!("what_cosign_signs", table);
    }
}
