//! A branch's first-parent history, and what files held along it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::GitForge;
use crate::forge::{Commit, Error, Line, Version};

/// Prints what a branch's first-parent history changed in some files; commit and paths are read from its input.
pub(super) const LOG: [&str; 10] = [
    "log",
    "--first-parent",
    "-m",
    "--root",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "-z",
    "--format=%H %cI",
    "--stdin",
];

/// A commit that changed one of the files, and what they hold from then on.
struct Changed {
    commit: Commit,
    date: DateTime<Utc>,
    files: BTreeMap<String, Option<String>>,
}

impl GitForge {
    /// See [`crate::forge::Contents::line`]: all of it, from a single reading of the history.
    pub(super) async fn whole_line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        self.has_whole_history()?;
        let full: Vec<String> = paths.iter().map(|path| format!("{}{path}", self.prefix)).collect();
        let mut contents = vec![None; paths.len()];
        let mut versions = Vec::new();
        for Changed { commit, date, files } in self.changed(from, paths).await?.into_iter().rev() {
            for (path, content) in full.iter().zip(&mut contents) {
                if let Some(new) = files.get(path) {
                    content.clone_from(new);
                }
            }
            let (contents, merges, trailers) = (contents.clone(), Vec::new(), Vec::new());
            versions.push(Version { commit, date, contents, merges, trailers, made_for: None });
        }
        versions.reverse();
        Ok(Line { versions, rest: None })
    }

    /// The commits of the first-parent history that changed one of the files, newest first.
    async fn changed(&self, from: &Commit, paths: &[String]) -> Result<Vec<Changed>, Error> {
        let (mut args, mut asked) = (LOG.to_vec(), format!("{from}\n--\n{}\n", paths.join("\n")));
        if paths.iter().any(|path| path.contains('\n')) {
            args.pop();
            args.extend([&*from.0, "--"].into_iter().chain(paths.iter().map(String::as_str)));
            asked.clear();
        }
        let log = self.git.text(&args, asked.as_bytes()).await?;
        let mut changed: Vec<Changed> = Vec::new();
        let mut fields = log.split('\0');
        while let Some(field) = fields.next() {
            if let Some(raw) = field.trim_start_matches('\n').strip_prefix(':') {
                let content = match raw.split(' ').collect::<Vec<_>>()[..] {
                    [_, mode, _, object, ..] if mode.starts_with('1') && mode != "160000" => Some(object.to_owned()),
                    _ => None,
                };
                if let (Some(last), Some(path)) = (changed.last_mut(), fields.next()) {
                    last.files.insert(path.to_owned(), content);
                }
            } else if let Some((commit, date)) = field.split_once(' ') {
                let files = BTreeMap::new();
                changed.push(Changed { commit: Commit(commit.to_owned()), date: utc(date)?, files });
            }
        }
        Ok(changed)
    }
}

fn utc(text: &str) -> Result<DateTime<Utc>, Error> {
    let date = DateTime::parse_from_rfc3339(text);
    date.map(|d| d.to_utc()).map_err(|_| Error::Unusable(format!("git printed an invalid date: {text}")))
}
