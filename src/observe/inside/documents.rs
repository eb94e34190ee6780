//! Documents that say what is inside an image, read as far as their requests are allowed.

use bytes::Bytes;

use super::allowance::Allowance;
use crate::content::Document;
use crate::image::{Descriptor, Digest, Location, Tag};
use crate::observe::companions::{self, Companion, Found};
use crate::observe::sources::Sources;
use crate::packages::Packages;
use crate::text::size;

/// The largest document about what is inside an image, in bytes, that is read.
const LIMIT: u64 = 10_000_000;

/// The packages that an SBOM lists; `None` if there is no SBOM, and why it cannot be used if there is.
pub(super) type Sbom = Result<Option<Packages>, String>;

/// Reads documents; what is known from this run takes no request.
#[derive(Clone, Copy)]
pub(super) struct DocumentReader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) location: &'a Location,
}

impl DocumentReader<'_> {
    /// What is beside a manifest. `is_signed`: at a registry that does not list its tags, cosign's are tried.
    pub(super) async fn companions(
        self,
        about: &Digest,
        is_signed: bool,
        allowance: &mut Allowance,
    ) -> Result<Found, String> {
        let Self { sources, location } = self;
        let read = async {
            let cost = companions::cost(sources, location, about).await?;
            if let Err(why) = allowance.take(cost) {
                return Ok(Err(why));
            }
            let most = allowance.left();
            let looked = companions::beside_within(sources, location, about, most).await?;
            // None within the allowance is one more than it.
            let requests = looked.as_ref().map_or(most + 1, |looked| looked.requests);
            if let Err(why) = allowance.take(requests) {
                return Ok(Err(why));
            }
            Ok(Ok(match (looked, is_signed) {
                (Some(looked), false) => looked.found,
                _ => companions::signing(sources, location, about).await?,
            }))
        };
        read.await.unwrap_or_else(|error: crate::registry::Error| Err(error.to_string()))
    }

    /// The document of a companion of this manifest; `None` if it is no longer there.
    pub(super) async fn companion(
        self,
        companion: &Companion,
        about: &Digest,
        allowance: &mut Allowance,
    ) -> Result<Option<Document>, String> {
        let referrer = match companion {
            Companion::Tagged(tag) => return self.tagged(tag, allowance).await,
            Companion::Referrer { referrer, .. } => referrer,
        };
        let document = self.document(&referrer.digest, allowance).await?;
        let subject = document.read().ok().and_then(|content| content.subject().map(|subject| subject.digest.clone()));
        match subject.as_ref() == Some(about) {
            true => Ok(Some(document)),
            false => Err(format!("{} does not have the image as its subject", referrer.digest)),
        }
    }

    async fn tagged(self, tag: &Tag, allowance: &mut Allowance) -> Result<Option<Document>, String> {
        if !self.sources.knows_tag(self.location, tag) {
            allowance.take(1)?;
        }
        self.sources.document_of_tag(self.location, tag).await.map_err(|error| error.to_string())
    }

    pub(super) async fn document(self, digest: &Digest, allowance: &mut Allowance) -> Result<Document, String> {
        if self.sources.documents.get(digest).is_none() {
            allowance.take(1)?;
        }
        let document = self.sources.document(self.location, digest).await.map_err(|error| error.to_string())?;
        document.ok_or_else(|| format!("{digest} is not there"))
    }

    /// The bytes of a layer.
    pub(super) async fn content(self, layer: &Descriptor, allowance: &mut Allowance) -> Result<Bytes, String> {
        if layer.size > LIMIT {
            return Err(format!("it has {}, and {} are read", size(layer.size), size(LIMIT)));
        }
        if self.sources.contents.get(&layer.digest).is_none() {
            allowance.take(1)?;
        }
        let content = self.sources.content(self.location, layer).await.map_err(|error| error.to_string())?;
        content.ok_or_else(|| format!("{} is not there with the bytes of its digest", layer.digest))
    }
}
