//! The evidence for one change: what upstream answers about the bytes that would come in, and about those approved now.

use chrono::{DateTime, Utc};

use super::category::Standings;
use super::companions;
use super::sources::Sources;
use super::upstream::{Part, Problem, Walk, walk};
use crate::manifest::{Image, Manifest};
use crate::proposal::Item;
use crate::proposal::body::{Evidence, PlatformEvidence, Served};
use crate::proposal::review::digest_before;

pub(crate) struct EvidenceReader<'a> {
    pub sources: &'a Sources,
    /// Who knows under which of the organization's rules upstream falls.
    pub standings: &'a Standings,
    pub now: DateTime<Utc>,
}

impl EvidenceReader<'_> {
    /// Reads the evidence for a change from `base` to `head`; what does not answer is named in it.
    pub(crate) async fn read(&self, base: Option<&Manifest>, head: &Manifest, item: &Item) -> Evidence {
        let (Some(tag), digest) = (&item.entry.to, &item.entry.digest) else { return Evidence::default() };
        let Image { source, platforms, .. } = &head.images[item.image];
        let (sources, platforms) = (self.sources, platforms.as_deref());
        let standing = self.standings.of(&head.organization, source).await;
        let mut evidence = Evidence { standing, at: Some(self.now), ..Evidence::default() };
        match sources.head(source, tag).await {
            Ok(Some(answer)) if answer.digest == *digest => evidence.served = Served::Now,
            Ok(answer) => evidence.served = Served::Not(answer.map(|a| a.digest)),
            Err(e) => evidence.unknown.push(format!("what {tag} answers: {e}")),
        }
        match walk(sources, source, digest, platforms).await {
            Ok(Some(found)) => {
                if !matches!(found.problem, Some(Problem::Refused(_))) {
                    match companions::account(sources, source, &found.documents).await {
                        Ok(along) => evidence.along = Some(along),
                        Err(e) => evidence.unknown.push(format!("what comes along with the image: {e}")),
                    }
                }
                take(&mut evidence, found);
            }
            Ok(None) => evidence.unknown.push(format!("upstream does not have {digest}")),
            Err(e) => evidence.unknown.push(format!("the image: {e}")),
        }
        if let Some(before) = digest_before(base, head, item).filter(|before| before != digest) {
            match walk(sources, source, &before, platforms).await {
                Ok(Some(Walk { problem: None, parts, size, .. })) => compare(&mut evidence, &parts, size),
                Ok(_) => evidence.unknown.push("what is approved now: upstream no longer has all of it".to_owned()),
                Err(e) => evidence.unknown.push(format!("what is approved now: {e}")),
            }
        }
        evidence
    }
}

fn take(evidence: &mut Evidence, found: Walk) {
    let part = |p: Part| PlatformEvidence { name: p.name, digest: p.digest, size: p.size, before: None };
    evidence.complete = found.problem.is_none();
    evidence.size = found.problem.is_none().then_some(found.size);
    evidence.platforms = found.parts.into_iter().map(part).collect();
    evidence.left_out = found.left_out;
    evidence.attestations = found.attestations;
    match found.problem {
        None => {}
        Some(Problem::Incomplete(problem)) => evidence.unknown.push(problem),
        Some(Problem::Refused(problem)) => evidence.refused = Some(problem),
    }
}

fn compare(evidence: &mut Evidence, before: &[Part], size: u64) {
    evidence.size_before = Some(size);
    let gone = before.iter().filter(|b| evidence.platforms.iter().all(|p| p.name != b.name));
    evidence.lost = gone.map(|b| b.name.clone()).collect();
    for platform in &mut evidence.platforms {
        let same = before.iter().find(|p| p.name == platform.name);
        platform.before = same.map(|p| (p.digest.clone(), p.size));
    }
}
