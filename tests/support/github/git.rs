//! The bare repository behind the stand-in, by git's plumbing commands.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The person named in a commit, and the time.
#[derive(Clone, Debug)]
pub struct Signature {
    pub name: String,
    pub email: String,
    /// RFC 3339.
    pub date: String,
}

/// A commit as shown by `git log`.
#[derive(Clone, Debug)]
pub struct Logged {
    pub sha: String,
    pub tree: String,
    pub parents: Vec<String>,
    pub author: Signature,
    pub committer: Signature,
    pub message: String,
}

/// A tree's entry.
#[derive(Clone, Debug)]
pub struct TreeEntry {
    pub mode: String,
    pub kind: String,
    pub sha: String,
    pub size: u64,
    pub path: String,
}

/// A bare repository.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
}

const LOG: &str = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01";

impl Git {
    /// Creates a bare repository whose `HEAD` names `branch`.
    pub fn init(dir: &Path, branch: &str) -> Self {
        let git = Self { dir: dir.to_owned() };
        std::fs::create_dir_all(dir).expect("a directory for the repository");
        git.ok(&["init", "-q", "--bare", &format!("--initial-branch={branch}"), "."]);
        git
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.dir).args(args);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.env("GIT_DIR", &self.dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    fn run(&self, mut command: Command, input: &[u8]) -> (bool, Vec<u8>) {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("git is installed");
        child.stdin.take().expect("a pipe").write_all(input).ok();
        let output = child.wait_with_output().expect("git ends");
        (output.status.success(), output.stdout)
    }

    fn try_text(&self, args: &[&str]) -> Option<String> {
        let (ok, out) = self.run(self.command(args), b"");
        ok.then(|| String::from_utf8_lossy(&out).trim_end_matches('\n').to_owned())
    }

    fn ok(&self, args: &[&str]) -> String {
        self.try_text(args).unwrap_or_else(|| panic!("git {args:?} failed"))
    }

    /// The commit of a revision.
    pub fn resolve(&self, revision: &str) -> Option<String> {
        if revision.is_empty() || revision.starts_with('-') {
            return None;
        }
        self.try_text(&["rev-parse", "-q", "--verify", &format!("{revision}^{{commit}}")])
    }

    /// The commit of a branch.
    pub fn branch(&self, name: &str) -> Option<String> {
        self.resolve(&format!("refs/heads/{name}"))
    }

    /// Full reference names under a prefix (not at path boundaries, as GitHub matches), with what they point to.
    pub fn references(&self, prefix: &str) -> Vec<(String, String)> {
        let text = self.ok(&["for-each-ref", "--format=%(refname) %(objectname)"]);
        let pairs = text.lines().filter_map(|l| l.split_once(' '));
        pairs.filter(|(r, _)| r.starts_with(prefix)).map(|(r, s)| (r.to_owned(), s.to_owned())).collect()
    }

    /// Whether a name is a valid reference name.
    pub fn valid(&self, reference: &str) -> bool {
        self.try_text(&["check-ref-format", reference]).is_some()
    }

    /// Moves a reference from `old` (empty: any value, zeros: it must not exist); returns whether that was done.
    pub fn update(&self, reference: &str, new: &str, old: &str) -> bool {
        let mut args = vec!["update-ref", reference, new];
        if !old.is_empty() {
            args.push(old);
        }
        self.try_text(&args).is_some()
    }

    pub fn delete(&self, reference: &str) {
        self.ok(&["update-ref", "-d", reference]);
    }

    pub fn is_ancestor(&self, ancestor: &str, of: &str) -> bool {
        self.try_text(&["merge-base", "--is-ancestor", ancestor, of]).is_some()
    }

    pub fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        self.try_text(&["merge-base", one, other])
    }

    /// Commits, newest first, with further arguments (`base..head`, `-- path`).
    pub fn log(&self, args: &[&str]) -> Vec<Logged> {
        let mut all = vec!["log", LOG];
        all.extend(args);
        let text = self.try_text(&all).unwrap_or_default();
        text.split('\u{1}').map(|c| c.trim_start_matches('\n')).filter(|c| !c.is_empty()).map(logged).collect()
    }

    pub fn commit_info(&self, sha: &str) -> Logged {
        self.log(&["-1", sha]).remove(0)
    }

    /// The entries of a tree; `path` is empty for the root, and ends with a slash for the contents of a directory.
    pub fn tree(&self, treeish: &str, path: &str, recursive: bool) -> Vec<TreeEntry> {
        let mut args = vec!["ls-tree", "-l", "-z"];
        if recursive {
            args.push("-r");
            args.push("-t");
        }
        args.push(treeish);
        if !path.is_empty() {
            args.extend(["--", path]);
        }
        let text = self.try_text(&args).unwrap_or_default();
        text.split('\0').filter(|l| !l.is_empty()).map(entry).collect()
    }

    pub fn blob(&self, sha: &str) -> Vec<u8> {
        self.run(self.command(&["cat-file", "blob", sha]), b"").1
    }

    /// A file at a revision.
    pub fn read(&self, revision: &str, path: &str) -> Option<Vec<u8>> {
        let found = self.tree(revision, path, false).into_iter().find(|e| e.path == path && e.kind == "blob")?;
        Some(self.blob(&found.sha))
    }

    /// The paths that differ between two commits, with a status letter.
    pub fn changed(&self, from: &str, to: &str) -> Vec<(String, String)> {
        let text = self.ok(&["diff-tree", "-r", "--no-renames", "--name-status", from, to]);
        text.lines().filter_map(|l| l.split_once('\t')).map(|(s, p)| (s.to_owned(), p.to_owned())).collect()
    }

    /// The difference of one file, as a patch.
    pub fn patch(&self, from: &str, to: &str, path: &str) -> String {
        let text = self.ok(&["diff-tree", "-p", "--no-renames", from, to, "--", path]);
        text.split_once("\n@@").map(|(_, hunks)| format!("@@{hunks}")).unwrap_or_default()
    }

    /// Writes a commit on a parent, with files set (`Some`) or removed (`None`).
    pub fn commit(
        &self,
        parent: Option<&str>,
        files: &[(String, Option<Vec<u8>>)],
        message: &str,
        author: &Signature,
        committer: &Signature,
    ) -> String {
        let index = tempfile::NamedTempFile::new().expect("a temporary file");
        let index = index.into_temp_path();
        std::fs::remove_file(&index).ok();
        let with_index = |args: &[&str], input: &[u8]| {
            let mut command = self.command(args);
            command.env("GIT_INDEX_FILE", &index);
            let (ok, out) = self.run(command, input);
            assert!(ok, "git {args:?} failed");
            String::from_utf8_lossy(&out).trim().to_owned()
        };
        match parent {
            Some(parent) => with_index(&["read-tree", parent], b""),
            None => with_index(&["read-tree", "--empty"], b""),
        };
        let mut blobs: BTreeMap<&[u8], String> = BTreeMap::new();
        let mut changes = String::new();
        for (path, content) in files {
            let entry = content.as_ref().map(|bytes| {
                let made = || self.run(self.command(&["hash-object", "-w", "--stdin"]), bytes).1;
                blobs.entry(bytes).or_insert_with(|| String::from_utf8_lossy(&made()).trim().to_owned()).clone()
            });
            changes += &match entry {
                Some(sha) => format!("100644 {sha}\t{path}\n"),
                None => format!("0 {}\t{path}\n", "0".repeat(40)),
            };
        }
        with_index(&["update-index", "--index-info"], changes.as_bytes());
        let tree = with_index(&["write-tree"], b"");
        let parents: Vec<&str> = parent.into_iter().collect();
        self.commit_tree(&tree, &parents, message, author, committer)
    }

    pub fn commit_tree(
        &self,
        tree: &str,
        parents: &[&str],
        message: &str,
        author: &Signature,
        committer: &Signature,
    ) -> String {
        let mut args = vec!["commit-tree", tree];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let mut command = self.command(&args);
        command.env("GIT_AUTHOR_NAME", &author.name).env("GIT_AUTHOR_EMAIL", &author.email);
        command.env("GIT_AUTHOR_DATE", &author.date).env("GIT_COMMITTER_NAME", &committer.name);
        command.env("GIT_COMMITTER_EMAIL", &committer.email).env("GIT_COMMITTER_DATE", &committer.date);
        let (ok, out) = self.run(command, message.as_bytes());
        assert!(ok, "git commit-tree failed");
        String::from_utf8_lossy(&out).trim().to_owned()
    }

    /// The tree of a merge; `None` if it conflicts.
    pub fn merge_tree(&self, base: &str, head: &str) -> Option<String> {
        self.try_text(&["merge-tree", "--write-tree", base, head])
    }
}

fn logged(text: &str) -> Logged {
    let part: Vec<&str> = text.splitn(10, '\0').collect();
    let signature =
        |at: usize| Signature { name: part[at].to_owned(), email: part[at + 1].to_owned(), date: utc(part[at + 2]) };
    Logged {
        sha: part[0].to_owned(),
        tree: part[1].to_owned(),
        parents: part[2].split_whitespace().map(str::to_owned).collect(),
        author: signature(3),
        committer: signature(6),
        message: part[9].trim_end_matches('\n').to_owned(),
    }
}

fn utc(date: &str) -> String {
    let date = chrono::DateTime::parse_from_rfc3339(date).expect("git writes dates so");
    date.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn entry(line: &str) -> TreeEntry {
    let (facts, path) = line.split_once('\t').expect("a tree's line");
    let fact: Vec<&str> = facts.split_whitespace().collect();
    TreeEntry {
        mode: fact[0].to_owned(),
        kind: fact[1].to_owned(),
        sha: fact[2].to_owned(),
        size: fact[3].parse().unwrap_or(0),
        path: path.to_owned(),
    }
}
