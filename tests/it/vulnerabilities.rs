//! Known vulnerabilities through the real program: by scanners' reports and by OSV, and the shorter cooldown of versions
//! that fix something.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::http::{Action, Rule};
use crate::support::images::{Image, ImageSpec};
use crate::support::osv::TestOsv;
use crate::support::registry::TestRegistry;
use crate::support::signing::Key;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const REVISION: &str = "org.opencontainers.image.revision";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// A publisher's registry with two versions: the approved one, and one that nobody knows the age of.
struct World {
    upstream: TestRegistry,
    key: Key,
    osv: TestOsv,
    former: Image,
    new: Image,
}

impl World {
    /// Both are signed, and their labels say that they were built from other commits.
    fn signed() -> Self {
        let world = Self::unsigned();
        for image in [&world.former, &world.new] {
            world.upstream.put_untagged("team/tool", &world.key.signature_of(image.root()));
        }
        world
    }

    fn unsigned() -> Self {
        let upstream = TestRegistry::start();
        let image = |seed, commit: &str| ImageSpec::new(seed).label(REVISION, commit).build();
        let (former, new) = (image(1, "1111111"), image(2, "2222222"));
        upstream.put_image("team/tool", "1.0.0", &former);
        upstream.put_image("team/tool", "1.1.0", &new);
        Self { upstream, key: Key::generate(), osv: TestOsv::start(), former, new }
    }

    /// A manifest that asks `evidence` of images and `keys` of this one.
    fn clone(&self, evidence: &str, keys: &str) -> Clone {
        let text = format!(
            "organization: acme\nregistry: oci:mirror\nevidence: {{ {evidence} }}\nimages:\n  - source: {}/team/tool\n{keys}    \
             approved:\n      - tag: 1.0.0\n        digest: {}\n",
            self.upstream.host(),
            self.former.digest()
        );
        Clone::with(&[("approved-images.yml", &text), ("keys/tool.pub", &self.key.pem())])
    }

    fn run(&self, clone: &Clone, args: &[&str]) -> Value {
        let hosts = format!("api.osv.dev={}", self.osv.url());
        let run = clone.run(PROGRAM, &hosts, args).env("DOCKER_AUTH_CONFIG", self.credentials());
        run.output().expect_status(0).json()
    }

    /// Credentials for many hosts, OSV's and where it is found among them: the stand-in refuses to be sent any.
    fn credentials(&self) -> String {
        let osv = self.osv.url();
        let hosts = ["api.osv.dev", "https://api.osv.dev/v1/", "osv.dev", "quay.io", "ghcr.io", "docker.io", &osv];
        let hosts = hosts.into_iter().chain([osv.trim_start_matches("http://")]);
        let login = json!({"username": "robot", "password": "canary-password"});
        let logins: serde_json::Map<String, Value> = hosts.map(|host| (host.to_owned(), login.clone())).collect();
        json!({ "auths": logins }).to_string()
    }

    /// What `explain` says about the new version: the verdict, and why.
    fn explained(&self, clone: &Clone, args: &[&str]) -> String {
        let explained = self.run(clone, &[&["explain"], args].concat());
        let tags = explained["images"][0]["tags"].as_array().unwrap();
        let tag = tags.iter().find(|tag| tag["tag"] == "1.1.0").unwrap_or_else(|| panic!("{explained}"));
        let detail = tag["detail"].as_str().unwrap();
        let age = detail.split_once(" UTC, due ").and_then(|(_, rest)| rest.split_once(" UTC"));
        let detail = age.map_or_else(|| detail.to_owned(), |(_, rest)| format!("too young{rest}"));
        format!("{}: {detail}", tag["verdict"].as_str().unwrap())
    }
}

const SIGNED: &str = "    signatures: { key: keys/tool.pub }\n";
const SHORTER: &str = "    cooldown: { default: 3d, fixes: 0d }\n";

/// A report of Grype with findings, written `CVE-2027-1 Critical openssl` each.
fn grype(findings: &[&str]) -> String {
    let found = |text: &&str| {
        let words: Vec<&str> = text.split(' ').collect();
        json!({
            "vulnerability": { "id": words[0], "severity": words[1] },
            "relatedVulnerabilities": [],
            "artifact": { "name": words[2], "version": "1", "purl": format!("pkg:deb/debian/{}@1", words[2]) },
        })
    };
    json!({ "matches": findings.iter().map(found).collect::<Vec<_>>(), "source": { "type": "image" } }).to_string()
}

/// Writes a report about a digest.
fn report(clone: &Clone, digest: &Digest, more: &str, text: &str) {
    let directory = clone.path().join("reports");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(format!("{}{more}.json", digest.hex())), text).unwrap();
}

/// Every condition of the shorter cooldown by itself.
#[test]
fn a_version_that_fixes_something_is_proposed_earlier_if_nothing_speaks_against_it() {
    type Change = fn(&World, &Clone);
    type Row<'a> = (&'a str, &'a str, String, &'a [&'a str], &'a [&'a str], Change);
    let nothing: Change = |_, _| {};
    let both = format!("{SIGNED}{SHORTER}");
    let critical = ["CVE-2027-1 Critical openssl", "CVE-2027-2 Low zlib"];
    let rows: [Row<'_>; 9] = [
        ("a fix", "vulnerabilities: reports", both.clone(), &critical, &["CVE-2027-2 Low zlib"], nothing),
        ("nothing fixed", "vulnerabilities: reports", both.clone(), &critical, &critical, nothing),
        ("something as bad", "vulnerabilities: reports", both.clone(), &critical, &["CVE-2027-3 High zlib"], nothing),
        ("less serious", "vulnerabilities: reports", both.clone(), &["CVE-2027-2 Medium zlib"], &[], nothing),
        (
            "less serious, but asked for",
            "vulnerabilities: reports",
            format!("{SIGNED}    cooldown: {{ fixes: 0s, severity: medium }}\n"),
            &["CVE-2027-2 Medium zlib"],
            &[],
            nothing,
        ),
        ("no signatures asked for", "vulnerabilities: reports", SHORTER.to_owned(), &critical, &[], nothing),
        ("no shorter cooldown", "vulnerabilities: reports", SIGNED.to_owned(), &critical, &[], nothing),
        ("nobody asked", "vulnerabilities: none", both.clone(), &critical, &[], nothing),
        (
            "excepted by VEX",
            "vulnerabilities: reports, vex: [vex.json]",
            both.clone(),
            &critical,
            &["CVE-2027-3 High zlib"],
            |_, clone| {
                let vex = json!({
                    "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-11-01T00:00:00Z",
                    "statements": [{ "vulnerability": { "name": "CVE-2027-3" }, "status": "not_affected", "justification": "component_not_present" }],
                });
                clone.commit(&[("vex.json", &vex.to_string())], "Except it");
            },
        ),
    ];
    let mut text = String::new();
    for (name, evidence, keys, from, to, change) in rows {
        let world = World::signed();
        let clone = world.clone(evidence, &keys);
        change(&world, &clone);
        report(&clone, &world.former.digest(), "", &grype(from));
        report(&clone, &world.new.digest(), "-grype", &grype(to));
        text.push_str(&format!("{name}: {}\n", world.explained(&clone, &["--reports", "reports"])));
    }
    insta::assert_snapshot!(text, @r#"
    a fix: chosen: the newest version that the rule admits; its cooldown is shorter: it fixes CVE-2027-1 (critical)
    nothing fixed: skipped: too young; no shorter cooldown: it fixes nothing of severity high or worse
    something as bad: skipped: too young; no shorter cooldown: it brings CVE-2027-3 (high)
    less serious: skipped: too young; no shorter cooldown: it fixes nothing of severity high or worse
    less serious, but asked for: chosen: the newest version that the rule admits; its cooldown is shorter: it fixes CVE-2027-2 (medium)
    no signatures asked for: skipped: too young
    no shorter cooldown: skipped: too young
    nobody asked: skipped: too young; no shorter cooldown: `evidence.vulnerabilities` asks for none
    excepted by VEX: chosen: the newest version that the rule admits; its cooldown is shorter: it fixes CVE-2027-1 (critical)
    "#);
}

#[test]
fn the_plan_says_why_a_version_waits_less() {
    let world = World::signed();
    let clone = world.clone("vulnerabilities: reports", &format!("{SIGNED}{SHORTER}"));
    report(&clone, &world.former.digest(), "", &grype(&["CVE-2027-1 Critical openssl"]));
    report(&clone, &world.new.digest(), "", &grype(&[]));
    let plan = world.run(&clone, &["plan", "--reports", "reports"]);
    let image = &plan["proposals"][0]["images"][0];
    assert_eq!((&image["to"], &image["kind"]), (&json!("1.1.0"), &json!("update")), "{plan}");
    world.run(&clone, &["propose", "--reports", "reports"]);
    let branch = clone.branches().into_iter().find(|branch| branch.starts_with("wharfinger/image/")).unwrap();
    let body = clone.git(&["log", "-1", "--format=%B", &branch]);
    assert!(body.contains("it waits 0s instead of 3d: fixes CVE-2027-1 (critical)"), "{body}");
    let late = world.run(&clone, &["plan"]);
    assert!(late["proposals"].as_array().unwrap().is_empty(), "without reports it waits: {late}");
}

/// Whoever signs nothing, or somebody else, opens nothing.
#[test]
fn another_signer_does_not_shorten_the_cooldown() {
    let world = World::unsigned();
    let (own, other) = (&world.key, Key::generate());
    world.upstream.put_untagged("team/tool", &own.signature_of(world.former.root()));
    world.upstream.put_untagged("team/tool", &other.signature_of(world.new.root()));
    let keys =
        format!("    signatures: {{ any-of: [{{ key: keys/tool.pub }}, {{ key: keys/other.pub }}] }}\n{SHORTER}");
    let clone = world.clone("vulnerabilities: reports", &keys);
    clone.commit(&[("keys/other.pub", &other.pem())], "Another key");
    report(&clone, &world.former.digest(), "", &grype(&["CVE-2027-1 Critical openssl"]));
    report(&clone, &world.new.digest(), "", &grype(&[]));
    let said = world.explained(&clone, &["--reports", "reports"]);
    assert!(said.ends_with("no shorter cooldown: it is not signed by who signed the approved version"), "{said}");
}

/// One side is not enough: never "all fixed".
#[test]
fn reports_that_do_not_cover_both_images_are_unknown() {
    let mut text = String::new();
    let finding = grype(&["CVE-2027-1 Critical openssl"]);
    type Write<'a> = &'a dyn Fn(&World, &Clone);
    let rows: [(&str, Write<'_>); 9] = [
        ("no report", &|_, clone| std::fs::create_dir_all(clone.path().join("reports")).unwrap()),
        ("only of the former", &|world, clone| report(clone, &world.former.digest(), "", &finding)),
        ("only of the new", &|world, clone| report(clone, &world.new.digest(), "", &grype(&[]))),
        ("different scanners", &|world, clone| {
            report(clone, &world.former.digest(), "", &finding);
            report(clone, &world.new.digest(), "", "{\"SchemaVersion\":2}");
        }),
        ("one that is broken", &|world, clone| {
            report(clone, &world.former.digest(), "", &finding);
            report(clone, &world.new.digest(), "-1", &grype(&[]));
            report(clone, &world.new.digest(), "-2", "{\"matches\":");
        }),
        ("a pipe", &|world, clone| {
            report(clone, &world.former.digest(), "", &finding);
            let pipe = clone.path().join(format!("reports/{}.json", world.new.digest().hex()));
            assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }),
        ("one platform", &|world, clone| {
            report(clone, &world.former.manifests[0].digest(), "", &finding);
            report(clone, &world.new.manifests[0].digest(), "", &grype(&[]));
        }),
        ("one side of a platform", &|world, clone| {
            report(clone, &world.former.manifests[0].digest(), "", &finding);
            report(clone, &world.new.manifests[0].digest(), "", &grype(&[]));
            report(clone, &world.former.manifests[1].digest(), "", &finding);
        }),
        ("every platform", &|world, clone| {
            for number in 0..2 {
                report(clone, &world.former.manifests[number].digest(), "", &finding);
                report(clone, &world.new.manifests[number].digest(), "", &grype(&[]));
            }
        }),
    ];
    for (name, write) in rows {
        let world = World::signed();
        let clone = world.clone("vulnerabilities: reports", &format!("{SIGNED}{SHORTER}"));
        write(&world, &clone);
        let said = world.explained(&clone, &["--reports", "reports"]);
        let digests = [&world.former, &world.new].into_iter().flat_map(|image| image.manifests.iter());
        let said = digests.fold(said, |said, manifest| {
            let digest = manifest.digest();
            said.replace(digest.hex(), "DIGEST").replace(digest.short(), "DIGEST")
        });
        text.push_str(&format!("{name}: {said}\n"));
    }
    insta::assert_snapshot!(text, @r#"
    no report: skipped: too young; no shorter cooldown: what it fixes is unknown: there is no report about DIGEST and DIGEST among 0 files
    only of the former: skipped: too young; no shorter cooldown: what it fixes is unknown: there is a report about DIGEST, and none about DIGEST
    only of the new: skipped: too young; no shorter cooldown: what it fixes is unknown: there is a report about DIGEST, and none about DIGEST
    different scanners: skipped: too young; no shorter cooldown: what it fixes is unknown: the reports were made by different scanners: grype, trivy
    one that is broken: skipped: too young; no shorter cooldown: what it fixes is unknown: the report DIGEST-2.json cannot be used: not a report in JSON: EOF while parsing a value at line 1 column 11
    a pipe: skipped: too young; no shorter cooldown: what it fixes is unknown: the report DIGEST.json cannot be used: it is not a file
    one platform: skipped: too young; no shorter cooldown: reports do not cover everything: there is no report about linux/arm64
    one side of a platform: skipped: too young; no shorter cooldown: what it fixes is unknown: linux/arm64: there is a report about the former image, and none about the new one, DIGEST
    every platform: chosen: the newest version that the rule admits; its cooldown is shorter: it fixes CVE-2027-1 (critical)
    "#);
}

/// A version that waits costs nothing more without a shorter cooldown, and nothing more at all where nothing is new.
#[test]
fn without_a_shorter_cooldown_nothing_more_is_asked() {
    let requests = |keys: &str, tag: &str| {
        let world = World::signed();
        let clone = world.clone("vulnerabilities: osv", &format!("{SIGNED}{keys}    tags: [{tag}]\n"));
        world.run(&clone, &["plan"]);
        (world.upstream.log().len(), world.osv.log().len())
    };
    for (tag, same) in [("1.0.0", true), ("1.1.0", true)] {
        let (plain, shorter) = (requests("    cooldown: 3d\n", tag), requests("    cooldown: { fixes: 1d }\n", tag));
        assert_eq!(plain == shorter, same, "{tag}: {plain:?} and {shorter:?}");
        assert_eq!(shorter.1, 0);
    }
}

impl World {
    /// Puts an SBOM beside an image, with these packages.
    fn sbom(&self, image: &Image, purls: &[&str]) {
        let component = |purl: &&str| {
            let (name, version) = purl.rsplit('/').next().unwrap().split_once('@').unwrap();
            json!({ "type": "library", "name": name, "version": version, "purl": purl })
        };
        let components: Vec<Value> = purls.iter().map(component).collect();
        let sbom = json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components });
        self.upstream.put_untagged("team/tool", &self.key.attestation_of(image.root(), CYCLONEDX, &sbom));
    }

    /// What a plan says of the vulnerabilities of the one proposal.
    fn planned(&self, clone: &Clone) -> Value {
        let plan = self.run(clone, &["plan"]);
        plan["proposals"][0]["images"][0]["evidence"]["vulnerabilities"].clone()
    }
}

const AGELESS: &str = "    cooldown: 0s\n";

/// Each finding as `id severity package`.
fn listed(findings: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{findings}")).to_owned();
    let one = |finding: &Value| [&finding["id"], &finding["severity"], &finding["package"]].map(text).join(" ");
    findings.as_array().unwrap_or_else(|| panic!("{findings}")).iter().map(one).collect()
}

/// Batches, pages, withdrawn ones, several names of one vulnerability: each looked up once, without a credential.
#[test]
fn osv_says_what_is_fixed_and_new() {
    let world = World::unsigned();
    world.sbom(&world.former, &["pkg:npm/left-pad@1.0.0", "pkg:npm/curl@1.0.0", "pkg:generic/tool@1"]);
    world.sbom(&world.new, &["pkg:npm/left-pad@1.1.0", "pkg:npm/curl@1.0.0", "pkg:npm/zlib@2.0.0"]);
    let critical = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }]);
    world.osv.add(
        "GHSA-aaaa-bbbb-cccc",
        &["pkg:npm/left-pad@1.0.0"],
        &json!({ "aliases": ["CVE-2027-1"], "severity": critical }),
    );
    world.osv.add("CVE-2027-1", &["pkg:npm/left-pad@1.0.0"], &json!({}));
    world.osv.add("CVE-2027-2", &["pkg:npm/curl@1.0.0"], &json!({ "database_specific": { "severity": "LOW" } }));
    world.osv.add(
        "GHSA-dddd-eeee-ffff",
        &["pkg:npm/zlib@2.0.0"],
        &json!({ "database_specific": { "severity": "MODERATE" } }),
    );
    let withdrawn = json!({ "severity": critical, "withdrawn": "2026-11-02T00:00:00Z" });
    world.osv.add("GHSA-gggg-hhhh-iiii", &["pkg:npm/left-pad@1.1.0"], &withdrawn);
    world.osv.page(1);
    let clone = world.clone("vulnerabilities: osv", AGELESS);
    let found = world.planned(&clone);
    assert_eq!(found["source"], "osv", "{found}");
    assert_eq!(listed(&found["fixed"]), ["CVE-2027-1 critical left-pad"]);
    assert_eq!(listed(&found["new"]), ["GHSA-dddd-eeee-ffff medium zlib"]);
    assert_eq!(found["same"], 1);
    let mut lines = world.osv.lines();
    lines.sort();
    assert_eq!(
        lines,
        [
            "GET /v1/vulns/CVE-2027-1 200",
            "GET /v1/vulns/CVE-2027-2 200",
            "GET /v1/vulns/GHSA-aaaa-bbbb-cccc 200",
            "GET /v1/vulns/GHSA-dddd-eeee-ffff 200",
            "GET /v1/vulns/GHSA-gggg-hhhh-iiii 200",
            "POST /v1/querybatch 200",
            "POST /v1/querybatch 200",
        ]
    );
}

/// Whatever OSV does, the version is proposed, and nothing is called fixed.
#[test]
fn what_osv_does_not_say_is_unknown() {
    let busy = || Action::Answer(429, vec![("retry-after".to_owned(), "0".to_owned())], "".into());
    let answer = |body: &str| Action::Answer(200, Vec::new(), body.to_owned().into());
    let rows = [
        ("", "", busy(), "OSV answered 429"),
        ("", "", Action::Answer(400, Vec::new(), "{}".into()), "OSV answered 400"),
        (
            "",
            "",
            Action::Answer(307, vec![("location".to_owned(), "http://127.0.0.1:1/".to_owned())], "".into()),
            "OSV answered 307",
        ),
        ("", "", Action::Endless, "bytes, which are the most"),
        ("POST", "querybatch", answer("<html>"), "not an answer of OSV"),
        ("POST", "querybatch", answer("{\"results\":[]}"), "OSV answered 0 of 2 queries"),
        ("POST", "querybatch", answer("{\"results\":[{\"vulns\":[{\"id\":\"../../x?y\"}]},{}]}"), "OSV answered 404"),
        (
            "POST",
            "querybatch",
            answer("{\"results\":[{\"next_page_token\":\"again\"},{\"next_page_token\":\"again\"}]}"),
            "pages, which are the most",
        ),
        ("GET", "vulns", answer("[]"), "not a vulnerability of OSV"),
    ];
    for (method, path, action, why) in rows {
        let world = World::unsigned();
        world.sbom(&world.former, &["pkg:npm/left-pad@1.0.0"]);
        world.sbom(&world.new, &["pkg:npm/left-pad@1.1.0"]);
        world.osv.add("CVE-2027-1", &["pkg:npm/left-pad@1.0.0"], &json!({}));
        let clone = world.clone("vulnerabilities: osv", AGELESS);
        world.osv.fault(Rule::new(method, path, action));
        let plan = world.run(&clone, &["plan"]);
        let found = &plan["proposals"][0]["images"][0]["evidence"]["vulnerabilities"];
        if why == "OSV answered 404" {
            // An identifier that OSV does not have is shown without a severity, and asked for nowhere else.
            assert!(
                world.osv.lines().iter().any(|line| line.contains("/v1/vulns/..%2F..%2Fx%3Fy")),
                "{:?}",
                world.osv.lines()
            );
            continue;
        }
        assert_eq!((&found["source"], &found["fixed"]), (&json!("unknown"), &json!([])), "{why}: {found}");
        let told = world.run(&clone, &["plan"]).to_string();
        assert!(told.contains("unknown"), "{told}");
    }
}

/// One static program lists no packages; that nothing is known of it is not that it has no vulnerabilities.
#[test]
fn an_image_that_lists_no_packages_is_unknown_to_osv() {
    let world = World::unsigned();
    let found = world.planned(&world.clone("vulnerabilities: osv", AGELESS));
    assert_eq!(found["source"], "unknown", "{found}");
    assert_eq!(found["detail"], "no packages are listed that OSV could be asked about");
    assert_eq!(world.osv.lines(), Vec::<String>::new());
}

/// What a pull request says of evidence is not in force: neither its source nor its VEX documents.
#[test]
fn a_check_takes_evidence_from_the_base() {
    let world = World::signed();
    let clone = world.clone("vulnerabilities: reports", SIGNED);
    report(&clone, &world.former.digest(), "", &grype(&[]));
    report(&clone, &world.new.digest(), "", &grype(&["CVE-2027-1 Critical openssl"]));
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-11-01T00:00:00Z",
        "statements": [{ "vulnerability": { "name": "CVE-2027-1" }, "status": "not_affected" }],
    });
    let text = std::fs::read_to_string(clone.path().join("approved-images.yml")).unwrap();
    let text = text.replace("vulnerabilities: reports", "vulnerabilities: osv, vex: [vex.json]");
    let text = format!("{text}      - tag: 1.1.0\n        digest: {}\n", world.new.digest());
    std::fs::write(clone.path().join("approved-images.yml"), text).unwrap();
    std::fs::write(clone.path().join("vex.json"), vex.to_string()).unwrap();
    let hosts = format!("api.osv.dev={}", world.osv.url());
    let checked = clone.run(PROGRAM, &hosts, &["check", "--reports", "reports"]).output().json();
    let found = &checked["images"][0]["evidence"]["vulnerabilities"];
    assert_eq!(found["source"], "reports", "{checked}");
    assert_eq!(listed(&found["new"]), ["CVE-2027-1 critical openssl"]);
    assert!(world.osv.log().is_empty(), "{:?}", world.osv.lines());
}

/// A proposal that is open because of what it fixes stays while nobody knows whether that is still so.
#[test]
fn an_open_proposal_stays_while_its_fix_cannot_be_looked_up() {
    let world = World::signed();
    let clone = world.clone("vulnerabilities: reports", &format!("{SIGNED}{SHORTER}"));
    let scanned = |former: &[&str]| {
        report(&clone, &world.former.digest(), "", &grype(former));
        report(&clone, &world.new.digest(), "", &grype(&[]));
    };
    let propose = || world.run(&clone, &["propose", "--reports", "reports"]);
    let actions = |output: &Value| -> Vec<String> {
        let rows = output["proposals"].as_array().unwrap().iter();
        rows.map(|row| row["action"].as_str().unwrap().to_owned()).collect()
    };
    scanned(&["CVE-2027-1 Critical openssl"]);
    assert_eq!(actions(&propose()), ["opened"]);
    assert_eq!(actions(&propose()), ["unchanged"]);
    let open = || clone.git(&["rev-parse", "wharfinger/image/tool/latest"]);
    let before = open();
    std::fs::remove_dir_all(clone.path().join("reports")).unwrap();
    std::fs::create_dir(clone.path().join("reports")).unwrap();
    for _ in 0..2 {
        let output = propose();
        assert_eq!(actions(&output), ["left"], "{output}");
        assert!(output.to_string().contains("whether tool:1.1.0 still need not wait is unknown: "), "{output}");
        assert_eq!(open(), before);
    }
    scanned(&["CVE-2027-1 Critical openssl"]);
    assert_eq!(actions(&propose()), ["unchanged"], "nothing was opened again");
    // It is known now that nothing is fixed: the advisory was withdrawn.
    scanned(&[]);
    let output = propose();
    assert_eq!(actions(&output), ["closed"], "{output}");
    assert!(output.to_string().contains("it fixes nothing of severity high or worse"), "{output}");
}
