//! The default branch, files and directories.

use std::fmt::Write as _;
use std::sync::PoisonError;

use async_trait::async_trait;
use serde_json::json;

use super::answer::READ;
use super::client::encode;
use super::{GitHub, commit_at, text};
use crate::forge::{Branches as _, Commit, Contents, Error, Head, Line};

/// The contents endpoint lists no more than this of a directory; a larger one needs the whole tree.
const LONGEST_LISTING: usize = 1_000;

/// How many files are read by one query.
const FILES: usize = 20;

#[async_trait]
impl Contents for GitHub {
    async fn identity(&self) -> Result<String, Error> {
        Ok(self.repository())
    }

    async fn head(&self) -> Result<Head, Error> {
        let branch = self.default_branch().await?.to_owned();
        let commit = self.tip(&branch).await?;
        let empty = || Error::Unusable(format!("{} has no commit on its default branch {branch}", self.repository()));
        Ok(Head { commit: commit.ok_or_else(empty)?, branch })
    }

    /// Files that GraphQL does not return in full are read individually.
    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        let mut texts: Vec<Option<String>> = files.iter().map(|(at, path)| self.known_text(at, path)).collect();
        let unknown: Vec<usize> = (0..files.len()).filter(|at| texts[*at].is_none()).collect();
        for some in unknown.chunks(FILES) {
            if let [alone] = some {
                texts[*alone] = self.text(&files[*alone].0, &files[*alone].1).await?;
                continue;
            }
            let mut variables = json!({ "owner": self.owner, "name": self.name });
            for (name, at) in some.iter().enumerate() {
                variables[format!("e{name}")] = json!(format!("{}:{}", files[*at].0, files[*at].1));
            }
            let answer =
                self.client.ask("reading files at several commits", &texts_query(some.len()), &variables).await?;
            for (name, at) in some.iter().enumerate() {
                let blob = &answer[format!("t{name}")];
                texts[*at] = match blob["text"].as_str().filter(|_| blob["isTruncated"] == false) {
                    Some(whole) => Some(self.keep_text(&files[*at].0, &files[*at].1, whole)),
                    None => self.text(&files[*at].0, &files[*at].1).await?,
                };
            }
        }
        Ok(texts)
    }

    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let action = format!("listing {directory:?} at {at}");
        let answer = self.client.get(&self.path(&format!("/contents/{}?ref={at}", encode(directory)))).await?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        // A file is returned as an object and contains no files.
        let json = answer.success(&action, READ)?.json(&action)?;
        let Some(entries) = json.as_array() else { return Ok(Vec::new()) };
        if entries.len() >= LONGEST_LISTING {
            return self.directory_of_tree(at, directory).await;
        }
        let files = entries.iter().filter(|e| matches!(e["type"].as_str(), Some("file" | "symlink")));
        let mut paths: Vec<String> = files.map(|e| text(e, "/path").map(str::to_owned)).collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    }

    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        self.own_line(from, paths).await
    }
}

impl GitHub {
    /// The name of the default branch, asked once.
    pub(super) async fn default_branch(&self) -> Result<&str, Error> {
        let name = self.default_branch.get_or_try_init(|| async {
            let action = format!("reading the repository {}", self.repository());
            text(&self.client.get_json(&action, &self.path("")).await?, "/default_branch").map(str::to_owned)
        });
        name.await.map(String::as_str)
    }

    /// The commit that a branch, a tag or an id names; `None` if there is none, or this token sees none.
    pub(crate) async fn named_commit(&self, reference: &str) -> Result<Option<Commit>, Error> {
        let action = format!("reading the commit {reference} of {}", self.repository());
        let answer = self.client.get(&self.path(&format!("/commits/{}", encode(reference)))).await?;
        // 409: the repository has no commits at all. 422: no commit has this name.
        if matches!(answer.status, 404 | 409 | 422) {
            return Ok(None);
        }
        commit_at(&answer.success(&action, READ)?.json(&action)?, "/sha").map(Some)
    }

    /// A file's text at a commit. Read only once: commits do not change.
    pub(super) async fn text(&self, at: &Commit, path: &str) -> Result<Option<String>, Error> {
        if let Some(known) = self.known_text(at, path) {
            return Ok(Some(known));
        }
        let action = format!("reading {path} at {at}");
        let answer = self.client.get_raw(&self.path(&format!("/contents/{}?ref={at}", encode(path)))).await?;
        // A directory is returned as a list.
        if answer.status == 404 || answer.done() && !answer.is_raw() {
            return Ok(None);
        }
        let answer = answer.success(&action, READ)?;
        let key = (at.0.clone(), path.to_owned());
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.body.clone());
        Ok(Some(answer.body))
    }

    fn known_text(&self, at: &Commit, path: &str) -> Option<String> {
        let known = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(at.0.clone(), path.to_owned())).cloned()
    }

    fn keep_text(&self, at: &Commit, path: &str, text: &str) -> String {
        let mut known = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((at.0.clone(), path.to_owned()), text.to_owned());
        text.to_owned()
    }

    async fn directory_of_tree(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let mut paths = self.all_files(at).await?;
        paths.retain(|path| path.rsplit_once('/').map_or("", |(parent, _)| parent) == directory);
        Ok(paths)
    }

    /// The paths of all files at a commit, sorted.
    pub(crate) async fn all_files(&self, at: &Commit) -> Result<Vec<String>, Error> {
        let action = format!("listing the files at {at}");
        let json = self.client.get_json(&action, &self.path(&format!("/git/trees/{at}?recursive=1"))).await?;
        if json["truncated"].as_bool() != Some(false) {
            return Err(Error::Unusable(format!("{action}: the repository has too many files to list")));
        }
        let blobs = json["tree"].as_array().into_iter().flatten().filter(|e| e["type"] == "blob");
        let mut paths: Vec<String> = blobs.filter_map(|e| e["path"].as_str()).map(str::to_owned).collect();
        paths.sort();
        Ok(paths)
    }
}

/// The query for this many files at commits.
fn texts_query(files: usize) -> String {
    let (mut names, mut objects) = (String::new(), String::new());
    for at in 0..files {
        let _ = write!(names, ", $e{at}: String!");
        let _ = write!(objects, " t{at}: object(expression: $e{at}) {{ ... on Blob {{ text isTruncated }} }}");
    }
    format!(
        "query ($owner: String!, $name: String!{names}) {{ repository(owner: $owner, name: $name) {{{objects} }} }}"
    )
}
