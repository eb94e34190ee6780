//! The GitHub forge against the stand-in: what only GitHub has, and what goes wrong there.

use std::collections::BTreeSet;
use std::sync::Arc;

use wharfinger::internals::forge::github::GitHub;
use wharfinger::internals::forge::{
    Activity as _, Actor, Branches as _, Commit, Contents as _, Conversation as _, Error, FileChange, Forge, Merge,
    MergedHead, Message, MovementKind, NewCommit, OpenProposal, Proposals as _, Review, Reviews as _, StatusState,
    Statuses as _, Told, Verdict,
};
use wharfinger::internals::image::Digest;
use wharfinger::internals::proposal::metadata::{self, Metadata, ObjectId};

use crate::support::contract;
use crate::support::github::state::State as GitHubState;
use crate::support::github::{Access, Options, Permissions, TOKEN, TestGitHub, Who};
use crate::support::http::{self, Action, Rule};
use serde_json::json;

const BRANCH: &str = "wharfinger/image/loki/latest";
const MANIFEST: &str = "approved-images.yml";

/// The program's own client of a stand-in.
pub(crate) fn client_of(github: &TestGitHub, token: &str) -> GitHub {
    let (api, graphql) = (github.api().parse().unwrap(), github.graphql().parse().unwrap());
    GitHub::new(&http::client(), &api, &graphql, &github.repository(), &token.to_owned().into(), "wharfinger/").unwrap()
}

fn start(options: Options) -> (TestGitHub, GitHub) {
    let files = vec![(MANIFEST.to_owned(), "one\n".to_owned())];
    let github = TestGitHub::start(Options { files, ..options });
    let forge = client_of(&github, github.token());
    (github, forge)
}

fn message() -> Message {
    Message { headline: "Approve loki 3.1.0".to_owned(), body: "Signed-off-by: Wharfinger".to_owned() }
}

fn change(text: &str) -> NewCommit {
    let files = vec![FileChange { path: MANIFEST.to_owned(), text: text.to_owned() }];
    NewCommit { message: message(), files }
}

fn body_for(commit: &Commit) -> String {
    let head = ObjectId::try_from(commit.0.clone()).ok();
    let metadata =
        Metadata { manifest: None, head, context: Digest::sha256(b"context"), entries: Vec::new(), kept: Vec::new() };
    format!("Evidence.\n\n{}", metadata::write(&metadata))
}

async fn commit_on_branch(forge: &dyn Forge, text: &str) -> Commit {
    let base = forge.head().await.unwrap().commit;
    forge.rewrite(BRANCH, None, &base, &change(text)).await.unwrap()
}

async fn propose(forge: &dyn Forge, text: &str) -> u64 {
    let commit = commit_on_branch(forge, text).await;
    forge.open(BRANCH, "Approve loki 3.1.0", &body_for(&commit)).await.unwrap().number.unwrap()
}

async fn only(forge: &dyn Forge) -> OpenProposal {
    let mut open = forge.proposals("wharfinger/").await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    open.remove(0)
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    let text = error.to_string();
    assert!(!text.contains(TOKEN), "{text}");
    text
}

/// What GitHub does not take, whoever asks.
#[track_caller]
fn invalid<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    let text = error.to_string();
    assert!(!text.contains(TOKEN), "{text}");
    text
}

#[tokio::test]
async fn an_enterprise_servers_addresses_are_taken_as_they_are() {
    let (github, forge) = start(Options { ghes: true, ..Options::default() });
    propose(&forge, "one\ntwo\n").await;
    let paths: Vec<String> = github.log().iter().map(|e| e.request.path.clone()).collect();
    assert!(paths.iter().all(|p| p.starts_with("/api/v3/repos/acme/images") || p == "/api/graphql"), "{paths:?}");
    assert!(paths.iter().any(|p| p == "/api/graphql"));
    contract::github(&github.log());
}

#[tokio::test]
async fn a_new_proposal_takes_these_requests_and_nothing_stays_behind() {
    let (github, forge) = start(Options::default());
    propose(&forge, "one\ntwo\n").await;
    insta::assert_snapshot!(github.lines().join("\n"), @r"
    GET /repos/acme/images 200
    GET /repos/acme/images/git/ref/heads/main 200
    POST /repos/acme/images/git/refs 201
    POST /graphql 200
    POST /repos/acme/images/git/refs 201
    DELETE /repos/acme/images/git/refs/heads/wharfinger/tmp/image/loki/latest 204
    POST /repos/acme/images/pulls 201
    ");
    assert_eq!(github.branches(), ["main", BRANCH]);
    let pull = github.pull(1);
    assert_eq!((pull.user.as_str(), pull.base.as_str()), ("github-actions[bot]", "main"));
    let commit = github.with(|s| s.git.commit_info(&pull.head_sha));
    assert_eq!(commit.message, "Approve loki 3.1.0\n\nSigned-off-by: Wharfinger");
    assert_eq!(commit.committer.name, "GitHub");
    contract::github(&github.log());
}

#[tokio::test]
async fn looking_when_nothing_is_new_takes_a_handful_of_reads() {
    let (github, forge) = start(Options::default());
    propose(&forge, "one\ntwo\n").await;
    github.clear_log();
    let forge = client_of(&github, github.token());
    let head = forge.head().await.unwrap();
    forge.read(&head.commit, MANIFEST).await.unwrap();
    forge.read(&head.commit, MANIFEST).await.unwrap();
    assert!(!only(&forge).await.touched);
    forge.sweep("wharfinger/", None).await.unwrap();
    insta::assert_snapshot!(github.lines().join("\n").replace(&head.commit.0, "HEAD"), @r"
    GET /repos/acme/images 200
    GET /repos/acme/images/git/ref/heads/main 200
    GET /repos/acme/images/contents/approved-images.yml?ref=HEAD 200
    GET /repos/acme/images/pulls?state=open&sort=created&direction=asc&per_page=100 200
    POST /graphql 200
    GET /repos/acme/images/git/matching-refs/heads/wharfinger/ 200
    GET /repos/acme/images/pulls?state=open&per_page=100 200
    ");
    contract::github(&github.log());
}

#[tokio::test]
async fn an_open_proposal_moves_without_closing() {
    let (github, forge) = start(Options::default());
    let number = propose(&forge, "one\ntwo\n").await;
    github.push_as("main", "octocat", &[("other", "x\n")]);
    let seen = only(&forge).await.head;
    let base = forge.head().await.unwrap().commit;
    let moved = forge.rewrite(BRANCH, Some(&seen), &base, &change("one\nthree\n")).await.unwrap();
    assert_eq!(github.open_pulls(), [number]);
    assert_eq!(github.pull(number).head_sha, moved.0);
    let commit = github.with(|s| s.git.commit_info(&moved.0));
    assert_eq!(commit.parents, [base.0]);
    assert_eq!(github.branches(), ["main", BRANCH]);
    contract::github(&github.log());
}

#[tokio::test]
async fn forks_and_foreign_branches_are_no_proposals() {
    let (github, forge) = start(Options::default());
    let commit = forge.head().await.unwrap().commit;
    github.fork_pull("mallory", BRANCH, &[(MANIFEST, "evil\n")], "Approve loki 3.1.0", &body_for(&commit));
    github.push_as("topic", "hubot", &[("a", "1\n")]);
    github.open_as("hubot", "topic", "A topic", &body_for(&commit));
    github.with(|s| s.pulls[0].head_repository = None);
    assert!(forge.proposals("wharfinger/").await.unwrap().is_empty());
    github.with(|s| s.pulls[0].head_repository = Some("mallory/images".to_owned()));
    assert!(forge.proposals("wharfinger/").await.unwrap().is_empty());
    github.close_as(1, "mallory");
    assert!(forge.declined(BRANCH).await.unwrap().is_empty());
    // The fork's open pull request does not stand in the way of ours either.
    assert_eq!(propose(&forge, "one\ntwo\n").await, 3);
}

#[tokio::test]
async fn a_branch_is_touched_by_whoever_is_not_its_author() {
    let (github, forge) = start(Options::default());
    propose(&forge, "one\ntwo\n").await;
    let first = only(&forge).await;
    // Without metadata the commits are asked.
    forge.edit(&first, "t", "a body that a person rewrote").await.unwrap();
    assert!(!only(&forge).await.touched);
    let moved = forge.append(BRANCH, &first.head, &change("one\nthree\n")).await.unwrap();
    assert!(!only(&forge).await.touched, "another commit of its own");
    assert_eq!(only(&forge).await.head, moved);
    github.push_as(BRANCH, "hubot", &[("by-hand", "x\n")]);
    assert!(only(&forge).await.touched);
    contract::github(&github.log());
}

#[tokio::test]
async fn a_persons_own_commit_is_told_from_what_their_token_made() {
    let (github, forge) = start(Options { who: Who::User("octocat".to_owned()), ..Options::default() });
    let commit = commit_on_branch(&forge, "one\ntwo\n").await;
    forge.open(BRANCH, "t", "no metadata").await.unwrap();
    assert_eq!(only(&forge).await.author, "octocat");
    assert!(!only(&forge).await.touched);
    let pushed = github.push_as(BRANCH, "octocat", &[("by-hand", "x\n")]);
    assert_ne!(pushed, commit.0);
    assert!(only(&forge).await.touched);
}

#[tokio::test]
async fn what_a_person_proposes_on_a_branch_of_ours_is_a_persons() {
    let (github, forge) = start(Options::default());
    commit_on_branch(&forge, "one\ntwo\n").await;
    // made on the site: a person is the author, and GitHub the committer
    github.with(|s| {
        let date = s.tick();
        let author = s.signature("octocat", &date);
        let file = (MANIFEST.to_owned(), Some(b"one\nby hand\n".to_vec()));
        let base = s.git.branch("main");
        let edit = s.git.commit(base.as_deref(), &[file], "Edited on the site", &author, &GitHubState::web_flow(&date));
        s.set_branch(BRANCH, Some(&edit), "octocat");
    });
    github.open_as("octocat", BRANCH, "Another range", "Please");
    assert!(only(&forge).await.touched);
    contract::github(&github.log());
}

#[tokio::test]
async fn more_than_a_hundred_pull_requests_are_paged() {
    let (github, forge) = start(Options::default());
    github.push_as("topic", "hubot", &[("a", "1\n")]);
    github.open_as("hubot", "topic", "A topic", "");
    github.with(|s| {
        for number in 2..=102 {
            let topic = s.pulls[0].clone();
            s.pulls.push(crate::support::github::Pull { number, head: format!("topic/{number}"), ..topic });
        }
    });
    let number = propose(&forge, "one\ntwo\n").await;
    github.clear_log();
    assert_eq!(only(&forge).await.number, Some(number));
    assert_eq!(github.log().len(), 3, "two pages, and who edited: {:?}", github.lines());
}

#[tokio::test]
async fn only_what_a_person_closed_is_declined() {
    let (github, forge) = start(Options::default());
    let mut number = propose(&forge, "two\n").await;
    for (closer, declined) in [("stale[bot]", 0), ("github-actions[bot]", 0), ("octocat", 1)] {
        github.close_as(number, closer);
        assert_eq!(forge.declined(BRANCH).await.unwrap().len(), declined, "{closer}");
        forge.sweep("wharfinger/", None).await.unwrap();
        number = propose(&forge, "two\n").await;
    }
    github.merge(number);
    let declined = forge.declined(BRANCH).await.unwrap();
    assert_eq!(declined.iter().map(|d| d.number).collect::<Vec<_>>(), [Some(3)]);
    assert!(metadata::read(&declined[0].body).is_some());
    github.delete_branch_as(BRANCH, "octocat");
    github.push_as("main", "octocat", &[(MANIFEST, "one\n")]);
    propose(&forge, "three\n").await;
    github.delete_branch_as(BRANCH, "hubot");
    assert_eq!(forge.declined(BRANCH).await.unwrap().len(), 2, "deleting the branch closes too");
    contract::github(&github.log());
}

#[tokio::test]
async fn with_a_personal_token_the_comment_tells_who_closed() {
    let (github, forge) = start(Options { who: Who::User("octocat".to_owned()), ..Options::default() });
    propose(&forge, "two\n").await;
    forge.close(&only(&forge).await, "A newer version is proposed.").await.unwrap();
    assert!(!github.pull(1).open);
    assert!(github.comments(1)[0].body.starts_with("A newer version is proposed."));
    assert_eq!(github.branches(), ["main"]);
    assert!(forge.declined(BRANCH).await.unwrap().is_empty());
    let number = propose(&forge, "two\n").await;
    github.close_as(number, "octocat");
    assert_eq!(forge.declined(BRANCH).await.unwrap().len(), 1);
    contract::github(&github.log());
}

#[tokio::test]
async fn closing_begun_again_does_what_is_left() {
    let (github, forge) = start(Options::default());
    propose(&forge, "two\n").await;
    let open = only(&forge).await;
    github.fail("PATCH", "/pulls/1", 3, 502);
    assert!(matches!(forge.close(&open, "Moot.").await, Err(Error::Unreachable(_))));
    assert!(github.pull(1).open);
    forge.close(&open, "Moot.").await.unwrap();
    assert_eq!(github.comments(1).len(), 1, "the reason stands there once");
    assert!(!github.pull(1).open);
    assert!(github.branch(BRANCH).is_none());
}

#[tokio::test]
async fn every_write_survives_a_lost_answer() {
    for (method, path) in [("POST", "/graphql"), ("POST", "/git/refs$"), ("POST", "/pulls$"), ("DELETE", "/git/refs")] {
        let (github, forge) = start(Options::default());
        github.lose_answers(method, path, 1);
        let number = propose(&forge, "one\ntwo\n").await;
        assert_eq!(github.open_pulls(), [number], "{method} {path}");
        assert_eq!(github.pulls().len(), 1);
        assert_eq!(github.branches(), ["main", BRANCH]);
        let range = format!("main..{BRANCH}");
        assert_eq!(github.with(|s| s.git.log(&[&range]).len()), 1, "{method} {path}: one commit");
        assert!(!only(&forge).await.touched);
    }
}

#[tokio::test]
async fn the_second_branch_and_the_move_survive_a_lost_answer() {
    let (github, forge) = start(Options::default());
    github.fault(crate::support::http::Rule::new("POST", "/git/refs$", Action::Lose).after(1).times(1));
    propose(&forge, "one\ntwo\n").await;
    let seen = only(&forge).await.head;
    let base = forge.head().await.unwrap().commit;
    github.lose_answers("PATCH", "/git/refs", 1);
    let moved = forge.rewrite(BRANCH, Some(&seen), &base, &change("three\n")).await.unwrap();
    assert_eq!(github.branch(BRANCH).unwrap(), moved.0);
    github.lose_answers("PATCH", "/pulls/1", 1);
    forge.edit(&only(&forge).await, "Another", "body").await.unwrap();
    assert_eq!(github.pull(1).title, "Another");
    github.lose_answers("POST", "/comments", 1);
    github.lose_answers("PATCH", "/pulls/1", 1);
    github.lose_answers("DELETE", "/git/refs", 1);
    forge.close(&only(&forge).await, "Moot.").await.unwrap();
    assert_eq!((github.comments(1).len(), github.branches().len()), (1, 1));
}

#[tokio::test]
async fn a_record_whose_answer_was_lost_is_recognised_and_anothers_is_not() {
    let (github, forge) = start(Options::default());
    let head = forge.head().await.unwrap();
    github.lose_answers("POST", "/graphql", 1);
    let commit = forge.append("main", &head.commit, &change("one\nmirrored\n")).await.unwrap();
    assert_eq!(github.branch("main").unwrap(), commit.0);
    assert_eq!(github.writes().len(), 1, "sent once: {:?}", github.writes());

    // The work was not done, and someone else moved the branch in between.
    let head = forge.head().await.unwrap();
    github.fail("POST", "/graphql", 1, 502);
    github.push_as("main", "octocat", &[(MANIFEST, "one\nmirrored\nby hand\n")]);
    let lost = forge.append("main", &head.commit, &change("one\nmirrored\ntwo\n")).await;
    assert!(matches!(lost, Err(Error::Moved { .. })), "{lost:?}");
    assert_eq!(github.read("main", MANIFEST).as_deref(), Some("one\nmirrored\nby hand\n"));

    // The work was not done, and nothing moved: it is sent again.
    let head = forge.head().await.unwrap();
    github.fail("POST", "/graphql", 1, 502);
    forge.append("main", &head.commit, &change("again\n")).await.unwrap();
    assert_eq!(github.read("main", MANIFEST).as_deref(), Some("again\n"));
    contract::github(&github.log());
}

#[tokio::test]
async fn a_failed_commit_leaves_no_branch_at_the_base() {
    let (github, forge) = start(Options::default());
    github.fail("POST", "/graphql", 3, 500);
    let base = forge.head().await.unwrap().commit;
    let failed = forge.rewrite(BRANCH, None, &base, &change("two\n")).await;
    assert!(matches!(failed, Err(Error::Unreachable(_))), "{failed:?}");
    assert_eq!(github.branches(), ["main"]);
}

#[tokio::test]
async fn an_interrupted_run_is_finished_by_the_next() {
    let (github, forge) = start(Options::default());
    // It ended after the temporary branch was made, and once more after the branch was made.
    let base = github.branch("main").unwrap();
    github.force("wharfinger/tmp/image/loki/latest", &base, "github-actions[bot]");
    commit_on_branch(&forge, "two\n").await;
    let number = propose(&forge, "three\n").await;
    assert_eq!(github.read(BRANCH, MANIFEST).as_deref(), Some("three\n"));
    assert_eq!(github.open_pulls(), [number]);
    let (personal, octocat) = start(Options { who: Who::User("octocat".to_owned()), ..Options::default() });
    commit_on_branch(&octocat, "two\n").await;
    commit_on_branch(&octocat, "three\n").await;
    personal.with(|s| {
        let (date, tip) = (s.tick(), s.git.branch("main").unwrap());
        let author = s.signature("octocat", &date);
        let web = ("by-hand".to_owned(), Some(b"x".to_vec()));
        let edit = s.git.commit(Some(&tip), &[web], "Edited on the site", &author, &GitHubState::web_flow(&date));
        s.set_branch(BRANCH, Some(&edit), "octocat");
    });
    let head = octocat.head().await.unwrap().commit;
    let refused = octocat.rewrite(BRANCH, None, &head, &change("x\n")).await;
    assert!(matches!(refused, Err(Error::Moved { .. })), "the person's own edit: {refused:?}");
    // A person's commit on a branch that nothing is open for is never overwritten.
    github.push_as("wharfinger/image/redis/latest", "hubot", &[("a", "1\n")]);
    let head = forge.head().await.unwrap().commit;
    let refused = forge.rewrite("wharfinger/image/redis/latest", None, &head, &change("x\n")).await;
    assert!(matches!(refused, Err(Error::Moved { .. })), "{refused:?}");
}

#[tokio::test]
async fn sweeping_leaves_what_is_in_use() {
    let (github, forge) = start(Options::default());
    propose(&forge, "two\n").await;
    let base = github.branch("main").unwrap();
    for branch in ["tmp/image/a/latest", "tmp/record", "ledger"] {
        github.force(&format!("wharfinger/{branch}"), &base, "github-actions[bot]");
    }
    github.push_as("wharfinger/image/by-hand/latest", "hubot", &[("a", "1\n")]);
    github.push_as("wharfinger/image/done/latest", "hubot", &[("b", "1\n")]);
    let done = github.open_as("hubot", "wharfinger/image/done/latest", "t", "");
    github.merge(done);
    forge.sweep("wharfinger/", None).await.unwrap();
    let left = ["main", "wharfinger/image/by-hand/latest", BRANCH, "wharfinger/ledger"];
    assert_eq!(github.branches(), left);
    github.clear_log();
    forge.sweep("wharfinger/", None).await.unwrap();
    assert!(github.writes().is_empty());
}

/// An error of GraphQL that passes, with status 200.
fn passing(message: &str) -> Action {
    let body = json!({ "data": null, "errors": [{ "message": message }] }).to_string();
    Action::Answer(200, vec![("content-type".to_owned(), "application/json".to_owned())], body.into())
}

const WENT_WRONG: &str = "Something went wrong while executing your query. This may be the result of a timeout, or it could be a \
                          GitHub bug. Please include `0A1B:2C3D` when reporting this issue.";

#[tokio::test]
async fn errors_of_graphql_that_pass_are_tried_again() {
    for message in [WENT_WRONG, "Resource limits for this query exceeded.", "Timed out"] {
        let (github, forge) = start(Options::default());
        github.fault(Rule::new("POST", "/graphql", passing(message)).times(2));
        propose(&forge, "two\n").await;
        let commits = github.with(|state| state.git.log(&[BRANCH]).len());
        assert_eq!(commits, 2, "the commit was made once: it names the head that it expects");
        github.fault(Rule::new("POST", "/graphql", passing(message)).times(2));
        let head = forge.head().await.unwrap().commit;
        assert_eq!(forge.line(&head, &[MANIFEST.to_owned()]).await.unwrap().versions.len(), 1, "a read");
    }
}

#[tokio::test]
async fn what_graphql_says_ends_neither_in_brackets_nor_in_a_page() {
    let (github, forge) = start(Options::default());
    let head = forge.head().await.unwrap().commit;
    let said = async |action: Action| {
        github.clear_faults();
        github.fault(Rule::new("POST", "/graphql", action));
        let error = forge.line(&head, &[MANIFEST.to_owned()]).await.unwrap_err().to_string();
        error.replace(github.http().host().split(':').next().unwrap(), "HOST").replace(&head.0, "HEAD")
    };
    let html =
        Action::Answer(404, vec![("content-type".to_owned(), "text/html".to_owned())], "<html>Unicorn!</html>".into());
    let bad = Action::Answer(502, vec![], "<html>Unicorn!</html>".into());
    let all = [
        said(passing("A fault without a type")).await,
        said(passing(WENT_WRONG)).await,
        said(html).await,
        said(bad).await,
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    reading how the default branch came to HEAD: A fault without a type
    no answer: GitHub at HOST: Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug. Please include `0A1B:2C3D` when reporting this issue.
    reading how the default branch came to HEAD was refused: status 404 Not Found: the token needs `contents: read` and `pull-requests: read` on this repository
    no answer: GitHub at HOST: status 502 Bad Gateway
    ");
}

#[tokio::test]
async fn branches_that_a_ruleset_keeps_are_told_once_with_the_ruleset_and_keep_no_other() {
    let (github, forge) = start(Options::default());
    let number = propose(&forge, "two\n").await;
    let base = github.branch("main").unwrap();
    for branch in ["tmp/image/a/latest", "tmp/record"] {
        github.force(&format!("wharfinger/{branch}"), &base, "github-actions[bot]");
    }
    github.with(|state| state.rules.push(("wharfinger/tmp/image".to_owned(), "deletion", json!(null))));
    assert!(forge.sweep("wharfinger/", None).await.unwrap());
    assert_eq!(github.branches(), ["main", BRANCH, "wharfinger/tmp/image/a/latest"]);
    github.with(|state| state.rules.push((BRANCH.to_owned(), "deletion", json!(null))));
    let open = only(&forge).await;
    forge.close(&open, "Not wanted any more.").await.unwrap();
    assert!(github.pull(number).closed_at.is_some(), "the branch stays, and that is said");
    contract::github(&github.log());
}

#[tokio::test]
async fn a_second_open_takes_the_first() {
    let (github, forge) = start(Options::default());
    let number = propose(&forge, "two\n").await;
    let again = forge.open(BRANCH, "Another title", "Another body").await.unwrap();
    assert_eq!(again.number, Some(number));
    assert_eq!(github.pull(number).title, "Another title");
    assert_eq!(github.pulls().len(), 1);
}

#[tokio::test]
async fn a_short_rate_limit_is_waited_for_and_a_long_one_is_said() {
    let (github, forge) = start(Options::default());
    github.secondary_limit("POST", "/pulls$", 1, 0);
    github.secondary_limit("GET", "/git/ref/", 1, 0);
    propose(&forge, "two\n").await;
    let posts =
        github.lines().iter().filter(|l| l.starts_with("POST /repos/acme/images/pulls ")).cloned().collect::<Vec<_>>();
    assert_eq!(posts, ["POST /repos/acme/images/pulls 403", "POST /repos/acme/images/pulls 201"]);

    github.clear_log();
    github.secondary_limit("", "/pulls", 1, 3600);
    let error = forge.proposals("wharfinger/").await.unwrap_err();
    assert!(matches!(error, Error::RateLimited(_)), "{error:?}");
    assert!(
        error.to_string().contains("secondary rate limit") && error.to_string().contains("it ends at 20"),
        "{error}"
    );
    assert_eq!(github.log().len(), 1, "not asked again");
}

#[tokio::test]
async fn a_used_up_hour_is_waited_for_where_it_ends_soon() {
    let (github, forge) = start(Options::default());
    let used_up = |until: i64| {
        let headers = [("content-type", "application/json".to_owned()), ("x-ratelimit-remaining", "0".to_owned())];
        let reset = ("x-ratelimit-reset", (chrono::Utc::now().timestamp() + until).to_string());
        let headers = headers.into_iter().chain([reset]).map(|(name, value)| (name.to_owned(), value)).collect();
        let body = r#"{"message":"API rate limit exceeded for installation ID 7."}"#;
        github.fault(
            crate::support::http::Rule::new("POST", "/pulls$", Action::Answer(403, headers, body.into())).times(1),
        );
    };
    used_up(0);
    let number = propose(&forge, "two\n").await;
    assert_eq!(github.open_pulls(), [number]);
    github.close_as(number, "github-actions[bot]");
    used_up(3000);
    let refused = forge.open(BRANCH, "t", "b").await.unwrap_err();
    assert!(matches!(&refused, Error::RateLimited(_)) && refused.to_string().contains("it ends at 20"), "{refused}");
    assert_eq!(github.pulls().len(), 1);
}

#[tokio::test]
async fn protection_refuses_a_record_and_is_told_from_missing_permissions() {
    let (github, forge) = start(Options { protected: true, ..Options::default() });
    let head = forge.head().await.unwrap();
    let refused = forge.append("main", &head.commit, &change("two\n")).await.unwrap_err();
    assert!(matches!(refused, Error::Protected { .. }), "{refused:?}");
    insta::assert_snapshot!(refused, @"the rules of the branch main reject it: Repository rule violations found Changes must be made through a pull request.");
    assert_eq!(github.branch("main").unwrap(), head.commit.0);
    // Proposals are made nonetheless.
    propose(&forge, "two\n").await;
}

#[tokio::test]
async fn refusals_name_what_is_missing() {
    let (_github, forge) = start(Options { actions_may_open: false, ..Options::default() });
    commit_on_branch(&forge, "two\n").await;
    insta::assert_snapshot!(refusal(forge.open(BRANCH, "t", "b").await), @r#"opening a pull request from wharfinger/image/loki/latest was refused: GitHub Actions is not permitted to create or approve pull requests. Turn on "Allow GitHub Actions to create and approve pull requests" under Settings > Actions > General of the repository (an organization or enterprise can forbid it), or use an App's token"#);

    let (_github, forge) = start(Options { may: Permissions::all(Access::Read), ..Options::default() });
    let head = forge.head().await.unwrap();
    insta::assert_snapshot!(refusal(forge.append("main", &head.commit, &change("x\n")).await), @"committing to main was refused: Resource not accessible by integration: the token needs `contents: write` on acme/images");
    insta::assert_snapshot!(refusal(forge.rewrite(BRANCH, None, &head.commit, &change("x\n")).await), @"making the branch wharfinger/tmp/image/loki/latest was refused: Resource not accessible by integration (status 403): the token needs `contents: write` on this repository");

    let may = Permissions { pull_requests: Access::Read, statuses: Access::Read, ..Permissions::all(Access::Write) };
    let (github, forge) = start(Options { may, ..Options::default() });
    commit_on_branch(&forge, "two\n").await;
    insta::assert_snapshot!(refusal(forge.open(BRANCH, "t", "b").await), @"opening a pull request from wharfinger/image/loki/latest was refused: Resource not accessible by integration (status 403): the token needs `pull-requests: write` on this repository");
    let commit = Commit(github.branch("main").unwrap());
    let status = forge.set_status(&commit, "wharfinger", StatusState::Success, "ok").await;
    assert!(refusal(status).contains("`statuses: write`"));

    github.add_token("wrong\u{e9}", Who::Actions, Permissions::all(Access::Read));
    let unknown = client_of(&github, "ghs_revoked");
    insta::assert_snapshot!(refusal(unknown.head().await), @"signing in to GitHub was refused: Bad credentials: the token is missing, expired or revoked");
}

#[tokio::test]
async fn a_token_with_a_line_break_is_an_error_and_not_a_crash() {
    let github = TestGitHub::start(Options::default());
    let url = |text: String| url::Url::parse(&text).unwrap();
    let token = secrecy::SecretString::from("ghs_one\nghs_two".to_owned());
    let http = crate::support::http::client();
    let (api, graphql) = (url(github.api()), url(github.graphql()));
    let made = GitHub::new(&http, &api, &graphql, "acme/images", &token, "wharfinger/");
    let error = made.unwrap_err().to_string();
    assert!(!format!("{:?}", client_of(&github, github.token())).contains(TOKEN));
    assert!(error.contains("line break") && !error.contains("ghs_"), "{error}");
    let token = secrecy::SecretString::from("ghs_one".to_owned());
    for repository in ["acme", "acme/", "/images", "acme/images/more"] {
        assert!(GitHub::new(&http, &api, &graphql, repository, &token, "wharfinger/").is_err());
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_asked_again_and_then_named() {
    let (github, forge) = start(Options::default());
    github.fail("GET", "/repos/acme/images$", 2, 503);
    forge.head().await.unwrap();
    github.fail("GET", "/git/ref", 3, 503);
    let error = forge.head().await.unwrap_err();
    insta::assert_snapshot!(error, @"no answer: GitHub at 127.0.0.1: status 503: Server Error");
    github.fault(crate::support::http::Rule::new("GET", "/git/ref", Action::Reset).times(3));
    assert!(matches!(forge.head().await, Err(Error::Unreachable(_))));
    assert!(forge.head().await.is_ok());
}

#[tokio::test]
async fn large_files_and_names_with_spaces_are_read() {
    let large = "x".repeat(1_200_000);
    let files = vec![("images/a b#c?.yml".to_owned(), "odd\n".to_owned()), ("large.yml".to_owned(), large.clone())];
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let forge = client_of(&github, github.token());
    let head = forge.head().await.unwrap().commit;
    assert_eq!(forge.list(&head, "images").await.unwrap(), ["images/a b#c?.yml"]);
    assert_eq!(forge.read(&head, "images/a b#c?.yml").await.unwrap().as_deref(), Some("odd\n"));
    assert_eq!(forge.read(&head, "large.yml").await.unwrap().map(|t| t.len()), Some(large.len()));
    contract::github(&github.log());
}

#[tokio::test]
async fn a_directory_beyond_what_the_listing_gives_is_read_from_the_tree() {
    let mut files: Vec<_> = (0..1003).map(|n| (format!("images/{n:04}.yml"), String::new())).collect();
    files.push(("images/deeper/x.yml".to_owned(), String::new()));
    let github = TestGitHub::start(Options { files, ..Options::default() });
    let forge = client_of(&github, github.token());
    let head = forge.head().await.unwrap().commit;
    let listed = forge.list(&head, "images").await.unwrap();
    assert_eq!(listed.len(), 1003);
    assert_eq!(listed.last().unwrap(), "images/1002.yml");
}

#[tokio::test]
async fn the_line_of_the_default_branch_names_the_pull_requests_that_were_merged_into_it() {
    let (github, forge) = start(Options::default());
    let paths = [MANIFEST.to_owned()];
    let merge = |number, by: &str, head: &Commit| {
        let head = MergedHead { branch: "topic".to_owned(), commit: head.clone() };
        Merge { number, commit: Some(Commit(by.to_owned())), head: Some(head) }
    };
    for squash in [false, true] {
        github.push_as("topic", "hubot", &[(MANIFEST, &format!("two {squash}\n"))]);
        let number = github.open_as("hubot", "topic", "t", "");
        github.push_as("main", "octocat", &[("other", &format!("{squash}\n"))]);
        let topic = Commit(github.branch("topic").unwrap());
        let by = if squash { github.squash(number) } else { github.merge(number) };
        github.delete_branch_as("topic", "hubot");
        let pushed = github.push_as("main", "octocat", &[(MANIFEST, "three\n")]);
        let head = forge.head().await.unwrap().commit;
        let line = forge.line(&head, &paths).await.unwrap();
        let newest: Vec<_> = line.versions.iter().take(2).map(|v| (v.commit.0.clone(), v.merges.clone())).collect();
        assert_eq!(newest, [(pushed, vec![]), (by.clone(), vec![merge(number, &by, &topic)])], "squash: {squash}");
        assert_eq!(line.versions[0].date.date_naive().to_string(), "2026-11-21");
        assert_eq!(line.rest, None);
    }
    contract::github(&github.log());
}

#[tokio::test]
async fn a_long_line_is_followed_a_hundred_commits_at_a_time() {
    let (github, forge) = start(Options::default());
    let paths = [MANIFEST.to_owned()];
    // Every second commit is of a branch that was merged.
    for n in 0..60 {
        github.push_as("topic", "hubot", &[("beside", &format!("{n}\n"))]);
        github.merge(github.open_as("hubot", "topic", "t", ""));
        github.delete_branch_as("topic", "hubot");
    }
    let head = forge.head().await.unwrap().commit;
    github.clear_log();
    let first = forge.line(&head, &paths).await.unwrap();
    let next = first.rest.clone().unwrap();
    let second = forge.line(&next, &paths).await.unwrap();
    assert_eq!((first.versions.len(), second.versions.len(), second.rest), (50, 11, None));
    assert_eq!((&first.versions[0].commit, &second.versions[0].commit), (&head, &next));
    assert_eq!(github.questions(), ["line", "line"]);
    for (answer, told) in [(502, "no answer"), (403, "`contents: read`")] {
        github.fail("POST", "/graphql", if answer == 502 { 3 } else { 1 }, answer);
        let unread = &first.versions[if answer == 502 { 1 } else { 2 }].commit;
        let error = forge.line(unread, &paths).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    contract::github(&github.log());
}

#[tokio::test]
async fn a_line_is_asked_about_eight_files_at_a_time() {
    let (github, forge) = start(Options::default());
    let paths: Vec<String> = (0..10).map(|n| format!("images/{n}.yml")).collect();
    for path in &paths {
        github.push_as("main", "octocat", &[(path, path)]);
    }
    let head = forge.head().await.unwrap().commit;
    github.clear_log();
    let line = forge.line(&head, &paths).await.unwrap();
    assert_eq!(github.questions(), ["line", "line"]);
    let held: Vec<usize> = line.versions.iter().map(|version| version.contents.iter().flatten().count()).collect();
    assert_eq!(held, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(line.rest, None);
    contract::github(&github.log());
}

#[tokio::test]
async fn many_files_are_read_by_one_question_and_what_that_cuts_by_itself() {
    let (github, forge) = start(Options::default());
    let large = "x".repeat(600_000);
    let mut places = Vec::new();
    for n in 0..30 {
        let text = if n == 7 { large.clone() } else { format!("{n}\n") };
        places.push((Commit(github.push_as("main", "octocat", &[(MANIFEST, &text)])), MANIFEST.to_owned()));
    }
    places.push((places[0].0.clone(), "absent.yml".to_owned()));
    github.clear_log();
    let texts = forge.read_all(&places).await.unwrap();
    assert_eq!(
        (texts[3].as_deref(), texts[7].as_ref(), texts[29].as_deref()),
        (Some("3\n"), Some(&large), Some("29\n"))
    );
    assert_eq!(texts[30], None);
    assert_eq!(github.questions(), ["files", "files"]);
    let alone = github.lines().iter().filter(|line| line.starts_with("GET ")).count();
    assert_eq!(alone, 2, "what is too large, and what is not there: {:?}", github.lines());
    contract::github(&github.log());
}

#[tokio::test]
async fn reviews_of_many_pull_requests_are_one_question() {
    let (github, forge) = start(Options { ghes: true, ..Options::default() });
    let forge: Arc<dyn Forge> = Arc::new(forge);
    let accounts = forge.accounts().unwrap();
    let mut numbers = BTreeSet::new();
    for n in 0..30 {
        let (branch, text) = (format!("topic-{n}"), format!("{n}\n"));
        github.commit_by(&branch, ("wharf[bot]", "web-flow"), "Approve", (MANIFEST, &text));
        let number = github.open_as("wharf[bot]", &branch, "t", "");
        github.review_as(number, "hubot", "APPROVED");
        numbers.insert(number);
    }
    let head = |number: u64| Some(github.pull(number).head_sha);
    github.review_as(3, "judge[bot]", "CHANGES_REQUESTED");
    github.clear_log();
    let known = accounts.reviewed(&numbers).await.unwrap();
    // How all branches moved is one page, and whose token this is.
    assert_eq!((github.lines().len(), github.questions()), (4, vec!["reviews", "reviews", "login"]));
    assert_eq!(known.len(), 30);
    let at = |nth: usize| known[&3].reviews[nth].at;
    assert!(at(0).is_some() && at(0) <= at(1));
    let review = |nth, login: &str, person, verdict| Review {
        login: login.to_owned(),
        person,
        verdict,
        commit: head(3),
        at: at(nth),
    };
    let (approved, asked) = (Verdict::Approved, Verdict::ChangesRequested);
    assert_eq!(known[&3].reviews, [review(0, "hubot", true, approved), review(1, "judge[bot]", false, asked)]);
    assert!(known.values().all(|pull| sources(&pull.authorship.commits) == [r#"Machine("wharf[bot]")"#]));
    assert_eq!(known[&3].reviews, accounts.reviews(3).await.unwrap(), "both ways of asking say the same");
    contract::github(&github.log());
}

/// Who stands behind commits.
fn sources<T: std::fmt::Debug>(commits: &[T]) -> Vec<String> {
    let source = |commit: &T| {
        let text = format!("{commit:?}");
        let (_, rest) = text.split_once("source: ").unwrap();
        rest.split_once(", replaced: ").unwrap().0.to_owned()
    };
    commits.iter().map(source).collect()
}

#[tokio::test]
async fn a_pull_request_of_more_than_a_hundred_reviews_or_commits_is_listed_by_itself() {
    let (github, forge) = start(Options::default());
    for n in 0..120 {
        let who = if n == 119 { "late" } else { "hubot" };
        github.commit_by("topic", (who, "web-flow"), "More", (MANIFEST, &format!("{n}\n")));
    }
    let number = github.open_as("hubot", "topic", "t", "");
    for n in 0..120 {
        github.review_as(number, "octocat", if n == 119 { "APPROVED" } else { "COMMENTED" });
    }
    github.clear_log();
    let known = forge.reviewed(&BTreeSet::from([number])).await.unwrap();
    assert_eq!(known[&number].reviews.last().unwrap().verdict, Verdict::Approved);
    let authored = &known[&number].authorship.commits;
    assert_eq!(authored.len(), 120);
    assert_eq!(sources(&authored[118..]), [r#"People({"hubot"})"#, r#"People({"late"})"#]);
    assert_eq!(github.lines().len(), 1 + 2 + 2 + 2, "{:#?}", github.lines());
    let gone = forge.reviewed(&BTreeSet::from([number + 1])).await.unwrap_err().to_string();
    assert!(gone.contains("Could not resolve to a PullRequest"), "{gone}");
    contract::github(&github.log());
}

#[tokio::test]
async fn whether_an_account_may_write_is_asked_once() {
    let (github, forge) = start(Options::default());
    github.clear_log();
    for login in ["hubot", "Hubot", "reader", "hubot", "reader"] {
        assert_eq!(forge.may_write(login).await.unwrap(), login != "reader");
    }
    assert_eq!(github.lines().len(), 2);
}

#[tokio::test]
async fn labels_reviewers_and_statuses() {
    let (github, forge) = start(Options { who: Who::App("mirror".to_owned()), ..Options::default() });
    let forge: Arc<dyn Forge> = Arc::new(forge);
    let accounts = forge.accounts().unwrap();
    let number = propose(&*forge, "two\n").await;
    assert_eq!(only(&*forge).await.author, "mirror[bot]");
    github.lose_answers("POST", "/labels", 1);
    accounts.label(number, &["approved-images".to_owned(), "bug".to_owned()]).await.unwrap();
    assert_eq!(only(&*forge).await.labels, ["approved-images", "bug"]);
    accounts.request_reviewer(number, "octocat").await.unwrap();
    assert!(invalid(accounts.request_reviewer(number, "stranger").await).contains("not a collaborator"));
    accounts.request_team(number, "platform").await.unwrap();
    assert!(accounts.request_team(number, "nobody").await.is_err());
    let pull = github.pull(number);
    assert_eq!((pull.reviewers, pull.teams), (vec!["octocat".to_owned()], vec!["platform".to_owned()]));

    let head = only(&*forge).await.head;
    assert_eq!(accounts.status(&head, "wharfinger").await.unwrap(), None);
    accounts.set_status(&head, "wharfinger", StatusState::Failure, &"é".repeat(200)).await.unwrap();
    accounts.set_status(&head, "other", StatusState::Error, "x").await.unwrap();
    let given = accounts.status(&head, "wharfinger").await.unwrap().unwrap();
    assert_eq!((given.0, given.1.chars().count()), (StatusState::Failure, 140));
    github.lose_answers("POST", "/statuses", 1);
    accounts.set_status(&head, "wharfinger", StatusState::Success, "fine").await.unwrap();
    assert_eq!(github.statuses().len(), 3, "the one whose answer was lost is there once");
    let parents = accounts.parents(&Commit(github.merge_commit(number).unwrap())).await.unwrap();
    assert_eq!(parents, [Commit(github.branch("main").unwrap()), head]);
    contract::github(&github.log());
}

#[tokio::test]
async fn the_jobs_own_token_cannot_ask_teams_and_is_told() {
    let (_github, forge) = start(Options::default());
    let number = propose(&forge, "two\n").await;
    let text = invalid(forge.request_team(number, "platform").await);
    assert!(
        text.starts_with("requesting a review of #1 from the team platform (the job's own token cannot request teams)"),
        "{text}"
    );
}

#[tokio::test]
async fn who_moved_a_branch_is_told_page_by_page_and_asked_once() {
    let (github, forge) = start(Options::default());
    for n in 0..103 {
        github.push_as("main", if n == 102 { "mona" } else { "octocat" }, &[("a", &format!("{n}\n"))]);
    }
    let ours = commit_on_branch(&forge, "two\n").await;
    github.clear_log();
    for _ in 0..2 {
        let Told::Movements(main) = forge.movements("main").await.unwrap() else { panic!("nothing is told") };
        assert_eq!((main.len(), main[0].kind), (100, MovementKind::Push));
        assert_eq!(main[0].actor, Some(Actor { login: "mona".to_owned(), person: true }));
        assert_eq!(main[0].before, main[1].after);
    }
    assert_eq!(github.lines().len(), 1, "{:?}", github.lines());
    let Told::Movements(own) = forge.movements(BRANCH).await.unwrap() else { panic!("nothing is told") };
    let last = own.last().unwrap();
    assert_eq!((last.kind, &last.before, &own[0].after), (MovementKind::Created, &None, &Some(ours)));
    assert!(forge.is_us(last.actor.as_ref().unwrap()).await.unwrap());
    assert!(!forge.is_us(&Actor { login: "mona".to_owned(), person: true }).await.unwrap());
    contract::github(&github.log());
}

#[tokio::test]
async fn an_activity_that_is_not_there_is_nothing_told_and_a_server_error_is_an_error() {
    let (github, forge) = start(Options { ghes: true, ..Options::default() });
    github.fail("GET", "/activity", 3, 502);
    assert!(matches!(forge.movements("main").await, Err(Error::Unreachable(_))));
    github.with(|state| state.silence.absent = true);
    let Told::Nothing(why) = forge.movements("main").await.unwrap() else { panic!("it is told") };
    insta::assert_snapshot!(why, @"the activity of acme/images cannot be read (Not Found, status 404): the token needs `contents: read`, and an Enterprise Server must be 3.17 or later");
    contract::github(&github.log());
}
