//! How branches moved, and whose doing that was: what a forge itself saw, where a commit only says what its maker wrote.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Commit, Error};

/// The movements of branches. Each list is read once in a run.
#[async_trait]
pub trait Activity: Send + Sync {
    /// The newest movements of a branch of this repository, a hundred at most: how it came to its commits, and what it
    /// pointed to before.
    async fn movements(&self, branch: &str) -> Result<Told, Error>;

    /// The same, back to the branch's first creation as far as it is told, of [`WHOLE`] movements at most.
    async fn all_movements(&self, branch: &str) -> Result<Told, Error>;

    /// Whether this is the account whose token this program has.
    async fn is_us(&self, actor: &Actor) -> Result<bool, Error>;
}

/// How many movements of a branch are read at most.
pub(crate) const WHOLE: usize = 1_000;

/// What is told of a branch.
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
    /// What it pointed to before; `None` where there was no such branch.
    pub before: Option<Commit>,
    /// What it pointed to then; `None` where it was deleted.
    pub after: Option<Commit>,
    pub kind: MovementKind,
    /// Who did it; `None` where the forge does not say.
    pub actor: Option<Actor>,
    pub at: DateTime<Utc>,
}

impl Movement {
    /// Whether who did it put there what the branch then pointed to: what a merge puts there others wrote.
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
    /// Something that is unknown here.
    Other,
}

impl Actor {
    /// The account of this login, as commits name it.
    pub(crate) fn named(login: &str) -> Self {
        Self { login: login.to_owned(), person: !login.ends_with("[bot]") }
    }
}

/// An account that did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub login: String,
    /// Whether that is a person's account, and no App's.
    pub person: bool,
}
