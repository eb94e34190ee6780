//! What was found where companions of manifests are kept.

use crate::image::{Descriptor, Digest, Tag};
use crate::plan::companions::{LeftBehind, MOST};

/// The most bytes of memory that lists of companions take in a run.
pub(in crate::observe) const KEPT: usize = 2 * 1024 * 1024;

/// Something found where companions of a manifest are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Companion {
    /// The list of referrers says that it names the manifest as its subject.
    Referrer { subject: Digest, referrer: Descriptor },
    /// It has one of cosign's tags.
    Tagged(Tag),
}

impl Companion {
    /// The manifest that it names itself.
    pub(crate) const fn subject(&self) -> Option<&Digest> {
        match self {
            Self::Referrer { subject, .. } => Some(subject),
            Self::Tagged(_) => None,
        }
    }
}

/// The companions found for the manifests of one image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// At most [`MOST`]; what belongs to a companion comes after it.
    pub companions: Vec<Companion>,
    /// What is not a companion, and whether there are more.
    pub left: Vec<LeftBehind>,
}

impl Found {
    /// Keeps as many as an image may have, and says whether there were more.
    pub(crate) fn bound(&mut self) -> bool {
        let more = self.companions.len() > MOST;
        if more {
            self.companions.truncate(MOST);
            self.left.push(LeftBehind::rest());
        }
        more
    }

    /// The bytes of memory that it takes, roughly.
    pub(in crate::observe) fn memory(&self) -> usize {
        let annotations =
            |of: &Descriptor| of.annotations.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        let one = |companion: &Companion| match companion {
            Companion::Referrer { referrer, .. } => 500 + annotations(referrer),
            Companion::Tagged(_) => 100,
        };
        100 + self.companions.iter().map(one).sum::<usize>() + 300 * self.left.len()
    }
}
