//! `verify-access`: what a member of the organization can pull, compared with the manifest and its policy.

use std::io::Read as _;

use secrecy::{ExposeSecret as _, SecretString};

use super::{Context, Exit, Stop, load, promote, reader};
use crate::args::VerifyAccess as Arguments;
use crate::image::{Location, RegistryHost};
use crate::manifest::{Destination, Manifest};
use crate::observe::access::{ask, greet};
use crate::plan::Scope;
use crate::policy::access::script::{Shell, script};
use crate::policy::access::{self, Subject, judge_mirror, judge_pulls, judge_upstream, results};
use crate::registry::Registries;
use crate::registry::credentials::Credentials;
use crate::report::Output;
use crate::report::access::{Access, Script};

/// A larger file cannot contain results.
const RESULTS_LIMIT: u64 = 16_000_000;

/// Asks a registry with the member's token, prints the script of pulls, or judges the script's output.
///
/// # Errors
/// If there is no usable manifest, token or file, or the registry does not accept the token.
pub(crate) async fn run(context: &Context, arguments: &Arguments, output: &mut Output) -> Result<Exit, Stop> {
    let manifest = load::here(context).await?;
    let Destination::Registry(host) = &manifest.registry else {
        return Err(Stop::Unusable(
            "the manifest's registry is a directory, where access is not restricted".to_owned(),
        ));
    };
    if let Some(shell) = arguments.script.as_deref() {
        let shell = if shell == "powershell" { Shell::PowerShell } else { Shell::Posix };
        let (mirrors, others) = to_pull(context, &manifest, arguments).await?;
        let all = [mirrors, others].concat();
        if all.is_empty() {
            return Err(Stop::Unusable("there is nothing to pull: nothing is promoted or approved".to_owned()));
        }
        let name = arguments.script.clone().unwrap_or_default();
        output.script(Script { shell: name, script: script(shell, &manifest.organization, &all) });
        return Ok(Exit::Done);
    }
    let access = match arguments.results.as_deref() {
        Some(file) => judged(context, &manifest, arguments, file).await?,
        None => answered(context, &manifest, arguments, host).await?,
    };
    let exit = if access.settled() { Exit::Done } else { Exit::Findings };
    output.access(access);
    Ok(exit)
}

/// The pulls of the script: the newest promoted approval of each image, and what may be refused.
async fn to_pull(
    context: &Context,
    manifest: &Manifest,
    arguments: &Arguments,
) -> Result<(Vec<Subject>, Vec<Subject>), Stop> {
    let scope = promote::scope(context, manifest, &arguments.images.images)?;
    let mut others = sample(context, manifest, &scope, arguments.upstreams).await;
    for image in &arguments.refused {
        let named = access::must_be_refused(image).map_err(Stop::Unusable)?;
        others.retain(|subject| subject.pull() != named.pull());
        others.push(named);
    }
    Ok((access::newest_mirrors(manifest, &scope), others))
}

/// The upstreams to check. Docker Hub's search is used for those whose category decides.
async fn sample(context: &Context, manifest: &Manifest, scope: &Scope, count: usize) -> Vec<Subject> {
    let standings = reader::standings(context);
    let mut subjects = access::sample(manifest, scope, count);
    for subject in &mut subjects {
        if access::asks_category(&manifest.policy, &manifest.organization, subject) {
            let source = Location::Remote(subject.repository.clone());
            let standing = standings.of(&manifest.organization, &source).await;
            (subject.expected, subject.why) = access::expected(&manifest.policy, &subject.repository, &standing);
        }
    }
    subjects
}

/// Judges the results in a file.
async fn judged(context: &Context, manifest: &Manifest, arguments: &Arguments, file: &str) -> Result<Access, Stop> {
    let unreadable = |why: String| Stop::Unusable(format!("--results {file}: {why}"));
    let mut bytes = Vec::new();
    let read = match file {
        "-" => std::io::stdin().lock().take(RESULTS_LIMIT + 1).read_to_end(&mut bytes),
        _ => std::fs::File::open(context.settings.directory.join(file))
            .and_then(|file| file.take(RESULTS_LIMIT + 1).read_to_end(&mut bytes)),
    };
    let read = read.map_err(|e| unreadable(e.to_string()))?;
    if read as u64 > RESULTS_LIMIT {
        return Err(unreadable("more than 16 MB: this is not the script's output".to_owned()));
    }
    let results = results::read(&results::decoded(&bytes));
    if results.pulls.is_empty() && results.system.is_none() {
        return Err(unreadable("it contains no lines from the script: pass what the script printed".to_owned()));
    }
    let (mirrors, others) = to_pull(context, manifest, arguments).await?;
    let count = mirrors.len();
    let (mut rows, problems) = judge_pulls(&[mirrors, others].concat(), &results);
    let upstreams = rows.split_off(count);
    Ok(Access {
        organization: manifest.organization.clone(),
        results: Some(file.to_owned()),
        mirrors: rows,
        upstreams,
        problems,
        ..Access::default()
    })
}

/// What the registry returns to the member.
async fn answered(
    context: &Context,
    manifest: &Manifest,
    arguments: &Arguments,
    host: &RegistryHost,
) -> Result<Access, Stop> {
    let scope = promote::scope(context, manifest, &arguments.images.images)?;
    let (registries, username) = as_member(context, arguments, host)?;
    let refused = |e: crate::registry::Error| {
        Stop::CannotWork(anyhow::anyhow!("{e}; the token must be {username}'s own and must allow reading"))
    };
    greet(&registries, host).await.map_err(refused)?;
    let mirrors = access::mirrors(manifest, &scope);
    let upstreams = sample(context, manifest, &scope, arguments.upstreams).await;
    let mirror_answers = ask(&registries, &mirrors, true).await;
    let upstream_answers = ask(&registries, &upstreams, false).await;
    let judge =
        |subjects: &[Subject], answers: &[access::Answer], judge: fn(&Subject, &access::Answer) -> access::Row| {
            subjects.iter().zip(answers).map(|(subject, answer)| judge(subject, answer)).collect()
        };
    Ok(Access {
        organization: manifest.organization.clone(),
        username: Some(username),
        mirrors: judge(&mirrors, &mirror_answers, judge_mirror),
        notes: notes(&upstreams, host, arguments.upstreams),
        upstreams: judge(&upstreams, &upstream_answers, judge_upstream),
        ..Access::default()
    })
}

/// The registries as the member sees them: with that token where the mirrors are, and anonymously everywhere else.
fn as_member(context: &Context, arguments: &Arguments, host: &RegistryHost) -> Result<(Registries, String), Stop> {
    let settings = &context.settings;
    let named = arguments.username.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let Some(username) = named else { return Err(Stop::Unusable("--username is empty".to_owned())) };
    if let Some(other) = settings.dockerhub_username.as_deref().filter(|other| *other != username) {
        let text = format!("the token belongs to {other} according to dockerhub-username, not to {username}");
        return Err(Stop::Unusable(text));
    }
    let token = settings.dockerhub_token.clone().ok_or_else(|| {
        Stop::CannotWork(anyhow::anyhow!(
            "to see what {username} can pull, {username}'s own token is needed: set DOCKERHUB_TOKEN or use --dockerhub-token-file FILE, where `-` is standard input"
        ))
    })?;
    // The manifest names the host, and anybody may have written it: Docker Hub's token is not sent anywhere else.
    if !host.is_docker_hub() && is_docker_hubs(&token) {
        return Err(Stop::Unusable(format!(
            "the mirrors are on {host}, but the token is for Docker Hub and is not sent there: provide {username}'s token for {host}"
        )));
    }
    let credentials = Credentials::of_one(host.clone(), username.to_owned(), token);
    let registries = context.registries.with_credentials(credentials).map_err(|e| Stop::Unusable(e.to_string()))?;
    Ok((registries, username.to_owned()))
}

/// Whether this is an access token of Docker Hub, by its form.
fn is_docker_hubs(token: &SecretString) -> bool {
    ["dckr_pat_", "dckr_oat_"].iter().any(|prefix| token.expose_secret().starts_with(prefix))
}

fn notes(upstreams: &[Subject], host: &RegistryHost, count: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if upstreams.is_empty() {
        return notes;
    }
    notes.push(format!(
        "upstreams are a sample: the first {count} sources of each registry in the manifest's order, each with its newest approval"
    ));
    if upstreams.iter().any(|subject| subject.repository.registry != *host) {
        notes.push(format!(
            "registries other than {host} are read without credentials, because the token is for {host}"
        ));
    }
    notes
}
