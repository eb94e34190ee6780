//! Finds out the facts that decisions about proposals are missing, and asks for the decisions again.

use std::collections::BTreeSet;

use super::candidates::{UpstreamReader, choose_without, look_up};
use super::evidence::EvidenceReader;
use super::own::Alone;
use super::reviews::approver;
use crate::difference::fit;
use crate::forge::{Error, Forge, OpenProposal};
use crate::proposal::Entry;
use crate::proposal::body::Evidence;
use crate::proposal::known::{Answer, Checked, Fact, Known};
use crate::proposal::metadata;
use crate::proposal::own::former;

/// How often a decision is repeated. Every round finds out something new: no manifest comes near this.
const ROUNDS: usize = 10_000;

/// Where to get the facts that decisions about proposals are missing.
pub(crate) struct FactReader<'a> {
    /// `None` if nothing is asked of upstream.
    pub(crate) upstream: Option<UpstreamReader<'a>>,
    /// Without a forge, nothing was declined or approved.
    pub(crate) forge: Option<&'a dyn Forge>,
    pub(crate) open: &'a [OpenProposal],
    /// Reads what there is to know about bytes; without it, nothing leaves a group because of them.
    pub(crate) evidence: Option<EvidenceReader<'a>>,
    /// Whether the manifest is the only one of its repository.
    pub(crate) alone: Alone,
}

impl FactReader<'_> {
    /// Repeats a decision until no fact is missing; `None` if that does not end.
    pub(crate) async fn settle<T>(&self, known: &mut Known, decide: impl Fn(&Known) -> Answer<T>) -> Option<T> {
        for _ in 0..ROUNDS {
            match decide(known) {
                Ok(decided) => return Some(decided),
                Err(facts) => {
                    for fact in facts {
                        self.find_out(fact, known).await;
                    }
                }
            }
        }
        None
    }

    async fn find_out(&self, fact: Fact, known: &mut Known) {
        match fact {
            Fact::Declined(branch) => {
                let entries = self.declined(&branch).await.map_err(|e| e.to_string());
                known.declined.push((branch, entries));
            }
            Fact::Evidence(item) => {
                let Some(UpstreamReader { manifest, .. }) = &self.upstream else { return };
                let evidence = match &self.evidence {
                    Some(reader) => reader.read(Some(manifest), manifest, &item).await,
                    None => Evidence::default(),
                };
                let checked = Checked::new(manifest, &item, evidence);
                known.checked.insert(item.entry, checked);
                fit(known.checked.values_mut().filter_map(|checked| checked.evidence.difference.as_mut()));
            }
            Fact::Approver(branch) => {
                let approver = self.approver(&branch).await;
                known.approvers.insert(branch, approver);
            }
            Fact::Choices(exclusion) => {
                let Some(upstream) = &self.upstream else { return };
                for (image, digests) in &exclusion.digests {
                    choose_without(upstream, &mut known.candidates, *image, digests).await;
                }
                known.excluded.push(exclusion);
            }
            Fact::Upstream(image, fact) => {
                let (Some(upstream), Some(candidates)) = (&self.upstream, known.candidates.images.get_mut(&image))
                else {
                    return;
                };
                if let Err(e) = look_up(upstream, &upstream.manifest.images[image], &fact, &mut candidates.facts).await
                {
                    known.candidates.failed.insert(image, e);
                }
            }
        }
    }

    /// What a person declined on a branch, also under its former name if that was this manifest's.
    async fn declined(&self, branch: &str) -> Result<BTreeSet<Entry>, Error> {
        let Some(forge) = self.forge else { return Ok(BTreeSet::new()) };
        let mut declined = forge.declined(branch).await?;
        let manifest = self.upstream.as_ref().map(|upstream| upstream.manifest);
        if let Some((manifest, former)) = manifest.and_then(|manifest| Some((manifest, former(manifest, branch)?)))
            && self.alone.ask(forge, manifest).await?
        {
            declined.extend(forge.declined(&former).await?);
        }
        let made = declined.iter().filter_map(|declined| metadata::read(&declined.body));
        Ok(made.flat_map(|metadata| metadata.entries).collect())
    }

    /// Who has approved what the open proposal on a branch holds now, for messages.
    async fn approver(&self, branch: &str) -> Option<String> {
        let open = self.open.iter().find(|open| open.branch == branch)?;
        let path = self.upstream.as_ref().map(|upstream| upstream.manifest.path());
        // nothing under a review that could not be read is changed
        approver(self.forge?, path, open).await.unwrap_or_else(|e| Some(format!("somebody, perhaps ({e}),")))
    }
}
