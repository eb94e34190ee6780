//! What reads upstream for a run.

use super::Context;
use super::named::{named_files, place};
use crate::evidence::Trust as Keys;
use crate::forge::github::GitHub;
use crate::forge::{Forge, Head};
use crate::hub;
use crate::manifest::{Inspection, Manifest, beside};
use crate::net::retry::Policy;
use crate::observe::affected::{AffectedReader, ConsumerPlace};
use crate::observe::category::Standings;
use crate::observe::destination::DestinationReader;
use crate::observe::ledger::Trust;
use crate::observe::named::{NamedFiles, read_one};
use crate::observe::proposals::ProposalReader;
use crate::observe::reviews::Reviews;
use crate::observe::vulnerabilities::{VexPlace, VulnerabilityReader};
use crate::proposal::advisories::{Advisory, read};

/// The categories of a run's sources, from Docker Hub's search if the name does not tell; a search that does not answer
/// is not tried again.
pub(super) fn standings(context: &Context) -> Standings {
    Standings::new(context.anonymous_hub().map(|hub| hub.with_retry(Policy { tries: 1, ..hub::RETRY })))
}

/// What signatures of a manifest's images are verified with: its keys from [`named_files`], and the built-in root.
pub(super) async fn signing_keys(
    context: &Context,
    head: Option<&Head>,
    reviews: Option<&Reviews>,
    manifest: &Manifest,
) -> Keys {
    Keys::new(&named_files(context, head, reviews, manifest.path(), &manifest.images).await)
}

/// The same without any of the manifest's own.
pub(super) fn no_keys() -> Keys {
    Keys::new(&NamedFiles::new())
}

/// Compares vulnerabilities as a manifest asks, with its VEX documents from [`place`]; with `reviews`, as they were last
/// reviewed.
pub(super) fn vulnerability_reader(
    context: &Context,
    head: Option<&Head>,
    reviews: Option<&Reviews>,
    manifest: &Manifest,
) -> VulnerabilityReader {
    let reviewed = reviews.zip(context.forge.clone());
    let reviewed = reviewed.map(|(reviews, forge)| (forge as _, reviews.binding.held.clone()));
    let vex = VexPlace { place: place(context, head), reviewed, main: manifest.path().to_owned() };
    VulnerabilityReader::new(&manifest.inspection, context.osv.clone(), context.settings.reports.clone(), Some(vex))
}

/// The advisories that a manifest names, from [`place`]; with `reviews`, as they were last reviewed. None where it names
/// no file.
///
/// # Errors
/// Why they could not be read.
pub(super) async fn advisories(
    context: &Context,
    head: Option<&Head>,
    reviews: Option<&Reviews>,
    manifest: &Manifest,
) -> Result<Vec<Advisory>, String> {
    let Some(path) = &manifest.advisories else { return Ok(Vec::new()) };
    let reviewed = reviews.zip(context.forge.as_deref());
    let reviewed = reviewed.map(|(reviews, forge)| (forge as _, &reviews.binding.held));
    let file = read_one(place(context, head).place(), reviewed, manifest.path(), path).await;
    file.and_then(|file| read(&file)).map_err(|why| format!("{}: {why}", beside(manifest.path(), path)))
}

/// Repositories on GitHub whose files may name images of the mirror, each by its name, with this run's token.
pub(super) fn consumers(context: &Context, names: &[String]) -> Vec<ConsumerPlace> {
    let (settings, http) = (&context.settings, context.registries.client().http().client());
    let (github, token) = (&settings.github, settings.github_token.as_ref());
    let reader = |name: &String| {
        let reader = GitHub::reader(http, &github.api_url, &github.graphql_url, name, token);
        (name.clone(), reader.map(|reader| reader.with_timeout(settings.timeout)).map_err(|e| e.to_string()))
    };
    names.iter().map(reader).collect()
}

/// Reads what proposals are made from, with this run's credentials.
pub(super) fn proposal_reader<'a>(context: &Context, forge: Option<&'a dyn Forge>, trust: Trust) -> ProposalReader<'a> {
    ProposalReader {
        keys: no_keys(),
        vulnerabilities: VulnerabilityReader::new(&Inspection::default(), context.osv.clone(), None, None),
        sources: context.sources.bounded(),
        hub: context.anonymous_hub(),
        standings: standings(context),
        affected: Box::new(AffectedReader::new(context.patient_hub(), consumers(context, &context.settings.consumers))),
        destination: DestinationReader { hub: context.patient_hub(), keeper: context.known_keeper() },
        forge,
        trust,
        advisories: Ok(Vec::new()),
        progress: context.progress(),
        now: context.now,
    }
}
