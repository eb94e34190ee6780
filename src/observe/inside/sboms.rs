//! The SBOMs of an image: in the attestation manifests of its index, and beside its manifests.

use std::collections::BTreeMap;

use super::allowance::Allowance;
use super::side::Side;
use crate::content::Document;
use crate::content::companion::fallback_tag;
use crate::content::sboms::{may_be_sbom, sboms, unwrapped};
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::observe::companions::{self, Companion};
use crate::observe::makers::Platforms;
use crate::observe::sources::Sources;
use crate::observe::upstream::Part;
use crate::packages::{Package, read_sbom};
use crate::text::size;

/// The largest SBOM, in bytes, that is read.
const LIMIT: u64 = 10_000_000;

/// The packages that an SBOM lists; `None` if there is no SBOM, and why it cannot be used if there is.
pub(super) type Sbom = Result<Option<Vec<Package>>, String>;

/// Reads the SBOMs of the platforms of two images.
pub(super) struct SbomReader<'a> {
    sources: &'a Sources,
    /// Whether only those inside the index count.
    only_inside: bool,
    /// Those beside the top documents: they are read once for all platforms.
    of_images: BTreeMap<Digest, Sbom>,
}

impl<'a> SbomReader<'a> {
    pub(super) const fn new(sources: &'a Sources, only_inside: bool) -> Self {
        Self { sources, only_inside, of_images: BTreeMap::new() }
    }

    /// The SBOM of one platform: in the index, else beside its manifest, else beside the index.
    pub(super) async fn of_platform(&mut self, side: Side<'_>, part: &Part, allowance: &mut Allowance) -> Sbom {
        let inside = self.in_index(side, part, allowance).await;
        if self.only_inside || inside != Ok(None) {
            return inside;
        }
        let beside = self.beside(side.location, &part.digest, allowance).await;
        if part.digest == *side.digest || beside != Ok(None) {
            return beside;
        }
        if let Some(known) = self.of_images.get(side.digest) {
            return known.clone();
        }
        let found = self.beside(side.location, side.digest, &mut Allowance::of_image()).await;
        self.of_images.insert(side.digest.clone(), found.clone());
        found
    }

    /// That in one of BuildKit's attestation manifests.
    async fn in_index(&self, side: Side<'_>, part: &Part, allowance: &mut Allowance) -> Sbom {
        let Some(top) = &side.walk.top else { return Ok(None) };
        let attestations = Platforms::of(None, top).attestations;
        let Some(one) = attestations.into_iter().find(|one| one.about == part.digest) else { return Ok(None) };
        let document = self.document(side.location, &one.digest, allowance).await?;
        self.in_document(side.location, &document, &part.digest, allowance).await
    }

    /// That of a referrer, or under one of cosign's tags: the first that can be used.
    async fn beside(&self, location: &Location, about: &Digest, allowance: &mut Allowance) -> Sbom {
        if !self.sources.knows_referrers(location, about) {
            allowance.take()?;
        }
        let tags = self.sources.companion_tags(location).await.map_err(|error| error.to_string())?;
        if fallback_tag(about).is_ok_and(|tag| tags.is_some_and(|tags| tags.contains(&tag))) {
            allowance.take()?;
        }
        let found = companions::beside(self.sources, location, about).await.map_err(|error| error.to_string())?;
        let mut refused = Ok(None);
        for companion in found.companions {
            let document = match companion {
                Companion::Referrer { referrer, .. } if !may_be_sbom(&referrer) => continue,
                Companion::Tagged(tag) if tag.as_str().ends_with(".sig") => continue,
                Companion::Referrer { referrer, .. } => self.referrer(location, &referrer, about, allowance).await,
                Companion::Tagged(tag) => self.tagged(location, &tag, allowance).await,
            };
            let read = match document {
                Ok(document) => self.in_document(location, &document, about, allowance).await,
                Err(why) => Err(why),
            };
            match read {
                Ok(Some(packages)) => return Ok(Some(packages)),
                Ok(None) => {}
                Err(why) if refused == Ok(None) => refused = Err(why),
                Err(_) => {}
            }
        }
        refused
    }

    async fn referrer(
        &self,
        location: &Location,
        referrer: &Descriptor,
        about: &Digest,
        allowance: &mut Allowance,
    ) -> Result<Document, String> {
        let document = self.document(location, &referrer.digest, allowance).await?;
        let subject = document.read().ok().and_then(|content| content.subject().map(|subject| subject.digest.clone()));
        match subject.as_ref() == Some(about) {
            true => Ok(document),
            false => Err(format!("{} does not have the image as its subject", referrer.digest)),
        }
    }

    async fn tagged(&self, location: &Location, tag: &Tag, allowance: &mut Allowance) -> Result<Document, String> {
        allowance.take()?;
        let document = self.sources.document_of_tag(location, tag).await.map_err(|error| error.to_string())?;
        document.ok_or_else(|| format!("{tag} is not there"))
    }

    async fn document(
        &self,
        location: &Location,
        digest: &Digest,
        allowance: &mut Allowance,
    ) -> Result<Document, String> {
        if self.sources.documents.get(digest).is_none() {
            allowance.take()?;
        }
        let document = self.sources.document(location, digest).await.map_err(|error| error.to_string())?;
        document.ok_or_else(|| format!("{digest} is not there"))
    }

    /// The first SBOM in a document.
    async fn in_document(
        &self,
        location: &Location,
        document: &Document,
        about: &Digest,
        allowance: &mut Allowance,
    ) -> Sbom {
        let Some(layer) = sboms(document).into_iter().next() else { return Ok(None) };
        if layer.size > LIMIT {
            return Err(format!("it has {}, and {} are read", size(layer.size), size(LIMIT)));
        }
        allowance.take()?;
        let content = self.sources.content(location, &layer).await.map_err(|error| error.to_string())?;
        let content = content.ok_or_else(|| format!("{} is not there with the bytes of its digest", layer.digest))?;
        let read = tokio::task::spawn_blocking(move || read_sbom(&unwrapped(&content)?)).await;
        let sbom = read.unwrap_or_else(|_| Err("it could not be read".to_owned()))?;
        match sbom.subjects.is_empty() || sbom.subjects.contains(about) {
            true => Ok(Some(sbom.packages)),
            false => Err("its statement is about another digest".to_owned()),
        }
    }
}
