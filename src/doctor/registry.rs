//! What a registry permits its credential.

use super::check::{AUDIT, Area, CHECK, Check, PLAN, PROMOTE, PROPOSE, some};
use super::credential::{ORGANIZATION_TOKENS, PERSONAL_TOKENS, described};
use super::facts::{Facts, Fault, Holder, Kind, Mirror, RegistryFacts, Source};
use crate::image::RegistryHost;

pub(super) fn judge(registry: &RegistryFacts, facts: &Facts) -> Vec<Check> {
    let below = registry.name == "docker.io" && facts.hub.as_ref().is_some_and(|hub| hub.holder.is_none());
    let mut checks = vec![credential(registry, below)];
    if registry.reached {
        checks.extend(sources(registry));
        checks.extend(mirrors(registry));
    }
    if registry.unasked > 0 {
        let text = format!("{} more sources and mirrors there were not checked", registry.unasked);
        checks.push(Check::unknown(Area::Registries, format!("{} others", registry.name), text));
    }
    checks
}

/// `below`: the checks of Docker Hub's own API say the same, and how to fix it.
fn credential(registry: &RegistryFacts, below: bool) -> Check {
    let subject = format!("{} credential", registry.name);
    match &registry.holder {
        Err(why) => Check::missing(Area::Registries, subject, why)
            .needed_for(&[PLAN, PROPOSE, PROMOTE])
            .fix("fix the credential helper, or provide the credential as registry-auth"),
        Ok(Some(holder)) if is_refused(registry) => {
            Check::missing(Area::Registries, subject, format!("{}: refused everywhere it was tried", described(holder)))
                .needed_for(&[PLAN, PROPOSE, PROMOTE])
                .fix(format!("wrong password or token? {}", given(&registry.name)))
        }
        Ok(Some(holder)) => Check::ok(Area::Registries, subject, described(holder)),
        Ok(None) if registry.mirrors.is_empty() => {
            Check::ok(Area::Registries, subject, "none: its sources are read without credentials")
        }
        // A registry that requires no credential may be one that anybody can push to.
        Ok(None) if registry.reached && registry.mirrors.iter().all(is_open) => Check::unknown(
            Area::Registries,
            subject,
            "there is none, and the registry did not ask for one when it was read",
        )
        .needed_for(&[PROMOTE]),
        Ok(None) => Check::missing(Area::Registries, subject, "none, although the mirrors are there")
            .needed_for(&[PROMOTE])
            .fix(if below {
                "the Docker Hub credential, below, serves both".to_owned()
            } else {
                given(&registry.name)
            }),
    }
}

/// Whether the credential was granted nothing at all. If Docker Hub's sources can be read anonymously and no mirror was
/// checked, Image Access Management alone may be the cause of the refusal.
fn is_refused(registry: &RegistryFacts) -> bool {
    let is_refusal = |fault: &Fault| matches!(fault, Fault::Refused(_));
    let mirrors = registry.mirrors.iter().filter(|mirror| !mirror.unmade);
    let of_mirrors = mirrors.flat_map(|mirror| {
        [mirror.read.as_ref().err().is_some_and(is_refusal), mirror.push.as_ref().err().is_some_and(is_refusal)]
    });
    let of_sources = registry.sources.iter().map(|source| source.read.as_ref().err().is_some_and(is_refusal));
    let all: Vec<bool> = of_mirrors.chain(of_sources).collect();
    let limited =
        registry.mirrors.is_empty() && registry.sources.iter().any(|source| source.by_nobody == Some(Ok(true)));
    !all.is_empty() && all.into_iter().all(|refused| refused) && !limited
}

fn is_open(mirror: &Mirror) -> bool {
    mirror.read.is_ok() && mirror.push.is_ok()
}

/// How to provide a credential for a registry.
fn given(registry: &str) -> String {
    match registry {
        "docker.io" => format!(
            "create a token with Read, Write, Delete ({PERSONAL_TOKENS}) and provide it as DOCKERHUB_USERNAME and DOCKERHUB_TOKEN"
        ),
        "ghcr.io" => "in a job, add `packages: write` to the workflow's `permissions:`; elsewhere, provide \
                      registry-auth with a classic token that has write:packages (GitHub, Settings, Developer \
                      settings, Personal access tokens)"
            .to_owned(),
        other if other.parse().is_ok_and(|host: RegistryHost| host.ecr().is_some()) => format!(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or provide a login for {other} as registry-auth"
        ),
        other => {
            format!("provide one for {other} as registry-auth, in DOCKER_AUTH_CONFIG or with `docker login {other}`")
        }
    }
}

fn sources(registry: &RegistryFacts) -> Vec<Check> {
    let needed = [PLAN, PROPOSE, CHECK, PROMOTE];
    let mut read = Vec::new();
    let mut checks = Vec::new();
    for source in &registry.sources {
        match answer(source) {
            Outcome::Read => read.push(source.repository.clone()),
            Outcome::ReadByNobody(why) => checks.push(
                Check::ok(
                    Area::Registries,
                    format!("{} pull", source.repository),
                    format!("read without credentials, because the credential is refused there: {why}"),
                )
                .needed_for(&needed),
            ),
            Outcome::Failed(check) => checks.push(check.needed_for(&needed)),
            Outcome::Refused(why) => checks.push(
                Check::missing(Area::Registries, format!("{} pull", source.repository), why)
                    .needed_for(&needed)
                    .fix(fix_pull(registry, &source.repository)),
            ),
        }
    }
    if !read.is_empty() {
        let found = format!("{} of {} sources can be read: {}", read.len(), registry.sources.len(), some(&read));
        checks.insert(0, Check::ok(Area::Registries, format!("{} pull", registry.name), found).needed_for(&needed));
    }
    checks
}

enum Outcome {
    Read,
    ReadByNobody(String),
    Refused(String),
    Failed(Check),
}

fn answer(source: &Source) -> Outcome {
    let subject = format!("{} pull", source.repository);
    let not_there = || {
        Outcome::Failed(
            Check::missing(
                Area::Registries,
                subject.clone(),
                "this repository does not exist, or the credential may not see it",
            )
            .fix("fix the image's `source` in the manifest, or use a credential that may see it"),
        )
    };
    match (&source.read, &source.by_nobody) {
        (Ok(true), _) => Outcome::Read,
        (Ok(false), _) => not_there(),
        (Err(Fault::Refused(why)), Some(Ok(true))) => Outcome::ReadByNobody(why.clone()),
        (Err(Fault::Refused(why)), _) => Outcome::Refused(why.clone()),
        (Err(fault), _) => Outcome::Failed(Check::failed(Area::Registries, subject.clone(), fault)),
    }
}

fn fix_pull(registry: &RegistryFacts, repository: &str) -> String {
    if let (Ok(Some(_)), Some(setting)) = (&registry.holder, &registry.lacking_setting) {
        return format!("if its token service may have the password, set {setting} or the input `token-services`");
    }
    match (&registry.holder, registry.name.as_str()) {
        (Ok(Some(Holder { kind: Kind::HubOrganization, .. })), _) => {
            format!("{ORGANIZATION_TOKENS}: scope-image-pull for {repository}, or allow public repositories")
        }
        (Ok(Some(Holder { kind: Kind::GitHub(_), .. })), "ghcr.io") => format!(
            "add `packages: read` to the workflow's `permissions:`, and on the page of {repository}, Package \
             settings, Manage Actions access, add this repository"
        ),
        (Ok(Some(holder)), _) => {
            format!(
                "where {} is managed, let it pull {repository}; or change the credential from {}",
                whose(holder),
                holder.place
            )
        }
        _ => given(&registry.name),
    }
}

fn whose(holder: &Holder) -> String {
    holder.user.clone().unwrap_or_else(|| "the token".to_owned())
}

fn mirrors(registry: &RegistryFacts) -> Vec<Check> {
    let name = &registry.name;
    let (mut given, mut unknown) = (Vec::new(), Vec::<(&'static str, Vec<String>)>::new());
    let mut checks = Vec::new();
    for mirror in &registry.mirrors {
        checks.extend(read(mirror, registry));
        match &mirror.push {
            Ok(None) => given.push(mirror.repository.clone()),
            Ok(Some(why)) => match unknown.iter_mut().find(|(known, _)| known == why) {
                Some((_, all)) => all.push(mirror.repository.clone()),
                None => unknown.push((why, vec![mirror.repository.clone()])),
            },
            // It is right that nobody may push: the missing credential is reported already.
            Err(Fault::Refused(_)) if matches!(registry.holder, Ok(None)) => {}
            Err(Fault::Refused(why)) if mirror.unmade => checks.push(
                Check::unknown(
                    Area::Registries,
                    format!("{} push", mirror.repository),
                    format!("it has not been created yet, and nothing is granted on it before that: {why}"),
                )
                .needed_for(&[PROMOTE]),
            ),
            Err(fault) => checks.push(
                Check::failed(Area::Registries, format!("{} push", mirror.repository), fault)
                    .needed_for(&[PROMOTE])
                    .fix(fix_push(registry, &mirror.repository)),
            ),
        }
    }
    if !given.is_empty() {
        let found = format!("{} can be pushed to: {}", counted(given.len(), registry.mirrors.len()), some(&given));
        checks.insert(0, Check::ok(Area::Registries, format!("{name} push"), found).needed_for(&[PROMOTE]));
    }
    for (why, all) in unknown {
        let text = format!("{why}: {}", some(&all));
        checks.push(Check::unknown(Area::Registries, format!("{name} push"), text).needed_for(&[PROMOTE]));
    }
    checks
}

fn counted(some: usize, all: usize) -> String {
    format!("{some} of {all} mirrors")
}

/// Checks that a mirror can be pulled; one that does not exist is created later.
fn read(mirror: &Mirror, registry: &RegistryFacts) -> Option<Check> {
    let subject = format!("{} pull", mirror.repository);
    match &mirror.read {
        Ok(_) => None,
        Err(Fault::Refused(_)) if mirror.unmade || matches!(registry.holder, Ok(None)) => None,
        Err(fault) => Some(
            Check::failed(Area::Registries, subject, fault)
                .needed_for(&[PROMOTE, AUDIT])
                .fix(fix_push(registry, &mirror.repository)),
        ),
    }
}

fn fix_push(registry: &RegistryFacts, repository: &str) -> String {
    if let (Ok(Some(_)), Some(setting)) = (&registry.holder, &registry.lacking_setting) {
        return format!("if its token service may have the password, set {setting} or the input `token-services`");
    }
    match (&registry.holder, registry.name.as_str()) {
        (Ok(Some(Holder { kind: Kind::HubOrganization, .. })), _) => {
            format!("{ORGANIZATION_TOKENS}: scope-image-push for {repository} or all repositories")
        }
        (Ok(Some(Holder { user: Some(user), .. })), "docker.io") => format!(
            "{PERSONAL_TOKENS}: use a token with Read, Write, Delete; and {user} must be an owner or editor of the \
             organization (Docker Home, the organization, Admin Console, Members)"
        ),
        (Ok(Some(Holder { kind: Kind::GitHub(_), .. })), "ghcr.io") => {
            "add `packages: write` to the workflow's `permissions:`".to_owned()
        }
        (Ok(Some(holder)), _) => {
            format!(
                "where {} is managed, let it push to {repository}; or change the credential from {}",
                whose(holder),
                holder.place
            )
        }
        _ => given(&registry.name),
    }
}
