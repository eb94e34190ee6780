//! The packages of both images as the databases in their layers list them.

use std::sync::Arc;

use super::Contents;
use crate::packages::database::{self, Distribution, Installed};
use crate::packages::{Listed, PackageSource};

/// What the databases of both images say; they become lists of packages when nothing else of the layers is held any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Databases {
    /// No layer that only one of the images has touches a database.
    Untouched,
    /// Not known on both sides, and why.
    Unknown(String),
    Found {
        from: Side,
        to: Side,
    },
}

/// The databases of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Side {
    pub databases: Vec<Arc<Installed>>,
    /// What `etc/os-release` says, if it was seen.
    pub release: Option<Distribution>,
}

impl Databases {
    /// All layers were read, and none has a package database: there are no packages, before and after.
    pub(super) fn none() -> Self {
        Self::Found { from: Side::default(), to: Side::default() }
    }

    /// Whether the packages are known to differ.
    pub(super) fn differ(&self) -> bool {
        matches!(self, Self::Found { from, to } if from.lines() != to.lines())
    }

    /// Whether a package of the new image makes `bin` and the like links into `usr`.
    pub(super) fn merge_folders(&self) -> bool {
        let Self::Found { to, .. } = self else { return false };
        to.databases.iter().any(|one| one.has("usr-is-merged") || one.has("usrmerge"))
    }

    fn listed(self) -> Listed {
        let (from, to) = match self {
            Self::Untouched => return Listed::Untouched,
            Self::Unknown(reason) => return Listed::Unknown(reason),
            Self::Found { from, to } => (from, to),
        };
        let packages = |side: &Side, other: &Side| {
            let databases: Vec<&Installed> = side.databases.iter().map(|one| &**one).collect();
            database::packages(&databases, side.release.as_ref().or(other.release.as_ref()))
        };
        match (packages(&from, &to), packages(&to, &from)) {
            (Ok(from), Ok(to)) => Listed::Known { source: PackageSource::Layers, from, to },
            (Err(reason), _) | (_, Err(reason)) => Listed::Unknown(reason),
        }
    }
}

impl Side {
    /// The packages in order, each once.
    fn lines(&self) -> Vec<&str> {
        let mut lines: Vec<&str> = self.databases.iter().flat_map(|one| one.lines()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// What the layers say, without lists of packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unlisted {
    pub(super) databases: Databases,
    /// `listed` says nothing yet.
    pub(super) contents: Contents,
}

impl Unlisted {
    /// Lists the packages. Whatever was read of the layers is better dropped before.
    pub(crate) fn list(self) -> Contents {
        Contents { listed: self.databases.listed(), ..self.contents }
    }
}
