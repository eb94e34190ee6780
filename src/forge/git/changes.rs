//! What changed in a work tree.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::Git;
use super::faults::not_a_repository;
use crate::forge::Error;

/// The files of the work tree around `directory` that differ from the commit at which `reference` and HEAD parted, new ones
/// included, by where they really are. Files that are gone are among them.
///
/// # Errors
/// If there is no repository, or no such commit in it; the text says how to get it.
pub(crate) async fn changed_since(
    directory: &Path,
    reference: &str,
    patience: Duration,
) -> Result<BTreeSet<PathBuf>, Error> {
    let git = Git::at(directory).with_patience(patience).configured().await?;
    let said = git.run(&["rev-parse", "--path-format=absolute", "--show-toplevel"], b"").await?;
    if !said.ok {
        return Err(Error::Unusable(not_a_repository(directory, &said.err)));
    }
    let top = PathBuf::from(String::from_utf8_lossy(&said.out).trim_end_matches('\n'));
    let top = top.canonicalize().unwrap_or(top);
    let base = base(&git, reference).await?;
    let git = git.at_top(&top);
    let tracked = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", &base, "--"];
    let untracked = ["ls-files", "--others", "--exclude-per-directory=.gitignore", "-z"];
    let mut changed = BTreeSet::new();
    for listing in [&tracked[..], &untracked[..]] {
        let said = git.run(listing, b"").await?;
        if !said.ok {
            return Err(Error::Unusable(format!("`git {}` failed: {}", listing.join(" "), said.err)));
        }
        let paths = said.out.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        changed.extend(paths.map(|path| top.join(OsStr::from_bytes(path))));
    }
    Ok(changed)
}

/// The commit at which `reference` and HEAD parted.
async fn base(git: &Git, reference: &str) -> Result<String, Error> {
    let commit = format!("{reference}^{{commit}}");
    let found = git.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], b"").await?;
    if !found.ok {
        return Err(Error::Unusable(format!(
            "{reference:?} is no commit in this clone: `git fetch origin BRANCH` makes origin/BRANCH one; in a job, check out \
             with `fetch-depth: 0`"
        )));
    }
    let commit = String::from_utf8_lossy(&found.out).trim().to_owned();
    let base = git.run(&["merge-base", &commit, "HEAD"], b"").await?;
    match base.ok {
        true => Ok(String::from_utf8_lossy(&base.out).trim().to_owned()),
        false => Err(Error::Unusable(format!(
            "{reference:?} and HEAD have no commit in common here: in a shallow clone, `git fetch --unshallow` brings the \
             rest; in a job, check out with `fetch-depth: 0`"
        ))),
    }
}
