//! What is compared, and what excepts vulnerabilities.

use std::collections::BTreeSet;

use crate::difference::PlatformPair;
use crate::image::{Digest, Location};
use crate::vulnerabilities::{ImageIdentity, Statement};

/// One of two images whose vulnerabilities are compared.
#[derive(Clone, Copy)]
pub(crate) struct ComparedImage<'a> {
    pub location: &'a Location,
    pub digest: &'a Digest,
}

/// Two images whose vulnerabilities are compared.
#[derive(Clone, Copy)]
pub(crate) struct Compared<'a> {
    /// `None` for a first approval: then everything is new.
    pub from: Option<ComparedImage<'a>>,
    pub to: ComparedImage<'a>,
    pub platforms: &'a [PlatformPair],
}

/// Which of two images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    Former,
    New,
}

impl Compared<'_> {
    /// The sides that there are.
    pub(super) fn sides(&self) -> impl Iterator<Item = Which> + use<> {
        let former = self.from.is_some().then_some(Which::Former);
        former.into_iter().chain([Which::New])
    }

    pub(super) fn image(&self, which: Which) -> Option<ComparedImage<'_>> {
        match which {
            Which::Former => self.from,
            Which::New => Some(self.to),
        }
    }

    pub(super) fn identity(&self, which: Which) -> ImageIdentity {
        let inside = |pair: &PlatformPair| match which {
            Which::Former => pair.from.as_ref().map(|inside| inside.digest.clone()),
            Which::New => pair.to.as_ref().map(|inside| inside.digest.clone()),
        };
        let platforms = self.platforms.iter().filter_map(inside);
        let image = self.image(which);
        let digests: BTreeSet<Digest> = platforms.chain(image.map(|image| image.digest.clone())).collect();
        ImageIdentity { digests, repository: image.map(|image| image.location.to_string()).unwrap_or_default() }
    }

    /// The digests of both images and of all their platforms.
    pub(super) fn digests(&self) -> BTreeSet<Digest> {
        self.sides().flat_map(|which| self.identity(which).digests).collect()
    }

    /// The platforms that both images have, or that a first one has.
    pub(super) fn shared(&self) -> impl Iterator<Item = &PlatformPair> {
        self.platforms.iter().filter(|pair| pair.to.is_some() && (pair.from.is_some() || self.from.is_none()))
    }
}

/// What the VEX documents say, and which of them could not be read.
#[derive(Default)]
pub(super) struct Vex {
    pub(super) statements: Vec<Statement>,
    pub(super) faults: Vec<String>,
}
