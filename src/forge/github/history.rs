//! Which commit brought a text, and by which pull request.

use chrono::{DateTime, Utc};

use super::{Commit, Error, GitHub, Introduced, commit_at, text};

/// Commits that are looked at, at most: two reads each at worst.
const COMMITS: usize = 200;

impl GitHub {
    /// See [`super::Forge::introduced`]. GitHub lists the commits that touched a file without the merges that merely
    /// carried them; where one was brought by a pull request, its merge commit is looked at in its place.
    pub(super) async fn brought(
        &self,
        head: &Commit,
        path: &str,
        holds: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    ) -> Result<Option<Introduced>, Error> {
        if !self.holds(Some(head), path, holds).await? {
            return Ok(None);
        }
        let (mut seen, mut page) = (0, 1);
        while seen < COMMITS {
            let query = [("sha", head.0.as_str()), ("path", path)];
            let action = format!("reading the history of {path}");
            let (commits, more) = self.client.page(&action, &self.path("/commits"), &query, page).await?;
            for commit in &commits {
                let sha = commit_at(commit, "/sha")?;
                let parent = commit.pointer("/parents/0").map(|p| commit_at(p, "/sha")).transpose()?;
                if self.brings(&sha, parent.as_ref(), path, holds).await? {
                    let date = date(text(commit, "/commit/committer/date")?)?;
                    return self.by_its_pull(sha, date, path, holds).await.map(Some);
                }
            }
            (seen, page) = (seen + commits.len(), page + 1);
            if !more {
                break;
            }
        }
        Ok(None)
    }

    async fn brings(
        &self,
        commit: &Commit,
        parent: Option<&Commit>,
        path: &str,
        holds: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    ) -> Result<bool, Error> {
        Ok(self.holds(Some(commit), path, holds).await? && !self.holds(parent, path, holds).await?)
    }

    async fn holds(
        &self,
        commit: Option<&Commit>,
        path: &str,
        holds: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    ) -> Result<bool, Error> {
        let Some(commit) = commit else { return Ok(false) };
        Ok(self.text(commit, path).await?.is_some_and(|text| holds(&text)))
    }

    /// The commit itself, or the merge commit of the pull request that it came with.
    async fn by_its_pull(
        &self,
        commit: Commit,
        date_of_commit: DateTime<Utc>,
        path: &str,
        holds: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
    ) -> Result<Introduced, Error> {
        let direct = |pull| Introduced { commit: commit.clone(), date: date_of_commit, pull };
        let Some((number, merge)) = self.merged_pull_of(&commit).await? else { return Ok(direct(None)) };
        let Some(merge) = merge.filter(|m| *m != commit) else { return Ok(direct(Some(number))) };
        let object = self.commit_object(&merge).await?;
        let parent = object.pointer("/parents/0").map(|p| commit_at(p, "/sha")).transpose()?;
        if !self.brings(&merge, parent.as_ref(), path, holds).await? {
            return Ok(direct(Some(number)));
        }
        let date = date(text(&object, "/committer/date")?)?;
        Ok(Introduced { commit: merge, date, pull: Some(number) })
    }
}

fn date(text: &str) -> Result<DateTime<Utc>, Error> {
    let date = DateTime::parse_from_rfc3339(text);
    date.map(|d| d.to_utc()).map_err(|_| Error::Unusable(format!("GitHub's answer has no date but {text:?}")))
}
