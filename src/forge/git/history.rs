//! Which commit brought texts into a file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::GitForge;
use crate::forge::{Commit, Error, Introduced};

/// Versions of the file that are in memory at a time: most texts came with one of the newest.
const AT_ONCE: usize = 16;

/// A commit that changed the file.
struct Version {
    commit: Commit,
    date: DateTime<Utc>,
    /// The file's object; `None` where the commit removed it.
    blob: Option<String>,
}

impl GitForge {
    /// See [`crate::forge::Forge::introduced`]: one reading of the history, and one of every few versions that are needed.
    pub(super) async fn brought(
        &self,
        head: &Commit,
        path: &str,
        texts: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Introduced>, Error> {
        let mut found = BTreeMap::new();
        let mut open: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
        if open.is_empty() {
            return Ok(found);
        }
        for versions in self.versions(head, path).await?.chunks(AT_ONCE) {
            let objects: Vec<String> = versions.iter().filter_map(|v| v.blob.clone()).collect();
            let mut blobs = self.git.blobs(&objects).await?.into_iter();
            for version in versions {
                let bytes = version.blob.as_ref().and_then(|_| blobs.next()).flatten().unwrap_or_default();
                let file = String::from_utf8_lossy(&bytes);
                open.retain(|text| file.contains(text));
                let introduced = || Introduced { commit: version.commit.clone(), date: version.date, pull: None };
                found.extend(open.iter().map(|text| ((*text).to_owned(), introduced())));
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(found)
    }

    /// The commits of the first-parent history that changed a file, newest first.
    async fn versions(&self, head: &Commit, path: &str) -> Result<Vec<Version>, Error> {
        let shown = ["--root", "--raw", "--no-abbrev", "--no-renames", "--format=%H %cI"];
        let args = [&["log", "--first-parent", "-m"], &shown[..], &[&head.0, "--", path]].concat();
        let log = self.git.text(&args, b"").await?;
        let mut versions: Vec<Version> = Vec::new();
        for line in log.lines() {
            if let Some(raw) = line.strip_prefix(':') {
                let Some(version) = versions.last_mut() else { continue };
                let fields: Vec<&str> = raw.split([' ', '\t']).collect();
                version.blob = match fields[..] {
                    [_, mode, _, object, ..] if mode.starts_with('1') && mode != "160000" => Some(object.to_owned()),
                    _ => None,
                };
            } else if let Some((commit, date)) = line.split_once(' ') {
                versions.push(Version { commit: Commit(commit.to_owned()), date: utc(date)?, blob: None });
            }
        }
        Ok(versions)
    }
}

fn utc(text: &str) -> Result<DateTime<Utc>, Error> {
    let date = DateTime::parse_from_rfc3339(text);
    date.map(|d| d.to_utc()).map_err(|_| Error::Unusable(format!("git printed a date that is none: {text}")))
}
