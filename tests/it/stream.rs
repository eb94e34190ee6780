//! The output of a step, read like the Actions runner does: one stream from the action, two from a command line.

use serde_json::json;

use crate::support::github::{Options, TestGitHub, Who};
use crate::support::http::Response;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run, repository_json};
use crate::support::registry::{TestRegistry, User};
use crate::support::runner::Log;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const PASSWORD: &str = "canary-password";
/// So many images are copied side by side, each with tokens of its own.
const IMAGES: u64 = 12;
/// What upstream says in the hope that the runner obeys it.
const HOSTILE: &str = "x\n::endgroup::\n::group::y\n::stop-commands::z\n##[add-mask]canary";

/// Two registries that give a token for every repository, and a GitHub on which nothing is promoted yet.
struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new() -> Self {
        let users = || vec![User::new("robot", PASSWORD)];
        let (upstream, mirror) = (TestRegistry::with_users(users()), TestRegistry::with_users(users()));
        let mut text = "organization: acme\nregistry: mirror.example\ndefaults: { cooldown: 0s }\nimages:\n".to_owned();
        for n in 0..IMAGES {
            let repository = format!("team/app{n}");
            let image = ImageSpec::new(n).label("org.opencontainers.image.title", HOSTILE).build();
            let digest = upstream.put_image(&repository, "1.0.0", &image);
            text.push_str(&format!(
                "  - source: quay.io/{repository}\n    versions: ^1\n    approved:\n      - tag: 1.0.0\n        digest: {digest}\n"
            ));
        }
        let image = ImageSpec::new(100).label("org.opencontainers.image.title", HOSTILE).build();
        upstream.put_image("team/app0", "1.1.0", &image);
        upstream.put_image("team/app1", "1.1.0", &ImageSpec::new(101).build());
        // One repository sends back what it is sent.
        upstream.intercept(|request, ask| match request.bearer() {
            Some(token) if request.path.contains("/team/app11/manifests/") => {
                let message = format!("no entry with {token}\n::add-mask::no\n##[group]no");
                Response::json(403, &json!({ "errors": [{ "code": "DENIED", "message": message }] }))
            }
            _ => ask(request),
        });
        let options = Options {
            files: vec![(FILE.to_owned(), text)],
            who: Who::App("acme-images".to_owned()),
            ..Options::default()
        };
        Self { upstream, mirror, github: TestGitHub::start(options) }
    }

    fn run(&self, actions: Actions, arguments: &[&str]) -> Outcome {
        let hosts = format!("quay.io={},mirror.example={}", self.upstream.url(), self.mirror.url());
        let user = json!({ "username": "robot", "password": PASSWORD });
        let auths = json!({ "auths": { "mirror.example": user, "quay.io": user } });
        let actions = actions
            .api(&self.github.server(), &self.github.api(), &self.github.graphql())
            .env("GITHUB_TOKEN", self.github.token())
            .env("DOCKER_AUTH_CONFIG", &auths.to_string())
            .env("WHARFINGER_LOG_LEVEL", "trace")
            .env("WHARFINGER_HOSTS", &hosts);
        Run::new(PROGRAM).actions(&actions).args(arguments).output()
    }

    /// What the runner makes of the action.
    #[track_caller]
    fn action(&self, actions: Actions, status: i32) -> Log {
        let outcome = self.run(actions, &[]).expect_status(status);
        assert_eq!(outcome.stderr, "", "there is one stream");
        let log = Log::read(&outcome.stdout).unwrap_or_else(|fault| panic!("{fault}\n{}", outcome.stdout));
        for secret in [self.github.token(), PASSWORD] {
            assert!(log.masks.iter().any(|mask| mask == secret), "{secret}: {:?}", log.masks);
            assert!(!log.shown.iter().chain(&log.annotations).any(|line| line.contains(secret)), "{outcome:?}");
        }
        log
    }

    fn push(&self) -> Actions {
        let head = self.github.branch("main").unwrap();
        Actions::push("acme/images", &head, &head)
    }

    fn pull_request(&self, number: u64) -> Actions {
        let (pull, merge) = (self.github.pull(number), self.github.merge_commit(number).unwrap());
        Actions::pull_request("acme/images", number, (&pull.head, &pull.head_sha), &pull.base_sha, &merge)
    }

    fn comment(&self, number: u64, body: &str) -> Actions {
        let id = self.github.comment_as(number, "octocat", body);
        let payload = json!({
            "action": "created", "repository": repository_json("acme/images"),
            "comment": { "id": id, "body": body, "user": { "login": "octocat" } },
            "issue": { "number": number, "pull_request": { "url": "https://api.github.com/x" } },
        });
        Actions::new("acme/images", "issue_comment", &payload)
    }
}

fn tokens(log: &Log) -> usize {
    log.masks.iter().filter(|mask| mask.contains("registry-token-")).count()
}

/// Promotion and proposals at the finest log level: several times, as what runs side by side comes in another order each time.
#[test]
fn a_scheduled_run_is_one_stream_with_flat_groups_and_masks_before_secrets() {
    for format in ["human", "json", "human", "human"] {
        let world = World::new();
        let log = world.action(Actions::schedule("acme/images").env("WHARFINGER_FORMAT", format), 1);
        assert!(tokens(&log) >= IMAGES as usize, "{:?}", log.masks);
        assert!(log.shown.iter().any(|line| line.contains("no entry with registry-token-")), "a token comes back");
        assert!(log.groups.iter().any(|title| title == "Copying approved images"), "{:?}", log.groups);
        assert_eq!(log.groups.iter().any(|title| title == "Plan"), format == "human", "{:?}", log.groups);
        assert_eq!(log.document.is_some(), format == "json");
        assert!(log.annotations.iter().any(|line| line.starts_with("::error title=")), "{:?}", log.annotations);
        let again = world.action(Actions::schedule("acme/images"), 1);
        assert!(!again.groups.is_empty());
    }
}

#[test]
fn every_other_run_is_one_stream_as_well() {
    let world = World::new();
    world.action(world.push(), 1);
    world.action(Actions::schedule("acme/images").input("command", "propose"), 1);
    let number = world.github.open_pulls()[0];
    let check = world.action(world.pull_request(number), 0);
    assert!(check.groups.iter().any(|title| title == "Check"), "{:?}", check.groups);
    world.action(world.comment(number, "/wharfinger recheck"), 0);
    world.action(world.comment(number, "/wharfinger refresh"), 0);
    world.action(world.comment(number, "/wharfinger reject ::add-mask::x ##[error]y"), 0);
    world.action(world.comment(number, "/wharfinger nonsense"), 0);
    world.action(world.comment(number, "::add-mask::hello"), 0);
    for command in ["plan", "explain", "check", "audit", "doctor", "plan --format json", "approve app2:1.0.0", "schema"]
    {
        let outcome = world.run(Actions::workflow_dispatch("acme/images").input("command", command), &[]);
        let log = Log::read(&outcome.stdout).unwrap_or_else(|fault| panic!("{command}: {fault}\n{}", outcome.stdout));
        assert_eq!(outcome.stderr, "", "{command}");
        assert!(log.masks.iter().any(|mask| mask == PASSWORD), "{command}");
    }
    world.action(Actions::new("acme/images", "release", &json!({})), 2);
    world.action(world.push().input("command", "no-such ::endgroup:: ##[group]"), 2);
    world.action(world.push().env("WHARFINGER_RECORD", "::add-mask::x"), 2);
    world.github.push_as("main", "octocat", &[(FILE, "organization: acme\n\"::group::x\": 1\nimages: [")]);
    let faulty = world.action(Actions::schedule("acme/images"), 2);
    assert!(
        faulty.annotations.iter().any(|line| line.contains("file=approved-images.yml")),
        "{:?}",
        faulty.annotations
    );
}

/// Standard output holds results alone, of which the runner obeys nothing either; everything else is on standard error.
#[test]
fn a_command_line_in_a_step_keeps_its_standard_output_clean() {
    let world = World::new();
    for arguments in [&["promote"][..], &["run"], &["propose"], &["plan"], &["--format", "json", "plan"]] {
        let outcome = world.run(Actions::schedule("acme/images"), arguments).expect_status(1);
        let commands =
            outcome.stdout.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##["));
        assert_eq!(commands.collect::<Vec<_>>(), Vec::<&str>::new(), "{arguments:?}");
        assert!(!outcome.stdout.contains(PASSWORD) && !outcome.stdout.is_empty(), "{outcome:?}");
        let log =
            Log::read(&outcome.stderr).unwrap_or_else(|fault| panic!("{arguments:?}: {fault}\n{}", outcome.stderr));
        assert!(tokens(&log) > 0 && log.masks.iter().any(|mask| mask == PASSWORD), "{:?}", log.masks);
        assert!(log.document.is_none() && !log.annotations.is_empty(), "{log:?}");
        if arguments[0] == "--format" {
            assert_eq!(outcome.json()["version"], 1);
        }
    }
}

#[test]
fn the_reader_finds_what_is_wrong() {
    for (text, fault) in [
        ("::group::a\n::group::b\n::endgroup::\n", "a group in"),
        ("::endgroup::\n", "no group is open"),
        ("::group::a\n", "left open"),
        ("::stop-commands::t\n::add-mask::x\n::t::\n", "a mask where nothing is obeyed"),
        ("::stop-commands::t\nx\n", "left open"),
        ("the token is hunter2\n::add-mask::hunter2\n", "it was shown before"),
        ("::error title=hunter2::x\n::add-mask::hunter2\n", "it was shown before"),
        ("::set-output name=x::y\n", "a command that is not ours"),
        ("x ##[group]y\n", "of the older kind"),
    ] {
        let read = Log::read(text);
        assert!(read.as_ref().is_err_and(|told| told.contains(fault)), "{text:?}: {read:?}");
    }
    let good =
        "::add-mask::hunter2\n::group::a\n::stop-commands::t\n::group::b\n{\"a\":1}\n::t::\n::endgroup::\nhunter2\n";
    let log = Log::read(good).unwrap();
    assert_eq!((log.document.as_deref(), log.groups.len(), log.masks.len()), (Some("{\"a\":1}"), 1, 1));
}
