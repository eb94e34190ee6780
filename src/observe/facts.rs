//! Finds out what decisions about proposals lack, and asks them again.

use super::candidates::{UpstreamReader, choose_without, look_up};
use super::reviews::approver;
use crate::forge::{Forge, OpenProposal};
use crate::proposal::known::{Answer, Fact, Known};
use crate::proposal::metadata;

/// How often a decision is asked again. Every round finds out something new: no manifest comes near it.
const ROUNDS: usize = 10_000;

/// Where the facts are that decisions about proposals lack.
pub(crate) struct FactReader<'a> {
    /// `None` where nothing of upstream is asked.
    pub(crate) upstream: Option<UpstreamReader<'a>>,
    /// Without a forge nothing was declined, and nobody approved anything.
    pub(crate) forge: Option<&'a dyn Forge>,
    pub(crate) open: &'a [OpenProposal],
}

impl FactReader<'_> {
    /// Asks a decision until it lacks nothing; `None` where that comes to no end.
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
                let declined = match self.forge {
                    Some(forge) => forge.declined(&branch).await.map_err(|e| e.to_string()),
                    None => Ok(Vec::new()),
                };
                let entries = declined.map(|declined| {
                    let bodies = declined.iter().filter_map(|d| metadata::read(&d.body));
                    bodies.flat_map(|metadata| metadata.entries).collect()
                });
                known.declined.push((branch, entries));
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

    /// Who has approved what the open proposal on a branch holds now, in words.
    async fn approver(&self, branch: &str) -> Option<String> {
        let accounts = self.forge?.accounts()?;
        let open = self.open.iter().find(|open| open.branch == branch)?;
        // nothing is taken from under a review that could not be read
        approver(accounts, open).await.unwrap_or_else(|e| Some(format!("somebody, perhaps ({e}),")))
    }
}
