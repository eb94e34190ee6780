//! GitHub: whose token, what it may do, the switch for pull requests, and the rules of branches.

use serde_json::{Value, json};

use super::{MANIFEST, World, check, of};
use crate::support::contract;
use crate::support::github::{Access, Options, Permissions, TOKEN, TestGitHub, Who};
use crate::support::http::{Action, Exchange, Rule};
use crate::support::process::Run;

const WORKFLOW: &str = "on: push
permissions: { contents: read }
jobs:
  promote:
    permissions: { contents: write, pull-requests: write, statuses: write }
    steps: []
  check:
    steps: []
";

/// Docker Hub where nothing is missing, and a GitHub.
struct Both {
    world: World,
    github: TestGitHub,
}

impl Both {
    fn start(options: Options) -> Self {
        let workflow = (".github/workflows/images.yml".to_owned(), WORKFLOW.to_owned());
        let manifest = ("approved-images.yml".to_owned(), MANIFEST.to_owned());
        let github = TestGitHub::start(Options { files: vec![workflow, manifest], ..options });
        Self { world: World::owned().with_mirror(), github }
    }

    fn run(&self) -> Run {
        let run = self.world.run(MANIFEST, ("jo", "dckr_pat_canary")).env("GITHUB_TOKEN", TOKEN);
        run.env("GITHUB_REPOSITORY", self.github.repository())
            .env("GITHUB_API_URL", self.github.api())
            .env("GITHUB_GRAPHQL_URL", self.github.graphql())
            .env("GITHUB_SERVER_URL", self.github.server())
    }

    /// As the job `job` of the workflow.
    fn job(&self, job: &str) -> Run {
        let reference = format!("{}/.github/workflows/images.yml@refs/heads/main", self.github.repository());
        let head = self.github.branch("main").unwrap();
        self.run().env("GITHUB_JOB", job).env("GITHUB_WORKFLOW_REF", reference).env("GITHUB_WORKFLOW_SHA", head)
    }

    /// What is told; nothing but the question whose token it is was sent by another method than GET.
    fn look(&self, run: Run, status: i32) -> Value {
        let told = self.world.look(&run.args(["--format", "json", "-vvv"]), status).json();
        let log = self.github.log();
        let asks = |e: &Exchange| e.request.json() == json!({"query": "query { viewer { login } }"});
        let writes: Vec<String> =
            log.iter().filter(|e| e.request.method != "GET" && !asks(e)).map(Exchange::line).collect();
        assert_eq!(writes, [""; 0]);
        contract::github(&log.into_iter().filter(|e| !e.scripted).collect::<Vec<_>>());
        told
    }
}

fn words(told: &Value, subject: &str) -> String {
    let check = check(told, subject);
    format!("{}: {}", check["status"].as_str().unwrap(), check["found"].as_str().unwrap())
}

#[test]
fn the_jobs_own_token_is_told_by_what_the_workflows_file_gives_it() {
    let both = Both::start(Options { actions_may_open: false, ..Options::default() });
    let told = both.look(both.job("promote"), 1);
    assert!(words(&told, "credential").starts_with("ok: jo"), "Docker Hub's comes first");
    let github: Vec<&Value> = told["checks"].as_array().unwrap().iter().filter(|c| c["area"] == "github").collect();
    assert_eq!(github[0]["found"], "github-actions[bot]: the job's own token");
    assert_eq!(words(&told, "contents: write"), "ok: .github/workflows/images.yml grants it to this job");
    let missing: Vec<String> = of(&told, "missing").into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(missing, ["Actions may create pull requests"]);
    let fix = check(&told, &missing[0])["fix"].as_str().unwrap();
    assert!(fix.contains("/acme/images/settings/actions"), "{fix}");
    let told = both.look(both.job("check"), 1);
    assert_eq!(
        words(&told, "contents: write"),
        "missing: .github/workflows/images.yml grants this job `contents: read`"
    );
    assert_eq!(
        words(&told, "statuses: write"),
        "missing: .github/workflows/images.yml lists permissions for this job, but not statuses"
    );
    let fix = check(&told, "contents: write")["fix"].as_str().unwrap();
    assert_eq!(fix, "the workflow's `permissions:` line: `contents: write`");
    let told = both.look(both.run(), 1);
    assert!(words(&told, "contents: write").starts_with("unknown: "), "without its job it is not known");
    both.github.with(|state| state.actions_may_open = true);
    both.look(both.job("promote"), 0);
}

#[test]
fn what_may_not_even_be_read_is_missing_and_named() {
    for (may, subject) in [
        (Permissions { pull_requests: Access::None, ..Permissions::all(Access::Write) }, "pull-requests: write"),
        (Permissions { contents: Access::None, ..Permissions::all(Access::Write) }, "contents: write"),
    ] {
        let both = Both::start(Options { who: Who::App("wharf".to_owned()), may, ..Options::default() });
        let told = both.look(both.run(), 1);
        let found = words(&told, subject);
        assert!(found.starts_with("missing: it cannot even be read") && found.contains(": read`"), "{found}");
        let fix = check(&told, subject)["fix"].as_str().unwrap();
        assert!(fix.starts_with("the App's page, Permissions & events"), "{fix}");
    }
    let both = Both::start(Options { who: Who::App("wharf".to_owned()), ..Options::default() });
    let told = both.look(both.run(), 0);
    assert_eq!(
        words(&told, "pull-requests: write"),
        "unknown: not known: it can be read, but only writing shows whether it can be written"
    );
}

#[test]
fn of_a_classic_token_the_scopes_tell_and_of_an_account_its_role() {
    let scoped = |scopes: &str, may| {
        let both = Both::start(Options { who: Who::User("octocat".to_owned()), may, ..Options::default() });
        let header = Action::Header("x-oauth-scopes".to_owned(), Some(scopes.to_owned()));
        both.github.fault(Rule::new("GET", "/user$", header));
        let run = both.run().env("GITHUB_TOKEN", "ghp_canary0123456789");
        both.github.add_token("ghp_canary0123456789", Who::User("octocat".to_owned()), Permissions::all(Access::Write));
        (both, run)
    };
    let (both, run) = scoped("repo, workflow", Permissions::all(Access::Write));
    let told = both.look(run, 0);
    assert_eq!(words(&told, "contents: write"), "ok: the account has write access, and the token has the scope for it");
    assert!(told.to_string().contains("octocat: a personal access token (classic), with the scopes repo, workflow"));
    let (both, run) = scoped("public_repo", Permissions::all(Access::Write));
    let told = both.look(run, 1);
    assert_eq!(words(&told, "contents: write"), "missing: the token lacks the scope `repo`");
    let who = Who::User("reader".to_owned());
    let both = Both::start(Options { who, may: Permissions::all(Access::Read), ..Options::default() });
    let told = both.look(both.run(), 1);
    assert_eq!(words(&told, "contents: write"), "missing: the account has no write access to the repository");
}

#[test]
fn rules_of_the_default_branch_and_of_our_branches_are_told() {
    let both = Both::start(Options { protected: true, ..Options::default() });
    let told = both.look(both.job("promote"), 0);
    let found = words(&told, "records on main");
    assert!(
        found.starts_with("ok: commits are refused, a job's own token cannot bypass it; promote then records by one")
    );
    assert!(found.contains("(42) of acme/images only accepts changes by pull request"), "{found}");
    let told = both.look(both.job("promote").env("WHARFINGER_RECORD", "commit"), 1);
    assert!(words(&told, "records on main").starts_with("missing: "));
    let both = Both::start(Options::default());
    both.github.with(|state| state.rules.push(("wharfinger/".to_owned(), "creation", Value::Null)));
    let told = both.look(both.job("promote"), 1);
    let found = words(&told, "branches wharfinger/*");
    assert!(
        found.starts_with("missing: ruleset ") && found.contains("(43) of acme restricts the creation of branches"),
        "{found}"
    );
    assert_eq!(words(&told, "records on main"), "ok: no rule or protection keeps promote from committing digests");
    let rule = json!({"operator": "starts_with", "pattern": "chore: ", "negate": false});
    both.github.with(|state| state.rules = vec![(String::new(), "commit_message_pattern", rule)]);
    let told = both.look(both.job("promote"), 0);
    assert!(words(&told, "branches wharfinger/*").starts_with("unknown: not known: rulesets require a certain form"));
}

#[test]
fn protection_that_is_no_ruleset_is_told_to_administrators_and_else_not_known() {
    let both = Both::start(Options { protected: true, ..Options::default() });
    let json = vec![("content-type".to_owned(), "application/json".to_owned())];
    let no_rules = || Rule::new("GET", "/rules/branches/", Action::Answer(200, json.clone(), "[]".into()));
    both.github.fault(no_rules());
    let told = both.look(both.job("promote"), 0);
    let found = words(&told, "records on main");
    assert_eq!(
        found,
        "unknown: not known: the branch is protected, but GitHub shows the details only to administrators"
    );
    both.github.clear_faults();
    let shown = json!({"required_pull_request_reviews": {"url": "x"}, "lock_branch": {"enabled": false}}).to_string();
    both.github.fault(no_rules());
    both.github.fault(Rule::new("GET", "/branches/main/protection$", Action::Answer(200, json.clone(), shown.into())));
    let told = both.look(both.job("promote").env("WHARFINGER_RECORD", "commit"), 1);
    let found = words(&told, "records on main");
    assert!(
        found.starts_with("missing: ") && found.contains("the protection of main only accepts changes by pull request"),
        "{found}"
    );
}

/// A GitHub on whose default branch this rule for pull requests is; with these owners, where there are any.
fn guarded(parameters: Option<Value>, owners: Option<&str>) -> Both {
    let both = Both::start(Options::default());
    let rules = parameters.map(|parameters| ("main".to_owned(), "pull_request", parameters));
    both.github.with(|state| state.rules = rules.into_iter().collect());
    if let Some(owners) = owners {
        both.github.push_as("main", "hubot", &[(".github/CODEOWNERS", owners)]);
    }
    both
}

fn asks(last_push: bool, code_owners: bool) -> Option<Value> {
    Some(json!({
        "required_approving_review_count": 1, "require_last_push_approval": last_push, "require_code_owner_review": code_owners,
        "dismiss_stale_reviews_on_push": false, "required_review_thread_resolution": false, "allowed_merge_methods": ["merge"],
    }))
}

const GUARDS: [&str; 3] = ["reviews on main", "most recent push to main", ".github/workflows"];

#[test]
fn where_reviews_are_asked_for_doctor_says_what_lets_a_person_go_round_them() {
    let platform = Some("* @acme/dev\n/.github/workflows/ @acme/platform\n");
    for (both, found) in [
        (guarded(None, None), ["missing", "missing", "missing"]),
        (guarded(asks(false, false), platform), ["ok", "missing", "missing"]),
        (guarded(asks(true, true), None), ["ok", "ok", "missing"]),
        (guarded(asks(true, true), Some("/src/ @acme/dev\n")), ["ok", "ok", "missing"]),
        (guarded(asks(true, true), platform), ["ok", "ok", "ok"]),
    ] {
        let status = i32::from(found.contains(&"missing"));
        let told = both.look(both.job("promote").env("WHARFINGER_MIN_APPROVALS", "1"), status);
        let said = GUARDS.map(|subject| words(&told, subject));
        for (said, status) in said.iter().zip(found) {
            assert!(said.starts_with(status), "{said:?}: {found:?}");
        }
        let job = words(&told, "who else writes as this account");
        assert!(job.starts_with("unknown: ") && job.contains("all workflows of the repository"), "{job}");
    }
    let both = guarded(asks(true, true), platform);
    let told = both.look(both.job("promote").env("WHARFINGER_MIN_APPROVALS", "1"), 0);
    assert_eq!(words(&told, ".github/workflows"), "ok: a change needs the review of @acme/platform");
    let told = both.look(both.job("promote"), 0);
    assert!(!told.to_string().contains("most recent push"), "no reviews are asked for: {told}");
}

#[test]
fn a_guard_that_only_administrators_are_shown_is_not_known_and_never_fine() {
    let both = Both::start(Options { protected: true, ..Options::default() });
    let json = vec![("content-type".to_owned(), "application/json".to_owned())];
    both.github.fault(Rule::new("GET", "/rules/branches/", Action::Answer(200, json, "[]".into())));
    let told = both.look(both.job("promote").env("WHARFINGER_MIN_APPROVALS", "1"), 1);
    for subject in &GUARDS[..2] {
        let said = words(&told, subject);
        assert!(said.starts_with("unknown: ") && said.contains("only to administrators"), "{said}");
    }
    assert!(words(&told, GUARDS[2]).starts_with("missing: "), "there is no CODEOWNERS, whatever is hidden");
}

#[test]
fn an_enterprise_server_is_asked_where_it_is() {
    let both = Both::start(Options { ghes: true, ..Options::default() });
    let told = both.look(both.job("promote"), 0);
    assert_eq!(words(&told, "contents: write"), "ok: .github/workflows/images.yml grants it to this job");
    assert!(both.github.lines().iter().all(|line| line.contains(" /api/")), "{:?}", both.github.lines());
}

#[test]
fn a_token_that_is_not_taken_is_missing() {
    let both = Both::start(Options::default());
    let told = both.look(both.run().env("GITHUB_TOKEN", "github_pat_canary"), 1);
    let github: Vec<&Value> = told["checks"].as_array().unwrap().iter().filter(|c| c["area"] == "github").collect();
    assert_eq!(github.len(), 1, "the rest is not asked: {github:#?}");
    assert_eq!(github[0]["status"], "missing");
    assert!(
        github[0]["fix"]
            .as_str()
            .unwrap()
            .starts_with("wrong token? a fine-grained personal access token is not accepted")
    );
    let elsewhere = Both::start(Options::default());
    let run = elsewhere.run().env("GITHUB_REPOSITORY", "acme/other");
    let told = elsewhere.look(run, 1);
    assert!(words(&told, "repository").starts_with("missing: "), "{told:#}");
}

#[test]
fn a_job_without_a_checkout_reads_the_manifest_from_github() {
    let both = Both::start(Options::default());
    let run = both.job("promote");
    std::fs::remove_file(run.home().join("approved-images.yml")).unwrap();
    let told = both.look(run, 0);
    assert_eq!(words(&told, "approved-images.yml"), "ok: valid: organization acme, 1 image");
}

#[test]
fn whether_it_is_told_who_moved_branches_is_looked_at() {
    let both = Both::start(Options { ghes: true, ..Options::default() });
    let subject = "who moved branches";
    assert_eq!(words(&both.look(both.job("promote"), 0), subject), "ok: the repository's activity shows it");
    both.github.with(|state| state.silence.absent = true);
    let told = both.look(both.job("promote"), 0);
    let found = words(&told, subject);
    assert!(found.starts_with("unknown: ") && found.ends_with("an Enterprise Server must be 3.17 or later"), "{found}");
    assert!(check(&told, subject)["fix"].as_str().unwrap().contains("`unreviewed` under `policy.approvals`"), "{told}");
}
