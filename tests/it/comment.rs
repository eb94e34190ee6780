//! Comments on proposals, from GitHub's event to the resulting pull request.

use serde_json::{Value, json};

use crate::support::contract;
use crate::support::github::{Options, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run, repository_json};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const LOKI: &str = "wharfinger/image/loki/latest";
const GROUP: &str = "wharfinger/group/all";

const MANIFEST: &str = "\
organization: acme
defaults: { cooldown: 0s }   # nobody waits in tests
images:
  - source: quay.io/grafana/loki # logs
    versions: ^3
    approved: []
  # the cache
  - source: quay.io/cache/redis
    versions: ^7
    approved: []
";

/// Upstream, and a GitHub on which everything is proposed.
struct World {
    registry: TestRegistry,
    github: TestGitHub,
}

impl World {
    fn new(manifest: &str) -> Self {
        Self::with(manifest, Options::default())
    }

    fn with(manifest: &str, options: Options) -> Self {
        let registry = TestRegistry::start();
        for (seed, (repository, tag)) in [("grafana/loki", "3.1.0"), ("cache/redis", "7.2.1")].into_iter().enumerate() {
            ImageSpec::new(seed as u64).build().put(&registry, repository, tag);
        }
        let files = vec![(FILE.to_owned(), manifest.to_owned())];
        let world = Self { registry, github: TestGitHub::start(Options { files, ..options }) };
        world.run(&Actions::schedule("acme/images"), "propose").expect_status(0);
        world.github.clear_log();
        world
    }

    fn run(&self, actions: &Actions, command: &str) -> Outcome {
        let run = Run::new(PROGRAM).actions(actions).env("GITHUB_TOKEN", self.github.token());
        let run = run.env("GITHUB_SERVER_URL", self.github.server()).env("GITHUB_API_URL", self.github.api());
        let run = run.env("GITHUB_GRAPHQL_URL", self.github.graphql());
        let outcome = run
            .env("WHARFINGER_HOSTS", format!("quay.io={}", self.registry.url()))
            .args(["--format", "json", command])
            .output();
        assert!(!format!("{outcome:?}").contains("panicked"), "{outcome:?}");
        outcome
    }

    fn number(&self, branch: &str) -> u64 {
        self.github.pulls().iter().rfind(|p| p.head == branch && p.open).expect("an open pull request").number
    }

    /// Somebody comments, and the workflow runs for it.
    fn comment(&self, number: u64, login: &str, body: &str) -> (Actions, Outcome) {
        let id = self.github.comment_as(number, login, body);
        let event = event(id, number, login, body, "created");
        let outcome = self.run(&event, "run");
        (event, outcome)
    }

    /// What the program said on a pull request, without marks.
    fn answers(&self, number: u64) -> Vec<String> {
        let ours = self.github.comments(number).into_iter().filter(|c| c.user.ends_with("[bot]"));
        ours.map(|c| c.body.split("\n\n<!--").next().unwrap_or_default().to_owned()).collect()
    }

    fn manifest(&self, branch: &str) -> String {
        self.github.read(branch, FILE).unwrap()
    }

    /// What was written. Whose token it is, is asked by a POST that writes nothing.
    fn writes(&self) -> Vec<String> {
        let log = self.github.log();
        let asks = |body: &[u8]| {
            String::from_utf8_lossy(body).contains("\"query (") || String::from_utf8_lossy(body).contains("viewer")
        };
        let written = log.iter().filter(|e| e.is_write() && !asks(&e.request.body));
        written.map(crate::support::http::Exchange::line).collect()
    }

    fn merge(&self, branch: &str) {
        self.github.merge(self.number(branch));
    }

    fn propose(&self) -> Value {
        self.run(&Actions::schedule("acme/images"), "propose").expect_status(0).json()
    }
}

fn event(id: u64, number: u64, login: &str, body: &str, action: &str) -> Actions {
    let payload = json!({
        "action": action, "repository": repository_json("acme/images"),
        // what a comment says of its author's standing counts for nothing
        "comment": {"id": id, "body": body, "user": {"login": login}, "author_association": "OWNER"},
        "issue": {"number": number, "pull_request": {"url": "https://api.github.com/x"}},
    });
    Actions::new("acme/images", "issue_comment", &payload)
}

/// As GitHub shows it.
fn rendered(markdown: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(
        &mut html,
        pulldown_cmark::Parser::new_ext(markdown, pulldown_cmark::Options::all()),
    );
    html
}

fn branches(output: &Value) -> Vec<String> {
    let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
    output["proposals"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_rejection_takes_the_approvals_place_and_the_line_waits_for_it() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let (_, outcome) = world.comment(number, "hubot", "/wharfinger reject breaks retention, see #41 until 2027-03-01");
    let output = outcome.expect_status(0).json();
    assert_eq!(branches(&output), [format!("{LOKI} updated")]);
    assert_eq!(output["changed"], true);
    let pull = world.github.pull(number);
    assert_eq!((pull.title.as_str(), pull.open), ("Reject quay.io/grafana/loki 3.1.0", true));
    assert!(pull.body.contains("- Why: `breaks retention, see #41`"));
    assert_eq!(world.github.open_pulls().len(), 2);
    let text = world.manifest(LOKI);
    let added = "    approved: []\n    rejected:\n      - tag: 3.1.0\n        reason: \"breaks retention, see #41\"\n        until: 2027-03-01\n";
    assert_eq!(text, MANIFEST.replacen("    approved: []\n", added, 1));
    assert_eq!(
        world.answers(number),
        [
            "This pull request now adds `quay.io/grafana/loki:3.1.0` to `rejected`, until 2027-03-01: `breaks retention, \
          see #41`. Until it is merged or closed, nothing else is proposed for this line."
        ]
    );
    let verdict = world.github.statuses().into_iter().rfind(|s| s.sha == pull.head_sha).unwrap();
    assert_eq!(
        (verdict.state.as_str(), verdict.description.as_deref()),
        ("success", Some("nothing wrong; no new approvals"))
    );

    ImageSpec::new(70).build().put(&world.registry, "grafana/loki", "3.2.0");
    let before = world.github.branch(LOKI);
    world.github.clear_log();
    let output = world.propose();
    assert_eq!((world.github.branch(LOKI), output["changed"].as_bool()), (before, Some(false)), "{output}");
    assert_eq!(world.writes(), Vec::<String>::new());
    world.merge(LOKI);
    let output = world.propose();
    assert!(branches(&output).contains(&format!("{LOKI} opened")), "{output}");
    assert!(world.manifest(LOKI).contains("tag: 3.2.0"));
}

#[test]
fn a_rejection_that_is_over_can_be_made_anew() {
    let over =
        "    rejected:\n      # asked again in spring\n      - { tag: 3.1.0, reason: slow, until: 2020-01-01 }\n";
    let world = World::new(&MANIFEST.replacen("    approved: []\n", &format!("    approved: []\n{over}"), 1));
    let number = world.number(LOKI);
    let text = world.manifest(LOKI);
    assert!(
        text.contains("digest:") && !text.contains("2020-01-01"),
        "proposed again, and the old entry leaves: {text}"
    );
    world.comment(number, "hubot", "/wharfinger reject still slow until 2099-01-01").1.expect_status(0);
    let text = world.manifest(LOKI);
    assert!(!text.contains("2020-01-01") && !text.contains("digest:"), "{text}");
    assert!(text.contains("tag: 3.1.0\n        reason: \"still slow\"\n        until: 2099-01-01\n"), "{text}");
    assert!(text.contains("# asked again in spring"), "{text}");
    let verdict = world.github.statuses().into_iter().rfind(|s| s.sha == world.github.pull(number).head_sha).unwrap();
    assert_eq!(verdict.state, "success", "{verdict:?}");
    world.github.clear_log();
    assert_eq!(world.propose()["changed"], false);
    assert_eq!(world.writes(), Vec::<String>::new());
    world.merge(LOKI);
    let output = world.propose();
    assert!(!branches(&output).iter().any(|row| row.starts_with(LOKI)), "nothing else is newer: {output}");
}

/// Another image merges this one's keys and has approvals of its own, but no rejections: it gets an empty list, not these.
#[test]
fn a_rejection_reaches_no_image_that_merges_the_keys() {
    let merging = MANIFEST.replacen("  - source", "  - &base\n    source", 1)
        + "  - <<: *base\n    source: quay.io/cache/redis\n    repository: other\n    versions: ^9\n    approved: []\n";
    let world = World::new(&merging);
    let number = world.number(LOKI);
    world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
    let text = world.manifest(LOKI);
    assert_eq!(text.matches("reason: \"breaks\"").count(), 1, "{text}");
    assert!(text.ends_with("    versions: ^9\n    approved: []\n    rejected: []\n"), "{text}");
}

#[test]
fn a_rejection_that_cannot_be_written_is_answered_with_the_place() {
    let written = |rejected: &str| {
        let list = format!("{rejected}- {{ tag: 2.0.0, reason: old }}\n  # the cache");
        MANIFEST.replacen("  # the cache", &list, 1)
    };
    let world = World::new(&written("    ? rejected\n    : "));
    let number = world.number(LOKI);
    let before = world.manifest(LOKI);
    world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
    let answer = world.answers(number).pop().unwrap();
    // The line of the list on the default branch, where the change starts from.
    assert!(answer.contains("approved-images.yml:8:9: "), "{answer}");
    assert!(answer.contains("cannot be edited safely"), "{answer}");
    assert_eq!(world.manifest(LOKI), before);
    world.github.push_as("main", "octocat", &[(FILE, &written("    rejected:\n      "))]);
    world.propose();
    world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
    assert!(world.manifest(LOKI).contains("reason: \"breaks\""), "{}", world.manifest(LOKI));
}

#[test]
fn who_closes_a_rejection_withdraws_it() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
    let body = world.github.pull(number).body;
    assert!(body.contains("Closing withdraws the rejection: the version is proposed again."), "{body}");
    world.github.close_as(number, "octocat");
    assert!(branches(&world.propose()).contains(&format!("{LOKI} opened")));
    let text = world.manifest(LOKI);
    assert!(text.contains("tag: 3.1.0\n        digest:") && !text.contains("rejected"), "{text}");
}

#[test]
fn comments_are_explained_also_where_the_verdict_could_not_be_posted() {
    let may = crate::support::github::Permissions {
        statuses: crate::support::github::Access::Read,
        ..crate::support::github::Permissions::all(crate::support::github::Access::Write)
    };
    let world = World::with(MANIFEST, Options { may, ..Options::default() });
    let body = world.github.pull(world.number(LOKI)).body;
    assert!(!body.contains("\"head\""), "not done: {body}");
    assert!(body.contains("`/wharfinger reject REASON"), "{body}");
}

#[test]
fn in_a_group_the_image_leaves_and_the_rest_is_made_anew() {
    let world = World::new(&format!("proposals: {{ group: all }}\n{MANIFEST}"));
    let number = world.number(GROUP);
    let (_, outcome) = world.comment(number, "octocat", "/wharfinger reject breaks retention");
    outcome.expect_status(0);
    let (_, outcome) = world.comment(number, "octocat", "/wharfinger reject loki:3.1.0 breaks retention");
    let output = outcome.expect_status(0).json();
    let said = world.answers(number);
    assert!(said[0].starts_with("Which image? This pull request is about `quay.io/grafana/loki:3.1.0`"), "{said:?}");
    let own = world.number(LOKI);
    assert!(said[1].starts_with(&format!("#{own} now adds `quay.io/grafana/loki:3.1.0` to `rejected`")), "{said:?}");
    assert!(world.manifest(LOKI).contains("reason: \"breaks retention\"") && !world.manifest(LOKI).contains("digest:"));
    let rest = world.manifest(GROUP);
    assert!(rest.contains("tag: 7.2.1") && !rest.contains("3.1.0"), "{rest}");
    assert_eq!(world.github.pull(number).title, "Approve quay.io/cache/redis 7.2.1");
    assert_eq!(branches(&output)[0], format!("{LOKI} opened"));
    world.github.clear_log();
    assert_eq!(world.propose()["changed"], false);
    assert_eq!(world.writes(), Vec::<String>::new());
}

/// What a rejection out of the group is answered where the image's own branch is to stay.
fn left(world: &World, number: u64) -> String {
    let (own, before) = (world.number(LOKI), (world.github.branch(LOKI), world.github.branch(GROUP)));
    let body = world.github.pull(own).body;
    let (_, outcome) = world.comment(number, "octocat", "/wharfinger reject loki breaks retention");
    let output = outcome.expect_status(0).json();
    assert_eq!((branches(&output), output["changed"].as_bool()), (vec![format!("{LOKI} left")], Some(false)));
    assert_eq!((world.github.branch(LOKI), world.github.branch(GROUP)), before);
    assert_eq!(world.github.pull(own).body, body);
    let said = world.answers(number).pop().unwrap();
    let place = format!("#{own}, where the rejection belongs, is left alone: ");
    assert!(said.contains("Nothing was done."), "{said}");
    said.strip_prefix(&place).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
fn a_rejection_out_of_a_group_leaves_the_images_branch_that_a_person_has() {
    let world = World::new(MANIFEST);
    let own = world.number(LOKI);
    world.github.push_as(LOKI, "hubot", &[("NOTES", "by hand\n")]);
    world.github.push_as("main", "octocat", &[(FILE, &format!("proposals: {{ group: all }}\n{MANIFEST}"))]);
    world.propose();
    let number = world.number(GROUP);
    let said = left(&world, number);
    assert!(said.starts_with("`a person committed to its branch`."), "{said}");

    world.github.push_as("release", "octocat", &[("NOTES", "x\n")]);
    let clean = world.github.with(|state| state.git.resolve(&format!("{LOKI}~")).unwrap());
    world.github.force(LOKI, &clean, "hubot");
    world.github.with(|state| "release".clone_into(&mut state.pull(own).unwrap().base));
    let said = left(&world, number);
    assert!(said.starts_with("`a person changed its base branch to release`."), "{said}");

    world.github.with(|state| "main".clone_into(&mut state.pull(own).unwrap().base));
    world.github.review_as(own, "octocat", "APPROVED");
    let said = left(&world, number);
    assert!(said.contains("octocat has approved its current content"), "{said}");
    world.github.dismiss(own, "octocat");
    world.comment(number, "octocat", "/wharfinger reject loki breaks retention").1.expect_status(0);
    assert!(world.answers(number).pop().unwrap().starts_with(&format!("#{own} now adds")));
    assert!(world.manifest(LOKI).contains("reason: \"breaks retention\""));
    assert!(!world.manifest(GROUP).contains("3.1.0"));
}

#[test]
fn a_rejection_is_obeyed_also_under_an_approving_review() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.github.review_as(number, "octocat", "APPROVED");
    for _ in 0..2 {
        world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
        assert!(world.answers(number).pop().unwrap().starts_with("This pull request now adds"));
        assert_eq!(world.manifest(LOKI).matches("reason: \"breaks\"").count(), 1);
    }
}

#[test]
fn a_reader_is_answered_once_and_nothing_is_done() {
    let world = World::new(MANIFEST);
    let (number, before) = (world.number(LOKI), world.github.branch(LOKI));
    for body in ["/wharfinger reject mine now", "/wharfinger refresh", "/wharfinger nonsense"] {
        world.comment(number, "reader", body).1.expect_status(0);
    }
    world.comment(number, "stranger", "/wharfinger recheck").1.expect_status(0);
    let only =
        "Only people with write access to this repository can use this command. One of them may repeat the comment.";
    assert_eq!(world.answers(number), [only, only], "one for each of two people");
    assert_eq!(world.github.branch(LOKI), before);
    world.comment(number, "hubot", "/wharfinger nonsense").1.expect_status(0);
    insta::assert_snapshot!(world.answers(number)[2], @r"
    `nonsense` is not a command. Nothing was done.

    - `/wharfinger reject [IMAGE[:TAG]] REASON [until YYYY-MM-DD]` turns this pull request into one that adds the version to `rejected`. REASON is on the same line and has at most 200 characters; if the pull request covers several images, IMAGE says which.
    - `/wharfinger recheck` checks this pull request again.
    - `/wharfinger refresh` moves it to the newest version, also after an approving review.
    ");
}

#[test]
fn an_event_that_comes_again_and_a_comment_that_is_edited_do_nothing() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let (event_again, outcome) = world.comment(number, "hubot", "/wharfinger reject breaks");
    outcome.expect_status(0);
    let head = world.github.branch(LOKI);
    world.github.clear_log();
    world.run(&event_again, "run").expect_status(0);
    for action in ["edited", "deleted"] {
        world.run(&event(999, number, "hubot", "/wharfinger reject other", action), "run").expect_status(0);
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    assert_eq!((world.github.branch(LOKI), world.answers(number).len()), (head, 1));
}

#[test]
fn a_hostile_reason_is_one_quoted_scalar_and_no_markdown() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let reason = "it's \"broken\": {a}, [b] # c @octocat <img src=x> `x` | \\ 🚢 https://evil.example --> done";
    world.comment(number, "hubot", &format!("/wharfinger reject {reason}\r\n  - tag: 9.9.9\r\n")).1.expect_status(0);
    let text = world.manifest(LOKI);
    let line = text.lines().find(|line| line.contains("reason:")).unwrap();
    assert_eq!(line, format!("        reason: \"{}\"", reason.replace('\\', "\\\\").replace('"', "\\\"")));
    assert!(!text.contains("9.9.9"), "{text}");
    for shown in [world.github.pull(number).body, world.answers(number)[0].clone()] {
        let html = rendered(&shown);
        assert!(
            html.contains("evil.example") && !html.contains("<img") && !html.contains("href=\"https://evil"),
            "{html}"
        );
        assert!(html.contains("<code>it's \"broken\""), "{html}");
    }

    let long = "x".repeat(201);
    world.comment(number, "hubot", &format!("/wharfinger reject {long}")).1.expect_status(0);
    assert!(world.answers(number)[1].starts_with("The reason has 201 characters; the limit is 200. Nothing was done."));
    assert_eq!(world.manifest(LOKI), text);
    world.comment(number, "hubot", &format!("/wharfinger reject {}", &long[..200])).1.expect_status(0);
    assert!(world.manifest(LOKI).contains(&long[..200]), "another reason takes the first one's place");
    assert_eq!(world.manifest(LOKI).matches("reason:").count(), 1);
}

#[test]
fn recheck_judges_again_and_says_so() {
    let world = World::new(MANIFEST);
    let (number, head) = (world.number(LOKI), world.github.branch(LOKI).unwrap());
    let statuses = world.github.statuses().len();
    world.comment(number, "hubot", "/wharfinger recheck").1.expect_status(0);
    assert_eq!(world.github.statuses().len(), statuses, "the verdict is what it was");
    ImageSpec::new(71).build().put(&world.registry, "grafana/loki", "3.1.0");
    world.comment(number, "hubot", "/wharfinger recheck").1.expect_status(0);
    let said = world.answers(number);
    assert_eq!(said[0], format!("Success: `nothing wrong; 1 new approval`. This is the verdict on {head}."));
    assert_eq!(said[1], format!("Failure: `1 finding: never-served`. This is the verdict on {head}."));
    let last = world.github.statuses().pop().unwrap();
    assert_eq!((last.sha, last.state, last.context), (head, "failure".to_owned(), "wharfinger".to_owned()));
}

/// The run tells what the answer tells, also where nothing was found.
#[test]
fn recheck_leaves_a_log_and_a_summary_and_finds_an_edited_body() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let (job, outcome) = world.comment(number, "hubot", "/wharfinger recheck");
    let outcome = outcome.expect_status(0);
    assert_eq!(outcome.json()["findings"], json!([]));
    assert!(outcome.stderr.contains(&format!("#{number}: Success: `nothing wrong")), "{outcome:?}");
    assert!(job.summary().starts_with("Success: `nothing wrong; 1 new approval`"), "{}", job.summary());
    assert!(job.summary().contains("quay.io/grafana/loki"), "what a merge would let in: {}", job.summary());
    let body = format!("{}\n\nAll fine.\n", world.github.pull(number).body);
    world.github.edit_body_as(number, "mallory", &body);
    let (job, outcome) = world.comment(number, "hubot", "/wharfinger recheck");
    assert_eq!(outcome.expect_status(0).json()["findings"][0]["code"], "body-edited");
    assert!(world.answers(number)[1].starts_with("Failure: `"), "{:?}", world.answers(number));
    assert!(world.answers(number)[1].contains("body-edited") && job.summary().contains("mallory"), "{}", job.summary());
}

#[test]
fn a_comment_that_is_not_obeyed_leaves_a_line_in_the_log() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let said = |login: &str, body: &str| world.comment(number, login, body).1.expect_status(0).stderr;
    assert!(said("hubot", "looks good").contains("Nothing to do: the comment does not begin with /wharfinger"));
    assert!(said("hubot", "/wharfinger nonsense").contains("`nonsense` is not a command. Nothing was done."));
    assert!(said("stranger", "/wharfinger recheck").contains("Only people with write access"));
    assert!(
        said("stranger", "/wharfinger recheck")
            .contains("The command was not carried out: its author has no write access")
    );
    let edited = world.run(&event(999, number, "hubot", "/wharfinger recheck", "edited"), "run").expect_status(0);
    assert!(edited.stderr.contains("Nothing to do: only new comments on pull requests are read."), "{edited:?}");
}

#[test]
fn recheck_posts_no_status_where_the_job_checks() {
    let world = World::with(MANIFEST, Options { who: Who::App("acme-images".to_owned()), ..Options::default() });
    let number = world.number(LOKI);
    world.comment(number, "hubot", "/wharfinger recheck").1.expect_status(0);
    assert!(world.answers(number)[0].starts_with("Success: "), "{:?}", world.answers(number));
    assert_eq!(world.github.statuses().len(), 0);
}

#[test]
fn refresh_moves_to_the_newest_version_also_under_an_approving_review() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.comment(number, "hubot", "/wharfinger refresh").1.expect_status(0);
    world.github.review_as(number, "octocat", "APPROVED");
    ImageSpec::new(72).build().put(&world.registry, "grafana/loki", "3.2.0");
    ImageSpec::new(73).build().put(&world.registry, "cache/redis", "7.4.0");
    world.comment(number, "hubot", "/wharfinger refresh").1.expect_status(0);
    assert_eq!(
        world.answers(number),
        [
            "This pull request already has the newest version.",
            "This pull request was recreated: `Approve quay.io/grafana/loki 3.2.0`."
        ]
    );
    assert!(world.manifest(LOKI).contains("tag: 3.2.0"));
    assert!(world.manifest("wharfinger/image/redis/latest").contains("tag: 7.2.1"), "no other proposal is moved");
}

#[test]
fn only_proposals_are_obeyed_and_only_for_the_default_branch() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    let body = world.github.pull(number).body;
    let fork = world.github.fork_pull("reader", LOKI, &[("x", "y")], "Approve", &body);
    world.github.push_as("feature", "hubot", &[("x", "y")]);
    let person = world.github.open_as("hubot", "feature", "Approve", &body);
    let closed = world.number("wharfinger/image/redis/latest");
    world.github.close_as(closed, "octocat");
    world.github.clear_log();
    for number in [fork, person, closed, 4711] {
        let event = event(900 + number, number, "octocat", "/wharfinger reject it", "created");
        let outcome = world.run(&event, "run").expect_status(0);
        assert!(outcome.stderr.contains("not on an open Wharfinger proposal"), "{outcome:?}");
    }
    let elsewhere = event(990, number, "octocat", "/wharfinger reject it", "created").reference("refs/heads/feature");
    world.run(&elsewhere, "run").expect_status(2);
    let issue = json!({
        "action": "created", "repository": repository_json("acme/images"),
        "comment": {"id": 991, "body": "/wharfinger reject it", "user": {"login": "octocat"}}, "issue": {"number": number},
    });
    world.run(&Actions::new("acme/images", "issue_comment", &issue), "run").expect_status(0);
    let dry = event(992, number, "octocat", "/wharfinger reject it", "created").input("dry-run", "true");
    world.run(&dry.env("WHARFINGER_DRY_RUN", "true"), "run").expect_status(0);
    assert_eq!(world.writes(), Vec::<String>::new());

    world.github.push_as(LOKI, "hubot", &[("note", "by hand")]);
    let head = world.github.branch(LOKI);
    world.comment(number, "hubot", "/wharfinger reject it").1.expect_status(0);
    assert!(
        world.answers(number)[0].starts_with("A person committed to this pull request's branch: it is left alone.")
    );
    assert_eq!(world.github.branch(LOKI), head);
}

#[test]
fn a_lost_answer_and_a_rate_limit_still_give_one_answer_and_one_rejection() {
    let faults: [(&str, &str, bool); 5] = [
        ("POST", "/comments", true),
        ("POST", "/graphql", true),
        ("PATCH", "/pulls/", true),
        ("GET", "/permission", true),
        ("POST", "/comments", false),
    ];
    for (method, path, lost) in faults {
        let world = World::new(MANIFEST);
        let number = world.number(LOKI);
        match lost {
            true => world.github.lose_answers(method, path, 1),
            false => world.github.secondary_limit(method, path, 1, 1),
        }
        world.comment(number, "hubot", "/wharfinger reject breaks").1.expect_status(0);
        assert_eq!(world.answers(number).len(), 1, "{method} {path}");
        assert!(world.manifest(LOKI).contains("reason: \"breaks\""), "{method} {path}");
        assert_eq!(world.github.open_pulls().len(), 2);
        assert!(!world.github.branches().iter().any(|b| b.starts_with("wharfinger/tmp/")), "{method} {path}");
    }
    // where the answer could not be written the run fails, and the event that comes again does only that
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.github.fail("POST", "/comments", 9, 502);
    let (event, outcome) = world.comment(number, "hubot", "/wharfinger reject breaks");
    outcome.expect_status(3);
    world.github.clear_faults();
    world.run(&event, "run").expect_status(0);
    assert_eq!(world.answers(number).len(), 1);
    assert_eq!(world.manifest(LOKI).matches("reason:").count(), 1);
}

#[test]
fn what_is_asked_of_github_is_what_it_describes() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.comment(number, "reader", "/wharfinger recheck").1.expect_status(0);
    for command in ["recheck", "refresh", "reject breaks"] {
        world.comment(number, "octocat", &format!("/wharfinger {command}")).1.expect_status(0);
    }
    let asked = world.github.lines();
    assert!(asked.iter().any(|line| line.contains("/collaborators/octocat/permission")), "{asked:#?}");
    contract::github(&world.github.log());
}

#[test]
fn an_app_knows_its_own_answers() {
    let options = Options { who: Who::App("acme-images".to_owned()), ..Options::default() };
    let world = World::with(MANIFEST, options);
    let number = world.number(LOKI);
    let (event, outcome) = world.comment(number, "octocat", "/wharfinger recheck");
    outcome.expect_status(0);
    world.run(&event, "run").expect_status(0);
    assert_eq!(world.answers(number).len(), 1);
}

#[test]
fn a_strangers_comment_costs_who_they_are_and_whether_they_were_told() {
    let world = World::new(MANIFEST);
    let number = world.number(LOKI);
    world.comment(number, "stranger", "/wharfinger recheck").1.expect_status(0);
    world.github.clear_log();
    world.comment(number, "stranger", "/wharfinger refresh").1.expect_status(0);
    let asked: Vec<String> = world.github.log().iter().map(|e| e.request.path.clone()).collect();
    assert!(asked.len() <= 4, "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("/contents/") || path.contains("/pulls")), "{asked:?}");
}
