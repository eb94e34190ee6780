//! What Docker Hub's own API lets its credential do.

use super::check::{APPLY_POLICY, AUDIT, Area, Check, PROMOTE, some};
use super::credential::{ORGANIZATION_TOKENS, PERSONAL_TOKENS, described};
use super::facts::{Answer, Fault, Holder, HubFacts, Kind, Rights, Role};

const MEMBERS: &str = "Docker Home (app.docker.com), the organization, Admin Console, Members";

pub(super) fn judge(hub: &HubFacts) -> Vec<Check> {
    let Some(holder) = &hub.holder else {
        let how = "make a personal access token of an owner or editor with Read, Write, Delete";
        return vec![
            Check::missing(Area::DockerHub, "credential", "none: private repositories look as if they did not exist")
                .needed_for(&[PROMOTE, AUDIT, APPLY_POLICY])
                .fix(format!("{how} ({PERSONAL_TOKENS}) and give it as DOCKERHUB_USERNAME and DOCKERHUB_TOKEN")),
        ];
    };
    let mut checks = vec![credential(hub, holder)];
    if !matches!(hub.signed_in, Some(Ok(()))) {
        return checks;
    }
    checks.extend(role(hub, holder));
    if is_stranger(hub, holder) {
        return checks;
    }
    checks.extend(level(hub, holder));
    checks.extend(teams(hub, holder));
    checks.extend(repositories(hub, holder));
    if is_organization(hub, holder) {
        checks.extend(scopes(hub));
    }
    checks.extend(settings(hub, holder));
    checks
}

/// Whether this is the organization's own token.
fn is_organization(hub: &HubFacts, holder: &Holder) -> bool {
    holder.kind == Kind::HubOrganization || hub.organization.is_some() && holder.user == hub.organization
}

fn credential(hub: &HubFacts, holder: &Holder) -> Check {
    let needed = [PROMOTE, AUDIT, APPLY_POLICY];
    let found = described(holder);
    match &hub.signed_in {
        Some(Ok(())) if is_organization(hub, holder) => Check::ok(
            Area::DockerHub,
            "credential",
            format!(
                "{found}; Docker Hub takes it, but from no such token a change of the description or visibility of a repository \
                 that exists, nor of Image Access Management"
            ),
        ),
        Some(Ok(())) => Check::ok(Area::DockerHub, "credential", format!("{found}; Docker Hub takes it")),
        Some(Err(fault)) => {
            let (Fault::Refused(why) | Fault::Failed(why)) = fault;
            let fault = match fault {
                Fault::Refused(_) => Fault::Refused(format!("{found}: {why}")),
                Fault::Failed(_) => Fault::Failed(format!("{found}: {why}")),
            };
            Check::failed(Area::DockerHub, "credential", &fault).fix(fix_sign_in(hub, holder))
        }
        None => Check::unknown(Area::DockerHub, "credential", format!("{found}; it was not tried")),
    }
    .needed_for(&needed)
}

fn fix_sign_in(hub: &HubFacts, holder: &Holder) -> String {
    let first = if matches!(hub.signed_in, Some(Err(Fault::Refused(_)))) { "wrong password or token? " } else { "" };
    format!("{first}{}", look_at_token(hub, holder))
}

fn look_at_token(hub: &HubFacts, holder: &Holder) -> String {
    match (holder.kind, &hub.organization) {
        (Kind::HubOrganization, Some(organization)) if holder.user.as_ref() != Some(organization) => {
            format!("an organization access token goes with the organization's name: DOCKERHUB_USERNAME is {organization}")
        }
        (Kind::HubOrganization, _) => format!("{ORGANIZATION_TOKENS}: look whether it is there, active and not expired"),
        (_, Some(organization)) if holder.user.as_ref() == Some(organization) => {
            "DOCKERHUB_USERNAME is the organization's name, which goes with an organization access token alone: give the user's"
                .to_owned()
        }
        _ => format!("{PERSONAL_TOKENS}: look whether it is there, active and not expired, or make a new one"),
    }
}

/// Teams are shown to members alone: who is refused those is none, and everything else is refused as well.
fn is_stranger(hub: &HubFacts, holder: &Holder) -> bool {
    !is_organization(hub, holder) && hub.role.is_some() && matches!(hub.teams, Some(Err(Fault::Refused(_))))
}

/// The access that a personal token was made with, which Docker Hub tells nobody.
fn level(hub: &HubFacts, holder: &Holder) -> Option<Check> {
    if is_organization(hub, holder) || hub.organization.is_none() {
        return None;
    }
    let found =
        "whether the token was made with Read, Write, Delete shows only when a repository or a setting is written";
    let check = Check::unknown(Area::DockerHub, "access of the token", found);
    Some(check.needed_for(&[PROMOTE, APPLY_POLICY]).fix(format!("{PERSONAL_TOKENS} shows it")))
}

/// A person's role; an organization's token has none.
fn role(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let (Some(organization), Some(role)) = (&hub.organization, &hub.role) else { return Vec::new() };
    let user = holder.user.as_deref().unwrap_or("the user");
    let subject = format!("role in {organization}");
    let managing = [PROMOTE, AUDIT];
    if let Some(Err(Fault::Refused(why))) = hub.teams.as_ref().filter(|_| is_stranger(hub, holder)) {
        return vec![
            Check::missing(
                Area::DockerHub,
                subject,
                format!("{user} is no member of {organization}, or may not see it: {why}"),
            )
            .needed_for(&managing)
            .fix(format!("{MEMBERS}: invite {user} as editor, or as owner for apply-policy")),
        ];
    }
    vec![match role {
        Ok(Some(Role::Owner)) => Check::ok(Area::DockerHub, subject, format!("{user} is an owner")).needed_for(&[
            PROMOTE,
            AUDIT,
            APPLY_POLICY,
        ]),
        Ok(Some(Role::Editor)) => {
            Check::ok(Area::DockerHub, subject, format!("{user} is an editor, who may make and change repositories"))
                .needed_for(&managing)
        }
        Ok(None) => Check::missing(Area::DockerHub, subject, format!("{user} is neither owner nor editor"))
            .needed_for(&managing)
            .fix(format!("{MEMBERS}: make {user} an editor, or an owner for apply-policy")),
        Err(Fault::Refused(_)) => Check::unknown(
            Area::DockerHub,
            subject,
            format!("{user} is a member, but Docker Hub does not show roles to who may not manage members"),
        )
        .needed_for(&managing)
        .fix(format!("{MEMBERS} shows the role: making repositories takes an editor, apply-policy an owner")),
        Err(fault) => Check::failed(Area::DockerHub, subject, fault)
            .needed_for(&managing)
            .fix(format!("{MEMBERS} shows the role: making repositories takes an editor, apply-policy an owner")),
    }]
}

fn teams(hub: &HubFacts, holder: &Holder) -> Option<Check> {
    let answer = hub.teams.as_ref().filter(|_| !hub.wanted_teams.is_empty())?;
    let check = match answer {
        Ok(there) => {
            let lacking: Vec<String> = hub
                .wanted_teams
                .iter()
                .filter(|(name, made)| !**made && !there.contains(name))
                .map(|(n, _)| n.clone())
                .collect();
            match lacking.is_empty() {
                true => Check::ok(Area::DockerHub, "teams", "those of the manifest are there, or are made by promote"),
                false => Check::missing(
                    Area::DockerHub,
                    "teams",
                    format!("the organization has no team {}", some(&lacking)),
                )
                .fix("the organization's page on Docker Hub, Teams; or `create: true` for the team in the manifest"),
            }
        }
        Err(fault) => Check::failed(Area::DockerHub, "teams", fault).fix_if_not_ok(fix_teams(hub, holder)),
    };
    Some(check.needed_for(&[PROMOTE, AUDIT]))
}

fn fix_teams(hub: &HubFacts, holder: &Holder) -> String {
    match is_organization(hub, holder) {
        true => format!("{ORGANIZATION_TOKENS}: scope-group-read under Organization"),
        false => format!("{MEMBERS}: make the user a member"),
    }
}

/// What Docker Hub says that the credential may do with mirrors that are there.
fn repositories(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let mut checks = Vec::new();
    let (mut good, mut unmade) = (Vec::new(), Vec::new());
    for (name, rights) in &hub.mirrors {
        if let Some(why) = hub.not_ours.get(name) {
            checks.push(
                Check::missing(Area::DockerHub, format!("repository {name}"), why.clone())
                    .needed_for(&[PROMOTE])
                    .fix("`adopt: true` at the image, where the repository is to be taken over"),
            );
            continue;
        }
        match rights {
            Ok(Some(Rights { write: true, admin: true, .. })) => good.push(name.clone()),
            Ok(Some(rights)) if !is_organization(hub, holder) => checks.push(limited(name, *rights)),
            Ok(Some(_)) => good.push(name.clone()),
            Ok(None) => unmade.push(name.clone()),
            Err(fault) => checks.push(
                Check::failed(Area::DockerHub, format!("repository {name}"), fault)
                    .needed_for(&[PROMOTE, AUDIT])
                    .fix(fix_repository(hub, holder)),
            ),
        }
    }
    if !good.is_empty() {
        let found = match is_organization(hub, holder) {
            true => format!("may be read: {}", some(&good)),
            false => format!("may be read and managed: {}", some(&good)),
        };
        checks.insert(0, Check::ok(Area::DockerHub, "repositories", found).needed_for(&[PROMOTE, AUDIT]));
    }
    if !unmade.is_empty() {
        let found = format!("not there for this credential, so promote would make them: {}", some(&unmade));
        checks.push(Check::ok(Area::DockerHub, "repositories to be made", found).needed_for(&[PROMOTE]));
    }
    checks
}

fn limited(name: &str, rights: Rights) -> Check {
    let may = if rights.write { "pushed to, and its settings not changed" } else { "read only" };
    Check::missing(Area::DockerHub, format!("repository {name}"), format!("it may be {may}"))
        .needed_for(&[PROMOTE])
        .fix(format!(
            "{MEMBERS}: make the user an editor, or give a team of theirs admin on the repository's Permissions page"
        ))
}

fn fix_repository(hub: &HubFacts, holder: &Holder) -> String {
    match is_organization(hub, holder) {
        true => {
            format!("{ORGANIZATION_TOKENS}: scope-repository-read under Repository, for this repository or all of them")
        }
        false => format!("{MEMBERS}: make the user an editor"),
    }
}

/// What an organization's token needs, scope by scope. Only reading shows anything without a write.
fn scopes(hub: &HubFacts) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut read = |scope: &str, asked: &Option<(String, Answer<()>)>, needed: &[&'static str]| {
        let Some((name, answer)) = asked else { return };
        let check = match answer {
            Ok(()) => Check::ok(Area::DockerHub, scope, format!("it is there for {name}")),
            Err(fault) => Check::failed(Area::DockerHub, scope, fault).fix_if_not_ok(format!(
                "{ORGANIZATION_TOKENS}: {scope} under Repository, for {name} or all repositories"
            )),
        };
        checks.push(check.needed_for(needed));
    };
    read("scope-tag-read", &hub.tags, &[AUDIT]);
    read("scope-repo-group-read", &hub.grants, &[PROMOTE, AUDIT]);
    checks.extend(hub.listed.as_ref().map(|(name, listed)| listing(name, listed)));
    let teams = !hub.wanted_teams.is_empty();
    let makes_teams = hub.wanted_teams.values().any(|made| *made);
    let unshown = [
        (
            hub.mirrors.iter().any(|(_, rights)| matches!(rights, Ok(None))),
            "scope-repository-create",
            "under Organization",
        ),
        (teams, "scope-repo-group-edit", "under Repository"),
        (makes_teams, "scope-group-edit", "under Organization"),
        (hub.immutable, "scope-repository-settings-admin", "under Repository"),
        (hub.takes_down, "scope-tag-admin", "under Repository"),
        (hub.takes_down && teams, "scope-repo-group-admin", "under Repository"),
    ];
    for (_, scope, level) in unshown.into_iter().filter(|(wanted, ..)| *wanted) {
        checks.push(
            Check::unknown(Area::DockerHub, scope, "only writing shows whether the token has it")
                .needed_for(&[PROMOTE])
                .fix(format!("{ORGANIZATION_TOKENS} shows it, {level}")),
        );
    }
    checks
}

/// A list without a private repository that is there was cut for who may not list it.
fn listing(name: &str, listed: &Answer<Option<bool>>) -> Check {
    let scope = "scope-repository-list";
    let check = match listed {
        Ok(Some(true)) => Check::ok(Area::DockerHub, scope, format!("{name}, which is private, is listed")),
        Ok(Some(false)) => Check::missing(
            Area::DockerHub,
            scope,
            format!("the list of repositories leaves out {name}, which is private"),
        ),
        Ok(None) => Check::unknown(Area::DockerHub, scope, "the list of repositories is too long to tell"),
        Err(fault) => Check::failed(Area::DockerHub, scope, fault),
    };
    check.fix_if_not_ok(format!("{ORGANIZATION_TOKENS}: {scope} under Organization")).needed_for(&[AUDIT])
}

/// The organization's settings, where the policy says something of them.
fn settings(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let owner = matches!(hub.role, Some(Ok(Some(Role::Owner))));
    let both = [
        ("Image Access Management", &hub.image_access, None),
        ("Registry Access Management", &hub.registry_access, Some("scope-ram-write")),
    ];
    let mut checks = Vec::new();
    for (subject, answer, write) in both {
        let Some(answer) = answer else { continue };
        if let Err(fault) = answer {
            let how = fix_settings(hub, holder, write.is_some());
            checks.push(Check::failed(Area::DockerHub, subject, fault).needed_for(&[AUDIT, APPLY_POLICY]).fix(how));
            continue;
        }
        let check = match (owner, write.filter(|_| is_organization(hub, holder))) {
            (true, _) => Check::ok(Area::DockerHub, subject, "may be read, and changed by an owner"),
            (false, Some(scope)) => Check::unknown(
                Area::DockerHub,
                subject,
                format!("it may be read, and only writing shows whether the token has {scope}"),
            ),
            (false, None) => match &hub.role {
                Some(Ok(_)) => Check::missing(Area::DockerHub, subject, "may be read, and only owners may change it")
                    .fix(format!("{MEMBERS}: apply-policy needs an owner's token")),
                _ => Check::unknown(Area::DockerHub, subject, "it may be read, and only owners may change it"),
            },
        };
        let needed: &[&'static str] = if owner { &[AUDIT, APPLY_POLICY] } else { &[APPLY_POLICY] };
        checks.push(check.needed_for(needed));
    }
    checks
}

fn fix_settings(hub: &HubFacts, holder: &Holder, takes_organization: bool) -> String {
    match (is_organization(hub, holder), takes_organization) {
        (true, true) => {
            format!("{ORGANIZATION_TOKENS}: scope-ram-read under Organization, and for changing it scope-ram-write")
        }
        (true, false) => format!("give an owner's personal access token with Read, Write, Delete ({PERSONAL_TOKENS})"),
        (false, _) => format!("{MEMBERS}: make the user an owner"),
    }
}
