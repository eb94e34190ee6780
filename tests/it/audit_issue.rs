//! `audit --issue`: one issue that is the dashboard.

use serde_json::Value;
use wharfinger::internals::image::Digest;

use super::audit::{World, clean};
use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::http::Exchange;
use crate::support::process::{Actions, Outcome, Run, repository_json};

const FILE: &str = "approved-images.yml";

/// An organization, and the repository that keeps its manifest.
struct Scene {
    world: World,
    github: TestGitHub,
    digest: Digest,
}

impl Scene {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        let world = World::owned();
        let (manifest, digest) = clean(&world);
        let github = TestGitHub::start(options);
        github.push_as("main", "octocat", &[(FILE, &manifest)]);
        github.clear_log();
        Self { world, github, digest }
    }

    fn intrude(&self, tag: &str) {
        self.world.hub.set_tag("acme", "loki", tag, &Digest::sha256(b"other"), "2026-11-20T08:00:00Z");
    }

    fn repair(&self) {
        self.world.mirror("loki", &[("developers", "read")], &[("3.0.0", &self.digest)]);
    }

    fn run_in(&self, actions: Actions, more: &[&str]) -> Outcome {
        let actions = actions.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "audit", "--issue"]).args(more);
        let run = run.actions(&actions).env("GITHUB_TOKEN", self.github.token());
        let run = run.env("WHARFINGER_HOSTS", self.world.hosts());
        run.env("DOCKERHUB_USERNAME", "jo").env("DOCKERHUB_TOKEN", "dckr_pat_canary").output()
    }

    #[track_caller]
    fn audit(&self, status: i32) -> Value {
        self.run_in(Actions::schedule("acme/images"), &[]).expect_status(status).json()
    }

    /// Numbers, whether they are open, and how many findings they tell.
    fn issues(&self) -> Vec<(u64, bool)> {
        self.github.issues().iter().map(|issue| (issue.number, issue.open)).collect()
    }

    fn body(&self) -> String {
        self.github.issues().last().unwrap().body.clone()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let log: Vec<Exchange> = self.github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
            crate::support::contract::github(&log);
        }
    }
}

#[test]
fn it_is_opened_once_changed_with_the_findings_closed_when_clean_and_opened_again() {
    let scene = Scene::new();
    assert_eq!(scene.audit(0)["issue"], Value::Null);
    assert_eq!(scene.issues(), [], "a clean organization has no dashboard");

    scene.intrude("debug");
    let opened = scene.audit(1);
    assert_eq!((&opened["issue"]["action"], scene.issues()), (&"opened".into(), vec![(1, true)]));
    insta::assert_snapshot!(scene.body().replace(&today(), "TODAY").replace(&scene.github.server(), "SERVER"));
    assert_eq!(scene.github.issues()[0].labels, ["wharfinger-audit"]);

    scene.github.clear_log();
    assert_eq!(scene.audit(1)["issue"]["action"], "unchanged");
    assert_eq!(scene.github.writes(), [""; 0], "written only when it changes");
    let asked: Vec<String> = scene.github.lines().into_iter().filter(|line| line.contains("/issues")).collect();
    assert_eq!(asked.len(), 1, "one listing: {asked:?}");

    scene.intrude("latest");
    assert_eq!(scene.audit(1)["issue"]["action"], "updated");
    assert!(scene.body().contains("loki:latest"));

    scene.repair();
    let closed = scene.audit(0);
    assert_eq!((&closed["issue"]["action"], scene.issues()), (&"closed".into(), vec![(1, false)]));
    assert_eq!(scene.github.issues()[0].state_reason.as_deref(), Some("completed"));
    scene.github.clear_log();
    assert_eq!(scene.audit(0)["issue"], Value::Null);
    assert_eq!(scene.github.writes(), [""; 0]);

    scene.intrude("debug");
    assert_eq!(scene.audit(1)["issue"]["action"], "reopened");
    assert_eq!(scene.issues(), [(1, true)], "there is one, for good");
}

fn today() -> String {
    chrono::Utc::now().date_naive().to_string()
}

#[test]
fn findings_keep_the_day_on_which_they_were_first_seen() {
    let scene = Scene::new();
    scene.intrude("debug");
    scene.audit(1);
    let since = |tag: &str| {
        let body = scene.body();
        let row = body.lines().find(|line| line.contains(&format!("`loki:{tag}`"))).unwrap().to_owned();
        row.trim_end_matches(" |").rsplit(' ').next().unwrap().to_owned()
    };
    assert_eq!(since("debug"), today());
    let earlier = scene.body().replace(&today(), "2026-11-02");
    scene.github.with(|state| state.issues[0].body = earlier.clone());
    scene.github.clear_log();
    assert_eq!(scene.audit(1)["issue"]["action"], "unchanged");
    assert_eq!(scene.body(), earlier, "another day and another run change nothing");
    scene.intrude("latest");
    scene.audit(1);
    assert_eq!((since("debug"), since("latest")), ("2026-11-02".to_owned(), today()));
    scene.repair();
    scene.audit(0);
    scene.intrude("debug");
    assert_eq!(scene.audit(1)["issue"]["action"], "reopened");
    assert_eq!(since("debug"), today(), "it was over in between");
}

/// The most serious first, and a grant that is missing is called so.
#[test]
fn a_missing_grant_is_called_one_and_stands_before_lesser_things() {
    let scene = Scene::new();
    scene.world.mirror("loki", &[], &[]);
    scene.audit(1);
    let body = scene.body();
    assert!(body.contains("### `team` (1)\n\nA grant is missing. To fix it: "), "{body}");
    let place = |heading: &str| body.find(heading).unwrap_or_else(|| panic!("no {heading}: {body}"));
    assert!(place("### `team`") < place("### `missing-tag`"), "{body}");
}

#[test]
fn what_others_open_is_never_taken_over() {
    let scene = Scene::new();
    scene.intrude("debug");
    scene.audit(1);
    let body = scene.body();
    let forged = Scene::new();
    forged.intrude("debug");
    // A template may label what anybody opens, and a body can be copied.
    let number =
        forged.github.issue_as("mallory", "Audit of acme against its approved images", &body, &["wharfinger-audit"]);
    assert_eq!(forged.audit(1)["issue"]["action"], "opened");
    assert_eq!(forged.issues(), [(number, true), (number + 1, true)]);
    assert_eq!(forged.github.issues()[0].body, body, "nothing is written there");
    // Our own issues about something else are left alone too.
    let other = forged.github.issue_as(
        "github-actions[bot]",
        "Something else",
        &format!("{body}\nmore"),
        &["wharfinger-audit"],
    );
    assert_eq!(forged.audit(1)["issue"]["action"], "unchanged");
    assert!(forged.issues().contains(&(other, true)));
}

#[test]
fn without_its_label_it_is_found_by_its_author_and_labelled_again() {
    let scene = Scene::new();
    scene.intrude("debug");
    scene.audit(1);
    scene.github.with(|state| state.issues[0].labels.clear());
    assert_eq!(scene.audit(1)["issue"]["action"], "updated");
    assert_eq!(scene.issues(), [(1, true)]);
    assert_eq!(scene.github.issues()[0].labels, ["wharfinger-audit"]);
}

#[test]
fn a_lost_answer_opens_nothing_twice() {
    let scene = Scene::new();
    scene.intrude("debug");
    scene.github.lose_answers("POST", "/issues$", 1);
    assert_eq!(scene.audit(1)["issue"]["action"], "opened");
    assert_eq!(scene.issues(), [(1, true)]);
    scene.intrude("latest");
    scene.github.lose_answers("PATCH", "/issues/1$", 1);
    assert_eq!(scene.audit(1)["issue"]["action"], "updated");
    assert_eq!(scene.issues(), [(1, true)]);
    assert!(scene.body().contains("loki:latest"));
}

#[test]
fn a_second_dashboard_is_closed() {
    let scene = Scene::new();
    scene.intrude("debug");
    scene.audit(1);
    let body = scene.body();
    scene.github.issue_as(
        "github-actions[bot]",
        "Audit of acme against its approved images",
        &body,
        &["wharfinger-audit"],
    );
    scene.audit(1);
    assert_eq!(scene.issues(), [(1, true), (2, false)]);
}

#[test]
fn what_could_not_be_looked_at_neither_opens_nor_closes_it() {
    let scene = Scene::new();
    scene.world.hub.server().fault(crate::support::http::Rule::new(
        "GET",
        "/groups",
        crate::support::http::Action::Answer(403, Vec::new(), "{}".into()),
    ));
    assert_eq!(scene.audit(1)["issue"], Value::Null);
    assert_eq!(scene.issues(), []);
    scene.world.hub.server().clear_faults();
    scene.intrude("debug");
    scene.audit(1);
    scene.repair();
    scene.world.hub.server().fault(crate::support::http::Rule::new(
        "GET",
        "/groups",
        crate::support::http::Action::Answer(403, Vec::new(), "{}".into()),
    ));
    assert_eq!(scene.audit(1)["issue"]["action"], "updated");
    assert_eq!(scene.issues(), [(1, true)], "it is not known to be clean");
    assert!(scene.body().contains("could not be checked"));
}

#[test]
fn it_writes_only_where_commands_may_write_and_in_no_dry_run() {
    let scene = Scene::new();
    scene.intrude("debug");
    let sha = scene.github.branch("main").unwrap();
    let comment = serde_json::json!({
        "action": "created", "repository": repository_json("acme/images"),
        "comment": {"id": 9, "body": "/wharfinger recheck", "user": {"login": "octocat"}}, "issue": {"number": 7},
    });
    for actions in [
        Actions::pull_request("acme/images", 7, ("topic", &sha), &sha, &sha),
        Actions::schedule("acme/images").reference("refs/heads/topic"),
        Actions::new("acme/images", "issue_comment", &comment).env("GITHUB_SHA", &sha),
    ] {
        scene.run_in(actions, &[]).expect_status(2);
    }
    let dry = scene.run_in(Actions::schedule("acme/images"), &["--dry-run"]).expect_status(1).json();
    assert_eq!((&dry["issue"]["action"], &dry["issue"]["number"]), (&"opened".into(), &Value::Null));
    assert_eq!(scene.github.writes(), [""; 0]);
}

#[test]
fn a_refusal_names_what_is_missing_and_hides_no_finding() {
    let may = Permissions { issues: Access::Read, pull_requests: Access::Read, ..Permissions::all(Access::Write) };
    let scene = Scene::with(Options { may, who: Who::App("mirror".to_owned()), ..Options::default() });
    scene.intrude("debug");
    let json = scene.audit(1);
    assert_eq!(json["findings"][0]["code"], "unapproved-tag");
    let error = json["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("`issues: write`"), "{error}");
    let scene = Scene::new();
    scene.github.with(|state| state.has_issues = false);
    scene.intrude("debug");
    let error = scene.audit(1)["failed"][0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("turn on issues"), "{error}");
}
