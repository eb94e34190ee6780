//! What has to be applied, and the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apply::copy::{Carried, Companionship, Copier};
use crate::apply::removal::Remover;
use crate::hub::Hub;
use crate::image::{Digest, RepositoryName};
use crate::manifest::Manifest;
use crate::observe::mirror::Promotions;
use crate::plan::aliases::AliasStep;
use crate::plan::companions::LeftBehind;
use crate::plan::drift::Difference;
use crate::plan::removal::Removal;
use crate::plan::{Failure, State, Step};
use crate::registry::Registries;

/// How many of the artifacts left behind are logged for one image; the results have all of them.
const SAID: usize = 5;

pub(crate) struct Work<'a> {
    pub copier: &'a Arc<Copier>,
    /// The destination.
    pub registries: &'a Registries,
    /// Docker Hub's own API, if there is a credential for it.
    pub hub: Option<&'a Hub>,
    pub manifest: &'a Manifest,
    pub planned: &'a Promotions,
    /// Whether signatures and similar artifacts that appeared later are copied to images that are already promoted.
    pub signatures: bool,
}

impl Work<'_> {
    /// Docker Hub's own API, if the mirrors are there.
    pub(super) fn hub(&self) -> Option<&Hub> {
        self.hub.filter(|_| self.manifest.on_docker_hub())
    }

    pub(super) fn remover(&self) -> Remover<'_> {
        Remover { registries: self.registries, hub: self.hub(), manifest: self.manifest, all: &self.planned.removals }
    }
}

/// Whether there is anything to do for a step.
pub(super) const fn is_work(step: &Step) -> bool {
    matches!(step.state, State::Copy | State::TagOnly)
}

/// An approval that was read back from the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promoted {
    pub step: Step,
    /// What the mirror's tag resolves to.
    pub mirrored: Digest,
}

/// The result of a plan.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// What is now promoted and has to be recorded, in the plan's order.
    pub promoted: Vec<Promoted>,
    /// Signatures and similar artifacts that were copied, in the plan's order.
    pub carried: Vec<Carried>,
    /// What upstream has for images but was not copied, in the plan's order.
    pub left_behind: Vec<(Step, LeftBehind)>,
    /// What failed, in the plan's order.
    pub failed: Vec<Failure>,
    /// Why the whole run ends: Docker Hub or the destination refused the credential.
    pub stopped: Option<String>,
    /// Differences in repositories' settings that were fixed.
    pub fixed: Vec<(RepositoryName, Difference)>,
    /// Differences that remain.
    pub left: Vec<(RepositoryName, Difference)>,
    /// Aliases that were moved.
    pub aliases: Vec<AliasStep>,
    pub removed: Vec<Removal>,
    /// Repositories that contain revoked bytes: nobody is granted anything there.
    pub(super) sealed: BTreeSet<RepositoryName>,
    /// Whether repositories were created or set up.
    pub changed: bool,
}

impl Applied {
    /// Adds the result for a step's companions. What was left behind fails separately, as the image is there.
    pub(super) fn accompany(&mut self, step: &Step, companions: Companionship) {
        self.carried.extend(companions.carried);
        for left in companions.left.iter().take(SAID) {
            tracing::warn!("{}:{}: upstream: {left}", step.repository, step.tag);
        }
        if companions.left.len() > SAID {
            let more = companions.left.len() - SAID;
            tracing::warn!("{}:{}: {more} more artifacts are left behind upstream", step.repository, step.tag);
        }
        self.left_behind.extend(companions.left.into_iter().map(|left| (step.clone(), left)));
        if let Some(error) = companions.behind {
            let text = format!(
                "the image is promoted, but not all of its signatures and attestations: {}; `promote --signatures` \
                 or the next scheduled run tries again",
                error.text
            );
            self.failed.push(step.failed(error.step, text));
        }
    }
}
