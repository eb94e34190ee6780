//! The platforms of an image, and what its index contains about them.

use crate::content::{Content, Document};
use crate::evidence::{Covers, Subject};
use crate::image::{Descriptor, Digest};
use crate::manifest::Image;
use crate::observe::sources::Sources;
use crate::plan;
use crate::registry::Error;

/// The annotations in which BuildKit says which manifest an attestation manifest is about.
const TYPE: &str = "vnd.docker.reference.type";
const ATTESTATIONS: &str = "attestation-manifest";
const ABOUT: &str = "vnd.docker.reference.digest";

/// What an index lists; nothing if the image is a single manifest, or upstream does not have it.
#[derive(Debug, Default)]
pub(super) struct Platforms {
    /// The manifests of the wanted platforms, in the index's order.
    pub(super) subjects: Vec<Subject>,
    /// The attestation manifests about them.
    pub(super) attestations: Vec<Attestations>,
}

/// An attestation manifest by BuildKit.
#[derive(Debug)]
pub(super) struct Attestations {
    /// The platform's manifest that it is about.
    pub(super) about: Digest,
    pub(super) digest: Digest,
}

impl Platforms {
    /// `top`: the document with this digest, if available.
    pub(super) async fn read(
        sources: &Sources,
        image: &Image,
        digest: &Digest,
        top: Option<&Document>,
    ) -> Result<Self, Error> {
        if let Some(top) = top {
            return Ok(Self::of(image, top));
        }
        match sources.document(&image.source, digest).await {
            Ok(document) => Ok(document.map(|document| Self::of(image, &document)).unwrap_or_default()),
            // It is refused, and nothing in it counts.
            Err(error) if error.is_ambiguous() => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    fn of(image: &Image, document: &Document) -> Self {
        let wanted = plan::from_upstream(document, image.platforms.as_deref());
        let Ok(Ok(Content::Index { children, .. })) = wanted.map(|wanted| wanted.read()) else {
            return Self::default();
        };
        let about = |child: &Descriptor| {
            let attests = child.annotations.get(TYPE).is_some_and(|kind| kind == ATTESTATIONS);
            child.annotations.get(ABOUT).filter(|_| attests).and_then(|about| about.parse().ok())
        };
        let mut platforms = Self::default();
        for child in children {
            match (about(&child), child.platform) {
                (Some(about), _) => platforms.attestations.push(Attestations { about, digest: child.digest }),
                (None, Some(platform)) if platform.os == "unknown" => {}
                (None, platform) => {
                    let name = platform.map_or_else(|| child.digest.to_string(), |platform| platform.to_string());
                    platforms.subjects.push(Subject { digest: child.digest, covers: Covers::Platform(name) });
                }
            }
        }
        platforms
    }
}
