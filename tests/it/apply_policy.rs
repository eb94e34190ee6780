//! `apply-policy` against a Docker Hub that keeps an organization's settings.

use serde_json::{Value, json};

use crate::support::http::{Action, Rule};
use crate::support::hub::{Account, TestHub};
use crate::support::process::{Actions, Outcome, Run, repository_json};

const RAM: &str = "registry-access-management";
const POLICY: &str = "organization: acme
policy:
  image-access: { enabled: true, official: allowed, verified-publisher: restricted, community: restricted }
  registry-access:
    enabled: true
    docker-hub: allowed
    registries: [{ address: ghcr.io, name: GitHub }]
images: []
";

fn owner() -> TestHub {
    TestHub::start(vec![Account::personal("jo", "dckr_pat_canary", &["acme"])])
}

fn run_with(hub: &TestHub, manifest: &str, user: &str, arguments: &[&str]) -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("approved-images.yml"), manifest).unwrap();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(directory.path()).arg("apply-policy").args(arguments);
    let run = run.env("WHARFINGER_HOSTS", format!("hub.docker.com={}", hub.url()));
    let credential = [("DOCKERHUB_USERNAME", user), ("DOCKERHUB_TOKEN", "dckr_pat_canary")];
    let given = credential.into_iter().filter(|_| !user.is_empty());
    let outcome = given.fold(run, |run, (name, value)| run.env(name, value)).output();
    assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    outcome
}

fn apply(hub: &TestHub, arguments: &[&str]) -> Outcome {
    run_with(hub, POLICY, "jo", arguments)
}

#[test]
fn the_difference_is_shown_and_nothing_is_written() {
    let hub = owner();
    insta::assert_snapshot!(apply(&hub, &[]).expect_status(1).stdout);
    assert_eq!(hub.writes(), [""; 0]);
    let json = apply(&hub, &["--format", "json"]).expect_status(1).json();
    let schema = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["schema", "output"]).output().json();
    jsonschema::validate(&schema, &json).unwrap();
    let states: Vec<_> =
        json["settings"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["different", "same", "different", "unknown", "different", "same", "different"]);
    assert_eq!(json["changed"], false);
    hub.check_traffic();
}

#[test]
fn it_is_written_once_and_every_other_member_stays() {
    let hub = owner();
    hub.set_settings(
        "acme",
        "",
        json!({"restricted_images": {
            "enabled": false, "allow_official_images": true, "allow_verified_publishers": true,
            "allowlist": [{"repository": "grafana/loki", "by": {"id": 7}}],
        }}),
    );
    hub.set_settings(
        "acme",
        RAM,
        json!({
            "enabled": true, "standard_registries": [{"id": "DockerHub", "allowed": true, "since": "2026"}],
            "custom_registries": [
                {"address": "ghcr.io", "friendly_name": "old", "allowed": false, "uuid": "u1"},
                {"address": "quay.io", "friendly_name": "Quay", "allowed": true},
            ],
        }),
    );
    let written = apply(&hub, &["--yes", "--format", "json"]).expect_status(0).json();
    assert_eq!(written["changed"], true);
    let states: Vec<_> =
        written["settings"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["written", "same", "written", "unknown", "same", "same", "written", "written"]);
    assert_eq!(
        hub.settings("acme", "")["restricted_images"],
        json!({
            "enabled": true, "allow_official_images": true, "allow_verified_publishers": false,
            "allowlist": [{"repository": "grafana/loki", "by": {"id": 7}}],
        })
    );
    assert_eq!(
        hub.settings("acme", RAM),
        json!({
            "enabled": true, "standard_registries": [{"id": "DockerHub", "allowed": true, "since": "2026"}],
            "custom_registries": [{"address": "ghcr.io", "friendly_name": "GitHub", "allowed": true, "uuid": "u1"}],
        })
    );
    let writes = ["PUT /v2/orgs/acme/settings 200", "PUT /v2/orgs/acme/settings/registry-access-management 200"];
    assert_eq!(hub.writes(), writes);
    let again = apply(&hub, &["--yes"]).expect_status(0).stdout;
    assert!(again.contains("already as the manifest says: nothing to write"), "{again}");
    assert_eq!(hub.writes(), writes);
    hub.check_traffic();
}

#[test]
fn a_member_that_the_answer_lost_is_named() {
    let hub = owner();
    hub.drop_unknown_members();
    hub.set_settings("acme", "", json!({"plan": "business", "restricted_images": {
        "enabled": false, "allow_official_images": true, "allow_verified_publishers": false, "allowlist": ["grafana/loki"],
    }}));
    let outcome = apply(&hub, &["--yes", "--format", "json"]).expect_status(1).json();
    let lost: Vec<_> =
        outcome["lost"].as_array().unwrap().iter().map(|l| (l["member"].clone(), l["sent"].clone())).collect();
    assert_eq!(
        lost,
        [(json!("plan"), json!("\"business\"")), (json!("restricted_images.allowlist"), json!("[\"grafana/loki\"]")),]
    );
    assert_eq!(outcome["settings"][0]["state"], "written", "what was wanted did arrive");
    // A change that Docker Hub takes and does not make is no success either.
    let hub = owner();
    hub.server().fault(Rule::new("PUT", "/settings$", Action::Answer(200, Vec::new(), "{}".into())));
    let outcome = apply(&hub, &["--yes"]).expect_status(1).stdout;
    assert!(outcome.contains("Lost: restricted_images.enabled of Image Access Management"), "{outcome}");
}

#[test]
fn each_document_is_asked_and_what_is_refused_is_said() {
    let refused = |account: Account, user: &str, status: i32| {
        let hub = TestHub::start(vec![account]);
        let outcome = run_with(&hub, POLICY, user, &["--yes", "--format", "json"]).expect_status(status).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let rows =
            outcome["refused"].as_array().map(|rows| rows.iter().map(|row| text(&row["error"])).collect::<Vec<_>>());
        rows.unwrap_or_else(|| vec![text(&outcome["error"])]).join("\n") + "\n"
    };
    let token = |scopes: &[&str]| Account::organization("acme", "dckr_pat_canary", scopes);
    let mut told = refused(token(&[]), "acme", 3);
    told.push_str(&refused(token(&["scope-ram-read"]), "acme", 1));
    told.push_str(&refused(token(&["scope-ram-write"]), "acme", 1));
    let hub = TestHub::start(vec![
        Account::personal("jo", "dckr_pat_canary", &["acme"]),
        Account::personal("al", "dckr_pat_canary", &[]),
    ]);
    told.push_str(&run_with(&hub, POLICY, "al", &["--yes"]).expect_status(3).stderr);
    insta::assert_snapshot!(told);
    let nobody = run_with(&hub, POLICY, "", &[]).expect_status(3).stderr;
    assert!(nobody.contains("a personal access token of an owner of acme"), "{nobody}");
    assert_eq!(hub.writes(), [""; 0]);
}

#[test]
fn a_lost_answer_is_asked_again_and_a_refused_write_is_no_success() {
    let hub = owner();
    hub.lose_answer("PUT", "/settings$");
    apply(&hub, &["--yes"]).expect_status(0);
    assert_eq!(hub.settings("acme", "")["restricted_images"]["enabled"], true);

    let hub = owner();
    let refusal = Action::Answer(403, Vec::new(), "{\"detail\":\"no\"}".into());
    hub.server().fault(Rule::new("PUT", "/settings$", refusal));
    let outcome = apply(&hub, &["--yes", "--format", "json"]).expect_status(1).json();
    assert_eq!(
        (&outcome["refused"][0]["area"], &outcome["refused"][0]["step"]),
        (&json!("image-access"), &json!("write"))
    );
    assert_eq!(hub.settings("acme", RAM)["enabled"], true, "the other document is written all the same");
}

#[test]
fn too_many_registries_and_settings_that_must_be_said_are_not_written() {
    let hub = owner();
    let many: String = (0..101).map(|n| format!("{{ address: r{n}.example }}, ")).collect();
    let manifest = format!("organization: acme\npolicy:\n  registry-access: {{ registries: [{many}] }}\nimages: []\n");
    let outcome = run_with(&hub, &manifest, "jo", &["--yes"]).expect_status(1).stdout;
    assert!(outcome.contains("allows at most 100 registries"), "{outcome}");
    hub.set_settings("acme", "", json!({}));
    let manifest = "organization: acme\npolicy:\n  image-access: { enabled: true }\nimages: []\n";
    let outcome = run_with(&hub, manifest, "jo", &["--yes"]).expect_status(1).stdout;
    assert!(outcome.contains("Docker Hub shows no official"), "{outcome}");
    assert_eq!(hub.writes(), [""; 0]);
    let silent = run_with(&hub, "organization: acme\nimages: []\n", "jo", &["--yes"]).expect_status(0).stdout;
    assert!(silent.contains("does not mention"), "{silent}");
}

#[test]
fn a_number_that_cannot_be_kept_keeps_the_document_from_being_written() {
    let hub = owner();
    let document = r#"{"restricted_images": {"enabled": false, "allow_official_images": true,
        "allow_verified_publishers": false, "revision": 12345678901234567890123}}"#;
    hub.server().fault(Rule::new("GET", "/settings$", Action::Answer(200, Vec::new(), document.into())));
    let outcome = apply(&hub, &["--yes", "--format", "json"]).expect_status(1).json();
    let error = outcome["refused"][0]["error"].as_str().unwrap();
    assert!(error.contains("the number 12345678901234567890123, which"), "{error}");
    assert_eq!(hub.writes(), ["PUT /v2/orgs/acme/settings/registry-access-management 200"]);
}

#[test]
fn what_is_refused_stands_in_the_actions_output() {
    let hub = owner();
    let refusal = Action::Answer(403, Vec::new(), "{\"detail\":\"no\"}".into());
    hub.server().fault(Rule::new("GET", "/settings$", refusal));
    let actions = Actions::workflow_dispatch("acme/images");
    std::fs::write(actions.workspace().join("approved-images.yml"), POLICY).unwrap();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).env("WHARFINGER_FORGE", "none");
    let run = run.env("INPUT_COMMAND", "apply-policy").env("WHARFINGER_HOSTS", format!("hub.docker.com={}", hub.url()));
    let run = run.env("INPUT_DOCKERHUB-USERNAME", "jo").env("INPUT_DOCKERHUB-TOKEN", "dckr_pat_canary");
    let outcome = run.output().expect_status(1);
    let failed: Value = serde_json::from_str(&actions.output("failed").unwrap()).unwrap();
    assert_eq!((&failed[0]["step"], failed.as_array().unwrap().len()), (&json!("read"), 1));
    let error = failed[0]["error"].as_str().unwrap();
    assert!(error.starts_with("Image Access Management: Docker Hub refused"), "{error}");
    assert_eq!(outcome.stdout.matches("::error title=read::").count(), 1, "told once: {}", outcome.stdout);
}

#[test]
fn in_a_job_only_the_default_branch_and_no_comment_changes_settings() {
    let sha = "0123456789012345678901234567890123456789";
    let comment = json!({
        "action": "created", "repository": repository_json("acme/images"),
        "comment": {"id": 9, "body": "/wharfinger apply", "user": {"login": "octocat"}}, "issue": {"number": 7},
    });
    for actions in [
        Actions::pull_request("acme/images", 7, ("topic", sha), sha, sha),
        Actions::push("acme/images", sha, sha).reference("refs/heads/topic"),
        Actions::new("acme/images", "issue_comment", &comment).env("GITHUB_SHA", sha),
    ] {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).args(["apply-policy", "--yes"]);
        run.output().expect_status(2);
    }
    let hub = owner();
    let actions = Actions::workflow_dispatch("acme/images");
    std::fs::write(actions.workspace().join("approved-images.yml"), POLICY).unwrap();
    let job = |dry: &str| {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(&actions).env("WHARFINGER_FORGE", "none");
        let run = run.env("INPUT_COMMAND", "apply-policy --yes").env("INPUT_DRY-RUN", dry);
        let run = run.env("WHARFINGER_HOSTS", format!("hub.docker.com={}", hub.url()));
        run.env("INPUT_DOCKERHUB-USERNAME", "jo").env("INPUT_DOCKERHUB-TOKEN", "dckr_pat_canary").output()
    };
    job("true").expect_status(1);
    assert_eq!(hub.writes(), [""; 0], "a dry run writes nothing");
    let drift: Value = serde_json::from_str(&actions.output("drift").unwrap()).unwrap();
    assert_eq!(
        drift[0],
        json!({"code": "image-access", "repository": null, "tag": null, "expected": "enabled: true", "found": "false"})
    );
    job("").expect_status(0);
    assert_eq!(actions.output("changed").as_deref(), Some("true"));
    assert_eq!(hub.writes().len(), 2);
}
