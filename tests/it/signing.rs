//! Images that must be signed: which of them are proposed, checked, approved and promoted, with signatures made by the
//! tests.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::guards;
use crate::support::clone::Clone;
use crate::support::http::{Action, Rule};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::Outcome;
use crate::support::registry::TestRegistry;
use crate::support::servers::RealRegistry;
use crate::support::signing::{self, Key, PROVENANCE, tag_of};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
pub(crate) const MANIFEST: &str = "approved-images.yml";
pub(crate) const FILE: &str = "keys/app.pub";
const BRANCH: &str = "wharfinger/image/app/latest";

/// A source that is signed with a key, a mirror, and a clone whose manifest asks for that key.
pub(crate) struct World {
    pub(crate) upstream: TestRegistry,
    mirror: TestRegistry,
    pub(crate) key: Key,
    pub(crate) clone: Clone,
}

impl World {
    /// `more`: further lines of the image, such as its approvals.
    pub(crate) fn new(more: &str) -> Self {
        Self::asking("signatures: { key: keys/app.pub }", more)
    }

    pub(crate) fn asking(asked: &str, more: &str) -> Self {
        let (upstream, mirror, key) = (TestRegistry::start(), TestRegistry::start(), Key::generate());
        let text = manifest(&upstream.host(), &mirror.host(), asked, more);
        let clone = Clone::with(&[(MANIFEST, &text), (FILE, &key.pem())]);
        Self { upstream, mirror, key, clone }
    }

    /// A version, signed by these keys.
    pub(crate) fn version(&self, seed: u64, tag: &str, keys: &[&Key]) -> Image {
        let image = ImageSpec::new(seed).build();
        image.put(&self.upstream, "team/app", tag);
        for key in keys {
            self.beside(&key.signature_of(image.root()));
        }
        image
    }

    pub(crate) fn beside(&self, artifact: &Image) {
        self.upstream.put_untagged("team/app", artifact);
    }

    /// Has the manifest approve this too.
    pub(crate) fn approve(&self, tag: &str, digest: &Digest) {
        let text = self.clone.read("main", MANIFEST) + "\n";
        let text = text.replace("    approved: []\n", "    approved:\n");
        self.clone.commit(&[(MANIFEST, &format!("{text}      - {{ tag: {tag}, digest: \"{digest}\" }}\n"))], "Approve");
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.clone.run(PROGRAM, "", args).output()
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str], status: i32) -> Value {
        self.run(args).expect_status(status).json()
    }
}

fn manifest(upstream: &str, mirror: &str, asked: &str, more: &str) -> String {
    format!(
        "organization: acme\nregistry: {mirror}\ndefaults: {{ cooldown: 0s }}\nimages:\n  - source: {upstream}/team/app\n    \
         repository: app\n    versions: \">=1\"\n    {asked}\n{more}    approved: []\n"
    )
}

/// What waits, by tag, with reason and detail.
fn waits(output: &Value, tag: &str) -> (String, String) {
    let row = output["waiting"].as_array().unwrap().iter().find(|row| row["tag"] == tag);
    let row = row.unwrap_or_else(|| panic!("{tag} does not wait: {output}"));
    (row["reason"].as_str().unwrap().to_owned(), row["detail"].as_str().unwrap().to_owned())
}

#[test]
fn the_newest_that_is_signed_is_proposed_with_who_signed_it() {
    let world = World::new("");
    world.version(1, "1.0.0", &[&world.key]);
    world.version(2, "1.1.0", &[]);
    let plan = world.json(&["plan"], 0);
    let image = &plan["proposals"][0]["images"][0];
    assert_eq!(image["to"], "1.0.0", "{plan}");
    let signature = &image["evidence"]["signatures"][0];
    let [kind, state, covers] = ["kind", "state", "covers"].map(|key| signature[key].as_str().unwrap());
    assert_eq!((kind, state, covers), ("cosign-key", "verified", "index"), "{image}");
    assert!(signature["by"].as_str().unwrap().contains(FILE), "{signature}");
    assert_eq!(image["evidence"]["marks"], json!([]));
    let (reason, detail) = waits(&plan, "1.1.0");
    assert_eq!(reason, "unsigned");
    assert!(detail.contains("absent") && detail.contains(FILE), "{detail}");
    world.json(&["propose"], 0);
    let body = world.clone.git(&["log", "-1", "--format=%B", BRANCH]);
    assert!(body.contains("- ✓ signature (cosign-key): verified, by "), "{body}");
    assert!(!body.contains("the manifest asks for none"), "{body}");
    let explained = world.json(&["explain"], 0);
    let tag = &explained["images"][0]["tags"][0];
    assert_eq!((&tag["tag"], &tag["reason"], &tag["detail"]), (&json!("1.1.0"), &json!("unsigned"), &json!(detail)));
}

#[test]
fn signatures_are_found_wherever_they_stand() {
    for place in ["referrer", "fallback", ".sig"] {
        let world = World::new("");
        world.upstream.set(|switches| switches.referrers = place == "referrer");
        let image = world.version(3, "1.0.0", &[]);
        let put = |image: &Image, tag: &str| image.put(&world.upstream, "team/app", tag);
        let bundle = world.key.signature_of(image.root());
        match place {
            "referrer" => world.beside(&bundle),
            "fallback" => {
                world.beside(&bundle);
                put(&signing::fallback(&[&bundle]), &tag_of(&image.digest(), ""));
            }
            _ => drop(put(&world.key.simple_signature_of(&image.digest()), &tag_of(&image.digest(), ".sig"))),
        }
        let plan = world.json(&["plan"], 0);
        assert_eq!(
            plan["proposals"][0]["images"][0]["evidence"]["signatures"][0]["state"], "verified",
            "{place}: {plan}"
        );
    }
}

#[test]
fn signatures_are_found_in_a_registry_without_the_referrers_api() {
    let Some(registry) = RealRegistry::debian() else { return };
    let (image, key) = (ImageSpec::new(4).build(), Key::generate());
    image.push_blocking(&registry.url(), "team/app", "1.0.0");
    let bundle = key.signature_of(image.root());
    bundle.push_blocking(&registry.url(), "team/app", bundle.digest().as_str());
    signing::fallback(&[&bundle]).push_blocking(&registry.url(), "team/app", &tag_of(&image.digest(), ""));
    let text = manifest(&registry.host(), "127.0.0.1:1", "signatures: { key: keys/app.pub }", "");
    let clone = Clone::with(&[(MANIFEST, &text), (FILE, &key.pem())]);
    let output = clone.run(PROGRAM, "", &["propose"]).output().expect_status(0).json();
    assert_eq!(output["proposals"][0]["action"], "opened", "{output}");
}

#[test]
fn every_platform_signed_counts_as_the_index_and_one_alone_does_not() {
    let world = World::new("");
    let image = world.version(5, "1.0.0", &[]);
    world.beside(&world.key.signature_of(&image.manifests[0]));
    let output = world.json(&["plan"], 0);
    let (reason, detail) = waits(&output, "1.0.0");
    assert_eq!(reason, "unsigned", "{output}");
    assert!(detail.contains("linux/amd64 is signed") && detail.contains("linux/arm64 is not"), "{detail}");
    world.beside(&world.key.signature_of(&image.manifests[1]));
    let plan = world.json(&["plan"], 0);
    assert_eq!(plan["proposals"][0]["images"][0]["evidence"]["signatures"][0]["covers"], "index", "{plan}");
}

#[test]
fn an_unsigned_version_approved_by_hand_is_never_promoted() {
    let world = World::new("");
    let (good, bad) = (world.version(6, "1.0.0", &[&world.key]), world.version(7, "1.1.0", &[]));
    world.approve("1.0.0", &good.digest());
    world.approve("1.1.0", &bad.digest());
    let plan = world.json(&["plan"], 1);
    let states: Vec<&Value> = plan["promotions"].as_array().unwrap().iter().map(|p| &p["state"]).collect();
    assert_eq!(states, ["copy", "unsigned"], "{plan}");
    let result = world.json(&["promote"], 1);
    assert_eq!(result["promoted"][0]["tag"], "1.0.0", "the others go on: {result}");
    let failed = &result["failed"][0];
    assert_eq!((&failed["tag"], &failed["step"]), (&json!("1.1.0"), &json!("unsigned")), "{result}");
    assert_eq!(world.mirror.manifest("acme/app", bad.digest().as_str()), None, "nothing of it is copied");
    let text = world.clone.read("main", MANIFEST);
    assert!(text.contains("signed-by:") && text.contains(FILE), "{text}");
    assert_eq!(text.matches("mirrored:").count(), 1, "{text}");
    // What is promoted and recorded is not verified again.
    world.upstream.server().clear_log();
    world.json(&["promote"], 1);
    let about_good = world.upstream.log().iter().filter(|e| e.request.path.contains(good.digest().as_str())).count();
    assert_eq!(about_good, 0, "{:?}", world.upstream.server().lines());
}

#[test]
fn nothing_is_made_for_an_image_whose_only_approval_is_unsigned() {
    let world = World::new("");
    let image = world.version(8, "1.0.0", &[&Key::generate()]);
    world.approve("1.0.0", &image.digest());
    let result = world.json(&["promote"], 1);
    assert_eq!(result["failed"][0]["step"], "unsigned", "{result}");
    assert!(result["failed"][0]["error"].as_str().unwrap().contains("failed"), "by another key: {result}");
    assert_eq!(world.mirror.writes(), [""; 0]);
}

#[test]
fn a_signature_of_another_image_covers_nothing() {
    let world = World::new("");
    let other = world.version(9, "0.9.0", &[]);
    let image = world.version(10, "1.0.0", &[]);
    let tag = tag_of(&image.digest(), ".sig");
    world.key.simple_signature_of(&other.digest()).put(&world.upstream, "team/app", &tag);
    let statement = signing::statement(&other.digest(), signing::SIGN, &json!({}));
    world.beside(&signing::bundle_of(image.root(), &world.key.bundle(&statement), signing::SIGN));
    let (reason, detail) = waits(&world.json(&["plan"], 0), "1.0.0");
    assert_eq!(reason, "unsigned");
    assert!(detail.contains("absent") && detail.contains("of another digest"), "{detail}");
    world.approve("1.0.0", &image.digest());
    assert_eq!(world.json(&["promote"], 1)["failed"][0]["step"], "unsigned");
}

#[test]
fn check_takes_the_key_of_the_base() {
    let world = World::new("");
    let (image, theirs) = (world.version(11, "1.0.0", &[]), Key::generate());
    world.beside(&theirs.signature_of(image.root()));
    let text = world.clone.read("main", MANIFEST) + "\n";
    let write = |path: &str, text: &str| std::fs::write(world.clone.path().join(path), text).unwrap();
    let approved = format!("    approved:\n      - {{ tag: 1.0.0, digest: \"{}\" }}\n", image.digest());
    write(MANIFEST, &text.replace("    approved: []\n", &approved));
    // The same pull request brings a key of its own.
    write(FILE, &theirs.pem());
    let checked = world.json(&["check"], 1);
    let finding = &checked["findings"][0];
    assert_eq!((&finding["code"], &finding["tag"]), (&json!("unsigned"), &json!("1.0.0")), "{checked}");
    assert!(finding["found"].as_str().unwrap().contains("failed"), "{finding}");
    assert_eq!(checked["promotions"][0]["state"], "unsigned", "{checked}");
    let evidence = &checked["images"][0]["evidence"];
    assert!(evidence["signatures"].as_array().unwrap().iter().all(|s| s["state"] != "verified"), "{evidence}");
    // Nor does it help to ask for nothing any more.
    write(
        MANIFEST,
        &text.replace("    approved: []\n", &approved).replace("    signatures: { key: keys/app.pub }\n", ""),
    );
    assert_eq!(world.json(&["check"], 1)["findings"][0]["code"], "unsigned");
    world.beside(&world.key.signature_of(image.root()));
    let checked = world.json(&["check"], 1);
    assert_eq!(guards::codes(&checked), ["guard-lowered"], "verified, and yet the guard goes: {checked}");
    assert_eq!(checked["images"][0]["evidence"]["signatures"][0]["state"], "verified", "{checked}");
}

/// A key that is no text verifies nothing, and keeps nothing else from being promoted.
#[test]
fn a_key_that_is_no_text_is_an_unusable_key() {
    let world = World::new("");
    let image = world.version(34, "1.0.0", &[&world.key]);
    let text = world.clone.read("main", MANIFEST) + "\n";
    let approved = format!("    approved:\n      - {{ tag: 1.0.0, digest: \"{}\" }}\n", image.digest());
    let (_, second) = text.split_once("images:\n").unwrap();
    let second = second.replace("repository: app\n", "repository: odd\n").replace("keys/app.pub", "keys/odd.pub");
    let both = format!("policy: {{ approvals: 1 }}\n{text}{second}").replace("    approved: []\n", &approved);
    std::fs::write(world.clone.path().join("keys/odd.pub"), b"\xff\xfe").unwrap();
    world.clone.git(&["add", "keys/odd.pub"]);
    world.clone.commit(&[(MANIFEST, &both)], "Approve both");
    let result = world.json(&["promote"], 1);
    assert_eq!(result["promoted"][0]["repository"], "app", "{result}");
    let failed = result["failed"].as_array().unwrap();
    let steps: Vec<(&str, &str)> =
        failed.iter().map(|row| (row["repository"].as_str().unwrap(), row["step"].as_str().unwrap())).collect();
    assert_eq!(steps, [("odd", "unsigned")], "{result}");
    assert!(failed[0]["error"].as_str().unwrap().contains("keys/odd.pub"), "{result}");
}

#[test]
fn approve_refuses_what_is_unsigned() {
    let world = World::new("");
    world.version(12, "1.0.0", &[]);
    for args in [&["approve", "app:1.0.0"][..], &["approve", "app:1.0.0", "--urgent", "now"], &["approve", "app"]] {
        let refused = world.json(args, 1);
        let error = refused["failed"][0]["error"].as_str().unwrap();
        assert!(error.contains("absent") && error.contains("what cannot be verified cannot be approved"), "{error}");
    }
    assert_eq!(world.clone.git(&["status", "--porcelain"]), "");
    world.version(13, "1.1.0", &[&world.key]);
    let approved = world.json(&["approve", "app:1.1.0"], 0);
    let image = &approved["images"][0];
    assert_eq!((&image["to"], &image["evidence"]["signatures"][0]["state"]), (&json!("1.1.0"), &json!("verified")));
}

#[test]
fn another_signer_is_marked_and_leaves_the_group() {
    let asked = "signatures: { any-of: [{ key: keys/app.pub }, { key: keys/next.pub }] }";
    let world = World::asking(asked, "");
    let next = Key::generate();
    let text = world.clone.read("main", MANIFEST);
    let grouped = format!("proposals: {{ group: all }}\n{text}\n");
    world.clone.commit(&[(MANIFEST, &grouped), ("keys/next.pub", &next.pem())], "Two keys");
    let old = world.version(14, "1.0.0", &[&world.key]);
    world.approve("1.0.0", &old.digest());
    world.version(15, "1.1.0", &[&world.key]);
    assert_eq!(world.json(&["plan"], 0)["proposals"][0]["branch"], "wharfinger/group/all");
    world.version(16, "1.2.0", &[&next]);
    let plan = world.json(&["plan"], 0);
    let proposal = &plan["proposals"][0];
    assert_eq!(proposal["branch"], BRANCH, "{plan}");
    assert_eq!(proposal["images"][0]["evidence"]["marks"], json!(["signer-changed"]));
    world.json(&["propose"], 0);
    let body = world.clone.git(&["log", "-1", "--format=%B", BRANCH]);
    assert!(body.contains("**signer changed**") && body.contains("**Signer changed:**"), "{body}");
}

#[test]
fn a_signature_that_is_lost_is_marked_where_nobody_asks_for_one() {
    let world = World::asking("description: Nobody asks", "");
    let old = world.version(17, "1.0.0", &[]);
    let tag = tag_of(&old.digest(), ".sig");
    world.key.simple_signature_of(&old.digest()).put(&world.upstream, "team/app", &tag);
    world.approve("1.0.0", &old.digest());
    world.version(18, "1.1.0", &[]);
    let plan = world.json(&["plan"], 0);
    assert_eq!(plan["proposals"][0]["images"][0]["marks"], json!(["signature-lost"]), "{plan}");
}

/// Of an image that asks for nothing, only small signatures are read.
#[test]
fn a_signature_that_is_too_large_to_be_shown_is_not_lost() {
    let world = World::asking("description: Nobody asks", "");
    let (old, new) = (world.version(35, "1.0.0", &[]), world.version(36, "1.1.0", &[]));
    let put = |image: &Image, signature: &Image| {
        signature.put(&world.upstream, "team/app", &tag_of(&image.digest(), ".sig"));
    };
    put(&old, &world.key.simple_signature_of(&old.digest()));
    put(&new, &signing::tagged(&[(signing::SIMPLE_SIGNING, " ".repeat(70_000).into(), json!({}))]));
    world.approve("1.0.0", &old.digest());
    let plan = world.json(&["plan"], 0);
    let marks = plan["proposals"][0]["images"][0]["marks"].as_array().unwrap();
    assert!(!marks.contains(&json!("signature-lost")), "{plan}");
}

#[test]
fn what_nobody_asks_for_is_present_and_never_verified() {
    let world = World::asking("description: Nobody asks", "");
    let image = world.version(19, "1.0.0", &[&world.key]);
    let builder = "https://builder.example/<script>@everyone\u{202e}";
    let source = "https://github.com/team/app";
    let predicate = signing::provenance(builder, source, &"a1".repeat(20));
    world.beside(&world.key.attestation_of(image.root(), PROVENANCE, &predicate));
    world.upstream.server().clear_log();
    let plan = world.json(&["plan"], 0);
    let evidence = &plan["proposals"][0]["images"][0]["evidence"];
    assert_eq!(evidence["signatures"][0]["state"], "present", "{plan}");
    assert_eq!(evidence["provenance"]["state"], "present", "{plan}");
    assert_eq!(evidence["provenance"]["commit"], "a1".repeat(20));
    assert!(!evidence["provenance"]["builder"].as_str().unwrap().contains('\u{202e}'), "{evidence}");
    world.json(&["propose"], 0);
    let body = world.clone.git(&["log", "-1", "--format=%B", BRANCH]);
    assert!(body.contains("- – signatures: `approved-images.yml` requires none, so none were verified"), "{body}");
    assert!(body.contains("- – signature (cosign-key): present, and not verified"), "{body}");
    let line = body.lines().find(|line| line.contains("provenance: present")).unwrap();
    assert!(line.contains("`https://builder.example/<script>@everyone`"), "as code: {line}");
}

#[test]
fn a_place_that_does_not_answer_is_never_absence() {
    let world = World::new("");
    let image = world.version(20, "1.0.0", &[&world.key]);
    world.upstream.fault(Rule::new("GET", "/referrers/", Action::Answer(500, vec![], "".into())));
    let output = world.json(&["propose"], 1);
    assert_eq!((&output["failed"][0]["step"], &output["proposals"]), (&json!("read"), &json!([])), "{output}");
    world.approve("1.0.0", &image.digest());
    let result = world.json(&["promote"], 1);
    assert_eq!(result["failed"][0]["step"], "unsigned", "{result}");
    assert!(result["failed"][0]["error"].as_str().unwrap().contains("unknown"), "{result}");
    assert_eq!(world.mirror.writes(), [""; 0]);
    world.upstream.server().clear_faults();
    world.json(&["promote"], 0);
}

#[test]
fn provenance_that_is_required_must_be_signed_by_whom_is_asked() {
    let asked = "signatures: { key: keys/app.pub }\n    provenance: { source: https://github.com/team/app }";
    let world = World::asking(asked, "");
    let image = world.version(21, "1.0.0", &[&world.key]);
    let predicate = signing::provenance("https://builder.example/1", "https://github.com/team/app", &"b2".repeat(20));
    assert_eq!(waits(&world.json(&["plan"], 0), "1.0.0").0, "unsigned", "signed, and nothing says how it was built");
    world.beside(&Key::generate().attestation_of(image.root(), PROVENANCE, &predicate));
    assert_eq!(waits(&world.json(&["plan"], 0), "1.0.0").0, "unsigned", "anybody may say so");
    let tag = tag_of(&image.digest(), ".att");
    world.key.tagged_attestation_of(&image.digest(), PROVENANCE, &predicate).put(&world.upstream, "team/app", &tag);
    let plan = world.json(&["plan"], 0);
    assert_eq!(plan["proposals"][0]["images"][0]["evidence"]["provenance"]["state"], "verified", "{plan}");
}

#[test]
fn doctor_names_keys_that_cannot_be_used_and_what_is_unsigned() {
    let world = World::new("");
    let image = world.version(22, "1.0.0", &[&world.key]);
    world.approve("1.0.0", &image.digest());
    let checks = |status: i32| world.json(&["doctor"], status)["checks"].as_array().unwrap().clone();
    let found = |checks: &[Value], subject: &str| {
        let check = checks.iter().find(|check| check["subject"].as_str().unwrap().contains(subject));
        let check = check.unwrap_or_else(|| panic!("no check of {subject}: {checks:?}"));
        format!("{}: {}", check["status"].as_str().unwrap(), check["found"].as_str().unwrap())
    };
    let good = checks(0);
    assert!(found(&good, "trust root").starts_with("ok: its newest key is of 20"), "{good:?}");
    assert_eq!(found(&good, FILE), "ok: can be used");
    assert!(found(&good, "signatures of").starts_with("ok: verified: "), "{good:?}");
    std::fs::write(world.clone.path().join(FILE), "no key").unwrap();
    let bad = checks(1);
    assert!(found(&bad, FILE).starts_with("missing: "), "{bad:?}");
    assert!(found(&bad, "signatures of").contains("unknown"), "{bad:?}");
    std::fs::remove_file(world.clone.path().join(FILE)).unwrap();
    assert!(found(&checks(1), FILE).starts_with("missing: "));
}

/// Looking costs, beside what a proposal without signatures costs: one request a signature and one for what it holds.
#[test]
fn an_image_that_asks_for_signatures_costs_little_more() {
    let count = |asked: &str| {
        let world = World::asking(asked, "");
        world.version(23, "1.0.0", &[&world.key]);
        world.json(&["propose"], 0);
        let first = world.upstream.log().len();
        world.upstream.server().clear_log();
        world.json(&["propose"], 0);
        (first, world.upstream.log().len())
    };
    let (signed, unsigned) = (count("signatures: { key: keys/app.pub }"), count("description: Nobody asks"));
    assert_eq!(signed.0, unsigned.0, "what is verified is read once");
    assert_eq!(signed.1 - unsigned.1, 3, "an open proposal is verified again: a list, a document and its content");
}
