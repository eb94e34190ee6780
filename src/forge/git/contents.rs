//! The default branch, files and directories.

use async_trait::async_trait;

use super::GitForge;
use super::line::LOG;
use super::objects::Kind;
use super::trees::Entry;
use crate::forge::{Branches as _, Commit, Contents, Error, Head, Line};

#[async_trait]
impl Contents for GitForge {
    /// The path of the origin's address, else the very first commit.
    async fn identity(&self) -> Result<String, Error> {
        let origin = self.git.run(&["remote", "get-url", "origin"], b"").await?;
        let address = String::from_utf8_lossy(&origin.out).trim().to_owned();
        if let Some(path) = path_of(&address).filter(|_| origin.ok) {
            return Ok(path);
        }
        self.has_whole_history()?;
        let head = self.head().await?.commit;
        let first = self.git.line(&["rev-list", "--first-parent", "--max-parents=0", &head.0]).await?;
        Ok(format!("commit {first}"))
    }

    async fn head(&self) -> Result<Head, Error> {
        let branch = self.default_branch().await?.to_owned();
        let commit = self.tip(&branch).await?;
        let commit = match commit {
            Some(commit) => commit,
            None if self.current().await?.as_ref() == Some(&branch) => {
                return Err(Error::Unusable(format!(
                    "there is no local branch {branch} with a commit: nothing has been committed here yet; run `git add` and `git commit` first"
                )));
            }
            None => {
                return Err(Error::Unusable(format!(
                    "there is no local branch {branch}; `git switch {branch}` creates it"
                )));
            }
        };
        Ok(Head { branch, commit })
    }

    /// Files with plain paths are read together.
    async fn read_all(&self, files: &[(Commit, String)]) -> Result<Vec<Option<String>>, Error> {
        let full = |path: &str| format!("{}{path}", self.prefix);
        let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\n');
        let is_plain = |path: &str| full(path).split('/').all(plain);
        let named = files.iter().filter(|(_, path)| is_plain(path));
        let objects: Vec<String> = named.map(|(at, path)| format!("{at}:{}", full(path))).collect();
        let mut blobs = self.git.objects(&objects).await?.into_iter();
        let mut texts = Vec::with_capacity(files.len());
        for (at, path) in files {
            if !is_plain(path) {
                texts.push(self.read_odd(at, &full(path)).await?);
                continue;
            }
            let object = blobs.next().flatten();
            if object.is_none() {
                self.is_absent(at, &full(path)).await?;
            }
            let blob = object.filter(|object| object.kind == Kind::Blob);
            let text = blob.map(|object| String::from_utf8(object.content)).transpose();
            texts.push(text.map_err(|_| Error::NotText(format!("{path} at {at}")))?);
        }
        Ok(texts)
    }

    async fn list(&self, at: &Commit, directory: &str) -> Result<Vec<String>, Error> {
        let joined = format!("{}{directory}", self.prefix);
        let tree = match joined.trim_matches('/') {
            "" => format!("{at}^{{tree}}"),
            path => format!("{at}:{path}"),
        };
        let Some(entries) = self.entries(tree).await? else { return Ok(Vec::new()) };
        let here = match directory.trim_matches('/') {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let names = entries.into_iter().filter(Entry::is_blob).filter_map(|entry| String::from_utf8(entry.name).ok());
        Ok(names.map(|name| format!("{here}{name}")).collect())
    }

    fn expect_line(&self) {
        self.git.start_ahead(&[&LOG]);
    }

    async fn line(&self, from: &Commit, paths: &[String]) -> Result<Line, Error> {
        self.whole_line(from, paths).await
    }
}

impl GitForge {
    /// A file at a commit whose path is not plain: git itself normalises it.
    async fn read_odd(&self, at: &Commit, full: &str) -> Result<Option<String>, Error> {
        let entry = self.git.text(&["ls-tree", "--full-tree", "-z", &at.0, "--", full], b"").await?;
        let Some((description, _)) = entry.split_once('\t') else { return Ok(None) };
        let [_, "blob", object] = description.split(' ').collect::<Vec<_>>()[..] else { return Ok(None) };
        self.git.text(&["cat-file", "blob", object], b"").await.map(Some)
    }
}

/// The path of a repository's address on another host: `acme/images` from `https://example.org/acme/images.git` and
/// from `git@example.org:acme/images`; `None` for a place on this machine.
fn path_of(address: &str) -> Option<String> {
    let path = match address.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.split_once('/')?.1,
        None => {
            let (host, path) = address.split_once(':')?;
            (!host.contains('/')).then_some(path)?
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    (!path.is_empty() && !path.contains(char::is_whitespace)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn a_repository_is_named_by_its_path_on_its_host() {
        for address in [
            "https://github.com/acme/images.git",
            "https://user:password@example.org:8443/acme/images/",
            "ssh://git@example.org/acme/images",
            "git@github.com:acme/images.git",
        ] {
            assert_eq!(path_of(address).as_deref(), Some("acme/images"), "{address}");
        }
        for address in ["", "/srv/git/images.git", "file:///srv/git/images.git", "../images", "./a:b"] {
            assert_eq!(path_of(address), None, "{address}");
        }
    }
}
