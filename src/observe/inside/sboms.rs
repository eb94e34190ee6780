//! The SBOMs of an image: in the attestation manifests of its index, and beside its manifests.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;

use super::allowance::Allowance;
use super::attested::{AttestationReader, SignedBy, Wanted};
use super::documents::{DocumentReader, Sbom};
use super::side::Side;
use crate::content::Document;
use crate::content::sboms::{may_be_sbom, sboms, unwrapped};
use crate::image::Digest;
use crate::observe::companions::Companion;
use crate::observe::makers::Platforms;
use crate::observe::sources::Sources;
use crate::observe::upstream::Part;
use crate::observe::vulnerabilities::Vex;
use crate::packages::{self, read_sbom};

/// Reads the SBOMs of the platforms of two images, and what else is attested about them.
pub(super) struct SbomReader<'a> {
    sources: &'a Sources,
    /// Where only what is signed counts: reads that.
    signed: Option<AttestationReader<'a>>,
    /// Whether VEX is wanted; it only counts signed.
    vex: bool,
    /// What is beside the top documents: it is read once for all platforms.
    of_images: BTreeMap<Digest, OfImage>,
}

/// What was read beside a top document.
struct OfImage {
    allowance: Allowance,
    /// `None` if it was not wanted yet.
    sbom: Option<Sbom>,
    has_vex: bool,
}

impl Default for OfImage {
    fn default() -> Self {
        Self { allowance: Allowance::of_image(), sbom: None, has_vex: false }
    }
}

impl<'a> SbomReader<'a> {
    pub(super) fn new(sources: &'a Sources, signed: Option<SignedBy<'a>>, vex: bool) -> Self {
        let vex = vex && signed.is_some();
        let signed = signed.map(|signed| AttestationReader::new(sources, signed));
        Self { sources, signed, vex, of_images: BTreeMap::new() }
    }

    /// The SBOM of one platform: in the index, else beside its manifest, else beside the index.
    pub(super) async fn of_platform(&mut self, side: Side<'a>, part: &Part, allowance: &mut Allowance) -> Sbom {
        let counts = self.signed.is_none() || side.index_is_signed;
        let inside = if counts { self.in_index(side, part, allowance).await } else { Ok(None) };
        let found = match inside {
            Ok(None) => self.beside(side, &part.digest, Wanted { sbom: true, vex: self.vex }, allowance).await,
            inside => {
                self.vex_of_platform(side, part, allowance).await;
                return inside;
            }
        };
        if part.digest == *side.digest || found != Ok(None) {
            return found;
        }
        self.of_image(side, true).await
    }

    /// Reads the VEX of one platform.
    pub(super) async fn vex_of_platform(&mut self, side: Side<'a>, part: &Part, allowance: &mut Allowance) {
        // Without SBOMs there is nothing to return.
        let _ = self.beside(side, &part.digest, Wanted { sbom: false, vex: self.vex }, allowance).await;
    }

    /// What VEX says about an image, whose platforms were read.
    pub(super) async fn vex(&mut self, side: Side<'a>) -> Vex {
        if self.vex && side.walk.parts.iter().all(|part| part.digest != *side.digest) {
            let _ = self.of_image(side, false).await;
        }
        self.signed.as_mut().map(|signed| signed.take_vex(side.digest)).unwrap_or_default()
    }

    async fn of_image(&mut self, side: Side<'a>, sbom: bool) -> Sbom {
        let mut known = self.of_images.remove(side.digest).unwrap_or_default();
        let wanted = Wanted { sbom: sbom && known.sbom.is_none(), vex: self.vex && !known.has_vex };
        let found = self.beside(side, side.digest, wanted, &mut known.allowance).await;
        known.has_vex |= wanted.vex;
        if wanted.sbom {
            known.sbom = Some(found);
        }
        let sbom = known.sbom.clone().unwrap_or(Ok(None));
        self.of_images.insert(side.digest.clone(), known);
        sbom
    }

    /// That in one of BuildKit's attestation manifests.
    async fn in_index(&self, side: Side<'_>, part: &Part, allowance: &mut Allowance) -> Sbom {
        let Some(top) = &side.walk.top else { return Ok(None) };
        let attestations = Platforms::of(None, top).attestations;
        let Some(one) = attestations.into_iter().find(|one| one.about == part.digest) else { return Ok(None) };
        let reader = DocumentReader { sources: self.sources, location: side.location };
        let document = reader.document(&one.digest, allowance).await?;
        in_document(reader, &document, &part.digest, allowance).await
    }

    /// That of a referrer, or under one of cosign's tags: the first that can be used.
    async fn beside(&mut self, side: Side<'a>, about: &Digest, wanted: Wanted, allowance: &mut Allowance) -> Sbom {
        if let Some(signed) = &mut self.signed {
            return signed.beside(side, about, wanted, allowance).await;
        }
        if !wanted.sbom {
            return Ok(None);
        }
        let reader = DocumentReader { sources: self.sources, location: side.location };
        let mut refused = Ok(None);
        for companion in reader.companions(about, false, allowance).await?.companions {
            match &companion {
                Companion::Referrer { referrer, .. } if !may_be_sbom(referrer) => continue,
                Companion::Tagged(tag) if tag.as_str().ends_with(".sig") => continue,
                Companion::Referrer { .. } | Companion::Tagged(_) => {}
            }
            let read = match reader.companion(&companion, about, allowance).await {
                Ok(Some(document)) => in_document(reader, &document, about, allowance).await,
                Ok(None) => Err("it is listed and not there".to_owned()),
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
}

/// The first SBOM in a document that can be used.
async fn in_document(
    reader: DocumentReader<'_>,
    document: &Document,
    about: &Digest,
    allowance: &mut Allowance,
) -> Sbom {
    let mut refused = Ok(None);
    for layer in sboms(document) {
        let content = reader.content(&layer, allowance).await;
        let read = match content {
            Ok(content) => tokio::task::spawn_blocking(move || read(content)).await,
            Err(why) => Ok(Err(why)),
        };
        match read.unwrap_or_else(|_| Err("it could not be read".to_owned())) {
            Ok(sbom) if sbom.subjects.is_empty() || sbom.subjects.contains(about) => return Ok(Some(sbom.packages)),
            Ok(_) if refused == Ok(None) => refused = Err("its statement is about another digest".to_owned()),
            Err(why) if refused == Ok(None) => refused = Err(why),
            Ok(_) | Err(_) => {}
        }
    }
    refused
}

/// What an envelope holds replaces it in memory.
fn read(content: Bytes) -> Result<packages::Sbom, String> {
    let inner = match unwrapped(&content)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(inner) => Some(inner),
    };
    match inner {
        None => read_sbom(&content),
        Some(inner) => {
            drop(content);
            read_sbom(&inner)
        }
    }
}
