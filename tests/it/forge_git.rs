//! What is particular to a local clone: branches, the work tree, the origin.

use std::path::Path;

use wharfinger::internals::forge::git::GitForge;
use wharfinger::internals::forge::{Branches as _, Contents as _, Error, FileChange, Message, NewCommit};

use crate::support::git::git;

fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    git(directory.path(), &["init", "--quiet", "--initial-branch=main"]);
    std::fs::write(directory.path().join("m.yml"), "one\n").unwrap();
    std::fs::write(directory.path().join("other"), "other\n").unwrap();
    git(directory.path(), &["add", "--all"]);
    git(directory.path(), &["commit", "--quiet", "-m", "First"]);
    directory
}

fn message() -> Message {
    Message { headline: "Record".to_owned(), body: "Because.".to_owned() }
}

fn change(text: &str) -> NewCommit {
    let files = vec![FileChange { path: "m.yml".to_owned(), text: text.to_owned() }];
    NewCommit { message: message(), files }
}

async fn forge(directory: &Path) -> GitForge {
    GitForge::open(directory.to_path_buf()).await.unwrap()
}

#[tokio::test]
async fn the_work_tree_follows_a_record_and_stays_clean() {
    let directory = repository();
    let forge = forge(directory.path()).await;
    std::fs::write(directory.path().join("other"), "a person is at work here\n").unwrap();
    let head = forge.head().await.unwrap();
    forge.append("main", &head.commit, &change("two\n")).await.unwrap();
    assert_eq!(std::fs::read_to_string(directory.path().join("m.yml")).unwrap(), "two\n");
    assert_eq!(git(directory.path(), &["status", "--porcelain"]), " M other");
}

#[tokio::test]
async fn a_persons_uncommitted_change_of_the_manifest_is_not_overwritten() {
    let directory = repository();
    let forge = forge(directory.path()).await;
    std::fs::write(directory.path().join("m.yml"), "a person is at work here\n").unwrap();
    let head = forge.head().await.unwrap();
    let refused = forge.append("main", &head.commit, &change("two\n")).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused { detail, .. } if detail.contains("commit or stash")), "{refused}");
    assert_eq!(forge.head().await.unwrap(), head);
    assert_eq!(std::fs::read_to_string(directory.path().join("m.yml")).unwrap(), "a person is at work here\n");
}

#[tokio::test]
async fn proposing_leaves_work_tree_index_and_head_alone() {
    let directory = repository();
    let forge = forge(directory.path()).await;
    std::fs::write(directory.path().join("m.yml"), "staged\n").unwrap();
    git(directory.path(), &["add", "m.yml"]);
    let base = forge.head().await.unwrap().commit;
    forge.rewrite("wharfinger/image/a/latest", None, &base, &change("two\n")).await.unwrap();
    assert_eq!(git(directory.path(), &["status", "--porcelain"]), "M  m.yml");
    assert_eq!(git(directory.path(), &["symbolic-ref", "--short", "HEAD"]), "main");
    let stat = git(directory.path(), &["diff", "--stat", "main", "wharfinger/image/a/latest"]);
    assert!(stat.contains("m.yml") && !stat.contains("other"), "{stat}");
}

#[tokio::test]
async fn a_branch_that_somebody_has_checked_out_is_left() {
    let directory = repository();
    let forge = forge(directory.path()).await;
    let base = forge.head().await.unwrap().commit;
    let branch = "wharfinger/image/a/latest";
    let head = forge.rewrite(branch, None, &base, &change("two\n")).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    git(directory.path(), &["worktree", "add", "--quiet", elsewhere.path().to_str().unwrap(), branch]);
    let refused = forge.rewrite(branch, Some(&head), &base, &change("three\n")).await.unwrap_err();
    assert!(refused.to_string().contains("checked out"), "{refused}");
}

#[tokio::test]
async fn the_branch_that_origin_names_is_the_default_one_and_the_record_is_pushed() {
    let origin = repository();
    git(origin.path(), &["config", "receive.denyCurrentBranch", "ignore"]);
    let parent = tempfile::tempdir().unwrap();
    let clone = parent.path().join("clone");
    git(parent.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "clone"]);
    git(&clone, &["switch", "--quiet", "--create", "feature"]);
    let forge = forge(&clone).await;
    let head = forge.head().await.unwrap();
    assert_eq!(head.branch, "main");
    let commit = forge.append("main", &head.commit, &change("two\n")).await.unwrap();
    assert_eq!(git(origin.path(), &["rev-parse", "main"]), commit.0);
    assert_eq!(std::fs::read_to_string(clone.join("m.yml")).unwrap(), "one\n", "another branch is checked out");
}

#[tokio::test]
async fn a_push_that_is_refused_says_that_the_commit_is_local() {
    let origin = repository();
    let parent = tempfile::tempdir().unwrap();
    let clone = parent.path().join("clone");
    git(parent.path(), &["clone", "--quiet", origin.path().to_str().unwrap(), "clone"]);
    git(origin.path(), &["commit", "--quiet", "--allow-empty", "-m", "Meanwhile"]);
    let forge = forge(&clone).await;
    let head = forge.head().await.unwrap();
    let refused = forge.append("main", &head.commit, &change("two\n")).await.unwrap_err();
    assert!(refused.to_string().contains("git pull --rebase"), "{refused}");
    assert_ne!(forge.head().await.unwrap(), head);
}

#[tokio::test]
async fn paths_are_relative_to_the_directory_it_was_opened_in() {
    let directory = repository();
    let below = directory.path().join("images");
    std::fs::create_dir(&below).unwrap();
    std::fs::write(below.join("a.yml"), "a\n").unwrap();
    git(directory.path(), &["add", "--all"]);
    git(directory.path(), &["commit", "--quiet", "-m", "Below"]);
    let forge = forge(&below).await;
    let head = forge.head().await.unwrap().commit;
    assert_eq!(forge.read(&head, "a.yml").await.unwrap().as_deref(), Some("a\n"));
    assert_eq!(forge.list(&head, "").await.unwrap(), ["a.yml"]);
}

#[tokio::test]
async fn what_cannot_be_a_forge_says_why() {
    let nowhere = tempfile::tempdir().unwrap();
    let error = GitForge::open(nowhere.path().to_path_buf()).await.unwrap_err();
    assert!(error.to_string().contains("git init"), "{error}");

    let empty = tempfile::tempdir().unwrap();
    git(empty.path(), &["init", "--quiet", "--initial-branch=main"]);
    let error = forge(empty.path()).await.head().await.unwrap_err();
    assert!(error.to_string().contains("no local branch main"), "{error}");

    let detached = repository();
    git(detached.path(), &["switch", "--quiet", "--detach"]);
    let error = forge(detached.path()).await.head().await.unwrap_err();
    assert!(error.to_string().contains("detached"), "{error}");

    let on_proposal = repository();
    let forge = forge(on_proposal.path()).await;
    let base = forge.head().await.unwrap().commit;
    forge.rewrite("wharfinger/image/a/latest", None, &base, &change("two\n")).await.unwrap();
    git(on_proposal.path(), &["switch", "--quiet", "wharfinger/image/a/latest"]);
    assert_eq!(forge.head().await.unwrap().branch, "main", "found out once a run");
    let error = GitForge::open(on_proposal.path().to_path_buf()).await.unwrap().head().await.unwrap_err();
    assert!(error.to_string().contains("is a proposal"), "{error}");
}
