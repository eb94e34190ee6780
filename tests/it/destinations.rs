//! Destinations other than Docker Hub: what is created ahead there, how to sign in, and what is said about what they
//! lack.

use std::sync::Arc;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::promote::{Clone, assert_whole, entry, manifest};
use crate::support::ecr::{KEY, PASSWORD, SECRET, SESSION, TestEcr};
use crate::support::github::{Options, TestGitHub};
use crate::support::http::{Action, Exchange, Hook, Rule};
use crate::support::images::{Image, ImageSpec};
use crate::support::process::{Outcome, Run};
use crate::support::registry::{Auth, TestRegistry, User};

const ECR: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const REGION: &str = "eu-central-1";

/// An upstream with one image, a registry in front of which ECR's API stands, and a clone whose manifest approves the image.
struct Aws {
    upstream: TestRegistry,
    mirror: TestRegistry,
    api: TestEcr,
    image: Image,
    clone: Clone,
}

impl Aws {
    fn new(session: bool) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let api = TestEcr::start(&mirror, REGION, session);
        let image = ImageSpec::new(1).build();
        upstream.put_image("team/app", "1.0.0", &image);
        let source = format!("{}/team/app", upstream.host());
        let clone = Clone::new(&manifest(ECR, &[entry(&source, "team/app", "", &[("1.0.0", &image.digest())])]));
        Self { upstream, mirror, api, image, clone }
    }

    /// A promotion without keys.
    fn bare(&self) -> Run {
        let hosts = format!("{ECR}={},api.ecr.{REGION}.amazonaws.com={}", self.mirror.url(), self.api.url());
        self.clone.run(&[]).env("WHARFINGER_HOSTS", hosts)
    }

    fn run(&self) -> Run {
        self.bare().env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET)
    }

    #[track_caller]
    fn promote(&self, run: &Run, status: i32) -> Value {
        let outcome = run.output();
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        outcome.expect_status(status).json()
    }
}

#[test]
fn a_repository_of_ecr_is_made_by_a_signed_call_and_no_helper_is_needed() {
    let aws = Aws::new(false);
    let planned = aws.promote(&aws.run().arg("--dry-run"), 0);
    assert_eq!(planned["promotions"][0]["state"], "copy");
    assert_eq!(aws.api.calls(), ["GetAuthorizationToken 200", "DescribeRepositories 400"], "a dry run makes nothing");
    let result = aws.promote(&aws.run(), 0);
    assert_eq!(result["promoted"][0]["repository"], "team/app");
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);
    assert_eq!(aws.api.repositories(), ["acme/team/app"], "nested, as ECR takes names");
    assert_eq!(aws.api.calls()[2..], ["GetAuthorizationToken 200", "DescribeRepositories 400", "CreateRepository 200"]);
    assert!(aws.mirror.log().iter().filter_map(Exchange::authorization).all(|a| a == "Basic AWS"));
    let again = aws.promote(&aws.run(), 0);
    assert_eq!(again["changed"], false);
    assert_eq!(aws.api.calls()[5..], ["GetAuthorizationToken 200"]);
}

#[test]
fn keys_that_end_are_signed_with_their_session() {
    let aws = Aws::new(true);
    let refused = aws.run().output().expect_status(3);
    assert!(refused.stderr.contains("or they need AWS_SESSION_TOKEN"), "{}", refused.stderr);
    aws.promote(&aws.run().env("AWS_SESSION_TOKEN", SESSION), 0);
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);
}

#[test]
fn a_lost_answer_and_somebody_who_was_faster_are_recognised() {
    let aws = Aws::new(false);
    aws.api.fault(Rule::new("POST", "", Action::Lose).after(2).times(1));
    let result = aws.promote(&aws.run(), 0);
    assert_eq!(result["failed"], json!([]));
    let calls =
        ["GetAuthorizationToken 200", "DescribeRepositories 400", "CreateRepository -", "DescribeRepositories 200"];
    assert_eq!(aws.api.calls(), calls, "what there is is read before anything is sent again");
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);

    let aws = Arc::new(Aws::new(false));
    let other = Arc::downgrade(&aws);
    let faster = Hook(Arc::new(move || other.upgrade().unwrap().api.make("acme/team/app")));
    aws.api.fault(Rule::new("POST", "", Action::First(faster)).after(2).times(1));
    aws.promote(&aws.run(), 0);
    assert_eq!(aws.api.calls()[2], "CreateRepository 400", "it exists already");
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);
}

#[test]
fn a_passing_fault_of_the_api_is_waited_out() {
    let aws = Aws::new(false);
    let busy = json!({"__type": "ThrottlingException", "message": "Rate exceeded"}).to_string();
    aws.api.fault(Rule::new("POST", "", Action::Answer(400, Vec::new(), busy.into())).times(1));
    aws.api.fault(Rule::new("POST", "", Action::Answer(500, Vec::new(), "{}".into())).after(3).times(1));
    aws.promote(&aws.run(), 0);
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);
}

#[test]
fn what_iam_does_not_allow_is_named() {
    let aws = Aws::new(false);
    aws.api.deny("CreateRepository");
    let refused = aws.promote(&aws.run(), 1);
    assert_eq!(refused["failed"][0]["step"], "create");
    let error = refused["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains(&format!("the keys {KEY} need ecr:CreateRepository in IAM")), "{error}");
    assert_eq!(aws.mirror.writes(), [""; 0], "nothing was pushed");

    // Who may not ask whether it is there pushes, which works where it is.
    let aws = Aws::new(false);
    aws.api.deny("DescribeRepositories");
    let missing = aws.promote(&aws.run(), 1);
    let error = missing["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("404 NAME_UNKNOWN") && error.contains("IAM ecr:CreateRepository"), "{error}");
    aws.api.make("acme/team/app");
    let outcome = aws.run().output().expect_status(0);
    assert_eq!(outcome.stderr.matches("ecr:DescribeRepositories").count(), 1, "{}", outcome.stderr);
    assert_whole(&aws.mirror, "acme/team/app", "1.0.0", &aws.image);
}

#[test]
fn keys_that_are_wrong_end_the_run_before_anything_is_written() {
    let aws = Aws::new(false);
    for (id, secret, said) in [
        (KEY, "wrong-secret-canary", "the secret does not belong to them, or this machine's clock is wrong"),
        ("AKIDANOTHER", SECRET, "AWS does not know the keys AKIDANOTHER"),
    ] {
        let run = aws.bare().env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        let error = aws.promote(&run, 3)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(said), "{error}");
    }
    assert_eq!(aws.mirror.writes(), [""; 0]);
}

#[test]
fn a_login_that_was_given_goes_before_keys_and_a_missing_repository_is_explained() {
    let aws = Aws::new(false);
    let config = json!({"auths": {ECR: {"username": "AWS", "password": PASSWORD}}}).to_string();
    let failed = aws.promote(&aws.bare().env("DOCKER_AUTH_CONFIG", &config), 1);
    let error = failed["failed"][0]["error"].as_str().unwrap();
    assert!(error.contains("Amazon ECR does not create repositories on push: with AWS_ACCESS_KEY_ID"), "{error}");
    assert_eq!(aws.api.calls(), [""; 0]);
    aws.promote(&aws.run().env("DOCKER_AUTH_CONFIG", &config), 0);
    assert_eq!(aws.api.calls(), ["DescribeRepositories 400", "CreateRepository 200"], "no password is asked for");
}

#[test]
fn in_a_job_keys_and_what_comes_of_them_are_hidden_first() {
    let aws = Aws::new(true);
    let source = format!("{}/team/app", aws.upstream.host());
    let text = manifest(ECR, &[entry(&source, "team/app", "", &[("1.0.0", &aws.image.digest())])]);
    let files = vec![("approved-images.yml".to_owned(), text)];
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let hosts = format!("{ECR}={},api.ecr.{REGION}.amazonaws.com={}", aws.mirror.url(), aws.api.url());
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).arg("promote").env("WHARFINGER_HOSTS", hosts);
    let run = run.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_SESSION_TOKEN", SESSION);
    let outcome = crate::promote::in_a_job(&github, run).expect_status(0);
    let both = format!("{}{}", outcome.stdout, outcome.stderr);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{PASSWORD}"));
    for secret in [SECRET, SESSION, PASSWORD, &encoded] {
        assert!(both.contains(&format!("::add-mask::{secret}\n")), "{secret} in {both}");
    }
    let shown: Vec<_> = both.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(!shown.concat().contains("canary"), "{shown:?}");
}

/// Promotes one image to a registry that is called `name` and is at `mirror`.
fn promote_to(name: &str, organization: &str, mirror: &TestRegistry, config: &Value, more: &str) -> (Outcome, Image) {
    let upstream = TestRegistry::start();
    let image = ImageSpec::new(2).build();
    upstream.put_image("team/app", "1.0.0", &image);
    upstream.put_image("team/other", "1.0.0", &image);
    let source = |repository: &str| format!("{}/team/{repository}", upstream.host());
    let approved = [("1.0.0", &image.digest())];
    let entries = [entry(&source("app"), "app", more, &approved), entry(&source("other"), "other", more, &approved)];
    let text = manifest(name, &entries).replace("organization: acme\n", &format!("organization: {organization}\n"));
    let clone = Clone::new(&text);
    let run = clone.run(&[]).env("WHARFINGER_HOSTS", format!("{name}={}", mirror.url()));
    let run = run.env("DOCKER_AUTH_CONFIG", config.to_string());
    let outcome = run.output();
    let again = run.output();
    if outcome.status == Some(0) {
        assert_eq!(again.stderr, "", "where nothing is copied nothing is said of it");
    }
    (outcome, image)
}

#[test]
fn artifact_registry_is_signed_in_to_with_a_token_or_a_key_of_many_lines() {
    let name = "europe-docker.pkg.dev";
    let key = "{\n  \"type\": \"service_account\",\n  \"private_key\": \"-----BEGIN\\ncanary:with:colons\"\n}\n";
    for (user, password) in
        [("oauth2accesstoken", "ya29.token-canary"), ("_json_key", key), ("_json_key_base64", "e30=")]
    {
        for auth in [Auth::Bearer, Auth::Basic] {
            let mirror = TestRegistry::with_users(vec![User::new(user, password)]);
            mirror.set(|switches| switches.auth = auth);
            let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            let config = json!({"auths": {format!("https://{name}"): {"auth": encoded}}});
            let (outcome, image) = promote_to(name, "proj/mirror", &mirror, &config, "");
            assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
            outcome.expect_status(0);
            assert_whole(&mirror, "proj/mirror/app", "1.0.0", &image);
            let asked: Vec<_> = mirror.log().iter().filter_map(Exchange::authorization).collect();
            assert!(asked.contains(&format!("Basic {user}")), "{asked:?}");
        }
    }
}

#[test]
fn a_project_that_harbor_does_not_have_is_named() {
    for (status, code) in [(401, "UNAUTHORIZED"), (404, "NOT_FOUND")] {
        let mirror = TestRegistry::start();
        let message = "project acme not found: project acme not found";
        let body = json!({"errors": [{"code": code, "message": message}]}).to_string();
        let json_type = vec![("content-type".to_owned(), "application/json".to_owned())];
        mirror.fault(Rule::new("POST", "/blobs/uploads/", Action::Answer(status, json_type, body.into())));
        let (outcome, _) = promote_to("harbor.corp", "acme", &mirror, &json!({}), "");
        assert!(matches!(outcome.status, Some(1 | 3)), "{outcome:?}");
        let json = outcome.json();
        let error = json["failed"][0]["error"].as_str().unwrap();
        assert!(error.contains("Harbor has no project acme, and a push does not create one"), "{error}");
    }
}

#[test]
fn what_a_destination_lacks_is_said_once_and_fails_nothing() {
    let wishes = "    visibility: public\n    teams: { developers: read }\n    description: The app\n    immutable-tags: true\n    rebuilds: ignore\n";
    let mirror = TestRegistry::start();
    let (outcome, image) = promote_to("ghcr.io", "acme", &mirror, &json!({}), wishes);
    let outcome = outcome.expect_status(0);
    assert_whole(&mirror, "acme/app", "1.0.0", &image);
    for wish in ["visibility: public", "teams", "description", "immutable-tags"] {
        assert_eq!(outcome.stderr.matches(&format!("ghcr.io: `{wish}`")).count(), 1, "{}", outcome.stderr);
    }
    let (quiet, _) = promote_to("ghcr.io", "acme", &TestRegistry::start(), &json!({}), "");
    assert_eq!(quiet.expect_status(0).stderr, "");
}

#[test]
fn doctor_knows_whose_keys_they_are_and_which_host_to_open() {
    let aws = Aws::new(false);
    let hosts = format!("{ECR}={},api.ecr.{REGION}.amazonaws.com={}", aws.mirror.url(), aws.api.url());
    let doctor = |arguments: &[&str]| {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).dir(aws.clone.path()).arg("doctor").args(arguments);
        run.args(["--format", "json"])
    };
    let keyed = |secret: &str| {
        let run = doctor(&[]).env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", secret);
        let outcome = run.env("WHARFINGER_HOSTS", &hosts).output();
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        outcome.json().to_string()
    };
    assert!(keyed(SECRET).contains("AWS: a password or a token issued by the registry, from AWS_ACCESS_KEY_ID"));
    assert!(keyed("wrong-secret-canary").contains("the secret does not belong to them"));
    assert_eq!(aws.mirror.writes(), [""; 0]);
    assert_eq!(aws.api.repositories(), [""; 0]);
    let open = doctor(&["--hosts"]).output().expect_status(0).stdout;
    for host in [ECR, &format!("api.ecr.{REGION}.amazonaws.com")] {
        assert!(open.contains(&format!("\"{host}\"")), "{host} in {open}");
    }
}
