//! Git's error messages, with remedies.

use std::path::Path;

use crate::forge::Error;

/// Git's error message with a remedy, if it is a known one.
fn with_remedy(complaint: &str) -> String {
    match remedy(complaint) {
        Some(remedy) => format!("{complaint}; {remedy}"),
        None => complaint.to_owned(),
    }
}

/// The error for git failing to start.
pub(super) fn not_run(error: &std::io::Error) -> Error {
    Error::Unusable(match error.kind() {
        std::io::ErrorKind::NotFound => {
            "git is not installed, or not in PATH: `--forge git` and `scan --changed-since` need it".to_owned()
        }
        _ => format!("git could not be run: {error}"),
    })
}

/// Git's error message on one line of printable characters, at most 500 of them, with a remedy if one is known.
pub(super) fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    with_remedy(&words.join(" ").chars().take(500).collect::<String>())
}

/// Why git does not accept a directory as a repository, with a remedy.
pub(super) fn not_a_repository(directory: &Path, complaint: &str) -> String {
    let place = directory.display();
    if complaint.contains("not a git repository (or any") {
        return format!("{place} is not in a git repository: `git init` creates one");
    }
    if complaint.contains("dubious ownership") {
        let help = "if you trust it, run `git config --global --add safe.directory DIRECTORY` with the repository's top directory";
        return format!("git does not use the repository of {place}, because another user owns it: {help}");
    }
    format!("git cannot use the repository of {place}: {}", with_remedy(complaint))
}

/// Whether git complains that it does not know who is committing.
pub(super) fn lacks_identity(complaint: &str) -> bool {
    ["Please tell me who you are", "unable to auto-detect email", "empty ident name", "no email was given"]
        .iter()
        .any(|words| complaint.contains(words))
}

/// The remedy for one of git's error messages.
fn remedy(complaint: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| complaint.contains(word));
    if has(&["dubious ownership"]) {
        // Git prints the command itself.
        return None;
    }
    if has(&["index.lock", "Another git process"]) {
        return Some("another git process is running there; if none is, delete the lock file named above");
    }
    if has(&["index file corrupt", "bad index file", "index file smaller", "bad signature 0x", "unordered stage"]) {
        return Some("the index is broken: delete .git/index and run `git reset`, which keeps your files");
    }
    if has(&["not a git repository"]) {
        return Some("its .git file names a repository that does not exist: run `git worktree repair` in the main one");
    }
    let broken =
        ["is corrupt", "corrupt loose object", "bad object", "object file", "unable to read tree", "inflate: data"];
    if has(&broken) {
        return Some("the clone is damaged: `git fsck` says where, and a fresh clone has everything that was pushed");
    }
    if lacks_identity(complaint) {
        return Some("set `git config user.name NAME` and `git config user.email ADDRESS`");
    }
    if has(&["you need to resolve your current index", "unmerged"]) {
        return Some("a merge is unfinished there: commit it, or run `git merge --abort`");
    }
    if has(&["unknown option", "unknown switch", "usage: git"]) {
        return Some("git 2.31 or later is needed");
    }
    has(&["Permission denied", "Read-only file system"]).then_some("this user cannot write there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_gets_its_own_remedy() {
        for (complaint, help) in [
            ("fatal: Unable to create '/r/.git/index.lock': File exists.", "delete the lock file"),
            ("error: bad signature 0x00000000 fatal: index file corrupt", "`git reset`"),
            ("error: object file .git/objects/e6/9de2 is empty fatal: loose object e69de2 is corrupt", "`git fsck`"),
            ("fatal: not a git repository: /r/.git/worktrees/w", "`git worktree repair`"),
            ("fatal: unable to auto-detect email address (got 'a@b.(none)')", "user.email"),
            ("error: unknown option `show-scope'", "2.31"),
            ("error: cannot open .git/FETCH_HEAD: Permission denied", "cannot write"),
        ] {
            let text = with_remedy(complaint);
            assert!(text.starts_with(complaint) && text.contains(help), "{text}");
            assert!(!text.contains("git init"), "{text}");
        }
        assert_eq!(
            with_remedy("fatal: bad config line 3 in file .git/config"),
            "fatal: bad config line 3 in file .git/config"
        );
    }

    #[test]
    fn only_what_is_in_no_repository_is_told_of_git_init() {
        let of = |complaint| not_a_repository(Path::new("/r"), complaint);
        assert!(of("fatal: not a git repository (or any of the parent directories): .git").contains("`git init`"));
        let owned = of(
            "fatal: detected dubious ownership in repository at '/r' To add an exception for this directory, call: ...",
        );
        assert!(owned.contains("safe.directory") && !owned.contains("git init"), "{owned}");
        assert!(!of("fatal: not a git repository: /r/.git/worktrees/w").contains("git init"));
    }
}
