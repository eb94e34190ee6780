//! The GitHub stand-in behaves as GitHub does where the program depends on it.

use serde_json::{Value, json};

use crate::support::github::{Access, Options, Permissions, TestGitHub, Who};
use crate::support::http::client;

/// Asks the stand-in as itself: status and JSON.
async fn ask(github: &TestGitHub, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/repos/{}{path}", github.api(), github.repository());
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = client().request(method, url).bearer_auth(github.token());
    let request = if body.is_null() { request } else { request.body(body.to_string()) };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
}

async fn open(github: &TestGitHub, branch: &str) -> (u16, Value) {
    ask(github, "POST", "/pulls", json!({ "title": "t", "head": branch, "base": "main", "body": "b" })).await
}

#[tokio::test]
async fn a_pull_request_whose_branch_is_reset_to_its_base_closes_for_good() {
    let github = TestGitHub::start(Options::default());
    let base = github.branch("main").unwrap();
    github.push_as("topic", "hubot", &[("a", "1\n")]);
    assert_eq!(open(&github, "topic").await.0, 201);
    let (status, refusal) = open(&github, "topic").await;
    assert_eq!(status, 422);
    assert_eq!(refusal["errors"][0]["message"], "A pull request already exists for acme:topic.");

    let moved = ask(&github, "PATCH", "/git/refs/heads/topic", json!({ "sha": base, "force": false })).await;
    assert_eq!(moved.1["message"], "Update is not a fast forward");
    ask(&github, "PATCH", "/git/refs/heads/topic", json!({ "sha": base, "force": true })).await;
    assert!(!github.pull(1).open);
    github.push_as("topic", "hubot", &[("a", "2\n")]);
    assert_eq!(ask(&github, "PATCH", "/pulls/1", json!({ "state": "open" })).await.0, 422);
}

#[tokio::test]
async fn deleting_a_branch_closes_its_pull_request_and_a_merge_keeps_real_history() {
    let github = TestGitHub::start(Options::default());
    github.push_as("one", "hubot", &[("a", "1\n")]);
    github.push_as("two", "hubot", &[("b", "1\n")]);
    open(&github, "one").await;
    open(&github, "two").await;
    assert_eq!(ask(&github, "DELETE", "/git/refs/heads/one", Value::Null).await.0, 204);
    assert_eq!(github.open_pulls(), [2]);
    assert_eq!(github.read(&github.merge_commit(2).unwrap(), "b").as_deref(), Some("1\n"));

    let merge = github.merge(2);
    assert_eq!(github.branch("main").unwrap(), merge);
    assert_eq!(github.read("main", "b").as_deref(), Some("1\n"));
    let (_, pulls) = ask(&github, "GET", &format!("/commits/{merge}/pulls"), Value::Null).await;
    assert_eq!(pulls[0]["number"], 2);
    assert!(pulls[0]["merged_at"].is_string());
}

#[tokio::test]
async fn listings_are_paged_and_filtered_by_head_with_its_owner() {
    let github = TestGitHub::start(Options::default());
    for n in 0..5 {
        let branch = format!("b{n}");
        github.push_as(&branch, "hubot", &[("a", &format!("{n}\n"))]);
        open(&github, &branch).await;
    }
    github.fork_pull("mallory", "b1", &[("a", "x\n")], "forged", "");
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|p| p["number"].as_u64().unwrap()).collect::<Vec<_>>();
    let (_, page) = ask(&github, "GET", "/pulls?per_page=4", Value::Null).await;
    assert_eq!(numbers(&page), [6, 5, 4, 3]);
    let (_, page) = ask(&github, "GET", "/pulls?per_page=4&page=2", Value::Null).await;
    assert_eq!(numbers(&page), [2, 1]);
    let (_, ours) = ask(&github, "GET", "/pulls?head=acme:b1", Value::Null).await;
    assert_eq!(numbers(&ours), [2]);
    let (_, unfiltered) = ask(&github, "GET", "/pulls?head=b1", Value::Null).await;
    assert_eq!(numbers(&unfiltered).len(), 6, "a head without its owner filters nothing");
    let links: Vec<bool> = github.log().iter().map(|e| e.response_header("link").is_some()).skip(5).collect();
    assert_eq!(links, [true, false, false, false]);
}

#[tokio::test]
async fn tokens_are_refused_what_they_may_not() {
    let github = TestGitHub::start(Options { actions_may_open: false, ..Options::default() });
    github.push_as("topic", "hubot", &[("a", "1\n")]);
    let (status, refusal) = open(&github, "topic").await;
    assert_eq!(status, 403);
    assert_eq!(refusal["message"], "GitHub Actions is not permitted to create or approve pull requests.");

    let may = Permissions { contents: Access::Read, ..Permissions::all(Access::Read) };
    for (who, expected) in [(Who::App("mirror".to_owned()), 403), (Who::User("reader".to_owned()), 404)] {
        let github = TestGitHub::start(Options { who, may: may.clone(), ..Options::default() });
        github.push_as("topic", "hubot", &[("a", "1\n")]);
        assert_eq!(open(&github, "topic").await.0, expected);
        assert_eq!(ask(&github, "GET", "/pulls", Value::Null).await.0, 200);
    }
}

/// The movements of a branch as the stand-in tells them, newest first: kind, actor and whether it connects with the next.
async fn told(github: &TestGitHub, query: &str) -> Vec<String> {
    let (status, rows) = ask(github, "GET", &format!("/activity?per_page=100{query}"), Value::Null).await;
    assert_eq!(status, 200, "{rows}");
    let row = |row: &Value| {
        let branch = row["ref"].as_str().unwrap().trim_start_matches("refs/heads/").to_owned();
        format!("{branch} {} {}", row["activity_type"].as_str().unwrap(), row["actor"]["login"].as_str().unwrap_or("-"))
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn the_activity_tells_who_moved_branches_whatever_commits_name() {
    let github = TestGitHub::start(Options::default());
    github.commit_by("topic", ("mona", "mallory"), "In mona's name", ("a", "1\n"));
    let number = github.open_as("hubot", "topic", "A topic", "");
    github.push_as("main", "octocat", &[("b", "1\n")]);
    github.update_branch_as(number, "mona", false);
    assert_eq!(github.read("topic", "b").as_deref(), Some("1\n"));
    github.update_branch_as(number, "mona", true);
    let merge = github.merge(number);
    github.delete_branch_as("topic", "octocat");
    let topic = ["branch_deletion octocat", "force_push mona", "push mona", "branch_creation mallory"];
    assert_eq!(told(&github, "&ref=refs/heads/topic").await, topic.map(|row| format!("topic {row}")));
    assert_eq!(told(&github, "&ref=topic&activity_type=push").await, ["topic push mona"]);
    let main = ["pr_merge octocat", "push octocat", "branch_creation octocat"].map(|row| format!("main {row}"));
    assert_eq!(told(&github, "&ref=main").await, main);
    let (_, rows) = ask(&github, "GET", "/activity?ref=main&per_page=1", Value::Null).await;
    assert_eq!((&rows[0]["after"], rows.as_array().unwrap().len()), (&json!(merge), 1));
    assert_eq!(told(&github, "").await.len(), 7, "all branches together");

    github.with(|state| state.silence.of_deleted = true);
    assert_eq!(told(&github, "&ref=topic").await, Vec::<String>::new());
    github.with(|state| state.silence.late = 1);
    assert_eq!(told(&github, "").await.len(), 6);
    github.with(|state| state.activity.iter_mut().for_each(|row| row.actor = None));
    assert_eq!(told(&github, "&ref=main&activity_type=push").await, ["main push -"]);
    github.with(|state| state.silence.absent = true);
    assert_eq!(ask(&github, "GET", "/activity", Value::Null).await.0, 404);
    crate::support::contract::github(&github.log());
}

#[tokio::test]
async fn a_squash_bears_the_openers_name_and_githubs_signature_whoever_pressed() {
    let signed = |commit: &Value| commit["commit"]["verification"]["verified"].clone();
    let github = TestGitHub::start(Options::default());
    for (n, file) in ["a", "b", "c"].into_iter().enumerate() {
        github.push_as(file, "mallory", &[(file, "1\n")]);
        let number = github.open_as("hubot", file, "A topic", "");
        let sha = match n {
            0 => github.squash(number),
            1 => github.rebase(number),
            _ => github.merge(number),
        };
        let (_, commit) = ask(&github, "GET", &format!("/commits/{sha}"), Value::Null).await;
        let said = [&commit["author"]["login"], &commit["committer"]["login"], &signed(&commit)];
        let expected = [json!("hubot"), json!("web-flow"), json!(true)];
        let expected = match n {
            0 => expected,
            1 => [json!("mallory"), json!("octocat"), json!(false)],
            _ => [json!("octocat"), json!("web-flow"), json!(true)],
        };
        assert_eq!(said.map(Clone::clone), expected, "{file}");
        let (_, pull) = ask(&github, "GET", &format!("/pulls/{number}"), Value::Null).await;
        assert_eq!(pull["merge_commit_sha"], json!(sha));
    }
    crate::support::contract::github(&github.log());
}

#[tokio::test]
async fn forks_have_an_activity_of_their_own() {
    let github = TestGitHub::start(Options::default());
    github.fork_pull("mallory", "topic", &[("a", "1\n")], "Mine", "");
    let url = format!("{}/repos/mallory/images/activity?ref=topic", github.api());
    let answer = client().get(url).bearer_auth(github.token()).send().await.unwrap();
    let rows: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((&rows[0]["actor"]["login"], &rows[0]["activity_type"]), (&json!("mallory"), &json!("branch_creation")));
    assert_eq!(told(&github, "&ref=topic").await, Vec::<String>::new());
}
