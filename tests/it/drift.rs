//! Settings of repositories on Docker Hub that drifted: fixed, or only reported.

use serde_json::{Value, json};

use super::promote::{Clone, entry, in_a_job, manifest, recorded};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Rule};
use crate::support::hub::{Account, HubRepositoryEntry, TestHub};
use crate::support::images::ImageSpec;
use crate::support::process::{Outcome, Run};
use crate::support::registry::{Auth, TestRegistry};

const SECRET: &str = "dckr_pat_canary";
const LOKI: &str = "    description: Log aggregation\n    teams: { developers: read, web: read }\n";

pub(crate) struct World {
    pub(crate) registry: TestRegistry,
    pub(crate) hub: TestHub,
}

impl World {
    pub(crate) fn new(account: Account) -> Self {
        let registry = TestRegistry::start();
        registry.set(|switches| switches.auth = Auth::Bearer);
        let hub = TestHub::start(vec![account]);
        hub.link(&registry);
        for team in ["developers", "interns", "web"] {
            hub.add_team("acme", team);
        }
        Self { registry, hub }
    }

    pub(crate) fn owned() -> Self {
        Self::new(Account::personal("jo", SECRET, &["acme"]))
    }

    fn with_scopes(scopes: &[&str]) -> Self {
        Self::new(Account::organization("acme", SECRET, scopes))
    }

    /// A public repository with another description, teams that may do more and less, and one that nobody named.
    fn drifted(self) -> Self {
        self.hold("loki");
        let grants = [("developers", "admin"), ("interns", "write")];
        let loki = HubRepositoryEntry {
            description: "Something else".to_owned(),
            full_description: "Theirs".to_owned(),
            grants: grants.map(|(team, permission)| (team.to_owned(), permission.to_owned())).into(),
            ..HubRepositoryEntry::default()
        };
        self.hub.add_repository("acme", "loki", loki);
        self
    }

    pub(crate) fn command(&self, run: Run, user: &str) -> Run {
        run.env("WHARFINGER_HOSTS", format!("docker.io={},hub.docker.com={}", self.registry.url(), self.hub.url()))
            .env("DOCKERHUB_USERNAME", user)
            .env("DOCKERHUB_TOKEN", SECRET)
    }

    pub(crate) fn run(&self, manifest: &str, arguments: &[&str], user: &str) -> Outcome {
        self.command(Clone::new(manifest).run(arguments), user).output()
    }

    /// Makes a mirror hold what [`held`] records of it.
    fn hold(&self, name: &str) {
        self.registry.put_image(&format!("acme/{name}"), "3.0.0", &ImageSpec::new(900).build());
    }

    #[track_caller]
    fn promote(&self, manifest: &str, arguments: &[&str], status: i32) -> Value {
        self.run(manifest, arguments, "jo").expect_status(status).json()
    }

    pub(crate) fn entry(&self, name: &str) -> HubRepositoryEntry {
        self.hub.repository("acme", name).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.hub.check_traffic();
        }
    }
}

/// An image of which one version is promoted and recorded, so that its repository is ours.
fn held(source: &str, name: &str, more: &str) -> String {
    recorded(source, name, more, "3.0.0", &ImageSpec::new(900).build().digest())
}

fn loki(more: &str) -> String {
    manifest("docker.io", &[held("grafana/loki", "loki", more)])
}

/// Code, what should be and what was of every row.
fn rows(rows: &Value) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
    let row = |row: &Value| format!("{}: {}, was {}", text(row, "code"), text(row, "expected"), text(row, "found"));
    rows.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn what_drifted_is_fixed_and_a_second_run_writes_nothing() {
    let world = World::owned().drifted();
    let shown = world.promote(&loki(LOKI), &["--dry-run"], 0);
    assert_eq!(world.hub.writes(), Vec::<String>::new());
    let planned: Vec<&Value> = shown["repositories"].as_array().unwrap().iter().map(|row| &row["action"]).collect();
    assert_eq!(planned, [&json!("fix"); 4], "{shown}");
    assert_eq!(shown["repositories"][0]["detail"], json!("public becomes private"));
    let done = world.promote(&loki(LOKI), &[], 0);
    let fixed = [
        "visibility: private, was public",
        "team: developers: read, was developers: admin",
        "team: web: read, was web: no grant",
        "description: \"Log aggregation\", was \"Something else\"",
    ];
    assert_eq!(rows(&done["fixed"]), fixed);
    assert_eq!((&done["changed"], &done["drift"], &done["failed"]), (&json!(true), &json!([]), &json!([])));
    let now = world.entry("loki");
    assert!(now.is_private);
    assert_eq!((now.description.as_str(), now.full_description.as_str()), ("Log aggregation", "Theirs"));
    let grants: Vec<String> = now.grants.iter().map(|(team, permission)| format!("{team}: {permission}")).collect();
    assert_eq!(grants, ["developers: read", "interns: write", "web: read"], "a team nobody named is left alone");
    world.hub.server().clear_log();
    assert_eq!(world.promote(&loki(LOKI), &[], 0)["changed"], json!(false));
    let asked = ["POST /v2/auth/token 200", "GET /v2/namespaces/acme/repositories/loki 200"];
    let asked = [&asked[..], &["GET /v2/repositories/acme/loki/groups?page=1&page_size=100 200"]].concat();
    assert_eq!(world.hub.server().lines(), asked);
}

#[test]
fn where_the_manifest_says_report_nothing_is_fixed_and_the_run_says_so() {
    let world = World::owned().drifted();
    let report = format!("repositories: report\n{}", loki(LOKI));
    let done = world.promote(&report, &[], 1);
    assert_eq!((rows(&done["drift"]).len(), &done["fixed"], &done["changed"]), (4, &json!([]), &json!(false)));
    assert_eq!(done["drift"][0]["repository"], json!("loki"));
    assert_eq!(world.hub.writes(), Vec::<String>::new());
    let shown = world.promote(&report, &["--dry-run"], 0);
    assert_eq!(shown["repositories"][0]["action"], json!("report"));
    let text = Clone::new(&report);
    let text = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(text.path()).args(["--forge", "git", "promote"]);
    let text = world.command(text, "jo").output().expect_status(1).stdout;
    assert!(text.contains("`repositories: enforce` lets `promote` fix it"), "{text}");
}

#[test]
fn only_a_person_who_says_so_makes_a_private_repository_public() {
    let world = World::owned();
    let private = HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() };
    world.hub.add_repository("acme", "loki", private);
    world.hold("loki");
    let public = loki("    visibility: public\n");
    let done = world.promote(&public, &[], 1);
    assert_eq!(rows(&done["drift"]), ["visibility: public, was private"]);
    let github = TestGitHub::start(Options::default());
    github.push_as("main", "octocat", &[("approved-images.yml", &public)]);
    for arguments in [&["promote", "--yes"][..], &["run"], &[]] {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(arguments);
        in_a_job(&github, world.command(run, "jo")).expect_status(1);
        assert!(world.entry("loki").is_private, "{arguments:?}");
    }
    assert_eq!(world.hub.writes(), Vec::<String>::new());
    assert_eq!(rows(&world.promote(&public, &["--yes"], 0)["fixed"]), ["visibility: public, was private"]);
    assert!(!world.entry("loki").is_private);
}

#[test]
fn a_missing_team_is_named_with_those_there_are_or_made() {
    let world = World::owned();
    world.hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    world.hold("loki");
    let done = world.promote(&loki("    teams: { ops: write }\n"), &[], 1);
    let error = done["failed"][0]["error"].as_str().unwrap();
    insta::assert_snapshot!(error, @"team is ops: no grant and should be ops: write: acme has no team `ops` on Docker Hub; the known ones are `developers`, `interns`, `web`");
    assert!(world.entry("loki").is_private, "what could be fixed is fixed");
    world.promote(&loki("    teams: { ops: { permission: write, create: true } }\n"), &[], 0);
    assert_eq!(world.entry("loki").grants["ops"], "write");
}

#[test]
fn promoted_tags_are_immutable_from_the_first_push_on_and_floating_ones_are_not() {
    let world = World::owned();
    let image = ImageSpec::new(1).build();
    let digest = image.digest();
    for tag in ["3.1.0", "edge"] {
        world.registry.put_image("grafana/loki", tag, &image);
    }
    let text = |versions: &[&str]| {
        let versions: Vec<_> = versions.iter().map(|tag| (*tag, &digest)).collect();
        let fixed = "    immutable-tags: true\n    rebuilds: ignore\n";
        let floating = "    tags: [edge]\n    immutable-tags: true\n";
        let entries = [entry("grafana/loki", "loki", fixed, &versions)];
        let edge = entry("docker.io/grafana/loki", "loki", floating, &[("edge", &digest)]);
        manifest("docker.io", &[&entries[..], &[edge]].concat())
    };
    let clone = Clone::new(&text(&["3.1.0"]));
    world.command(clone.run(&[]), "jo").output().expect_status(0);
    let rules = vec![r"^[0-9]+\.[0-9]+\.[0-9]+$".to_owned()];
    assert_eq!(world.entry("loki").immutable_tags, Some(rules.clone()));
    let before = world.hub.writes().len();
    world.registry.put_image("grafana/loki", "3.2.0", &image);
    let promote = |versions: &[&str]| {
        clone.commit(&text(versions));
        world.command(clone.run(&[]), "jo").output().expect_status(0).json()
    };
    promote(&["3.1.0", "3.2.0"]);
    assert_eq!(world.hub.writes().len(), before, "the rule covers the next version");
    let all = HubRepositoryEntry { immutable_tags: Some(Vec::new()), ..world.entry("loki") };
    world.hub.add_repository("acme", "loki", all);
    assert_eq!(rows(&promote(&["3.1.0"])["fixed"]), ["immutable-tags: movable: edge, was immutable: edge"]);
    assert_eq!(world.entry("loki").immutable_tags, Some(rules));
}

#[test]
fn what_a_token_may_not_see_or_fix_is_said_with_the_scope_and_stops_nothing() {
    let world = World::with_scopes(&["scope-repository-read", "scope-repository-list", "scope-image-push"]).drifted();
    let digest = world.registry.put_image("grafana/tempo", "2.6.1", &ImageSpec::new(2).build());
    let private = HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() };
    world.hub.add_repository("acme", "tempo", private);
    let entries = [
        held("grafana/loki", "loki", LOKI),
        entry("grafana/tempo", "tempo", "    adopt: true\n", &[("2.6.1", &digest)]),
    ];
    let text = manifest("docker.io", &entries);
    let done = world.run(&text, &[], "acme").expect_status(1).json();
    let errors: Vec<&str> = done["failed"].as_array().unwrap().iter().map(|f| f["error"].as_str().unwrap()).collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    it is unknown whether the settings of loki match the manifest: Docker Hub refused listing the teams of repositories of acme: access to the resource is forbidden with the current token; the organization access token of acme lacks scope-repo-group-read (under Repository, for this repository or all of them); with `repositories: report`, only what can be seen is reported
    visibility is public and should be private: Docker Hub refused changing the visibility of acme/loki: token issued from organization access token is not allowed; Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
    description is "Something else" and should be "Log aggregation": Docker Hub refused describing acme/loki: token issued from organization access token is not allowed; Docker Hub does not accept organization access tokens for this: a personal access token with Read, Write, Delete is needed, of an owner or editor of acme
    "#);
    assert_eq!(world.registry.digest("acme/tempo", "2.6.1"), Some(digest), "the others are promoted");
    let report =
        format!("repositories: report\n{}", loki("    teams: { developers: admin }\n    visibility: public\n"));
    let done = world.run(&report, &[], "acme").expect_status(0);
    assert!(done.stderr.contains("lacks scope-repo-group-read"), "{}", done.stderr);
}

#[test]
fn nothing_is_pushed_to_what_everybody_can_read_though_it_should_be_private() {
    let world = World::with_scopes(&["scope-repository-read", "scope-image-push"]);
    let digest = world.registry.put_image("grafana/loki", "3.1.0", &ImageSpec::new(3).build());
    world.hub.add_repository("acme", "loki", HubRepositoryEntry::default());
    let text = manifest("docker.io", &[entry("grafana/loki", "loki", "    adopt: true\n", &[("3.1.0", &digest)])]);
    let done = world.run(&text, &[], "acme").expect_status(1).json();
    assert_eq!(done["promoted"], json!([]));
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), None);
}

#[test]
fn limits_are_waited_for_and_lost_answers_are_fixed_once() {
    let world = World::owned().drifted();
    let limited = Action::Answer(429, vec![("retry-after".into(), "0".into())], "{}".into());
    world.hub.server().fault(Rule::new("", "loki", limited).times(2));
    world.hub.lose_answer("POST", "/privacy$");
    world.hub.lose_answer("PATCH", "/groups/");
    world.hub.lose_answer("POST", "/groups$");
    world.hub.lose_answer("PATCH", "/acme/loki$");
    assert_eq!(world.promote(&loki(LOKI), &[], 0)["failed"], json!([]));
    let now = world.entry("loki");
    assert!(now.is_private && now.description == "Log aggregation");
    assert_eq!((now.grants["developers"].as_str(), now.grants["web"].as_str()), ("read", "read"));
    let unreachable = Action::Answer(503, vec![], "busy".into());
    world.hub.server().fault(Rule::new("GET", "groups", unreachable));
    let done = world.promote(&loki(LOKI), &[], 1);
    let error = done["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("match the manifest: Docker Hub gave no answer: server error 503"), "{error}");
}

#[test]
fn a_large_organization_costs_a_page_a_hundred_repositories_and_one_request_a_teamed_one() {
    let world = World::owned();
    let names: Vec<String> = (0..230).map(|number| format!("app-{number}")).collect();
    for name in &names {
        let private = HubRepositoryEntry { is_private: true, ..HubRepositoryEntry::default() };
        world.hub.add_repository("acme", name, private);
        world.hold(name);
    }
    let all: Vec<_> = names.iter().map(|name| held(&format!("team/{name}"), name, "")).collect();
    let text = manifest("docker.io", &all);
    world.promote(&text, &[], 0);
    assert_eq!(world.hub.log().len(), 1 + 3, "{:?}", world.hub.server().lines());
    let granted = text.replace("    repository: app-7\n", "    repository: app-7\n    teams: { web: read }\n");
    world.hub.server().clear_log();
    assert_eq!(rows(&world.promote(&granted, &[], 0)["fixed"]), ["team: web: read, was web: no grant"]);
    let reads = world.hub.server().lines().iter().filter(|line| line.starts_with("GET ")).count();
    assert_eq!(reads, 3 + 1 + 1 + 1, "three pages, the grants, the teams, and the grant before it is made");
}

#[test]
fn of_many_repositories_a_push_compares_what_the_list_says_and_a_schedule_everything() {
    let world = World::owned();
    let names: Vec<String> = (0..102).map(|number| format!("app-{number}")).collect();
    let entries: Vec<_> =
        names.iter().map(|name| held(&format!("team/{name}"), name, "    teams: { web: read }\n")).collect();
    for name in &names {
        let grants = [("web".to_owned(), "read".to_owned())].into();
        world.hold(name);
        world.hub.add_repository("acme", name, HubRepositoryEntry { grants, ..HubRepositoryEntry::default() });
    }
    let github = TestGitHub::start(Options::default());
    github.push_as("main", "octocat", &[("approved-images.yml", &manifest("docker.io", &entries))]);
    let run = || world.command(Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "run"]), "jo");
    let fixed = in_a_job(&github, run()).expect_status(0).json()["fixed"].as_array().unwrap().len();
    let reads = || world.hub.server().lines().iter().filter(|line| line.starts_with("GET ")).count();
    assert_eq!((fixed, reads()), (102, 2), "all were public");
    world.hub.server().clear_log();
    world.promote(&manifest("docker.io", &entries), &[], 0);
    assert_eq!(reads(), 2 + 102);
}

#[test]
fn a_repository_is_made_though_its_tags_cannot_be_made_immutable() {
    let scopes = ["scope-repository-create", "scope-repository-read", "scope-image-push"];
    let world = World::with_scopes(&scopes);
    let digest = world.registry.put_image("grafana/loki", "3.1.0", &ImageSpec::new(4).build());
    let more = "    immutable-tags: true\n    rebuilds: ignore\n";
    let text = manifest("docker.io", &[entry("grafana/loki", "loki", more, &[("3.1.0", &digest)])]);
    let done = world.run(&text, &[], "acme").expect_status(1).json();
    assert_eq!(world.registry.digest("acme/loki", "3.1.0"), Some(digest));
    let error = done["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("lacks scope-repository-settings-admin"), "{error}");
}
