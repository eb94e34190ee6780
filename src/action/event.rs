//! What happened, from the event's name and its payload. Only what this program acts on is read, and strictly: if the
//! payload lacks it, the error names the file and the field.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::Environment;
use crate::forge::Commit;
use crate::text::excerpt;

/// The event that triggered the workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The event's name, as GitHub writes it.
    pub name: String,
    /// Its kind, with the data that only this kind has.
    pub kind: Kind,
    /// The repository's default branch, if the payload names it.
    pub default_branch: Option<String>,
    /// `GITHUB_REF`: the ref that the run is for.
    pub git_ref: String,
    /// `GITHUB_SHA`: the commit that the run is for; for a pull request, its merge commit.
    pub sha: Option<Commit>,
}

/// The events that mean something to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Commits were pushed to a branch, which then pointed to this one; `None` if the payload does not say.
    Push(Option<Commit>),
    /// A scheduled run.
    Schedule,
    /// A person started the run by hand.
    WorkflowDispatch,
    /// A pull request was opened or changed.
    PullRequest(PullRequest),
    /// A merge queue requests a verdict.
    MergeGroup(MergeGroup),
    /// Somebody commented on an issue or a pull request.
    IssueComment(Comment),
    Other,
}

/// The pull request of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullRequest {
    pub number: u64,
    /// The branch it would be merged into.
    pub base_branch: String,
    /// That branch's commit when the event was created.
    pub base: Commit,
    pub head_branch: String,
    /// Its newest commit.
    pub head: Commit,
    /// `owner/name` of the repository its branch is in; `None` if that was deleted.
    pub head_repository: Option<String>,
}

/// A merge queue's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MergeGroup {
    /// The commit that would be merged.
    pub head: Commit,
    /// What it would be merged onto.
    pub base: Commit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Its number, unique on this GitHub instance.
    pub id: u64,
    /// `created`, `edited` or `deleted`.
    pub action: String,
    pub body: String,
    pub author: String,
    /// Whether the account is a program's rather than a person's.
    pub by_program: bool,
    /// The issue or pull request.
    pub number: u64,
    /// Whether that is a pull request.
    pub on_pull_request: bool,
}

/// Why an event cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EventError(String);

/// The maximum size of a payload in bytes; GitHub's own limit is 25 MB.
const LIMIT: u64 = 32_000_000;

impl Event {
    /// The event of this run.
    ///
    /// # Errors
    /// If a variable or the payload's file is missing, or the payload lacks what its kind must have.
    pub(crate) fn read(environment: &Environment) -> Result<Self, EventError> {
        let needed = |value: &Option<String>, name: &str| {
            value.clone().ok_or_else(|| EventError(format!("{name} is not set: this is not a workflow step")))
        };
        let name = needed(&environment.event_name, "GITHUB_EVENT_NAME")?;
        let git_ref = needed(&environment.git_ref, "GITHUB_REF")?;
        let path = environment
            .event_path
            .as_deref()
            .ok_or_else(|| EventError("GITHUB_EVENT_PATH is not set: this is not a workflow step".to_owned()))?;
        let payload = Payload::read(path)?;
        let kind = kind(&name, &payload)?;
        if matches!(kind, Kind::Push(_)) {
            same_ref(&payload, &git_ref)?;
        }
        Ok(Self {
            kind,
            default_branch: payload.optional("repository.default_branch", string)?,
            name,
            git_ref,
            sha: environment.sha.as_deref().map(sha).transpose()?,
        })
    }
}

/// After a branch was deleted, GitHub runs for the default branch instead: nothing was pushed there.
fn same_ref(payload: &Payload<'_>, git_ref: &str) -> Result<(), EventError> {
    let Some(pushed) = payload.optional("ref", string)? else { return Ok(()) };
    if pushed == git_ref {
        return Ok(());
    }
    let what = if payload.at("deleted") == Some(&Value::Bool(true)) { "the deletion" } else { "a push" };
    let (pushed, git_ref) = (excerpt(&pushed, 200), excerpt(git_ref, 200));
    Err(EventError(format!("the event is {what} of {pushed}, but GITHUB_REF is {git_ref}: nothing is done for it")))
}

fn sha(text: &str) -> Result<Commit, EventError> {
    commit_text(text).ok_or_else(|| EventError(format!("GITHUB_SHA is not a commit: {}", excerpt(text, 60))))
}

fn kind(name: &str, payload: &Payload<'_>) -> Result<Kind, EventError> {
    Ok(match name {
        "push" => Kind::Push(payload.optional("after", commit)?),
        "schedule" => Kind::Schedule,
        "workflow_dispatch" => Kind::WorkflowDispatch,
        "pull_request" => Kind::PullRequest(PullRequest {
            number: payload.needed("pull_request.number", positive)?,
            base_branch: payload.needed("pull_request.base.ref", string)?,
            base: payload.needed("pull_request.base.sha", commit)?,
            head_branch: payload.needed("pull_request.head.ref", string)?,
            head: payload.needed("pull_request.head.sha", commit)?,
            head_repository: payload.optional("pull_request.head.repo.full_name", string)?,
        }),
        "merge_group" => Kind::MergeGroup(MergeGroup {
            head: payload.needed("merge_group.head_sha", commit)?,
            base: payload.needed("merge_group.base_sha", commit)?,
        }),
        "issue_comment" => Kind::IssueComment(Comment {
            id: payload.needed("comment.id", positive)?,
            action: payload.needed("action", string)?,
            body: payload.needed("comment.body", |value| value.as_str().map(str::to_owned))?,
            author: payload.needed("comment.user.login", string)?,
            by_program: payload.optional("comment.user.type", string)?.as_deref() == Some("Bot"),
            number: payload.needed("issue.number", positive)?,
            on_pull_request: payload.at("issue.pull_request").is_some_and(|value| !value.is_null()),
        }),
        _ => Kind::Other,
    })
}

/// A payload and the file it was read from.
struct Payload<'a> {
    path: &'a Path,
    value: Value,
}

impl<'a> Payload<'a> {
    fn read(path: &'a Path) -> Result<Self, EventError> {
        let fault = |what: String| EventError(format!("the event's file {} {what}", path.display()));
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|e| fault(format!("cannot be read: {e}")))?;
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|e| fault(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > LIMIT {
            return Err(fault("is larger than 32 MB".to_owned()));
        }
        let value = serde_json::from_slice(&bytes).map_err(|e| fault(format!("is not JSON: {e}")))?;
        match value {
            Value::Object(_) => Ok(Self { path, value }),
            _ => Err(fault("does not contain a JSON object".to_owned())),
        }
    }

    fn at(&self, field: &str) -> Option<&Value> {
        field.split('.').try_fold(&self.value, |value, name| value.get(name))
    }

    fn needed<T>(&self, field: &str, read: impl Fn(&Value) -> Option<T>) -> Result<T, EventError> {
        self.optional(field, read)?.ok_or_else(|| self.fault(field, "is missing"))
    }

    /// A field that may be missing or null, but otherwise must be valid.
    fn optional<T>(&self, field: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, EventError> {
        match self.at(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| {
                let found = excerpt(&value.to_string(), 60);
                self.fault(field, &format!("cannot be {found}"))
            }),
        }
    }

    fn fault(&self, field: &str, what: &str) -> EventError {
        EventError(format!("the event's file {}: the field {field} {what}", self.path.display()))
    }
}

/// A number assigned by GitHub: they start at 1.
fn positive(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number > 0)
}

/// A text that names something: not empty and without control characters.
fn string(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty() && !text.chars().any(char::is_control)).map(str::to_owned)
}

fn commit(value: &Value) -> Option<Commit> {
    value.as_str().and_then(commit_text)
}

/// A commit's object id: 40 hexadecimal digits, or 64 in a SHA-256 repository.
fn commit_text(text: &str) -> Option<Commit> {
    let good = matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    good.then(|| Commit(text.to_owned()))
}
