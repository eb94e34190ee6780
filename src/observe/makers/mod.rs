//! Who made an image upstream: its companions are read, within bounds, and judged.
//!
//! This costs what finding companions costs, one request for each companion document that may be a signature or an
//! attestation, and one for each of its contents; a run reads each once. The manifests of platforms are checked only if
//! the top document alone does not satisfy the requirements.

use super::sources::Sources;
use crate::content::Document;
use crate::content::companion::cosign_tags;
use crate::content::labels::Labels;
use crate::evidence::{Asked, Covers, Found, Makers, Subject, Trust, Unread, judge};
use crate::image::{Digest, Tag};
use crate::manifest::Image;
use crate::plan::Signing;
use crate::proposal::unsigned::unsigned;
use crate::registry::Error;

mod bounds;
mod gathering;
mod inquired;
mod platforms;

use bounds::Bounds;
use gathering::Gathering;
pub(crate) use inquired::Inquired;
pub(super) use platforms::Platforms;

/// For how many platforms builds' statements are read if nothing is required: what they say about one they say about
/// all.
const SHOWN: usize = 1;

/// Which attestations inside an index are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Builds {
    /// Those of all platforms, if provenance is required.
    Asked,
    /// At least those of the first.
    Shown,
}

/// Reads who made images, and judges it.
#[derive(Clone, Copy)]
pub(crate) struct MakerReader<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) trust: &'a Trust,
}

impl MakerReader<'_> {
    /// Who made the bytes of `digest`, as far as the image requires that.
    ///
    /// # Errors
    /// Whatever keeps upstream from answering.
    pub(crate) async fn asked(&self, image: &Image, digest: &Digest, labels: &Labels) -> Result<Makers, Error> {
        self.verify(image.into(), digest, None, labels, Builds::Asked).await
    }

    async fn verify(
        &self,
        image: Inquired<'_>,
        digest: &Digest,
        top_document: Option<&Document>,
        labels: &Labels,
        builds: Builds,
    ) -> Result<Makers, Error> {
        let _turn = self.sources.turn().await;
        let asked = image.asked;
        let mut gathering = Gathering::new(self.sources, image.source, Bounds::of_asked());
        let mut subjects = vec![top(digest)];
        gathering.beside(digest).await?;
        let requires = asked.provenance.is_some();
        if requires || builds == Builds::Shown {
            let platforms = Platforms::read(self.sources, image, digest, top_document).await?;
            let count = if requires { platforms.attestations.len() } else { SHOWN.min(platforms.attestations.len()) };
            gathering.inside(&platforms.attestations[..count]).await?;
            subjects.extend(platforms.subjects);
        }
        let makers = judge(asked, &subjects, gathering.found(), labels, self.trust);
        // What the index only calls attestations was not looked at: so far nothing but the index's own signature counts.
        let signed = Asked { provenance: None, ..asked };
        let is_signed = || judge(signed, &[top(digest)], gathering.found(), labels, self.trust).unsigned.is_none();
        if makers.unsigned.is_none() && (subjects.len() == 1 || is_signed()) {
            return Ok(makers);
        }
        let platforms = Platforms::read(self.sources, image, digest, top_document).await?;
        self.verify_each(asked, &mut gathering, platforms, digest, labels).await
    }

    /// The same by the signatures of each manifest that the index lists.
    async fn verify_each(
        &self,
        asked: Asked<'_>,
        gathering: &mut Gathering<'_>,
        mut platforms: Platforms,
        digest: &Digest,
        labels: &Labels,
    ) -> Result<Makers, Error> {
        let mut subjects = vec![top(digest)];
        for subject in std::mem::take(&mut platforms.subjects) {
            gathering.beside(&subject.digest).await?;
            subjects.push(subject);
        }
        let makers = judge(asked, &subjects, gathering.found(), labels, self.trust);
        if makers.unsigned.is_some() {
            return Ok(makers);
        }
        let disguised = platforms.disguised(self.sources, gathering.location()).await?;
        if disguised.is_empty() {
            return Ok(makers);
        }
        for subject in disguised {
            gathering.beside(&subject.digest).await?;
            subjects.push(subject);
        }
        Ok(judge(asked, &subjects, gathering.found(), labels, self.trust))
    }

    /// Who made the bytes of `digest`: as far as the image requires that, or as far as is visible if it requires
    /// nothing.
    ///
    /// # Errors
    /// Whatever keeps upstream from answering.
    pub(crate) async fn of(&self, image: &Image, digest: &Digest, labels: &Labels) -> Result<Makers, Error> {
        match image.signatures {
            Some(_) => self.asked(image, digest, labels).await,
            None => self.present(image, digest, None, labels).await,
        }
    }

    /// The same, where a missing answer makes the verdict unknown.
    pub(crate) async fn asked_or_unknown(&self, image: &Image, digest: &Digest) -> Makers {
        let labels = Labels::default();
        let makers = self.asked(image, digest, &labels).await;
        makers.unwrap_or_else(|error| self.unknown(image.into(), digest, &labels, &error))
    }

    /// The same for reviewers: with what builds inside the index say about themselves, required or not. `top_document`
    /// is the document with that digest, if available.
    pub(crate) async fn shown<'i>(
        &self,
        image: impl Into<Inquired<'i>>,
        digest: &Digest,
        top_document: Option<&Document>,
        labels: &Labels,
    ) -> Makers {
        let image = image.into();
        let makers = self.verify(image, digest, top_document, labels, Builds::Shown).await;
        makers.unwrap_or_else(|error| self.unknown(image, digest, labels, &error))
    }

    fn unknown(&self, image: Inquired<'_>, digest: &Digest, labels: &Labels, error: &Error) -> Makers {
        let unread = vec![Unread { subject: digest.clone(), why: error.to_string() }];
        judge(image.asked, &[top(digest)], &Found { beside: Vec::new(), unread }, labels, self.trust)
    }

    /// Whether an approved version of an image may be promoted.
    pub(crate) async fn signing(&self, image: &Image, digest: &Digest) -> Signing {
        let makers = self.asked_or_unknown(image, digest).await;
        unsigned(&makers).map_or(Signing::Verified(makers.signed_by), Signing::Unsigned)
    }

    /// Whether cosign's signature tag for this digest is listed: that costs no request.
    pub(crate) async fn has_signature_tag(&self, image: &Image, digest: &Digest) -> bool {
        let tags = self.sources.companion_tags(&image.source).await.ok().flatten();
        let is_signature = |tag: &Tag| tag.as_str().ends_with(".sig");
        tags.is_some_and(|tags| {
            cosign_tags(digest).iter().filter(|tag| is_signature(tag)).any(|tag| tags.contains(tag))
        })
    }

    /// The companions of an image that requires nothing, as far as they are small: none of it is verified.
    ///
    /// # Errors
    /// Whatever keeps upstream from answering.
    pub(crate) async fn present<'i>(
        &self,
        image: impl Into<Inquired<'i>>,
        digest: &Digest,
        top_document: Option<&Document>,
        labels: &Labels,
    ) -> Result<Makers, Error> {
        let image = image.into();
        let mut gathering = Gathering::new(self.sources, image.source, Bounds::of_present());
        let Platforms { subjects: platforms, attestations } =
            Platforms::read(self.sources, image, digest, top_document).await?;
        gathering.beside(digest).await?;
        for platform in &platforms {
            gathering.beside(&platform.digest).await?;
        }
        gathering.inside(&attestations[..SHOWN.min(attestations.len())]).await?;
        let subjects: Vec<Subject> = std::iter::once(top(digest)).chain(platforms).collect();
        let nothing = Asked { signatures: None, provenance: None };
        Ok(judge(nothing, &subjects, gathering.found(), labels, self.trust))
    }
}

fn top(digest: &Digest) -> Subject {
    Subject { digest: digest.clone(), covers: Covers::Index }
}
