//! `keep: { unused: … }` against a Docker Hub that shows when each tag was last pulled, whoever it was.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

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
const BRANCH: &str = "wharfinger/image/loki/latest";

/// An organization whose images have been at their mirror for some days.
struct World {
    hub: TestHub,
    mirror: TestRegistry,
    upstream: TestRegistry,
    clone: Clone,
    now: DateTime<Utc>,
}

impl World {
    /// Loki with these approvals, each pushed and perhaps pulled so many days ago, and this `keep`.
    fn new(keep: &str, approved: &[(&str, i64, Option<i64>)]) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let hub = TestHub::start(vec![Account::personal("jo", SECRET, &["acme"])]);
        hub.link(&mirror);
        let mut text = format!(
            "organization: acme\ndefaults: {{ cooldown: 0s }}\nimages:\n  - source: ghcr.io/grafana/loki\n{keep}    approved:\n"
        );
        let now = Utc::now();
        for (seed, (tag, _, _)) in (1..).zip(approved) {
            let image = ImageSpec::new(seed).build();
            let digest = image.put(&upstream, "grafana/loki", tag);
            image.put(&mirror, "acme/loki", tag);
            text.push_str(&format!("      - {{ tag: {tag}, digest: \"{digest}\", mirrored: \"{digest}\" }}\n"));
        }
        let world = Self { hub, mirror, upstream, clone: Clone::with(&[(FILE, &text)]), now };
        for (tag, pushed, pulled) in approved {
            let digest = world.mirror.digest("acme/loki", tag).unwrap();
            world.hub.set_tag("acme", "loki", tag, &digest, &world.ago(*pushed));
            pulled.iter().for_each(|days| world.pull(tag, *days));
        }
        world
    }

    /// So many days ago, as Docker Hub writes it.
    fn ago(&self, days: i64) -> String {
        (self.now - Duration::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// The same day.
    fn day(&self, days: i64) -> String {
        (self.now - Duration::days(days)).date_naive().to_string()
    }

    /// Somebody pulled, so many days ago.
    fn pull(&self, tag: &str, days: i64) {
        self.hub.set_time(&self.ago(days));
        let url = format!("{}/v2/acme/loki/manifests/{tag}", self.mirror.url());
        let request = client().get(url).header("accept", "*/*").send();
        assert_eq!(tokio::runtime::Runtime::new().unwrap().block_on(request).unwrap().status(), 200);
    }

    fn program(&self, arguments: &[&str]) -> Run {
        let hosts = format!(
            "docker.io={},hub.docker.com={},ghcr.io={}",
            self.mirror.url(),
            self.hub.url(),
            self.upstream.url()
        );
        self.hub.server().clear_log();
        self.clone.run(PROGRAM, &hosts, arguments)
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.program(arguments).env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", SECRET).output()
    }

    /// What `propose` does, as `branch action`.
    #[track_caller]
    fn propose(&self) -> Vec<String> {
        actions(&self.run(&["propose"]).expect_status(0).json())
    }

    /// How often tags were listed since the last run began.
    fn listings(&self) -> usize {
        self.hub.server().lines().iter().filter(|line| line.contains("/tags?")).count()
    }

    /// What the proposal's text says.
    fn body(&self) -> String {
        self.clone.git(&["log", "-1", "--format=%B", BRANCH])
    }
}

fn actions(json: &Value) -> Vec<String> {
    let row = |row: &Value| format!("{} {}", row["branch"].as_str().unwrap(), row["action"].as_str().unwrap());
    json["proposals"].as_array().unwrap().iter().map(row).collect()
}

/// The tags that a plan retires, each with the reason.
fn retired(json: &Value) -> Vec<String> {
    let images =
        json["proposals"].as_array().unwrap().iter().flat_map(|proposal| proposal["images"].as_array().unwrap());
    let row = |image: &Value| {
        assert_eq!(image["kind"], "retire", "{image}");
        format!("{} {}", image["to"].as_str().unwrap(), image["reason"].as_str().unwrap())
    };
    images.map(row).collect()
}

const KEEP: &str = "    keep: { unused: 180d }\n";

/// Every case: unused, never pulled, pulled, pushed lately, and the newest.
const APPROVED: [(&str, i64, Option<i64>); 5] = [
    ("3.0.0", 300, Some(200)),
    ("3.1.0", 300, None),
    ("3.2.0", 300, Some(10)),
    ("3.3.0", 20, None),
    ("3.4.0", 300, Some(299)),
];

#[test]
fn what_nobody_pulls_is_proposed_for_retirement_and_nothing_else() {
    let world = World::new(KEEP, &APPROVED);
    let (since, pushed) = (format!("nobody has pulled it since {}", world.day(200)), world.day(300));
    let never = format!("nobody has pulled it since it was pushed on {pushed}");
    let json = world.run(&["plan"]).expect_status(0).json();
    assert_eq!(retired(&json), [format!("3.0.0 {since}"), format!("3.1.0 {never}")]);
    let explained = world.run(&["explain"]).expect_status(0).json();
    let detail = |tag: &str| {
        let tags = explained["images"][0]["tags"].as_array().unwrap();
        tags.iter().find(|row| row["tag"] == tag).unwrap()["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(detail("3.0.0"), format!("in the manifest; {since}"));
    assert_eq!(detail("3.2.0"), "in the manifest");
    assert_eq!(world.listings(), 1);

    assert_eq!(world.propose(), [format!("{BRANCH} opened")]);
    assert!(world.body().contains(&format!("Why: `{since}`")), "{}", world.body());
    let text = world.clone.read(BRANCH, FILE);
    let tags: Vec<bool> = APPROVED.iter().map(|(tag, _, _)| text.contains(&format!("tag: {tag},"))).collect();
    assert_eq!(tags, [false, false, true, true, true], "{text}");
    // The days go by, and nothing moves; what it costs is one listing.
    let tip = world.clone.git(&["rev-parse", BRANCH]);
    assert_eq!(world.propose(), [format!("{BRANCH} unchanged")]);
    assert_eq!((world.clone.git(&["rev-parse", BRANCH]), world.listings()), (tip, 1));
    // Where nobody can tell, the proposal stays and the failure is named.
    world.hub.server().fault(Rule::new(
        "GET",
        "/repositories/loki/tags?",
        Action::Answer(403, Vec::new(), "{}".into()),
    ));
    let json = world.run(&["propose"]).expect_status(1).json();
    assert_eq!(actions(&json), [format!("{BRANCH} unchanged")]);
    assert!(
        json["failed"][0]["error"].as_str().unwrap().starts_with("whether anybody still pulls its tags is unknown: ")
    );
    world.hub.server().clear_faults();
    // Somebody pulls one of them.
    world.pull("3.0.0", 1);
    assert_eq!(world.propose(), [format!("{BRANCH} updated")]);
    assert!(world.clone.read(BRANCH, FILE).contains("tag: 3.0.0,"));
    assert!(
        world.clone.git(&["log", "-1", "--format=%s", BRANCH]).contains("Retire ghcr.io/grafana/loki 3.1.0, unused")
    );
    // A person declines: it is not proposed again.
    world.clone.git(&["branch", "--quiet", "-D", BRANCH]);
    assert_eq!(world.propose(), Vec::<String>::new());
    world.hub.check_traffic();
}

#[test]
fn the_newest_stay_and_without_a_credential_so_does_everything() {
    let world = World::new("    keep: { newest: 2, unused: 180d }\n", &[("3.0.0", 300, None), ("3.1.0", 300, None)]);
    assert_eq!(world.propose(), Vec::<String>::new());
    assert_eq!(world.listings(), 0, "nothing could be retired");
    let world = World::new(KEEP, &[("3.0.0", 300, None), ("3.1.0", 300, None)]);
    let json = world.program(&["propose"]).output().expect_status(1).json();
    assert_eq!(actions(&json), Vec::<String>::new());
    assert!(json["failed"][0]["error"].as_str().unwrap().contains("DOCKERHUB_TOKEN"), "{json}");
    // What is in use stays, however many newer ones an update brings.
    let world = World::new("    keep: { newest: 1, unused: 180d }\n", &[("3.0.0", 300, Some(1)), ("3.1.0", 300, None)]);
    ImageSpec::new(9).build().put(&world.upstream, "grafana/loki", "3.2.0");
    let json = world.run(&["plan"]).expect_status(0).json();
    let kinds: Vec<&Value> = json["proposals"][0]["images"].as_array().unwrap().iter().map(|i| &i["kind"]).collect();
    assert_eq!(kinds, ["update"]);
}

#[test]
fn a_pull_that_may_be_our_own_keeps_a_tag_and_without_unused_nothing_is_asked() {
    let world =
        World::new(&format!("    platforms: [linux/amd64]\n{KEEP}"), &[("3.0.0", 300, Some(10)), ("3.1.0", 300, None)]);
    assert_eq!(world.propose(), Vec::<String>::new());
    let json = world.run(&["explain"]).expect_status(0).json();
    let detail = json["images"][0]["tags"][1]["detail"].as_str().unwrap();
    assert!(
        detail.contains("it stays, because its last use is unknown: its last pull may be that of our own"),
        "{detail}"
    );
    let world = World::new("", &APPROVED);
    assert_eq!(world.propose(), Vec::<String>::new());
    assert!(world.hub.server().lines().is_empty(), "{:?}", world.hub.server().lines());
}

/// A repository with a file that names one of the tags by a name that must not act in a body.
fn consumer() -> TestGitHub {
    let may = Permissions { contents: Access::Read, ..Permissions::all(Access::None) };
    let files = vec![
        ("a`b @octocat|c/Dockerfile".to_owned(), "# a shop\nFROM acme/loki:3.0.0\n".to_owned()),
        ("Dockerfile".to_owned(), "FROM acme/loki:3.1.0\n".to_owned()),
    ];
    TestGitHub::start(Options { who: Who::Actions, may, files, ..Options::default() })
}

#[test]
fn a_removal_says_whom_it_affects() {
    let world = World::new(KEEP, &[("3.0.0", 300, Some(200)), ("3.1.0", 300, None), ("3.2.0", 300, Some(3))]);
    let github = consumer();
    let name = github.repository();
    let run = |arguments: &[&str]| {
        github.clear_log();
        let consumers = format!("{name}, acme/nope");
        let run = world.program(&[&["--consumers", &consumers], arguments].concat());
        let run = run.env("GITHUB_API_URL", github.api()).env("GITHUB_GRAPHQL_URL", github.graphql());
        let run = run.env("GITHUB_TOKEN", github.token()).env("DOCKERHUB_USERNAME", "jo");
        run.env("DOCKERHUB_TOKEN", SECRET).output()
    };
    let json = run(&["plan"]).expect_status(0).json();
    let [first, second] = [0, 1].map(|at| json["proposals"][0]["images"][at]["affected"].clone());
    assert_eq!((&first["last_pulled"], &second["last_pulled"]), (&json!("unknown"), &json!("never")), "{json}");
    let place = json!({ "repository": name, "file": "a`b @octocat|c/Dockerfile", "line": 2 });
    assert_eq!((&first["references"], &first["searched"]), (&json!([place]), &json!(1)));
    assert_eq!((&second["references"][0]["file"], &second["references_total"]), (&json!("Dockerfile"), &json!(1)));
    assert!(first["missed"][0].as_str().unwrap().starts_with("acme/nope: "), "{first}");

    run(&["propose"]).expect_status(0);
    let body = world.body();
    let since = world.day(200);
    for line in [
        format!(
            "- Last pulled from the mirror: unknown, `but not since {since}: the last pull may be that of its promotion`\n"
        ),
        format!("- Named in: ``a`b @octocat|c/Dockerfile:2`` of `{name}`\n"),
        "- Last pulled from the mirror: never\n".to_owned(),
        "- Not searched: ``acme/nope: ".to_owned(),
    ] {
        assert!(body.contains(&line), "{line}\n{body}");
    }
    // Nobody is asked again while nothing changes.
    run(&["propose"]).expect_status(0);
    assert_eq!((github.lines(), world.listings()), (Vec::new(), 1));
    assert!(github.writes().is_empty());

    // A revocation says it too, without being asked for by `keep`.
    let world = World::new("", &[("3.0.0", 300, None), ("3.1.0", 300, None)]);
    let digest = world.mirror.digest("acme/loki", "3.0.0").unwrap();
    let text = world.clone.read("main", FILE);
    let revoked =
        format!("{text}\n    revoked:\n      - {{ tag: 3.0.0, digest: \"{digest}\", reason: CVE-2027-1234 }}\n");
    world.clone.commit(&[(FILE, &revoked)], "Revoke");
    world.propose();
    let body = world.clone.git(&["log", "-1", "--format=%B", "wharfinger/image/loki/revoked/3.0.0"]);
    assert!(body.contains("- Last pulled from the mirror: never\n"), "{body}");
}

#[test]
fn consumers_are_names_of_repositories() {
    let world = World::new("", &[("3.0.0", 300, None)]);
    for wrong in ["acme", "acme/a/b", "../x", "acme/..", "acme/a?b"] {
        let said = world.run(&["--consumers", wrong, "plan"]).expect_status(2).stderr;
        assert!(said.contains("expected at most 50 of OWNER/REPO"), "{said}");
    }
}
