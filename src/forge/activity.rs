//! How branches moved, and who moved them: what the forge itself saw, where a commit only states what its author wrote.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Commit, Error};

/// The movements of branches. Each list is read once per run.
#[async_trait]
pub trait Activity: Send + Sync {
    /// The newest movements of a branch of this repository, at most a hundred: how it got its commits, and what it
    /// pointed to before.
    async fn movements(&self, branch: &str) -> Result<Told, Error>;

    /// The same, back to the branch's first creation as far as the forge tells, at most [`WHOLE`] movements.
    async fn all_movements(&self, branch: &str) -> Result<Told, Error>;

    /// Whether this is the account of this program's token.
    async fn is_us(&self, actor: &Actor) -> Result<bool, Error>;
}

/// How many movements of a branch are read at most.
pub(crate) const WHOLE: usize = 1_000;

/// What the forge tells about a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its movements, newest first.
    Movements(Vec<Movement>),
    /// Nothing, for this reason, which says how to change that.
    Nothing(String),
}

/// One movement of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    pub branch: String,
    /// What it pointed to before; `None` if the branch did not exist.
    pub before: Option<Commit>,
    /// What it pointed to afterwards; `None` if it was deleted.
    pub after: Option<Commit>,
    pub kind: MovementKind,
    /// Who did it; `None` if the forge does not say.
    pub actor: Option<Actor>,
    pub at: DateTime<Utc>,
}

impl Movement {
    /// Whether the actor also supplied what the branch then pointed to: the commits of a merge were written by others.
    pub(crate) fn puts(&self) -> bool {
        self.after.is_some()
            && matches!(self.kind, MovementKind::Push | MovementKind::ForcePush | MovementKind::Created)
    }
}

/// How a branch moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementKind {
    /// To a descendant of what it pointed to.
    Push,
    ForcePush,
    Created,
    Deleted,
    /// A pull request was merged into it.
    Merged,
    /// A merge queue merged into it.
    Queued,
    /// Something unknown here.
    Other,
}

impl Actor {
    /// The account with this login, as commits name it.
    pub(crate) fn named(login: &str) -> Self {
        Self { login: login.to_owned(), person: !login.ends_with("[bot]") }
    }
}

/// An account that did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub login: String,
    /// Whether it is a person's account rather than an App's.
    pub person: bool,
}
