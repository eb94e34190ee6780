//! The evidence for what would be proposed: gathered for a plan as for the proposal itself.

use futures_util::StreamExt;

use super::Context;
use crate::hub;
use crate::manifest::Manifest;
use crate::net::retry::Policy;
use crate::observe::category::Standings;
use crate::observe::evidence::{Asked, evidence};
use crate::observe::proposals::Situation;
use crate::observe::sources::Sources;
use crate::proposal::body::Evidence;
use crate::proposal::machine::Action;
use crate::proposal::{Item, Wanted, review};

/// How many proposals' evidence is gathered together for a plan.
const TOGETHER: usize = 8;

/// The categories of a run's sources, from Docker Hub's search where a name does not tell; a search that does not answer is not
/// asked again.
#[must_use]
pub(super) fn standings(context: &Context) -> Standings {
    Standings::new(context.anonymous_hub().map(|hub| hub.with_retry(Policy { tries: 1, ..hub::RETRY })))
}

/// Where evidence comes from.
pub(super) struct Gathering<'a> {
    sources: &'a Sources,
    manifest: &'a Manifest,
    standings: &'a Standings,
    now: chrono::DateTime<chrono::Utc>,
}

impl<'a> Gathering<'a> {
    /// From upstream, and from who knows its categories.
    #[must_use]
    pub(super) const fn new(
        context: &Context,
        (sources, standings): (&'a Sources, &'a Standings),
        manifest: &'a Manifest,
    ) -> Self {
        Self { sources, manifest, standings, now: context.now }
    }

    /// For every change of a proposal.
    pub(super) async fn of(&self, wanted: &Wanted) -> Vec<Evidence> {
        let mut all = Vec::new();
        for item in &wanted.items {
            all.push(self.of_item(item).await);
        }
        all
    }

    /// For every proposal that would be opened or moved, in the order of [`Situation::wanted`]; of what stands as it should
    /// the open proposal has it.
    pub(super) async fn of_all(&self, situation: &Situation) -> Vec<Vec<Evidence>> {
        let writes = |wanted: &Wanted| {
            let decision = situation.decisions.iter().find(|decision| decision.branch == wanted.branch);
            decision.is_none_or(|decision| matches!(decision.action, Action::Open | Action::Update))
        };
        let gather = |wanted| async move { if writes(wanted) { self.of(wanted).await } else { Vec::new() } };
        futures_util::stream::iter(&situation.wanted).map(gather).buffered(TOGETHER).collect().await
    }

    async fn of_item(&self, item: &Item) -> Evidence {
        let Some(tag) = item.entry.to.as_ref().filter(|_| item.entry.kind.lets_in()) else {
            return Evidence::default();
        };
        let image = &self.manifest.images[item.image];
        let before = review::digest_before(Some(self.manifest), self.manifest, item);
        let asked = Asked {
            location: &image.source,
            platforms: image.platforms.as_deref(),
            tag,
            digest: &item.entry.digest,
            before: before.as_ref(),
            organization: &self.manifest.organization,
            standings: self.standings,
            now: self.now,
        };
        evidence(self.sources, &asked).await
    }
}
