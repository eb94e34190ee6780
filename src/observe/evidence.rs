//! The evidence for one change: what upstream says about the bytes that would come in, and about those approved now.

use chrono::{DateTime, Utc};

use super::category::Standings;
use super::companions;
use super::inside::{DifferenceReader, Side, SignedBy, pairs};
use super::makers::MakerReader;
use super::pair::{FormerImage, MakerChange, PairReader};
use super::sources::Sources;
use super::upstream::{Part, Problem, Walk, exchanged, walk};
use super::vulnerabilities::{ComparedImage, VulnerabilityReader};
use crate::content::Document;
use crate::content::labels::Labels;
use crate::difference::{Difference, SignerChange};
use crate::evidence::{Makers, Trust};
use crate::image::Digest;
use crate::manifest::{Image, Manifest};
use crate::proposal::Item;
use crate::proposal::body::{Evidence, PlatformEvidence, Served};
use crate::proposal::guard::guarded;
use crate::proposal::review::digest_before;
use crate::proposal::signers::{Signers, signer_change, signers};

#[derive(Clone, Copy)]
pub(crate) struct EvidenceReader<'a> {
    pub sources: &'a Sources,
    /// What signatures are verified with.
    pub trust: &'a Trust,
    /// Knows which of the organization's rules upstream falls under.
    pub standings: &'a Standings,
    pub vulnerabilities: &'a VulnerabilityReader,
    pub now: DateTime<Utc>,
}

impl EvidenceReader<'_> {
    /// Reads the evidence for a change from `base` to `head`, which also names what did not answer.
    pub(crate) async fn read(&self, base: Option<&Manifest>, head: &Manifest, item: &Item) -> Evidence {
        let (Some(tag), digest) = (&item.entry.to, &item.entry.digest) else { return Evidence::default() };
        let Image { source, platforms, .. } = &head.images[item.image];
        let (sources, platforms) = (self.sources, platforms.as_deref());
        let standing = self.standings.of(&head.organization, source).await;
        let mut evidence = Evidence { standing, at: Some(self.now), ..Evidence::default() };
        match sources.head(source, tag).await {
            Ok(Some(answer)) if answer.digest == *digest => evidence.served = Served::Now,
            Ok(answer) => evidence.served = Served::Not(answer.map(|a| a.digest)),
            Err(e) => evidence.unknown.push(format!("what {tag} resolves to: {e}")),
        }
        let mut found = Walk::default();
        match walk(sources, source, digest, platforms).await {
            Ok(Some(walked)) => {
                if !matches!(walked.problem, Some(Problem::Refused(_))) {
                    match companions::account(sources, source, &walked.documents).await {
                        Ok(along) => evidence.along = Some(along),
                        Err(e) => evidence.unknown.push(format!("signatures and other artifacts: {e}")),
                    }
                }
                take(&mut evidence, &walked);
                found = walked;
            }
            Ok(None) => evidence.unknown.push(format!("upstream does not have {digest}")),
            Err(e) => evidence.unknown.push(format!("the image: {e}")),
        }
        let before = digest_before(base, head, item);
        let image = guarded(base, head, item.image);
        let former = self.makers(&mut evidence, &image, item, before.as_ref(), found.top.as_ref()).await;
        evidence.former.clone_from(&before);
        let mut approved = None;
        if let Some(before) = before.as_ref().filter(|before| *before != digest) {
            match walk(sources, source, before, platforms).await {
                Ok(Some(walked @ Walk { problem: None, .. })) => {
                    compare(&mut evidence, &walked, &found);
                    approved = Some(walked);
                }
                Ok(_) => evidence.unknown.push("the approved image: upstream no longer has all of it".to_owned()),
                Err(e) => evidence.unknown.push(format!("the approved image: {e}")),
            }
        }
        if evidence.complete {
            let makers = [former.as_ref(), evidence.makers.as_ref()];
            let images =
                Images { image: &image, before: before.as_ref(), approved: approved.as_ref(), found: &found, makers };
            evidence.difference =
                Some(Box::pin(self.difference(base.unwrap_or(head), item, images, evidence.signer)).await);
        }
        evidence
    }

    /// What changed inside.
    async fn difference(
        &self,
        manifest: &Manifest,
        item: &Item,
        images: Images<'_>,
        signer: Option<SignerChange>,
    ) -> Difference {
        let Images { image, before, approved, found, makers } = images;
        let commits = makers.map(|makers| makers?.commit());
        let [former_is_signed, new_is_signed] =
            makers.map(|makers| makers.is_some_and(|makers| makers.index_is_signed));
        let digest = &item.entry.digest;
        if before == Some(digest) {
            return Difference::same();
        }
        let inside = DifferenceReader {
            sources: self.sources,
            bytes: manifest.inspection.layers,
            signed: image.signatures.as_ref().map(|signatures| SignedBy { signatures, trust: self.trust }),
            vex: self.vulnerabilities.asks(),
        };
        let location = &image.source;
        let side = |digest, walk, index_is_signed| Side { location, digest, walk, index_is_signed };
        let former = match (before, approved) {
            (None, _) => FormerImage::None,
            (Some(digest), None) => FormerImage::Unread(ComparedImage { location, digest }),
            (Some(digest), Some(approved)) => FormerImage::Read(side(digest, approved, former_is_signed)),
        };
        let makers = MakerChange { signer: item.signer.or(signer), commits };
        let reader = PairReader { inside, vulnerabilities: self.vulnerabilities };
        reader.difference(former, side(digest, found, new_is_signed), makers).await
    }

    /// Adds who made the bytes, whose document is `top` if available: verified as `image` requires, else just what is
    /// visible. `before` is what is approved now; who made that is the answer, if it was checked.
    async fn makers(
        &self,
        evidence: &mut Evidence,
        image: &Image,
        item: &Item,
        before: Option<&Digest>,
        top: Option<&Document>,
    ) -> Option<Makers> {
        let (reader, digest) = (MakerReader { sources: self.sources, trust: self.trust }, &item.entry.digest);
        let makers = if image.signatures.is_some() {
            reader.shown(image, digest, top, &evidence.labels).await
        } else if evidence.platforms.is_empty() {
            return None;
        } else {
            match reader.present(image, digest, top, &evidence.labels).await {
                Ok(makers) => makers,
                Err(e) => {
                    evidence.unknown.push(format!("who signed it: {e}"));
                    return None;
                }
            }
        };
        let (mut former, mut known) = (None, Signers::from([(digest.clone(), signers(&makers))]));
        if let Some(before) = before.filter(|_| image.signatures.is_some())
            && let Ok(makers) = reader.asked(image, before, &Labels::default()).await
        {
            known.insert(before.clone(), signers(&makers));
            former = Some(makers);
        }
        evidence.signer = signer_change(image, &item.entry, &known);
        if let (Some(before), true) = (before, image.signatures.is_none() && makers.signatures.is_empty())
            && reader.has_signature_tag(image, before).await
            // One that is there and too large to be shown is not lost.
            && !reader.has_signature_tag(image, digest).await
        {
            evidence.signer = Some(SignerChange::Lost);
        }
        evidence.makers = Some(makers);
        former
    }
}

/// What was read of what is approved and of what comes in.
struct Images<'a> {
    image: &'a Image,
    /// What is approved now; `None` for a first approval.
    before: Option<&'a Digest>,
    /// `None` if upstream no longer has all of it.
    approved: Option<&'a Walk>,
    found: &'a Walk,
    /// Who made either, if that was checked.
    makers: [Option<&'a Makers>; 2],
}

fn take(evidence: &mut Evidence, found: &Walk) {
    let part = |p: &Part| PlatformEvidence {
        name: p.name.clone(),
        digest: p.digest.clone(),
        size: p.size,
        before: None,
        exchanged: None,
    };
    evidence.complete = found.problem.is_none();
    evidence.size = found.problem.is_none().then_some(found.size);
    evidence.platforms = found.parts.iter().map(part).collect();
    evidence.left_out = found.left_out;
    evidence.attestations = found.attestations;
    evidence.labels = found.labels.clone();
    match found.problem.clone() {
        None => {}
        Some(Problem::Incomplete(problem)) => evidence.unknown.push(problem),
        Some(Problem::Refused(problem)) => evidence.refused = Some(problem),
    }
}

fn compare(evidence: &mut Evidence, before: &Walk, found: &Walk) {
    evidence.size_before = Some(before.size);
    evidence.labels_before = before.labels.clone();
    evidence.exchanged = evidence.complete.then(|| exchanged(&before.blobs, &found.blobs));
    let mut platforms = evidence.platforms.iter_mut();
    for (was, is) in pairs(&before.parts, &found.parts) {
        let Some(part) = is else {
            evidence.lost.extend(was.map(Part::platform_name));
            continue;
        };
        if let (Some(platform), Some(same)) = (platforms.next(), was) {
            platform.before = Some((same.digest.clone(), same.size));
            platform.exchanged = Some(exchanged(&same.blobs, &part.blobs));
        }
    }
}
