//! What is specific to a local clone: branches, the work tree, the origin.

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
async fn a_file_keeps_its_mode_and_directories_are_made() {
    let directory = repository();
    git(directory.path(), &["update-index", "--chmod=+x", "m.yml"]);
    git(directory.path(), &["commit", "--quiet", "-m", "Executable"]);
    let forge = forge(directory.path()).await;
    let base = forge.head().await.unwrap().commit;
    let file = |path: &str| FileChange { path: path.to_owned(), text: format!("{path}\n") };
    let commit =
        |paths: &[&str]| NewCommit { message: message(), files: paths.iter().map(|path| file(path)).collect() };
    let branch = "wharfinger/image/a/latest";
    let paths = ["m.yml", "images/below/a.yml", "images/b.yml"];
    let first = forge.rewrite(branch, None, &base, &commit(&paths)).await.unwrap();
    let second = forge.rewrite(branch, Some(&first), &first, &commit(&["images/below/c.yml"])).await.unwrap();
    let listed = git(directory.path(), &["ls-tree", "-r", "--format=%(objectmode) %(path)", &second.0]);
    let expected =
        "100644 images/b.yml\n100644 images/below/a.yml\n100644 images/below/c.yml\n100755 m.yml\n100644 other";
    assert_eq!(listed, expected);
    assert_eq!(forge.read(&second, "m.yml").await.unwrap().as_deref(), Some("m.yml\n"));
    assert_eq!(git(directory.path(), &["fsck", "--strict", "--no-dangling"]), "");
    for odd in ["images", "m.yml/x", "../m.yml", ".git/config", "images//d.yml"] {
        let refused = forge.rewrite(branch, Some(&second), &second, &commit(&[odd])).await.unwrap_err();
        assert!(matches!(refused, Error::Unusable(_)), "{odd}: {refused}");
    }
}

#[tokio::test]
async fn commits_are_what_git_itself_would_make_of_them() {
    for format in ["sha1", "sha256"] {
        let directory = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| git(directory.path(), args);
        run(&["init", "--quiet", "--initial-branch=main", &format!("--object-format={format}")]);
        run(&["config", "user.name", "Zoë O. Person"]);
        run(&["config", "user.email", "zoe@example.org"]);
        // Git orders directories as if they ended in a slash.
        for path in ["a/x", "a-b", "a.b", "a0", "m.yml"] {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "one\n").unwrap();
        }
        run(&["add", "--all"]);
        run(&["commit", "--quiet", "-m", "First"]);
        let forge = forge(directory.path()).await;
        let base = forge.head().await.unwrap().commit;
        let large = "a line of the manifest\n".repeat(10_000);
        let file = |path: &str, text: &str| FileChange { path: path.to_owned(), text: text.to_owned() };
        let files = vec![file("m.yml", &large), file("a/b/c", ""), file("a/x", "two\n"), file("a+", "three\n")];
        let commit = forge.append("main", &base, &NewCommit { message: message(), files }).await.unwrap();
        assert_eq!(run(&["fsck", "--strict", "--no-dangling"]), "", "{format}");
        assert_eq!(run(&["status", "--porcelain"]), "", "the work tree follows, and the index agrees");
        let shown = run(&["log", "-1", "--format=%an <%ae> %cn <%ce> %P%n%B", "main"]);
        let who = "Zoë O. Person <zoe@example.org>";
        assert_eq!(shown, format!("{who} {who} {base}\nRecord\n\nBecause."));
        assert_eq!(forge.read(&commit, "m.yml").await.unwrap(), Some(large));
        // Git writes the same from its index, and its clock is ours.
        assert_eq!(run(&["write-tree"]), run(&["rev-parse", "main^{tree}"]));
        let dates = run(&["log", "-1", "--format=%ad|%cd", "--date=raw", "main"]);
        let (date, committed) = dates.split_once('|').unwrap();
        assert_eq!(date, committed);
        let again = ["-c", "user.name=Zoë O. Person", "-c", "user.email=zoe@example.org"];
        let dated = std::process::Command::new("git")
            .arg("-C")
            .arg(directory.path())
            .args(again)
            .args(["commit-tree", "main^{tree}", "-p", &base.0, "-m", "Record\n\nBecause."])
            .env("GIT_AUTHOR_DATE", date)
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&dated.stdout).trim(), commit.0, "{format}");
    }
}

#[tokio::test]
async fn a_work_tree_that_was_switched_meanwhile_is_left() {
    let directory = repository();
    let forge = forge(directory.path()).await;
    let head = forge.head().await.unwrap();
    git(directory.path(), &["switch", "--quiet", "--create", "feature"]);
    let first = forge.append("main", &head.commit, &change("two\n")).await.unwrap();
    assert_eq!(std::fs::read_to_string(directory.path().join("m.yml")).unwrap(), "one\n");
    assert_eq!(git(directory.path(), &["status", "--porcelain"]), "");
    let elsewhere = tempfile::tempdir().unwrap();
    git(directory.path(), &["worktree", "add", "--quiet", elsewhere.path().to_str().unwrap(), "main"]);
    forge.append("main", &first, &change("three\n")).await.unwrap();
    assert_eq!(std::fs::read_to_string(elsewhere.path().join("m.yml")).unwrap(), "three\n", "that one follows");
    assert_eq!(git(elsewhere.path(), &["status", "--porcelain"]), "");
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

    // Where two branches could be the default one and neither is checked out, it is not guessed.
    let detached = repository();
    git(detached.path(), &["branch", "master"]);
    git(detached.path(), &["switch", "--quiet", "--detach"]);
    let error = forge(detached.path()).await.head().await.unwrap_err();
    assert!(error.to_string().contains("git config init.defaultBranch"), "{error}");

    let on_proposal = repository();
    git(on_proposal.path(), &["branch", "--move", "main", "trunk"]);
    let forge = forge(on_proposal.path()).await;
    let base = forge.head().await.unwrap().commit;
    forge.rewrite("wharfinger/image/a/latest", None, &base, &change("two\n")).await.unwrap();
    git(on_proposal.path(), &["switch", "--quiet", "wharfinger/image/a/latest"]);
    assert_eq!(forge.head().await.unwrap().branch, "trunk", "found out once a run");
    let anew = GitForge::open(on_proposal.path().to_path_buf()).await.unwrap();
    assert_eq!(anew.head().await.unwrap().branch, "trunk", "a proposal is no default branch");
}

/// A program that leaves a file of its name behind, and passes on what it is given.
fn trap(directory: &Path, name: &str) -> String {
    let program = directory.join(name);
    let text = format!("#!/bin/sh\ntouch '{}'\ncat\n", directory.join(format!("{name}-ran")).display());
    std::fs::write(&program, text).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    program.display().to_string()
}

fn sprung(directory: &Path) -> Vec<String> {
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut ran: Vec<String> = names.filter(|name| name.ends_with("-ran")).collect();
    ran.sort();
    ran
}

/// A clone whose configuration, hooks and attributes somebody else wrote, its origin a directory with hooks; and where the
/// traps tell that they were run.
fn prepared() -> (tempfile::TempDir, std::path::PathBuf, tempfile::TempDir) {
    let (traps, parent) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (origin, clone) = (parent.path().join("origin"), parent.path().join("clone"));
    std::fs::create_dir(&origin).unwrap();
    git(&origin, &["init", "--quiet", "--bare", "--initial-branch=main"]);
    let first = repository();
    git(first.path(), &["push", "--quiet", origin.to_str().unwrap(), "main"]);
    git(parent.path(), &["clone", "--quiet", origin.to_str().unwrap(), "clone"]);
    for (repository, hooks) in [
        (clone.join(".git"), &["reference-transaction", "post-index-change", "post-checkout", "pre-push"][..]),
        (origin, &["pre-receive", "update", "post-receive"][..]),
    ] {
        for hook in hooks {
            let program = trap(traps.path(), hook);
            std::fs::create_dir_all(repository.join("hooks")).unwrap();
            std::fs::copy(program, repository.join("hooks").join(hook)).unwrap();
        }
    }
    std::fs::write(clone.join(".git/info/attributes"), "* filter=evil diff=evil\n").unwrap();
    for key in [
        "core.fsmonitor",
        "core.askPass",
        "core.pager",
        "core.editor",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.clean",
        "filter.evil.smudge",
        "gpg.program",
        "core.alternateRefsCommand",
    ] {
        git(&clone, &["config", key, &trap(traps.path(), key)]);
    }
    for key in ["filter.evil.required", "commit.gpgSign", "log.showSignature", "push.gpgSign"] {
        git(&clone, &["config", key, "true"]);
    }
    (traps, clone, parent)
}

#[tokio::test]
async fn in_a_checkout_that_somebody_else_prepared_no_program_of_theirs_is_run() {
    let (traps, clone, parent) = prepared();
    let forge = forge(&clone).await;
    let head = forge.head().await.unwrap();
    assert_eq!(forge.read(&head.commit, "m.yml").await.unwrap().as_deref(), Some("one\n"));
    forge.rewrite("wharfinger/image/a/latest", None, &head.commit, &change("three\n")).await.unwrap();
    let commit = forge.append("main", &head.commit, &change("two\n")).await.unwrap();
    assert_eq!(std::fs::read_to_string(clone.join("m.yml")).unwrap(), "two\n", "the work tree follows");
    assert_eq!(git(&parent.path().join("origin"), &["rev-parse", "main"]), commit.0, "it is pushed");
    assert_eq!(sprung(traps.path()), Vec::<String>::new());

    // The traps are real: git as a person runs it there springs them.
    std::fs::write(clone.join("other"), "changed\n").unwrap();
    git(&clone, &["-c", "commit.gpgSign=false", "commit", "--quiet", "--all", "-m", "By hand"]);
    git(&clone, &["-c", "push.gpgSign=false", "push", "--quiet", "origin", "main"]);
    let ran = sprung(traps.path());
    for name in ["core.fsmonitor", "filter.evil.clean", "reference-transaction", "post-index-change", "pre-receive"] {
        assert!(ran.contains(&format!("{name}-ran")), "{name}: {ran:?}");
    }
}

#[tokio::test]
async fn nothing_is_pushed_by_a_program_that_the_repository_names() {
    for key in ["core.sshCommand", "credential.helper", "credential.https://example.org.helper", "remote.origin.vcs"] {
        let (traps, clone, parent) = prepared();
        git(&clone, &["config", key, &trap(traps.path(), "transport")]);
        let forge = forge(&clone).await;
        let head = forge.head().await.unwrap();
        let refused = forge.append("main", &head.commit, &change("two\n")).await.unwrap_err().to_string();
        assert!(refused.contains(&key.to_lowercase()) && refused.contains("`git push`"), "{refused}");
        assert_eq!(git(&parent.path().join("origin"), &["rev-parse", "main"]), head.commit.0);
        assert_ne!(forge.head().await.unwrap(), head, "the commit is on the local branch");
        assert_eq!(sprung(traps.path()), Vec::<String>::new());
    }
    let (traps, clone, _parent) = prepared();
    git(&clone, &["remote", "set-url", "origin", &format!("ext::{}", trap(traps.path(), "ext"))]);
    git(&clone, &["config", "protocol.ext.allow", "always"]);
    let forge = forge(&clone).await;
    let head = forge.head().await.unwrap();
    forge.append("main", &head.commit, &change("two\n")).await.unwrap_err();
    assert_eq!(sprung(traps.path()), Vec::<String>::new());
}

/// Takes an object out of a clone that has it loose.
fn lose(directory: &Path, object: &str) {
    let id = git(directory, &["rev-parse", object]);
    std::fs::remove_file(directory.join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
}

#[tokio::test]
async fn what_a_clone_lacks_is_not_taken_for_what_the_commit_lacks() {
    for lost in ["HEAD^{tree}", "HEAD:m.yml"] {
        let directory = repository();
        let commit = forge(directory.path()).await.head().await.unwrap().commit;
        lose(directory.path(), lost);
        let forge = forge(directory.path()).await;
        let error = forge.read(&commit, "m.yml").await.unwrap_err().to_string();
        assert!(error.contains("is not in this partial clone"), "{lost}: {error}");
    }
    let directory = repository();
    let head = forge(directory.path()).await.head().await.unwrap().commit;
    assert_eq!(forge(directory.path()).await.read(&head, "none/at/all").await.unwrap(), None);
    lose(directory.path(), "HEAD^{tree}");
    let error = forge(directory.path()).await.append("main", &head, &change("two\n")).await.unwrap_err().to_string();
    assert!(error.contains("is not in this partial clone"), "{error}");
    assert_eq!(git(directory.path(), &["rev-parse", "main"]), head.to_string(), "nothing is written");
}
