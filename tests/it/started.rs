//! How a run starts: at which head, with which manifest, with a checkout or without.

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::promote::{entry, manifest};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const UNKNOWN: &str = "1111111111111111111111111111111111111111";

/// Upstream with one image, a mirror, and a GitHub whose manifest approves it since the last push.
struct World {
    _upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
    before: String,
    after: String,
}

impl World {
    fn new(file: &str) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let digest = upstream.put_image("team/app", "1.0.0", &ImageSpec::new(1).build());
        let github = TestGitHub::start(Options::default());
        let text = |approved: &[(&str, &Digest)]| {
            let source = format!("{}/team/app", upstream.host());
            manifest(&mirror.host(), &[entry(&source, "app", "    cooldown: 0s\n", approved)])
        };
        let none = text(&[]).replace("approved:\n", "approved: []\n");
        let before = github.push_as("main", "octocat", &[(file, &none)]);
        let after = github.push_as("main", "octocat", &[(file, &text(&[("1.0.0", &digest)]))]);
        github.clear_log();
        Self { _upstream: upstream, mirror, github, before, after }
    }

    fn job(&self, actions: Actions) -> Actions {
        let auth = json!({ "auths": { self.mirror.host(): { "auth": "dXNlcjpwYXNzd29yZA==" } } }).to_string();
        actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .env("DOCKER_AUTH_CONFIG", &auth)
            .env("WHARFINGER_FORMAT", "json")
            .input("github-token", self.github.token())
    }

    fn run(&self, actions: Actions) -> Outcome {
        Run::new(PROGRAM).actions(&self.job(actions)).output()
    }

    fn push(&self, after: &str) -> Actions {
        Actions::push(&self.github.repository(), &self.before, after)
    }

    /// So often GitHub answers the head before the push.
    fn lag(&self, times: usize) {
        let body = json!({
            "ref": "refs/heads/main", "node_id": "x", "url": format!("{}/x", self.github.api()),
            "object": { "type": "commit", "sha": self.before, "url": format!("{}/x", self.github.api()) },
        });
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = Action::Answer(200, headers, body.to_string().into());
        self.github.fault(Rule::new("GET", "/git/ref/heads/main", answer).times(times));
    }

    fn heads(&self) -> usize {
        self.github.lines().iter().filter(|line| line.contains("/git/ref/heads/main")).count()
    }
}

#[test]
fn a_push_that_github_does_not_show_yet_is_waited_for() {
    let world = World::new(FILE);
    world.lag(2);
    let done = world.run(world.push(&world.after).input("timeout", "8s")).expect_status(0).json();
    assert_eq!(done["promoted"][0]["tag"], "1.0.0", "{done}");
    assert!(world.heads() >= 3, "{:#?}", world.github.lines());
}

#[test]
fn a_push_that_github_never_shows_fails_and_says_so() {
    for (after, command) in [("", "run"), (UNKNOWN, "run"), ("", "promote"), ("", "propose"), ("", "audit --issue")] {
        let world = World::new(FILE);
        world.lag(usize::MAX);
        let after = if after.is_empty() { world.after.as_str() } else { after };
        let actions = world.job(world.push(after).input("timeout", "1s").input("command", command));
        let outcome = Run::new(PROGRAM).actions(&actions).output().expect_status(1);
        let error = outcome.json()["error"].as_str().unwrap_or_default().to_owned();
        for part in [after, &world.before, "`timeout`", "run this job again"] {
            assert!(error.contains(part), "{command}: {error}");
        }
        assert!(actions.summary().contains("does not contain it"), "{}", actions.summary());
        assert!(world.heads() >= 3, "it was looked at again");
        assert!(world.github.writes().is_empty() && world.mirror.writes().is_empty());
    }
}

/// What came after the push holds it, and costs one question.
#[test]
fn a_head_that_is_newer_than_the_push_is_fine() {
    let world = World::new(FILE);
    world.github.push_as("main", "octocat", &[("NOTES.md", "more\n")]);
    let done = world.run(world.push(&world.after)).expect_status(0).json();
    assert_eq!(done["promoted"][0]["tag"], "1.0.0", "{done}");
    let compared = world.github.lines().iter().filter(|line| line.contains("/compare/")).count();
    assert_eq!((world.heads() > 0, compared), (true, 1), "{:#?}", world.github.lines());
}

#[test]
fn a_manifest_is_promoted_and_recorded_however_its_path_is_written() {
    for (file, written) in
        [(FILE, "./approved-images.yml"), ("teams/a.yml", "teams//./a.yml"), ("a.yml", "teams/../a.yml")]
    {
        let world = World::new(file);
        let done = world.run(world.push(&world.after).input("manifest", written)).expect_status(0).json();
        assert_eq!(done["promoted"][0]["tag"], "1.0.0", "{done}");
        let text = world.github.read("main", file).unwrap();
        assert!(text.contains("mirrored: sha256:"), "{written}: {text}");
        let again = world.run(Actions::schedule(&world.github.repository()).input("manifest", written));
        assert_eq!(again.expect_status(0).json()["changed"], false, "{written}");
    }
}

#[test]
fn a_manifest_outside_the_repository_is_unusable() {
    let world = World::new(FILE);
    for written in ["../approved-images.yml", "/etc/approved-images.yml", "."] {
        let outcome = world.run(world.push(&world.after).input("manifest", written)).expect_status(2);
        assert!(outcome.stdout.contains(&format!("INPUT_MANIFEST is `{written}`")), "{outcome:?}");
        let run = Run::new(PROGRAM).args(["--manifest", written, "plan"]).output().expect_status(2);
        assert!(run.stderr.contains(&format!("--manifest is `{written}`")), "{run:?}");
    }
    assert!(world.github.lines().is_empty());
}

/// What commands that only read say of the manifest at the run's commit.
fn read(world: &World, actions: &Actions, command: &str) -> Value {
    let run = Run::new(PROGRAM).actions(actions).env("INPUT_COMMAND", command);
    let outcome = run.output();
    assert!(matches!(outcome.status, Some(0 | 1)), "{command}: {outcome:?}");
    assert_eq!(world.github.writes(), Vec::<String>::new(), "{command}");
    outcome.json()
}

#[test]
fn commands_that_only_read_need_no_checkout() {
    let world = World::new(FILE);
    let job = |sha: &str| world.job(Actions::workflow_dispatch(&world.github.repository()).env("GITHUB_SHA", sha));
    let plan = read(&world, &job(&world.after), "plan");
    assert_eq!(plan["promotions"][0]["tag"], "1.0.0", "{plan}");
    let former = read(&world, &job(&world.before), "plan");
    assert_eq!(former["promotions"], json!([]), "what a checkout of that commit would have: {former}");
    let explained = read(&world, &job(&world.after), "explain app");
    assert_eq!(explained["images"][0]["tags"][0]["verdict"], "approved", "{explained}");
    let audit = read(&world, &job(&world.after), "audit");
    assert_eq!(audit["findings"][0]["code"], "not-promoted", "{audit}");
    let check = read(&world, &job(&world.after), "check");
    assert_eq!(check["diagnostics"], json!([]), "{check}");
    let checked_out = job(&world.after);
    let here = world.github.read(&world.before, FILE).unwrap();
    std::fs::write(checked_out.workspace().join(FILE), here).unwrap();
    assert_eq!(read(&world, &checked_out, "plan")["promotions"], json!([]), "a checkout goes before");
}

#[test]
fn where_github_cannot_be_read_the_message_names_the_checkout() {
    let world = World::new(FILE);
    for command in ["plan", "explain", "check", "audit"] {
        let actions = Actions::workflow_dispatch(&world.github.repository()).input("command", command);
        let outcome = Run::new(PROGRAM).actions(&actions).output().expect_status(2);
        assert!(outcome.stdout.contains("actions/checkout") && outcome.stdout.contains(FILE), "{outcome:?}");
    }
}

#[test]
fn a_directory_of_images_needs_a_checkout() {
    let world = World::new(FILE);
    let text = "organization: acme\nimages:\n  - { source: 'oci:layouts/app', repository: app, versions: ^1 }\n";
    let sha = world.github.push_as("main", "octocat", &[(FILE, text)]);
    let event = Actions::workflow_dispatch(&world.github.repository()).env("GITHUB_SHA", &sha);
    let outcome = world.run(event.input("command", "plan")).expect_status(2);
    let error = outcome.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(error.starts_with("oci:layouts/app is a directory") && error.contains("actions/checkout"), "{error}");
}

#[test]
fn a_directory_of_images_that_is_not_there_is_no_lost_source() {
    let world = World::new(FILE);
    let source = "oci:layouts/app";
    let text = manifest(&world.mirror.host(), &[entry(source, "app", "", &[("1.0.0", &Digest::sha256(b"x"))])]);
    world.github.push_as("main", "octocat", &[(FILE, &text)]);
    for command in ["promote", "propose"] {
        let event = Actions::workflow_dispatch(&world.github.repository()).input("command", command);
        let failed = world.run(event).expect_status(1).json()["failed"].clone();
        let (step, error) = (failed[0]["step"].as_str().unwrap(), failed[0]["error"].as_str().unwrap());
        assert!(step != "source-lost" && error.contains("does not exist here"), "{command}: {failed}");
        assert!(error.contains("actions/checkout"), "{command}: {failed}");
    }
}
