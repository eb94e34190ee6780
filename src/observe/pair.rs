//! How two images whose documents were read differ: inside, in known vulnerabilities, in who made them.

use super::inside::{DifferenceReader, Inside, Side};
use super::vulnerabilities::{Compared, ComparedImage, VulnerabilityReader};
use crate::difference::{Difference, Former, ImagePair, SignerChange, difference};

/// The image that another is compared with.
#[derive(Clone, Copy)]
pub(super) enum FormerImage<'a> {
    /// There is none: everything is new.
    None,
    /// It cannot be had.
    Unread(ComparedImage<'a>),
    Read(Side<'a>),
}

/// What is known of who made both.
pub(super) struct MakerChange {
    pub(super) signer: Option<SignerChange>,
    /// The commits that their provenance names.
    pub(super) commits: [Option<String>; 2],
}

/// Reads how two images differ.
pub(super) struct PairReader<'a> {
    pub(super) inside: DifferenceReader<'a>,
    pub(super) vulnerabilities: &'a VulnerabilityReader,
}

impl<'a> PairReader<'a> {
    /// How `to` differs from `from`; what cannot be read is unknown.
    pub(super) async fn difference(&self, from: FormerImage<'a>, to: Side<'a>, makers: MakerChange) -> Difference {
        // What is read and compared takes memory: of one pair of images at a time.
        let _turn = self.inside.sources.inside_turn().await;
        let Inside { platforms, vex } = match from {
            FormerImage::None => self.inside.read(None, to).await,
            FormerImage::Unread(_) => Inside { platforms: self.inside.only_new(to).await, ..Inside::default() },
            FormerImage::Read(side) => self.inside.read(Some(side), to).await,
        };
        let compared = Compared { from: from.image(), to: image(to), platforms: &platforms, attested: &vex };
        let vulnerabilities = Box::pin(self.vulnerabilities.compare(&compared)).await;
        let MakerChange { signer, commits } = makers;
        difference(ImagePair { former: from.former(), platforms, signer, commits, vulnerabilities })
    }
}

impl<'a> FormerImage<'a> {
    const fn former(self) -> Former {
        match self {
            Self::None => Former::None,
            Self::Unread(_) => Former::Unread,
            Self::Read(_) => Former::Read,
        }
    }

    const fn image(self) -> Option<ComparedImage<'a>> {
        match self {
            Self::None => None,
            Self::Unread(image) => Some(image),
            Self::Read(side) => Some(image(side)),
        }
    }
}

const fn image(side: Side<'_>) -> ComparedImage<'_> {
    ComparedImage { location: side.location, digest: side.digest }
}
