//! A local repository with a manifest, and runs of the program in it.

use std::path::PathBuf;

use super::git::git;
use super::process::Run;

/// A clone whose default branch is `main`.
pub struct Clone {
    directory: tempfile::TempDir,
}

impl Clone {
    /// A clone whose first commit contains these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let clone = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        clone.git(&["init", "--quiet", "--initial-branch=main"]);
        clone.git(&["config", "user.name", "Person"]);
        clone.git(&["config", "user.email", "person@example.org"]);
        clone.commit(files, "First");
        clone
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    /// Writes files and commits everything.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) {
        for (path, text) in files {
            let path = self.directory.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    }

    /// The output of git.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        git(self.directory.path(), args)
    }

    /// A file's text at a revision.
    pub fn read(&self, revision: &str, path: &str) -> String {
        self.git(&["show", &format!("{revision}:{path}")])
    }

    /// The names of all branches.
    pub fn branches(&self) -> Vec<String> {
        self.git(&["branch", "--format=%(refname:short)"]).lines().map(str::to_owned).collect()
    }

    /// Every reference with what it points to.
    pub fn refs(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// Runs the program here, with the local clone as the forge.
    pub fn run(&self, program: &str, hosts: &str, args: &[&str]) -> Run {
        let run = Run::new(program).dir(self.directory.path()).env("WHARFINGER_HOSTS", hosts);
        run.args(["--forge", "git", "--format", "json"]).args(args)
    }
}
