//! The default branch, files and directories.

use std::sync::PoisonError;

use super::client::{READ, encode, refused};
use super::{Commit, Error, GitHub, commit_at, text};

/// A directory listing of the contents endpoint ends here; a larger one takes the whole tree.
const LONGEST_LISTING: usize = 1_000;

impl GitHub {
    /// The name of the default branch, asked once.
    pub(super) async fn default_branch(&self) -> Result<&str, Error> {
        let name = self.default_branch.get_or_try_init(|| async {
            let action = format!("reading the repository {}", self.repository());
            let answer = self.client.get(&self.path("")).await?;
            if !answer.done() {
                return Err(refused(&action, &answer, READ));
            }
            text(&answer.json(&action)?, "/default_branch").map(str::to_owned)
        });
        name.await.map(String::as_str)
    }

    /// What a branch points to.
    pub(super) async fn branch_commit(&self, branch: &str) -> Result<Option<Commit>, Error> {
        let action = format!("reading the branch {branch}");
        let answer = self.client.get(&self.path(&format!("/git/ref/heads/{}", encode(branch)))).await?;
        match answer.status {
            // 409: the repository has no commit at all.
            404 | 409 => Ok(None),
            _ if !answer.done() => Err(refused(&action, &answer, READ)),
            _ => commit_at(&answer.json(&action)?, "/object/sha").map(Some),
        }
    }

    /// A file's text at a commit. What was read once is not asked again: commits do not change.
    pub(super) async fn text(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        let key = (at.0.clone(), path.to_owned());
        if let Some(known) = self.texts.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(known.clone()));
        }
        let action = format!("reading {path} at {at}");
        let answer = self.client.get_raw(&self.path(&format!("/contents/{}?ref={at}", encode(path)))).await?;
        match answer.status {
            404 => return Ok(None),
            // A directory is given as a list.
            _ if answer.done() && !answer.is_raw() => return Ok(None),
            _ if !answer.done() => return Err(refused(&action, &answer, READ)),
            _ => {}
        }
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.body.clone());
        Ok(Some(answer.body))
    }

    /// The files directly in a directory.
    pub(super) async fn directory(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let action = format!("listing {directory:?} at {at}");
        let answer = self.client.get(&self.path(&format!("/contents/{}?ref={at}", encode(directory)))).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        if !answer.done() {
            return Err(refused(&action, &answer, READ));
        }
        // A file is given as an object, and holds no files.
        let json = answer.json(&action)?;
        let Some(entries) = json.as_array() else { return Ok(Vec::new()) };
        if entries.len() >= LONGEST_LISTING {
            return self.directory_of_tree(at, directory).await;
        }
        let files = entries.iter().filter(|e| matches!(e["type"].as_str(), Some("file" | "symlink")));
        let mut paths: Vec<String> = files.map(|e| text(e, "/path").map(str::to_owned)).collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    }

    async fn directory_of_tree(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let action = format!("listing {directory:?} at {at}");
        let answer = self.client.get(&self.path(&format!("/git/trees/{at}?recursive=1"))).await?;
        if !answer.done() {
            return Err(refused(&action, &answer, READ));
        }
        let json = answer.json(&action)?;
        if json["truncated"].as_bool() != Some(false) {
            return Err(Error::Unusable(format!("{action}: the repository has too many files to be listed")));
        }
        let blobs = json["tree"].as_array().into_iter().flatten().filter(|e| e["type"] == "blob");
        let mut paths: Vec<String> = blobs
            .filter_map(|e| e["path"].as_str())
            .filter(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent) == directory)
            .map(str::to_owned)
            .collect();
        paths.sort();
        Ok(paths)
    }
}
