//! What reads upstream for a run.

use super::Context;
use crate::forge::Forge;
use crate::hub;
use crate::net::retry::Policy;
use crate::observe::category::Standings;
use crate::observe::destination::DestinationReader;
use crate::observe::ledger::Trust;
use crate::observe::proposals::ProposalReader;

/// The categories of a run's sources, from Docker Hub's search where a name does not tell; a search that does not answer is not
/// asked again.
pub(super) fn standings(context: &Context) -> Standings {
    Standings::new(context.anonymous_hub().map(|hub| hub.with_retry(Policy { tries: 1, ..hub::RETRY })))
}

/// Reads what proposals are made from, with this run's credentials.
pub(super) fn proposal_reader<'a>(context: &Context, forge: Option<&'a dyn Forge>, trust: Trust) -> ProposalReader<'a> {
    ProposalReader {
        sources: context.sources.bounded(),
        hub: context.anonymous_hub(),
        standings: standings(context),
        destination: DestinationReader { hub: context.patient_hub(), keeper: context.known_keeper() },
        forge,
        trust,
        progress: context.progress(),
        now: context.now,
    }
}
