//! The evidence for one change: what upstream says about the bytes that would come in, and about those approved now.

use chrono::{DateTime, Utc};

use super::category::Standings;
use super::companions;
use super::makers::MakerReader;
use super::sources::Sources;
use super::upstream::{Blobs, Part, Problem, Walk, exchanged, walk};
use crate::content::Document;
use crate::content::labels::Labels;
use crate::evidence::Trust;
use crate::image::Digest;
use crate::manifest::{Image, Manifest};
use crate::proposal::Item;
use crate::proposal::SignerChange;
use crate::proposal::body::{Evidence, PlatformEvidence, Served};
use crate::proposal::guard::guarded;
use crate::proposal::review::digest_before;
use crate::proposal::signers::{Signers, signer_change, signers};

pub(crate) struct EvidenceReader<'a> {
    pub sources: &'a Sources,
    /// What signatures are verified with.
    pub trust: &'a Trust,
    /// Knows which of the organization's rules upstream falls under.
    pub standings: &'a Standings,
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
        let (mut parts, mut top) = (Parts::default(), None);
        match walk(sources, source, digest, platforms).await {
            Ok(Some(found)) => {
                if !matches!(found.problem, Some(Problem::Refused(_))) {
                    match companions::account(sources, source, &found.documents).await {
                        Ok(along) => evidence.along = Some(along),
                        Err(e) => evidence.unknown.push(format!("signatures and other artifacts: {e}")),
                    }
                }
                top.clone_from(&found.top);
                parts = take(&mut evidence, found);
            }
            Ok(None) => evidence.unknown.push(format!("upstream does not have {digest}")),
            Err(e) => evidence.unknown.push(format!("the image: {e}")),
        }
        let before = digest_before(base, head, item);
        let image = guarded(base, head, item.image);
        self.makers(&mut evidence, &image, item, before.as_ref(), top.as_ref()).await;
        if let Some(before) = before.filter(|before| before != digest) {
            match walk(sources, source, &before, platforms).await {
                Ok(Some(before @ Walk { problem: None, .. })) => compare(&mut evidence, &before, &parts),
                Ok(_) => evidence.unknown.push("the approved image: upstream no longer has all of it".to_owned()),
                Err(e) => evidence.unknown.push(format!("the approved image: {e}")),
            }
        }
        evidence
    }

    /// Adds who made the bytes, whose document is `top` if available: verified as `image` requires, else just what is
    /// visible. `before` is what is approved now.
    async fn makers(
        &self,
        evidence: &mut Evidence,
        image: &Image,
        item: &Item,
        before: Option<&Digest>,
        top: Option<&Document>,
    ) {
        let (reader, digest) = (MakerReader { sources: self.sources, trust: self.trust }, &item.entry.digest);
        let makers = if image.signatures.is_some() {
            reader.shown(image, digest, top, &evidence.labels).await
        } else if evidence.platforms.is_empty() {
            return;
        } else {
            match reader.present(image, digest, top, &evidence.labels).await {
                Ok(makers) => makers,
                Err(e) => return evidence.unknown.push(format!("who signed it: {e}")),
            }
        };
        let mut known = Signers::from([(digest.clone(), signers(&makers))]);
        if let Some(before) = before.filter(|_| image.signatures.is_some())
            && let Ok(makers) = reader.asked(image, before, &Labels::default()).await
        {
            known.insert(before.clone(), signers(&makers));
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
    }
}

/// The blobs and manifests of what comes in: of each platform, and in total.
#[derive(Default)]
struct Parts {
    platforms: Vec<Blobs>,
    all: Blobs,
}

fn take(evidence: &mut Evidence, found: Walk) -> Parts {
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
    evidence.labels = found.labels;
    match found.problem {
        None => {}
        Some(Problem::Incomplete(problem)) => evidence.unknown.push(problem),
        Some(Problem::Refused(problem)) => evidence.refused = Some(problem),
    }
    Parts { platforms: found.parts.into_iter().map(|part| part.blobs).collect(), all: found.blobs }
}

fn compare(evidence: &mut Evidence, before: &Walk, parts: &Parts) {
    evidence.size_before = Some(before.size);
    evidence.labels_before = before.labels.clone();
    evidence.exchanged = evidence.complete.then(|| exchanged(&before.blobs, &parts.all));
    let gone = before.parts.iter().filter(|b| evidence.platforms.iter().all(|p| p.name != b.name));
    evidence.lost = gone.map(|b| b.name.clone()).collect();
    for (platform, blobs) in evidence.platforms.iter_mut().zip(&parts.platforms) {
        if let Some(same) = before.parts.iter().find(|p| p.name == platform.name) {
            platform.before = Some((same.digest.clone(), same.size));
            platform.exchanged = Some(exchanged(&same.blobs, blobs));
        }
    }
}
