//! What is compared, and what excepts vulnerabilities.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::difference::PlatformPair;
use crate::image::{Digest, Location};
use crate::vulnerabilities::{Findings, ImageIdentity, Side, Statements};

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
    /// What is attested about the former and the new image.
    pub attested: &'a [Vex; 2],
}

/// Which of two images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    Former,
    New,
}

impl<'a> Compared<'a> {
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

    fn identity(&self, which: Which) -> ImageIdentity {
        let image = self.image(which);
        let digests: BTreeSet<Digest> =
            self.manifests(which).cloned().chain(image.map(|image| image.digest.clone())).collect();
        ImageIdentity { digests, repository: image.map(|image| image.location.to_string()).unwrap_or_default() }
    }

    /// What was found in one image, with what is attested about it. In an image of one platform, it was found there.
    pub(super) fn side(&self, which: Which, mut findings: Findings) -> Side {
        let [former, new] = self.attested;
        let attested = if which == Which::Former { former } else { new };
        let vex = attested.statements.clone();
        let manifests: BTreeSet<Digest> = self.manifests(which).cloned().collect();
        if manifests.len() == 1 {
            findings.are_of(&Arc::new(manifests));
        }
        Side { findings, image: self.identity(which), vex }
    }

    /// The manifests of an image's platforms.
    fn manifests(&self, which: Which) -> impl Iterator<Item = &'a Digest> {
        let inside = move |pair: &'a PlatformPair| match which {
            Which::Former => pair.from.as_ref(),
            Which::New => pair.to.as_ref(),
        };
        self.platforms.iter().filter_map(inside).map(|inside| &inside.digest)
    }

    /// The digests of both images and of all their platforms.
    pub(super) fn digests(&self) -> BTreeSet<Digest> {
        self.sides().flat_map(|which| self.identity(which).digests).collect()
    }

    /// The platforms that both images have, or that a first one has.
    pub(super) fn shared(&self) -> impl Iterator<Item = &'a PlatformPair> {
        self.platforms.iter().filter(|pair| pair.to.is_some() && (pair.from.is_some() || self.from.is_none()))
    }
}

/// What VEX documents say, and which of them could not be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Vex {
    pub(crate) statements: Statements,
    pub(crate) faults: Vec<String>,
}
