//! Which branch is the default one.

use super::{GitForge, OPEN, ORIGIN_HEAD, WROTE};
use crate::forge::Error;

/// The usual names of a default branch.
const USUAL: [&str; 2] = ["main", "master"];

impl GitForge {
    /// The name of the default branch, determined once: the origin's, else this clone's.
    pub(super) async fn default_branch(&self) -> Result<&str, Error> {
        let name = self.default_branch.get_or_try_init(|| async {
            let [_, origin] = &self.pointed;
            if let Some(branch) = origin {
                return Ok(branch.clone());
            }
            // It may point to something that is not here.
            let named = if self.git.has_origin() { self.symbolic(ORIGIN_HEAD).await? } else { None };
            match named.as_deref().and_then(|name| name.strip_prefix("origin/")) {
                Some(branch) => Ok(branch.to_owned()),
                None => self.named_here().await,
            }
        });
        name.await.map(String::as_str)
    }

    /// The default branch if no origin names one: the name from git's configuration, a usual name, or the only branch
    /// there is. The checked-out branch only decides between usual names: people work on branches of their own.
    async fn named_here(&self) -> Result<String, Error> {
        let current = self.current().await?;
        let configured = self.git.configured_default();
        let names: Vec<&str> =
            configured.into_iter().chain(USUAL.into_iter().filter(|name| Some(*name) != configured)).collect();
        let heads: Vec<String> = names.iter().map(|name| format!("refs/heads/{name}")).collect();
        let there = self.git.objects(&heads).await?;
        let there: Vec<&str> = names.into_iter().zip(there).filter_map(|(name, head)| head.map(|_| name)).collect();
        let standing = current.as_deref().filter(|current| there.contains(current));
        let named = configured.filter(|name| there.contains(name)).or(standing);
        let only = match &there[..] {
            [] => self.only_branch(current.as_deref()).await?,
            [one] => Some((*one).to_owned()),
            _ => None,
        };
        let Some(branch) = named.map(str::to_owned).or(only) else {
            if current.is_none() && there.is_empty() {
                let text = "HEAD is detached and origin/HEAD is not set, so the default branch is unknown; switch to \
                            it with `git switch`, or run `git remote set-head origin --auto`";
                return Err(Error::Unusable(text.to_owned()));
            }
            return Err(Error::Unusable(
                "there is no origin to name the default branch, and there are several branches: name it with `git \
                 config init.defaultBranch NAME`"
                    .to_owned(),
            ));
        };
        if current.as_deref() != Some(&branch) {
            tracing::warn!(
                "this run reads and records on the branch {branch}: there is no origin to name the default branch, \
                 and {} is checked out; `git config init.defaultBranch NAME` selects another",
                current.as_deref().unwrap_or("no branch")
            );
        }
        Ok(branch)
    }

    /// The only branch that this program did not make; in a repository without commits, the one that the first commit
    /// will create.
    async fn only_branch(&self, current: Option<&str>) -> Result<Option<String>, Error> {
        let all = self.references(&[], &["refs/heads/", OPEN, WROTE]).await?;
        let is_ours = |name: &str| [OPEN, WROTE].iter().any(|of| all.contains_key(&format!("{of}{name}")));
        let mut names = all.keys().filter_map(|name| name.strip_prefix("refs/heads/")).filter(|name| !is_ours(name));
        Ok(match (names.next(), names.next()) {
            (None, _) => current.filter(|name| !is_ours(name)).map(str::to_owned),
            (Some(one), None) => Some(one.to_owned()),
            _ => None,
        })
    }

    /// The short name a symbolic reference points to.
    async fn symbolic(&self, reference: &str) -> Result<Option<String>, Error> {
        let said = self.git.run(&["symbolic-ref", "-q", "--short", reference], b"").await?;
        Ok(said.ok.then(|| String::from_utf8_lossy(&said.out).trim().to_owned()))
    }

    /// The branch that is checked out here.
    pub(super) async fn current(&self) -> Result<Option<String>, Error> {
        let [head, _] = &self.pointed;
        match head {
            Some(branch) => Ok(Some(branch.clone())),
            // It may not have a commit yet.
            None => self.symbolic("HEAD").await,
        }
    }
}
