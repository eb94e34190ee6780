//! The repository's activity: how its branches and those of its forks moved, and who moved them.

use serde_json::{Value, json};

use super::super::http::{Request, Response};
use super::state::State;

/// One movement of a branch.
#[derive(Clone, Debug)]
pub struct Movement {
    pub id: u64,
    /// `OWNER/NAME`: this repository, or a fork.
    pub repository: String,
    pub branch: String,
    /// `None`: the branch did not exist.
    pub before: Option<String>,
    /// `None`: the branch no longer exists.
    pub after: Option<String>,
    pub kind: &'static str,
    pub actor: Option<String>,
    pub at: String,
}

/// What GitHub's activity may omit.
#[derive(Clone, Debug, Default)]
pub struct Silence {
    /// The endpoint does not exist, as on an old Enterprise Server.
    pub absent: bool,
    /// The list of a `ref` is empty if the branch is deleted.
    pub of_deleted: bool,
    /// This many of the newest movements do not show yet.
    pub late: usize,
}

impl State {
    /// Makes `actor` move or delete a branch of this repository, with everything that follows from it.
    pub fn set_branch(&mut self, branch: &str, to: Option<&str>, actor: &str) {
        self.set_branch_by(branch, to, actor, None);
    }

    /// The same, as a kind of movement that the commits do not reveal.
    pub fn set_branch_by(&mut self, branch: &str, to: Option<&str>, actor: &str, kind: Option<&'static str>) {
        let (reference, before) = (format!("refs/heads/{branch}"), self.git.branch(branch));
        match to {
            Some(sha) => drop(self.git.update(&reference, sha, "")),
            None => self.git.delete(&reference),
        }
        let told = match (before.as_deref(), to) {
            (None, _) => "branch_creation",
            (_, None) => "branch_deletion",
            (Some(before), Some(after)) if self.git.is_ancestor(before, after) => "push",
            _ => "force_push",
        };
        let repository = self.full_name();
        self.note(&repository, branch, (before, to.map(str::to_owned)), kind.unwrap_or(told), actor);
        self.branch_moved(branch, actor);
    }

    /// Notes a movement.
    pub fn note(
        &mut self,
        repository: &str,
        branch: &str,
        (before, after): (Option<String>, Option<String>),
        kind: &'static str,
        actor: &str,
    ) {
        if before == after {
            return;
        }
        let id = self.activity.last().map_or(1, |last| last.id + 1);
        let at = self.now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let (repository, branch, actor) = (repository.to_owned(), branch.to_owned(), Some(actor.to_owned()));
        self.activity.push(Movement { id, repository, branch, before, after, kind, actor, at });
    }

    /// `GET /repos/{owner}/{repo}/activity`: newest first, paged by cursors.
    pub fn list_activity(&self, request: &Request, repository: &str) -> Result<Response, Response> {
        let known = |m: &&Movement| m.repository.eq_ignore_ascii_case(repository);
        if self.silence.absent || !self.activity.iter().any(|m| known(&m)) {
            return Err(super::rest::message(404, "Not Found"));
        }
        let wanted = |name: &str| request.query_value(name);
        let branch = wanted("ref").map(|r| r.strip_prefix("refs/heads/").unwrap_or(&r).to_owned());
        let mut rows: Vec<&Movement> = self.activity.iter().filter(known).collect();
        rows.truncate(rows.len().saturating_sub(self.silence.late));
        rows.reverse();
        rows.retain(|m| branch.as_ref().is_none_or(|branch| m.branch == *branch));
        rows.retain(|m| wanted("actor").is_none_or(|actor| m.actor.as_ref() == Some(&actor)));
        rows.retain(|m| wanted("activity_type").is_none_or(|kind| m.kind == kind));
        let deleted = branch.is_some_and(|b| repository == self.full_name() && self.git.branch(&b).is_none());
        if self.silence.of_deleted && deleted {
            rows.clear();
        }
        let per_page = wanted("per_page").and_then(|n| n.parse::<usize>().ok()).unwrap_or(30).clamp(1, 100);
        let cursor = wanted("after").and_then(|after| after.strip_prefix('c')?.parse::<u64>().ok());
        let begin = cursor.and_then(|id| rows.iter().position(|m| m.id == id)).map_or(0, |at| at + 1);
        let some: Vec<&Movement> = rows.iter().skip(begin).take(per_page).copied().collect();
        let list: Vec<Value> = some.iter().map(|m| self.movement_json(m)).collect();
        let response = Response::json(200, &json!(list));
        let last = some.last().filter(|_| begin + some.len() < rows.len());
        Ok(last.map_or_else(|| response.clone(), |last| response.clone().header("link", self.next(request, last.id))))
    }

    fn next(&self, request: &Request, id: u64) -> String {
        let mut pairs = request.query_pairs();
        pairs.retain(|(name, _)| name != "after");
        pairs.push(("after".to_owned(), format!("c{id}")));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let origin = self.api.split('/').take(3).collect::<Vec<_>>().join("/");
        format!("<{origin}{}?{query}>; rel=\"next\"", request.path)
    }

    fn movement_json(&self, movement: &Movement) -> Value {
        let sha = |sha: &Option<String>| sha.clone().unwrap_or_else(|| "0".repeat(40));
        json!({
            "id": movement.id, "node_id": format!("PSH_{}", movement.id), "before": sha(&movement.before),
            "after": sha(&movement.after), "ref": format!("refs/heads/{}", movement.branch), "timestamp": movement.at,
            "activity_type": movement.kind,
            "actor": movement.actor.as_ref().map_or(Value::Null, |login| self.user_json(login)),
        })
    }
}
