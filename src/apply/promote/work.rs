//! What is to be applied, and what became of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::copy::{Carried, Companionship, Copier};
use crate::apply::removal::Remover;
use crate::hub::Hub;
use crate::image::{Digest, RepositoryName};
use crate::manifest::Manifest;
use crate::observe::mirror::Promotions;
use crate::plan::companions::LeftBehind;
use crate::plan::drift::Difference;
use crate::plan::removal::Removal;
use crate::plan::{Failure, State, Step};
use crate::registry::Registries;

/// How many of the things that stay behind are said of one image; the results have all.
const SAID: usize = 5;

pub(crate) struct Work<'a> {
    pub copier: &'a Arc<Copier>,
    /// The destination.
    pub registries: &'a Registries,
    /// Docker Hub's own API, where there is a credential for it.
    pub hub: Option<&'a Hub>,
    pub manifest: &'a Manifest,
    pub planned: &'a Promotions,
    /// Whether signatures and the like that appeared since are carried to what is promoted already.
    pub signatures: bool,
}

impl Work<'_> {
    /// Docker Hub's own API, where the mirrors are there.
    pub(super) fn hub(&self) -> Option<&Hub> {
        self.hub.filter(|_| self.manifest.on_docker_hub())
    }

    pub(super) fn remover(&self) -> Remover<'_> {
        Remover { registries: self.registries, hub: self.hub(), manifest: self.manifest }
    }
}

/// Whether there is anything to do about a step.
pub(super) const fn is_work(step: &Step) -> bool {
    matches!(step.state, State::Copy | State::TagOnly)
}

/// An approval that the mirror was read to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promoted {
    pub step: Step,
    /// What the mirror's tag answers.
    pub mirrored: Digest,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What is promoted now and is to be recorded, in the plan's order.
    pub promoted: Vec<Promoted>,
    /// Signatures and the like that were brought, in the plan's order.
    pub carried: Vec<Carried>,
    /// What stands beside images upstream and was not brought, in the plan's order.
    pub left_behind: Vec<(Step, LeftBehind)>,
    /// What failed, in the plan's order.
    pub failed: Vec<Failure>,
    /// Why the whole run ends: Docker Hub or the destination refused the credential.
    pub stopped: Option<String>,
    /// Differences in repositories' settings that were fixed.
    pub fixed: Vec<(RepositoryName, Difference)>,
    /// Differences that stand.
    pub left: Vec<(RepositoryName, Difference)>,
    pub removed: Vec<Removal>,
    /// Repositories that hold bytes which are revoked: nobody is granted anything there.
    pub(super) sealed: BTreeSet<RepositoryName>,
    /// Whether repositories were made or set up.
    pub changed: bool,
}

impl Applied {
    /// Takes what became of a step's companions. What stayed behind fails alone: the image is there.
    pub(super) fn accompany(&mut self, step: &Step, companions: Companionship) {
        self.carried.extend(companions.carried);
        for left in companions.left.iter().take(SAID) {
            tracing::warn!("{}:{}: beside it upstream: {left}", step.repository, step.tag);
        }
        if companions.left.len() > SAID {
            let more = companions.left.len() - SAID;
            tracing::warn!("{}:{}: beside it upstream: {more} more stay behind", step.repository, step.tag);
        }
        self.left_behind.extend(companions.left.into_iter().map(|left| (step.clone(), left)));
        if let Some(error) = companions.behind {
            let text = format!(
                "the image is promoted, but not all its signatures and attestations are: {}; \
                 `promote --signatures` or the next scheduled run tries again",
                error.text
            );
            self.failed.push(step.failed(error.step, text));
        }
    }
}
