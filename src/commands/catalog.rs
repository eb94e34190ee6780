//! `catalog`: a page, tables and a preset about what is approved, for the people who pull it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::planned;
use super::reader::{advisories, proposal_reader, signing_keys, standings, vulnerability_reader};
use super::unreviewed::{reviews, unreviewed};
use super::{Context, Exit, Stop, load, promote};
use crate::apply::files::{Own, write_own};
use crate::args::Catalog as Arguments;
use crate::catalog::{Catalog, Facts, Held, catalog};
use crate::forge::Forge;
use crate::image::{Digest, Location};
use crate::manifest::{Approval, Image, Manifest};
use crate::observe::catalog::{read_merged, read_platforms, read_standings, waiting};
use crate::observe::ledger::Trust;
use crate::observe::manifest::from_directory;
use crate::observe::mirror::Promotions;
use crate::observe::proposals::Asked;
use crate::observe::reviews::Reviews;
use crate::plan::aliases::{AliasState, AliasStep};
use crate::plan::{FailedStep, Failure, Key, State};
use crate::report::Output;
use crate::report::catalog::{Cataloged, files};
use crate::report::rows::Failed;

/// Writes nothing but the files in DIR.
///
/// # Errors
/// If there is no usable manifest, the destination does not answer at all, or a file cannot be written; nothing was
/// replaced then, or each file is whole.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    if arguments.directory.is_empty() {
        return Err(Stop::Unusable("name the directory to write into, such as `wharfinger catalog site`".to_owned()));
    }
    let (catalog, failed) = match arguments.offline {
        true => (offline(&from_directory(&context.settings.directory, &context.settings.manifest)?), Vec::new()),
        false => Box::pin(online(context, output)).await?,
    };
    let files = files(&catalog).map_err(Stop::CannotWork)?;
    let own: Vec<Own<'_>> =
        files.iter().map(|file| Own { name: file.name, text: &file.text, is_ours: file.is_ours }).collect();
    let written = write_own(&context.settings.directory.join(&arguments.directory), &own).map_err(Stop::Unusable)?;
    let written = written.into_iter().map(|name| Path::new(&arguments.directory).join(name).display().to_string());
    let clean = failed.is_empty();
    output.catalog(Cataloged { written: written.collect(), failed, catalog });
    Ok(if clean { Exit::Done } else { Exit::Findings })
}

/// What servers said, without this run's secrets: it is published.
fn without_secrets(facts: &mut Facts, output: &Output) {
    let waiting = facts.waiting.values_mut().flatten().map(|waiting| &mut waiting.why);
    waiting.chain(&mut facts.unknown).for_each(|text| *text = output.redacted(text));
}

/// From the manifest alone.
fn offline(manifest: &Manifest) -> Catalog {
    let unknown =
        "Made from the manifest alone: whether the mirrors have it, what it contains, who approved it and what is \
                   newer were not asked."
            .to_owned();
    catalog(manifest, &Facts { unknown: vec![unknown], ..Facts::default() })
}

/// From the manifest as it was last reviewed, the mirrors, upstream and the forge; with what could not be asked.
async fn online(context: &Context, output: &Output) -> Result<(Catalog, Vec<Failed>), Stop> {
    let manifest = load::here(context).await?;
    let scope = promote::scope(context, &manifest, &[])?;
    let forge = context.forge.as_deref();
    let reviews = reviews(context, None, &manifest).await;
    let manifest = &reviews.binding.manifest;
    let mut reader = proposal_reader(context, forge, Trust::Keeper);
    reader.keys = signing_keys(context, None, Some(&reviews), manifest).await;
    reader.vulnerabilities = vulnerability_reader(context, None, Some(&reviews), manifest);
    reader.advisories = advisories(context, None, Some(&reviews), manifest).await;
    let manner = promote::Manner::default();
    let seen = promote::read_mirrors(context, &reader.sources, &reviews, &scope, None, manner).await?;
    if let Some(stopped) = seen.stopped {
        return Err(Stop::CannotWork(anyhow::Error::msg(stopped)));
    }
    let mut failed: Vec<Failed> = seen.failed.iter().cloned().map(Failed::from).collect();
    let mut facts = Facts { unknown: reviews.untold.iter().cloned().collect(), ..Facts::default() };
    let proposed = scope.clone().without(|image| reviews.binding.is_barred(image), manifest);
    let unreviewed = unreviewed(context, &reviews, &scope);
    match reader.situation(manifest, &proposed, &unreviewed, &Asked::default()).await {
        Ok(situation) => {
            facts.waiting = waiting(&situation);
            failed.extend(planned::failed(&situation));
        }
        Err(e) => failed.push(failure("what is newer", &e)),
    }
    failed.extend(hold(context, manifest, &seen, &mut facts).await);
    facts.standings = read_standings(&standings(context), manifest).await;
    failed.extend(merged(context, manifest, &reviews, &mut facts).await);
    facts.unknown.extend(failed.iter().map(|failed| words(manifest, failed)));
    without_secrets(&mut facts, output);
    Ok((catalog(manifest, &facts), failed))
}

fn failure(what: &str, error: &dyn std::fmt::Display) -> Failed {
    Failed { source: None, repository: None, tag: None, step: FailedStep::Read, error: format!("{what}: {error}") }
}

/// What failed, with the name of the mirror that it is about.
fn words(manifest: &Manifest, failed: &Failed) -> String {
    let tag = failed.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
    let name = failed.repository.as_ref().map(|name| format!("{}/{name}{tag}: ", manifest.organization));
    format!("{}{}", name.unwrap_or_default(), failed.error)
}

/// What the mirrors have of each approval, with what could not be read of it.
async fn hold(context: &Context, manifest: &Manifest, seen: &Promotions, facts: &mut Facts) -> Vec<Failed> {
    let set = seen.aliases.iter().filter(|step| step.state == AliasState::Present).map(AliasStep::key);
    facts.aliases = Some(set.collect());
    let states: BTreeMap<Key, State> = seen.steps.iter().map(|step| (step.key(), step.state)).collect();
    let place = |image: &Image, approval: &Approval| -> Option<(Location, Digest)> {
        Some((manifest.mirror(&image.repository).ok()?, approval.mirrored.clone()?))
    };
    let present = manifest.approvals().filter(|(image, approval)| {
        states.get(&Key::of(image, approval)).is_some_and(|state| *state == State::Present)
    });
    let places: BTreeSet<_> = present.filter_map(|(image, approval)| place(image, approval)).collect();
    let read = read_platforms(&context.registries, places).await;
    let (mut held, mut failed) = (BTreeMap::new(), Vec::new());
    for (image, approval) in manifest.approvals() {
        let key = Key::of(image, approval);
        let Some(state) = states.get(&key).copied() else { continue };
        let platforms = match place(image, approval).and_then(|place| read.get(&place)) {
            Some(Ok(platforms)) => platforms.clone(),
            Some(Err(e)) => {
                let error = format!("what it contains: {e}");
                failed.push(Failure::of(image, Some(&approval.tag), FailedStep::Read, error).into());
                Vec::new()
            }
            None => Vec::new(),
        };
        held.insert(key, Held { state, platforms });
    }
    facts.held = Some(held);
    failed
}

/// Which pull requests brought the approvals, and who approved these.
async fn merged(context: &Context, manifest: &Manifest, reviews: &Reviews, facts: &mut Facts) -> Option<Failed> {
    let came = reviews.came.iter().map(|(key, came)| (key.clone(), (came.pull, came.at.date_naive())));
    facts.came = came.collect();
    let Some(accounts) = context.forge.as_deref().and_then(Forge::accounts) else {
        let recorded = manifest.approvals().any(|(_, approval)| approval.pull.is_some());
        facts.unknown.extend(recorded.then(|| "Who approved it: no forge with pull requests was asked.".to_owned()));
        return None;
    };
    // History that a record settled is not read again: then the record tells, if this program wrote it.
    let foreign = reviews.binding.foreign_keys();
    for (image, approval) in manifest.approvals() {
        let key = Key::of(image, approval);
        if let (Some(pull), Some(on), false) = (approval.pull, approval.approved_on, foreign.contains(&key)) {
            facts.came.entry(key).or_insert((Some(pull), on));
        }
    }
    let numbers: BTreeSet<u64> = facts.came.values().filter_map(|(pull, _)| *pull).collect();
    let github = &context.settings.github;
    let page = |number: u64| {
        let (owner, name) = github.repository.as_ref()?;
        let server = github.server_url.as_str().trim_end_matches('/');
        Some(format!("{server}/{owner}/{name}/pull/{number}"))
    };
    match read_merged(accounts, numbers, &page).await {
        Ok(merged) => {
            facts.merged = merged;
            None
        }
        Err(e) => Some(failure("who approved it", &e)),
    }
}
