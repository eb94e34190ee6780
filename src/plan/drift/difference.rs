//! One difference between a repository and what the manifest wants for it, and how to fix it.

use super::immutability::ImmutableTags;
use crate::manifest::Team;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Who may read the repository.
    Visibility,
    /// A team that the manifest names.
    Team,
    /// A team with a grant that the manifest does not name.
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
    /// Distinguishes it from others of the same aspect: the team; `None` if there can be only one.
    pub subject: Option<String>,
    /// What the manifest wants, in words.
    pub expected: String,
    /// What Docker Hub says, in words.
    pub found: String,
    pub remedy: Remedy,
}

/// How to fix a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Make the repository private: promotion does that.
    Hide,
    /// Make the repository public: promotion does that only with `--yes`.
    Publish,
    /// Grant a team its permission, whether that raises or lowers the current one: promotion does that.
    Grant {
        team: String,
        /// The permission, and whether a missing team is created.
        wish: Team,
    },
    /// Set which tags nobody may move: promotion does that.
    FixTags(ImmutableTags),
    /// Set the short description: promotion does that.
    Describe(String),
    /// A person has to decide and nothing is changed; says what can be done.
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
