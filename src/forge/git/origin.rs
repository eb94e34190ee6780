//! Which commits of the default branch go to the origin: this program's records, and nothing that a person committed.

use std::path::Path;

use super::config::{RECEIVE_PACK, UPLOAD_PACK, is_directory};
use super::write::RefMove;
use super::{Git, GitForge};
use crate::forge::{Commit, Error};
use crate::text::counted;

/// Records that this program committed and the origin does not have yet: `refs/wharfinger/unpushed/<branch>/<commit>`.
const UNPUSHED: &str = "refs/wharfinger/unpushed/";
/// How many of the commits missing at the origin are checked.
const LOOKED_AT: usize = 1000;

/// How the local branch compares with the origin's of the same name.
enum Standing {
    /// The origin has all of it.
    Same,
    /// The origin lacks records of this program and nothing else.
    Records(Lead),
    /// It lacks this many other commits, and perhaps records.
    Others { count: usize },
    /// It has commits that are not here.
    Behind,
}

/// What the origin's branch points to, and what it is to point to.
struct Lead {
    /// `None`: the origin has no such branch.
    from: Option<Commit>,
    to: Commit,
}

/// The address of the clone's origin; `None` if there is no clone or no origin.
pub(crate) async fn origin_address(directory: &Path) -> Option<String> {
    let git = Git::at(directory).configured().await.ok()?;
    git.line(&["config", "--get", "remote.origin.url"]).await.ok()
}

impl GitForge {
    /// Whether there is an origin that records are pushed to.
    pub(super) fn has_origin(&self) -> bool {
        // Old versions of git had two more places for it.
        let has = |place: &str| self.common.join(place).exists();
        self.git.has_origin() || has("remotes/origin") || has("branches/origin")
    }

    /// The reference that marks a record for pushing, if there is an origin.
    pub(super) fn note_unpushed(&self, branch: &str, commit: &Commit) -> Option<RefMove> {
        self.has_origin().then(|| RefMove::set(format!("{UNPUSHED}{branch}/{commit}"), commit))
    }

    /// What would become of a record on the default branch, in words. `records`: whether one is to be made.
    pub(super) async fn foreseen(&self, branch: &str, records: bool) -> Result<Option<String>, Error> {
        let record = format!("a commit on {branch} of this clone");
        if !self.has_origin() {
            return Ok(records.then_some(record));
        }
        let unpushed = self.unpushed(branch).await?;
        if unpushed.is_empty() && !records {
            return Ok(None);
        }
        let Some(tip) = self.resolve(&format!("refs/heads/{branch}")).await? else { return Ok(None) };
        if records && self.has_gone_on(branch).await? {
            return Err(behind(&format!("recording on {branch}"), branch));
        }
        let what = if records { record } else { counted(unpushed.len(), "earlier record") };
        let pushed = match self.standing(branch, &tip, &unpushed).await? {
            Standing::Behind => return Err(behind(&format!("recording on {branch}"), branch)),
            Standing::Others { count } => format!("not pushed: {}", not_alone(branch, count)),
            Standing::Same | Standing::Records(_) => match self.foreign_program() {
                Some(why) => format!("not pushed: {why}"),
                None => "pushed to origin".to_owned(),
            },
        };
        Ok(Some(format!("{what}, {pushed}")))
    }

    /// Pushes the records that the origin lacks, if it lacks nothing else of the branch. `true`: it has them now.
    pub(super) async fn push_records(&self, branch: &str) -> Result<bool, Error> {
        if !self.has_origin() {
            return Ok(false);
        }
        let (unpushed, tip) =
            tokio::try_join!(self.unpushed(branch), async { self.resolve(&format!("refs/heads/{branch}")).await })?;
        let Some(tip) = tip.filter(|_| !unpushed.is_empty()) else { return Ok(false) };
        let pushed = match self.standing(branch, &tip, &unpushed).await? {
            // Somebody else pushed them.
            Standing::Same => false,
            Standing::Records(lead) => self.push(branch, &lead).await?,
            // If none of them is among the commits that the origin lacks, they were recreated, as by a rebase.
            Standing::Others { count } => {
                tracing::warn!(
                    "the record is on {branch} of this clone, but is not pushed: {}",
                    not_alone(branch, count)
                );
                return Ok(false);
            }
            Standing::Behind => return Err(behind(&format!("pushing {branch} to origin"), branch)),
        };
        let done: Vec<RefMove> =
            unpushed.iter().map(|commit| RefMove::delete(format!("{UNPUSHED}{branch}/{commit}"))).collect();
        self.swap(&done).await?;
        Ok(pushed)
    }

    async fn unpushed(&self, branch: &str) -> Result<Vec<Commit>, Error> {
        Ok(self.references(&[], &[&format!("{UNPUSHED}{branch}/")]).await?.into_values().collect())
    }

    /// Compares with the last known state of the origin's branch, else with what the origin says now.
    async fn standing(&self, branch: &str, tip: &Commit, unpushed: &[Commit]) -> Result<Standing, Error> {
        let seen = match self.resolve(&format!("refs/remotes/origin/{branch}")).await? {
            Some(seen) => Some(seen),
            None if self.foreign_program().is_some() => None,
            None => self.asked(branch).await?,
        };
        let range = match &seen {
            Some(seen) if seen == tip => return Ok(Standing::Same),
            Some(seen) if self.resolve(&seen.0).await?.is_none() => return Ok(Standing::Behind),
            Some(seen) => format!("{seen}...{tip}"),
            None => tip.to_string(),
        };
        let limit = format!("--max-count={LOOKED_AT}");
        let list = self.git.text(&["rev-list", "--left-right", &limit, &range, "--"], b"").await?;
        if list.lines().any(|line| line.starts_with('<')) {
            return Ok(Standing::Behind);
        }
        let is_record = |id: &&str| unpushed.iter().any(|record| record.0 == *id);
        let others: Vec<&str> =
            list.lines().map(|line| line.trim_start_matches('>')).filter(|id| !is_record(id)).collect();
        Ok(match others.len() {
            0 => Standing::Records(Lead { from: seen, to: tip.clone() }),
            count => Standing::Others { count },
        })
    }

    /// Whether the origin's branch has a commit that was not fetched. An origin that does not answer is no reason not
    /// to copy: the record stays here and is pushed by a later run.
    async fn has_gone_on(&self, branch: &str) -> Result<bool, Error> {
        if self.foreign_program().is_some() {
            return Ok(false);
        }
        match self.asked(branch).await {
            Ok(Some(now)) => Ok(self.resolve(&now.0).await?.is_none()),
            Ok(None) | Err(_) => Ok(false),
        }
    }

    /// What the origin says its branch points to; `None` if it has no such branch.
    async fn asked(&self, branch: &str) -> Result<Option<Commit>, Error> {
        let reference = format!("refs/heads/{branch}");
        let mut args = vec!["ls-remote"];
        if self.git.origin_url("").await?.as_deref().is_some_and(is_directory) {
            args.push(UPLOAD_PACK);
        }
        args.extend(["origin", &reference]);
        let said = self.git.run(&args, b"").await?;
        if !said.ok {
            return Err(Error::Unreachable(format!("origin does not say where {branch} is: {}", said.err)));
        }
        let text = String::from_utf8_lossy(&said.out);
        Ok(text.split_once('\t').map(|(id, _)| Commit(id.to_owned())))
    }

    /// Moves the origin's branch from where it was seen to the local one; never from anywhere else.
    async fn push(&self, branch: &str, lead: &Lead) -> Result<bool, Error> {
        let Some(origin) = self.git.origin_url("--push").await? else { return Ok(false) };
        let action = format!("pushing {branch} to origin");
        let local = "the record is on the local branch";
        if let Some(why) = self.foreign_program() {
            return Err(Error::Refused { action, detail: format!("{why}; {local}") });
        }
        let from = lead.from.as_ref().map(|from| from.0.as_str()).unwrap_or_default();
        let lease = format!("--force-with-lease=refs/heads/{branch}:{from}");
        let change = format!("{}:refs/heads/{branch}", lead.to);
        let mut args = vec!["push", "--quiet", "--no-follow-tags", &lease];
        if is_directory(&origin) {
            args.push(RECEIVE_PACK);
        }
        args.extend(["origin", &change]);
        let said = self.git.run(&args, b"").await?;
        if said.ok {
            return Ok(true);
        }
        let help = match said.err.contains("stale info") || said.err.contains("fetch first") {
            true => "origin has commits that are not here: run `git pull --rebase` and `git push`",
            false => "the next run tries again",
        };
        Err(Error::Refused { action, detail: format!("{}; {local}; {help}", said.err) })
    }

    /// Why nothing is pushed, if the repository's own configuration names programs for that.
    fn foreign_program(&self) -> Option<String> {
        let named = Some(self.git.foreign_transport()).filter(|named| !named.is_empty())?.join(", ");
        Some(format!(
            "the repository's own configuration names a program for that ({named}), which is not run: run `git \
             push`, or, if you trust it, set it with `git config --global`"
        ))
    }
}

impl Git {
    /// The origin's address for reading, or with `--push` for writing; `None` if there is none.
    async fn origin_url(&self, which: &str) -> Result<Option<String>, Error> {
        let args = ["remote", "get-url", which, "origin"];
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        let said = self.run(&args, b"").await?;
        Ok(said.ok.then(|| String::from_utf8_lossy(&said.out).trim().to_owned()))
    }
}

fn not_alone(branch: &str, count: usize) -> String {
    format!(
        "origin lacks {} of {branch} that nobody has pushed; `git push` pushes them with it",
        counted(count, "other commit")
    )
}

fn behind(action: &str, branch: &str) -> Error {
    let detail = format!(
        "origin's {branch} has commits that the local branch lacks; `git pull --rebase` and `git push` put the record on top of them"
    );
    Error::Refused { action: action.to_owned(), detail }
}
