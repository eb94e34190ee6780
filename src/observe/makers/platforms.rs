//! The manifests that an index lists: those of platforms, and attestations about them.

use super::inquired::Inquired;
use crate::content::{Content, Document, attested};
use crate::evidence::{Covers, Subject};
use crate::image::{Descriptor, Digest, Location, Platform};
use crate::observe::companions::{Judged, StoreReader, judge};
use crate::observe::sources::Sources;
use crate::plan;
use crate::plan::companions::MOST;
use crate::registry::Error;

/// The annotation in which BuildKit says that a manifest is an attestation.
const TYPE: &str = "vnd.docker.reference.type";
const ATTESTATIONS: &str = "attestation-manifest";

/// The media type of statements in attestation manifests.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// What an index lists; nothing if the image is a single manifest, or upstream does not have it.
#[derive(Debug, Default)]
pub(in crate::observe) struct Platforms {
    /// The manifests that are copied, in the index's order; attestations about others are last.
    pub(super) subjects: Vec<Subject>,
    /// The attestation manifests about them, according to the index.
    pub(in crate::observe) attestations: Vec<Attestations>,
}

/// What an index calls an attestation manifest by BuildKit.
#[derive(Debug)]
pub(in crate::observe) struct Attestations {
    /// The platform's manifest that it is about.
    pub(in crate::observe) about: Digest,
    pub(in crate::observe) digest: Digest,
    /// In bytes, according to the index.
    pub(super) size: u64,
}

impl Platforms {
    /// `top`: the document with this digest, if available.
    pub(super) async fn read(
        sources: &Sources,
        image: Inquired<'_>,
        digest: &Digest,
        top: Option<&Document>,
    ) -> Result<Self, Error> {
        if let Some(top) = top {
            return Ok(Self::of(image.platforms, top));
        }
        match sources.document(image.source, digest).await {
            Ok(document) => Ok(document.map(|document| Self::of(image.platforms, &document)).unwrap_or_default()),
            // It is refused, and nothing in it counts.
            Err(error) if error.is_ambiguous() => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// `wanted`: the platforms that are copied; `None`: all.
    pub(in crate::observe) fn of(wanted: Option<&[Platform]>, document: &Document) -> Self {
        let wanted = plan::from_upstream(document, wanted);
        let Ok(Ok(Content::Index { children, .. })) = wanted.map(|wanted| wanted.read()) else {
            return Self::default();
        };
        let about = |child: &Descriptor| {
            let is_marked = child.annotations.get(TYPE).is_some_and(|kind| kind == ATTESTATIONS);
            attested(child).filter(|_| is_marked)
        };
        let (mut subjects, mut attestations) = (Vec::new(), Vec::new());
        for child in children {
            match about(&child) {
                Some(about) => attestations.push(Attestations { about, digest: child.digest, size: child.size }),
                None => subjects.push(subject(child)),
            }
        }
        let is_about_one = |one: &Attestations| subjects.iter().any(|subject| subject.digest == one.about);
        let (attestations, others): (Vec<_>, Vec<_>) = attestations.into_iter().partition(is_about_one);
        subjects.extend(others.into_iter().map(Attestations::into_subject));
        Self { subjects, attestations }
    }

    /// Those of the attestation manifests that are something else in form: manifests that must be signed, and so must
    /// those beyond the number that is looked at.
    ///
    /// # Errors
    /// Whatever keeps upstream from answering.
    pub(super) async fn disguised(self, sources: &Sources, location: &Location) -> Result<Vec<Subject>, Error> {
        let mut disguised = Vec::new();
        for (looked_at, attestations) in self.attestations.into_iter().enumerate() {
            if looked_at >= MOST || !attestations.is_in_form(sources, location).await? {
                disguised.push(attestations.into_subject());
            }
        }
        Ok(disguised)
    }
}

/// An entry of an index that may be run: it has a platform, or an engine may take it for one.
fn subject(child: Descriptor) -> Subject {
    let platform = child.platform.filter(|platform| platform.os != "unknown");
    let name = platform.map_or_else(|| child.digest.to_string(), |platform| platform.to_string());
    Subject { digest: child.digest, covers: Covers::Platform(name) }
}

impl Attestations {
    fn into_subject(self) -> Subject {
        Subject { covers: Covers::Platform(self.digest.to_string()), digest: self.digest }
    }

    /// Whether it holds statements and nothing that an engine would run.
    async fn is_in_form(&self, sources: &Sources, location: &Location) -> Result<bool, Error> {
        let document = match sources.document(location, &self.digest).await {
            Ok(Some(document)) => document,
            Ok(None) => return Ok(false),
            Err(error) if error.is_ambiguous() => return Ok(false),
            Err(error) => return Err(error),
        };
        let Ok(Content::Manifest { layers, .. }) = document.read() else { return Ok(false) };
        if layers.is_empty() || layers.iter().any(|layer| layer.media_type != STATEMENT) {
            return Ok(false);
        }
        let judged = judge(StoreReader::Source(sources, location), &self.digest, None).await?;
        Ok(matches!(judged, Judged::Artifact(_)))
    }
}
