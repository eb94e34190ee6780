//! The tools being compared.

use std::path::{Path, PathBuf};

use super::support::servers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Ours,
    /// Another build of this program.
    Before,
    Regsync,
    Regctl,
    Crane,
    /// One process for a whole repository.
    CraneAll,
    Skopeo,
    /// One process for everything.
    SkopeoSync,
    /// Not a tool: the least time that it can take.
    Ideal,
}

pub const TOOLS: [Tool; 9] = [
    Tool::Ours,
    Tool::Before,
    Tool::Regsync,
    Tool::Regctl,
    Tool::Crane,
    Tool::CraneAll,
    Tool::Skopeo,
    Tool::SkopeoSync,
    Tool::Ideal,
];

impl Tool {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "wharfinger",
            Self::Before => "before",
            Self::Regsync => "regsync",
            Self::Regctl => "regctl",
            Self::Crane => "crane",
            Self::CraneAll => "crane-all-tags",
            Self::Skopeo => "skopeo",
            Self::SkopeoSync => "skopeo-sync",
            Self::Ideal => "ideal",
        }
    }

    pub const fn program(self) -> &'static str {
        match self {
            Self::Crane | Self::CraneAll => "crane",
            Self::Skopeo | Self::SkopeoSync => "skopeo",
            other => other.name(),
        }
    }

    /// Its path; `ours` and `before` are binaries of this program.
    pub fn find(self, ours: &Path, before: Option<&Path>) -> Option<PathBuf> {
        let binary = |path: &Path| path.is_file().then(|| path.to_owned());
        match self {
            Self::Ours => binary(ours),
            Self::Before => before.and_then(binary),
            Self::Ideal => Some(PathBuf::new()),
            other => servers::find(other.program()),
        }
    }
}
