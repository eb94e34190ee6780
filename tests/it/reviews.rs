//! Reviews that an approval needs before it is promoted, counted on the GitHub stand-in.

#![expect(clippy::print_stdout, reason = "it names the case that a failure is of")]

use serde_json::{Value, json};
use wharfinger::internals::image::Digest;

use super::promote::{Clone, entry, in_a_job, manifest};
use crate::support::github::{Access, Options, Permissions, TOKEN, TestGitHub, Who};
use crate::support::http::Exchange;
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Run};
use crate::support::registry::TestRegistry;

pub(crate) const FILE: &str = "approved-images.yml";
pub(crate) const BRANCH: &str = "wharfinger/image/app/latest";
pub(crate) const ROBOT: &str = "wharf[bot]";

pub(crate) struct World {
    upstream: TestRegistry,
    mirror: TestRegistry,
    pub(crate) github: TestGitHub,
    digest: Digest,
}

impl World {
    /// A default branch whose manifest asks for so many approvals and has none.
    pub(crate) fn new(approvals: u32) -> Self {
        Self::with(approvals, Options::default())
    }

    pub(crate) fn with(approvals: u32, options: Options) -> Self {
        let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
        let digest = upstream.put_image("team/app", "1", &ImageSpec::new(1).build());
        let github = TestGitHub::start(Options { who: Who::App("wharf".to_owned()), ..options });
        github.add_user("mona", "write");
        let world = Self { upstream, mirror, github, digest };
        world.github.push_as("main", "octocat", &[(FILE, &world.text(approvals, &[]))]);
        world
    }

    pub(crate) fn text(&self, approvals: u32, tags: &[&str]) -> String {
        self.text_with(approvals, "", tags)
    }

    fn text_with(&self, approvals: u32, more: &str, tags: &[&str]) -> String {
        let source = format!("{}/team/app", self.upstream.host());
        let approved: Vec<_> = tags.iter().map(|tag| (*tag, &self.digest)).collect();
        let text = manifest(&self.mirror.host(), &[entry(&source, "app", more, &approved)]);
        if approvals == 0 { text } else { format!("policy:\n  approvals: {approvals}\n{text}") }
    }

    /// A pull request of the program's App that approves tag 1.
    pub(crate) fn proposal(&self, approvals: u32) -> u64 {
        self.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, &self.text(approvals, &["1"])));
        self.github.open_as(ROBOT, BRANCH, "Approve", "")
    }

    #[track_caller]
    fn promote(&self, more: &[&str], status: i32) -> Value {
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "promote"]).args(more);
        in_a_job(&self.github, run).expect_status(status).json()
    }

    fn propose(&self, status: i32) -> Value {
        self.github.clear_log();
        let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "propose"]);
        in_a_job(&self.github, run).expect_status(status).json()
    }

    /// What became of proposals: branch and action.
    fn proposed(&self) -> Vec<String> {
        let row = |p: &Value| format!("{} {}", p["branch"].as_str().unwrap(), p["action"].as_str().unwrap());
        self.propose(0)["proposals"].as_array().unwrap().iter().map(row).collect()
    }

    /// It is promoted.
    #[track_caller]
    pub(crate) fn promoted(&self, more: &[&str]) {
        let result = self.promote(more, 0);
        assert_eq!(result["promoted"][0]["mirrored"], json!(self.digest), "{result}");
        assert_eq!(self.mirror.digest("acme/app", "1"), Some(self.digest.clone()));
    }

    /// It is refused as unreviewed, nothing is copied, and the reason is this.
    #[track_caller]
    pub(crate) fn refused(&self, more: &[&str], why: &str) {
        let result = self.promote(more, 1);
        assert_eq!((&result["failed"][0]["step"], &result["promoted"]), (&json!("unreviewed"), &json!([])), "{result}");
        let error = result["failed"][0]["error"].as_str().unwrap();
        assert!(error.contains(why), "{error}");
        assert_eq!(self.mirror.digest("acme/app", "1"), None);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let log: Vec<Exchange> = self.github.log().into_iter().filter(|exchange| !exchange.scripted).collect();
            crate::support::contract::github(&log);
        }
    }
}

#[test]
fn an_approving_review_by_somebody_who_may_write_counts_however_it_is_merged() {
    type Way = (&'static str, fn(&TestGitHub, u64) -> String);
    let ways: [Way; 4] = [
        ("merge", TestGitHub::merge),
        ("squash", TestGitHub::squash),
        ("rebase", TestGitHub::rebase),
        ("queue", TestGitHub::queue_merge),
    ];
    for (name, merge) in ways {
        for reviewed in [true, false] {
            let world = World::new(1);
            let number = world.proposal(1);
            if reviewed {
                world.github.review_as(number, "mona", "APPROVED");
            }
            merge(&world.github, number);
            println!("{name}, reviewed: {reviewed}");
            match reviewed {
                true => world.promoted(&[]),
                false => world.refused(&[], &format!("for #{number} no review counts: 1 more")),
            }
        }
    }
}

#[test]
fn only_the_latest_review_of_a_person_counts_and_remarks_are_none() {
    let table: [(&[&str], Option<&str>); 6] = [
        (&["APPROVED", "COMMENTED"], None),
        (&["CHANGES_REQUESTED", "APPROVED"], None),
        (&["APPROVED", "CHANGES_REQUESTED"], Some("mona requested changes")),
        (&["CHANGES_REQUESTED"], Some("mona requested changes")),
        (&["COMMENTED"], Some("no review counts: 1 more")),
        (&["APPROVED", "dismissed"], Some("mona was dismissed")),
    ];
    for (verdicts, why) in table {
        let world = World::new(1);
        let number = world.proposal(1);
        for verdict in verdicts {
            match *verdict {
                "dismissed" => world.github.dismiss(number, "mona"),
                verdict => world.github.review_as(number, "mona", verdict),
            }
        }
        world.github.merge(number);
        println!("{verdicts:?}");
        match why {
            None => world.promoted(&[]),
            Some(why) => world.refused(&[], why),
        }
    }
}

#[test]
fn who_may_not_write_is_no_person_or_wrote_a_commit_does_not_count() {
    let table: [(&str, &str, &str, &str); 5] = [
        (ROBOT, "Approve", "reader", "reader has no write access here"),
        (ROBOT, "Approve", "judge[bot]", "judge[bot] is not a person"),
        ("mona", "Approve", "Mona", "Mona wrote a commit of it"),
        (
            "hubot",
            "Approve\n\nCo-authored-by: Mona <7+mona@users.noreply.github.com>",
            "mona",
            "mona wrote a commit of it",
        ),
        ("other[bot]", "Approve", "mona", "it was pushed by other[bot], which is not the account of this run"),
    ];
    for (author, message, reviewer, why) in table {
        let world = World::new(1);
        let committer = if ["hubot", ROBOT].contains(&author) { "web-flow" } else { author };
        world.github.commit_by(BRANCH, (author, committer), message, (FILE, &world.text(1, &["1"])));
        let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
        world.github.review_as(number, reviewer, "APPROVED");
        world.github.merge(number);
        println!("{why}");
        world.refused(&[], why);
    }
}

#[test]
fn a_review_counts_for_the_bytes_that_its_commit_held() {
    let world = World::new(1);
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Begin", (FILE, &world.text(1, &["0"])));
    let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
    world.github.review_as(number, "mona", "APPROVED");
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, &world.text(1, &["1"])));
    world.github.merge(number);
    world.refused(&[], "mona reviewed a commit that did not say exactly this");
    // The review may come late.
    world.github.review_as(number, "octocat", "APPROVED");
    world.promoted(&[]);
}

#[test]
fn a_force_push_after_the_review_leaves_what_was_reviewed() {
    for same in [true, false] {
        let world = World::new(1);
        let number = world.proposal(1);
        world.github.review_as(number, "mona", "APPROVED");
        let more = if same { "" } else { "    platforms: [linux/amd64]\n" };
        let text = world.text_with(1, more, &["1"]);
        let anew = world.github.commit_by("aside", (ROBOT, "web-flow"), "Approve anew", (FILE, &text));
        world.github.force(BRANCH, &anew, ROBOT);
        world.github.squash(number);
        match same {
            true => world.promoted(&[]),
            false => world.refused(&[], "mona reviewed a commit that did not say exactly this"),
        }
    }
}

#[test]
fn the_strictest_policy_before_and_after_and_the_floor_decide() {
    // Where nothing was asked before, the state that begins to ask is the beginning, unless a floor asks.
    let table =
        [(1, 0, 0, true), (1, 1, 0, true), (0, 1, 0, false), (0, 1, 1, true), (0, 0, 1, true), (0, 0, 0, false)];
    for (before, after, floor, refused) in table {
        let world = World::new(before);
        let number = world.proposal(after);
        world.github.merge(number);
        println!("before {before}, after {after}, floor {floor}");
        let floor = floor.to_string();
        match refused {
            true => world.refused(&["--min-approvals", &floor], "1 approving review is required"),
            false => world.promoted(&["--min-approvals", &floor]),
        }
    }
    let world = World::new(0);
    world.github.merge(world.proposal(0));
    world.github.push_as("main", "octocat", &[(FILE, &world.text(3, &["1"]))]);
    world.promoted(&[]);
}

#[test]
fn what_no_merged_pull_request_brought_is_refused_and_what_is_promoted_stays() {
    let world = World::new(1);
    let pushed = world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &["1"]))]);
    world.refused(&[], &format!("it came in with {}, not by a merged pull request", &pushed[..12]));
    // Promoted while nothing was asked, it stays when something is.
    let world = World::new(0);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(0, &["1"]))]);
    world.promoted(&["--record", "commit"]);
    let recorded = format!("policy:\n  approvals: 1\n{}", world.github.read("main", FILE).unwrap());
    world.github.push_as("main", "octocat", &[(FILE, &recorded)]);
    world.github.clear_log();
    assert_eq!(world.promote(&[], 0)["failed"], json!([]));
    let asked: Vec<String> = world.github.lines();
    assert!(!asked.iter().any(|line| line.contains("/commits") || line.contains("/reviews")), "{asked:?}");
}

#[test]
fn a_branch_merged_by_hand_is_judged_by_what_it_was_merged_into() {
    let world = World::new(0);
    let old = world.github.commit_by("side", ("mona", "mona"), "Approve", (FILE, &world.text(0, &["1"])));
    world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &[]))]);
    world.github.with(|state| {
        let main = state.git.branch("main").unwrap();
        let tree = state.git.commit_info(&old).tree;
        let date = state.tick();
        let who = state.signature("mona", &date);
        let merge = state.git.commit_tree(&tree, &[&main, &old], "Merge by hand", &who, &who);
        state.set_branch("main", Some(&merge), "mona");
    });
    world.refused(&[], "not by a merged pull request");
}

#[test]
fn what_was_taken_out_and_merged_back_needs_its_own_reviews() {
    for by_hand in [true, false] {
        let world = World::new(1);
        let number = world.proposal(1);
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        let old = world.github.pull(number).head_sha;
        world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &[]))]);
        // The reviewed branch once more: in a listing of the file's commits nothing of the taking out is left.
        world.github.with(|state| {
            let main = state.git.branch("main").unwrap();
            let (tree, date) = (state.git.commit_info(&old).tree, state.tick());
            let who = state.signature("mallory", &date);
            let parents: &[&str] = if by_hand { &[&main, &old] } else { &[&old, &main] };
            let merge = state.git.commit_tree(&tree, parents, "Merge", &who, &who);
            let branch = if by_hand { "main" } else { "again" };
            state.set_branch(branch, Some(&merge), "mallory");
        });
        let why = match by_hand {
            true => "not by a merged pull request".to_owned(),
            false => {
                let again = world.github.open_as("mallory", "again", "Again", "");
                world.github.merge(again);
                format!("for #{again} no review counts")
            }
        };
        world.refused(&[], &why);
    }
}

#[test]
fn a_fork_pull_request_is_reviewed_like_any_other() {
    for reviewer in ["mona", "stranger"] {
        let world = World::new(1);
        world.github.add_user("stranger", "write");
        let files = [(FILE, &*world.text(1, &["1"]))];
        let number = world.github.fork_pull("stranger", "main", &files, "Mine", "");
        world.github.review_as(number, reviewer, "APPROVED");
        world.github.squash(number);
        match reviewer {
            "mona" => world.promoted(&[]),
            _ => world.refused(&[], "stranger wrote a commit of it"),
        }
    }
}

#[test]
fn an_approval_that_was_taken_out_and_came_back_needs_its_own_reviews() {
    let world = World::new(1);
    let number = world.proposal(1);
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &[]))]);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &["1"]))]);
    world.refused(&[], "not by a merged pull request");
}

#[test]
fn reviews_of_one_pull_request_are_asked_for_once() {
    let world = World::new(1);
    let tags: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    for tag in &tags {
        world.upstream.put_image("team/app", tag, &ImageSpec::new(1).build());
    }
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, &world.text(1, &tags)));
    let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    world.github.clear_log();
    let dry = world.promote(&["--dry-run"], 0);
    assert_eq!(dry["promotions"].as_array().unwrap().len(), 12);
    assert_eq!(world.github.questions(), ["login", "line", "reviews"]);
    // The repository, the branch, the manifest there, as it was before and as it was reviewed, how both branches moved,
    // and what mona may do.
    assert_eq!(world.github.lines().len(), 3 + 8, "{:#?}", world.github.lines());
}

#[test]
fn a_question_that_is_not_answered_is_a_failure_and_no_verdict() {
    let world = World::new(1);
    let number = world.proposal(1);
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    let may = Permissions { pull_requests: Access::None, ..Permissions::all(Access::Write) };
    world.github.add_token(TOKEN, Who::App("wharf".to_owned()), may);
    let result = world.promote(&[], 1);
    assert_eq!(result["failed"][0]["step"], json!("resolve"), "{result}");
    assert!(result["failed"][0]["error"].as_str().unwrap().contains("`pull-requests: read`"), "{result}");
    assert_eq!(world.mirror.digest("acme/app", "1"), None);
    world.github.add_token(TOKEN, Who::App("wharf".to_owned()), Permissions::all(Access::Write));
    world.promoted(&[]);
}

#[test]
fn a_token_that_may_not_read_pull_requests_promotes_where_no_review_is_asked_for() {
    let world = World::new(0);
    world.github.merge(world.proposal(0));
    let may = Permissions { pull_requests: Access::None, ..Permissions::all(Access::Write) };
    world.github.add_token(TOKEN, Who::App("wharf".to_owned()), may);
    world.promoted(&["--record", "commit"]);
    assert!(world.github.read("main", FILE).unwrap().contains("approved-on: 2026-11-21"));
}

#[test]
fn a_plain_repository_has_no_reviews() {
    let (upstream, mirror) = (TestRegistry::start(), TestRegistry::start());
    let digest = upstream.put_image("team/app", "1", &ImageSpec::new(1).build());
    let text = |approved: &[(&str, &Digest)]| {
        manifest(&mirror.host(), &[entry(&format!("{}/team/app", upstream.host()), "app", "", approved)])
    };
    let clone = Clone::new(&text(&[]));
    clone.commit(&text(&[("1", &digest)]));
    let result = clone.run(&["--min-approvals", "1"]).output().expect_status(1).json();
    assert_eq!(result["failed"][0]["step"], json!("unreviewed"));
    assert!(result["failed"][0]["error"].as_str().unwrap().contains("not by a merged pull request"), "{result}");
    clone.run(&[]).output().expect_status(0);
}

const REMOVAL: &str = "wharfinger/image/app/unreviewed/1";

#[test]
fn the_removal_of_what_too_few_people_approved_is_offered_until_they_do() {
    let world = World::new(1);
    let number = world.proposal(1);
    world.github.merge(number);
    assert_eq!(world.proposed(), [format!("{REMOVAL} opened")]);
    let pull = world.github.pull(number + 1);
    assert!(pull.title.ends_with("/team/app 1, not reviewed"), "{}", pull.title);
    assert!(pull.body.contains(&format!("for #{number} no review counts")), "{}", pull.body);
    assert!(!world.github.read(REMOVAL, FILE).unwrap().contains(world.digest.as_str()));
    assert_eq!(world.proposed(), [format!("{REMOVAL} unchanged")]);
    assert_eq!(
        (world.github.writes(), world.github.questions()),
        (vec![], vec!["login", "line", "reviews", "editors"])
    );
    // What cannot be found out changes nothing.
    world.github.fail("POST", "/graphql", 1, 403);
    let result = world.propose(1);
    assert_eq!(result["proposals"][0]["action"], json!("unchanged"), "{result}");
    assert!(result["failed"][0]["error"].as_str().unwrap().starts_with("it is unknown how it was reviewed"));
    // The review may come late.
    world.github.review_as(number, "mona", "APPROVED");
    assert_eq!(world.proposed(), [format!("{REMOVAL} closed")]);
    assert_eq!(world.proposed(), Vec::<String>::new());
}

#[test]
fn who_closes_the_removal_keeps_the_approval_and_a_merge_takes_it_out() {
    let world = World::new(1);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &["1"]))]);
    assert_eq!(world.proposed(), [format!("{REMOVAL} opened")]);
    assert!(world.github.pull(1).body.contains("not by a merged pull request"));
    world.github.close_as(1, "mona");
    assert_eq!(world.proposed(), Vec::<String>::new());
    world.refused(&[], "not by a merged pull request");

    let other = World::new(1);
    other.github.push_as("main", "octocat", &[(FILE, &other.text(1, &["1"]))]);
    other.proposed();
    other.github.merge(1);
    assert_eq!(other.github.read("main", FILE).unwrap().matches(other.digest.as_str()).count(), 0);
}

#[test]
fn no_removal_is_offered_of_what_is_promoted_or_needs_no_review_and_nothing_is_asked() {
    let quiet = |world: &World| {
        assert_eq!(world.proposed(), Vec::<String>::new());
        assert!(!world.github.questions().contains(&"reviews"));
        // The repository, the branch, the manifest, the ledger, what is open, and leftovers; and how the branch came to be so.
        assert!(world.github.lines().len() <= 11, "{:#?}", world.github.lines());
    };
    let world = World::new(0);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(0, &["1"]))]);
    quiet(&world);
    let recorded = world.text(1, &["1"]) + &format!("        mirrored: {}\n", world.digest);
    world.github.push_as("main", "octocat", &[(FILE, &recorded)]);
    quiet(&world);
}

#[test]
fn what_promotion_found_out_is_not_asked_again_by_proposing() {
    let world = World::new(1);
    world.github.merge(world.proposal(1));
    world.github.clear_log();
    let auth = json!({ "auths": { world.mirror.host(): { "auth": "dXNlcjpwYXNzd29yZA==" } } }).to_string();
    let actions = Actions::schedule(&world.github.repository())
        .api(&world.github.server(), &world.github.api(), &world.github.graphql())
        .env("GITHUB_TOKEN", world.github.token())
        .env("DOCKER_AUTH_CONFIG", &auth);
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "run"]);
    let result = run.actions(&actions).output().expect_status(1).json();
    assert_eq!(result["failed"][0]["step"], json!("unreviewed"), "{result}");
    assert_eq!(result["proposals"][0]["branch"], json!(REMOVAL), "{result}");
    assert_eq!(world.github.questions(), ["login", "line", "reviews", "commit"]);
}

#[test]
fn a_plan_shows_the_removal_and_asks_once() {
    let world = World::new(1);
    world.github.push_as("main", "octocat", &[(FILE, &world.text(1, &["1"]))]);
    world.github.clear_log();
    let actions = Actions::schedule(&world.github.repository())
        .api(&world.github.server(), &world.github.api(), &world.github.graphql())
        .env("GITHUB_TOKEN", world.github.token());
    std::fs::write(actions.workspace().join(FILE), world.text(1, &["1"])).unwrap();
    let run = Run::new(env!("CARGO_BIN_EXE_wharfinger")).args(["--format", "json", "plan"]);
    let plan = run.actions(&actions).output().expect_status(1).json();
    assert_eq!(plan["proposals"][0]["branch"], json!(REMOVAL), "{plan}");
    assert_eq!(plan["proposals"][0]["images"][0]["kind"], json!("retire"), "{plan}");
    assert_eq!(world.github.questions(), ["login", "line", "files"]);
}
