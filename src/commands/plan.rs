//! `plan`: what propose and promote would do.

use super::promote::Manner;
use super::reader::{advisories, proposal_reader, signing_keys, vulnerability_reader};
use super::unreviewed::{reviews, unreviewed};
use super::{Context, Exit, Stop, load, planned, promote};
use crate::observe::ledger::Trust;
use crate::observe::proposals::Asked;
use crate::report::{Output, rows};

/// Runs it for `images`, or for all if none is named; with `shards`, the plan contains a matrix of that many parts.
pub(crate) async fn run(
    context: &Context,
    images: &[String],
    shards: Option<u32>,
    output: &mut Output,
) -> Result<Exit, Stop> {
    let manifest = load::here(context).await?;
    let scope = promote::scope(context, &manifest, images)?;
    let forge = context.forge.as_deref();
    let mut reader = proposal_reader(context, forge, Trust::Keeper);
    let reviews = reviews(context, None, &manifest).await;
    let manifest = &reviews.binding.manifest;
    reader.keys = signing_keys(context, None, Some(&reviews), manifest).await;
    reader.vulnerabilities = vulnerability_reader(context, None, Some(&reviews), manifest);
    reader.advisories = advisories(context, None, Some(&reviews), manifest).await;
    let seen = promote::read_mirrors(context, &reader.sources, &reviews, &scope, None, Manner::default()).await?;
    let unreviewed = unreviewed(context, &reviews, &scope);
    let proposed = scope.clone().without(|image| reviews.binding.is_barred(image), manifest);
    let asked = Asked { evidence: true, ..Asked::default() };
    let situation = reader.situation(manifest, &proposed, &unreviewed, &asked).await?;
    let evidence = reader.evidence_of_all(manifest, &situation).await;
    let mut plan = planned::planned(manifest, &situation, evidence);
    let promotions = promote::planned(&seen, promote::failures(&seen, &reviews, &scope));
    plan.promotions = promotions.promotions;
    plan.repositories = promotions.repositories;
    plan.removals = promotions.removals;
    plan.failed.extend(promotions.failed);
    plan.matrix = shards.map(rows::Matrix::of);
    let clean = plan.failed.is_empty();
    output.plan(&plan);
    promote::ending(&seen.stopped, clean)
}
