//! Any two images, compared: what `diff` shows.

use std::collections::BTreeSet;

use super::inside::{DifferenceReader, Side};
use super::makers::MakerReader;
use super::sources::Sources;
use super::upstream::{Problem, Walk, walk};
use super::vulnerabilities::{Compared, ComparedImage, VulnerabilityReader};
use crate::content::labels::Labels;
use crate::difference::{Difference, Former, ImagePair, SignerChange, difference};
use crate::evidence::{Makers, Trust};
use crate::image::{Digest, Mention, Platform};
use crate::manifest::Image;
use crate::proposal::signers::signers;
use crate::registry::Error;

/// Compares any two images.
pub(crate) struct ComparisonReader<'a> {
    pub sources: &'a Sources,
    /// What signatures are verified with.
    pub trust: &'a Trust,
    pub vulnerabilities: &'a VulnerabilityReader,
    /// The most compressed bytes of layers that are read, for each platform and image.
    pub bytes: u64,
    /// Only this platform is compared.
    pub platform: Option<Platform>,
}

/// One of the two, and what judges who made it.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub mention: &'a Mention,
    pub image: &'a Image,
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
    #[error("{0}")]
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
    pub(crate) async fn compare(&self, from: Named<'_>, to: Named<'_>) -> Result<Comparison, Fault> {
        let (was, is) = (self.digest(from.mention).await?, self.digest(to.mention).await?);
        if was == is {
            let (makers, labels) = (Makers::default(), [Labels::default(), Labels::default()]);
            return Ok(Comparison { from: was, to: is, makers, labels, difference: Difference::same() });
        }
        let (was, is) = (self.read(from, was).await?, self.read(to, is).await?);
        let reader =
            DifferenceReader { sources: self.sources, bytes: self.bytes, only_signed: to.image.signatures.is_some() };
        let platforms = reader.read(Some(side(from, &was)), side(to, &is)).await;
        let images = [compared_image(from, &was), compared_image(to, &is)];
        let compared = Compared { from: Some(images[0]), to: images[1], platforms: &platforms };
        let vulnerabilities = self.vulnerabilities.compare(&compared).await;
        let pair = ImagePair {
            former: Former::Read,
            platforms,
            signer: signer_change(&was.makers, &is.makers),
            commits: [was.makers.commit(), is.makers.commit()],
            vulnerabilities,
        };
        let labels = [was.walk.labels, is.walk.labels];
        Ok(Comparison { from: was.digest, to: is.digest, makers: is.makers, labels, difference: difference(pair) })
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

    async fn read(&self, named: Named<'_>, digest: Digest) -> Result<Read, Fault> {
        let Named { mention, image } = named;
        let wanted = self.platform.as_ref().map(std::slice::from_ref);
        let walk = walk(self.sources, &mention.location, &digest, wanted).await?;
        let walk = walk.ok_or_else(|| Fault::Missing(mention.clone()))?;
        if let Some(Problem::Incomplete(why) | Problem::Refused(why)) = walk.problem {
            return Err(Fault::Unusable { mention: mention.clone(), why });
        }
        let reader = MakerReader { sources: self.sources, trust: self.trust };
        let makers = match image.signatures {
            Some(_) => reader.shown(image, &digest, walk.top.as_ref(), &walk.labels).await,
            None => reader.present(image, &digest, walk.top.as_ref(), &walk.labels).await?,
        };
        Ok(Read { digest, walk, makers })
    }
}

const fn side<'a>(named: Named<'a>, read: &'a Read) -> Side<'a> {
    Side { location: &named.mention.location, digest: &read.digest, walk: &read.walk }
}

const fn compared_image<'a>(named: Named<'a>, read: &'a Read) -> ComparedImage<'a> {
    ComparedImage { location: &named.mention.location, digest: &read.digest }
}

fn signer_change(was: &Makers, is: &Makers) -> Option<SignerChange> {
    let (was, is): (BTreeSet<String>, BTreeSet<String>) = (signers(was), signers(is));
    match (was.is_empty(), is.is_empty()) {
        (false, true) => Some(SignerChange::Lost),
        (false, false) if was.is_disjoint(&is) => Some(SignerChange::Changed),
        _ => None,
    }
}
