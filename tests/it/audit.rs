//! `audit` against a stateful Docker Hub and stateful registries.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::http::{Action, Rule};
use crate::support::hub::{Account, HubRepositoryEntry, TestHub};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::{Auth, TestRegistry};

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const SECRET: &str = "dckr_pat_canary";

/// Docker Hub, its API and its registry, which is upstream too.
pub(crate) struct World {
    pub(crate) hub: TestHub,
    pub(crate) registry: TestRegistry,
}

impl World {
    pub(crate) fn new(account: Account) -> Self {
        Self { hub: TestHub::start(vec![account]), registry: TestRegistry::start() }
    }

    pub(crate) fn owned() -> Self {
        let world = Self::new(Account::personal("jo", SECRET, &["acme"]));
        world.hub.add_team("acme", "developers");
        world.hub.add_team("acme", "interns");
        world
    }

    /// Puts an image upstream.
    pub(crate) fn upstream(&self, repository: &str, tag: &str, seed: u64) -> Digest {
        self.registry.put_image(repository, tag, &ImageSpec::new(seed).build())
    }

    /// A private mirror with these tags.
    pub(crate) fn mirror(&self, name: &str, grants: &[(&str, &str)], tags: &[(&str, &Digest)]) {
        let grants = grants.iter().map(|(team, may)| ((*team).to_owned(), (*may).to_owned())).collect();
        let entry = HubRepositoryEntry { is_private: true, grants, ..HubRepositoryEntry::default() };
        self.hub.add_repository("acme", name, entry);
        for (tag, digest) in tags {
            self.hub.set_tag("acme", name, tag, digest, "2026-11-20T08:00:00Z");
        }
    }

    pub(crate) fn hosts(&self) -> String {
        format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url())
    }

    fn run_as(&self, user: &str, manifest: &str, arguments: &[&str]) -> Outcome {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), manifest).unwrap();
        let run = Run::new(PROGRAM).dir(directory.path()).arg("audit").args(arguments);
        let run = run.env("WHARFINGER_HOSTS", self.hosts());
        let given =
            [("DOCKERHUB_USERNAME", user), ("DOCKERHUB_TOKEN", SECRET)].into_iter().filter(|_| !user.is_empty());
        let outcome = given.fold(run, |run, (name, value)| run.env(name, value)).output();
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        outcome
    }

    fn audit(&self, manifest: &str, arguments: &[&str]) -> Outcome {
        self.run_as("jo", manifest, arguments)
    }
}

/// An approval that was promoted.
pub(crate) fn promoted(tag: &str, digest: &Digest) -> String {
    format!("      - {{ tag: \"{tag}\", digest: \"{digest}\", mirrored: \"{digest}\" }}\n")
}

fn codes(json: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let rows = json["findings"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["code"]), format!("{}:{}", text(&row["repository"]), text(&row["tag"])))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(code, of)| ((*code).to_owned(), (*of).to_owned())).collect()
}

/// A world in which much differs, and its manifest.
fn drifted() -> (World, String) {
    let world = World::owned();
    let (one, two, three) = (
        world.upstream("grafana/loki", "3.0.0", 1),
        world.upstream("grafana/loki", "3.1.0", 2),
        Digest::sha256(b"gone"),
    );
    let (other, lost) = (Digest::sha256(b"other"), Digest::sha256(b"lost"));
    world.mirror(
        "loki",
        &[("developers", "admin"), ("interns", "write")],
        &[("3.0.0", &one), ("3.1.0", &other), ("debug", &other), ("2.0.0", &three)],
    );
    world.mirror("redis", &[], &[]);
    for name in ["own-app", "own-base"] {
        world.mirror(name, &[], &[("latest", &other)]);
    }
    let manifest = format!(
        "organization: acme\npolicy:\n  image-access: {{ enabled: true, community: restricted, allowlist: [grafana/loki] }}\nimages:\n  - source: grafana/loki\n    visibility: public\n    description: Log aggregation\n    teams: {{ developers: read }}\n    approved:\n{}{}      - {{ tag: 3.2.0, digest: \"{lost}\" }}\n    revoked:\n      - {{ tag: 2.0.0, digest: \"{three}\", reason: CVE-2027-1, delete: true }}\n  - source: redis\n    approved:\n      - {{ tag: \"7.2\", digest: \"{two}\" }}\n",
        promoted("3.0.0", &one),
        promoted("3.1.0", &two),
    );
    world.registry.put_image("library/redis", "7.2", &ImageSpec::new(2).build());
    (world, manifest)
}

#[test]
fn everything_that_differs_is_found() {
    let (world, manifest) = drifted();
    let found = world.audit(&manifest, &[]).expect_status(1);
    insta::assert_snapshot!(found.stdout);
    assert!(found.stdout.lines().all(|line| line.chars().count() <= 80), "{}", found.stdout);
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    let expected = [
        ("image-access", "-:-"),
        ("unknown", "-:-"),
        ("unknown", "-:-"),
        ("visibility", "loki:-"),
        ("team", "loki:-"),
        ("extra-team", "loki:-"),
        ("description", "loki:-"),
        ("allowlisted-source", "loki:-"),
        ("revoked-tag", "loki:2.0.0"),
        ("mirror-differs", "loki:3.1.0"),
        ("not-promoted", "loki:3.2.0"),
        ("withdrawn", "loki:3.2.0"),
        ("unapproved-tag", "loki:debug"),
        ("not-promoted", "redis:7.2"),
    ];
    assert_eq!(codes(&json), pairs(&expected));
    assert_eq!((&json["drift"], &json["failed"]), (&json!(true), &json!([])));
    assert_eq!(json["counted"]["unmanaged"], json!(["own-app", "own-base"]), "an organization has images of its own");
    assert_eq!(json["findings"][8]["line"], 14, "the place of the revocation: {}", json["findings"][8]);
    let schema = Run::new(PROGRAM).args(["schema", "output"]).output().json();
    jsonschema::validate(&schema, &json).unwrap();
    assert_eq!(world.hub.writes(), [""; 0]);
    world.hub.check_traffic();
    let pulls: Vec<String> = world.registry.server().lines();
    // What HEAD does not know is asked for by GET before it is lost.
    let free = |line: &String| {
        // Nothing is read either by finding out how requests are authenticated, before what is absent is believed to be.
        let free = line.starts_with("HEAD ") || line.contains("/referrers/") || line.starts_with("GET /v2/ ");
        free || line.contains("/tags/list") || line.ends_with(" 404")
    };
    assert!(pulls.iter().all(free), "nothing counts as a pull: {pulls:?}");
}

#[test]
fn a_source_that_lost_an_approval_is_told_of_though_the_mirror_has_it() {
    let world = World::owned();
    let (here, gone) = (world.upstream("grafana/loki", "3.0.0", 1), Digest::sha256(b"gone"));
    world.mirror("loki", &[], &[("3.0.0", &here), ("3.1.0", &gone)]);
    let manifest = format!(
        "organization: acme\nimages:\n  - source: grafana/loki\n    approved:\n{}{}",
        promoted("3.0.0", &here),
        promoted("3.1.0", &gone)
    );
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!(codes(&json), pairs(&[("withdrawn", "loki:3.1.0")]));
    assert_eq!(json["findings"][0]["found"], "its tag and its bytes are gone");
    world.registry.put_image("grafana/loki", "other", &ImageSpec::new(3).build());
    world.registry.fault(Rule::new("", "manifests", Action::Answer(403, Vec::new(), "".into())));
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!((codes(&json), &json["drift"]), (Vec::new(), &json!(false)), "a refusal is no absence");
    assert_eq!(json["failed"][0]["source"], "grafana/loki");
}

#[test]
fn what_was_withdrawn_upstream_is_told_from_what_was_rebuilt() {
    let world = World::owned();
    let (tagged, rebuilt) = (world.upstream("grafana/loki", "3.0.0", 1), Digest::sha256(b"former build"));
    world.upstream("grafana/loki", "3.1.0", 2);
    world.registry.delete_tag("grafana/loki", "3.0.0");
    let gone = Digest::sha256(b"gone");
    world.mirror("loki", &[], &[("3.0.0", &tagged), ("3.1.0", &rebuilt)]);
    world.mirror("redis", &[], &[("7.2", &gone)]);
    let dated = |tag: &str, digest: &Digest| promoted(tag, digest).replace(" }", ", approved-on: 2026-11-21 }");
    let manifest = format!(
        "organization: acme\nimages:\n  - source: grafana/loki\n    approved:\n{}{}  - source: redis\n    approved:\n{}",
        dated("3.0.0", &tagged),
        promoted("3.1.0", &rebuilt),
        dated("7.2", &gone)
    );
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    let expected = [("withdrawn", "loki:3.0.0"), ("source-lost", "loki:3.1.0"), ("withdrawn", "redis:7.2")];
    assert_eq!(codes(&json), pairs(&expected), "{json}");
    let found = |at: usize| json["findings"][at]["found"].as_str().unwrap();
    assert_eq!(found(0), "its tag is gone; its bytes still answer by digest (withdrawn on 2026-11-21 or later)");
    assert_eq!(found(2), "its repository is gone (withdrawn on 2026-11-21 or later)");
}

/// An organization as its manifest says, and the manifest.
pub(crate) fn clean(world: &World) -> (String, Digest) {
    let digest = world.upstream("grafana/loki", "3.0.0", 1);
    world.mirror("loki", &[("developers", "read")], &[("3.0.0", &digest)]);
    let manifest = format!(
        "organization: acme\nimages:\n  - source: grafana/loki\n    teams: {{ developers: read }}\n    approved:\n{}",
        promoted("3.0.0", &digest)
    );
    (manifest, digest)
}

#[test]
fn an_organization_that_is_as_it_should_be_is_clean() {
    let world = World::owned();
    let (manifest, digest) = clean(&world);
    let outcome = world.audit(&manifest, &[]).expect_status(0);
    insta::assert_snapshot!(outcome.stdout);
    // A signature of what is approved is nobody's intrusion; one of what nobody knows is.
    let stem = format!("sha256-{}", digest.hex());
    world.hub.set_tag("acme", "loki", &format!("{stem}.sig"), &Digest::sha256(b"sig"), "2026-11-20T08:00:00Z");
    world.audit(&manifest, &[]).expect_status(0);
    let orphan = format!("sha256-{}", Digest::sha256(b"orphan").hex());
    world.hub.set_tag("acme", "loki", &orphan, &Digest::sha256(b"image"), "2026-11-20T08:00:00Z");
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!(codes(&json), pairs(&[("unapproved-tag", &format!("loki:{orphan}"))]));
}

#[test]
fn a_tag_that_a_retired_approval_left_is_no_drift() {
    let world = World::owned();
    let (manifest, digest) = clean(&world);
    let old = Digest::sha256(b"old");
    let before = manifest.replace("    approved:\n", &format!("    approved:\n{}", promoted("2.0.0", &old)));
    let clone = Clone::with(&[(FILE, &before)]);
    for number in 0..7 {
        clone.commit(&[(FILE, &format!("{before}# {number}\n"))], "Something else");
    }
    clone.commit(&[(FILE, &manifest)], "Retire 2.0.0");
    for (tag, digest) in [("2.0.0", &old), ("3.0.0", &digest)] {
        world.hub.set_tag("acme", "loki", tag, digest, "2026-11-20T08:00:00Z");
    }
    let audit = |arguments: &[&str]| {
        let run = clone.run(PROGRAM, &world.hosts(), &["audit"]).args(arguments);
        run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET).output()
    };
    let json = audit(&[]).expect_status(0).json();
    assert_eq!(codes(&json), pairs(&[("retired-tag", "loki:2.0.0")]));
    assert_eq!((&json["drift"], &json["findings"][0]["drift"]), (&json!(false), &json!(false)));
    world.hub.set_tag("acme", "loki", "2.0.0", &digest, "2026-11-20T09:00:00Z");
    assert_eq!(codes(&audit(&[]).expect_status(1).json()), pairs(&[("unapproved-tag", "loki:2.0.0")]), "moved since");
    assert_eq!(audit(&["--issue"]).expect_status(2).status, Some(2), "branches have no issues");
    // Without the history nothing tells a retired tag from any other.
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!(codes(&json), pairs(&[("unapproved-tag", "loki:2.0.0")]));
}

/// Requests of the API by kind, names of mirrors taken out.
fn counts(hub: &TestHub) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for exchange in hub.log() {
        let parts: Vec<String> = exchange.request.segments();
        let mirror = |part: &String| part.starts_with("app-");
        let path: Vec<&str> = parts.iter().map(|part| if mirror(part) { "MIRROR" } else { part.as_str() }).collect();
        *counts.entry(format!("{} /{}", exchange.request.method, path.join("/"))).or_default() += 1;
    }
    counts
}

#[test]
fn five_hundred_mirrors_and_ten_thousand_tags_are_read_in_few_requests() {
    let world = World::owned();
    let directory = tempfile::tempdir().unwrap();
    let main = "organization: acme\ninclude: [images/*.yml]\n";
    std::fs::write(directory.path().join(FILE), main).unwrap();
    std::fs::create_dir(directory.path().join("images")).unwrap();
    let tags: Vec<String> = (0..20).map(|patch| format!("1.0.{patch}")).collect();
    for part in 0..10 {
        let mut file = String::from("images:\n");
        for number in part * 50..(part + 1) * 50 {
            let (name, image) = (format!("app-{number}"), ImageSpec::new(number).single().layers(1, 10).build());
            let digest = world.registry.put_image(&format!("vendor/{name}"), "1.0.0", &image);
            tags.iter().for_each(|tag| world.registry.set_tag(&format!("vendor/{name}"), tag, &digest));
            file.push_str(&format!("  - source: vendor/{name}\n    approved:\n"));
            tags.iter().for_each(|tag| file.push_str(&promoted(tag, &digest)));
            let held: Vec<(&str, &Digest)> = tags.iter().map(|tag| (tag.as_str(), &digest)).collect();
            world.mirror(&name, &[], &held);
        }
        std::fs::write(directory.path().join(format!("images/{part}.yml")), file).unwrap();
    }
    world.registry.server().clear_log();
    let run = Run::new(PROGRAM).dir(directory.path()).args(["audit", "--format", "json", "-v"]);
    let run = run.env("WHARFINGER_HOSTS", world.hosts()).env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET);
    let outcome = run.output().expect_status(0);
    let json = outcome.json();
    assert_eq!((&json["counted"]["mirrors"], &json["counted"]["tags"]), (&json!(500), &json!(10_000)));
    let shown: String = counts(&world.hub).iter().map(|(kind, count)| format!("{count} {kind}\n")).collect();
    insta::assert_snapshot!(shown);
    let asked = world.registry.server().lines();
    let referrers = |line: &&String| line.starts_with("GET ") && line.contains("/referrers/");
    assert_eq!(asked.iter().filter(referrers).count(), 500, "what refers to each promoted image: {:?}", &asked[..3]);
    let heads = asked.iter().filter(|line| line.starts_with("HEAD ")).count();
    assert_eq!((asked.len(), heads), (1_500, 500), "upstream one HEAD a digest and one list: {:?}", &asked[..3]);
    let phases = outcome.stderr.lines().filter(|line| line.contains("audit: ")).count();
    assert_eq!(phases, 3, "a line a phase: {}", outcome.stderr);
}

#[test]
fn a_list_of_more_than_a_hundred_tags_is_read_page_by_page() {
    let world = World::owned();
    let (manifest, digest) = clean(&world);
    let other = Digest::sha256(b"other");
    for number in 0..250 {
        world.hub.set_tag("acme", "loki", &format!("0.{number}"), &other, "2026-11-20T08:00:00Z");
    }
    world.hub.set_tag("acme", "loki", "3.0.0", &digest, "2026-11-20T08:00:00Z");
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!(json["findings"].as_array().unwrap().len(), 250);
    assert_eq!(counts(&world.hub)["GET /v2/namespaces/acme/repositories/loki/tags"], 3);
    let sarif = world.audit(&manifest, &["--format", "sarif"]).expect_status(1).json();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 250);
}

#[test]
fn what_is_refused_is_said_and_never_taken_for_agreement() {
    let account = |scopes: &[&str]| Account::organization("acme", SECRET, scopes);
    let told = |account: Account, status: i32| {
        let world = World::new(account);
        let (manifest, _) = clean(&world);
        let manifest = manifest.replace("images:", "policy:\n  image-access: { enabled: true }\nimages:");
        let json = world.run_as("acme", &manifest, &["--format", "json"]).expect_status(status).json();
        let rows =
            json["failed"].as_array().map(|rows| rows.iter().map(|row| row["error"].as_str().unwrap().to_owned()));
        let rows =
            rows.map(Iterator::collect::<Vec<_>>).unwrap_or_else(|| vec![json["error"].as_str().unwrap().to_owned()]);
        assert!(
            json["findings"].as_array().is_none_or(|found| found.iter().all(|row| row["code"] == "unknown")),
            "{json}"
        );
        format!("{}\n", rows.join("\n"))
    };
    let mut all = told(account(&[]), 3);
    all.push_str(&told(account(&["scope-tag-read", "scope-repository-list", "scope-repository-read"]), 1));
    insta::assert_snapshot!(all);
    let world = World::owned();
    let (manifest, _) = clean(&world);
    world.hub.link(&world.registry);
    world.registry.set(|switches| switches.auth = Auth::Bearer);
    let nobody = world.run_as("", &manifest, &[]).expect_status(3);
    assert!(nobody.stderr.contains("refused"), "{}", nobody.stderr);
}

#[test]
fn teams_that_docker_hub_does_not_list_are_unknown_and_no_drift() {
    let world = World::owned();
    let (manifest, _) = clean(&world);
    world.hub.server().fault(Rule::new("GET", "/loki/groups", Action::Answer(404, Vec::new(), "{}".into())));
    let json = world.audit(&manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!((codes(&json), &json["drift"]), (pairs(&[("unknown", "loki:-")]), &json!(false)), "{json}");
    assert_eq!((&json["findings"][0]["subject"], &json["failed"][0]["repository"]), (&json!("team"), &json!("loki")));
    assert_eq!(json["failed"][0]["error"], "Docker Hub does not show the teams of repositories of acme");
    // Where the manifest wants nothing of teams, none that it could miss is listed.
    let none = manifest.replace("    teams: { developers: read }\n", "");
    let json = world.audit(&none, &["--format", "json"]).expect_status(0).json();
    assert_eq!((codes(&json), &json["failed"]), (Vec::new(), &json!([])));
}

#[test]
fn a_rate_limit_is_waited_for_and_a_broken_list_fails_one_mirror_alone() {
    let world = World::owned();
    let (manifest, _) = clean(&world);
    world.hub.limit(3, &[("retry-after", "1")]);
    world.audit(&manifest, &[]).expect_status(0);
    world.hub.server().fault(Rule::new("GET", "/loki/tags", Action::Answer(200, Vec::new(), "{\"results\":7}".into())));
    let both = format!("{manifest}  - source: redis\n");
    let json = world.audit(&both, &["--format", "json"]).expect_status(1).json();
    assert_eq!(
        (json["failed"][0]["repository"].clone(), json["counted"]["mirrors"].clone()),
        (json!("loki"), json!(1))
    );
    assert_eq!(codes(&json), []);
}

#[test]
fn another_registry_is_audited_by_its_list_and_a_head_for_each_tag() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let image = ImageSpec::new(1).build();
    let digest = upstream.put_image("team/app", "1.0.0", &image);
    for tag in ["1.0.0", "hand-made", &format!("sha256-{}.sig", digest.hex())] {
        mirror.put_image("acme/app", tag, &image);
    }
    let manifest = format!(
        "organization: acme\nregistry: {}\nimages:\n  - source: {}/team/app\n    visibility: public\n    approved:\n{}",
        mirror.host(),
        upstream.host(),
        promoted("1.0.0", &digest)
    );
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(FILE), manifest).unwrap();
    let run = Run::new(PROGRAM).dir(directory.path()).args(["audit", "--format", "json"]);
    let json = run.output().expect_status(1).json();
    assert_eq!(
        codes(&json),
        pairs(&[
            ("unapproved-tag", "app:hand-made"),
            ("foreign-companion", &format!("app:sha256-{}.sig", digest.hex()))
        ]),
        "it has no visibility, and says so nowhere"
    );
    let asked = mirror.server().lines();
    assert_eq!(asked.iter().filter(|line| line.starts_with("HEAD ")).count(), 2, "{asked:?}");
    mirror.fault(Rule::new("", "", Action::Answer(503, Vec::new(), "".into())));
    Run::new(PROGRAM).dir(directory.path()).args(["audit"]).output().expect_status(3);
}

/// A manifest, in a directory, of one promoted image on registries of their own.
struct Elsewhere {
    upstream: TestRegistry,
    mirror: TestRegistry,
    directory: tempfile::TempDir,
}

impl Elsewhere {
    fn new(approved: impl Fn(&TestRegistry, &TestRegistry) -> String) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let image = approved(&upstream, &mirror);
        let manifest = format!(
            "organization: acme\nregistry: {}\nimages:\n  - source: {}/team/app\n{image}",
            mirror.host(),
            upstream.host(),
        );
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(FILE), manifest).unwrap();
        Self { upstream, mirror, directory }
    }

    fn audit(&self, status: i32) -> Value {
        let run = Run::new(PROGRAM).dir(self.directory.path()).args(["audit", "--format", "json"]);
        run.output().expect_status(status).json()
    }
}

#[test]
fn an_image_where_a_signature_should_be_is_found_at_the_mirror() {
    for has in [true, false] {
        let image = ImageSpec::new(1).build();
        let world = Elsewhere::new(|upstream, mirror| {
            mirror.set(|switches| switches.referrers = has);
            let digest = upstream.put_image("team/app", "1.0.0", &image);
            mirror.put_image("acme/app", "1.0.0", &image);
            format!("    approved:\n{}", promoted("1.0.0", &digest))
        });
        let stem = format!("sha256-{}", image.digest().hex());
        let signing = "application/vnd.dev.cosign.simplesigning.v1+json";
        world.mirror.put_image("acme/app", &format!("{stem}.sig"), &Image::cosign(signing, b"fine"));
        let fine = Image::artifact(image.root(), "application/x.signature", b"fine");
        fine.push_blocking(&world.mirror.url(), "acme/app", fine.digest().as_str());
        let list = |artifacts: &[&Image]| {
            let entries: Vec<Value> = artifacts.iter().map(|artifact| artifact.subject()).collect();
            let index = "application/vnd.oci.image.index.v1+json";
            let text = json!({"schemaVersion": 2, "mediaType": index, "manifests": entries}).to_string();
            let manifest = crate::support::images::Manifest { media_type: index.to_owned(), bytes: text.into() };
            Image { blobs: Vec::new(), manifests: vec![manifest] }.put(&world.mirror, "acme/app", &stem);
        };
        if !has {
            list(&[&fine]);
        }
        assert_eq!(codes(&world.audit(0)), [], "signatures are nobody's intrusion");
        let index = ImageSpec::new(2).build();
        index.put(&world.mirror, "acme/app", &format!("{stem}.att"));
        let linux = json!({"os": "linux", "architecture": "amd64"});
        let more = json!({"artifactType": "application/x.signature", "subject": image.subject()});
        let disguised = Image::disguised(&linux, signing, b"run me", &more);
        disguised.push_blocking(&world.mirror.url(), "acme/app", disguised.digest().as_str());
        if !has {
            list(&[&fine, &disguised]);
        }
        let json = world.audit(1);
        let of = if has { "1.0.0" } else { stem.as_str() };
        let mut expected =
            pairs(&[("foreign-companion", &format!("app:{of}")), ("foreign-companion", &format!("app:{stem}.att"))]);
        expected.sort();
        assert_eq!(codes(&json), expected, "{json}");
        let found: Vec<&str> =
            json["findings"].as_array().unwrap().iter().map(|f| f["found"].as_str().unwrap()).collect();
        assert!(found.contains(&format!("{}, an index", index.digest()).as_str()), "{found:?}");
        assert!(found.contains(&format!("{}, a runnable image", disguised.digest()).as_str()), "{found:?}");
    }
}

#[test]
fn what_only_calls_itself_the_wanted_platforms_is_found() {
    let platforms = ["linux/amd64", "linux/arm64", "linux/s390x"];
    let image = ImageSpec::new(1).platforms(&platforms).build();
    // Somebody who may push to the mirror makes an index that says that it is a subset of what is approved, and edits `mirrored`.
    let evil = ImageSpec {
        annotations: vec![("io.github.wharfinger.subset-of".to_owned(), image.digest().to_string())],
        ..ImageSpec::new(2).platforms(&platforms[..2])
    };
    let evil = evil.build();
    let world = Elsewhere::new(|upstream, mirror| {
        let digest = upstream.put_image("team/app", "1.0.0", &image);
        let mirrored = mirror.put_image("acme/app", "1.0.0", &evil);
        format!(
            "    platforms: [linux/amd64, linux/arm64]\n    approved:\n      - {{ tag: 1.0.0, digest: \"{digest}\", mirrored: \"{mirrored}\" }}\n"
        )
    });
    let json = world.audit(1);
    assert_eq!(codes(&json), pairs(&[("mirror-differs", "app:1.0.0")]));
    let found = json["findings"][0]["found"].as_str().unwrap();
    assert!(found.starts_with(evil.digest().as_str()) && found.contains("claims to be"), "{found}");
    assert_ne!(json["findings"][0]["expected"], json!(evil.digest()));
    assert!(world.upstream.writes().is_empty());
}

/// What code scanning asks of a file beside the schema.
#[track_caller]
fn check_sarif(sarif: &Value) {
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty() && text.len() < 1024), "{rule}");
        }
        assert!(["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
        let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.0..=10.0).contains(&severity));
    }
    let mut prints = std::collections::BTreeSet::new();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"], json!({"uri": FILE, "uriBaseId": "%SRCROOT%"}));
        assert!(
            place["region"]["startLine"].as_u64().unwrap() >= 1
                && place["region"]["startColumn"].as_u64().unwrap() >= 1
        );
        let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
        assert!(prints.insert(print.to_owned()), "each finding is an alert of its own: {result}");
    }
    // The published schema, where somebody has it: `sarif-schema-2.1.0.json`.
    if let Some(path) = std::env::var_os("WHARFINGER_TEST_SARIF_SCHEMA") {
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        jsonschema::draft7::new(&schema).unwrap().validate(sarif).map_err(|e| e.to_string()).unwrap();
    }
}

#[test]
fn code_scanning_gets_what_it_takes() {
    let (world, manifest) = drifted();
    let sarif = world.audit(&manifest, &["--format", "sarif"]).expect_status(1).json();
    check_sarif(&sarif);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);
    insta::assert_snapshot!(serde_json::to_string_pretty(&results[0]).unwrap());
    // A comment above moves every line, and no alert.
    let moved = world.audit(&format!("# moved\n{manifest}"), &["--format", "sarif"]).expect_status(1).json();
    let prints = |sarif: &Value| -> Vec<Value> {
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    assert_eq!(prints(&sarif), prints(&moved));
    let line = |sarif: &Value| {
        let of = sarif["runs"][0]["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "mirror-differs");
        of.unwrap()["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap()
    };
    assert_eq!(line(&sarif) + 1, line(&moved));
    // Where nothing could be asked there is no file at all: an empty one would close every alert.
    let nothing = world.run_as(
        "",
        "organization: acme\npolicy:\n  image-access: { enabled: true }\nimages: []\n",
        &["--format", "sarif"],
    );
    assert_eq!(nothing.expect_status(3).stdout, "");
    world.audit("organization: acme\nnonsense: 1\n", &["--format", "sarif"]).expect_status(2);
}

#[test]
fn the_document_goes_into_a_file_where_one_is_named() {
    let (world, manifest) = drifted();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.sarif").display().to_string();
    let outcome = world.audit(&manifest, &["--format", "sarif", "--output", &path]).expect_status(1);
    assert!(outcome.stdout.contains("unapproved-tag (1)"), "{}", outcome.stdout);
    check_sarif(&serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap());
    let outcome = world.audit(&manifest, &["--output", &path]).expect_status(2);
    assert!(outcome.stderr.contains("--format json or --format sarif"), "{}", outcome.stderr);
    let nowhere = directory.path().join("no/such").display().to_string();
    world.audit(&manifest, &["--format", "json", "--output", &nowhere]).expect_status(3);
    let directory = tempfile::tempdir().unwrap();
    let plan = Run::new(PROGRAM).dir(directory.path()).args(["plan", "--format", "sarif"]).output().expect_status(2);
    assert!(plan.stderr.contains("--format sarif only works with audit and scan"), "{}", plan.stderr);
}

#[test]
fn a_job_gets_the_drift_a_summary_and_annotations_at_their_places() {
    let (world, manifest) = drifted();
    let actions = Actions::schedule("acme/images").input("command", "audit");
    std::fs::write(actions.workspace().join(FILE), &manifest).unwrap();
    let run = Run::new(PROGRAM).actions(&actions).env("WHARFINGER_FORGE", "none");
    let run = run.env("WHARFINGER_HOSTS", world.hosts());
    let outcome = run.env("INPUT_DOCKERHUB-USERNAME", "jo").env("INPUT_DOCKERHUB-TOKEN", SECRET).output();
    let outcome = outcome.expect_status(1);
    let drift: Value = serde_json::from_str(&actions.output("drift").unwrap()).unwrap();
    let keys: Vec<&String> = drift[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "repository", "tag", "expected", "found"]);
    let words: Vec<&str> = drift.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert!(words.contains(&"unapproved-tag") && !words.contains(&"unknown"), "{words:?}");
    assert_eq!(actions.output("changed").as_deref(), Some("false"));
    let revoked = outcome.stdout.lines().find(|line| line.contains("title=revoked-tag")).unwrap();
    assert!(
        revoked.starts_with("::error file=approved-images.yml,line=14,col=9,title=revoked-tag loki%3A2.0.0::"),
        "{revoked}"
    );
    assert!(actions.summary().contains("### `unapproved-tag` (1)"), "{}", actions.summary());
}

/// Without a credential Docker Hub shows tags and no settings: what was not seen is no all-clear.
#[test]
fn without_a_credential_what_docker_hub_does_not_show_is_told() {
    let world = World::owned();
    let digest = world.upstream("grafana/loki", "3.0.0", 1);
    world.registry.put_image("acme/loki", "3.0.0", &ImageSpec::new(1).build());
    let manifest = format!(
        "organization: acme\nimages:\n  - source: grafana/loki\n    teams: {{ developers: read }}\n    approved:\n{}",
        promoted("3.0.0", &digest)
    );
    let json = world.run_as("", &manifest, &["--format", "json"]).expect_status(1).json();
    assert_eq!(codes(&json), []);
    let failed = json["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "{json:#}");
    assert_eq!(
        failed[0]["error"],
        "the repositories and their settings: Docker Hub's settings cannot be read without credentials: set DOCKERHUB_USERNAME and DOCKERHUB_TOKEN"
    );
}
