//! Which images share one proposal: `proposals.group`.

use globset::GlobMatcher;

use super::branch;
use crate::manifest::{self, Grouping, Image, Manifest};

/// `proposals.group`, ready for lookups.
pub(super) enum Groups<'a> {
    None,
    All,
    Named(Vec<(&'a str, Vec<GlobMatcher>)>),
}

impl<'a> Groups<'a> {
    pub(super) fn of(grouping: &'a Grouping) -> Self {
        // The manifest has checked the globs: an invalid one matches nothing.
        let matcher = |g: &String| manifest::glob(g);
        match grouping {
            Grouping::Image => Self::None,
            Grouping::All => Self::All,
            Grouping::Named(named) => Self::Named(
                named.iter().map(|(n, globs)| (n.as_str(), globs.iter().filter_map(matcher).collect())).collect(),
            ),
        }
    }

    /// The group of an image: the first that matches its source, as written or in full, or its repository.
    pub(super) fn name(&self, image: &Image) -> Option<String> {
        let names = [image.source_text.clone(), image.source.to_string(), image.repository.to_string()];
        let takes = |globs: &[GlobMatcher]| globs.iter().any(|g| names.iter().any(|name| g.is_match(name)));
        match self {
            Self::None => None,
            Self::All => Some("all".to_owned()),
            Self::Named(named) => named.iter().find(|(_, globs)| takes(globs)).map(|(name, _)| (*name).to_owned()),
        }
    }
}

/// The name of the group whose branch this is.
pub(super) fn group_of(manifest: &Manifest, branch: &str) -> Option<String> {
    let prefix = &manifest.prefix();
    let names: Vec<&str> = match &manifest.proposals.group {
        Grouping::Image => Vec::new(),
        Grouping::All => vec!["all"],
        Grouping::Named(named) => named.iter().map(|(name, _)| name.as_str()).collect(),
    };
    names.into_iter().find(|name| branch::group(prefix, name) == branch).map(str::to_owned)
}
