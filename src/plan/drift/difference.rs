//! One difference between a repository and what the manifest wants of it, and what fixes it.

use super::immutability::ImmutableTags;
use crate::manifest::Team;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Who may read the repository.
    Visibility,
    /// A team that the manifest names.
    Team,
    /// A team that holds a grant and that the manifest does not name.
    ExtraTeam,
    /// Tags that nobody may move or delete.
    ImmutableTags,
    Description,
}

impl Aspect {
    /// The stable code of its findings.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Visibility => "visibility",
            Self::Team => "team",
            Self::ExtraTeam => "extra-team",
            Self::ImmutableTags => "immutable-tags",
            Self::Description => "description",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub aspect: Aspect,
    /// What tells it from others of its aspect: the team; `None` where there is one of its kind.
    pub subject: Option<String>,
    /// What the manifest wants, in words.
    pub expected: String,
    /// What Docker Hub says, in words.
    pub found: String,
    pub remedy: Remedy,
}

/// What fixes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Making the repository private: promotion does.
    Hide,
    /// Making the repository public: promotion does only where a person said so with `--yes`.
    Publish,
    /// Granting a team its permission, whether that raises or lowers what it holds: promotion does.
    Grant {
        team: String,
        /// The permission, and whether a missing team is made.
        wish: Team,
    },
    /// Setting which tags nobody may move: promotion does.
    FixTags(ImmutableTags),
    /// Setting the short description: promotion does.
    Describe(String),
    /// A person has to decide: nothing is changed. What can be done, in words.
    Person(&'static str),
}

impl Remedy {
    /// Whether promotion fixes it; `yes` is whether a person agreed to make things public.
    #[must_use]
    pub const fn is_ours(&self, yes: bool) -> bool {
        match self {
            Self::Publish => yes,
            Self::Person(_) => false,
            _ => true,
        }
    }

    /// How it is fixed, in words.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Hide | Self::Grant { .. } | Self::FixTags(_) | Self::Describe(_) => "`promote` fixes it",
            Self::Publish => "`promote --yes` makes it public, or write `visibility: private`",
            Self::Person(advice) => advice,
        }
    }
}
