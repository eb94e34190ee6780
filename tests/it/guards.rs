//! What a pull request changes about who must have made images: nothing less is required without a finding.

use serde_json::{Value, json};

use crate::signing::{FILE, MANIFEST, PROGRAM, World};
use crate::support::authority::{Authority, Signer};
use crate::support::signing::{self, Key};

pub(crate) fn codes(checked: &Value) -> Vec<&str> {
    let findings = checked["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

const ASKED: &str = "    signatures: { key: keys/app.pub }\n";

#[test]
fn another_name_or_another_source_does_not_leave_the_guard_of_the_base() {
    let world = World::new("");
    let image = world.version(30, "1.0.0", &[]);
    image.put(&world.upstream, "evil/app", "1.0.0");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let approved = format!("    approved:\n      - {{ tag: 1.0.0, digest: \"{}\" }}\n", image.digest());
    let unasked = text.replace(ASKED, "").replace("    approved: []\n", &approved);
    let moved = unasked.replace("repository: app\n", "repository: app2\n");
    let (_, second) = moved.split_once("images:\n").unwrap();
    for (head, why) in [
        (moved.clone(), "another name"),
        (format!("{text}{second}"), "a second image of another name"),
        (unasked.replace("/team/app\n", "/evil/app\n"), "another source"),
    ] {
        std::fs::write(world.clone.path().join(MANIFEST), head).unwrap();
        let checked = world.json(&["check"], 1);
        assert_eq!(codes(&checked), ["unsigned", "guard-lowered"], "{why}: {checked}");
        assert_eq!(checked["promotions"][0]["state"], "unsigned", "{why}: {checked}");
    }
}

#[test]
fn the_defaults_of_the_base_guard_new_images() {
    let world = World::new("");
    let image = world.version(31, "1.0.0", &[]);
    image.put(&world.upstream, "team/tool", "1.0.0");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let text = text.replace(ASKED, "").replace("cooldown: 0s }", "cooldown: 0s, signatures: { key: keys/app.pub } }");
    world.clone.commit(&[(MANIFEST, &text)], "Ask for signatures of all");
    let new = |asked: &str| {
        let upstream = world.upstream.host();
        let digest = image.digest();
        let image = format!(
            "  - source: {upstream}/team/tool\n    repository: tool\n{asked}    approved: [{{ tag: 1.0.0, digest: \"{digest}\" }}]\n"
        );
        std::fs::write(world.clone.path().join(MANIFEST), format!("{text}{image}")).unwrap();
        world.json(&["check"], 1)
    };
    assert_eq!(codes(&new("")), ["unsigned"]);
    let checked = new("    signatures: none\n");
    assert_eq!(codes(&checked), ["unsigned", "guard-lowered"], "{checked}");
    let lowered = &checked["findings"][1];
    assert_eq!(lowered["expected"], "`signatures` as in the base: key keys/app.pub", "{checked}");
    assert_eq!(lowered["found"], "`signatures`: none", "{checked}");
}

#[test]
fn the_defaults_that_guard_what_is_added_later_are_not_lowered_in_silence() {
    let world = World::asking("signatures: { key: keys/own.pub }", "");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let text = text.replace("cooldown: 0s }", "cooldown: 0s, signatures: { key: keys/app.pub } }");
    let own = Key::generate().pem();
    world.clone.commit(&[(MANIFEST, &text), ("keys/own.pub", &own)], "Ask for signatures of all");
    let write = |path: &str, text: &str| std::fs::write(world.clone.path().join(path), text).unwrap();
    write(MANIFEST, &text.replace(", signatures: { key: keys/app.pub } }", " }"));
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["guard-lowered"], "{checked}");
    let lowered = &checked["findings"][0];
    assert_eq!(lowered["expected"], "`signatures` of `defaults` as in the base: key keys/app.pub", "{checked}");
    assert_eq!(lowered["found"], "`signatures` of `defaults`: none", "{checked}");
    // A key that only they name.
    write(MANIFEST, &text);
    write(FILE, &own);
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["guard-lowered"], "{checked}");
    write(FILE, &world.key.pem());
    let both = "signatures: { all-of: [{ key: keys/app.pub }, { key: keys/own.pub }] }";
    write(MANIFEST, &text.replace("signatures: { key: keys/app.pub }", both));
    assert_eq!(codes(&world.json(&["check"], 0)), [""; 0], "more is no finding");
}

#[test]
fn a_wider_pattern_and_another_root_lower_the_guard() {
    let by = |pattern: &str| {
        let issuer = "https://token.actions.githubusercontent.com";
        format!("signatures: {{ issuer: {issuer}, identity-pattern: '{pattern}', trusted-root: root.json }}")
    };
    let narrow = by("https://github.com/team/app/.+@refs/tags/v.+");
    let world = World::asking(&narrow, "");
    let (root, other) = (Authority::new("Acme").root().to_string(), Authority::new("Acme").root().to_string());
    world.clone.commit(&[("root.json", &root)], "Name a root");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let write = |path: &str, text: &str| std::fs::write(world.clone.path().join(path), text).unwrap();
    write(MANIFEST, &text.replace(&narrow, &by("https://github.com/team/.+")));
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["guard-lowered"], "a wider pattern: {checked}");
    write(MANIFEST, &text.replace(", trusted-root: root.json", ""));
    assert_eq!(codes(&world.json(&["check"], 1)), ["guard-lowered"], "the public root instead");
    write(MANIFEST, &text);
    write("root.json", &other);
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["guard-lowered"], "another root in the file: {checked}");
    let expected = checked["findings"][0]["expected"].as_str().unwrap();
    assert!(expected.starts_with("the content of root.json as in the base: sha256:"), "{expected}");
    write("root.json", &root);
    assert_eq!(codes(&world.json(&["check"], 0)), [""; 0]);
}

#[test]
fn what_lowers_the_guard_of_a_pending_approval_is_never_silent() {
    let asked = "signatures: { key: keys/app.pub }\n    provenance: { source: https://github.com/team/app }";
    let world = World::asking(asked, "");
    let (image, theirs) = (world.version(32, "1.0.0", &[]), Key::generate());
    world.beside(&theirs.signature_of(image.root()));
    world.approve("1.0.0", &image.digest());
    let text = world.clone.read("main", MANIFEST) + "\n";
    let provenance = "    provenance: { source: https://github.com/team/app }\n";
    let write = |path: &str, text: &str| std::fs::write(world.clone.path().join(path), text).unwrap();
    let summary = || {
        let summary = world.clone.path().join("../summary.md");
        let summary = summary.to_str().unwrap();
        let _ = std::fs::remove_file(summary);
        world.clone.run(PROGRAM, "", &["check"]).env("GITHUB_STEP_SUMMARY", summary).output().expect_status(1);
        std::fs::read_to_string(summary).unwrap()
    };
    write(MANIFEST, &text.replace(ASKED, "").replace(provenance, ""));
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["guard-lowered", "guard-lowered", "unsigned"], "removed: {checked}");
    assert_eq!(checked["findings"][2]["tag"], "1.0.0", "{checked}");
    let shown = summary();
    assert!(shown.contains("**`signatures` of `acme/app` changes: `key keys/app.pub` → `none`**"), "{shown}");
    assert!(shown.contains("**`provenance` of `acme/app` changes: "), "{shown}");
    write(MANIFEST, &text.replace(provenance, ""));
    assert_eq!(codes(&world.json(&["check"], 1)), ["guard-lowered", "unsigned"], "provenance removed");
    write(
        MANIFEST,
        &text.replace("{ key: keys/app.pub }", "{ any-of: [{ key: keys/app.pub }, { key: keys/new.pub }] }"),
    );
    write("keys/new.pub", &theirs.pem());
    assert_eq!(codes(&world.json(&["check"], 1)), ["guard-lowered", "unsigned"], "widened");
    // The same words, and another key in the file.
    write(MANIFEST, &text);
    write(FILE, &theirs.pem());
    assert_eq!(codes(&world.json(&["check"], 1)), ["guard-lowered", "unsigned"], "another key");
    let shown = summary();
    assert!(
        shown.contains("**The content of `keys/app.pub`, which `signatures` of `acme/app` names, changes: "),
        "{shown}"
    );
    write(FILE, &world.key.pem());
    assert_eq!(codes(&world.json(&["check"], 0)), [""; 0], "nothing changes");
    write(
        MANIFEST,
        &text.replace("{ key: keys/app.pub }", "{ all-of: [{ key: keys/app.pub }, { key: keys/new.pub }] }"),
    );
    assert_eq!(codes(&world.json(&["check"], 0)), [""; 0], "more is no finding");
}

#[test]
fn who_signed_is_not_written_by_hand() {
    let world = World::new("");
    let image = world.version(33, "1.0.0", &[&world.key]);
    world.approve("1.0.0", &image.digest());
    let text = world.clone.read("main", MANIFEST) + "\n";
    let forged = text.replace("\" }", "\", signed-by: key keys/app.pub }");
    assert_ne!(text, forged);
    std::fs::write(world.clone.path().join(MANIFEST), forged).unwrap();
    let checked = world.json(&["check"], 1);
    assert_eq!(codes(&checked), ["signed-by-changed"], "{checked}");
    assert_eq!(checked["findings"][0]["found"], "`signed-by` changed by hand: key keys/app.pub", "{checked}");
}

#[test]
fn one_who_signed_is_not_two() {
    let issuer = "https://token.actions.githubusercontent.com";
    let release = "https://github.com/team/app/.github/workflows/release.yml@refs/tags/v1";
    let by = |identity: &str| format!("{{ issuer: {issuer}, {identity} }}");
    let entries = [by("identity-pattern: 'https://github.com/team/.+'"), by(&format!("identity: {release}"))];
    let world =
        World::asking(&format!("signatures: {{ all-of: [{}], trusted-root: root.json }}", entries.join(", ")), "");
    let authority = Authority::new("Acme");
    world.clone.commit(&[("root.json", &authority.root().to_string())], "Name a root");
    let image = world.version(37, "1.0.0", &[]);
    let statement = signing::statement(&image.digest(), signing::SIGN, &json!({}));
    let sign = |identity: &str| {
        let bundle = authority.bundle(&Signer::new(identity, issuer), &statement);
        world.beside(&signing::bundle_of(image.root(), &bundle, signing::SIGN));
    };
    sign(release);
    let plan = world.json(&["plan"], 0);
    assert_eq!(plan["proposals"], json!([]), "{plan}");
    let detail = plan["waiting"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("failed, one of those who signed is the only one for two entries"), "{detail}");
    sign(&release.replace("release.yml", "review.yml"));
    assert_eq!(world.json(&["plan"], 0)["proposals"][0]["images"][0]["to"], "1.0.0");
}

/// The manifest's text with evidence that is asked for, and a clone of it.
fn asking_for(evidence: &str) -> (World, String) {
    let world = World::new("");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let text = text.replacen("defaults: { cooldown: 0s }", &format!("evidence: {{ {evidence} }}"), 1);
    (world, text)
}

/// What the findings of a changed manifest expect and found.
fn lowered(world: &World, text: &str, status: i32) -> Vec<String> {
    std::fs::write(world.clone.path().join(MANIFEST), text).unwrap();
    let checked = world.json(&["check"], status);
    let findings = checked["findings"].as_array().unwrap().iter();
    let finding = |finding: &Value| {
        assert_eq!(finding["code"], "guard-lowered", "{checked}");
        format!("{} | {}", finding["expected"].as_str().unwrap(), finding["found"].as_str().unwrap())
    };
    findings.map(finding).collect()
}

#[test]
fn less_evidence_than_at_the_base_is_a_finding() {
    let (world, text) = asking_for("layers: 200MB, vulnerabilities: osv");
    world.clone.commit(&[(MANIFEST, &text)], "Ask OSV");
    let with = |evidence: &str| text.replace("layers: 200MB, vulnerabilities: osv", evidence);
    for (evidence, expected) in [
        (
            "layers: 200MB, vulnerabilities: none",
            "`evidence.vulnerabilities` as in the base: osv | `evidence.vulnerabilities`: none",
        ),
        (
            "layers: 200MB, vulnerabilities: reports",
            "`evidence.vulnerabilities` as in the base: osv | `evidence.vulnerabilities`: reports",
        ),
        ("layers: 20MB, vulnerabilities: osv", "`evidence.layers` as in the base: 200 MB | `evidence.layers`: 20 MB"),
    ] {
        assert_eq!(lowered(&world, &with(evidence), 1), [expected], "{evidence}");
    }
    let without = text.replace("evidence: { layers: 200MB, vulnerabilities: osv }\n", "");
    assert_eq!(lowered(&world, &without, 1).len(), 1, "removed");
    assert_eq!(lowered(&world, &with("layers: 300MB, vulnerabilities: osv"), 0), [""; 0], "more is no finding");
    let reports = with("vulnerabilities: reports");
    world.clone.commit(&[(MANIFEST, &reports)], "Believe reports");
    assert_eq!(lowered(&world, &text, 0), [""; 0], "OSV instead of reports");
}

fn vex(statements: &[(&str, &str)]) -> String {
    let statement = |(name, status): &(&str, &str)| {
        let products = json!([{ "@id": "pkg:deb/debian/openssl" }]);
        json!({ "vulnerability": { "name": name }, "status": status, "products": products, "justification": "inline" })
    };
    let statements: Vec<Value> = statements.iter().map(statement).collect();
    json!({ "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-11-01T00:00:00Z", "statements": statements })
        .to_string()
}

/// What the base excepts is unknown where its documents cannot be read: that is said, and nothing is called new.
#[test]
fn what_the_base_excepts_may_be_unknown() {
    let (world, text) = asking_for("vulnerabilities: osv, vex: [vex/*.json]");
    world.clone.commit(&[(MANIFEST, &text), ("vex/large.json", &" ".repeat((1 << 20) + 1))], "Much");
    let new = vex(&[("CVE-2027-3", "not_affected")]);
    std::fs::write(world.clone.path().join("vex/new.json"), new).unwrap();
    let found = lowered(&world, &text, 1).pop().unwrap();
    let why = "which excepts CVE-2027-3; unknown whether the base has that too: vex/large.json cannot be read (it has more \
               than 1,048,576 bytes, which are the most)";
    assert!(found.ends_with(why), "{found}");
}

#[test]
fn vex_that_excepts_more_than_at_the_base_is_a_finding() {
    let (world, text) = asking_for("vulnerabilities: osv, vex: [vex/*.json]");
    let known = vex(&[("CVE-2027-1", "not_affected"), ("CVE-2027-2", "affected")]);
    let other = vex(&[("CVE-2027-9", "not_affected")]);
    world.clone.commit(&[(MANIFEST, &text), ("vex/a.json", &known), ("other/b.json", &other)], "Except one");
    let write = |path: &str, text: &str| std::fs::write(world.clone.path().join(path), text).unwrap();
    let found = |text: &str| -> Vec<String> {
        let findings = lowered(&world, text, 1).into_iter();
        findings.map(|text| text.split_once(", which ").map(|(_, why)| why.to_owned()).unwrap_or(text)).collect()
    };
    // Another file, one of another place, another statement, one that is gone.
    write("vex/new.json", &vex(&[("CVE-2027-3", "not_affected"), ("GHSA-1", "fixed"), ("CVE-2027-4", "affected")]));
    assert_eq!(found(&text), ["excepts CVE-2027-3, GHSA-1"]);
    std::fs::remove_file(world.clone.path().join("vex/new.json")).unwrap();
    assert_eq!(found(&text.replace("[vex/*.json]", "[vex/*.json, other/b.json]")), ["excepts CVE-2027-9"]);
    write("vex/a.json", &vex(&[("CVE-2027-1", "not_affected"), ("CVE-2027-2", "fixed")]));
    assert_eq!(found(&text), ["excepts CVE-2027-2, which no longer calls affected by CVE-2027-2"]);
    write("vex/a.json", &vex(&[("CVE-2027-1", "not_affected")]));
    assert_eq!(found(&text), ["no longer calls affected by CVE-2027-2"]);
    let many: Vec<String> = (10..20).map(|n| format!("CVE-2027-{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "fixed")).collect();
    write("vex/a.json", &known);
    write("vex/many.json", &vex(&many));
    assert_eq!(found(&text), ["excepts CVE-2027-10, CVE-2027-11, CVE-2027-12, 7 others"]);
    write("vex/many.json", "{ not JSON");
    assert_eq!(lowered(&world, &text, 0), [""; 0], "what cannot be read excepts nothing");
    std::fs::remove_file(world.clone.path().join("vex/many.json")).unwrap();
    // The same in another file and for another reason, and less.
    std::fs::remove_file(world.clone.path().join("vex/a.json")).unwrap();
    write("vex/b.json", &known.replace("inline", "vulnerable_code_not_present"));
    assert_eq!(lowered(&world, &text, 0), [""; 0], "moved");
    write("vex/b.json", &vex(&[("CVE-2027-2", "affected")]));
    assert_eq!(lowered(&world, &text, 0), [""; 0], "less is excepted");
    let summary = world.clone.path().join("../summary.md");
    let summary = summary.to_str().unwrap();
    world.clone.run(PROGRAM, "", &["check"]).env("GITHUB_STEP_SUMMARY", summary).output().expect_status(0);
    let shown = std::fs::read_to_string(summary).unwrap();
    assert!(shown.contains("## What a merge would change about guards\n"), "{shown}");
    assert!(shown.contains("**The content of `vex/a.json`, which `evidence.vex` names, changes: `sha256:"), "{shown}");
}

#[test]
fn versions_that_wait_less_than_at_the_base_are_a_finding() {
    let world = World::new("");
    let text = world.clone.read("main", MANIFEST) + "\n";
    let text = text.replace("cooldown: 0s }", "cooldown: { default: 3d, fixes: 1d } }");
    let part = format!("images:\n  - source: {}/team/part\n    cooldown: 2d\n", world.upstream.host());
    let text = text.replacen("images:\n", "include: [part.yml]\nimages:\n", 1);
    world.clone.commit(&[(MANIFEST, &text), ("part.yml", &part)], "Wait");
    let all = |cooldown: &str| text.replace("{ default: 3d, fixes: 1d }", cooldown);
    let was = "3d, 1d for fixes of severity high or worse";
    for (cooldown, now) in [
        ("2d", "2d"),
        ("{ default: 3d, fixes: 0d }", "3d, 0s for fixes of severity high or worse"),
        ("{ default: 3d, fixes: 1d, severity: low }", "3d, 1d for fixes of severity low or worse"),
        ("{ default: 3d, fixes: 1d, severity: critical }", "3d, 1d for fixes of severity critical or worse"),
    ] {
        // The image that only follows the defaults is not named again.
        let expected = format!("`cooldown` of `defaults` as in the base: {was} | `cooldown` of `defaults`: {now}");
        assert_eq!(lowered(&world, &all(cooldown), 1), [expected], "{cooldown}");
    }
    for cooldown in ["3d", "{ default: 4d, fixes: 1d }", "{ default: 3d, fixes: 2d }"] {
        assert_eq!(lowered(&world, &all(cooldown), 0), [""; 0], "{cooldown}: nothing waits less");
    }
    let own =
        |name: &str| text.replace("    repository: app\n", &format!("    repository: {name}\n    cooldown: 1d\n"));
    for name in ["app", "app2"] {
        let expected = format!("`cooldown` as in the base: {was} | `cooldown`: 1d");
        assert_eq!(lowered(&world, &own(name), 1), [expected], "{name}");
    }
    std::fs::write(world.clone.path().join("part.yml"), part.replace("2d", "1d")).unwrap();
    assert_eq!(lowered(&world, &text, 1), ["`cooldown` as in the base: 2d | `cooldown`: 1d"], "an included file");
    let defaults = format!("defaults: {{ cooldown: 1d }}\n{part}");
    std::fs::write(world.clone.path().join("part.yml"), defaults).unwrap();
    let expected = format!("`cooldown` of `defaults` as in the base: {was} | `cooldown` of `defaults`: 1d");
    assert_eq!(lowered(&world, &text, 1), [expected], "the defaults of an included file");
    std::fs::write(world.clone.path().join("part.yml"), part).unwrap();
    let new = format!("  - source: {}/team/other\n    cooldown: 0s\n", world.upstream.host());
    assert_eq!(lowered(&world, &format!("{text}{new}"), 0), [""; 0], "a new image says how long it waits");
}
