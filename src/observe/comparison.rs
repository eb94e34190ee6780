//! Any two images, compared: what `diff` shows.

use super::inside::{DifferenceReader, Side, SignedBy};
use super::makers::{Inquired, MakerReader};
use super::pair::{FormerImage, MakerChange, PairReader};
use super::sources::Sources;
use super::upstream::{Problem, Walk, walk};
use super::vulnerabilities::VulnerabilityReader;
use crate::content::labels::Labels;
use crate::difference::Difference;
use crate::evidence::{Asked, Makers, Trust};
use crate::image::{Digest, Mention, Platform};
use crate::manifest::Signatures;
use crate::proposal::signers::change_between;
use crate::registry::Error;

/// Compares any two images.
pub(crate) struct ComparisonReader<'a> {
    pub sources: &'a Sources,
    /// What signatures are verified with.
    pub trust: &'a Trust,
    /// Who must have signed both; `None` requires no signatures.
    pub signatures: Option<&'a Signatures>,
    pub vulnerabilities: &'a VulnerabilityReader,
    /// The most compressed bytes of layers that are read, for each platform and image.
    pub bytes: u64,
    /// Only this platform is compared.
    pub platform: Option<Platform>,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub from: Digest,
    pub to: Digest,
    /// Who made the new image.
    pub makers: Makers,
    /// The labels of the former and the new image.
    pub labels: [Labels; 2],
    pub difference: Difference,
}

/// Why an image cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Registry(#[from] Error),
    #[error("{0} does not exist")]
    Missing(Mention),
    #[error("{mention}: {why}")]
    Unusable { mention: Mention, why: String },
}

/// One image that was read.
struct Read {
    digest: Digest,
    walk: Walk,
    makers: Makers,
}

impl ComparisonReader<'_> {
    /// Compares `to` with `from`. Of two images with the same digest nothing else is read.
    ///
    /// # Errors
    /// If one of the images cannot be had. What is inside them may be unknown.
    pub(crate) async fn compare(&self, from: &Mention, to: &Mention) -> Result<Comparison, Fault> {
        let (was, is) = (self.digest(from).await?, self.digest(to).await?);
        if was == is {
            let (makers, labels) = (Makers::default(), [Labels::default(), Labels::default()]);
            return Ok(Comparison { from: was, to: is, makers, labels, difference: Difference::same() });
        }
        let (was, is) = (self.read(from, was).await?, self.read(to, is).await?);
        let signed = self.signatures.map(|signatures| SignedBy { signatures, trust: self.trust });
        let vex = self.vulnerabilities.asks();
        let inside = DifferenceReader { sources: self.sources, bytes: self.bytes, signed, vex };
        let reader = PairReader { inside, vulnerabilities: self.vulnerabilities };
        let makers = MakerChange {
            signer: change_between(&was.makers, &is.makers),
            commits: [was.makers.commit(), is.makers.commit()],
        };
        let former = FormerImage::Read(side(from, &was));
        let difference = reader.difference(former, side(to, &is), makers).await;
        let labels = [was.walk.labels, is.walk.labels];
        Ok(Comparison { from: was.digest, to: is.digest, makers: is.makers, labels, difference })
    }

    async fn digest(&self, mention: &Mention) -> Result<Digest, Fault> {
        let missing = || Fault::Missing(mention.clone());
        match (&mention.digest, &mention.tag) {
            (Some(digest), _) => Ok(digest.clone()),
            (None, Some(tag)) => {
                let found = self.sources.head(&mention.location, tag).await?;
                found.map(|found| found.digest).ok_or_else(missing)
            }
            (None, None) => Err(missing()),
        }
    }

    async fn read(&self, mention: &Mention, digest: Digest) -> Result<Read, Fault> {
        let wanted = self.platform.as_ref().map(std::slice::from_ref);
        let walk = walk(self.sources, &mention.location, &digest, wanted).await?;
        let walk = walk.ok_or_else(|| Fault::Missing(mention.clone()))?;
        if let Some(Problem::Incomplete(why) | Problem::Refused(why)) = walk.problem {
            return Err(Fault::Unusable { mention: mention.clone(), why });
        }
        let reader = MakerReader { sources: self.sources, trust: self.trust };
        let image = Inquired {
            source: &mention.location,
            platforms: wanted,
            asked: Asked { signatures: self.signatures, provenance: None },
        };
        let makers = match self.signatures {
            Some(_) => reader.shown(image, &digest, walk.top.as_ref(), &walk.labels).await,
            None => reader.present(image, &digest, walk.top.as_ref(), &walk.labels).await?,
        };
        Ok(Read { digest, walk, makers })
    }
}

const fn side<'a>(mention: &'a Mention, read: &'a Read) -> Side<'a> {
    let Read { digest, walk, makers } = read;
    Side { location: &mention.location, digest, walk, index_is_signed: makers.index_is_signed }
}
