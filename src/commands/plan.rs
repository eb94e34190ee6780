//! `plan`: what propose and promote would do.

use super::evidence::{Gathering, standings};
use super::promote::Manner;
use super::unreviewed::unreviewed;
use super::{Context, Exit, Stop, load, promote, propose};
use crate::observe::ledger::Trust;
use crate::observe::sources::Sources;
use crate::report::{Output, rows};

/// Runs it for `images`, or for all where none is named; with `shards` the plan has the matrix of so many parts.
///
/// # Errors
/// Why it could not work.
pub async fn run(context: &Context, images: &[String], shards: Option<u32>, output: &mut Output) -> Result<Exit, Stop> {
    let manifest = load::here(context)?;
    let scope = promote::scope(context, &manifest, images)?;
    let sources = Sources::new(context.registries.clone());
    let seen = promote::look(context, &sources, &manifest, &scope, None, Manner::default()).await;
    let forge = context.forge.as_deref();
    let unreviewed = unreviewed(&context.verdicts, &context.review_reader(None), &manifest, &scope).await;
    let situation =
        propose::look(context, &sources, (forge, Trust::Machines), (&manifest, &scope), &unreviewed).await?;
    let standings = standings(context);
    let evidence = Gathering::new(context, (&sources, &standings), &manifest).of_all(&situation).await;
    let mut plan = propose::planned(&manifest, &situation, &evidence);
    let promotions = promote::planned(&seen, promote::failures(&seen));
    plan.promotions = promotions.promotions;
    plan.repositories = promotions.repositories;
    plan.removals = promotions.removals;
    plan.failed.extend(promotions.failed);
    plan.matrix = shards.map(rows::Matrix::of);
    let clean = plan.failed.is_empty();
    output.plan(&plan);
    match seen.stopped {
        Some(reason) => Err(Stop::CannotWork(anyhow::Error::msg(reason))),
        None if clean => Ok(Exit::Done),
        None => Ok(Exit::Findings),
    }
}
