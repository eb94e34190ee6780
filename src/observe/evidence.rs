//! The evidence for one change: what upstream answers about the bytes that would come in, and about those approved now.

use chrono::{DateTime, Utc};

use super::category::Standings;
use super::sources::Sources;
use super::upstream::{Walk, walk};
use crate::image::{Digest, Location, Platform, Tag};
use crate::proposal::body::{Evidence, PlatformEvidence, Served};

/// What evidence is asked about: one tag and digest upstream.
pub(crate) struct EvidenceRequest<'a> {
    /// Upstream.
    pub location: &'a Location,
    /// The wanted platforms.
    pub platforms: Option<&'a [Platform]>,
    pub tag: &'a Tag,
    /// The digest that would come in.
    pub digest: &'a Digest,
    /// What is approved now.
    pub before: Option<&'a Digest>,
    /// The organization that mirrors it.
    pub organization: &'a str,
    /// Who knows under which of its rules upstream falls.
    pub standings: &'a Standings,
    pub now: DateTime<Utc>,
}

/// Reads it; what does not answer is named in the evidence.
pub(crate) async fn evidence(sources: &Sources, request: &EvidenceRequest<'_>) -> Evidence {
    let standing = request.standings.of(request.organization, request.location).await;
    let mut evidence = Evidence { standing, at: Some(request.now), ..Evidence::default() };
    match sources.head(request.location, request.tag).await {
        Ok(Some(answer)) if answer.digest == *request.digest => evidence.served = Served::Now,
        Ok(answer) => evidence.served = Served::Not(answer.map(|a| a.digest)),
        Err(e) => evidence.unknown.push(format!("what {} answers: {e}", request.tag)),
    }
    match walk(sources, request.location, request.digest, request.platforms).await {
        Ok(Some(found)) => take(&mut evidence, found),
        Ok(None) => evidence.unknown.push(format!("upstream does not have {}", request.digest)),
        Err(e) => evidence.unknown.push(format!("the image: {e}")),
    }
    if let Some(before) = request.before.filter(|before| *before != request.digest) {
        match walk(sources, request.location, before, request.platforms).await {
            Ok(Some(Walk { problem: None, parts, size, .. })) => compare(&mut evidence, &parts, size),
            Ok(_) => evidence.unknown.push("what is approved now: upstream no longer has all of it".to_owned()),
            Err(e) => evidence.unknown.push(format!("what is approved now: {e}")),
        }
    }
    evidence
}

fn take(evidence: &mut Evidence, found: Walk) {
    let part =
        |p: super::upstream::Part| PlatformEvidence { name: p.name, digest: p.digest, size: p.size, before: None };
    evidence.complete = found.problem.is_none();
    evidence.size = found.problem.is_none().then_some(found.size);
    evidence.platforms = found.parts.into_iter().map(part).collect();
    evidence.left_out = found.left_out;
    evidence.attestations = found.attestations;
    evidence.unknown.extend(found.problem);
}

fn compare(evidence: &mut Evidence, before: &[super::upstream::Part], size: u64) {
    evidence.size_before = Some(size);
    let gone = before.iter().filter(|b| evidence.platforms.iter().all(|p| p.name != b.name));
    evidence.lost = gone.map(|b| b.name.clone()).collect();
    for platform in &mut evidence.platforms {
        let same = before.iter().find(|p| p.name == platform.name);
        platform.before = same.map(|p| (p.digest.clone(), p.size));
    }
}
