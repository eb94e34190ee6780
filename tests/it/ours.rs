//! What is ours on GitHub is determined by what GitHub saw accounts do and by the contents, never by the names in
//! commits: attacks on the ledger and on proposals, each by name.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use wharfinger::internals::forge::{Branches as _, Commit, FileChange, Message, NewCommit};
use wharfinger::internals::image::Digest;

use crate::github::client_of;
use crate::ledger::older;
use crate::support::contract;
use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::images::ImageSpec;
use crate::support::process::{Actions, Outcome, Run};
use crate::support::registry::TestRegistry;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");
const FILE: &str = "approved-images.yml";
const BRANCH: &str = "wharfinger/ledger";
const LEDGER: &str = "wharfinger-ledger.txt";
const LOKI: &str = "wharfinger/image/loki/latest";
const US: &str = "mirror[bot]";

const MANIFEST: &str = "\
organization: acme
sources: [quay.io]
images:
  - source: quay.io/grafana/loki
    versions: ^3
    approved: []
";

/// An image that waits, in a ledger that an App keeps.
struct World {
    github: TestGitHub,
    registry: TestRegistry,
}

impl World {
    fn new(options: Options) -> Self {
        let files = vec![(FILE.to_owned(), MANIFEST.to_owned())];
        let github = TestGitHub::start(Options { files, ..options });
        github.add_user("mallory", "write");
        github.add_token("job", Who::Actions, Permissions::all(Access::Read));
        let world = Self { github, registry: TestRegistry::start() };
        world.push("3.1.0", 1);
        world
    }

    fn of_an_app() -> Self {
        Self::new(Options { who: Who::App("mirror".to_owned()), ..Options::default() })
    }

    fn push(&self, tag: &str, seed: u64) -> Digest {
        ImageSpec::new(seed).build().put(&self.registry, "grafana/loki", tag)
    }

    fn run(&self, event: Actions, token: &str, command: &str) -> Outcome {
        let event = event.api(&self.github.server(), &self.github.api(), &self.github.graphql());
        let run = Run::new(PROGRAM).actions(&event).env("GITHUB_TOKEN", token);
        let hosts = format!("quay.io={}", self.registry.url());
        let outcome = run.env("WHARFINGER_HOSTS", hosts).args(["--format", "json", command]).output();
        contract::github(&self.github.log());
        outcome
    }

    fn propose(&self, status: i32) -> Value {
        self.run(Actions::schedule("acme/images"), self.github.token(), "propose").expect_status(status).json()
    }

    fn ledger(&self) -> String {
        self.github.read(BRANCH, LEDGER).unwrap()
    }

    /// Has the program itself make what the ledger says so many days older.
    fn age(&self, days: i64) {
        let files = vec![FileChange { path: LEDGER.to_owned(), text: older(&self.ledger(), days) }];
        let message = Message { headline: "Note when tags were first seen".to_owned(), body: String::new() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let _entered = runtime.enter();
        let client = client_of(&self.github, self.github.token());
        let tip = Commit(self.github.branch(BRANCH).unwrap());
        runtime.block_on(client.append(BRANCH, &tip, &NewCommit { message, files })).unwrap();
    }

    /// The next run says that `who` wrote there, and the clock of the one tag begins anew.
    fn restarts(&self, who: &str) {
        let start = Utc::now() - Duration::seconds(1);
        let output = self.propose(1);
        let finding = &output["drift"][0];
        assert_eq!(finding["code"], "foreign-ledger", "{output}");
        let found = finding["found"].as_str().unwrap();
        assert!(found.contains(&format!(" by {who}; the clock of 1 tag starts again")), "{found}");
        let until: DateTime<Utc> = output["waiting"][0]["until"].as_str().unwrap().parse().unwrap();
        assert!(until >= start + Duration::days(3), "{output}");
        assert_eq!(output["proposals"], Value::Array(Vec::new()), "{output}");
    }

    /// The codes of what `check` finds in a pull request by a person, run with the job's own token, which may only read.
    fn check(&self, digest: &Digest, status: i32) -> Vec<String> {
        let approved = format!("approved:\n      - {{ tag: 3.1.0, digest: {digest} }}\n");
        let branch = format!("topic-{}", self.github.pulls().len());
        self.github.push_as(&branch, "mallory", &[(FILE, &MANIFEST.replace("approved: []\n", &approved))]);
        let number = self.github.open_as("mallory", &branch, "Approve loki", "");
        let pull = self.github.pull(number);
        let merge = self.github.merge_commit(number).unwrap();
        let event = Actions::pull_request("acme/images", number, (&branch, &pull.head_sha), &pull.base_sha, &merge);
        let output = self.run(event, "job", "check").expect_status(status).json();
        let codes = output["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned());
        codes.collect()
    }
}

#[test]
fn a_persons_squash_merge_onto_the_ledger_bears_our_name_and_restarts_the_clocks() {
    let world = World::of_an_app();
    world.propose(0);
    let tip = world.github.branch(BRANCH).unwrap();
    world.github.force("topic", &tip, "mallory");
    world.github.push_as("topic", "mallory", &[(LEDGER, &older(&world.ledger(), 9))]);
    // a pull request that we opened, which mallory has be merged elsewhere
    let number = world.github.open_as(US, "topic", "Approve loki", "");
    world.github.with(|s| BRANCH.clone_into(&mut s.pull(number).unwrap().base));
    let squash = world.github.squash(number);
    let info = world.github.with(|s| s.git.commit_info(&squash));
    assert_eq!((info.author.name.as_str(), info.committer.name.as_str()), (US, "GitHub"));
    world.restarts("octocat");
    assert_eq!(world.propose(0)["changed"], false, "said once");
}

#[test]
fn another_apps_push_onto_the_ledger_restarts_the_clocks() {
    let world = World::of_an_app();
    world.propose(0);
    let forged = older(&world.ledger(), 9);
    world.github.commit_by(BRANCH, ("renovate[bot]", "web-flow"), "Note when tags were first seen", (LEDGER, &forged));
    world.restarts("renovate[bot]");
    world.github.commit_by(BRANCH, ("github-actions[bot]", "web-flow"), "Note", (LEDGER, &forged));
    world.restarts("github-actions[bot]");
}

#[test]
fn an_older_ledger_of_ours_put_back_by_force_gives_no_clock_back() {
    let world = World::of_an_app();
    world.propose(0);
    world.age(9);
    let old = world.github.branch(BRANCH).unwrap();
    let first = world.registry.digest("grafana/loki", "3.1.0").unwrap();
    world.push("3.1.0", 2);
    // else it would be proposed as an earlier digest
    world.registry.delete_manifest("grafana/loki", &first);
    world.propose(0);
    world.push("3.1.0", 1);
    world.github.force(BRANCH, &old, "mallory");
    world.restarts("mallory");
}

#[test]
fn with_a_persons_token_what_that_person_pushes_onto_the_ledger_is_not_ours() {
    let world = World::new(Options { who: Who::User("octocat".to_owned()), ..Options::default() });
    world.propose(0);
    world.github.push_as(BRANCH, "octocat", &[(LEDGER, &older(&world.ledger(), 9))]);
    world.restarts("octocat");
    world.age(9);
    assert_eq!(world.propose(0)["proposals"][0]["branch"], LOKI, "what the program writes counts");
}

#[test]
fn on_an_enterprise_server_without_signatures_a_name_forges_no_ledger() {
    let options = Options { who: Who::App("mirror".to_owned()), ghes: true, ..Options::default() };
    let world = World::new(options);
    world.github.with(|s| s.signs = false);
    world.propose(0);
    world.github.forge_commit(BRANCH, US, &[(LEDGER, &older(&world.ledger(), 9))]);
    world.restarts("mallory");
    world.age(9);
    assert_eq!(world.propose(0)["proposals"][0]["branch"], LOKI, "ours counts, unsigned as it is");
}

#[test]
fn without_activity_only_what_github_signed_for_an_app_counts_and_that_is_said() {
    let world = World::of_an_app();
    world.propose(0);
    world.github.with(|s| s.silence.absent = true);
    assert_eq!(world.propose(0)["changed"], false, "GitHub's signature stands for the App");
    world.github.forge_commit(BRANCH, US, &[(LEDGER, &older(&world.ledger(), 9))]);
    world.restarts("somebody who names mirror[bot]");
    // what a merge made in our name does not count here either
    let tip = world.github.branch(BRANCH).unwrap();
    world.github.force("topic", &tip, "mallory");
    world.github.push_as("topic", "mallory", &[(LEDGER, &older(&world.ledger(), 9))]);
    let number = world.github.open_as(US, "topic", "Approve loki", "");
    world.github.with(|s| BRANCH.clone_into(&mut s.pull(number).unwrap().base));
    world.github.squash(number);
    world.restarts("somebody who names mirror[bot]");
}

#[test]
fn without_activity_the_jobs_own_token_keeps_no_clock_and_says_how_to_have_one() {
    let world = World::new(Options::default());
    world.propose(0);
    world.github.with(|s| s.silence.absent = true);
    for _ in 0..2 {
        let output = world.propose(1);
        let found = output["drift"][0]["found"].as_str().unwrap();
        assert!(
            found.contains("starts again. It is unknown whose it is: the activity of acme/images cannot be"),
            "{found}"
        );
        assert!(found.ends_with("the token needs `contents: read`, and an Enterprise Server must be 3.17 or later"));
    }
}

#[test]
fn a_row_that_is_late_is_waited_for() {
    let world = World::new(Options::default());
    world.propose(0);
    world.age(4);
    world.github.with(|s| s.silence.late = 1);
    let output = world.propose(1);
    let found = output["drift"][0]["found"].as_str().unwrap();
    assert!(found.contains("GitHub's activity does not show who moved wharfinger/ledger to "), "{found}");
    let asked = world.github.lines().into_iter().filter(|line| line.contains("/activity?")).count();
    assert!(asked >= 3, "{asked}");
}

#[test]
fn check_believes_the_ledger_of_the_account_that_keeps_it_and_no_jobs_forgery() {
    let world = World::of_an_app();
    let first = world.push("3.1.0", 1);
    world.propose(0);
    world.push("3.1.0", 2);
    world.propose(0);
    assert_eq!(world.check(&first, 0), Vec::<String>::new(), "it answered this before, says who keeps the ledger");
    let never = Digest::sha256(b"invented");
    assert_eq!(world.check(&never, 1), ["never-served"]);
    let forged = world.ledger().replace(first.as_str(), never.as_str());
    world.github.commit_by(
        BRANCH,
        ("github-actions[bot]", "web-flow"),
        "Note when tags were first seen",
        (LEDGER, &forged),
    );
    assert_eq!(world.check(&never, 1), ["never-served"], "a job's token is not that account");
    world.github.delete_branch_as(BRANCH, "mallory");
    world.github.commit_by(
        BRANCH,
        ("github-actions[bot]", "web-flow"),
        "Note when tags were first seen",
        (LEDGER, &forged),
    );
    assert_eq!(world.check(&never, 1), ["never-served"], "nor is it where a job makes the branch anew");
    world.github.with(|s| s.silence.absent = true);
    assert_eq!(world.check(&first, 1), ["never-served"], "where nobody can tell nothing is believed");
}

#[test]
fn check_believes_the_account_that_records_where_a_job_made_the_ledger_first() {
    let world = World::of_an_app();
    let never = Digest::sha256(b"invented");
    let first = world.push("3.1.0", 1);
    world.propose(0);
    let forged = world.ledger().replace(first.as_str(), never.as_str());
    world.github.with(|s| s.activity.retain(|row| row.branch != BRANCH));
    world.github.delete_branch_as(BRANCH, "mallory");
    world.github.with(|s| s.activity.retain(|row| row.branch != BRANCH));
    world.github.commit_by(
        BRANCH,
        ("github-actions[bot]", "web-flow"),
        "Note when tags were first seen",
        (LEDGER, &forged),
    );
    assert_eq!(
        world.check(&never, 1),
        Vec::<String>::new(),
        "nobody else ever wrote there: its bytes alone are missing"
    );
    world.propose(1);
    world.push("3.1.0", 2);
    world.propose(0);
    assert!(world.ledger().contains(first.as_str()));
    assert_eq!(world.check(&first, 1), ["never-served"], "a job made the branch");
    // the App records a promotion on the default branch: it is the one that runs this
    let approved = format!("approved:\n      - {{ tag: 3.0.0, digest: {first} }}\n");
    let manifest = MANIFEST.replace("approved: []\n", &approved);
    world.github.push_as("main", "octocat", &[(FILE, &manifest)]);
    let recorded = manifest.replace(&format!("digest: {first}"), &format!("digest: {first}, mirrored: {first}"));
    world.github.commit_by("main", (US, "web-flow"), "Record", (FILE, &recorded));
    assert_eq!(world.check(&first, 0), Vec::<String>::new(), "it answered this before");
}

impl World {
    /// A repository with an open proposal of 3.1.0, which needs no cooldown.
    fn proposed(options: Options) -> Self {
        let world = Self::new(options);
        let manifest = MANIFEST.replace("versions: ^3\n", "versions: ^3\n    cooldown: 0s\n");
        world.github.push_as("main", "octocat", &[(FILE, &manifest)]);
        assert_eq!(world.action(0), "opened");
        world
    }

    fn app() -> Options {
        Options { who: Who::App("mirror".to_owned()), ..Options::default() }
    }

    /// What the next run does about the one proposal.
    fn action(&self, status: i32) -> String {
        let output = self.propose(status);
        output["proposals"][0]["action"].as_str().unwrap_or_else(|| panic!("{output}")).to_owned()
    }

    fn text(&self) -> String {
        self.github.read(LOKI, FILE).unwrap()
    }

    /// The proposal's manifest with another digest.
    fn evil(&self) -> String {
        let digest = self.registry.digest("grafana/loki", "3.1.0").unwrap();
        self.text().replace(digest.as_str(), Digest::sha256(b"evil").as_str())
    }

    /// Somebody wrote on the proposal's branch: whatever comes, it stays as they left it.
    fn is_left_alone(&self) {
        let head = self.github.branch(LOKI);
        assert_eq!(self.action(0), "left");
        self.push("3.2.0", 2);
        for _ in 0..2 {
            let output = self.propose(0);
            assert_eq!(output["proposals"][0]["detail"], "a person committed to its branch", "{output}");
        }
        assert_eq!(self.github.branch(LOKI), head);
        assert_eq!(self.github.comments(1).len(), 1, "said once");
    }
}

#[test]
fn a_persons_squash_merge_onto_a_proposal_bears_our_name_and_is_left_alone() {
    let world = World::proposed(World::app());
    world.github.force("topic", &world.github.branch(LOKI).unwrap(), "mallory");
    world.github.push_as("topic", "mallory", &[(FILE, &world.evil())]);
    let number = world.github.open_as(US, "topic", "Approve loki", "");
    world.github.with(|s| LOKI.clone_into(&mut s.pull(number).unwrap().base));
    world.github.squash(number);
    world.is_left_alone();
}

#[test]
fn a_persons_web_edit_is_left_alone_where_the_program_has_that_persons_token() {
    let world = World::proposed(Options { who: Who::User("octocat".to_owned()), ..Options::default() });
    let edit = "Update approved-images.yml";
    world.github.commit_by(LOKI, ("octocat", "web-flow"), edit, (FILE, &world.evil()));
    world.is_left_alone();
}

#[test]
fn an_unsigned_commit_that_names_the_bot_and_github_is_left_alone() {
    for options in [World::app(), Options::default()] {
        let world = World::proposed(options.clone());
        world.github.forge_commit(LOKI, &options.who.login(), &[(FILE, &world.evil())]);
        world.is_left_alone();
    }
}

#[test]
fn what_an_app_or_a_person_adds_beside_the_manifest_is_left_alone() {
    let world = World::proposed(World::app());
    world.github.commit_by(LOKI, ("renovate[bot]", "web-flow"), "A key", ("keys/tool.pub", "mine\n"));
    world.is_left_alone();
    let world = World::proposed(World::app());
    world.github.with(|s| s.silence.absent = true);
    world.github.push_as(LOKI, "mallory", &[("keys/tool.pub", "mine\n")]);
    world.is_left_alone();
}

#[test]
fn update_branch_by_merge_or_rebase_is_no_persons_change_and_the_proposal_goes_on_moving() {
    for (rebase, options) in [(false, World::app()), (true, World::app()), (false, Options::default())] {
        let world = World::proposed(options);
        for round in 0..2 {
            world.github.push_as("main", "octocat", &[("README.md", &format!("{round}\n"))]);
            let head = world.github.update_branch_as(1, "hubot", rebase);
            assert_eq!(world.action(0), "unchanged");
            assert_eq!(world.github.branch(LOKI), Some(head));
        }
        world.github.clear_log();
        assert_eq!(world.action(0), "unchanged");
        let asked = world.github.lines();
        let of_branch = |line: &String| line.contains("/activity?") && !line.contains("heads%2Fmain");
        assert!(!asked.iter().any(of_branch), "its body vouches for it again");
        world.push("3.2.0", 2);
        assert_eq!(world.action(0), "updated");
        assert_eq!(world.github.with(|s| s.git.log(&[&format!("main..{LOKI}")]).len()), 1);
        assert!(world.text().contains("3.2.0") && world.github.comments(1).is_empty());
    }
}

#[test]
fn a_merge_of_the_base_that_brings_more_than_the_base_is_left_alone() {
    let world = World::proposed(World::app());
    world.github.push_as("main", "octocat", &[("README.md", "new\n")]);
    let (head, main) = (world.github.branch(LOKI).unwrap(), world.github.branch("main").unwrap());
    let evil = world.github.push_as(LOKI, "mallory", &[(FILE, &world.evil())]);
    let merge = world.github.with(|s| {
        let (tree, date) = (s.git.merge_tree(&main, &evil).unwrap(), s.tick());
        let who = s.signature("mallory", &date);
        s.git.commit_tree(&tree, &[&head, &main], "Merge branch 'main'", &who, &who)
    });
    world.github.force(LOKI, &head, "mallory");
    world.github.force(LOKI, &merge, "mallory");
    world.is_left_alone();
}

#[test]
fn a_body_that_a_developer_edits_is_found_not_believed_and_written_anew() {
    let world = World::proposed(World::app());
    let honest = world.github.pull(1).body;
    for edited in [honest.replace("3.1.0", "3.1.9"), format!("{honest}\nAll is well."), "All is well.".to_owned()] {
        world.github.edit_body_as(1, "mallory", &edited);
        assert_eq!(world.check_proposal(1), ["body-edited"], "{edited}");
        let output = world.propose(1);
        let finding = &output["drift"][0];
        assert_eq!(
            (&finding["code"], output["drift"].as_array().unwrap().len()),
            (&"body-edited".into(), 1),
            "{output}"
        );
        assert!(finding["found"].as_str().unwrap().ends_with("/pull/1, last edited by mallory"), "{output}");
        assert_eq!(output["proposals"][0]["action"], "updated", "{output}");
        let pull = world.github.pull(1);
        assert_eq!(pull.editor.as_deref(), Some(US));
        assert!(pull.body.contains("3.1.0") && !pull.body.contains("All is well."), "{}", pull.body);
        assert_eq!(world.action(0), "unchanged");
        assert_eq!(world.check_proposal(0), Vec::<String>::new());
    }
}

#[test]
fn a_body_edited_to_vouch_for_a_developers_commit_is_not_believed() {
    let world = World::proposed(World::app());
    let before = world.github.branch(LOKI).unwrap();
    let evil = world.github.push_as(LOKI, "mallory", &[(FILE, &world.evil())]);
    let body = world.github.pull(1).body.replace(&before, &evil);
    world.github.edit_body_as(1, "mallory", &body);
    let output = world.propose(1);
    assert_eq!(output["drift"][0]["code"], "body-edited", "{output}");
    assert_eq!(output["proposals"][0]["action"], "left", "{output}");
}

#[test]
fn who_closes_a_proposal_that_is_left_alone_has_it_proposed_anew() {
    let world = World::proposed(World::app());
    world.github.push_as(LOKI, "hubot", &[(FILE, &world.evil())]);
    world.is_left_alone();
    let said = world.github.comments(1)[0].body.clone();
    assert!(said.contains("Close this and delete the branch to have it proposed again."), "{said}");
    world.github.close_as(1, "hubot");
    world.github.delete_branch_as(LOKI, "hubot");
    assert_eq!(world.action(0), "opened");
    assert!(world.text().contains("3.2.0"));
}

impl World {
    /// The codes of what `check` finds in a proposal, run with the job's own token.
    fn check_proposal(&self, status: i32) -> Vec<String> {
        let pull = self.github.pull(1);
        let merge = self.github.merge_commit(1).unwrap();
        let event = Actions::pull_request("acme/images", 1, (&pull.head, &pull.head_sha), &pull.base_sha, &merge);
        let output = self.run(event, "job", "check").expect_status(status).json();
        let codes = output["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap().to_owned());
        codes.filter(|code| code != "changed-by-hand").collect()
    }
}
