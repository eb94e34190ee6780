//! One contract for both forges: what their users rely on, whichever it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wharfinger::internals::forge::git::GitForge;
use wharfinger::internals::forge::{Account, Commit, Error, FileChange, Forge, Message, NewCommit, Version, Written};
use wharfinger::internals::image::Digest;
use wharfinger::internals::proposal::metadata::{self, Metadata, ObjectId};

use crate::github::client_of;
use crate::support::git::git;
use crate::support::github::{Options, TestGitHub};

const BRANCH: &str = "wharfinger/image/loki/latest";
const MANIFEST: &str = "approved-images.yml";

/// A forge under test, and what a person can do to it beside the program.
struct Fixture {
    forge: Arc<dyn Forge>,
    person: Box<dyn Person>,
}

/// What people do on a forge.
trait Person {
    fn merge(&self, branch: &str);
    fn close(&self, branch: &str);
    fn commit(&self, branch: &str, path: &str, text: &str);
}

struct GitPerson(PathBuf);

impl Person for GitPerson {
    fn merge(&self, branch: &str) {
        git(&self.0, &["merge", "--no-ff", "--quiet", "-m", "Merge", branch]);
    }

    fn close(&self, branch: &str) {
        git(&self.0, &["branch", "-D", branch]);
    }

    fn commit(&self, branch: &str, path: &str, text: &str) {
        git(&self.0, &["switch", "--quiet", branch]);
        std::fs::write(self.0.join(path), text).unwrap();
        git(&self.0, &["add", "--all"]);
        git(&self.0, &["commit", "--quiet", "-m", "By hand"]);
        git(&self.0, &["switch", "--quiet", "main"]);
    }
}

/// People on GitHub close pull requests and leave the branches.
struct GitHubPerson(Arc<TestGitHub>);

impl GitHubPerson {
    fn pull(&self, branch: &str) -> u64 {
        self.0.pulls().iter().find(|p| p.open && p.head == branch).unwrap().number
    }
}

impl Person for GitHubPerson {
    fn merge(&self, branch: &str) {
        self.0.merge(self.pull(branch));
    }

    fn close(&self, branch: &str) {
        self.0.close_as(self.pull(branch), "octocat");
    }

    fn commit(&self, branch: &str, path: &str, text: &str) {
        self.0.push_as(branch, "hubot", &[(path, text)]);
    }
}

fn clone_in(directory: &Path) {
    git(directory, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::create_dir(directory.join("images")).unwrap();
    for (path, text) in [(MANIFEST, "one\n"), ("images/a.yml", "a\n"), ("images/b.yml", "b\n")] {
        std::fs::write(directory.join(path), text).unwrap();
    }
    git(directory, &["add", "--all"]);
    git(directory, &["commit", "--quiet", "-m", "First"]);
}

/// Runs `test` on every forge there is.
async fn on_every_forge<F: AsyncFn(Fixture)>(test: F) {
    let directory = tempfile::tempdir().unwrap();
    clone_in(directory.path());
    let forge = Arc::new(GitForge::open(directory.path().to_path_buf()).await.unwrap());
    test(Fixture { forge, person: Box::new(GitPerson(directory.path().to_path_buf())) }).await;

    let files = [(MANIFEST, "one\n"), ("images/a.yml", "a\n"), ("images/b.yml", "b\n")];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).to_vec();
    let github = Arc::new(TestGitHub::start(Options { files, ..Options::default() }));
    let forge = Arc::new(client_of(&github, github.token()));
    test(Fixture { forge, person: Box::new(GitHubPerson(Arc::clone(&github))) }).await;
    crate::support::contract::github(&github.log());
}

fn message(headline: &str) -> Message {
    Message { headline: headline.to_owned(), body: String::new() }
}

fn change(headline: &str, text: &str) -> NewCommit {
    let files = vec![FileChange { path: MANIFEST.to_owned(), text: text.to_owned() }];
    NewCommit { message: message(headline), files }
}

/// Proposes `text` as the program does: commit, then open.
async fn propose(forge: &dyn Forge, text: &str) -> Commit {
    let base = forge.head().await.unwrap().commit;
    let commit = forge.rewrite(BRANCH, None, &base, &change("Approve loki 3.1.0", text)).await.unwrap();
    let metadata = Metadata {
        manifest: None,
        head: ObjectId::try_from(commit.0.clone()).ok(),
        context: Digest::sha256(text.as_bytes()),
        entries: Vec::new(),
        kept: Vec::new(),
    };
    let body = format!("What merging lets in.\n\n{}", metadata::write(&metadata));
    forge.open(BRANCH, "Approve loki 3.1.0", &body).await.unwrap();
    commit
}

async fn main_text(forge: &dyn Forge) -> String {
    let head = forge.head().await.unwrap().commit;
    forge.read(&head, MANIFEST).await.unwrap().unwrap()
}

#[tokio::test]
async fn reads_files_and_lists_directories_at_a_commit() {
    on_every_forge(async |f: Fixture| {
        let head = f.forge.head().await.unwrap();
        assert_eq!(head.branch, "main");
        assert_eq!(f.forge.read(&head.commit, MANIFEST).await.unwrap().as_deref(), Some("one\n"));
        assert_eq!(f.forge.read(&head.commit, "absent.yml").await.unwrap(), None);
        assert_eq!(f.forge.read(&head.commit, "images").await.unwrap(), None, "a directory is no file");
        assert_eq!(f.forge.list(&head.commit, "images").await.unwrap(), ["images/a.yml", "images/b.yml"]);
        assert_eq!(f.forge.list(&head.commit, "").await.unwrap(), [MANIFEST], "directories are not files");
        assert!(f.forge.list(&head.commit, "absent").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_proposal_is_listed_as_it_was_opened_and_the_default_branch_stays() {
    on_every_forge(async |f: Fixture| {
        propose(&*f.forge, "one\ntwo\n").await;
        let open = f.forge.proposals("wharfinger/").await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].branch, BRANCH);
        assert_eq!(open[0].title, "Approve loki 3.1.0");
        assert!(open[0].body.starts_with("What merging lets in."), "{}", open[0].body);
        assert!(!open[0].touched);
        assert_eq!(f.forge.read(&open[0].head, MANIFEST).await.unwrap().as_deref(), Some("one\ntwo\n"));
        assert_eq!(main_text(&*f.forge).await, "one\n");
        assert!(f.forge.proposals("other/").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_proposal_moves_only_off_the_commit_that_was_seen() {
    on_every_forge(async |f: Fixture| {
        let first = propose(&*f.forge, "one\ntwo\n").await;
        let seen = f.forge.proposals("wharfinger/").await.unwrap().remove(0);
        let base = f.forge.head().await.unwrap().commit;
        let second = f.forge.rewrite(BRANCH, Some(&seen.head), &base, &change("Newer", "one\nthree\n")).await.unwrap();
        assert_eq!(f.forge.read(&second, MANIFEST).await.unwrap().as_deref(), Some("one\nthree\n"));
        for stale in [Some(&first), None] {
            let again = f.forge.rewrite(BRANCH, stale, &base, &change("Lost", "lost\n")).await;
            assert!(matches!(again, Err(Error::Moved { .. })), "{again:?}");
        }
        let open = f.forge.proposals("wharfinger/").await.unwrap();
        assert_eq!(f.forge.read(&open[0].head, MANIFEST).await.unwrap().as_deref(), Some("one\nthree\n"));
    })
    .await;
}

#[tokio::test]
async fn editing_changes_title_and_body_only() {
    on_every_forge(async |f: Fixture| {
        propose(&*f.forge, "one\ntwo\n").await;
        let open = f.forge.proposals("wharfinger/").await.unwrap().remove(0);
        f.forge.edit(&open, "Another title", "Another body").await.unwrap();
        let after = f.forge.proposals("wharfinger/").await.unwrap().remove(0);
        assert_eq!((after.title.as_str(), after.body.as_str()), ("Another title", "Another body"));
        assert_eq!(f.forge.read(&after.head, MANIFEST).await.unwrap().as_deref(), Some("one\ntwo\n"));
    })
    .await;
}

#[tokio::test]
async fn a_persons_commit_on_the_branch_is_seen() {
    on_every_forge(async |f: Fixture| {
        propose(&*f.forge, "one\ntwo\n").await;
        f.person.commit(BRANCH, MANIFEST, "one\ntwo by hand\n");
        let open = f.forge.proposals("wharfinger/").await.unwrap();
        assert!(open[0].touched);
        assert_eq!(f.forge.read(&open[0].head, MANIFEST).await.unwrap().as_deref(), Some("one\ntwo by hand\n"));
    })
    .await;
}

#[tokio::test]
async fn a_merged_proposal_is_gone_and_its_branch_is_free_again() {
    on_every_forge(async |f: Fixture| {
        propose(&*f.forge, "one\ntwo\n").await;
        f.person.merge(BRANCH);
        f.forge.sweep("wharfinger/", None).await.unwrap();
        assert!(f.forge.proposals("wharfinger/").await.unwrap().is_empty());
        assert!(f.forge.declined(BRANCH).await.unwrap().is_empty());
        assert_eq!(main_text(&*f.forge).await, "one\ntwo\n");
        propose(&*f.forge, "one\ntwo\nthree\n").await;
        assert_eq!(f.forge.proposals("wharfinger/").await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_a_person_closes_is_declined_each_time_and_what_the_program_closes_is_not() {
    on_every_forge(async |f: Fixture| {
        for (round, text) in ["two\n", "three\n"].into_iter().enumerate() {
            propose(&*f.forge, text).await;
            f.person.close(BRANCH);
            assert_eq!(f.forge.declined(BRANCH).await.unwrap().len(), round + 1);
            f.forge.sweep("wharfinger/", None).await.unwrap();
            let declined = f.forge.declined(BRANCH).await.unwrap();
            assert_eq!(declined.len(), round + 1, "sweeping loses nothing");
            assert!(declined.iter().all(|d| metadata::read(&d.body).is_some()));
            assert!(f.forge.proposals("wharfinger/").await.unwrap().is_empty());
        }
        propose(&*f.forge, "four\n").await;
        let open = f.forge.proposals("wharfinger/").await.unwrap().remove(0);
        f.forge.close(&open, "The manifest has it already.").await.unwrap();
        f.forge.sweep("wharfinger/", None).await.unwrap();
        assert!(f.forge.proposals("wharfinger/").await.unwrap().is_empty());
        assert_eq!(f.forge.declined(BRANCH).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_record_is_added_to_the_default_branch_only_where_it_was_seen() {
    on_every_forge(async |f: Fixture| {
        let before = f.forge.head().await.unwrap();
        let new = change("Record", "one\nmirrored\n");
        let commit = f.forge.append(&before.branch, &before.commit, &new).await.unwrap();
        assert_eq!(f.forge.head().await.unwrap().commit, commit);
        assert_eq!(main_text(&*f.forge).await, "one\nmirrored\n");
        let stale = f.forge.append(&before.branch, &before.commit, &change("Lost", "lost\n")).await;
        assert!(matches!(stale, Err(Error::Moved { .. })), "{stale:?}");
        assert_eq!(main_text(&*f.forge).await, "one\nmirrored\n");
    })
    .await;
}

/// The default branch's line back from a commit, without the states in which nothing of these files is new.
async fn line(forge: &dyn Forge, from: &Commit, paths: &[&str]) -> Vec<Version> {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let (mut versions, mut next) = (Vec::new(), Some(from.clone()));
    while let Some(from) = next {
        let line = forge.line(&from, &paths).await.unwrap();
        assert!(!line.versions.is_empty());
        versions.extend(line.versions);
        next = line.rest;
    }
    versions.dedup_by(|older, newer| {
        older.contents == newer.contents && {
            *newer = older.clone();
            true
        }
    });
    versions
}

#[tokio::test]
async fn the_default_branchs_own_line_tells_what_files_held() {
    on_every_forge(async |f: Fixture| {
        let first = f.forge.head().await.unwrap();
        propose(&*f.forge, "one\ntwo\n").await;
        f.person.merge(BRANCH);
        let merged = f.forge.head().await.unwrap();
        f.person.commit("main", "images/a.yml", "a a\n");
        let beside = f.forge.head().await.unwrap();
        let text = "one\ntwo\nlater\n";
        let later = f.forge.append("main", &beside.commit, &change("Later", text)).await.unwrap();
        let head = f.forge.append("main", &later, &change("Out", "one\n")).await.unwrap();

        let found = line(&*f.forge, &head, &[MANIFEST, "absent.yml"]).await;
        let commits: Vec<&Commit> = found.iter().map(|version| &version.commit).collect();
        assert_eq!(commits, [&head, &later, &merged.commit, &first.commit], "a merge is one step");
        assert_eq!(found[0].contents, found[3].contents, "the same text has the same content");
        assert!(found.iter().all(|version| version.contents[1].is_none()));
        let both = line(&*f.forge, &head, &["images/a.yml", MANIFEST]).await;
        assert_eq!(both.len(), 5);
        assert_eq!((&both[2].commit, &both[2].contents[1]), (&beside.commit, &both[3].contents[1]));

        let places = [(&head, MANIFEST), (&merged.commit, MANIFEST), (&head, "absent.yml"), (&later, "images/a.yml")];
        let places = places.map(|(at, path)| (at.clone(), path.to_owned()));
        let texts = f.forge.read_all(&places).await.unwrap();
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        assert_eq!(texts, [Some("one\n"), Some("one\ntwo\n"), None, Some("a a\n")]);
        assert!(f.forge.read_all(&[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_wrote_on_a_branch_is_told_down_to_our_own_newest_commit() {
    on_every_forge(async |f: Fixture| {
        let branch = "wharfinger/ledger";
        let base = f.forge.head().await.unwrap().commit;
        let first = f.forge.rewrite(branch, None, &base, &change("One", "1\n")).await.unwrap();
        let raced = f.forge.rewrite(branch, None, &base, &change("One", "raced\n")).await;
        assert!(matches!(raced, Err(Error::Moved { .. })), "what another run made stays: {raced:?}");
        let second = f.forge.append(branch, &first, &change("Two", "2\n")).await.unwrap();
        let written = async |tip: &Commit| f.forge.written(branch, tip, &Account::Us).await.unwrap();
        let ours = |own: &Commit| Written { own: Some(own.clone()), ..Written::default() };
        assert_eq!(written(&second).await, ours(&second));
        f.person.commit(branch, MANIFEST, "by hand\n");
        let theirs = f.forge.tip(branch).await.unwrap().unwrap();
        let Written { own, other, silence } = written(&theirs).await;
        assert_eq!((own, other.is_some(), silence), (Some(second), true, None));
        let third = f.forge.append(branch, &theirs, &change("Three", "3\n")).await.unwrap();
        assert_eq!(written(&third).await, ours(&third));
        f.forge.sweep("wharfinger/", None).await.unwrap();
        assert_eq!(f.forge.tip(branch).await.unwrap(), Some(third), "it is no leftover");
        assert!(f.forge.proposals("wharfinger/").await.unwrap().is_empty(), "and no proposal");
    })
    .await;
}
