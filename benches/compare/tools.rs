//! The tools being compared.

use std::path::{Path, PathBuf};

use super::support::servers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Ours,
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

pub const TOOLS: [Tool; 8] =
    [Tool::Ours, Tool::Regsync, Tool::Regctl, Tool::Crane, Tool::CraneAll, Tool::Skopeo, Tool::SkopeoSync, Tool::Ideal];

impl Tool {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "wharfinger",
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

    /// Its path; `ours` is the binary of this program.
    pub fn find(self, ours: &Path) -> Option<PathBuf> {
        match self {
            Self::Ours => ours.is_file().then(|| ours.to_owned()),
            Self::Ideal => Some(PathBuf::new()),
            other => servers::find(other.program()),
        }
    }
}
