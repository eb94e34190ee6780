//! What people do on the stand-in: push, open, merge, review, comment.

use std::sync::Arc;

use super::super::http::{Action, Hook, Rule, lock};
use super::TestGitHub;
use super::state::{Review, State};

impl TestGitHub {
    /// A person's push to a branch (created from the default branch if missing): one commit, whatever protects the
    /// branch.
    pub fn push_as(&self, branch: &str, login: &str, files: &[(&str, &str)]) -> String {
        push(&mut lock(&self.state), branch, login, files)
    }

    /// mallory's push of a commit that names `login` as its author and GitHub as its committer, which any pusher can
    /// write: it lacks GitHub's signature.
    pub fn forge_commit(&self, branch: &str, login: &str, files: &[(&str, &str)]) -> String {
        let mut state = lock(&self.state);
        let parent = state.git.branch(branch).expect("the branch exists");
        let date = state.tick();
        let who = state.signature(login, &date);
        let files: Vec<_> = files.iter().map(|(p, t)| ((*p).to_owned(), Some(t.as_bytes().to_vec()))).collect();
        let sha = state.git.commit(Some(&parent), &files, "Forged", &who, &State::web_flow(&date));
        state.unsigned.insert(sha.clone());
        state.set_branch(branch, Some(&sha), "mallory");
        sha
    }

    /// A person's push just before the first request of a method to a path is handled.
    pub fn push_before(&self, method: &str, path: &str, branch: &str, login: &str, files: &[(&str, &str)]) {
        let state = Arc::clone(&self.state);
        let (branch, login) = (branch.to_owned(), login.to_owned());
        let files: Vec<_> = files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
        let hook = Hook(Arc::new(move || {
            let files: Vec<_> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
            push(&mut lock(&state), &branch, &login, &files);
        }));
        self.server.fault(Rule::new(method, path, Action::First(hook)).times(1));
    }

    /// A person deletes a branch.
    pub fn delete_branch_as(&self, branch: &str, login: &str) {
        let mut state = lock(&self.state);
        state.set_branch(branch, None, login);
    }

    /// A person opens a pull request of a branch of this repository.
    pub fn open_as(&self, login: &str, branch: &str, title: &str, body: &str) -> u64 {
        let mut state = lock(&self.state);
        let (ours, base) = (state.full_name(), state.default_branch.clone());
        let head = state.git.branch(branch).expect("the branch exists");
        state.open(login, (Some(ours), branch, &head), &base, title, body)
    }

    /// A pull request from `LOGIN/NAME`, a fork, of a branch that may be named like one of ours.
    pub fn fork_pull(&self, login: &str, branch: &str, files: &[(&str, &str)], title: &str, body: &str) -> u64 {
        let mut state = lock(&self.state);
        let base = state.default_branch.clone();
        let parent = state.git.branch(&base).expect("a commit to start from");
        let date = state.tick();
        let who = state.signature(login, &date);
        let files: Vec<_> = files.iter().map(|(p, t)| ((*p).to_owned(), Some(t.as_bytes().to_vec()))).collect();
        let sha = state.git.commit(Some(&parent), &files, "A fork's commit", &who, &who);
        let fork = format!("{login}/{}", state.name);
        let (before, kind) = match branch == base {
            true => (Some(parent), "push"),
            false => (None, "branch_creation"),
        };
        state.note(&fork, branch, (before, Some(sha.clone())), kind, login);
        state.open(login, (Some(fork), branch, &sha), &base, title, body)
    }

    /// Merges by a merge commit, as octocat; returns its sha.
    pub fn merge(&self, number: u64) -> String {
        self.merge_as(number, "octocat", false)
    }

    /// Squashes and merges, as octocat; returns the commit's sha.
    pub fn squash(&self, number: u64) -> String {
        self.merge_as(number, "octocat", true)
    }

    /// Rebases and merges, as octocat: the pull request's commits are recreated on the base, one by one, unsigned and
    /// with octocat as their committer. Returns the last one's sha.
    pub fn rebase(&self, number: u64) -> String {
        let mut state = lock(&self.state);
        let pull = state.pull(number).filter(|p| p.open).expect("an open pull request").clone();
        let base = state.git.branch(&pull.base).expect("the base");
        let mut onto = base.clone();
        for commit in state.git.log(&["--reverse", &format!("{base}..{}", pull.head_sha)]) {
            let tree = state.git.merge_tree(&onto, &commit.sha).expect("it rebases without conflict");
            let date = state.tick();
            let merger = state.signature("octocat", &date);
            let made = state.git.commit_tree(&tree, &[&onto], &commit.message, &commit.author, &merger);
            state.rebased.insert(made.clone(), number);
            onto = made;
        }
        state.mark_merged(number, &onto, "octocat");
        state.set_branch_by(&pull.base, Some(&onto), "octocat", Some("pr_merge"));
        onto
    }

    /// Dismisses all reviews that somebody gave.
    pub fn dismiss(&self, number: u64, login: &str) {
        let mut state = lock(&self.state);
        for review in state.reviews.iter_mut().filter(|r| r.number == number && r.user == login) {
            "DISMISSED".clone_into(&mut review.state);
        }
    }

    /// A commit on a branch with any message, author and committer; returns its sha. The committer pushed it or, if
    /// that is GitHub, the author had GitHub make it.
    pub fn commit_by(
        &self,
        branch: &str,
        (author, committer): (&str, &str),
        message: &str,
        file: (&str, &str),
    ) -> String {
        let mut state = lock(&self.state);
        let default = state.default_branch.clone();
        let parent = state.git.branch(branch).or_else(|| state.git.branch(&default)).expect("a commit to start from");
        let date = state.tick();
        let by_github = committer == "web-flow";
        let signed = if by_github { State::web_flow(&date) } else { state.signature(committer, &date) };
        let (who, author) = (author, state.signature(author, &date));
        let files = [(file.0.to_owned(), Some(file.1.as_bytes().to_vec()))];
        let sha = state.git.commit(Some(&parent), &files, message, &author, &signed);
        let actor = if by_github { who } else { committer };
        state.set_branch(branch, Some(&sha), actor);
        sha
    }

    /// Force-moves a branch to a commit.
    pub fn force(&self, branch: &str, sha: &str, login: &str) {
        let mut state = lock(&self.state);
        state.set_branch(branch, Some(sha), login);
    }

    /// Merges by a merge commit, like the merge queue.
    pub fn queue_merge(&self, number: u64) -> String {
        self.merge_as(number, "github-merge-queue[bot]", false)
    }

    fn merge_as(&self, number: u64, login: &str, squash: bool) -> String {
        let mut state = lock(&self.state);
        let pull = state.pull(number).filter(|p| p.open).expect("an open pull request").clone();
        let base = state.git.branch(&pull.base).expect("the base");
        let tree = state.git.merge_tree(&base, &pull.head_sha).expect("it merges without conflict");
        let date = state.tick();
        let (author, title) = if squash {
            (state.signature(&pull.user, &date), format!("{} (#{number})", pull.title))
        } else {
            (state.signature(login, &date), format!("Merge pull request #{number} from {}", pull.head))
        };
        let parents: &[&str] = if squash { &[&base] } else { &[&base, &pull.head_sha] };
        let commit = state.git.commit_tree(&tree, parents, &title, &author, &State::web_flow(&date));
        state.mark_merged(number, &commit, login);
        let kind = if login.starts_with("github-merge-queue") { "merge_queue_merge" } else { "pr_merge" };
        state.set_branch_by(&pull.base, Some(&commit), login, Some(kind));
        if state.delete_on_merge {
            state.set_branch(&pull.head, None, login);
        }
        commit
    }

    /// Somebody presses "Update branch", as a merge or a rebase; returns the new head.
    pub fn update_branch_as(&self, number: u64, login: &str, rebase: bool) -> String {
        lock(&self.state).update_branch(number, login, rebase)
    }

    /// Somebody edits the body of a pull request.
    pub fn edit_body_as(&self, number: u64, login: &str, body: &str) {
        let mut state = lock(&self.state);
        let pull = state.pull(number).expect("a pull request");
        (pull.body, pull.editor) = (body.to_owned(), Some(login.to_owned()));
    }

    /// Somebody signs a commit with their own key, which GitHub knows.
    pub fn sign(&self, sha: &str, login: &str) {
        lock(&self.state).signed.insert(sha.to_owned(), login.to_owned());
    }

    /// Somebody closes a pull request without a merge.
    pub fn close_as(&self, number: u64, login: &str) {
        lock(&self.state).close(number, login);
    }

    /// Somebody reopens a pull request, restoring its branch first if it is gone.
    pub fn reopen_as(&self, number: u64, login: &str) {
        let mut state = lock(&self.state);
        let pull = state.pull(number).filter(|p| !p.open && p.merged_at.is_none()).expect("a closed one").clone();
        state.set_branch(&pull.head, Some(&pull.head_sha), login);
        if let Some(pull) = state.pull(number) {
            (pull.open, pull.dead, pull.closed_at) = (true, false, None);
        }
        state.event(number, "reopened", login);
    }

    /// Somebody comments.
    pub fn comment_as(&self, number: u64, login: &str, body: &str) -> u64 {
        lock(&self.state).comment(number, login, body).id
    }

    /// Somebody reviews the current head: `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`.
    pub fn review_as(&self, number: u64, login: &str, verdict: &str) {
        let mut state = lock(&self.state);
        let commit = state.pull(number).expect("a pull request").head_sha.clone();
        let (id, at) = (state.next_id(), state.tick());
        let (user, verdict) = (login.to_owned(), verdict.to_owned());
        state.reviews.push(Review { id, number, user, state: verdict, commit, at });
    }

    /// The commit of `refs/pull/N/merge`.
    pub fn merge_commit(&self, number: u64) -> Option<String> {
        let mut state = lock(&self.state);
        state.refresh(number);
        state.git.resolve(&format!("refs/pull/{number}/merge"))
    }
}

fn push(state: &mut State, branch: &str, login: &str, files: &[(&str, &str)]) -> String {
    let default = state.default_branch.clone();
    let parent = state.git.branch(branch).or_else(|| state.git.branch(&default)).expect("a commit to start from");
    let date = state.tick();
    let who = state.signature(login, &date);
    let files: Vec<_> = files.iter().map(|(p, t)| ((*p).to_owned(), Some(t.as_bytes().to_vec()))).collect();
    let sha = state.git.commit(Some(&parent), &files, "A person's commit", &who, &who);
    state.set_branch(branch, Some(&sha), login);
    sha
}

impl State {
    /// "Update branch": a merge of the base, by whoever pressed it and signed by GitHub, or the commits recreated on
    /// the base.
    pub fn update_branch(&mut self, number: u64, login: &str, rebase: bool) -> String {
        let pull = self.pull(number).filter(|p| p.open).expect("an open pull request").clone();
        let base = self.git.branch(&pull.base).expect("the base");
        let date = self.tick();
        let new = if rebase {
            let mut onto = base.clone();
            for commit in self.git.log(&["--reverse", &format!("{base}..{}", pull.head_sha)]) {
                let tree = self.git.merge_tree(&onto, &commit.sha).expect("it rebases without conflict");
                let presser = self.signature(login, &date);
                onto = self.git.commit_tree(&tree, &[&onto], &commit.message, &commit.author, &presser);
            }
            onto
        } else {
            let tree = self.git.merge_tree(&base, &pull.head_sha).expect("it merges without conflict");
            let title = format!("Merge branch '{}' into {}", pull.base, pull.head);
            let (author, parents) = (self.signature(login, &date), [pull.head_sha.as_str(), &base]);
            self.git.commit_tree(&tree, &parents, &title, &author, &Self::web_flow(&date))
        };
        self.set_branch(&pull.head, Some(&new), login);
        new
    }
}
