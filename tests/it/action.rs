//! The program as the action: inputs, events, masks, outputs, summary.

use std::io::{BufRead as _, Write as _};

use serde_json::{Value, json};

use crate::support::process::{Actions, Outcome, Run, repository_json};

const SHA: &str = "0123456789012345678901234567890123456789";

fn wharfinger(actions: &Actions) -> Run {
    Run::new(env!("CARGO_BIN_EXE_wharfinger")).actions(actions)
}

fn event(name: &str, payload: &Value) -> Actions {
    Actions::new("acme/images", name, payload).env("GITHUB_SHA", SHA)
}

fn error(outcome: &Outcome) -> String {
    outcome.said().lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default().to_owned()
}

#[test]
fn an_event_that_means_nothing_is_status_2() {
    let mut told = Vec::new();
    for name in ["pull_request_target", "release", "workflow_run", "repository_dispatch", "x\n::add-mask::y"] {
        let outcome = wharfinger(&event(name, &json!({"repository": repository_json("acme/images")}))).output();
        told.push(error(&outcome.clone().expect_status(2)));
        assert!(outcome.stdout.lines().all(|line| !line.starts_with("::add-mask::y")), "{outcome:?}");
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_malformed_event_names_the_file_and_the_field() {
    let commit = json!({"ref": "b", "sha": SHA});
    let cases = [
        ("pull_request", json!({})),
        ("pull_request", json!({"pull_request": {"number": "7", "base": commit, "head": commit}})),
        ("pull_request", json!({"pull_request": {"number": 7, "base": {"ref": "b", "sha": "HEAD"}, "head": commit}})),
        ("pull_request", json!({"pull_request": {"number": 7, "base": {"ref": "", "sha": SHA}, "head": commit}})),
        ("merge_group", json!({"merge_group": {"head_sha": SHA}})),
        (
            "issue_comment",
            json!({"action": "created", "comment": {"id": 1, "user": {"login": "x"}}, "issue": {"number": 1}}),
        ),
        ("push", json!({"repository": {"default_branch": 7}})),
        ("schedule", json!([1])),
    ];
    let mut told = Vec::new();
    for (name, payload) in cases {
        let actions = event(name, &payload);
        let file = actions.variables().into_iter().find(|(name, _)| name == "GITHUB_EVENT_PATH").unwrap().1;
        let outcome = wharfinger(&actions).output().expect_status(2);
        told.push(format!("{name}: {}", error(&outcome).replace(&file, "EVENT")));
    }
    for (variable, value) in [
        ("GITHUB_EVENT_PATH", "/nowhere/event.json"),
        ("GITHUB_EVENT_NAME", ""),
        ("GITHUB_REF", ""),
        ("GITHUB_SHA", "main"),
    ] {
        let outcome = wharfinger(&Actions::schedule("acme/images").env(variable, value)).output().expect_status(2);
        told.push(format!("{variable}: {}", error(&outcome)));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_writes_is_refused_for_other_events_and_other_branches() {
    let pull = Actions::pull_request("acme/images", 7, ("topic", SHA), SHA, SHA);
    let mut told = Vec::new();
    for command in ["promote", "propose"] {
        told.push(error(&wharfinger(&pull).arg(command).output().expect_status(2)));
        let branch = Actions::push("acme/images", SHA, SHA).reference("refs/heads/topic");
        told.push(error(&wharfinger(&branch).arg(command).output().expect_status(2)));
        let tag = Actions::workflow_dispatch("acme/images").reference("refs/tags/main");
        told.push(error(&wharfinger(&tag).arg(command).output().expect_status(2)));
    }
    let branch = Actions::push("acme/images", SHA, SHA).reference("refs/heads/topic");
    told.push(error(&wharfinger(&branch).output().expect_status(2)));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_comment_that_is_not_ours_is_passed_over_and_ours_is_not() {
    let comment = |body: &str| {
        event(
            "issue_comment",
            &json!({
                "action": "created", "repository": repository_json("acme/images"),
                "comment": {"id": 9, "body": body, "user": {"login": "octocat"}},
                "issue": {"number": 7, "pull_request": {"url": "x"}},
            }),
        )
    };
    for body in ["looks good", "", "/wharfingers", "see /wharfinger reject"] {
        let outcome = wharfinger(&comment(body)).output().expect_status(0);
        let said = "Nothing to do: the comment does not begin with /wharfinger and a command.\n";
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (said, ""), "{body}");
    }
    let ours = wharfinger(&comment("/wharfinger reject breaks retention")).output().expect_status(3);
    assert!(error(&ours).starts_with("this command needs a forge"), "{ours:?}");
}

#[test]
fn outputs_are_written_whatever_happened() {
    let actions = event("release", &json!({}));
    let outcome = wharfinger(&actions).output().expect_status(2);
    for (name, value) in
        [("proposals", "[]"), ("promoted", "[]"), ("failed", "[]"), ("drift", "[]"), ("changed", "false")]
    {
        assert_eq!(actions.output(name).as_deref(), Some(value), "{name}");
    }
    assert!(actions.summary().starts_with("**Error:** run does nothing"), "{}", actions.summary());
    assert!(outcome.stdout.contains("\n::error title=wharfinger::run does nothing"), "{outcome:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_status_3() {
    let actions = event("release", &json!({})).env("GITHUB_OUTPUT", "/nowhere/output");
    let outcome = wharfinger(&actions).output().expect_status(3);
    assert!(outcome.stdout.contains("GITHUB_OUTPUT, /nowhere/output, cannot be written"), "{outcome:?}");
}

#[test]
fn the_input_command_is_a_command_line() {
    let actions = event("release", &json!({})).input("command", "schema output").input("log-level", "error");
    let outcome = wharfinger(&actions).output().expect_status(0);
    assert!(outcome.stdout.contains("Output of wharfinger --format json"), "{outcome:?}");
    let bad = event("release", &json!({})).input("command", "--format json");
    assert!(wharfinger(&bad).output().expect_status(2).stdout.contains("requires a subcommand"));
}

/// Each secret, given in every way there is. What is derived from them is masked as well.
#[test]
fn secrets_are_masked_before_anything_else_and_appear_nowhere() {
    let auth = base64(b"robot:canary-password");
    let config = json!({"auths": {
        "ghcr.io": {"auth": auth}, "quay.io": {"username": "u", "password": "canary-plain"},
        "acr.example": {"identitytoken": "canary-identity", "registrytoken": "canary-registry"},
    }});
    let pretty = format!("{config:#}");
    let inputs = || {
        event("release", &json!({}))
            .input("github-token", "canary-input-github")
            .input("dockerhub-username", "robot")
            .input("dockerhub-token", "canary-input-hub")
            .input("registry-auth", &pretty)
            .input("log-level", "trace")
            .env("GITHUB_TOKEN", "canary-people-github")
            .env("DOCKERHUB_TOKEN", "canary-people-hub\ncanary-second-line")
            .env("WHARFINGER_DOCKERHUB_TOKEN", "canary-ours-hub%")
            .env("DOCKER_AUTH_CONFIG", &config.to_string().replace("canary-p", "canary-env-p"))
    };
    let outcome = wharfinger(&inputs()).output().expect_status(2);
    let masked = masked(&outcome);
    for secret in [
        "canary-input-github",
        "canary-input-hub",
        "canary-people-github",
        "canary-people-hub",
        "canary-second-line",
        "canary-ours-hub%25",
        "canary-password",
        "canary-plain",
        "canary-identity",
        "canary-registry",
        &auth,
        &base64(b"robot:canary-input-hub"),
        &base64(b"canary-input-github"),
        &base64(b"u:canary-plain"),
    ] {
        assert!(masked.iter().any(|mask| mask == secret), "{secret} is not masked: {masked:#?}");
    }
    assert_hidden(&outcome);

    let broken = inputs().input("record", "canary-no").input("registry-auth", "{ canary-broken\nauths canary-line }");
    let outcome = wharfinger(&broken).output().expect_status(2);
    assert!(self::masked(&outcome).iter().any(|mask| mask == "auths canary-line }"), "{outcome:?}");
}

#[test]
fn secrets_from_files_are_masked_too() {
    let actions = event("release", &json!({})).env("WHARFINGER_LOG_LEVEL", "trace");
    std::fs::write(actions.workspace().join("token"), "canary-file\n").unwrap();
    let run = wharfinger(&actions).args(["run", "--github-token-file", "token", "--dockerhub-token-file", "-"]);
    let outcome = run.stdin("canary-stdin\n").output().expect_status(2);
    let masked = masked(&outcome);
    assert!(masked.contains(&"canary-file".to_owned()) && masked.contains(&"canary-stdin".to_owned()), "{masked:?}");
    assert_hidden(&outcome);
}

/// Arguments, variables and the status they end with.
type Way<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32);

/// What is sent is the token with its user name: hidden whichever way the name came, and where nothing else makes sense.
#[test]
fn a_token_is_masked_with_its_user_name_however_that_was_given() {
    let ways: [Way<'_>; 9] = [
        (&["--dockerhub-username", "bot", "schema"], &[], 0),
        (&["schema", "--dockerhub-username=bot"], &[("DOCKERHUB_USERNAME", "other")], 0),
        (&["schema"], &[("DOCKERHUB_USERNAME", "bot")], 0),
        (&["schema"], &[("WHARFINGER_DOCKERHUB_USERNAME", "bot"), ("DOCKERHUB_USERNAME", "other")], 0),
        (&[], &[("INPUT_DOCKERHUB-USERNAME", "bot"), ("INPUT_COMMAND", "schema")], 0),
        (&[], &[("INPUT_COMMAND", "schema --dockerhub-username bot")], 0),
        (&["schema", "--dockerhub-username", "bot"], &[("WHARFINGER_DRY_RUN", "perhaps")], 2),
        (&["schema", "--dockerhub-username", "bot", "--github-token-file", "absent"], &[], 2),
        (&["schema", "--dockerhub-username", "bot", "--format", "nonsense"], &[], 2),
    ];
    for (arguments, variables, status) in ways {
        let mut actions =
            event("schedule", &json!({})).env("DOCKERHUB_TOKEN", "canary-hub").env("GITHUB_TOKEN", "canary-job");
        for (name, value) in variables {
            actions = actions.env(name, value);
        }
        let masked = masked(&wharfinger(&actions).args(arguments).output().expect_status(status));
        for secret in [base64(b"bot:canary-hub"), base64(b"wharfinger:canary-job")] {
            assert!(masked.contains(&secret), "{arguments:?} {variables:?}: {masked:?}");
        }
    }
}

#[test]
fn a_secret_is_masked_though_another_cannot_be_read() {
    let actions = event("schedule", &json!({}));
    std::fs::write(actions.workspace().join("token"), "canary-file\n").unwrap();
    let files = ["--github-token-file", "absent", "--dockerhub-token-file", "token", "--dockerhub-username", "bot"];
    let outcome = wharfinger(&actions).arg("schema").args(files).output().expect_status(2);
    let masked = masked(&outcome);
    assert!(masked.contains(&base64(b"bot:canary-file")), "{masked:?}");
    assert!(error(&outcome).starts_with("--github-token-file names absent, which cannot be read"), "{outcome:?}");
}

/// A registry that sends back the password it was sent, in plain and as it was encoded.
fn echo() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let lines = std::io::BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let sent = head.iter().find_map(|line| line.strip_prefix("authorization: Basic "));
            let (status, message) = match sent {
                Some(sent) => ("403 Forbidden", format!("denied to {sent}: canary-password")),
                None => ("401 Unauthorized", "authenticate".to_owned()),
            };
            let body = json!({"errors": [{"code": "DENIED", "message": message}]}).to_string();
            let length = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nwww-authenticate: Basic realm=\"x\"\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

#[test]
fn a_secret_that_is_sent_back_is_shown_nowhere() {
    let registry = echo();
    let encoded = base64(b"robot:canary-password");
    let auth = json!({"auths": {(registry.clone()): {"auth": encoded}}}).to_string();
    for format in ["human", "json"] {
        let actions = event("schedule", &json!({}))
            .input("command", "plan")
            .input("registry-auth", &auth)
            .input("log-level", "trace")
            .env("WHARFINGER_FORGE", "none")
            .env("WHARFINGER_FORMAT", format);
        let manifest = format!("organization: acme\nimages:\n  - source: {registry}/team/app\n    versions: '>=1'\n");
        std::fs::write(actions.workspace().join("approved-images.yml"), manifest).unwrap();
        let outcome = wharfinger(&actions).output().expect_status(1);
        let shown = |text: &str| {
            let lines = text.lines().filter(|line| !line.starts_with("::add-mask::"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let all = [shown(&outcome.stdout), shown(&outcome.stderr), actions.summary(), actions.output_file()].join("\n");
        assert!(!all.contains("canary") && !all.contains(&encoded), "{all}");
        assert!(all.contains("denied to ***: ***"), "the registry's word is told: {all}");
    }
}

/// On a command line a document stands alone on standard output: the runner reads commands on the other stream as well.
#[test]
fn json_stands_alone_on_standard_output() {
    let actions = event("release", &json!({})).env("GITHUB_TOKEN", "canary");
    let outcome = wharfinger(&actions).args(["--format", "json", "run"]).output().expect_status(2);
    assert_eq!(outcome.json()["version"], 1);
    assert!(outcome.stderr.starts_with("::add-mask::"), "{outcome:?}");
    assert!(outcome.stderr.contains("::error title=wharfinger::"), "{outcome:?}");
}

/// The masks, which must all come before any other line: of the action on standard output, else on standard error.
fn masked(outcome: &Outcome) -> Vec<String> {
    let Outcome { stdout, stderr, .. } = outcome;
    let stream = if stdout.contains("::add-mask::") { stdout } else { stderr };
    assert!(stream == stderr || stderr.is_empty(), "two streams: {outcome:?}");
    let mut rest = stream.lines().skip_while(|line| line.starts_with("::add-mask::"));
    assert!(!rest.any(|line| line.starts_with("::add-mask::")), "a mask after another line: {stream}");
    stream.lines().filter_map(|line| line.strip_prefix("::add-mask::")).map(str::to_owned).collect()
}

fn assert_hidden(outcome: &Outcome) {
    let said = outcome.said();
    let shown: Vec<&str> = said.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(shown.iter().all(|line| !line.contains("canary")), "{shown:#?}");
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
