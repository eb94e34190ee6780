//! GitHub's repository activity: lists of movements, newest first and paged by cursors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::answer::{Answer, READ};
use super::client::{encode, pause};
use super::{GitHub, commit_at, text, time_at};
use crate::forge::{Activity, Actor, Commit, Error, Movement, MovementKind, Told, WHOLE};

/// How many pages of a list are read at most.
const PAGES: u32 = (WHOLE / 100) as u32;
/// How often a list that does not lead to its branch's tip is read again.
const TRIES: u32 = 2;

/// Lists by repository and branch, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct Lists(Mutex<BTreeMap<List, Arc<tokio::sync::Mutex<Reading>>>>);

/// A list of movements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct List {
    /// `OWNER/NAME`: this repository, or a fork.
    pub(super) repository: String,
    /// `None`: of all branches.
    pub(super) branch: Option<String>,
}

/// What was read of a list.
#[derive(Debug, Default)]
struct Reading {
    movements: Vec<Movement>,
    pages: u32,
    /// The cursor of the next page; `None` if the list ends here or was not started.
    next: Option<String>,
    /// Why nothing is known.
    nothing: Option<String>,
}

impl Reading {
    fn is_through(&self) -> bool {
        self.pages > 0 && self.next.is_none()
    }
}

#[async_trait]
impl Activity for GitHub {
    async fn movements(&self, branch: &str) -> Result<Told, Error> {
        self.list_movements(&self.list_of(branch), 1, |_| true).await
    }

    async fn all_movements(&self, branch: &str) -> Result<Told, Error> {
        self.list_movements(&self.list_of(branch), PAGES, |_| false).await
    }

    async fn is_us(&self, actor: &Actor) -> Result<bool, Error> {
        Ok(is_login(&actor.login, self.login().await?))
    }
}

impl GitHub {
    fn list_of(&self, branch: &str) -> List {
        List { repository: self.repository(), branch: Some(branch.to_owned()) }
    }

    /// The newest movements of a branch, read again if they do not lead to `tip` yet: what was read earlier in this run
    /// may be old, and a row may be late.
    pub(super) async fn movements_to(&self, branch: &str, tip: &Commit) -> Result<Told, Error> {
        let list = self.list_of(branch);
        let mut told = self.list_movements(&list, 1, |_| true).await?;
        for made in 0..TRIES {
            let Told::Movements(rows) = &told else { break };
            if rows.iter().any(|row| row.after.as_ref() == Some(tip)) {
                break;
            }
            pause(made).await;
            self.activity.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&list);
            told = self.list_movements(&list, 1, |_| true).await?;
        }
        Ok(told)
    }

    /// The movements of a list, read until they suffice, the list ends or this many pages were read.
    pub(super) async fn list_movements(
        &self,
        list: &List,
        pages: u32,
        enough: impl Fn(&[Movement]) -> bool,
    ) -> Result<Told, Error> {
        let reading = {
            let mut lists = self.activity.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lists.entry(list.clone()).or_default())
        };
        let mut reading = reading.lock().await;
        loop {
            let ended = reading.is_through() || reading.pages > 0 && enough(&reading.movements);
            if reading.nothing.is_some() || ended || reading.pages >= pages {
                break;
            }
            self.read_page(list, &mut reading).await?;
        }
        Ok(match &reading.nothing {
            Some(why) => Told::Nothing(why.clone()),
            None => Told::Movements(reading.movements.clone()),
        })
    }

    /// Whether all of a list was read.
    pub(super) async fn is_read_through(&self, list: &List) -> bool {
        let reading = self.activity.0.lock().unwrap_or_else(PoisonError::into_inner).get(list).cloned();
        match reading {
            Some(reading) => reading.lock().await.is_through(),
            None => false,
        }
    }

    /// Only the cursor is taken from GitHub's link: where the token is sent is decided here.
    async fn read_page(&self, list: &List, reading: &mut Reading) -> Result<(), Error> {
        let action = "reading the repository's activity";
        let answer = self.client.get(&path(list, reading.next.as_deref())).await?;
        reading.pages += 1;
        reading.next = next_cursor(&answer);
        match answer.status {
            // A deleted branch.
            422 if list.branch.is_some() => return Ok(()),
            403 | 404 | 410 | 422 => {
                reading.nothing = Some(silence(list, &answer));
                return Ok(());
            }
            _ => {}
        }
        let json = answer.success(action, READ)?.json(action)?;
        for row in json.as_array().into_iter().flatten() {
            reading.movements.push(movement(row)?);
        }
        Ok(())
    }
}

/// The path of a list's page behind a cursor.
fn path(list: &List, cursor: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(branch) = &list.branch {
        query.append_pair("ref", &format!("refs/heads/{branch}"));
    }
    query.append_pair("per_page", "100");
    if let Some(cursor) = cursor {
        query.append_pair("after", cursor);
    }
    format!("/repos/{}/activity?{}", encode(&list.repository), query.finish())
}

/// Why a list is not available, and what to do.
fn silence(list: &List, answer: &Answer) -> String {
    format!(
        "the activity of {} cannot be read ({}, status {}): the token needs `contents: read`, and an Enterprise \
         Server must be 3.17 or later",
        list.repository,
        answer.message(),
        answer.status
    )
}

/// Whether an account's login is the token's; an App's may lack its suffix.
pub(super) fn is_login(login: &str, own: &str) -> bool {
    login.eq_ignore_ascii_case(own) || login.strip_suffix("[bot]").is_some_and(|name| name.eq_ignore_ascii_case(own))
}

fn movement(row: &Value) -> Result<Movement, Error> {
    // Zeros mean no commit.
    let commit = |at: &str| -> Result<Option<Commit>, Error> {
        let commit = commit_at(row, at)?;
        Ok(Some(commit).filter(|commit| commit.0.bytes().any(|b| b != b'0')))
    };
    let actor = row.pointer("/actor/login").and_then(Value::as_str).map(|login| Actor {
        login: login.to_owned(),
        person: row.pointer("/actor/type").and_then(Value::as_str) == Some("User"),
    });
    let branch = text(row, "/ref")?;
    Ok(Movement {
        branch: branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned(),
        before: commit("/before")?,
        after: commit("/after")?,
        kind: kind(text(row, "/activity_type")?),
        actor,
        at: time_at(row, "/timestamp")?,
    })
}

fn kind(text: &str) -> MovementKind {
    match text {
        "push" => MovementKind::Push,
        "force_push" => MovementKind::ForcePush,
        "branch_creation" => MovementKind::Created,
        "branch_deletion" => MovementKind::Deleted,
        "pr_merge" => MovementKind::Merged,
        "merge_queue_merge" => MovementKind::Queued,
        _ => MovementKind::Other,
    }
}

/// The cursor of the next page, from GitHub's link to it.
fn next_cursor(answer: &Answer) -> Option<String> {
    let next = answer.header("link")?.split(',').find(|link| link.contains("rel=\"next\""))?;
    let (_, query) = next.split_once('<')?.1.split_once('>')?.0.split_once('?')?;
    url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after").map(|(_, after)| after.into_owned())
}
