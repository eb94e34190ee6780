//! `doctor`: what each credential is and may do, what is missing and where to fix it; `--hosts`: what to open in a
//! firewall.

use super::reader::{no_keys, signing_keys};
use super::{Context, Exit, Stop, load, read_event};
use crate::action::event::Kind;
use crate::action::{self, Event};
use crate::args::Doctor as Arguments;
use crate::doctor::facts::{EventFact, ManifestFact};
use crate::doctor::{self, Status};
use crate::evidence::Trust as Keys;
use crate::forge::Head;
use crate::manifest::Manifest;
use crate::observe::doctor::{Inspection, Run, contacts, gather};
use crate::observe::manifest::LoadError;
use crate::report::Output;
use crate::report::doctor::Doctor;
use crate::settings::{ForgeChoice, RecordMode, Settings};

/// Nothing is written anywhere.
///
/// # Errors
/// If the manifest is unusable (what could be checked is reported anyway), or no server answered.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let (loaded, at) = manifest(context, arguments.hosts).await;
    let fact = manifest_fact(&loaded);
    let manifest = loaded.as_ref().ok();
    let run = run_of(&context.settings);
    let event = event(context).await;
    let keys = keys(context, manifest, at.as_ref()).await;
    let keeper = context.keeper().await.unwrap_or_else(|_| context.known_keeper());
    let inspection = Inspection { keeper, keys, ..inspection(context, manifest, fact, &run, event) };
    if arguments.hosts {
        output.doctor(Doctor {
            checks: Vec::new(),
            hosts: doctor::hosts::hosts(&contacts(&inspection)),
            ..Doctor::default()
        });
        return loaded.map(|_| Exit::Done).map_err(Stop::from);
    }
    let facts = gather(&inspection).await;
    let checks = doctor::judge(&facts);
    let missing = checks.iter().any(|check| check.status == Status::Missing);
    output.doctor(Doctor { checks, ..Doctor::default() });
    match loaded {
        Err(error @ LoadError::Faults(..)) => Err(error.into()),
        _ if doctor::nothing_answered(&facts) => {
            Err(Stop::CannotWork(anyhow::anyhow!("nothing could be checked: no server responded")))
        }
        _ => Ok(if missing { Exit::Findings } else { Exit::Done }),
    }
}

/// The manifest of the working directory; a job often has none there, then it is read from the forge and returned with
/// the head it was read at.
async fn manifest(context: &Context, offline: bool) -> (Result<Manifest, LoadError>, Option<Head>) {
    let settings = &context.settings;
    let here = crate::observe::manifest::from_directory(&settings.directory, &settings.manifest);
    let (Err(LoadError::Missing { .. }), Some(forge), false) = (&here, &context.forge, offline) else {
        return (here, None);
    };
    match forge.head().await {
        Ok(head) => (load::from_forge(&**forge, &head.commit, &settings.manifest).await, Some(head)),
        Err(_) => (here, None),
    }
}

async fn keys(context: &Context, manifest: Option<&Manifest>, head: Option<&Head>) -> Keys {
    match manifest {
        Some(manifest) => signing_keys(context, head, None, manifest).await,
        None => no_keys(),
    }
}

fn manifest_fact(loaded: &Result<Manifest, LoadError>) -> ManifestFact {
    match loaded {
        Ok(manifest) => {
            ManifestFact::Usable { organization: manifest.organization.clone(), images: manifest.images.len() }
        }
        Err(LoadError::Faults(faults, _)) => {
            let first = faults.first().map(|fault| format!("{} in line {}: {}", fault.file, fault.line, fault.message));
            ManifestFact::Faulty(faults.len(), first.unwrap_or_default())
        }
        Err(LoadError::Missing { place, .. }) => ManifestFact::Missing(place.clone()),
        Err(error) => ManifestFact::Unread(error.to_string()),
    }
}

fn run_of(settings: &Settings) -> Run {
    let github = &settings.github;
    let run = Run {
        elsewhere: settings.forge == ForgeChoice::Git,
        in_actions: github.in_actions,
        repository: github.repository.as_ref().map(|(owner, name)| format!("{owner}/{name}")),
        server: github.server_url.as_str().trim_end_matches('/').to_owned(),
        token: None,
        job: github.job.clone(),
        workflow_ref: github.workflow_ref.clone(),
        workflow_sha: github.workflow_sha.clone(),
        commits_alone: settings.record == RecordMode::Commit,
        min_approvals: settings.min_approvals,
    };
    run.with_token(settings.github_token.as_ref())
}

fn inspection<'a>(
    context: &'a Context,
    manifest: Option<&'a Manifest>,
    fact: ManifestFact,
    run: &'a Run,
    event: Option<EventFact>,
) -> Inspection<'a> {
    let settings = &context.settings;
    let github = settings.forge == ForgeChoice::GitHub;
    let addresses = [settings.github.api_url.clone(), settings.github.graphql_url.clone()];
    let pem = settings.ca_certificates.as_deref().unwrap_or_default();
    Inspection {
        registries: &context.registries,
        hub: context.hub.as_ref(),
        hub_credential: settings.dockerhub_username.as_deref().zip(settings.dockerhub_token.as_ref()),
        github: context.github(),
        run,
        manifest,
        history: context.history(None, None),
        keeper: context.known_keeper(),
        manifest_fact: (&settings.manifest, fact),
        github_addresses: if github { addresses.to_vec() } else { Vec::new() },
        keys: no_keys(),
        now: context.now,
        given_certificates: pem.matches("-----BEGIN CERTIFICATE-----").count(),
        event,
    }
}

/// What to say about the event; nothing outside Actions.
async fn event(context: &Context) -> Option<EventFact> {
    if !context.settings.github.in_actions {
        return None;
    }
    let event = match read_event(context) {
        Ok(event) => event,
        Err(stop) => return Some(EventFact::Unusable(stop.to_string())),
    };
    let branch = match (&event.default_branch, &context.forge) {
        (Some(branch), _) => Some(branch.clone()),
        (None, Some(forge)) => forge.head().await.ok().map(|head| head.branch),
        (None, None) => None,
    };
    let no_writing = match branch {
        Some(branch) => action::may_write(&event, &branch).err().map(|stop| stop.to_string()),
        None => Some("the default branch is unknown".to_owned()),
    };
    Some(known(&event, no_writing))
}

fn known(event: &Event, no_writing: Option<String>) -> EventFact {
    EventFact::Known {
        name: event.name.clone(),
        git_ref: event.git_ref.clone(),
        no_writing,
        checks: matches!(event.kind, Kind::PullRequest(_) | Kind::MergeGroup(_)),
    }
}
