//! `usage` against a Docker Hub that counts every pull, whoever it is, and against files and repositories of consumers.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use crate::support::clone::Clone;
use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::http::{Action, Rule, client};
use crate::support::hub::{Account, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const SECRET: &str = "dckr_pat_canary";

/// An organization with one image that comes whole, and one of which a platform is selected.
struct World {
    hub: TestHub,
    mirror: TestRegistry,
    upstream: TestRegistry,
    clone: Clone,
    now: DateTime<Utc>,
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

impl World {
    /// Promoted an hour ago, as Docker Hub's clock has it.
    fn promoted() -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let put = |tag: &str, seed: u64| upstream.put_image("grafana/loki", tag, &ImageSpec::new(seed).build());
        let (old, new) = (put("3.0.0", 1), put("3.1.0", 2));
        let redis = upstream.put_image("vendor/redis", "7.2", &ImageSpec::new(3).build());
        let manifest = format!(
            "organization: acme\nimages:\n  - source: ghcr.io/grafana/loki\n    approved:\n      - {{ tag: 3.0.0, digest: \"{old}\" }}\n      \
             - {{ tag: 3.1.0, digest: \"{new}\" }}\n  - source: ghcr.io/vendor/redis\n    platforms: [linux/amd64]\n    approved:\n      \
             - {{ tag: \"7.2\", digest: \"{redis}\" }}\n"
        );
        let hub = TestHub::start(vec![Account::personal("jo", SECRET, &["acme"])]);
        hub.link(&mirror);
        let world = Self { hub, mirror, upstream, clone: Clone::with(&[(FILE, &manifest)]), now: Utc::now() };
        world.hub.set_time(&text(world.now - Duration::hours(1)));
        world.run(&["promote"]).expect_status(0);
        world
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let hosts = format!(
            "docker.io={},hub.docker.com={},ghcr.io={}",
            self.mirror.url(),
            self.hub.url(),
            self.upstream.url()
        );
        let run = self.clone.run(PROGRAM, &hosts, arguments);
        run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET).output()
    }

    /// A developer pulls, so many hours from now.
    fn pull(&self, repository: &str, tag: &str, hours: i64) {
        self.hub.set_time(&text(self.now + Duration::hours(hours)));
        let url = format!("{}/v2/acme/{repository}/manifests/{tag}", self.mirror.url());
        let request = client().get(url).header("accept", "*/*").send();
        let answer = tokio::runtime::Runtime::new().unwrap().block_on(request).unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// `repository:tag last-pulled`, in order.
    fn last_pulled(&self) -> Vec<String> {
        let json = self.run(&["usage"]).expect_status(0).json();
        rows(&json)
    }
}

fn rows(json: &Value) -> Vec<String> {
    let row = |row: &Value| {
        format!(
            "{}:{} {}",
            row["repository"].as_str().unwrap(),
            row["tag"].as_str().unwrap(),
            row["last-pulled"].as_str().unwrap_or("never")
        )
    };
    json["tags"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn only_a_pull_that_is_later_than_our_own_last_read_is_believed() {
    let world = World::promoted();
    let at = |hours: i64| text(world.now + Duration::hours(hours));
    assert_eq!(world.last_pulled(), ["loki:3.0.0 never", "loki:3.1.0 never", "redis:7.2 never"]);
    // Before its promotion was recorded, it may have been the promotion itself.
    world.pull("loki", "3.0.0", -1);
    world.pull("loki", "3.1.0", 1);
    world.pull("redis", "7.2", 1);
    let expected = ["loki:3.0.0 unknown".to_owned(), format!("loki:3.1.0 {}", at(1)), "redis:7.2 unknown".to_owned()];
    assert_eq!(world.last_pulled(), expected, "audits may read images with selected platforms");
    // Neither an audit nor `usage` itself counts as a pull of an image that comes whole.
    world.hub.set_time(&at(2));
    world.run(&["audit"]);
    assert_eq!(world.last_pulled(), expected);
    // Pushed again, and so read again, after its promotion was recorded.
    let digest = world.mirror.digest("acme/loki", "3.1.0").unwrap();
    world.hub.set_tag("acme", "loki", "3.1.0", &digest, &at(3));
    assert_eq!(world.last_pulled()[1], "loki:3.1.0 never");
    world.pull("loki", "3.1.0", 4);
    assert_eq!(world.last_pulled()[1], "loki:3.1.0 unknown");
    let json = world.run(&["usage", "loki"]).expect_status(0).json();
    assert_eq!(json["tags"].as_array().unwrap().len(), 2);
    assert_eq!(json["tags"][1]["digest"], digest.to_string());
    assert!(json["tags"][1]["why"].as_str().unwrap().contains("pushed and read again"), "{json}");
    world.hub.check_traffic();
}

#[test]
fn without_a_history_or_a_listing_nothing_is_believed() {
    let world = World::promoted();
    world.pull("loki", "3.0.0", 1);
    let hosts = format!("docker.io={},hub.docker.com={}", world.mirror.url(), world.hub.url());
    let run = |secret: &str| {
        let run = Run::new(PROGRAM).dir(world.clone.path()).env("WHARFINGER_HOSTS", &hosts);
        let run = run.args(["usage", "--format", "json"]).env("DOCKERHUB_USERNAME", "jo");
        run.env("DOCKERHUB_TOKEN", secret).output()
    };
    let json = run(SECRET).expect_status(0).json();
    assert_eq!(rows(&json)[0], "loki:3.0.0 unknown");
    assert!(json["notes"][0].as_str().unwrap().contains("history"), "{json}");
    assert!(run("").expect_status(3).stderr.contains("DOCKERHUB_TOKEN"));
    run("dckr_pat_wrong").expect_status(3);
    // One repository fails, the others are shown.
    let refused = Action::Answer(403, Vec::new(), "{}".into());
    world.hub.server().fault(Rule::new("GET", "/repositories/redis/tags", refused));
    let json = run(SECRET).expect_status(1).json();
    assert_eq!((json["failed"][0]["repository"].as_str(), rows(&json).len()), (Some("redis"), 3));
    assert_eq!(rows(&json)[2], "redis:7.2 unknown");
}

#[test]
fn who_names_a_tag_is_found_in_directories_and_on_github() {
    let world = World::promoted();
    let digest = world.mirror.digest("acme/loki", "3.0.0").unwrap();
    let dockerfile =
        format!("# a shop\nFROM acme/loki:3.1.0 AS a\nFROM docker.io/acme/loki@{digest}\nFROM grafana/loki:3.0.0\n");
    let other = Digest::sha256(b"other");
    let compose = format!(
        "services:\n  a:\n    image: acme/redis:7.2\n  b:\n    image: acme/loki:3.0.0@{other}\n  c:\n    image: ${{X}}\n"
    );
    let shop = tempfile::tempdir().unwrap();
    std::fs::create_dir(shop.path().join("web")).unwrap();
    std::fs::write(shop.path().join("web/Dockerfile"), &dockerfile).unwrap();
    let may = Permissions { contents: Access::Read, ..Permissions::all(Access::None) };
    let files = vec![("web/Dockerfile".to_owned(), dockerfile), ("compose.yml".to_owned(), compose)];
    let github = TestGitHub::start(Options { who: Who::Actions, may, files, ..Options::default() });
    let (path, name) = (shop.path().to_str().unwrap().to_owned(), github.repository());
    let run = |repository: &str| {
        let hosts = format!("docker.io={},hub.docker.com={}", world.mirror.url(), world.hub.url());
        let run = world.clone.run(PROGRAM, &hosts, &["usage", "--in", &path, "--repository", repository]);
        let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_GRAPHQL_URL", github.graphql());
        let run = run.env("GITHUB_TOKEN", github.token());
        run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET).output()
    };
    let json = run(&name).expect_status(0).json();
    let at =
        |repository: &str, file: &str, line: usize| json!({ "repository": repository, "file": file, "line": line });
    assert_eq!(json["tags"][0]["references"], json!([at(&path, "web/Dockerfile", 3), at(&name, "web/Dockerfile", 3)]));
    assert_eq!(json["tags"][1]["references"], json!([at(&path, "web/Dockerfile", 2), at(&name, "web/Dockerfile", 2)]));
    assert_eq!(json["tags"][2]["references"], json!([at(&name, "compose.yml", 3)]));
    assert_eq!(json["notes"], json!([format!("{name}: 1 place could not be resolved to an image")]));
    assert!(github.writes().is_empty());
    let json = run("acme/nope").expect_status(1).json();
    assert!(json["failed"][0]["error"].as_str().unwrap().starts_with("acme/nope: "), "{json}");
    run("nope").expect_status(2);
    let missing = world.run(&["usage", "--in", "nowhere"]).expect_status(2);
    assert!(missing.said().contains("nowhere does not exist"), "{}", missing.said());
}
