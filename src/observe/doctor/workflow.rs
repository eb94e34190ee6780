//! The workflow file that started this job: what it grants to the job's own token.

use super::run::Run;
use crate::doctor::facts::Given;
use crate::doctor::workflow::permissions;
use crate::forge::github::GitHub;
use crate::forge::{Commit, Contents as _};

pub(super) async fn given(github: &GitHub, run: &Run) -> Result<Given, String> {
    let (file, commit, job) = place(run, &github.repository()).ok_or_else(|| {
        "it is unknown which file it is: GITHUB_WORKFLOW_REF, GITHUB_WORKFLOW_SHA and GITHUB_JOB are not all set"
            .to_owned()
    })?;
    let text = github.read(&commit, &file).await.map_err(|e| e.to_string())?;
    let text = text.ok_or_else(|| format!("{file} does not exist at {commit}"))?;
    let permissions = permissions(&text, job).map_err(|why| format!("of {file}: {why}"))?;
    Ok(Given { file, permissions })
}

/// The file, the commit and the job; `None` if unknown, or in another repository.
fn place<'a>(run: &'a Run, repository: &str) -> Option<(String, Commit, &'a str)> {
    let (path, _) = run.workflow_ref.as_deref()?.split_once('@')?;
    let file = path.strip_prefix(repository)?.strip_prefix('/')?;
    let sha = run.workflow_sha.as_deref()?;
    let good = matches!(sha.len(), 40 | 64) && sha.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| Some((file.to_owned(), Commit(sha.to_owned()), run.job.as_deref()?))).flatten()
}
